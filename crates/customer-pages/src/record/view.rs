//! The customer's page as HTML: who it is, what happened, and what is known. It is given everything; it asks nobody.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_kernel::{
    Money,
    ids::{AddressId, CustomerId},
};
use regulars_web::pages::{
    Attributes, Icon, Locale, Tab, Tone, avatar, badge, button, confirm_attributes, copy_button, empty_state,
    icon_button, icon_link, link_button, menu, menu_divider, menu_item, notice, status_badge, tabs, time_tag,
};

use super::{
    super::{
        list::{deleting, sheet_of},
        state::ListState,
        words::{self, mail_link},
    },
    details::ConsentView,
    figures, side,
};
use regulars_customers::model::{Choice as _, Customer, Metrics, Status, Type};

/// Where the default address is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub id: AddressId,
    /// As written on a parcel.
    pub lines: Vec<String>,
    /// Where a map shows it; none where the address says too little.
    pub map: Option<String>,
}

/// Another customer that this one is linked to.
#[derive(Clone, Debug)]
pub(crate) struct Linked {
    pub id: CustomerId,
    pub name: String,
    pub note: String,
}

/// Sections of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Timeline,
    Orders,
    Notes,
    Contacts,
    Addresses,
    Hierarchy,
    Details,
}

impl Section {
    pub(crate) const ALL: [Self; 7] = [
        Self::Timeline,
        Self::Orders,
        Self::Notes,
        Self::Contacts,
        Self::Addresses,
        Self::Hierarchy,
        Self::Details,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Timeline => "timeline",
            Self::Orders => "orders",
            Self::Notes => "notes",
            Self::Contacts => "contacts",
            Self::Addresses => "addresses",
            Self::Hierarchy => "hierarchy",
            Self::Details => "details",
        }
    }

    pub(crate) fn parse(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|section| section.name() == name)
            .unwrap_or(Self::Timeline)
    }
}

/// Everything around the open section.
#[derive(Clone)]
pub(crate) struct RecordView {
    pub customer: Customer,
    pub name: String,
    /// The default address; none if there is no address.
    pub address: Option<Place>,
    /// What was said on each channel.
    pub consents: Vec<ConsentView>,
    pub owner: Option<String>,
    /// Whom to turn to first there.
    pub main_contact: Option<String>,
    /// Customers that have this one's e-mail address among their contacts.
    pub contact_of: Vec<Linked>,
    /// So many are not shown, and whether it may be more.
    pub more_contact_of: (usize, bool),
    pub parent: Option<Linked>,
    pub children: Vec<Linked>,
    pub more_children: i64,
    pub tags: Vec<(String, Tone)>,
    /// Names of all tags, to choose from.
    pub known_tags: Vec<String>,
    /// How many notes, contacts and addresses there are.
    pub counts: [usize; 3],
    /// What they bought, in figures; none until there was an order.
    pub figures: Option<Metrics>,
    /// What they have of store credit, by currency.
    pub credit: Vec<Money>,
    /// What other rooms say of them, a line each.
    pub lent: Vec<Markup>,
    pub section: Section,
    /// The list that one came from, as its address holds it.
    pub list: String,
    /// Who stands before and behind in it.
    pub beside: [Option<CustomerId>; 2],
    pub may_write: bool,
    /// Whether whoever looks keeps them at hand.
    pub favourite: bool,
    pub zone: Tz,
    pub locale: Locale,
    pub now: DateTime<Utc>,
}

impl RecordView {
    /// Where this customer's page is.
    pub(crate) fn href(&self) -> String {
        format!("/customers/{}", self.customer.id)
    }

    /// The address of a section, or of another customer's page, keeping the list that one came from.
    pub(crate) fn within_list(&self, path: &str, section: Section) -> String {
        let tab = if section == Section::Timeline {
            ""
        } else {
            section.name()
        };
        [("tab", tab), ("in", self.list.as_str())]
            .into_iter()
            .collect::<ListState>()
            .href(path)
    }

    /// Whether it can be changed here and now.
    pub(crate) fn editable(&self) -> bool {
        self.may_write && self.customer.deleted_at.is_none()
    }
}

/// The actions of the top bar.
pub(crate) fn actions(view: &RecordView) -> Markup {
    html! { span class="contents" id="record-top" { (top(view)) } }
}

/// What a piece of the page brings along for what stands outside of it: the actions of the top bar and the name in the
/// way here.
pub(crate) fn around(view: &RecordView) -> Markup {
    html! {
        span class="contents" id="record-top" hx-swap-oob="true" { (top(view)) }
        span hx-swap-oob="innerHTML:.crumbs [aria-current]" { (view.name) }
    }
}

fn top(view: &RecordView) -> Markup {
    let href = view.href();
    let step = |label: &'static str, icon: Icon, key: &'static str, beside: Option<CustomerId>| {
        html! {
            @if let Some(id) = beside {
                (icon_link(icon, label, view.within_list(&format!("/customers/{id}"), view.section)).key(key))
            }
        }
    };
    html! {
        (step("Previous in the list", Icon::ChevronLeft, "k", view.beside[0]))
        (step("Next in the list", Icon::ChevronRight, "j", view.beside[1]))
        @if view.editable() { (link_button("Edit", format!("{href}/edit")).primary().key("e").opens_sheet(format!("{href}/edit"))) }
    }
}

/// The page's content, replaced as a whole after each change. `open` is the open section's inside.
pub(crate) fn content(view: &RecordView, open: Markup) -> Markup {
    let here = view.within_list(&view.href(), view.section);
    html! {
        div id="record" class="record" data-live=(view.customer.id) hx-get=(here) hx-trigger="customersChanged from:document, live" hx-swap="outerHTML" {
            @if let Some(at) = view.customer.deleted_at { (deleted(view, at)) }
            (head(view))
            (figures::band(view))
            div class="columns" {
                div class="column" {
                    (section_tabs(view))
                    div class="record-section" { (open) }
                }
                aside class="column" aria-label="About this customer" { (side::cards(view)) }
            }
        }
    }
}

fn deleted(view: &RecordView, at: DateTime<Utc>) -> Markup {
    notice(
        Tone::Red,
        "This customer is deleted",
        html! {
            "Since " (time_tag(at, view.zone)) ". It is in no list and no search. "
            @if view.may_write { (button("Restore").small().icon(Icon::Restore).posts(format!("{}/restore", view.href()), "none")) }
        },
    )
}

fn head(view: &RecordView) -> Markup {
    let customer = &view.customer;
    let href = view.href();
    html! {
        header class="record-head" {
            (avatar(&view.name, "lg"))
            div class="record-name" {
                div class="record-title" {
                    h1 { (view.name) }
                    (status_badge(customer.status.as_str()))
                    @if customer.customer_type != Type::Registered { (badge(customer.customer_type.as_str(), Tone::Neutral)) }
                    @if customer.deleted_at.is_none() || view.favourite { (star(view)) }
                    span class="record-code" { (customer.code) (copy_button(&customer.code, "Copy code")) }
                }
                (facts_line(view))
            }
            @if view.editable() {
                div class="record-actions" {
                    (link_button("Note", format!("{href}/notes/new")).icon(Icon::Note).key("o").opens_sheet(format!("{href}/notes/new")))
                    (link_button("Tag", format!("{href}/tags")).icon(Icon::Tag).key("t").opens_sheet(format!("{href}/tags")))
                    (menu("record-menu", icon_button(Icon::More, "More").attr("data-variant", "outline"), true, html! {
                        (menu_item(Icon::Members, "Add a contact", false, sheet_of(&format!("{href}/contacts/new"))))
                        (menu_item(Icon::Address, "Add an address", false, sheet_of(&format!("{href}/addresses/new"))))
                        (menu_item(Icon::Hierarchy, "Set what it belongs to", false, sheet_of(&format!("{href}/parent"))))
                        (menu_item(Icon::Payment, "Store credit", false, sheet_of(&format!("{href}/store-credit"))))
                        (menu_item(Icon::Link, "Copy link", false, Attributes::new().set("data-copy", href.clone())))
                        (menu_item(Icon::Copy, "Copy id", false, Attributes::new().set("data-copy", customer.id.to_string())))
                        (menu_divider())
                        (blocking(customer))
                        (menu_item(Icon::Trash, "Delete", true, deleting(&href, &view.name)))
                    }))
                }
            }
        }
    }
}

/// Blocks the customer, or no more; as a change of one among many it can be undone.
fn blocking(customer: &Customer) -> Markup {
    let (label, status) = if customer.status == Status::Blocked {
        ("Unblock", Status::Active)
    } else {
        ("Block", Status::Blocked)
    };
    let attributes = Attributes::new()
        .set(
            "hx-post",
            format!("/customers/bulk?action=status&status={status}"),
        )
        .set("hx-vals", format!("{{\"id\":\"{}\"}}", customer.id))
        .set("hx-swap", "none");
    menu_item(Icon::Stop, label, false, attributes)
}

/// Who it is, in a few lines.
pub(super) fn face(view: &RecordView) -> Markup {
    let customer = &view.customer;
    html! {
        div class="record-name" {
            div class="record-title" {
                (avatar(&view.name, "md"))
                (status_badge(customer.status.as_str()))
                @if customer.customer_type != Type::Registered { (badge(customer.customer_type.as_str(), Tone::Neutral)) }
                @if customer.deleted_at.is_some() { (badge("deleted", Tone::Red)) }
                span class="record-code" { (customer.code) (copy_button(&customer.code, "Copy code")) }
            }
            (facts_line(view))
        }
    }
}

/// Keeps the customer at hand, or no more.
fn star(view: &RecordView) -> Markup {
    let url = format!("{}/favourite", view.href());
    let button = if view.favourite {
        icon_button(Icon::Star, "Take from favourites")
            .attr("aria-pressed", "true")
            .posts(url + "?wanted=no", "none")
    } else {
        icon_button(Icon::Star, "Add to favourites")
            .attr("aria-pressed", "false")
            .posts(url, "none")
    };
    html! { span class="star" { (button.small().key("f")) } }
}

/// What one wants to know at a glance: how to reach them, where they are, what time it is there, since when.
fn facts_line(view: &RecordView) -> Markup {
    let customer = &view.customer;
    let place = place(customer);
    let there = customer.time_zone.as_ref().map(|zone| {
        let time = view.now.with_timezone(&zone.0).format("%H:%M").to_string();
        if place.is_empty() {
            format!("{time} there")
        } else {
            format!("{place}, {time} there")
        }
    });
    html! {
        p class="record-facts" {
            @if let Some(email) = &customer.email { a class="quiet-link" href=(mail_link(email.as_str())) { (email.as_str()) } }
            @if let Some(phone) = &customer.phone { a class="quiet-link" href={ "tel:" (phone.as_str()) } { (phone.international_format()) } }
            @if let Some(there) = there { span { (there) } } @else if !place.is_empty() { span { (place) } }
        }
    }
}

/// City and country of the default address.
pub(crate) fn place(customer: &Customer) -> String {
    let country = customer.country.as_ref().map(regulars_kernel::Country::name);
    [customer.city.as_deref(), country]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

fn section_tabs(view: &RecordView) -> Markup {
    let count = |section: Section| match section {
        Section::Orders => view.figures.as_ref().map(figures::orders),
        Section::Notes => Some(view.counts[0]),
        Section::Contacts => Some(view.counts[1]),
        Section::Addresses => Some(view.counts[2]),
        Section::Timeline | Section::Hierarchy | Section::Details => None,
    };
    let all: Vec<_> = Section::ALL
        .into_iter()
        .map(|section| Tab {
            label: words::sentence(section.name()),
            href: view.within_list(&view.href(), section),
            count: count(section)
                .filter(|count| *count > 0)
                .map(|count| count.to_string()),
            current: section == view.section,
        })
        .collect();
    tabs("Sections", &all)
}

/// The class of a tone, for parts that the shared tag cannot draw.
pub(crate) fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "tone-neutral",
        Tone::Blue => "tone-blue",
        Tone::Green => "tone-green",
        Tone::Teal => "tone-teal",
        Tone::Amber => "tone-amber",
        Tone::Orange => "tone-orange",
        Tone::Red => "tone-red",
        Tone::Pink => "tone-pink",
        Tone::Violet => "tone-violet",
    }
}

/// The empty face of a section, with the one thing to do.
pub(crate) fn nothing(
    view: &RecordView,
    icon: Icon,
    title: &str,
    text: &str,
    label: &str,
    path: &str,
) -> Markup {
    let url = format!("{}/{path}", view.href());
    empty_state(
        icon,
        title,
        text,
        html! {
            @if view.editable() { (link_button(label, url.clone()).icon(Icon::Plus).opens_sheet(url)) }
        },
    )
}

/// Attributes of a small button that deletes something below the customer after asking.
pub(crate) fn removing(url: &str, title: &str, text: &str, action: &str) -> Attributes {
    Attributes::new()
        .set("hx-post", url)
        .set("hx-swap", "none")
        .and(confirm_attributes(title, text, action, None))
}

/// The name to show for a customer, whatever is known.
pub(crate) fn shown_name(customer: &Customer) -> String {
    customer
        .full_name
        .clone()
        .or_else(|| customer.email.as_ref().map(|email| email.as_str().to_owned()))
        .or_else(|| {
            customer
                .phone
                .as_ref()
                .map(regulars_kernel::Phone::international_format)
        })
        .unwrap_or_else(|| customer.code.clone())
}

//! A customer's postal addresses.

use maud::{Markup, html};
use regulars_kernel::{
    Country, Fault,
    ids::{AddressId, CustomerId},
};
use regulars_web::pages::{
    Attributes, Choice, Field, Icon, Tone, badge, checkbox_field, icon_button, link_button, menu,
    menu_divider, menu_item, number_field, select_field, tel_field, text_field,
};

use super::{
    super::{
        form::{Typed, sheet_form},
        list::sheet_of,
        words,
    },
    view::{RecordView, nothing, removing},
};

/// Fields of an address's form that are text.
pub(crate) const TEXTS: &[&str] = &[
    "type",
    "name",
    "company",
    "line1",
    "line2",
    "city",
    "province",
    "postal_code",
    "country",
    "phone",
    "time_zone",
];
/// Fields of an address's form that are numbers.
pub(crate) const NUMBERS: &[&str] = &["latitude", "longitude"];

/// An address.
#[derive(Clone, Debug)]
pub(crate) struct AddressView {
    pub id: AddressId,
    /// `shipping`, `billing` or `both`.
    pub kind: String,
    pub default: bool,
    pub lines: Vec<String>,
    pub phone: Option<String>,
    pub time_zone: Option<String>,
}

/// The lines to write on a parcel: who, where, which country.
pub(crate) fn lines(parts: [Option<&str>; 7], country: Option<&Country>) -> Vec<String> {
    let [name, company, line1, line2, postal_code, city, province] = parts;
    let town = [postal_code, city]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    let town = [Some(town.as_str()).filter(|town| !town.is_empty()), province]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ");
    [
        name,
        company,
        line1,
        line2,
        Some(town.as_str()),
        country.map(Country::name),
    ]
    .into_iter()
    .flatten()
    .filter(|line| !line.is_empty())
    .map(str::to_owned)
    .collect()
}

/// The open section.
pub(crate) fn section(view: &RecordView, addresses: &[AddressView]) -> Markup {
    let url = format!("{}/addresses/new", view.href());
    html! {
        @if addresses.is_empty() { (nothing(view, Icon::Address, "No addresses", "Where parcels and bills go.", "Add an address", "addresses/new")) }
        @else {
            div class="cards" { @for address in addresses { (one(view, address)) } }
            @if view.editable() { div class="form-actions" { (link_button("Add an address", url.clone()).small().icon(Icon::Plus).opens_sheet(url)) } }
        }
    }
}

fn one(view: &RecordView, address: &AddressView) -> Markup {
    let href = format!("{}/addresses/{}", view.href(), address.id);
    card(
        address,
        html! {
            @if view.editable() {
                (menu(&format!("address-{}", address.id), icon_button(Icon::More, "Actions for this address").small(), true, html! {
                    (menu_item(Icon::Edit, "Edit", false, sheet_of(&format!("{href}/edit"))))
                    @if !address.default { (menu_item(Icon::Star, "Make it the default", false, Attributes::new().set("hx-post", format!("{href}/default")).set("hx-swap", "none"))) }
                    (menu_item(Icon::Copy, "Copy", false, Attributes::new().set("data-copy", address.lines.join("\n"))))
                    (menu_divider())
                    (menu_item(Icon::Trash, "Delete", true, removing(&format!("{href}/delete"), "Delete this address?", "This cannot be undone.", "Delete address")))
                }))
            }
        },
    )
}

/// An address with what can be done with it.
pub(crate) fn card(address: &AddressView, actions: Markup) -> Markup {
    html! {
        article class="panel" {
            div class="panel-body" {
                div class="contact-head" {
                    div class="tag-list" {
                        @if address.default { (badge("default", Tone::Green)) }
                        (badge(if address.kind == "both" { "shipping and billing" } else { &address.kind }, Tone::Neutral))
                    }
                    (actions)
                }
                address class="postal" { @for line in &address.lines { span { (line) } } }
                @if let Some(phone) = &address.phone { span class="muted" { (phone) } }
                @if let Some(zone) = &address.time_zone { span class="muted" { (zone) } }
            }
        }
    }
}

/// The sheet to add or edit an address.
pub(crate) fn form(
    customer: CustomerId,
    address: Option<AddressId>,
    typed: &Typed,
    faults: &[Fault],
    stale: Markup,
) -> Markup {
    let (title, url, action) = match address {
        None => (
            "New address",
            format!("/customers/{customer}/addresses"),
            "Add address",
        ),
        Some(address) => (
            "Edit address",
            format!("/customers/{customer}/addresses/{address}"),
            "Save address",
        ),
    };
    sheet_form(
        title,
        &url,
        action,
        typed,
        faults,
        html! {
            (stale)
            (fields("", typed, faults, true))
        },
    )
}

/// The fields of an address. Of several in one form each has its own place `at`, as in `addresses/0/`.
pub(crate) fn fields(at: &str, typed: &Typed, faults: &[Fault], focus: bool) -> Markup {
    let kinds = ["both", "shipping", "billing"]
        .map(|kind| {
            Choice::new(
                kind,
                if kind == "both" {
                    "Shipping and billing".to_owned()
                } else {
                    words::sentence(kind)
                },
            )
        })
        .into();
    let name = |name: &str| format!("{at}{name}");
    let fill = |field: Field, name: &str| field.value(typed.get(name)).faults(faults).autocomplete("off");
    let text = |field: &str, label: &str| fill(text_field(name(field), label), field);
    let number = |field: &str, label: &str| fill(number_field(name(field), label), field);
    let first = text("name", "Name on the parcel");
    html! {
        div class="form-grid" {
            (select_field(name("type"), "Used for", kinds).value(typed.get("type")).faults(faults).wide())
            (if focus { first.autofocus() } else { first }) (text("company", "Company"))
            (text("line1", "Street").wide()) (text("line2", "Second line").wide())
            (text("postal_code", "Postal code")) (text("city", "City"))
            (text("province", "Province or state")) (select_field(name("country"), "Country", countries()).value(typed.get("country")).faults(faults))
            (fill(tel_field(name("phone"), "Phone"), "phone"))
            (text("time_zone", "Time zone").attr("placeholder", "Europe/Berlin"))
            (number("latitude", "Latitude")) (number("longitude", "Longitude"))
            (checkbox_field(name("is_default"), "Default address", typed.ticked("is_default")).hint("If there is one already, this one takes its place.").wide())
        }
    }
}

/// All countries by name, none first.
pub(crate) fn countries() -> Vec<Choice> {
    let all = Country::by_name().into_iter();
    std::iter::once(Choice::new("", "–"))
        .chain(all.map(|country| Choice::new(country.as_str(), country.name())))
        .collect()
}

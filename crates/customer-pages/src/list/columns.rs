//! The columns of the list: which there are, which are shown, in which order and how wide.
//!
//! The address says it (`columns=status,tags:180`), so a view keeps it with its question. A list without view is shown
//! as it was last arranged in this browser.

use axum::http::{HeaderMap, HeaderValue};
use maud::{Markup, html};
use regulars_customers::model::{AttributeDefinition, Choice as _, Customer};
use regulars_web::{
    cookie,
    pages::{Align, Attributes, Icon, Locale, button, format, icon_button, link_button, sheet},
};

use super::view::PATH;
use crate::{record, state::ListState, words};

/// The name in addresses.
pub(crate) const NAME: &str = "columns";
/// The prefix of the organization's own fields.
const ATTRIBUTE: &str = "attribute.";
/// What is shown where nothing is said.
pub(crate) const DEFAULT: &str = "status,tags,place,type,last_active_at,created_at";
/// Narrowest and widest column, in pixels.
const WIDTHS: std::ops::RangeInclusive<u16> = 60..=800;

/// What every customer has: name in addresses, label, the field that it sorts by.
const FIELDS: &[(&str, &str, Option<&str>)] = &[
    ("status", "Status", Some("status")),
    ("tags", "Tags", None),
    ("place", "Place", Some("country")),
    ("type", "Type", Some("type")),
    ("last_active_at", "Last active", Some("last_active_at")),
    ("created_at", "Created", Some("created_at")),
    ("updated_at", "Changed", Some("updated_at")),
    ("email", "E-mail", None),
    ("phone", "Phone", None),
    ("code", "Code", Some("code")),
    ("company_name", "Company", None),
    ("owner", "Owner", None),
    ("lifecycle_stage", "Lifecycle stage", None),
    ("priority", "Priority", None),
    ("service_level", "Service level", None),
    ("credit_limit", "Credit limit", None),
    ("birthday", "Birthday", None),
    ("locale", "Language", None),
    ("time_zone", "Time zone", None),
];

/// A column that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name in addresses.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// The field of the list's order that it sorts by.
    pub sorts: Option<&'static str>,
    /// How its cells are set.
    pub align: Align,
    /// How wide it was made, in pixels.
    pub width: Option<u16>,
}

/// Every column that there is, the organization's own behind the others.
pub(crate) fn all(definitions: &[AttributeDefinition]) -> Vec<Column> {
    let known = FIELDS.iter().map(|(name, label, sorts)| Column {
        name: (*name).to_owned(),
        label: (*label).to_owned(),
        sorts: *sorts,
        align: if *name == "credit_limit" {
            Align::End
        } else {
            Align::Start
        },
        width: None,
    });
    let own = definitions
        .iter()
        .filter(|definition| definition.archived_at.is_none());
    let own = own.map(|definition| Column {
        name: format!("{ATTRIBUTE}{}", definition.name),
        label: definition.label.clone(),
        sorts: None,
        align: if definition.kind.as_str() == "number" {
            Align::End
        } else {
            Align::Start
        },
        width: None,
    });
    known.chain(own).collect()
}

/// What people call a column that every customer has.
pub(crate) fn label(name: &str) -> &'static str {
    FIELDS
        .iter()
        .find(|(known, ..)| *known == name)
        .map_or("Value", |(_, label, _)| label)
}

/// Those that the address asks for, else those of this browser, else the usual ones. What is not known any more is left out.
pub(crate) fn shown(state: &ListState, kept: Option<&str>, all: &[Column]) -> Vec<Column> {
    let asked: Vec<&str> = state.all(NAME).collect();
    let kept = kept.filter(|_| asked.is_empty() && state.get("view").is_empty());
    let asked = match kept {
        Some(kept) => kept.split(',').collect(),
        None if asked.is_empty() => DEFAULT.split(',').collect(),
        None => asked,
    };
    let mut columns: Vec<Column> = Vec::new();
    for written in asked {
        let (name, width) = written.split_once(':').unwrap_or((written, ""));
        let known = all.iter().find(|column| column.name == name);
        if let Some(column) = known.filter(|_| columns.iter().all(|column| column.name != name)) {
            let width = width.parse().ok().filter(|width| WIDTHS.contains(width));
            columns.push(Column {
                width,
                ..column.clone()
            });
        }
    }
    columns
}

/// As the address says it.
pub(crate) fn written(columns: &[Column]) -> String {
    let each = columns.iter().map(|column| match column.width {
        Some(width) => format!("{}:{width}", column.name),
        None => column.name.clone(),
    });
    each.collect::<Vec<_>>().join(",")
}

/// A text that a column shows of a customer; what is drawn in another way has none.
pub(crate) fn text(column: &Column, customer: &Customer, owner: Option<&String>, locale: Locale) -> String {
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    match column.name.as_str() {
        "place" => record::place(customer),
        "type" => words::sentence(customer.customer_type.as_str()),
        "email" => customer
            .email
            .as_ref()
            .map(|email| email.as_str().to_owned())
            .unwrap_or_default(),
        "phone" => customer
            .phone
            .as_ref()
            .map(regulars_kernel::Phone::international_format)
            .unwrap_or_default(),
        "code" => customer.code.clone(),
        "company_name" => known(&customer.company_name),
        "owner" => owner.cloned().unwrap_or_default(),
        "lifecycle_stage" => words::sentence(customer.lifecycle_stage.as_str()),
        "priority" => words::sentence(customer.priority.as_str()),
        "service_level" => words::sentence(customer.service_level.as_str()),
        "credit_limit" => customer
            .credit_limit
            .as_ref()
            .map(|limit| format::money(limit.amount(), limit.currency().as_str(), locale))
            .unwrap_or_default(),
        "birthday" => customer.birthday.map(format::long_date).unwrap_or_default(),
        "locale" => customer
            .locale
            .as_ref()
            .map(|locale| locale.as_str().to_owned())
            .unwrap_or_default(),
        "time_zone" => customer
            .time_zone
            .as_ref()
            .map(|zone| zone.as_str().to_owned())
            .unwrap_or_default(),
        name => name
            .strip_prefix(ATTRIBUTE)
            .and_then(|name| customer.attributes.get(name))
            .map(words::value)
            .unwrap_or_default(),
    }
}

/// The cookie that remembers them.
const COOKIE: &str = "regulars-columns";

/// How the list was last arranged in this browser.
pub(crate) fn kept(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, COOKIE).filter(|kept| !kept.is_empty())
}

/// The header that remembers them for a year, or forgets them if they are the usual ones.
pub(crate) fn keep(columns: &[Column], secure: bool) -> Option<HeaderValue> {
    let (value, age) = match written(columns) {
        usual if usual == DEFAULT => (String::new(), 0),
        other => (other, 365 * 24 * 60 * 60),
    };
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{COOKIE}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"
    ))
    .ok()
}

/// The sheet that chooses and orders them: an ordinary form that leads to the list's address.
pub(crate) fn chooser(state: &ListState, shown: &[Column], all: &[Column]) -> Markup {
    let rest = all
        .iter()
        .filter(|column| shown.iter().all(|shown| shown.name != column.name));
    let line = |column: &Column, is_shown: bool| {
        let value = written(std::slice::from_ref(column));
        html! {
            li data-move-item {
                label { input class="input" type="checkbox" name=(NAME) value=(value) checked[is_shown]; span { (column.label) } }
                (icon_button(Icon::ArrowUp, format!("Move {} up", column.label)).small().attr("data-move", "up"))
                (icon_button(Icon::ArrowDown, format!("Move {} down", column.label)).small().attr("data-move", "down"))
            }
        }
    };
    sheet(
        "Columns",
        Some(Attributes::new().set("method", "get").set("action", PATH)),
        html! {
            @for (name, value) in state.taking_out(NAME).pairs() { input type="hidden" name=(name) value=(value); }
            p class="muted" { "The name always comes first. A view keeps its columns; drag the edge of a heading to make it wider." }
            ul class="move-list" data-move-list {
                @for column in shown { (line(column, true)) }
                @for column in rest { (line(column, false)) }
            }
        },
        html! {
            (link_button("Usual columns", state.with(NAME, DEFAULT).href(PATH)).ghost())
            (button("Show columns").primary().submit())
        },
    )
}

#[cfg(test)]
mod tests {
    use regulars_web::pages::samples;

    use super::*;

    fn names(query: &str, kept: Option<&str>) -> String {
        written(&shown(&ListState::parse(query), kept, &all(&[])))
    }

    #[test]
    fn the_address_comes_before_the_browser_and_that_before_the_usual() {
        assert_eq!(names("", None), DEFAULT);
        assert_eq!(names("", Some("phone,email:200")), "phone,email:200");
        assert_eq!(
            names("columns=code&columns=tags:90", Some("phone")),
            "code,tags:90"
        );
        assert_eq!(names("view=1", Some("phone")), DEFAULT);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        assert_eq!(
            names("columns=code,shoe,code,tags:9,tags:x,status:99999,place:-1", None),
            "code,tags,status,place"
        );
        for text in samples::ALL {
            let state: ListState = [(NAME, text), ("q", text)].into_iter().collect();
            let columns = shown(&state, Some(text), &all(&[]));
            samples::assert_harmless(&chooser(&state, &columns, &all(&[])).into_string());
        }
    }
}

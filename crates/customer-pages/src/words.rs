//! What fields, values and events are called on pages. Programs' names stay in the API; people read these.

use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regulars_customers::model::VERIFIED;
use regulars_web::pages::{Icon, Tone, format};
use serde_json::{Map, Value};

/// A field of a record, as a person calls it.
pub(crate) fn field(name: &str) -> String {
    let word = match name {
        "email" => "E-mail",
        "email_verified" => "E-mail verified",
        "id" => "Id",
        "line1" => "Street",
        "line2" => "Second line",
        "tax_id" => "Tax number",
        "parent_id" | "parent" => "Belongs to",
        "owner_id" | "owner" => "Owner",
        "type" | "customer_type" => "Type",
        "note" => "Note for the customer",
        "body" => "Note",
        "internal_note" => "Note for staff",
        "locale" => "Language",
        "is_primary" => "Main contact",
        "is_decision_maker" => "Decides",
        "is_influencer" => "Influences",
        "is_default" => "Default",
        "lifecycle_stage" => "Stage",
        "postal_code" => "Postal code",
        "created_from" => "Created from",
        "created_to" => "Created until",
        _ => return sentence(name),
    };
    word.to_owned()
}

/// The link that begins a letter to an address and nothing else: what could add a subject or another recipient is
/// written as it must be (RFC 6068 §2).
pub(crate) fn mail_link(email: &str) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'@')
        .remove(b'.')
        .remove(b'-')
        .remove(b'_')
        .remove(b'~')
        .remove(b'+');
    format!("mailto:{}", utf8_percent_encode(email, PLAIN))
}

/// `at_risk` reads "At risk".
pub(crate) fn sentence(name: &str) -> String {
    if name == "vip" {
        return "VIP".to_owned();
    }
    let spaced = name.replace(['_', '.'], " ");
    let mut letters = spaced.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What it is called where nobody acted.
pub(crate) const ITSELF: &str = "Regulars";

/// A stored value, as a person reads it; empty for none.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(all) => all
            .iter()
            .map(self::value)
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
        Value::Object(map) => match (map.get("amount"), map.get("currency")) {
            (Some(Value::String(amount)), Some(Value::String(currency))) => match amount.parse() {
                Ok(number) => format::money(number, currency, format::Locale::default()),
                Err(_) => format!("{amount} {currency}"),
            },
            _ => serde_json::to_string(map).unwrap_or_default(),
        },
    }
}

/// How an event is told: a picture, a colour, what is read first and what follows.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    pub icon: Icon,
    pub tone: Tone,
    pub title: String,
    pub text: String,
    pub detail: Markup,
}

/// The kinds that the timeline can be narrowed to: its name in the address, its label, and the nouns it means.
pub(crate) const EVENT_GROUPS: &[(&str, &str, &[&str])] = &[
    ("record", "Record", &["customer"]),
    ("orders", "Orders", &["order", "payment"]),
    ("notes", "Notes", &["note"]),
    ("people", "Contacts & addresses", &["contact", "address"]),
    ("consent", "Consent", &["consent"]),
    ("sources", "Sources & imports", &["source", "import", "export"]),
    (ACTIVITY, "Activity", &[]),
];

/// The group of what a customer did, whose kinds are no nouns with verbs.
pub(crate) const ACTIVITY: &str = "activity";

/// Tells an event by its kind and data.
pub(crate) fn tell(kind: &str, data: &Value) -> Telling {
    let text = |name: &str| data.get(name).map(value).unwrap_or_default();
    let first = |names: &[&str]| {
        names
            .iter()
            .map(|name| text(name))
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    };
    if !kind.contains('.') {
        return did(kind, data);
    }
    let (noun, verb) = kind.split_once('.').unwrap_or((kind, ""));
    let changes = data.get("changes").and_then(Value::as_object).map(on_purpose);
    let (icon, tone) = match (noun, verb) {
        ("customer", "created" | "restored") => (Icon::Person, Tone::Green),
        ("customer", "deleted") => (Icon::Trash, Tone::Red),
        ("customer", "tagged" | "untagged") => (Icon::Tag, Tone::Violet),
        ("customer", _) => (Icon::Edit, Tone::Blue),
        ("note", _) => (Icon::Note, Tone::Amber),
        ("contact", _) => (Icon::Members, Tone::Teal),
        ("address", _) => (Icon::Address, Tone::Teal),
        ("source", _) => (Icon::Source, Tone::Violet),
        ("consent", _) => (Icon::Shield, Tone::Orange),
        ("import", _) => (Icon::Imports, Tone::Blue),
        ("export", _) => (Icon::Exports, Tone::Blue),
        _ => (Icon::Event, Tone::Neutral),
    };
    let tags = || first(&["tags", "tag", "names", "name"]);
    let (title, text) = match kind {
        "customer.created" => ("Created".to_owned(), String::new()),
        "customer.updated" => match &changes {
            Some(all) if all.len() == 1 => {
                let (name, change) = all.iter().next().expect("a map of one has one");
                (
                    format!("{} changed", field(name.trim_start_matches("attributes."))),
                    from_to(change),
                )
            }
            Some(all) if !all.is_empty() => (format!("{} fields changed", all.len()), String::new()),
            _ => ("Changed".to_owned(), String::new()),
        },
        "customer.deleted" => ("Deleted".to_owned(), String::new()),
        "customer.restored" => ("Restored".to_owned(), String::new()),
        "customer.tagged" => (format!("Tagged {}", tags()).trim().to_owned(), String::new()),
        "customer.untagged" => (
            format!("Tag {} removed", tags()).replace("  ", " "),
            String::new(),
        ),
        "note.created" => (
            "Note".to_owned(),
            super::form::short(&first(&["body", "excerpt", "text"]), 160),
        ),
        "note.updated" => (
            "Note edited".to_owned(),
            super::form::short(&first(&["body", "excerpt", "text"]), 160),
        ),
        "consent.changed" => (
            format!("Consent {}", channel(&text("channel"))).trim().to_owned(),
            first(&["state", "to"]).replace('_', " "),
        ),
        "source.linked" => (
            format!(
                "Has the id {} in {}",
                text("external_id"),
                of_source(&text("source"))
            ),
            String::new(),
        ),
        "source.unlinked" => (
            format!(
                "No longer has the id {} in {}",
                text("external_id"),
                of_source(&text("source"))
            ),
            String::new(),
        ),
        _ => (
            format!("{} {}", sentence(noun), verb_of(verb)),
            super::form::short(
                &first(&[
                    "name",
                    "full_name",
                    "email",
                    "label",
                    "line1",
                    "city",
                    "file_name",
                ]),
                120,
            ),
        ),
    };
    let detail = match &changes {
        Some(all) if all.len() > 1 || kind != "customer.updated" => change_list(all),
        _ => html! {},
    };
    Telling {
        icon,
        tone,
        title,
        text,
        detail,
    }
}

/// Tells what a customer did.
fn did(kind: &str, data: &Value) -> Telling {
    let text = |name: &str| data.get(name).map(value).unwrap_or_default();
    let page = || {
        Some(text("title"))
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| text("url"))
    };
    let amount = match &data["amount"] {
        Value::Object(money) => format!("{} {}", value(&money["amount"]), value(&money["currency"])),
        _ => String::new(),
    };
    let title = match kind {
        "custom" => sentence(&text("name").replace(['.', '_'], " ")),
        _ => regulars_events::title(kind).to_owned(),
    };
    let parts = match kind {
        "search" => vec![text("query")],
        "purchase" => vec![text("order_id"), amount],
        "product_view" | "add_to_cart" | "checkout_started" => vec![page(), text("product_id"), amount],
        _ => vec![page()],
    };
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Telling {
        icon: Icon::Event,
        tone: if kind == "purchase" {
            Tone::Green
        } else {
            Tone::Neutral
        },
        title,
        text: super::form::short(&parts.join(" · "), 160),
        detail: html! {},
    }
}

/// Changes without what follows from them: another address is not verified.
fn on_purpose(changes: &Map<String, Value>) -> Map<String, Value> {
    let follows = |name: &str, change: &Value| {
        let about = VERIFIED.iter().find(|(_, flag)| *flag == name);
        change["to"] == false && about.is_some_and(|(address, _)| changes.contains_key(*address))
    };
    let all = changes.iter().filter(|(name, change)| !follows(name, change));
    all.map(|(name, change)| (name.clone(), change.clone())).collect()
}

/// Who did something; what an import did without a person is not done by Regulars on its own account.
pub(crate) fn by(actor: &str, is_import: bool) -> String {
    match (actor, is_import) {
        ("", false) => String::new(),
        ("" | ITSELF, true) => "from a file".to_owned(),
        (name, true) => format!("from a file, by {name}"),
        (name, false) => format!("by {name}"),
    }
}

/// What was done, in the word a person would use.
fn verb_of(verb: &str) -> String {
    match verb {
        "created" => "added".to_owned(),
        "updated" => "changed".to_owned(),
        "deleted" => "removed".to_owned(),
        other => other.replace('_', " "),
    }
}

fn from_to(change: &Value) -> String {
    let side = |name: &str| super::form::short(&change.get(name).map(value).unwrap_or_default(), 80);
    match (side("from").as_str(), side("to").as_str()) {
        ("", "") => String::new(),
        ("", to) => format!("to {to}"),
        (from, "") => format!("{from} removed"),
        (from, to) => format!("from {from} to {to}"),
    }
}

/// The changed fields of an event, each from what to what.
fn change_list(all: &Map<String, Value>) -> Markup {
    let side = |change: &Value, name: &str| {
        super::form::short(&change.get(name).map(value).unwrap_or_default(), 120)
    };
    html! {
        dl class="changes" { @for (name, change) in all {
            dt { (field(name.trim_start_matches("attributes."))) }
            dd {
                @let (from, to) = (side(change, "from"), side(change, "to"));
                @if from.is_empty() { span class="muted" { "–" } } @else { del { (from) } }
                span class="muted" aria-hidden="true" { "→" }
                span class="sr-only" { " became " }
                @if to.is_empty() { span class="muted" { "empty" } } @else { ins { (to) } }
            }
        } }
    }
}

/// A source's name: `shopify` reads "Shopify".
pub(crate) fn source(name: &str) -> String {
    match name {
        "csv" => "CSV file".to_owned(),
        "api" => "API".to_owned(),
        "xlsx" => "Spreadsheet".to_owned(),
        "json" => "JSON file".to_owned(),
        _ => sentence(name),
    }
}

/// The same within a sentence.
fn of_source(name: &str) -> String {
    match name {
        "csv" | "json" | "xlsx" => "a file".to_owned(),
        "api" => "another system".to_owned(),
        _ => source(name),
    }
}

/// A channel of consent.
pub(crate) fn channel(name: &str) -> String {
    match name {
        "email" => "E-mail".to_owned(),
        "sms" => "SMS".to_owned(),
        _ => sentence(name),
    }
}

#[cfg(test)]
mod tests {
    use regulars_web::pages::samples;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_brings_no_headers_into_a_letter() {
        assert_eq!(mail_link("ada+vip@example.com"), "mailto:ada+vip@example.com");
        assert_eq!(
            mail_link("a?bcc=eve&subject=x%0Ay,b@example.com"),
            "mailto:a%3Fbcc%3Deve%26subject%3Dx%250Ay%2Cb@example.com"
        );
        assert_eq!(mail_link("jörg@example.com"), "mailto:j%C3%B6rg@example.com");
    }

    #[test]
    fn what_a_customer_did_is_told_in_a_line() {
        let told = |kind, data| {
            let told = tell(kind, &data);
            format!("{}: {}", told.title, told.text)
        };
        let money = json!({"amount": "59.90", "currency": "EUR"});
        assert_eq!(
            told(
                "page_view",
                json!({"title": "Shoes", "url": "https://shop.example/"})
            ),
            "Page viewed: Shoes"
        );
        assert_eq!(
            told("purchase", json!({"order_id": "1001", "amount": money})),
            "Purchase: 1001 · 59.90 EUR"
        );
        assert_eq!(
            told("search", json!({"query": "red shoes"})),
            "Searched: red shoes"
        );
        assert_eq!(
            told("custom", json!({"name": "wishlist.shared"})),
            "Wishlist shared: "
        );
    }

    #[test]
    fn a_change_of_one_field_is_told_in_a_line_and_of_more_in_a_list() {
        let one = tell(
            "customer.updated",
            &json!({"changes": {"email": {"from": "a@x.org", "to": "b@x.org"}}}),
        );
        assert_eq!(
            (one.title.as_str(), one.text.as_str()),
            ("E-mail changed", "from a@x.org to b@x.org")
        );
        assert!(one.detail.0.is_empty());
        let two = tell(
            "customer.updated",
            &json!({"changes": {"status": {"from": "active", "to": "vip"}, "note": {"from": "x", "to": null}}}),
        );
        assert_eq!(two.title, "2 fields changed");
        assert!(two.detail.0.contains("<ins>vip</ins>"));
        // That another address is not verified goes without saying; that it is does not.
        for (is_verified, title) in [(false, "E-mail changed"), (true, "2 fields changed")] {
            let flag = json!({"from": !is_verified, "to": is_verified});
            let moved = json!({"email": {"from": "a@x.org", "to": "b@x.org"}, "email_verified": flag});
            assert_eq!(tell("customer.updated", &json!({"changes": moved})).title, title);
        }
    }

    #[test]
    fn where_an_id_comes_from_is_told_as_a_person_would() {
        let told =
            |kind: &str, source: &str| tell(kind, &json!({"source": source, "external_id": "2"})).title;
        assert_eq!(told("source.linked", "csv"), "Has the id 2 in a file");
        assert_eq!(
            told("source.unlinked", "shopify"),
            "No longer has the id 2 in Shopify"
        );
    }

    #[test]
    fn any_event_can_be_told_harmlessly() {
        for text in samples::ALL {
            for kind in [
                "customer.created",
                "customer.tagged",
                "note.created",
                "consent.changed",
                "source.linked",
                "strange",
                "",
                text,
            ] {
                let data = json!({"tag": text, "body": text, "channel": text, "state": text, "source": text, "changes": {text: {"from": text, "to": [text]}, "b": text}});
                let told = tell(kind, &data);
                samples::assert_harmless(&html! { (told.title) (told.text) (told.detail) }.into_string());
            }
            tell("customer.updated", &json!(text));
        }
    }

    #[test]
    fn money_and_lists_read_like_text() {
        assert_eq!(value(&json!({"amount": "12.50", "currency": "EUR"})), "€12.50");
        assert_eq!(value(&json!(["a", null, 2])), "a, 2");
    }
}

//! The form of a customer, for a new one and for an existing one, and what it says as the body of the API.
//!
//! An edit carries what the form showed (`was`), so that only what was changed is sent: two people may edit different
//! fields of one customer, and where they meet in one field, each sees the other's value before anything is lost.

use maud::{Markup, html};
use regulars_kernel::Fault;
use regulars_web::pages::{
    Attributes, Tone, button, date_field, form_errors, link_button, notice, number_field, sheet,
    sheet_footer, textarea_field,
};
use serde_json::{Map, Number, Value, json};

use super::{
    customer_fields::{Fields, Offered, already},
    form::{CHOOSE, THEIRS, Typed, short},
    record::Linked,
    wizard::{Begun, PATH as STEPS},
    words,
};
use regulars_customers::model::{
    Choice as _, Customer, Kind, LifecycleStage, Priority, ServiceLevel, Status, Type, VERIFIED,
};

/// Fields that are one text, as the API takes them.
const TEXTS: &[&str] = &[
    "kind",
    "email",
    "phone",
    "first_name",
    "last_name",
    "birthday",
    "company_name",
    "legal_name",
    "industry",
    "tax_id",
    "status",
    "type",
    "lifecycle_stage",
    "owner_id",
    "priority",
    "service_level",
    "locale",
    "time_zone",
    "note",
    "internal_note",
];

/// Everything the form shows.
#[derive(Clone, Debug)]
pub(crate) struct CustomerForm {
    /// The customer that is edited, by the address of its page; none for a new one.
    pub href: Option<String>,
    pub typed: Typed,
    /// What the form showed at first.
    pub was: Typed,
    pub faults: Vec<Fault>,
    /// Whose e-mail address it already is.
    pub existing: Option<Linked>,
    /// Somebody else's values that were saved meanwhile: the field, what it is now, what was typed.
    pub meanwhile: Option<Vec<(String, String, String)>>,
    pub offered: Offered,
    /// Of a new one: whether a company was begun in its steps.
    pub begun: Option<Begun>,
}

/// The form's fields of a customer.
pub(crate) fn filled(customer: &Customer) -> Typed {
    let mut typed = Typed::new()
        .with("version", customer.version)
        .with("kind", customer.kind.as_str())
        .with_some(
            "email",
            customer.email.as_ref().map(|email| email.as_str().to_owned()),
        )
        .with_some(
            "phone",
            customer.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        )
        .with("email_verified", customer.email_verified)
        .with("phone_verified", customer.phone_verified)
        .with_some("first_name", customer.first_name.as_deref())
        .with_some("last_name", customer.last_name.as_deref())
        .with_some("birthday", customer.birthday)
        .with_some("company_name", customer.company_name.as_deref())
        .with_some("legal_name", customer.legal_name.as_deref())
        .with_some("industry", customer.industry.as_deref())
        .with_some("tax_id", customer.tax_id.as_deref())
        .with("status", customer.status.as_str())
        .with("type", customer.customer_type.as_str())
        .with("lifecycle_stage", customer.lifecycle_stage.as_str())
        .with_some("owner_id", customer.owner_id)
        .with("priority", customer.priority.as_str())
        .with("service_level", customer.service_level.as_str())
        .with_some(
            "credit_limit/amount",
            customer.credit_limit.as_ref().map(regulars_kernel::Money::amount),
        )
        .with_some(
            "locale",
            customer.locale.as_ref().map(|locale| locale.as_str().to_owned()),
        )
        .with_some(
            "time_zone",
            customer.time_zone.as_ref().map(regulars_kernel::TimeZone::as_str),
        )
        .with_some("note", customer.note.as_deref())
        .with_some("internal_note", customer.internal_note.as_deref());
    for (name, value) in &customer.attributes {
        let shown = match value {
            Value::Bool(yes) => yes.to_string(),
            Value::Array(all) => all.iter().map(words::value).collect::<Vec<_>>().join("\n"),
            other => words::value(other),
        };
        typed = typed.with(&format!("attributes/{name}"), shown);
    }
    typed
}

/// The body of the API for what was typed: for a new customer everything that is filled in, for an edit what differs
/// from what the form showed.
pub(crate) fn body(typed: &Typed, was: Option<&Typed>, offered: &Offered) -> Map<String, Value> {
    let changed = |name: &str| {
        typed.has(name)
            && match was {
                Some(was) => normal(typed.get(name)) != normal(was.get(name)),
                None => !typed.get(name).trim().is_empty(),
            }
    };
    let names: Vec<&str> = TEXTS.iter().copied().filter(|name| changed(name)).collect();
    let mut body = typed.texts(&names);
    for (about, tick) in VERIFIED {
        // A tick that stands beside another address than before is said of that one.
        let is_of_another = changed(about) && !typed.get(about).trim().is_empty();
        if changed(tick) || (typed.has(tick) && is_of_another) {
            body.insert(tick.to_owned(), Value::Bool(typed.ticked(tick)));
        }
    }
    if changed("credit_limit/amount") {
        let amount = typed.get("credit_limit/amount").trim();
        let value = if amount.is_empty() {
            Value::Null
        } else {
            json!({"amount": amount, "currency": offered.currency})
        };
        body.insert("credit_limit".to_owned(), value);
    }
    let attributes: Map<String, Value> = offered
        .attributes
        .iter()
        .filter(|attribute| changed(&attribute.field()))
        .map(|attribute| {
            (
                attribute.name.clone(),
                attribute_value(&attribute.kind, typed.get(&attribute.field())),
            )
        })
        .collect();
    if !attributes.is_empty() {
        body.insert("attributes".to_owned(), Value::Object(attributes));
    }
    if was.is_none() {
        let tags: Vec<_> = typed
            .get("tags")
            .split(',')
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .collect();
        if !tags.is_empty() {
            body.insert("tags".to_owned(), json!(tags));
        }
    }
    body
}

fn normal(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// What cannot be understood is sent as it is, so that its fault names what was typed.
fn attribute_value(kind: &str, typed: &str) -> Value {
    let trimmed = typed.trim();
    if trimmed.is_empty() {
        return Value::Null;
    }
    match kind {
        "number" => trimmed
            .parse::<Number>()
            .map_or_else(|_| Value::from(trimmed), Value::Number),
        "boolean" => trimmed
            .parse::<bool>()
            .map_or_else(|_| Value::from(trimmed), Value::Bool),
        "list" => Value::from(
            trimmed
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .collect::<Vec<_>>(),
        ),
        _ => Value::from(normal(typed)),
    }
}

/// The address that a tick is about.
fn about(tick: &str) -> Option<&'static str> {
    let (address, _) = VERIFIED.iter().find(|(_, name)| *name == tick)?;
    Some(*address)
}

/// What was typed, with theirs where that was chosen (`was` are theirs then); what was seen of an address goes with it.
pub(crate) fn chosen(typed: Typed, was: &Typed) -> Typed {
    VERIFIED.iter().fold(typed.chosen(), |typed, (address, tick)| {
        if typed.get(&format!("{CHOOSE}{address}")) == "theirs" {
            typed.with(tick, was.get(tick))
        } else {
            typed
        }
    })
}

/// Brings together what was typed with what is there now: fields that were not touched take the current value. Says
/// which fields both changed.
pub(crate) fn rebased(typed: &Typed, was: &Typed, now: &Typed) -> (Typed, Vec<(String, String, String)>) {
    let mut merged = now.clone();
    let mut clashes = Vec::new();
    // What was seen of an address goes with it, whoever of both wrote it.
    let differs = |name: &str, one: &Typed, other: &Typed| normal(one.get(name)) != normal(other.get(name));
    let mut names: Vec<String> = typed
        .names()
        .filter(|name| {
            !matches!(*name, "version" | "was") && !name.starts_with(CHOOSE) && !name.starts_with(THEIRS)
        })
        .map(str::to_owned)
        .collect();
    // A tick stands behind its default.
    names.dedup();
    for name in names {
        let mine = typed.get(&name);
        if let Some(about) = about(&name)
            && differs(about, typed, now)
        {
            if differs(about, typed, was) {
                merged = merged.with(&name, mine);
                if differs(about, now, was) && now.get(&name) != mine {
                    clashes.push((name.clone(), now.get(&name).to_owned(), mine.to_owned()));
                }
            }
            continue;
        }
        if normal(mine) == normal(was.get(&name)) {
            continue;
        }
        if normal(now.get(&name)) != normal(was.get(&name)) && normal(now.get(&name)) != normal(mine) {
            clashes.push((name.clone(), now.get(&name).to_owned(), mine.to_owned()));
        }
        merged = merged.with(&name, mine);
    }
    (merged, clashes)
}

/// The notice that another tab or another person saved meanwhile: for each field both changed, both values.
pub(crate) fn stale_notice(clashes: &[(String, String, String)]) -> Markup {
    notice(
        Tone::Amber,
        "This was saved elsewhere meanwhile",
        html! {
            @if clashes.is_empty() { p { "Those changes are in other fields, and are shown here now. Save to add yours." } }
            @else {
                p { "The same was changed in both places. Choose what stays; the fields below are yours." }
                @for (name, theirs, mine) in clashes.iter().filter(|(name, ..)| about(name).is_none()) {
                    // What was seen of an address is no choice of its own.
                    @let seen = clashes.iter().find(|(tick, ..)| about(tick) == Some(name));
                    fieldset class="choose" {
                        legend { (words::field(name.trim_start_matches("attributes/"))) }
                        input type="hidden" name={ (THEIRS) (name) } value=(theirs);
                        @for (value, whose, text, seen) in [("mine", "Yours", mine, seen.map(|seen| &seen.2)), ("theirs", "Theirs", theirs, seen.map(|seen| &seen.1))] {
                            label {
                                input type="radio" name={ (CHOOSE) (name) } value=(value) checked[value == "mine"];
                                span class="muted" { (whose) }
                                b { @if text.is_empty() { "empty" } @else { (short(text, 80)) } }
                                @if let Some(seen) = seen { span class="muted" { @if seen == "true" { "verified" } @else { "not verified" } } }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// The sheet.
pub(crate) fn form(form: &CustomerForm) -> Markup {
    let (title, url, action) = match &form.href {
        None => ("New customer", "/customers".to_owned(), "Create customer"),
        Some(href) => (
            "Edit customer",
            href.clone(),
            if form.meanwhile.is_some() {
                "Save as chosen"
            } else {
                "Save changes"
            },
        ),
    };
    let attributes = Attributes::new()
        .set("class", "sheet-frame customer-form")
        .set("method", "post")
        .set("action", url.clone())
        .set("hx-post", url)
        .set("hx-target", "#sheet-body");
    let footer = match (&form.href, &form.meanwhile) {
        (Some(href), Some(_)) => html! {
            (link_button("Drop mine, show theirs", format!("{href}/edit")).opens_sheet(format!("{href}/edit")))
            (button(action).primary().submit())
        },
        _ => sheet_footer(action),
    };
    sheet(title, Some(attributes), fields(form), footer)
}

fn fields(form: &CustomerForm) -> Markup {
    let typed = &form.typed;
    let faults = &form.faults;
    let fields = Fields {
        typed,
        faults,
        offered: &form.offered,
    };
    let new = form.href.is_none();
    let more = html! {
        div class="form-grid" {
            (fields.text("industry", "Industry")) (fields.text("tax_id", "Tax number"))
            (fields.fill(date_field("birthday", "Birthday"), "birthday"))
            (fields.fill(number_field("credit_limit/amount", format!("Credit limit ({})", form.offered.currency)), "credit_limit/amount"))
            (fields.select::<LifecycleStage>("lifecycle_stage")) (fields.select::<Priority>("priority"))
            (fields.select::<ServiceLevel>("service_level"))
            (fields.owner())
            (fields.text("locale", "Language").attr("placeholder", "de-DE")) (fields.text("time_zone", "Time zone").attr("placeholder", "Europe/Berlin"))
            (fields.fill(textarea_field("note", "Note for the customer"), "note").wide())
        }
    };
    html! {
        (form_errors(faults))
        @if let Some(existing) = &form.existing { (already(existing)) }
        @if let Some(clashes) = &form.meanwhile { (stale_notice(clashes)) }
        @if !new {
            input type="hidden" name="version" value=(typed.get("version"));
            input type="hidden" name="was" value=(form.was.encoded());
        }
        fieldset class="switch" {
            legend class="sr-only" { "Kind" }
            @for kind in Kind::ALL {
                label { input type="radio" name="kind" value=(kind) checked[typed.get("kind") == kind.as_str() || (typed.get("kind").is_empty() && *kind == Kind::Person)]; span { (words::sentence(kind.as_str())) } }
            }
        }
        @if let Some(begun) = &form.begun { (in_steps(begun)) }
        // Who it may already be is looked up while one types; an edit is of somebody who is known.
        div class="form-grid" hx-get=[new.then_some("/customers/similar")] hx-trigger=[new.then_some("input delay:300ms")] hx-include=[new.then_some("this")]
            hx-target=[new.then_some("#similar")] hx-sync=[new.then_some("this:replace")] {
            @let company_name = fields.text("company_name", "Company name");
            @let first_name = fields.text("first_name", "First name");
            @let is_company = typed.get("kind") == Kind::Company.as_str();
            div class="for-company span-all" { (if is_company { company_name.autofocus() } else { company_name }) }
            div class="for-company span-all" { (fields.text("legal_name", "Legal name")) }
            (if is_company { first_name } else { first_name.autofocus() }) (fields.text("last_name", "Last name"))
            (fields.email().wide())
            @if !new { (fields.verified("email_verified", "email")) }
            (fields.phone().wide())
            @if !new { (fields.verified("phone_verified", "phone")) }
        }
        @if new { div id="similar" role="status" {} }
        div class="form-grid" {
            (fields.select::<Status>("status")) (fields.select::<Type>("type"))
            @if new { (fields.tags()) }
            (fields.internal_note())
        }
        (fields.attributes())
        @if new { details class="more-fields" open[faults_below(faults)] { summary { "More fields" } (more) } }
        @else { h3 class="form-section" { "More" } (more) }
    }
}

/// The way to the steps of a company, or back to the draft that one has.
fn in_steps(begun: &Begun) -> Markup {
    html! {
        p class="muted for-steps" {
            @match begun {
                Begun::Nothing => { "With contacts and addresses: " a class="link" href=(STEPS) { "Company, step by step" } },
                Begun::Named(name) => { "You began a company" @if !name.is_empty() { ", " b { (short(name, 60)) } } ". " a class="link" href=(STEPS) { "Go on with your draft" } },
            }
        }
    }
}

/// Whether a fault is in a field that stands below "More fields".
fn faults_below(faults: &[Fault]) -> bool {
    const ABOVE: [&str; 13] = [
        "/kind",
        "/company_name",
        "/legal_name",
        "/first_name",
        "/last_name",
        "/email",
        "/phone",
        "/email_verified",
        "/phone_verified",
        "/status",
        "/type",
        "/tags",
        "/internal_note",
    ];
    faults
        .iter()
        .map(|fault| fault.pointer.as_str())
        // What concerns the whole is in no field.
        .any(|place| !place.is_empty() && !ABOVE.contains(&place) && !place.starts_with("/attributes"))
}

#[cfg(test)]
#[path = "customer_form_tests.rs"]
mod tests;

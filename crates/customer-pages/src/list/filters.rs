//! The sheet of filters: conditions in rows, or the same as text, which lead to the list's address.

use std::collections::HashMap;

use axum::{extract::RawQuery, response::IntoResponse};
use maud::{Markup, html};
use regulars_database::Tx;
use regulars_expression::{Catalog, Expression, Fault as Wrong, Place, read};
use regulars_kernel::{Error, Fault, Permission, Result, Total};
use regulars_web::{
    PageCall, PageResult,
    pages::{
        Attributes, Choice, button, format, link_button, select_field, sheet, text_field, textarea_field,
    },
    redirect,
};

use super::{asked, handlers, view::PATH};
use crate::{
    builder::{self, Group, Known, Look, Path, Words, substitute},
    face,
    state::ListState,
    words,
};
use regulars_customers::{find, ops, store::captions};

const BUILD: &str = "/customers/filters/build";
const APPLY: &str = "/customers/filters/apply";
const TITLE: &str = "Filter customers";
/// Names of the form that are no part of the list's address.
const FORM: [&str; 10] = [
    "group", "end", "field", "was", "operator", "when", "value", "act", "mode", "text",
];

/// How the conditions are put.
enum Put {
    Rows(Group),
    Text(String),
}

/// What the form says.
struct Asked {
    put: Put,
    /// Everything else that the list is asked for.
    rest: ListState,
}

/// Reads what the form says.
fn form(query: &str) -> (Asked, String) {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let last = |name: &str| {
        pairs
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str())
    };
    let rest: ListState = pairs
        .iter()
        .filter(|(name, _)| !FORM.contains(&name.as_str()))
        .cloned()
        .collect();
    let put = if last("mode") == "text" {
        Put::Text(last("text").replace("\r\n", "\n"))
    } else {
        Put::Rows(Group::read(
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        ))
    };
    (Asked { put, rest }, last("act").to_owned())
}

/// The fields and the names that the form shows.
struct Shown {
    words: Words,
    /// Without what is archived.
    offered: Catalog,
}

impl Shown {
    async fn read(tx: &mut Tx) -> Result<Self> {
        let catalog = find::fields(tx).await?;
        let archived: Vec<String> = ops::attributes::list(tx)
            .await?
            .into_iter()
            .filter(|definition| definition.archived_at.is_some())
            .map(|definition| format!("attribute.{}", definition.name))
            .collect();
        let offered = Catalog(
            catalog
                .0
                .iter()
                .filter(|field| !archived.contains(&field.name))
                .cloned()
                .collect(),
        );
        Ok(Self {
            words: Words {
                catalog,
                known: Known::new(),
            },
            offered,
        })
    }

    /// Looks up what the fields of the rows can be.
    async fn know(&mut self, tx: &mut Tx, group: &Group) -> Result<()> {
        for field in group.fields() {
            if !self.words.known.contains_key(field) {
                let values = known(tx, field, group).await?;
                self.words.known.insert(field.to_owned(), values);
            }
        }
        Ok(())
    }
}

/// The values of a field, as people call them; of customers only those that the rows name.
async fn known(tx: &mut Tx, field: &str, group: &Group) -> Result<Vec<(String, String)>> {
    if field == "parent" {
        let ids: Vec<_> = group
            .values(field)
            .iter()
            .filter_map(|id| id.parse().ok())
            .collect();
        let names = captions::customers(tx, &ids).await?;
        return Ok(names
            .into_iter()
            .map(|(id, name)| (id.to_string(), name))
            .collect());
    }
    let mut values = find::values(tx, field).await?;
    match field {
        "owner" => values.insert(0, ("me".to_owned(), "Me".to_owned())),
        "source" => values
            .iter_mut()
            .for_each(|(name, label)| *label = words::source(name)),
        _ => {}
    }
    Ok(values)
}

/// The words for what an expression says: its fields, and the names of those that it names.
pub(super) async fn words_of(tx: &mut Tx, group: &Group) -> Result<Words> {
    let mut words = Words {
        catalog: find::fields(tx).await?,
        known: Known::new(),
    };
    // Tags are called what they are.
    for field in group.fields().into_iter().filter(|field| *field != "tag") {
        let values = known(tx, field, group).await?;
        words.known.insert(field.to_owned(), values);
    }
    Ok(words)
}

/// `GET /customers/filters`: the sheet, with what the list is asked for.
pub(crate) async fn open(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let shown = Shown::read(&mut tx).await?;
    let asked = match asked::conditions(&state, &shown.words.catalog) {
        Some((mut group, rest)) => {
            if group.items.is_empty() {
                group.act("add:");
            }
            Asked {
                put: Put::Rows(group),
                rest,
            }
        }
        // What cannot be read can still be mended as text.
        None => Asked {
            put: Put::Text(state.get("filter").to_owned()),
            rest: state.without("filter"),
        },
    };
    let inside = whole(&call, &mut tx, shown, asked, &[], &[]).await?;
    Ok(face::sheet(&call, TITLE, inside))
}

/// `GET /customers/filters/build`: the form anew, after one of its buttons or choices.
pub(crate) async fn build(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let (asked, act) = form(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let shown = Shown::read(&mut tx).await?;
    let mut faults = Vec::new();
    let mut focus = None;
    let put = match (asked.put, act.as_str()) {
        (Put::Rows(group), "text") => Put::Text(as_written(&group, &shown.words.catalog)),
        (Put::Text(text), "rows") => match rows(&text) {
            Ok(group) => Put::Rows(group),
            Err(fault) => {
                faults.push(fault);
                Put::Text(text)
            }
        },
        (Put::Rows(mut group), act) => {
            focus = group.act(act);
            Put::Rows(group)
        }
        (text, _) => text,
    };
    let asked = Asked {
        put,
        rest: asked.rest,
    };
    Ok(builder(&call, &mut tx, shown, &asked, focus.as_deref(), &faults)
        .await?
        .into_response())
}

/// What rows say, as far as they are put together.
fn expression(group: &Group, catalog: &Catalog, faults: &mut Vec<Wrong>) -> Option<Expression> {
    let mut group = group.clone();
    group.settle(catalog);
    group.expression(catalog, faults)
}

fn as_written(group: &Group, catalog: &Catalog) -> String {
    expression(group, catalog, &mut Vec::new())
        .map(|asked| asked.to_string())
        .unwrap_or_default()
}

fn rows(text: &str) -> std::result::Result<Group, Wrong> {
    if text.trim().is_empty() {
        return Ok(Group::new(builder::Holds::All, Vec::new()));
    }
    read(text).map(|expression| Group::of(&expression))
}

/// `GET /customers/filters/apply`: to the list, or the sheet with what is wrong.
pub(crate) async fn apply(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let (asked, _) = form(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let shown = Shown::read(&mut tx).await?;
    let mut faults = Vec::new();
    let address = address(&call, &tx, &shown, &asked, &mut faults);
    // What stands beside the conditions is read as the list reads it.
    let mut outside = match handlers::query(&call, &address) {
        Err(error) if faults.is_empty() => face::faults_of(error)?,
        _ => Vec::new(),
    };
    if faults.is_empty() && outside.is_empty() {
        return Ok(redirect(&call, &address.href(PATH)));
    }
    for fault in &mut outside {
        fault.message = super::fault_in_words(fault);
    }
    let inside = whole(&call, &mut tx, shown, asked, &faults, &outside).await?;
    Ok(face::refused(&call, TITLE, inside))
}

/// Where the form leads. What is wrong is noted.
fn address(call: &PageCall, tx: &Tx, shown: &Shown, asked: &Asked, faults: &mut Vec<Wrong>) -> ListState {
    let catalog = &shown.words.catalog;
    let said = match &asked.put {
        Put::Rows(group) => expression(group, catalog, faults),
        Put::Text(text) if text.trim().is_empty() => None,
        Put::Text(text) => read(text).map_err(|fault| faults.push(fault)).ok(),
    };
    // At the top, “me” is whoever looks at the list; deeper an expression needs to know who that is.
    let me = call.caller.user.as_ref().map(|user| user.id.to_string());
    let personal = |expression: &Expression| match &me {
        Some(me) => substitute(expression, "owner", "me", me),
        None => expression.clone(),
    };
    if let Some(expression) = &said {
        let zone = call.caller.organization.time_zone;
        faults.extend(find::faults(tx, &personal(expression), catalog, zone));
    }
    let address = asked::address(&asked.rest, said, catalog);
    match read(address.get("filter")) {
        Ok(left) => address.with("filter", &personal(&left).to_string()),
        Err(_) => address,
    }
}

/// The whole sheet.
async fn whole(
    call: &PageCall,
    tx: &mut Tx,
    shown: Shown,
    asked: Asked,
    faults: &[Wrong],
    outside: &[Fault],
) -> Result<Markup> {
    let state = &asked.rest;
    let frame = Attributes::new()
        .set("method", "get")
        .set("action", APPLY)
        .set("hx-get", APPLY)
        .set("hx-target", "#sheet-body");
    // Nothing is asked yet: the first thing to do is to choose a field.
    let first = matches!(&asked.put, Put::Rows(group) if group.fields() == [""]).then_some(&[0][..]);
    let builder = builder(call, tx, shown, &asked, first, faults).await?;
    let besides = ["deleted", "birthday_from", "birthday_to"];
    let body = html! {
        // The view as well: what it is narrowed to here may become what it asks for.
        @for (name, value) in state.pairs().filter(|(name, _)| !besides.contains(name) && !["cursor", "page", "at"].contains(name)) {
            input type="hidden" name=(name) value=(value);
        }
        (builder)
        details class="builder-besides" open[besides.iter().any(|name| !state.get(name).is_empty())] {
            summary { "Birthdays and deleted customers" }
            div class="form-grid" {
                (birthday(state, "birthday_from", "Birthday from", outside))
                (birthday(state, "birthday_to", "Birthday until", outside))
                @let choices = [("", "Left out"), ("with", "Deleted too"), ("only", "Deleted only")].map(|(value, label)| Choice::new(value, label)).into();
                (select_field("deleted", "Deleted customers", choices).value(state.get("deleted")).in_form("filter"))
            }
        }
    };
    Ok(sheet(
        TITLE,
        Some(frame),
        body,
        html! {
            (link_button("Clear all", state.only_search().href(PATH)).ghost())
            (button("Show customers").primary().submit())
        },
    ))
}

/// The part of the sheet that is drawn anew as its shape changes.
async fn builder(
    call: &PageCall,
    tx: &mut Tx,
    mut shown: Shown,
    asked: &Asked,
    focus: Option<&Path>,
    faults: &[Wrong],
) -> Result<Markup> {
    let is_text = matches!(asked.put, Put::Text(_));
    let put = match &asked.put {
        Put::Text(text) => as_text(text, faults),
        Put::Rows(group) => {
            let mut group = group.clone();
            group.settle(&shown.words.catalog);
            shown.know(tx, &group).await?;
            let mut told: HashMap<String, String> = HashMap::new();
            for fault in faults {
                if let Place::Pointer(place) = &fault.place {
                    told.entry(place.clone()).or_insert_with(|| fault.message.clone());
                }
            }
            builder::group(
                &Look {
                    url: BUILD,
                    offered: &shown.offered,
                    words: &shown.words,
                    faults: &told,
                    focus,
                },
                &group,
                &[],
            )
        }
    };
    let said = said(call, tx, &shown, asked).await?;
    let turn = |label: &str, act: &str, on: bool| {
        html! {
            button type="button" aria-pressed=(on.to_string()) id={ "builder-as-" (act) } hx-get={ (BUILD) "?act=" (act) } hx-include="closest form" hx-target="#builder" hx-swap="outerHTML" { (label) }
        }
    };
    Ok(html! {
        div id="builder" class="builder" data-builder {
            div class="segmented" role="group" aria-label="How the conditions are put" { (turn("Conditions", "rows", !is_text)) (turn("Text", "text", is_text)) }
            input type="hidden" name="mode" value=(if is_text { "text" } else { "rows" });
            (put)
            (said)
        }
    })
}

/// What the conditions come to: as text, and how many customers they are. Half rows are not asked yet.
async fn said(call: &PageCall, tx: &mut Tx, shown: &Shown, asked: &Asked) -> Result<Markup> {
    let mut faults = Vec::new();
    let address = address(call, tx, shown, asked, &mut faults);
    let missing = faults.iter().all(|fault| fault.code == "value_missing");
    let total: Option<Total> = match handlers::query(call, &address) {
        Ok(query) if missing => find::total(tx, &query)
            .await
            .map(Some)
            .or_else(|error| match error {
                Error::Malformed(_) | Error::Invalid(_) => Ok(None),
                other => Err(other),
            })?,
        _ => None,
    };
    let locale = call.bare_shell().locale;
    let text = match &asked.put {
        Put::Rows(group) => as_written(group, &shown.words.catalog),
        Put::Text(_) => String::new(),
    };
    Ok(html! {
        div id="builder-said" class="builder-said" {
            @if !text.is_empty() { code { (text) } }
            p role="status" { @if let Some(total) = total {
                @if !total.exact { "About " }
                b class="tabular" { (format::integer(total.value, locale)) } " " @if total.value == 1 { "customer" } @else { "customers" }
            } }
        }
    })
}

/// The conditions written, with help as one types.
fn as_text(text: &str, faults: &[Wrong]) -> Markup {
    let faults: Vec<Fault> = faults
        .iter()
        .map(|fault| {
            let at = fault
                .place
                .characters()
                .map(|(start, _)| format!("Character {}: ", start + 1))
                .unwrap_or_default();
            Fault {
                pointer: "/text".into(),
                code: fault.code.into(),
                message: format!("{at}{}", fault.message),
            }
        })
        .collect();
    html! {
        div class="expression" data-expression-area {
            (textarea_field("text", "Expression").value(text).in_form("filter").autofocus().faults(&faults).attr("spellcheck", "false").autocomplete("off")
                .attr("data-expression", "/customers/filters/expression").attr("autocapitalize", "off")
                .attr("aria-autocomplete", "list").attr("aria-haspopup", "listbox").attr("aria-controls", "expression-offers")
                .hint("As in (status = vip or tag in (berlin, press)) and created_at >= days_ago(90)"))
            ul class="expression-offers" id="expression-offers" role="listbox" aria-label="What may follow" hidden data-expression-offers {}
            div class="expression-said" role="status" data-expression-said {}
        }
    }
}

/// A day without a year.
fn birthday(state: &ListState, name: &'static str, label: &'static str, faults: &[Fault]) -> Markup {
    let wrong: Vec<Fault> = faults
        .iter()
        .filter(|fault| fault.pointer.strip_prefix('?') == Some(name))
        .map(|fault| Fault {
            pointer: format!("/{name}"),
            ..fault.clone()
        })
        .collect();
    html! {
        (text_field(name, label).value(state.get(name)).faults(&wrong).attr("placeholder", "12-24").hint("Month and day")
            .attr("title", "Month and day, such as 12-24").autocomplete("off").in_form("filter"))
    }
}

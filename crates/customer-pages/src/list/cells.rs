//! Cells of the list that are changed where they stand: a click shows the choices, or a field, beside the cell.

use axum::{
    extract::RawQuery,
    response::{IntoResponse, Response},
};
use chrono_tz::Tz;
use http::{HeaderValue, StatusCode};
use maud::{Markup, html};
use regulars_customers::{
    model::{
        Choice, Customer, CustomerInput, Included, LifecycleStage, Priority, ServiceLevel, Status, Type,
        VERIFIED,
    },
    ops,
    store::{captions, parts::Key},
};
use regulars_database::Tx;
use regulars_kernel::{Error, Permission, Result, ids::CustomerId};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::Icon,
    pages::{
        Attributes, Flash, FlashKind, button, format, icon_button, menu_item, status_badge, tag_list,
        text_field, time_tag,
    },
    with_toast,
};
use serde_json::{Value, json};

use super::{
    columns::{self, Column},
    handlers::rows,
    view::Cell,
};
use crate::{
    customer_form::filled,
    face::{defaults, failed, faults_of, said},
    form::Typed,
    state::ListState,
    words,
};

/// Columns that can be changed, and the field of a customer that each shows.
const FIELDS: &[(&str, &str)] = &[
    ("status", "status"),
    ("type", "type"),
    ("lifecycle_stage", "lifecycle_stage"),
    ("priority", "priority"),
    ("service_level", "service_level"),
    ("owner", "owner_id"),
    ("email", "email"),
    ("phone", "phone"),
    ("company_name", "company_name"),
    ("locale", "locale"),
    ("time_zone", "time_zone"),
];
/// Says that a cell is changed from a customer's page, which is drawn anew as a whole.
const ON_PAGE: (&str, &str) = ("at", "page");
/// The popover that shows what can be chosen.
const MENU: &str = "cell-menu";

fn field_of(column: &str) -> Option<&'static str> {
    FIELDS
        .iter()
        .find(|(name, _)| *name == column)
        .map(|(_, field)| *field)
}

/// The cell's place on the page.
pub(super) fn place(id: CustomerId, column: &str) -> String {
    format!("cell-{id}-{}", column.replace('.', "-"))
}

/// What stands in a cell; where it can be changed it is the button that begins that.
pub(super) fn inside(
    id: CustomerId,
    name: &str,
    column: &Column,
    cell: &Cell,
    zone: Tz,
    may_write: bool,
) -> Markup {
    let shown = html! {
        @match cell {
            Cell::Status(status) => (status_badge(status)),
            Cell::Tags(tags) => (tag_list(tags.iter().map(|(name, tone)| (name.as_str(), *tone)), 2)),
            Cell::Time(Some(at)) => (time_tag(*at, zone)),
            Cell::Text(text) if !text.is_empty() => (text),
            Cell::Time(None) | Cell::Text(_) => "–",
        }
    };
    if !may_write || field_of(&column.name).is_none() {
        return shown;
    }
    html! {
        button class="cell-edit" type="button" hx-get=(address(id, &column.name)) hx-target={ "#" (MENU) } hx-swap="innerHTML" data-opens=(MENU)
            aria-haspopup="true" { span class="sr-only" { (column.label) " of " (name) ": " } (shown) }
    }
}

/// Attributes of a button that shows beside it what an address answers.
pub(super) fn opening(url: &str) -> Attributes {
    Attributes::new()
        .set("hx-get", url)
        .set("hx-target", format!("#{MENU}"))
        .set("hx-swap", "innerHTML")
        .set("data-opens", MENU)
        .set("aria-haspopup", "true")
}

/// The popover of all cells and of the rows' menus, once per list.
pub(crate) fn popover() -> Markup {
    html! { div class="menu" id=(MENU) popover="auto" {} }
}

/// The button beside a fact of a customer's page that changes it where it stands.
pub(crate) fn change_here(id: CustomerId, column: &str) -> Markup {
    let place = place(id, column);
    let asked: ListState = [ON_PAGE].into_iter().collect();
    let button = icon_button(
        Icon::Edit,
        format!("Change {}", columns::label(column).to_lowercase()),
    )
    .small()
    .attr("id", place)
    .attrs(opening(&asked.href(&address(id, column))));
    html! { (button) }
}

fn address(id: CustomerId, column: &str) -> String {
    format!("/customers/{id}/cells/{column}")
}

/// Values of a column, with what people call them; none where any text may stand.
async fn choices(tx: &mut Tx, column: &str) -> Result<Option<Vec<(String, String)>>> {
    fn all<T: Choice>() -> Vec<(String, String)> {
        let each = T::ALL.iter().map(|choice| choice.as_str());
        each.map(|value| (value.to_owned(), words::sentence(value)))
            .collect()
    }
    Ok(Some(match column {
        "status" => all::<Status>(),
        "type" => all::<Type>(),
        "lifecycle_stage" => all::<LifecycleStage>(),
        "priority" => all::<Priority>(),
        "service_level" => all::<ServiceLevel>(),
        "owner" => {
            let members = captions::members(tx).await?.into_iter();
            let members = members.map(|(id, name)| (id.to_string(), name));
            [(String::new(), "Nobody".to_owned())]
                .into_iter()
                .chain(members)
                .collect()
        }
        _ => return Ok(None),
    }))
}

async fn current(tx: &mut Tx, id: CustomerId) -> Result<Customer> {
    let found = ops::customers::get(tx, Key::Id(id), &Included::default(), false).await?;
    Ok(found.customer)
}

/// `GET /customers/{id}/cells/{column}`: what the popover shows.
pub(crate) async fn open(
    call: PageCall,
    Path((id, column)): Path<(CustomerId, String)>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let on_page = is_on_page(&ListState::parse(query.as_deref().unwrap_or_default()));
    let field = field_of(&column).ok_or(Error::NotFound("column"))?;
    let mut tx = call.read().await?;
    let customer = current(&mut tx, id).await?;
    let value = filled(&customer).get(field).to_owned();
    let was = (&*value, is_verified(field, &customer));
    let choices = choices(&mut tx, &column).await?;
    Ok(editor(id, &column, on_page, choices.as_deref(), was, &value, "").into_response())
}

fn is_on_page(asked: &ListState) -> bool {
    asked.get(ON_PAGE.0) == ON_PAGE.1
}

/// `was`: what the person saw when they began, and whether it was verified.
fn editor(
    id: CustomerId,
    column: &str,
    on_page: bool,
    choices: Option<&[(String, String)]>,
    (was, verified): (&str, bool),
    value: &str,
    fault: &str,
) -> Markup {
    let post = |to: Option<&str>| {
        let at = on_page.then_some(ON_PAGE.1);
        let verified = verified.then_some("1");
        let pairs = [
            ("was", Some(was)),
            ("verified", verified),
            ("value", to),
            (ON_PAGE.0, at),
        ];
        let query: ListState = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        Attributes::new()
            .set("hx-post", query.href(&address(id, column)))
            .set("hx-target", format!("#{}", place(id, column)))
            .set("hx-swap", if on_page { "none" } else { "innerHTML" })
    };
    let label = columns::label(column);
    html! {
        @match choices {
            Some(choices) => {
                div data-open role="group" aria-label=(label) {
                    @for (value, label) in choices {
                        @let is_current = value == was;
                        (menu_item(Icon::Check, label, false, post(Some(value)).set("aria-pressed", is_current.to_string()).flag("autofocus", is_current)))
                    }
                }
            }
            None => {
                (post(None).set("class", "cell-form").set("data-open", "").set("data-stay", "").element("form", &html! {
                    (text_field("value", label).value(value).error(Some(fault).filter(|fault| !fault.is_empty())).in_form("cell").autofocus().autocomplete("off"))
                    (button("Save").primary().small().submit())
                }))
            }
        }
    }
}

/// The field that says whether what a field holds reaches the customer.
fn flag_of(field: &str) -> Option<&'static str> {
    let (_, flag) = VERIFIED.iter().find(|(address, _)| *address == field)?;
    Some(*flag)
}

fn is_verified(field: &str, customer: &Customer) -> bool {
    flag_of(field).is_some_and(|flag| filled(customer).ticked(flag))
}

/// `POST /customers/{id}/cells/{column}?was=…`: one field, if it still is what was shown.
pub(crate) async fn save(
    call: PageCall,
    Path((id, column)): Path<(CustomerId, String)>,
    RawQuery(query): RawQuery,
    typed: Typed,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let field = field_of(&column).ok_or(Error::NotFound("column"))?;
    let asked = ListState::parse(query.as_deref().unwrap_or_default());
    let is_undo = asked.get("undo") == "1";
    let on_page = is_on_page(&asked);
    let was = asked.get("was");
    let value = if typed.has("value") {
        typed.get("value")
    } else {
        asked.get("value")
    }
    .trim();
    let mut tx = call.write().await?;
    let before = current(&mut tx, id).await?;
    let now = filled(&before).get(field).to_owned();
    let choices = choices(&mut tx, &column).await?;
    let (seen, is_verified) = (asked.get("verified") == "1", is_verified(field, &before));
    // The same request twice finds what it has written itself; what stood there before is what was seen.
    let was_verified = if now == was { is_verified } else { seen };
    let again = |was: (&str, bool), fault: &str| {
        beside(editor(id, &column, on_page, choices.as_deref(), was, value, fault).into_response())
    };
    let overtaken = format!(
        "Somebody else changed it meanwhile; it is {} now.",
        if now.is_empty() { "empty" } else { &now }
    );
    if choices.is_none() && !is_undo && !typed.has("value") {
        return Err(Error::invalid("/value", "missing", "say what it should be").into());
    }
    // The same request twice: it is as wanted, whoever made it so.
    if now != was && now != value {
        return Ok(match (is_undo, choices.is_some()) {
            (true, _) | (_, true) => failed(&call, overtaken, "/customers"),
            _ => again((&now, is_verified), &overtaken),
        });
    }
    let mut wanted = json!({ field: if value.is_empty() { Value::Null } else { value.into() } });
    // An address that comes back is as good as it was.
    if let Some(flag) = flag_of(field)
        && is_undo
        && seen
    {
        wanted[flag] = true.into();
    }
    let guard = move |version| {
        if version == before.version {
            Ok(())
        } else {
            Err(Error::Stale { current: version })
        }
    };
    let defaults = defaults(&call, &tx);
    let saved = match serde_json::from_value::<CustomerInput>(wanted) {
        Ok(input) => ops::customers::update(&mut tx, id, &input, &guard, &defaults).await,
        Err(error) => Err(Error::invalid("", "malformed", error.to_string())),
    };
    let saved = match saved {
        Ok(saved) => saved,
        Err(Error::Stale { .. }) => {
            return Ok(failed(
                &call,
                "Somebody else is changing this customer; try again.",
                "/customers",
            ));
        }
        Err(error) => {
            let sentences: Vec<_> = faults_of(error)?
                .iter()
                .map(|fault| format::sentence(&fault.message))
                .collect();
            return Ok(again((was, was_verified), &sentences.join(" ")));
        }
    };
    let shell = call.bare_shell();
    let column = columns::all(&[])
        .into_iter()
        .find(|known| known.name == column)
        .ok_or(Error::NotFound("column"))?;
    let written = filled(&saved).get(field).to_owned();
    let row = rows(&mut tx, vec![saved], std::slice::from_ref(&column), &shell).await?;
    tx.commit().await?;
    let back: ListState = [
        ("was", written.as_str()),
        ("value", was),
        ("undo", "1"),
        ("verified", if was_verified { "1" } else { "" }),
    ]
    .into_iter()
    .collect();
    let undo = (written != was && !is_undo).then(|| back.href(&address(id, &column.name)));
    let row = row.first().ok_or(Error::NotFound("customer"))?;
    let (name, shown) = (&row.name, row.cells.first().ok_or(Error::NotFound("column"))?);
    let text = format!(
        "{} of {name} {}.",
        column.label,
        if is_undo { "is as it was" } else { "changed" }
    );
    if is_undo || on_page {
        return Ok(said(
            &call,
            FlashKind::Success,
            text,
            undo,
            "/customers",
            &["cellSaved", "customersChanged"],
        ));
    }
    let flash = Flash {
        kind: FlashKind::Success,
        text,
        undo,
    };
    Ok(with_toast(
        inside(id, name, &column, shown, shell.time_zone, true),
        &flash,
        &["cellSaved"],
    ))
}

/// Back into the popover, not into the cell.
fn beside(mut answer: Response) -> Response {
    *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    answer
        .headers_mut()
        .insert("hx-retarget", HeaderValue::from_static("#cell-menu"));
    answer
        .headers_mut()
        .insert("hx-reswap", HeaderValue::from_static("innerHTML"));
    answer
}

#[cfg(test)]
mod tests {
    use regulars_web::pages::samples;

    use super::*;

    #[test]
    fn every_column_that_can_be_changed_is_one() {
        let all = columns::all(&[]);
        assert!(
            FIELDS
                .iter()
                .all(|(name, _)| all.iter().any(|column| column.name == *name))
        );
    }

    #[test]
    fn cells_and_what_changes_them_are_harmless() {
        let id = CustomerId::new();
        for text in samples::ALL {
            for column in columns::all(&[]) {
                samples::assert_harmless(
                    &inside(id, text, &column, &Cell::Text((*text).into()), Tz::UTC, true).into_string(),
                );
            }
            let choices = [((*text).to_owned(), (*text).to_owned())];
            samples::assert_harmless(
                &editor(id, "owner", true, Some(&choices), (text, true), text, text).into_string(),
            );
            samples::assert_harmless(
                &editor(id, "email", false, None, (text, true), text, text).into_string(),
            );
        }
    }
}

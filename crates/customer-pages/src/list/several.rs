//! Does one thing to the chosen customers, by the same use case as the API.

use axum::extract::RawQuery;
use regulars_database::Tx;
use regulars_expression::Value as Literal;
use regulars_kernel::{Error, Permission, Result, ids::CustomerId};
use regulars_web::{PageCall, PageResult, pages::FlashKind, redirect};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::bulk;
use crate::{
    face::{at_field, defaults, done, faults_of, refused, said, sheet, toast_of},
    form::Typed,
    state::ListState,
};
use regulars_customers::{
    find::{self, Context},
    model::{Bulk, BulkResult},
    ops::{self, bulk_job::Started},
    store::captions,
};

/// What the list showed when “all that match” was chosen.
fn asked(typed: &Typed) -> Map<String, Value> {
    let state = ListState::parse(typed.get("query")).question();
    find::query_of(
        state
            .pairs()
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    )
}

fn action(query: Option<&str>) -> ListState {
    ListState::parse(query.unwrap_or_default())
}

/// `GET /customers/bulk?action=tag|untag|owner&id=…`: the sheet that asks for the tag or the owner.
pub(crate) async fn ask(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let typed = Typed::parse(query.as_deref().unwrap_or_default().as_bytes());
    let mut tx = call.read().await?;
    if typed.get("action") == "owner" {
        let members = members(&mut tx).await?;
        return Ok(sheet(&call, "Owner", bulk::owning(&typed, &members, &[])));
    }
    let known = captions::tags(&mut tx).await?;
    Ok(sheet(
        &call,
        "Tags",
        bulk::tagging(typed.get("action") == "untag", &typed, &known, &[]),
    ))
}

async fn members(tx: &mut Tx) -> Result<Vec<(String, String)>> {
    let members = captions::members(tx).await?.into_iter();
    Ok(members.map(|(id, name)| (id.to_string(), name)).collect())
}

/// Leads to the export of the same customers: those who match, or the chosen ones by their codes.
async fn export(call: &PageCall, typed: &Typed) -> PageResult {
    call.require(Permission::ExportsWrite)?;
    let question = if typed.ticked("all") {
        ListState::parse(typed.get("query"))
    } else {
        let ids: Vec<_> = typed
            .all("id")
            .filter_map(|id| id.parse::<CustomerId>().ok())
            .collect();
        let mut tx = call.read().await?;
        let codes = captions::codes(&mut tx, &ids).await?;
        let listed: Vec<String> = codes
            .iter()
            .map(|code| Literal::Text(code.clone()).to_string())
            .collect();
        let filter = format!("code in ({})", listed.join(", "));
        // Deleted ones can be chosen where they are shown.
        let deleted = ListState::parse(typed.get("query")).get("deleted").to_owned();
        [("filter", filter), ("deleted", deleted)].into_iter().collect()
    };
    Ok(redirect(call, &question.href("/exports/new")))
}

/// `POST /customers/bulk?action=tag|untag|status|owner|delete|restore|export`
pub(crate) async fn act(call: PageCall, RawQuery(query): RawQuery, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let state = action(query.as_deref());
    let action = state.get("action");
    if action == "export" {
        return export(&call, &typed).await;
    }
    let mut body = match action {
        "tag" | "untag" => json!({"action": action, "tags": [typed.get("tag")]}),
        "owner" => match typed.get("owner_id") {
            "" => json!({"action": action, "owner_id": null}),
            id => json!({"action": action, "owner_id": id}),
        },
        "status" => json!({"action": "update", "changes": {"status": state.get("status")}}),
        "undo" => json!({"action": action, "bulk_id": typed.get("bulk")}),
        _ => json!({"action": action}),
    };
    if typed.ticked("all") {
        body["query"] = asked(&typed).into();
    } else if action != "undo" {
        body["ids"] = json!(typed.all("id").collect::<Vec<_>>());
    }
    let wanted: Result<Bulk> =
        serde_json::from_value(body).map_err(|error| Error::invalid("", "malformed", error.to_string()));
    let mut tx = call.write().await?;
    let defaults = defaults(&call, &tx);
    let context = Context::of(&call.caller.organization);
    let result = match wanted {
        Ok(wanted) => ops::bulk_job::start(&mut tx, &wanted, &defaults, &context).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(Started::Queued(_)) => {
            tx.commit().await?;
            let events = ["closeSheet", "customersChanged", "bulkStarted"];
            Ok(said(
                &call,
                FlashKind::Info,
                "Under way. The line above the list says how far it is.",
                None,
                "/customers",
                &events,
            ))
        }
        Ok(Started::Done(result)) => {
            tx.commit().await?;
            let people = |count: usize| {
                if count == 1 {
                    "1 customer".to_owned()
                } else {
                    format!("{count} customers")
                }
            };
            let text = match action {
                "tag" => format!("{} tagged.", people(result.changed)),
                "untag" => format!("Tag removed from {}.", people(result.changed)),
                "delete" => format!("{} deleted.", people(result.changed)),
                "restore" => format!("{} restored.", people(result.changed)),
                "undo" => undone(&result, people),
                "status" => {
                    let are = if result.changed == 1 { "is" } else { "are" };
                    format!("{} {are} {} now.", people(result.changed), state.get("status"))
                }
                _ => format!("{} changed.", people(result.changed)),
            };
            if action == "undo" {
                // The line of a job that was undone goes.
                let events = ["closeSheet", "customersChanged", "bulkStarted"];
                return Ok(said(&call, FlashKind::Success, text, None, "/customers", &events));
            }
            let undo = (result.changed > 0).then(|| undoing(result.bulk_id));
            Ok(done(&call, text, undo, "/customers"))
        }
        Err(error) if action == "owner" => {
            drop(tx);
            let faults = at_field(faults_of(error)?, "owner_id", "owner_id");
            let mut tx = call.read().await?;
            let members = members(&mut tx).await?;
            Ok(refused(&call, "Owner", bulk::owning(&typed, &members, &faults)))
        }
        Err(error) if matches!(action, "tag" | "untag") => {
            drop(tx);
            let faults = at_field(faults_of(error)?, "tags", "tag");
            let mut tx = call.read().await?;
            let known = captions::tags(&mut tx).await?;
            Ok(refused(
                &call,
                "Tags",
                bulk::tagging(action == "untag", &typed, &known, &faults),
            ))
        }
        Err(error) => toast_of(&call, error, "/customers"),
    }
}

/// What taking a change back came to.
fn undone(result: &BulkResult, people: impl Fn(usize) -> String) -> String {
    let back = format!("Undone for {}.", people(result.changed));
    if result.unchanged == 0 {
        return back;
    }
    let stay = if result.unchanged == 1 {
        "stays as it is"
    } else {
        "stay as they are"
    };
    format!(
        "{back} {} {stay}: changed again since, or it is not possible any more.",
        people(result.unchanged)
    )
}

/// Where a bulk change is undone.
pub(super) fn undoing(bulk_id: Uuid) -> String {
    format!("/customers/bulk/undo?bulk={bulk_id}")
}

/// `POST /customers/bulk/undo?bulk=…`: what "Undo" posts to, in a toast or beside what a job did; it has no body.
pub(crate) async fn undo(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    let state = action(query.as_deref());
    let typed = Typed::new().with("bulk", state.get("bulk"));
    act(call, RawQuery(Some("action=undo".to_owned())), typed).await
}

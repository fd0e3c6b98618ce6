//! Does one thing to the chosen customers, by the same use case as the API.

use axum::extract::RawQuery;
use regulars_kernel::{Error, Permission, Result};
use regulars_web::{PageCall, PageResult, pages::FlashKind};
use serde_json::{Map, Value, json};

use super::bulk;
use crate::{
    face::{at_field, defaults, done, faults_of, refused, said, sheet, toast_of},
    form::Typed,
    state::ListState,
};
use regulars_customers::{
    find::{self, Context},
    model::{Bulk, BulkResult},
    ops,
    store::captions,
};

/// What came of it.
enum Done {
    AtOnce(BulkResult),
    Queued,
}

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

/// `GET /customers/bulk?action=tag|untag&id=…`: the sheet that asks for the tag.
pub(crate) async fn ask(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let typed = Typed::parse(query.as_deref().unwrap_or_default().as_bytes());
    let mut tx = call.read().await?;
    let known = captions::tags(&mut tx).await?;
    Ok(sheet(
        &call,
        "Tags",
        bulk::tagging(typed.get("action") == "untag", &typed, &known, &[]),
    ))
}

/// `POST /customers/bulk?action=tag|untag|status|delete|restore`
pub(crate) async fn act(call: PageCall, RawQuery(query): RawQuery, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let state = action(query.as_deref());
    let action = state.get("action");
    let ids: Vec<&str> = typed.all("id").collect();
    let mut body = match action {
        "tag" | "untag" => json!({"action": action, "tags": [typed.get("tag")]}),
        "status" => json!({"action": "update", "changes": {"status": state.get("status")}}),
        _ => json!({"action": action}),
    };
    if typed.ticked("all") {
        body["query"] = asked(&typed).into();
    } else {
        body["ids"] = json!(ids);
    }
    let wanted: Result<Bulk> =
        serde_json::from_value(body).map_err(|error| Error::invalid("", "malformed", error.to_string()));
    let mut tx = call.write().await?;
    let defaults = defaults(&call, &tx);
    let result = match wanted {
        Ok(wanted) if ops::bulk_job::is_long(&wanted) => {
            let context = Context::of(&call.caller.organization);
            ops::bulk_job::queue(&mut tx, &wanted, &defaults, &context)
                .await
                .map(|_| Done::Queued)
        }
        Ok(wanted) => ops::bulk::run(&mut tx, &wanted, &defaults)
            .await
            .map(Done::AtOnce),
        Err(error) => Err(error),
    };
    match result {
        Ok(Done::Queued) => {
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
        Ok(Done::AtOnce(result)) => {
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
                _ => format!("{} changed.", people(result.changed)),
            };
            // Deleting is undone by restoring the same customers.
            let undo = (action == "delete" && result.changed > 0).then(|| {
                let mut undo = form_urlencoded::Serializer::new(String::new());
                undo.append_pair("action", "restore");
                for id in &ids {
                    undo.append_pair("id", id);
                }
                format!("/customers/bulk/undo?{}", undo.finish())
            });
            Ok(done(&call, text, undo, "/customers"))
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

/// `POST /customers/bulk/undo?action=restore&id=…`: what a toast's "Undo" posts to; it has no body.
pub(crate) async fn undo(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    let typed = Typed::parse(query.as_deref().unwrap_or_default().as_bytes());
    act(call, RawQuery(Some("action=restore".to_owned())), typed).await
}

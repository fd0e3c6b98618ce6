//! What a customer's page says of the customer's document: a line that this room lends to it, and that asks for itself
//! again while the document is about to be written.

use axum::response::IntoResponse as _;
use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_database::Tx;
use regulars_kernel::{Boxed, Error, Permission, ids::CustomerId};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{CustomerLine, format::sentence, time_tag},
};

use crate::{model::Standing, store};

/// The line.
pub struct MirrorLine;

impl CustomerLine for MirrorLine {
    fn line<'a>(
        &'a self,
        call: &'a PageCall,
        tx: &'a mut Tx,
        customer: CustomerId,
    ) -> Boxed<'a, Option<Markup>> {
        Box::pin(async move {
            if !call.caller.may(Permission::ConnectionsRead) {
                return Ok(None);
            }
            let standing = store::standing(tx, customer).await?;
            Ok(standing.map(|standing| line(customer, &standing, call.bare_shell().time_zone)))
        })
    }
}

/// `GET /customers/{id}/firestore`: the line alone.
pub async fn show(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::ConnectionsRead)?;
    let mut tx = call.read().await?;
    if regulars_customers::store::customers::get(&mut tx, id)
        .await?
        .is_none()
    {
        return Err(Error::NotFound("customer").into());
    }
    // Where the mirror was taken away meanwhile, so is the line.
    let line = MirrorLine.line(&call, &mut tx, id).await?;
    Ok(line.unwrap_or_default().into_response())
}

/// What is said of it.
fn line(id: CustomerId, standing: &Standing, zone: Tz) -> Markup {
    let is_soon = standing.is_waiting && !standing.is_paused;
    let again = is_soon.then(|| format!("/customers/{id}/firestore"));
    html! {
        p class="form-hint" data-looks-again[is_soon] hx-get=[again] hx-trigger=[is_soon.then_some("live")] hx-swap=[is_soon.then_some("outerHTML")] {
            a class="link" href="/settings/firestore" { "Firestore" } ": "
            @match standing {
                Standing { is_waiting: true, is_paused: true, .. } => "waits to be written; the mirror is paused",
                Standing { is_waiting: true, is_failing: true, .. } => "waits to be written; nothing can be written at the moment",
                Standing { is_waiting: true, .. } => "waits to be written",
                Standing { error: Some(why), retry_at, .. } => {
                    "not written. " (sentence(why)) @if let Some(at) = retry_at { " Tried again " (time_tag(*at, zone)) "." }
                },
                Standing { mirrored_at: Some(at), is_deleted: true, .. } => { "taken away " (time_tag(*at, zone)) },
                Standing { mirrored_at: Some(at), .. } => { "written " (time_tag(*at, zone)) },
                _ => "not written yet",
            }
        }
    }
}

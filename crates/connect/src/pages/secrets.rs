//! A connection's secrets: another one is given, a former one ended. None is ever shown.

use axum::response::Response;
use maud::html;
use regulars_accounts::face::{FormFace, faults_of, success};
use regulars_kernel::{Fault, Permission, ids::ConnectionId};
use regulars_web::{
    Form, PageCall, PageResult, Path,
    pages::{Choice, password_field, select_field},
    redirect_with,
};
use uuid::Uuid;

use super::{connections::PLACE, guidance::guidance};
use crate::{
    model::{Connection, NewSecret},
    ops,
};

/// How long the former ones go on to hold: hours, and in words.
const OVERLAPS: [(&str, &str); 5] = [
    ("24", "A day longer"),
    ("1", "An hour longer"),
    ("168", "A week longer"),
    ("720", "A month longer"),
    ("0", "They end at once"),
];

fn face(call: &PageCall, one: &Connection, overlap: &str, faults: &[Fault]) -> Response {
    let choices = OVERLAPS.map(|(value, label)| Choice::new(value, label)).into();
    FormFace {
        title: "New secret",
        action: &format!("{}/{}/secrets", PLACE.href, one.id),
        button: "Add secret",
        faults,
        fields: html! {
            p class="muted" { (one.name) ": the new secret holds at once, and is not shown again." }
            (password_field("secret", "Secret").required().hint(guidance(one.provider).secret).autocomplete("off").faults(faults).autofocus())
            (select_field("overlap_hours", "The former ones hold", choices).value(overlap).faults(faults)
                .hint("What is under way is still signed with them."))
        },
    }
    .answer(call, PLACE)
}

pub async fn show_add(call: PageCall, Path(id): Path<ConnectionId>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.read().await?;
    let one = ops::get_connection(&mut tx, id).await?;
    Ok(face(&call, &one, OVERLAPS[0].0, &[]))
}

pub async fn add(call: PageCall, Path(id): Path<ConnectionId>, mut form: Form) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let overlap = form.text("overlap_hours");
    let new = NewSecret {
        secret: form.secret("secret"),
        overlap_hours: overlap.parse().ok(),
    };
    let mut tx = call.write().await?;
    let one = ops::get_connection(&mut tx, id).await?;
    if let Err(error) = ops::add_secret(&mut tx, id, &new).await {
        return Ok(face(&call, &one, &overlap, &faults_of(error)?));
    }
    tx.commit().await?;
    let flash = success("The new secret holds from now on.");
    Ok(redirect_with(&call, &format!("{}/{id}", PLACE.href), &flash))
}

pub async fn end(call: PageCall, Path((id, secret)): Path<(ConnectionId, Uuid)>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    ops::end_secret(&mut tx, id, secret).await?;
    tx.commit().await?;
    let flash = success("The former secret has ended.");
    Ok(redirect_with(&call, &format!("{}/{id}", PLACE.href), &flash))
}

//! `/webhook-events`: the inbox of what other systems sent.

use regulars_kernel::{Faults, Page, Permission, ids::WebhookEventId};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, ListErrors, OneErrors, OptionalJson, Params, Path, json,
};

use super::page_request;
use crate::{
    model::{
        DiscardFilter, Played, PutAside, Replay, ReplayFilter, WebhookEvent, WebhookEventDetail,
        WebhookFilter,
    },
    ops,
};

/// List what came in
///
/// Newest first, without content. Needs `connections:read`.
#[utoipa::path(
    get, path = "/webhook-events", tag = "webhook events",
    params(
        ("state" = Option<String>, Query, description = "`queued`, `done`, `ignored`, `dead`, `discarded`; several mean any of them"),
        ("source" = Option<String>, Query, description = "The other system, such as `shopify`; several mean any of them"),
        ("topic" = Option<String>, Query, description = "What it is about, such as `orders/create`; several mean any of them"),
        ("connection_id" = Option<String>, Query, description = "Through which connection"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of messages", body = Page<WebhookEvent>), ListErrors)
)]
pub async fn list_webhook_events(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::ConnectionsRead)?;
    let mut faults = Faults::new();
    let filter = WebhookFilter {
        states: params.list("state"),
        providers: params.list("source"),
        topics: params.list("topic"),
        connection_id: params.parsed("connection_id", "id_invalid", &mut faults),
        ..WebhookFilter::default()
    };
    let page = page_request(&mut params, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::list_events(&mut tx, &filter, &page).await?))
}

/// Play many messages again
///
/// Those of a state, `dead` if none is named, the oldest first, up to 10,000 in one call. Needs `connections:write`.
#[utoipa::path(
    post, path = "/webhook-events/replay", tag = "webhook events",
    request_body = Option<ReplayFilter>,
    responses((status = 200, description = "How many", body = Played), CommonErrors)
)]
pub async fn replay_webhook_events(
    call: Call,
    OptionalJson(filter): OptionalJson<ReplayFilter>,
) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let played = ops::replay_events(&mut tx, &filter).await?;
    Ok(call.ok(tx, None, &played).await?)
}

/// Put many messages aside
///
/// Those of a state, `dead` if none is named, up to 10,000 in one call; each can be played again. Needs `connections:write`.
#[utoipa::path(
    post, path = "/webhook-events/discard", tag = "webhook events",
    request_body = Option<DiscardFilter>,
    responses((status = 200, description = "How many", body = PutAside), CommonErrors)
)]
pub async fn discard_webhook_events(
    call: Call,
    OptionalJson(filter): OptionalJson<DiscardFilter>,
) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let done = ops::discard_events(&mut tx, &filter).await?;
    Ok(call.ok(tx, None, &done).await?)
}

/// One message
///
/// With its content, personal data masked. `reveal=true` shows it all, needs `connections:write` and is written into
/// the audit log. Needs `connections:read`.
#[utoipa::path(
    get, path = "/webhook-events/{id}", tag = "webhook events",
    params(
        ("id" = WebhookEventId, Path, description = "The message's id"),
        ("reveal" = Option<bool>, Query, description = "Whether to show personal data"),
    ),
    responses((status = 200, description = "The message", body = WebhookEventDetail), OneErrors)
)]
pub async fn get_webhook_event(call: Call, Path(id): Path<WebhookEventId>, mut params: Params) -> ApiResult {
    call.require(Permission::ConnectionsRead)?;
    let mut faults = Faults::new();
    let reveal = params
        .parsed("reveal", "boolean_invalid", &mut faults)
        .unwrap_or(false);
    params.finish(faults)?;
    if !reveal {
        let mut tx = call.read().await?;
        return Ok(json(&ops::get_event(&mut tx, id, false).await?));
    }
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let detail = ops::get_event(&mut tx, id, true).await?;
    Ok(call.ok(tx, None, &detail).await?)
}

/// Play a message again
///
/// Whatever became of it; with a `payload` in place of its content, which stays beside it. Needs `connections:write`.
#[utoipa::path(
    post, path = "/webhook-events/{id}/replay", tag = "webhook events",
    params(("id" = WebhookEventId, Path, description = "The message's id")),
    request_body = Option<Replay>,
    responses((status = 200, description = "The message, queued", body = WebhookEventDetail), CommonErrors)
)]
pub async fn replay_webhook_event(
    call: Call,
    Path(id): Path<WebhookEventId>,
    OptionalJson(replay): OptionalJson<Replay>,
) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let detail = ops::replay_event(&mut tx, id, &replay).await?;
    Ok(call.ok(tx, None, &detail).await?)
}

/// Put a message aside
///
/// It is not tried any more; it can be played again. Needs `connections:write`.
#[utoipa::path(
    post, path = "/webhook-events/{id}/discard", tag = "webhook events",
    params(("id" = WebhookEventId, Path, description = "The message's id")),
    responses((status = 204, description = "Put aside"), ActErrors)
)]
pub async fn discard_webhook_event(call: Call, Path(id): Path<WebhookEventId>) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    ops::discard_event(&mut tx, id).await?;
    Ok(call.no_content(tx).await?)
}

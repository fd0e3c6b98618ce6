//! `GET /events/stream`: server-sent events of one organization. Each says what kinds happened and to which customers;
//! the reader fetches what it shows, so that the stream carries no personal data.

use std::{convert::Infallible, sync::OnceLock, time::Duration};

use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures::StreamExt as _;
use regulars_events::Message;
use regulars_kernel::Permission;
use regulars_web::{ApiResult, AppState, Call, CommonErrors};
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};

static STOP: OnceLock<CancellationToken> = OnceLock::new();

fn stop() -> &'static CancellationToken {
    STOP.get_or_init(CancellationToken::new)
}

/// Ends every stream, so that the server can drain. Readers reconnect to the next one by themselves.
pub fn end_all() {
    stop().cancel();
}

/// The route, relative to /api/v1.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// Listen to what happens
///
/// Server-sent events: `happened` with `{"event_ids", "kinds", "customer_ids", "many"}` after each commit, `resync`
/// when hints were lost and what is shown should be read again. Comments keep the connection alive.
#[utoipa::path(get, path = "/events/stream", tag = "events", security(("key" = []), ("session" = [])),
    responses((status = 200, description = "The stream, until the client or the server closes it", body = String, content_type = "text/event-stream",
        example = "event: happened\ndata: {\"event_ids\":[\"0198c0de-0000-7000-8000-000000000001\"],\"kinds\":[\"customer.updated\"],\"customer_ids\":[\"0198c0de-0000-7000-8000-000000000002\"],\"many\":false}\n\n"),
        CommonErrors))]
async fn stream(call: Call) -> ApiResult<Response> {
    call.require(Permission::CustomersRead)?;
    let subscription = regulars_events::hub().subscribe(call.caller.organization_id);
    let messages = futures::stream::unfold(subscription, |mut subscription| async move {
        let message = subscription.next().await?;
        let event = match message {
            Message::Happened(hint) => Event::default()
                .event("happened")
                .json_data(&*hint)
                .unwrap_or_else(|_| Event::default().event("resync").data("")),
            Message::Resync => Event::default().event("resync").data(""),
        };
        Some((Ok::<_, Infallible>(event), subscription))
    });
    let messages = messages.take_until(stop().cancelled());
    Ok(Sse::new(messages)
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response())
}

//! `GET /events/stream`: server-sent events of one organization. Each says what kinds happened and to which customers;
//! the reader fetches what it shows, so that the stream carries no personal data.
//!
//! A stream ends when its key or session does: who opened it is looked at again every few seconds. It ends after an
//! hour in any case, and nobody holds more than a few; readers reconnect by themselves.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{LazyLock, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use axum::{
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::StreamExt as _;
use regulars_events::{Message, Subscription};
use regulars_kernel::{Error, Permission, Result, ids::OrganizationId};
use regulars_web::{ApiResult, AppState, Call, ListErrors};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// How often it is looked whether the caller still may listen.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a stream lives at most.
const LONGEST: Duration = Duration::from_hours(1);
/// Streams that one key or person may hold on this server.
const MOST: usize = 20;

static STOP: OnceLock<CancellationToken> = OnceLock::new();

/// How many streams each key or person holds.
static HELD: LazyLock<Mutex<HashMap<Uuid, usize>>> = LazyLock::new(Mutex::default);

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
/// when hints were lost and what is shown should be read again. Comments keep the connection alive. The stream ends
/// after an hour, and within seconds when its key or session ends; at most 20 are open for one key or person.
#[utoipa::path(get, path = "/events/stream", tag = "events", operation_id = "streamEvents", security(("key" = []), ("session" = [])),
    responses((status = 200, description = "The stream, until the client or the server closes it", body = String, content_type = "text/event-stream",
        example = "event: happened\ndata: {\"event_ids\":[\"0198c0de-0000-7000-8000-000000000001\"],\"kinds\":[\"customer.updated\"],\"customer_ids\":[\"0198c0de-0000-7000-8000-000000000002\"],\"many\":false}\n\n"),
        ListErrors))]
async fn stream(call: Call, headers: HeaderMap) -> ApiResult<Response> {
    call.require(Permission::CustomersRead)?;
    let mut look = tokio::time::interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener = Listener {
        _place: Place::take(call.caller.principal())?,
        subscription: regulars_events::hub().subscribe(call.caller.organization_id),
        organization_id: call.caller.organization_id,
        state: call.state.clone(),
        headers,
        look,
    };
    let messages = futures::stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    let messages = messages
        .take_until(stop().cancelled())
        .take_until(tokio::time::sleep(LONGEST));
    Ok(Sse::new(messages)
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response())
}

/// One open stream.
struct Listener {
    subscription: Subscription,
    organization_id: OrganizationId,
    state: AppState,
    /// Those of the request, with the credentials.
    headers: HeaderMap,
    look: Interval,
    _place: Place,
}

impl Listener {
    /// The next event; none when the stream is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                message = self.subscription.next() => return Some(event(message?)),
                _ = self.look.tick() => if !self.may_listen().await {
                    return None;
                },
            }
        }
    }

    /// Whether whoever opened the stream still may hear this organization. When that cannot be found out, no.
    async fn may_listen(&self) -> bool {
        match regulars_accounts::caller_of(&self.state, &self.headers).await {
            Ok(Some(caller)) => {
                caller.organization_id == self.organization_id && caller.may(Permission::CustomersRead)
            }
            Ok(None) | Err(_) => false,
        }
    }
}

fn event(message: Message) -> Event {
    match message {
        Message::Happened(hint) => Event::default()
            .event("happened")
            .json_data(&*hint)
            .unwrap_or_else(|_| Event::default().event("resync").data("")),
        Message::Resync => Event::default().event("resync").data(""),
    }
}

/// One of the streams that a key or person may hold; given back when dropped.
struct Place(Uuid);

impl Place {
    fn take(principal: Uuid) -> Result<Self> {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(principal).or_default();
        if *count >= MOST {
            return Err(Error::TooMany { retry_after: 60 });
        }
        *count += 1;
        Ok(Self(principal))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.0) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_holds_more_than_a_few_streams_and_closing_one_makes_room() {
        let principal = Uuid::from_u128(7);
        let mut places: Vec<_> = (0..MOST).map(|_| Place::take(principal).unwrap()).collect();
        assert!(matches!(Place::take(principal), Err(Error::TooMany { .. })));
        assert!(Place::take(Uuid::from_u128(8)).is_ok());
        places.pop();
        assert!(Place::take(principal).is_ok());
        drop(places);
        assert!(!HELD.lock().unwrap().contains_key(&principal));
    }
}

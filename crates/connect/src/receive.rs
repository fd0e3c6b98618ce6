//! `POST /webhooks/{provider}/{connection}`: verify, store, answer.

use std::sync::Arc;

use axum::{
    Extension,
    body::HttpBody as _,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use http_body_util::{BodyExt, Limited};
use regulars_kernel::{Error, Result, clock};
use regulars_web::{AppState, Problem};
use tokio::sync::Semaphore;

use crate::{
    address::Address,
    cache,
    intake::{Incoming, Intake},
    model::Provider,
    provider::{Delivery, Providers, Refusal},
};

/// Bytes of a delivery at most. Shops with long orders send some megabytes.
const MOST_BYTES: usize = 10 * 1024 * 1024;

/// Bytes up to which a body is read at once.
const SMALL: u64 = 1024 * 1024;
/// Larger ones are read a few at a time: until its end nobody knows whether a body bears the right signature, and who has no
/// secret must not fill the memory.
static LARGE: Semaphore = Semaphore::const_new(16);

/// What the route needs beside the state.
pub struct Inbox {
    pub providers: Providers,
    pub intake: Intake,
}

/// Takes a delivery in.
pub async fn receive(
    State(state): State<AppState>,
    Extension(inbox): Extension<Arc<Inbox>>,
    Path((provider, connection)): Path<(String, String)>,
    request: Request,
) -> Response {
    match take(&state, &inbox, &provider, &connection, request).await {
        Ok(answer) => answer.into_response(),
        Err(error) => Problem(error).into_response(),
    }
}

async fn take(
    state: &AppState,
    inbox: &Inbox,
    provider: &str,
    connection: &str,
    request: Request,
) -> Result<Response> {
    const UNKNOWN: Error = Error::NotFound("connection");
    let provider = Provider::parse(provider).map_err(|_| UNKNOWN)?;
    let sides = inbox.providers.get(provider).ok_or(UNKNOWN)?;
    let address = Address::read(connection).ok_or(UNKNOWN)?;
    let known = cache::known(&state.database, address)
        .await?
        .filter(|known| known.provider == provider)
        .ok_or(UNKNOWN)?;
    if known.is_disabled {
        count(provider, "refused", 1);
        return Err(Error::Refused("this connection is switched off".into()));
    }
    let (parts, body) = request.into_parts();
    let _place = match body.size_hint().upper() {
        Some(bytes) if bytes <= SMALL => None,
        _ => Some(LARGE.try_acquire().map_err(|_| {
            Error::Unavailable("too many large messages come in at this moment; send it again".into())
        })?),
    };
    let body = Limited::new(body, MOST_BYTES)
        .collect()
        .await
        .map_err(|_| Error::TooLarge("a webhook has at most 10 MB".into()))?
        .to_bytes();
    let delivery = Delivery {
        headers: &parts.headers,
        body: &body,
        now: clock::now(),
    };
    let messages = match sides.receiver.receive(&delivery, &known) {
        Ok(messages) => messages,
        Err(refusal) => {
            count(provider, "refused", 1);
            return Err(refused(refusal));
        }
    };
    let total = messages.len();
    let incoming: Vec<Incoming> = messages
        .into_iter()
        .map(|message| Incoming {
            connection_id: address.connection_id,
            provider,
            is_answered: sides.processor.answers(&message.topic),
            message,
        })
        .collect();
    let new = if incoming.is_empty() {
        0
    } else {
        inbox
            .intake
            .put(&state.database, address.organization_id, incoming)
            .await?
    };
    count(provider, "stored", new);
    count(provider, "duplicate", total - new);
    let answer = sides.receiver.answer();
    Ok((
        StatusCode::OK,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        answer,
    )
        .into_response())
}

fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Missing(what) => Error::Unauthorized(format!("{what} is missing").into()),
        Refusal::Wrong => Error::Unauthorized("the signature is not that of this connection's secret".into()),
        Refusal::Elsewhere(why) => Error::Unauthorized(why.into()),
        Refusal::Stale => Error::Unauthorized("it was signed too long ago, or the clocks differ".into()),
        Refusal::Malformed(what) => Error::malformed("", "webhook_malformed", what),
    }
}

fn count(provider: Provider, outcome: &'static str, how_many: usize) {
    if how_many > 0 {
        metrics::counter!("regulars_webhooks_received_total", "provider" => provider.name(), "outcome" => outcome)
            .increment(how_many as u64);
    }
}

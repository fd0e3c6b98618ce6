//! `POST /activities` from a page, and what its browser asks before.

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use regulars_accounts::{PublishableKey, publishable};
use regulars_kernel::{Error, Result};
use regulars_web::{AppState, ClientIp, Json, Problem, RequestId, json};
use serde_json::Value;

use super::limits::Limits;
use crate::{
    api::{Report, items},
    ops::{self, Browser, Origin, Outcome},
};

/// The key that a request brings, and the origin of its page if that may use it.
struct Page {
    key: Arc<PublishableKey>,
    origin: HeaderValue,
}

async fn page(state: &AppState, headers: &HeaderMap, ip: Option<ClientIp>) -> Result<Page> {
    let text = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.split_once(' '))
        .map_or("", |(_, key)| key.trim());
    let key = publishable(state, text, ip.map(|ip| ip.0)).await?;
    let origin = headers
        .get(header::ORIGIN)
        .filter(|origin| origin.to_str().is_ok_and(|origin| key.allows(origin)))
        .cloned()
        .ok_or(Error::Refused("the key is not for pages of this origin".into()))?;
    Ok(Page { key, origin })
}

/// What a browser asks before it sends something that is no plain text.
pub async fn preflight(
    State(state): State<AppState>,
    ip: Option<Extension<ClientIp>>,
    headers: HeaderMap,
) -> Response {
    match page(&state, &headers, ip.map(|ip| ip.0)).await {
        Ok(page) => {
            let mut answer = allow(StatusCode::NO_CONTENT.into_response(), page.origin);
            let more = [
                (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
                (header::ACCESS_CONTROL_MAX_AGE, "86400"),
            ];
            for (name, value) in more {
                answer.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            answer
        }
        Err(error) => Problem(error).into_response(),
    }
}

/// Stores what a page tells.
pub async fn receive(
    State(state): State<AppState>,
    Extension(limits): Extension<Arc<Limits>>,
    Extension(ip): Extension<ClientIp>,
    request: Request,
) -> Response {
    let page = match page(&state, request.headers(), Some(ip)).await {
        Ok(page) => page,
        Err(error) => return Problem(error).into_response(),
    };
    let answer = match tell(&state, &limits, ip, &page.key, request).await {
        Ok(answer) => answer,
        Err(error) => Problem(error).into_response(),
    };
    allow(answer, page.origin)
}

async fn tell(
    state: &AppState,
    limits: &Limits,
    ip: ClientIp,
    key: &PublishableKey,
    mut request: Request,
) -> Result<Response> {
    limits
        .check(key.id, ip.0, key.rate_per_minute, Instant::now())
        .map_err(|retry_after| Error::TooMany { retry_after })?;
    let user_agent = text_of(request.headers(), &header::USER_AGENT);
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    // A page that sends plain text needs to ask nobody first; it is JSON all the same.
    let is_text = text_of(request.headers(), &header::CONTENT_TYPE)
        .is_none_or(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/plain"));
    if is_text {
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    let Json(body) = Json::<Value>::from_request(request, state)
        .await
        .map_err(|problem| problem.0)?;
    let is_one = !body.is_array();
    let items = items(body)?;
    let believes = |text: &str, signature: &str| key.believes(text, signature);
    let origin = Origin {
        key_id: Some(key.id),
        browser: Some(Browser {
            ip: ip.0,
            user_agent: user_agent.map(|text| text.chars().take(500).collect()),
            believes: &believes,
        }),
    };
    let mut tx = state.database.begin(key.scope()).await?;
    if let Some(id) = request_id {
        tx.set_request_id(id);
    }
    let mut outcomes = ops::tell(&mut tx, items, &origin).await?;
    if is_one
        && matches!(outcomes.first(), Some(Outcome::Refused(_)))
        && let Some(Outcome::Refused(error)) = outcomes.pop()
    {
        return Err(error);
    }
    tx.commit().await?;
    Ok(json(&Report::new(outcomes, true)?))
}

fn text_of(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Lets the page read the answer.
fn allow(mut answer: Response, origin: HeaderValue) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("retry-after"),
    );
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    answer
}

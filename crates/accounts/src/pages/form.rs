//! What pages read from requests: the visitor of a page that needs no sign-in, and where a request comes from.

use std::{convert::Infallible, sync::Arc};

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
pub use regulars_web::Form;
use regulars_web::{AppState, Caller, ClientIp, PageCall, RequestId};

use crate::{cookies, ops::Device};

/// Somebody who may not be signed in.
pub struct Visitor {
    /// Where they come from.
    pub device: Device,
    /// The token in their cookie, if any.
    pub token: Option<String>,
    /// Who they are, if signed in.
    pub caller: Option<Arc<Caller>>,
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let request_id = parts
            .extensions
            .get::<RequestId>()
            .map(|id| id.0.to_string())
            .unwrap_or_default();
        let ip = parts
            .extensions
            .get::<ClientIp>()
            .map(|ip| ip.0.to_string())
            .unwrap_or_default();
        Ok(Self {
            device: Device {
                user_agent: user_agent(&parts.headers),
                ip,
                request_id,
            },
            token: cookies::session_token(&parts.headers, state.config.secure_cookies).map(str::to_owned),
            caller: Caller::of(&parts.extensions),
        })
    }
}

fn user_agent(headers: &HeaderMap) -> String {
    headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

/// Where a signed-in person's request comes from.
pub fn device(call: &PageCall, headers: &HeaderMap) -> Device {
    Device {
        user_agent: user_agent(headers),
        ip: call.client_ip.to_string(),
        request_id: call.request_id.to_string(),
    }
}

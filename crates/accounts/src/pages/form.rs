//! What pages read from requests: forms, and the visitor of a page that needs no sign-in.

use std::{convert::Infallible, sync::Arc};

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::{HeaderMap, header, request::Parts};
use regulars_kernel::{Error, Faults, Secret};
use regulars_web::{AppState, Caller, ClientIp, PageCall, PageError, Params, RequestId};

use crate::{cookies, ops::Device};

/// A posted form. White space is kept as typed; a field that is not there reads as empty.
pub struct Form(Params);

impl FromRequest<AppState> for Form {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, PageError> {
        let bytes = axum::body::to_bytes(request.into_body(), state.config.body_limit)
            .await
            .map_err(|_| Error::TooLarge("the form is too large".into()))?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Error::malformed("", "utf8_invalid", "the form is not UTF-8"))?;
        Ok(Self(Params::parse(text)?))
    }
}

impl Form {
    /// A field as typed.
    pub fn text(&mut self, name: &str) -> String {
        self.0.one(name, &mut Faults::new()).unwrap_or_default()
    }

    /// A password: never shown again.
    pub fn secret(&mut self, name: &str) -> Secret<String> {
        Secret::new(self.text(name))
    }

    /// Whether a box is ticked.
    pub fn ticked(&mut self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// What follows the prefix in the names of ticked boxes.
    pub fn ticked_below(&mut self, prefix: &str) -> Vec<String> {
        self.0
            .prefixed(prefix)
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }
}

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

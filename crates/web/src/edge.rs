//! The two middlewares around every route.
//!
//! [`outer`] stands before authentication: request id, span, CSRF, time limit, panics, conditional answers, security
//! headers, metrics. [`inner`] stands behind it and knows the caller: rate limit and Idempotency-Key.
//! Neither logs query strings, bodies or headers, because they hold personal data and secrets.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use futures::FutureExt;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use regulars_kernel::Error;
use tracing::{Instrument, Span, field::Empty};

use crate::{
    bare::BareOperations,
    caller::Caller,
    client::{ClientIp, client_ip},
    context::{self, CONTEXT, Context, Face, RequestId},
    csrf, etag, flash,
    idempotency::{self, Claim},
    problem::render,
    rate_limit::{Budget, Key, Limiter},
    request_id::{self, X_REQUEST_ID},
    security_headers,
    state::WebConfig,
};

/// What both need.
#[derive(Debug)]
pub(crate) struct Edge {
    config: Arc<WebConfig>,
    limiter: Option<Limiter>,
    bare: BareOperations,
}

impl Edge {
    pub fn new(config: Arc<WebConfig>, bare: BareOperations) -> Self {
        let limiter = Limiter::new(config.rate_limit_per_minute);
        Self {
            config,
            limiter,
            bare,
        }
    }
}

/// Addresses that machines ask all the time: no limits, and no line in the log.
fn is_quiet(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics") || path.starts_with("/assets/")
}

/// Before authentication.
pub(crate) async fn outer(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = request_id::of(request.headers());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let path = request.uri().path();
    let quiet = is_quiet(path);
    let face = Face::of(path, request.headers());
    let address = client_ip(
        request.extensions(),
        request.headers(),
        &edge.config.trusted_proxies,
    );
    let cross_site = csrf::is_cross_site(&method, request.uri(), request.headers(), &edge.config.public_url);
    let is_upload = edge.config.is_upload(&method, route.as_ref());
    let known_tags = known_tags(&method, request.headers());
    let has_flash = flash::is_pending(request.headers());
    request.extensions_mut().insert(RequestId(request_id.clone()));
    request.extensions_mut().insert(ClientIp(address));

    let route_name = route.as_ref().map_or("none", MatchedPath::as_str);
    let span = tracing::info_span!(
        "http.request",
        "http.method" = method.as_str(),
        "http.route" = route_name,
        request_id = &*request_id,
        organization = Empty,
    );
    let context = Context {
        request_id: request_id.clone(),
        face,
        caller: OnceLock::new(),
    };
    let work = async {
        let mut answer = if cross_site {
            render(
                Error::Refused("the request comes from another site's page".into()),
                face,
            )
        } else {
            let guarded = AssertUnwindSafe(next.run(request)).catch_unwind();
            let done = if is_upload {
                Ok(guarded.await)
            } else {
                tokio::time::timeout(edge.config.request_timeout, guarded).await
            };
            match done {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => render(Error::internal("a handler panicked"), face),
                Err(_) => render(
                    Error::Unavailable(
                        "it took too long and was stopped; a change may have been made: look before you send it again"
                            .into(),
                    ),
                    face,
                ),
            }
        };
        if !quiet
            && let Some(limiter) = &edge.limiter
            && !Budget::is_told(answer.headers())
        {
            // Refused before the caller was known: counted by address, so that keys cannot be guessed at will.
            let budget = limiter.check(Key::of_address(address));
            if let Some(retry_after) = budget.retry_after {
                answer = render(Error::TooMany { retry_after }, face);
            }
            budget.add(answer.headers_mut());
        }
        answer
    };
    let mut answer = CONTEXT.scope(context, work).instrument(span.clone()).await;

    if let Some(known) = known_tags
        && answer.status() == StatusCode::OK
        && let Some(tag) = answer.headers().get(header::ETAG)
        && etag::is_known(&known, tag)
    {
        not_modified(&mut answer);
    }
    if has_flash {
        flash::forget(&mut answer);
    }
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        answer.headers_mut().insert(X_REQUEST_ID, id);
    }
    security_headers::add(answer.headers_mut(), edge.config.secure_cookies);
    measure(&span, &method, route, answer.status(), started, quiet);
    answer
}

/// The tags of a conditional read.
fn known_tags(method: &Method, headers: &HeaderMap) -> Option<HeaderMap> {
    if !matches!(*method, Method::GET | Method::HEAD) || !headers.contains_key(header::IF_NONE_MATCH) {
        return None;
    }
    let mut known = HeaderMap::new();
    for value in headers.get_all(header::IF_NONE_MATCH) {
        known.append(header::IF_NONE_MATCH, value.clone());
    }
    Some(known)
}

fn not_modified(answer: &mut Response) {
    *answer.status_mut() = StatusCode::NOT_MODIFIED;
    *answer.body_mut() = axum::body::Body::empty();
    for name in [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
    ] {
        answer.headers_mut().remove(name);
    }
}

fn measure(
    span: &Span,
    method: &Method,
    route: Option<MatchedPath>,
    status: StatusCode,
    started: Instant,
    quiet: bool,
) {
    let elapsed = started.elapsed();
    let route = route.map_or_else(
        || "none".into(),
        |route| std::borrow::Cow::<'static, str>::Owned(route.as_str().to_owned()),
    );
    let method = known_method(method);
    metrics::counter!(
        "regulars_http_requests_total",
        "route" => route.clone(), "method" => method, "status" => status.as_str().to_owned()
    )
    .increment(1);
    metrics::histogram!("regulars_http_request_duration_seconds", "route" => route, "method" => method)
        .record(elapsed.as_secs_f64());
    if !quiet {
        let latency_ms = elapsed.as_secs_f64() * 1_000.0;
        tracing::info!(parent: span, status = status.as_u16(), latency_ms, "answered");
    }
}

/// A label that a client cannot make new values of.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Behind authentication.
pub(crate) async fn inner(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    if is_quiet(request.uri().path()) {
        return next.run(request).await;
    }
    let caller = Caller::of(request.extensions());
    if let Some(caller) = &caller {
        context::set_caller(caller);
        Span::current().record("organization", tracing::field::display(caller.organization_id));
    }
    let budget = edge.limiter.as_ref().map(|limiter| {
        let address = request.extensions().get::<ClientIp>().map(|ip| ip.0);
        limiter.check(match (&caller, address) {
            (Some(caller), _) => Key::Principal(caller.principal()),
            (None, Some(address)) => Key::of_address(address),
            (None, None) => Key::Principal(uuid::Uuid::nil()),
        })
    });
    let mut answer = match budget.and_then(|budget| budget.retry_after) {
        Some(retry_after) => render(Error::TooMany { retry_after }, crate::context::face()),
        None => match edge.bare.check(&request) {
            // Without a caller the handler refuses; what is wrong with the query is not the first thing to tell.
            Err(error) if caller.is_some() => render(error, crate::context::face()),
            _ => claimed(&edge.config, caller, request, next).await,
        },
    };
    if let Some(budget) = budget {
        budget.add(answer.headers_mut());
    }
    answer
}

async fn claimed(config: &WebConfig, caller: Option<Arc<Caller>>, request: Request, next: Next) -> Response {
    let Some(caller) = caller.filter(|_| {
        request.method() == Method::POST
            && request.headers().contains_key(idempotency::IDEMPOTENCY_KEY)
            && request.uri().path().starts_with("/api/")
    }) else {
        return next.run(request).await;
    };
    let is_upload = config.is_upload(request.method(), request.extensions().get());
    let body_limit = (!is_upload).then(|| config.limit(request.method(), request.extensions().get()));
    match Claim::of(request, caller.principal(), body_limit).await {
        Ok((mut request, claim)) => {
            if let Some(claim) = &claim {
                request.extensions_mut().insert(claim.clone());
            }
            let answer = next.run(request).await;
            idempotency::finish(claim.as_deref(), answer)
        }
        Err(error) => render(error, crate::context::face()),
    }
}

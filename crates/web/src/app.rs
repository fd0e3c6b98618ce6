//! Puts everything together, in the one right order, for the server and for tests alike.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::Route,
};
use regulars_kernel::Error;
use tower::{Layer, Service};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    bare::BareOperations,
    context, docs,
    edge::{Edge, inner, outer},
    help, openapi, pages,
    problem::{self, Problem},
    state::AppState,
};

/// Answers smaller than this are sent as they are, in bytes: compressing them costs more than it saves.
const COMPRESSED_FROM: u64 = 1_024;

/// The whole application. `api` has paths relative to `/api/v1`, `pages` from the root. `authenticate` finds the caller
/// and attaches it ([`crate::Caller::attach`]); it lets requests without credentials through.
///
/// From outside in: request id, span, CSRF, time limit and headers · compression · authentication · rate limit and
/// Idempotency-Key · the route. Style, script and documentation are served without authentication.
pub fn app<L>(
    api: OpenApiRouter<AppState>,
    pages: Router<AppState>,
    state: AppState,
    authenticate: L,
) -> Router
where
    L: Layer<Route> + Clone + Send + Sync + 'static,
    L::Service: Service<Request> + Clone + Send + Sync + 'static,
    <L::Service as Service<Request>>::Response: IntoResponse + 'static,
    <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
    <L::Service as Service<Request>>::Future: Send + 'static,
{
    let (api, document) = openapi::with_document(api).split_for_parts();
    let document = openapi::finished(document);
    let edge = Arc::new(Edge::new(state.config.clone(), BareOperations::of(&document)));
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(
            SizeAbove::new(COMPRESSED_FROM)
                .and(NotForContentType::SSE)
                .and(NotForContentType::IMAGES)
                .and(NotForContentType::new("font/"))
                .and(NotForContentType::new("application/zip")),
        );
    Router::new()
        .merge(api)
        .merge(pages)
        .merge(help::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        // Ours says what is too large in the error's own form.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(edge.clone(), inner))
        .layer(authenticate)
        .merge(docs::routes(&document))
        .merge(pages::assets::routes())
        .merge(help::picture_routes())
        .layer(compression)
        .layer(from_fn_with_state(edge, outer))
        .with_state(state)
}

/// Routes that answer anybody, behind request id, time limit, panics, headers and metrics but without authentication
/// and budgets: whether the server lives, and what it measures.
pub fn around(routes: Router<AppState>, state: &AppState) -> Router {
    let edge = Arc::new(Edge::new(state.config.clone(), BareOperations::default()));
    routes
        .layer(from_fn_with_state(edge, outer))
        .with_state(state.clone())
}

async fn not_found() -> Response {
    let what = match context::face() {
        context::Face::Api => "resource; /api/openapi.json lists what there is",
        context::Face::Page | context::Face::Fragment => "page",
    };
    Problem(Error::NotFound(what)).into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    let detail = format!("{} is not possible here", request.method());
    problem::answer(
        &problem::METHOD_NOT_ALLOWED,
        Some(detail),
        Vec::new(),
        context::face(),
    )
}

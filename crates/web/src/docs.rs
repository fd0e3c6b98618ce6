//! The API's documentation.
use axum::Router;
use utoipa::openapi::OpenApi;
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(_document: &OpenApi) -> Router<S> {
    Router::new()
}

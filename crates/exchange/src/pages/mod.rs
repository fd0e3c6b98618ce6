//! `/imports` and `/exports` for people.
//!
//! What it never does: SQL, or rules; handlers turn forms into the use cases that the API calls too.

mod exports;
mod imports;
mod steps;
#[cfg(test)]
mod tests;
mod views;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use regulars_kernel::{Error, Faults};
use regulars_web::{AppState, PageError, Params};

/// The routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/imports", get(imports::list).post(imports::upload))
        .layer(DefaultBodyLimit::disable())
        .route("/imports/new", get(imports::new))
        .route("/imports/{id}", get(imports::show))
        .route("/imports/{id}/progress", get(imports::progress))
        .route("/imports/{id}/check", post(imports::check))
        .route("/imports/{id}/remap", post(imports::remap))
        .route("/imports/{id}/apply", post(imports::apply))
        .route("/imports/{id}/cancel", post(imports::cancel))
        .route("/imports/{id}/delete", post(imports::delete))
        .route("/imports/{id}/errors.csv", get(imports::errors))
        .route("/exports", get(exports::list).post(exports::create))
        .route("/exports/new", get(exports::new))
        .route("/exports/{id}/row", get(exports::row))
        .route("/exports/{id}/delete", post(exports::delete))
        .route("/exports/{id}/download", get(exports::download))
}

/// A posted form; a field that is not there reads as empty.
struct Form(Params);

impl axum::extract::FromRequest<AppState> for Form {
    type Rejection = PageError;

    async fn from_request(request: axum::extract::Request, state: &AppState) -> Result<Self, PageError> {
        let bytes = axum::body::to_bytes(request.into_body(), state.config.body_limit)
            .await
            .map_err(|_| Error::TooLarge("the form is too large".into()))?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Error::malformed("", "utf8_invalid", "the form is not UTF-8"))?;
        Ok(Self(Params::parse(text)?))
    }
}

impl Form {
    fn text(&mut self, name: &str) -> String {
        self.0.one(name, &mut Faults::new()).unwrap_or_default()
    }

    fn filled(&mut self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.trim().is_empty())
    }

    fn all(&mut self, name: &str) -> Vec<String> {
        self.0.all(name)
    }
}

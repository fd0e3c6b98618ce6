//! What browsers send, with a key that is no secret: from pages of the key's origins only, as often as the key may, and with
//! nothing believed but what the shop's server signed.
//!
//! What it never does: read cookies, or tell a page anything about anybody.

mod hand_over;
mod limits;
mod receive;

use std::sync::Arc;

use axum::{Extension, Router, routing::get};
use regulars_web::{AppState, pages::assets};

pub use hand_over::hand_over;

/// Where both kinds of keys tell of activities.
const PATH: &str = "/api/v1/activities";
/// Where pages load the script from.
const SCRIPT: &str = "/p/regulars.js";
/// Largest body from a browser, in bytes; what it sends while a page goes away may not be larger anyway.
pub const BODY_LIMIT: usize = 65_536;

/// The routes for browsers. They stand beside those of the API and get what [`hand_over`] gives them.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(
            PATH,
            axum::routing::post(receive::receive).options(receive::preflight),
        )
        .layer(Extension(Arc::new(limits::Limits::default())))
}

/// The script that pages of shops load.
pub fn script_routes() -> Router<AppState> {
    Router::new().route(SCRIPT, get(script))
}

async fn script(headers: http::HeaderMap) -> axum::response::Response {
    assets::named("regulars.js", &headers)
}

//! The guides of `docs/guides`, shown inside the running server: a list of them, and each as a page of the shell.
//!
//! Text and pictures are embedded in the binary, so they say what this version does. It never shows HTML that a guide
//! holds, and leads nowhere but to other guides.

mod guide;
mod markdown;
mod pictures;
#[cfg(test)]
mod tests;
mod view;

use axum::{Router, response::IntoResponse, routing::get};
use maud::html;
use regulars_kernel::Error;

use crate::{extract::Path, page_call::PageCall, page_call::PageResult, pages::page, state::AppState};

pub(crate) use guide::Guide;
pub(crate) use pictures::routes as picture_routes;

/// Where the guides are.
pub(crate) const PATH: &str = "/help";
/// What they are called together.
pub(crate) const NAME: &str = "Guides";

/// `/help` and `/help/{guide}`, for whoever is signed in.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route(PATH, get(list))
        .route("/help/{guide}", get(show))
}

async fn list(call: PageCall) -> PageResult {
    let shell = call.bare_shell().titled(NAME);
    Ok(page(&shell, html! {}, view::list()).into_response())
}

async fn show(call: PageCall, Path(name): Path<String>) -> PageResult {
    let guide = Guide::named(&name).ok_or(Error::NotFound("guide"))?;
    let shell = call.bare_shell().crumb(NAME, PATH).titled(guide.title());
    Ok(page(&shell, html! {}, view::guide(guide)).into_response())
}

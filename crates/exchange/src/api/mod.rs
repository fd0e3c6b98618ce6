//! `/imports`, `/exports` and `/customers/export`.
//!
//! What it never does: SQL, or rules; handlers turn HTTP into one use case.

pub(crate) mod exports;
pub(crate) mod imports;
pub(crate) mod upload;

use axum::extract::DefaultBodyLimit;
use regulars_kernel::{Faults, PageRequest, Result};
use regulars_web::{AppState, Params};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes, relative to `/api/v1`.
pub fn routes() -> OpenApiRouter<AppState> {
    // Uploads are limited while they are streamed.
    let uploads = OpenApiRouter::new()
        .routes(routes!(imports::list_imports, imports::create_import))
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .merge(uploads)
        .routes(routes!(
            imports::get_import,
            imports::edit_import,
            imports::delete_import
        ))
        .routes(routes!(imports::plan_import))
        .routes(routes!(imports::apply_import))
        .routes(routes!(imports::cancel_import))
        .routes(routes!(imports::import_errors))
        .routes(routes!(exports::list_exports, exports::create_export))
        .routes(routes!(exports::get_export, exports::delete_export))
        .routes(routes!(exports::download_export))
        .routes(routes!(exports::export_customers))
}

/// The place in a list that a request asks for.
fn page_request(mut params: Params) -> Result<PageRequest> {
    let mut faults = Faults::new();
    let (limit, cursor, page) = (
        params.one("limit", &mut faults),
        params.one("cursor", &mut faults),
        params.one("page", &mut faults),
    );
    let request = PageRequest::parse(
        limit.as_deref(),
        cursor.as_deref(),
        page.as_deref(),
        &[],
        &mut faults,
    );
    params.finish(faults)?;
    Ok(request)
}

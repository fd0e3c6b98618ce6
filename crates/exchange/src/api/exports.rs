//! `/exports` and `/customers/export`: customers as files.

use axum::{
    body::Body,
    extract::RawQuery,
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use http::{HeaderValue, header};
use regulars_customers::find::{Context, FilterParameters, Query, query_of};
use regulars_kernel::{Error, Faults, Page, Permission, Result, ids::ExportId};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, ListErrors, OneErrors, Params, Path, json,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_util::io::ReaderStream;

use super::{imports::disposition, page_request};
use crate::{
    export::Exporter,
    model::{Export, ExportFormat},
    ops, store,
};

/// What to export.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExport {
    /// The format of the file.
    pub format: ExportFormat,
    /// Which customers: the filters of `GET /customers` by name, each a value or a list of values. All if absent.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"status": ["vip", "active"], "country": "DE"}))]
    pub query: Map<String, Value>,
}

/// List exports
///
/// Latest first. Needs `exports:write`.
#[utoipa::path(get, path = "/exports", tag = "exports",
    params(
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of exports", body = Page<Export>), ListErrors))]
pub async fn list_exports(call: Call, params: Params) -> ApiResult {
    call.require(Permission::ExportsWrite)?;
    let page = page_request(params)?;
    let mut tx = call.read().await?;
    let page = store::exports::list(&mut tx, &page).await?;
    Ok(json(&page))
}

/// Export customers to a file
///
/// A job writes it; take it from `/exports/{id}/download` within 7 days. Written into the audit log. Needs `exports:write`.
#[utoipa::path(post, path = "/exports", tag = "exports",
    request_body = NewExport,
    responses((status = 202, description = "A job does it", body = Export), CommonErrors))]
pub async fn create_export(call: Call, Json(new): Json<NewExport>) -> ApiResult {
    call.require(Permission::ExportsWrite)?;
    let mut tx = call.write().await?;
    let context = Context::of(&call.caller.organization);
    let quota = call.state.config.kept_files;
    let (export, job_id) = ops::exports::create(&mut tx, new.format, &new.query, &context, quota).await?;
    Ok(call.accepted(tx, job_id, &export).await?)
}

/// One export
///
/// Needs `exports:write`.
#[utoipa::path(get, path = "/exports/{id}", tag = "exports",
    params(("id" = ExportId, Path, description = "The export's id")),
    responses((status = 200, description = "The export", body = Export), OneErrors))]
pub async fn get_export(call: Call, Path(id): Path<ExportId>) -> ApiResult {
    call.require(Permission::ExportsWrite)?;
    let mut tx = call.read().await?;
    Ok(json(&store::exports::get(&mut tx, id, false).await?))
}

/// Delete an export
///
/// Stops it if it is being written. Needs `exports:write`.
#[utoipa::path(delete, path = "/exports/{id}", tag = "exports",
    params(("id" = ExportId, Path, description = "The export's id")),
    responses((status = 204, description = "Deleted"), ActErrors))]
pub async fn delete_export(call: Call, Path(id): Path<ExportId>) -> ApiResult {
    call.require(Permission::ExportsWrite)?;
    let mut tx = call.write().await?;
    ops::exports::delete(&mut tx, id, &call.state.config.storage_dir).await?;
    Ok(call.no_content(tx).await?)
}

/// Download an export
///
/// Written into the audit log. Needs `exports:write`.
#[utoipa::path(get, path = "/exports/{id}/download", tag = "exports",
    params(("id" = ExportId, Path, description = "The export's id")),
    responses((status = 200, description = "The file", headers(("Content-Disposition" = String, description = "The name to save it under")), content(
        (String = "text/csv", example = "id,code,email\n0198c0de-7a5b-7c3d-8e4f-1a2b3c4d5e6f,C-000123,ada@example.com\n"),
        (String = "application/jsonl", example = "{\"code\":\"C-000123\",\"email\":\"ada@example.com\"}\n"),
    )), ActErrors))]
pub async fn download_export(call: Call, Path(id): Path<ExportId>) -> ApiResult {
    call.require(Permission::ExportsWrite)?;
    Ok(file(&call, id).await?)
}

/// The file of an export as an answer, streamed.
pub(crate) async fn file(call: &Call, id: ExportId) -> Result<Response> {
    let mut tx = call.state.database.begin(call.caller.scope()).await?;
    tx.set_request_id(call.request_id.clone());
    let (export, file) = ops::exports::download(&mut tx, id, &call.state.config.storage_dir).await?;
    tx.commit().await?;
    let file = tokio::fs::File::from_std(file);
    let body = Body::from_stream(ReaderStream::with_capacity(file, 1 << 16));
    let day = export.created_at.format("%Y-%m-%d");
    let mut answer = attachment(
        body,
        media(export.format),
        &format!("customers {day}.{}", export.format.as_str()),
    );
    if let Ok(length) = HeaderValue::from_str(&export.bytes.to_string()) {
        answer.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    Ok(answer)
}

fn media(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Csv => "text/csv; charset=utf-8",
        ExportFormat::Jsonl => "application/jsonl; charset=utf-8",
    }
}

/// A body to be saved under a name, and nowhere else.
pub(crate) fn attachment(body: Body, media: &'static str, name: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        disposition(name),
    ];
    (headers, body).into_response()
}

/// Export customers at once
///
/// Streams the customers that the filters of `GET /customers` select, without keeping a file. In CSV, texts that
/// spreadsheets would execute are neutralised; an import reads them back unchanged. What says how a list is shown (`sort`,
/// `limit`, `cursor`, `page`, `fields`, `include`, `count`) is taken, too, and changes nothing. Written into the audit log.
/// Needs `exports:write`.
#[utoipa::path(get, path = "/customers/export", tag = "exports",
    params(
        ("format" = Option<ExportFormat>, Query, description = "`csv` if absent"),
        FilterParameters,
    ),
    responses((status = 200, description = "The customers", headers(("Content-Disposition" = String, description = "The name to save it under")), content(
        (String = "text/csv", example = "id,code,email\n0198c0de-7a5b-7c3d-8e4f-1a2b3c4d5e6f,C-000123,ada@example.com\n"),
        (String = "application/jsonl", example = "{\"code\":\"C-000123\",\"email\":\"ada@example.com\"}\n"),
    )), ListErrors))]
pub async fn export_customers(call: Call, RawQuery(raw): RawQuery, mut params: Params) -> ApiResult {
    call.require(Permission::ExportsWrite)?;
    let mut faults = Faults::new();
    let format = match params.one("format", &mut faults) {
        None => ExportFormat::Csv,
        Some(text) => ExportFormat::parse(&text).unwrap_or_else(|| {
            faults.add("?format", "format_unknown", "use csv or jsonl");
            ExportFormat::Csv
        }),
    };
    let raw = raw.unwrap_or_default();
    let pairs = form_urlencoded::parse(raw.as_bytes()).into_owned();
    let kept = query_of(pairs.filter(|(name, _)| name != "format"));
    let query = Query::take(&mut params, &Context::of(&call.caller.organization), &mut faults);
    params.finish(faults)?;
    let exporter = Exporter::new(&call.state.database, call.caller.scope(), format, &query).await?;
    let mut tx = call.state.database.begin(call.caller.scope()).await?;
    tx.set_request_id(call.request_id.clone());
    ops::exports::note_direct(&mut tx, format, &kept).await?;
    tx.commit().await?;
    let pieces = exporter.pieces().map(|piece: Result<_, Error>| match piece {
        Ok(piece) => Ok(piece.bytes),
        Err(error) => {
            // The status is sent; breaking off is all that can still be said.
            tracing::error!(%error, "an export broke off");
            Err(std::io::Error::other("the export broke off"))
        }
    });
    Ok(attachment(
        Body::from_stream(pieces),
        media(format),
        &format!("customers.{}", format.as_str()),
    ))
}

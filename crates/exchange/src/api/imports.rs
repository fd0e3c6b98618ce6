//! `/imports`: files that become customers, orders or products.

use axum::{Extension, body::Body, extract::Request, response::Response};
use http::header;
use regulars_kernel::{Page, Permission, Result, ids::ImportId};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, ListErrors, OneErrors, Params, Path, Query, json,
    json_with_digest,
};
use serde::{Deserialize, Serialize};

use super::{page_request, upload};
use crate::{
    import::{self, inline, inline::Inspected},
    kind::Kinds,
    mapping::ColumnMapping,
    model::{Import, ImportKind, ImportPatch, ImportState},
    ops,
    space::{Held, Storage},
    store::imports::Stored,
};

/// An import with what its columns seem to be.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportWithColumns {
    /// The import.
    #[serde(flatten)]
    pub import: Import,
    /// What each column seems to be, with values of the first rows; until the file is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub suggestion: Option<Vec<ColumnMapping>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct UploadQuery {
    pub file_name: Option<String>,
    pub kind: Option<ImportKind>,
}

/// List imports
///
/// Latest first. Needs `imports:write`, because files show what customers are.
#[utoipa::path(get, path = "/imports", tag = "imports",
    params(
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of imports", body = Page<Import>), ListErrors))]
pub async fn list_imports(call: Call, params: Params) -> ApiResult {
    call.require(Permission::ImportsWrite)?;
    let page = page_request(params)?;
    let mut tx = call.read().await?;
    let page = crate::store::imports::list(&mut tx, &page).await?;
    Ok(json(&page))
}

/// Upload a file
///
/// As the part `file` of a form, or as the body itself with `?file_name=`. CSV in any dialect, JSON, JSON Lines or XLSX, up to
/// 1 GB. Nothing is imported yet: the answer suggests what the columns mean; change that with `PATCH`, look at the outcome
/// with `/plan`, and then `/apply`. `kind` says what the file brings; without it that is told by the columns where it is plain,
/// as in Shopify's exports, and else customers. Rows of one order or product must follow each other. Files of unfinished imports and of exports may take 5 GB together unless the
/// server is set up otherwise (`409` `files_full`). Needs `imports:write`.
#[utoipa::path(post, path = "/imports", tag = "imports",
    params(("file_name" = Option<String>, Query, description = "The file's name, when the body is the file", example = "customers.csv"),
        ("kind" = Option<ImportKind>, Query, description = "What the file brings; by its columns if absent", example = "orders")),
    request_body(content(
        (UploadForm = "multipart/form-data", example = json!({"file": "email,first name\nada@example.com,Ada\n"})),
        (String = "application/octet-stream", example = "email,first name\nada@example.com,Ada\n"),
        (String = "text/csv", example = "email,first name\nada@example.com,Ada\n"),
    )),
    responses((status = 201, description = "The import, with a suggested mapping", body = ImportWithColumns), CommonErrors))]
pub async fn create_import(
    call: Call,
    Extension(kinds): Extension<Kinds>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> ApiResult {
    call.require(Permission::ImportsWrite)?;
    let storage = Storage::of(&call.state.config);
    // What was received before under the same key is answered as then, even if there is no room for it a second time.
    let held = if request.headers().contains_key("idempotency-key") {
        Held::default()
    } else {
        ops::files::held(&mut call.read().await?).await?
    };
    let upload = upload::receive(
        request,
        query.file_name.as_deref(),
        query.kind,
        &kinds,
        &storage,
        held,
    )
    .await?;
    let mut tx = call.write_upload(&upload.received()?.sha256).await?;
    let stored = ops::imports::create(&mut tx, upload.received()?, storage.quota).await?;
    let columns = upload.received()?.inspected.suggestion.columns.clone();
    let body = ImportWithColumns {
        import: stored.import,
        suggestion: Some(columns),
    };
    let location = format!("/api/v1/imports/{}", body.import.id);
    upload.keep();
    Ok(call.created(tx, location, body.import.version, &body).await?)
}

/// The form of an upload.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it is read as a stream; this only describes it")]
pub struct UploadForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// One import
///
/// With its plan once it was checked, and its result as it is applied. Needs `imports:write`.
#[utoipa::path(get, path = "/imports/{id}", tag = "imports",
    params(("id" = ImportId, Path, description = "The import's id")),
    responses((status = 200, description = "The import", body = ImportWithColumns), OneErrors))]
pub async fn get_import(
    call: Call,
    Extension(kinds): Extension<Kinds>,
    Path(id): Path<ImportId>,
) -> ApiResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.read().await?;
    let stored = ops::imports::get(&mut tx, id).await?;
    let suggestion = suggestion(&stored, &call.state.config.storage_dir, &kinds).await;
    let body = ImportWithColumns {
        import: stored.import,
        suggestion,
    };
    Ok(json_with_digest(body.import.version, &body))
}

/// What the columns seem to be, as long as mapping them is what comes next; none if the file is gone.
pub(crate) async fn suggestion(
    stored: &Stored,
    storage: &std::path::Path,
    kinds: &Kinds,
) -> Option<Vec<ColumnMapping>> {
    if !matches!(stored.import.state, ImportState::Uploaded | ImportState::Failed) {
        return None;
    }
    let looked = look(stored, storage, kinds, stored.import.kind).await;
    looked.map(|inspected| inspected.suggestion.columns)
}

/// The beginning of the file, as one of this kind; none if the file is gone.
pub(crate) async fn look(
    stored: &Stored,
    storage: &std::path::Path,
    kinds: &Kinds,
    kind: ImportKind,
) -> Option<Inspected> {
    let path = import::file_path(storage, stored.import.id, &stored.format);
    let (name, format) = (stored.import.file_name.clone(), stored.format.clone());
    let (headers, kinds) = (stored.headers.clone(), kinds.clone());
    let looked = tokio::task::spawn_blocking(move || {
        inline::inspect_as(&path, &name, format, Some(headers), &kinds, Some(kind))
    });
    looked.await.ok()?.ok()
}

/// Change kind, mapping, mode or keys
///
/// Before it is applied. A new mapping replaces the old one as a whole; another kind is mapped anew; the plan is made anew. Needs `imports:write`.
#[utoipa::path(patch, path = "/imports/{id}", tag = "imports", operation_id = "updateImport",
    params(("id" = ImportId, Path, description = "The import's id")),
    request_body(content = ImportPatch, example = json!({"mode": "update", "match_by": ["email"], "mapping": {"columns": {"E-Mail": "email", "Ort": "address.city"}, "clear_empty": true}})),
    responses((status = 200, description = "The changed import", body = Import), CommonErrors))]
pub async fn edit_import(
    call: Call,
    Extension(kinds): Extension<Kinds>,
    Path(id): Path<ImportId>,
    Json(patch): Json<ImportPatch>,
) -> ApiResult {
    call.require(Permission::ImportsWrite)?;
    let mut samples = Vec::new();
    if let (Some(kind), None) = (patch.kind, &patch.mapping) {
        let stored = ops::imports::get(&mut call.read().await?, id).await?;
        let looked = look(&stored, &call.state.config.storage_dir, &kinds, kind).await;
        samples = looked.map(|looked| looked.samples).unwrap_or_default();
    }
    let mut tx = call.write().await?;
    let guard = |version| call.if_match(version);
    let stored = ops::imports::edit(&mut tx, id, &patch, &kinds, &samples, guard).await?;
    Ok(call.ok(tx, Some(stored.import.version), &stored.import).await?)
}

/// Check a file
///
/// The dry run: reads the whole file and decides what will become of every row, order or product, which `/apply` then
/// executes. Changes nothing. Needs `imports:write`.
#[utoipa::path(post, path = "/imports/{id}/plan", tag = "imports",
    params(("id" = ImportId, Path, description = "The import's id")),
    responses((status = 202, description = "A job does it", body = Import), ActErrors))]
pub async fn plan_import(
    call: Call,
    Extension(kinds): Extension<Kinds>,
    Path(id): Path<ImportId>,
) -> ApiResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.write().await?;
    let (stored, job_id) = ops::imports::plan(&mut tx, id, &kinds).await?;
    Ok(call.accepted(tx, job_id, &stored.import).await?)
}

/// Apply an import
///
/// Executes the plan, or checks first if there is none. Goes on exactly where it stopped if it was interrupted. Rows whose
/// customer changed since the plan become conflicts. Needs `imports:write`.
#[utoipa::path(post, path = "/imports/{id}/apply", tag = "imports",
    params(("id" = ImportId, Path, description = "The import's id")),
    responses((status = 202, description = "A job does it", body = Import), ActErrors))]
pub async fn apply_import(
    call: Call,
    Extension(kinds): Extension<Kinds>,
    Path(id): Path<ImportId>,
) -> ApiResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.write().await?;
    let (stored, job_id) = ops::imports::apply(&mut tx, id, &kinds).await?;
    Ok(call.accepted(tx, job_id, &stored.import).await?)
}

/// Cancel an import
///
/// For good. What was applied until then stays. Needs `imports:write`.
#[utoipa::path(post, path = "/imports/{id}/cancel", tag = "imports",
    params(("id" = ImportId, Path, description = "The import's id")),
    responses((status = 200, description = "The cancelled import", body = Import), ActErrors))]
pub async fn cancel_import(call: Call, Path(id): Path<ImportId>) -> ApiResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.write().await?;
    let stored = ops::imports::cancel(&mut tx, id, &call.state.config.storage_dir).await?;
    Ok(call.ok(tx, Some(stored.import.version), &stored.import).await?)
}

/// Delete an import
///
/// With its file and the rows that failed; what it brought stays. Needs `imports:write`.
#[utoipa::path(delete, path = "/imports/{id}", tag = "imports",
    params(("id" = ImportId, Path, description = "The import's id")),
    responses((status = 204, description = "Deleted"), ActErrors))]
pub async fn delete_import(call: Call, Path(id): Path<ImportId>) -> ApiResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.write().await?;
    let storage = &call.state.config.storage_dir;
    ops::imports::delete(&mut tx, id, storage, |version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}

/// Rows that were not imported
///
/// CSV with the file's own columns and `regulars_error`, the reason: mend the rows and import the file again. After a check
/// it holds what would fail. Needs `imports:write`.
#[utoipa::path(get, path = "/imports/{id}/errors.csv", tag = "imports", operation_id = "downloadImportErrors",
    params(("id" = ImportId, Path, description = "The import's id")),
    responses((status = 200, description = "The rows", body = String, content_type = "text/csv",
        example = "email,first name,regulars_error\nada@,Ada,“ada@” is not an e-mail address: nothing after the @\n"), OneErrors))]
pub async fn import_errors(call: Call, Path(id): Path<ImportId>) -> ApiResult {
    call.require(Permission::ImportsWrite)?;
    Ok(errors_file(&call, id).await?)
}

/// The error file as an answer, streamed.
pub(crate) async fn errors_file(call: &Call, id: ImportId) -> Result<Response> {
    let mut tx = call.read().await?;
    let stored = ops::imports::get(&mut tx, id).await?;
    drop(tx);
    let lines = error_lines(ops::errors::Lines::new(
        &call.state.database,
        call.caller.scope(),
        id,
        stored.headers.clone(),
    ));
    let name = stored
        .import
        .file_name
        .rsplit_once('.')
        .map_or("import", |(name, _)| name);
    Ok(super::exports::attachment(
        Body::from_stream(lines),
        "text/csv; charset=utf-8",
        &format!("{name} errors.csv"),
    ))
}

fn error_lines(
    mut lines: ops::errors::Lines,
) -> impl futures::Stream<Item = std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>> {
    async_stream::try_stream! {
        while let Some(some) = lines.next().await.map_err(|error| error.to_string())? {
            yield some;
        }
    }
}

/// The header that names a download, in ASCII and in full (RFC 6266, RFC 8187).
pub(crate) fn disposition(name: &str) -> (header::HeaderName, String) {
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            ' '..='~' if !matches!(letter, '"' | '\\' | '/') => letter,
            _ => '_',
        })
        .collect();
    let full: String = form_urlencoded::byte_serialize(name.as_bytes())
        .collect::<String>()
        .replace('+', "%20");
    (
        header::CONTENT_DISPOSITION,
        format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"),
    )
}

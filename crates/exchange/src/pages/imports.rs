//! Handlers of `/imports`.

use axum::{
    Extension,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use maud::{Markup, html};
use regulars_customers::store::attributes;
use regulars_kernel::{Error, Fault, PageRequest, Permission, Start, ids::ImportId};
use regulars_web::{
    PageCall, PageResult, Path, Query,
    pages::{Flash, FlashKind, Nav, Tone, link_button, notice, page},
    redirect, redirect_with,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Form, map, steps, views};
use crate::{
    api::{
        imports::{errors_file, look, suggestion},
        upload,
    },
    kind::Kinds,
    model::{ImportKind, ImportPatch, ImportState, MatchKey, Mode},
    ops,
    space::Storage,
    store::imports::{self, Stored},
};

/// Rows on a page of the list.
const PER_PAGE: u32 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct At {
    page: Option<u32>,
}

impl At {
    pub(super) fn request(&self) -> PageRequest {
        PageRequest {
            limit: PER_PAGE,
            start: Start::Page(self.page.unwrap_or(1).clamp(1, 1_000)),
        }
    }

    pub(super) fn number(&self) -> u64 {
        u64::from(self.page.unwrap_or(1).clamp(1, 1_000))
    }
}

pub(super) async fn list(call: PageCall, Query(at): Query<At>) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.read().await?;
    let all = imports::list(&mut tx, &at.request()).await?;
    let shell = call.shell(Nav::Imports, "Imports");
    let actions = html! { (link_button("Import a file", "/imports/new").primary().key("n")) };
    let content = views::list(&all, at.number(), u64::from(PER_PAGE), &shell);
    Ok(page(&shell, actions, content).into_response())
}

pub(super) async fn new(call: PageCall) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    let shell = call
        .bare_shell()
        .at(Nav::Imports)
        .crumb("Imports", "/imports")
        .titled("Import a file");
    Ok(page(&shell, html! {}, views::upload(None)).into_response())
}

pub(super) async fn upload(
    call: PageCall,
    Extension(kinds): Extension<Kinds>,
    request: Request,
) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    match take(&call, &kinds, request).await {
        Ok(id) => Ok(redirect(&call, &format!("/imports/{id}"))),
        Err(
            error @ (Error::Invalid(_)
            | Error::Malformed(_)
            | Error::TooLarge(_)
            | Error::Conflict(_)
            | Error::Unavailable(_)),
        ) => Ok(refused(&call, &error)),
        Err(error) => Err(error.into()),
    }
}

async fn take(call: &PageCall, kinds: &Kinds, request: Request) -> Result<ImportId, Error> {
    let storage = Storage::of(&call.state.config);
    let held = ops::files::held(&mut call.read().await?).await?;
    let upload = upload::receive(request, None, None, kinds, &storage, held).await?;
    let mut tx = call.write().await?;
    let stored = ops::imports::create(&mut tx, upload.received()?, storage.quota).await?;
    upload.keep();
    tx.commit().await?;
    Ok(stored.import.id)
}

/// Why a file was not taken, beside the form that sent it.
fn refused(call: &PageCall, error: &Error) -> Response {
    let words = match error {
        Error::Invalid(faults) | Error::Malformed(faults) => faults
            .0
            .iter()
            .map(|fault| fault.message.as_str())
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    };
    let told = notice(Tone::Red, "The file was not taken", html! { (words) });
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    if call.is_fragment() {
        return (status, told).into_response();
    }
    let shell = call
        .bare_shell()
        .at(Nav::Imports)
        .crumb("Imports", "/imports")
        .titled("Import a file");
    (status, page(&shell, html! {}, views::upload(Some(told)))).into_response()
}

pub(super) async fn show(
    call: PageCall,
    Extension(kinds): Extension<Kinds>,
    Path(id): Path<ImportId>,
) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.read().await?;
    let stored = ops::imports::get(&mut tx, id).await?;
    let content = step(&call, &mut tx, &stored, &kinds, &[]).await?;
    Ok(whole(&call, &stored, content, StatusCode::OK))
}

fn whole(call: &PageCall, stored: &Stored, content: Markup, status: StatusCode) -> Response {
    let shell = call
        .bare_shell()
        .at(Nav::Imports)
        .crumb("Imports", "/imports")
        .titled(stored.import.file_name.as_str());
    let actions = steps::actions(&stored.import);
    (status, page(&shell, actions, content)).into_response()
}

/// The step that an import is at.
async fn step(
    call: &PageCall,
    tx: &mut regulars_database::Tx,
    stored: &Stored,
    kinds: &Kinds,
    faults: &[Fault],
) -> Result<Markup, Error> {
    let import = &stored.import;
    let shell = call.bare_shell();
    Ok(match import.state {
        ImportState::Uploaded | ImportState::Failed if import.applied_rows == 0 => {
            let columns = suggestion(stored, &call.state.config.storage_dir, kinds).await;
            let fields = match kinds.get(import.kind)? {
                Some(kind) => kind.fields(),
                None => map::customer_fields(&attributes::all(tx).await?.0),
            };
            map::map(import, &kinds.all(), columns.as_deref(), &fields, faults)
        }
        ImportState::Planning | ImportState::Applying => {
            if ops::imports::is_busy(tx, stored).await? {
                let job = match import.job_id {
                    Some(id) => regulars_jobs::get(tx, id).await.ok(),
                    None => None,
                };
                steps::working(import, job.as_ref(), shell.locale)
            } else {
                steps::stalled(import)
            }
        }
        ImportState::Planned => steps::checked(import, shell.locale),
        ImportState::Uploaded | ImportState::Failed | ImportState::Done | ImportState::Cancelled => {
            steps::over(import, shell.locale, shell.time_zone)
        }
    })
}

/// What the page asks for every second; when the work is over, the page is loaded anew.
pub(super) async fn progress(
    call: PageCall,
    Extension(kinds): Extension<Kinds>,
    Path(id): Path<ImportId>,
) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.read().await?;
    let stored = ops::imports::get(&mut tx, id).await?;
    if ops::imports::is_busy(&mut tx, &stored).await? {
        Ok(step(&call, &mut tx, &stored, &kinds, &[]).await?.into_response())
    } else {
        Ok(redirect(&call, &format!("/imports/{id}")))
    }
}

/// Keeps the mapping as the form says and queues the check.
pub(super) async fn check(
    call: PageCall,
    Extension(kinds): Extension<Kinds>,
    Path(id): Path<ImportId>,
    form: Form,
) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.write().await?;
    let stored = ops::imports::get(&mut tx, id).await?;
    let patch = patch_of(&stored, form);
    let edited = ops::imports::edit(&mut tx, id, &patch, &kinds, &[], |_| Ok(())).await;
    match edited {
        Ok(_) => {
            ops::imports::plan(&mut tx, id, &kinds).await?;
            tx.commit().await?;
            Ok(redirect(&call, &format!("/imports/{id}")))
        }
        Err(Error::Invalid(faults)) => {
            tx.rollback().await?;
            let mut shown = stored;
            // What was typed stays, as far as it can be understood.
            if let Some(Ok(mapping)) = patch.mapping.map(serde_json::from_value) {
                shown.import.mapping = mapping;
            }
            shown.import.mode = patch.mode.unwrap_or(shown.import.mode);
            let mut tx = call.read().await?;
            let content = step(&call, &mut tx, &shown, &kinds, &faults.0).await?;
            Ok(whole(&call, &shown, content, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

fn patch_of(stored: &Stored, mut form: Form) -> ImportPatch {
    let mut columns = Map::new();
    for (number, header) in stored.headers.iter().enumerate() {
        if let Some(target) = form.filled(&format!("column-{number}")) {
            columns.insert(header.unique_name.clone(), Value::String(target));
        }
    }
    let mut mapping = serde_json::to_value(&stored.import.mapping).unwrap_or_else(|_| json!({}));
    mapping["columns"] = Value::Object(columns);
    mapping["date_order"] = json!(form.filled("date_order").unwrap_or_else(|| "certain".to_owned()));
    mapping["clear_empty"] = json!(!form.text("clear_empty").is_empty());
    if let Some(source) = form.filled("source") {
        mapping["source"] = json!(source.trim());
    }
    for name in ["default_country", "time_zone"] {
        mapping[name] = json!(form.filled(name).map(|text| text.trim().to_owned()));
    }
    let match_by: Vec<MatchKey> = form
        .all("match_by")
        .iter()
        .filter_map(|key| MatchKey::parse(key))
        .collect();
    ImportPatch {
        kind: None,
        mapping: Some(mapping),
        mode: Mode::parse(&form.text("mode")),
        match_by: (stored.import.kind == ImportKind::Customers).then_some(match_by),
    }
}

/// Back to the mapping.
pub(super) async fn remap(
    call: PageCall,
    Extension(kinds): Extension<Kinds>,
    Path(id): Path<ImportId>,
) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.write().await?;
    ops::imports::edit(&mut tx, id, &ImportPatch::default(), &kinds, &[], |_| Ok(())).await?;
    tx.commit().await?;
    Ok(redirect(&call, &format!("/imports/{id}")))
}

/// The file brings something else than it seemed to: its columns are mapped anew.
pub(super) async fn bring(
    call: PageCall,
    Extension(kinds): Extension<Kinds>,
    Path(id): Path<ImportId>,
    mut form: Form,
) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    let stored = ops::imports::get(&mut call.read().await?, id).await?;
    let kind = ImportKind::parse(&form.text("kind")).unwrap_or(stored.import.kind);
    let looked = look(&stored, &call.state.config.storage_dir, &kinds, kind).await;
    let samples = looked.map(|looked| looked.samples).unwrap_or_default();
    let patch = ImportPatch {
        kind: Some(kind),
        ..ImportPatch::default()
    };
    let mut tx = call.write().await?;
    ops::imports::edit(&mut tx, id, &patch, &kinds, &samples, |_| Ok(())).await?;
    tx.commit().await?;
    Ok(redirect(&call, &format!("/imports/{id}")))
}

pub(super) async fn apply(
    call: PageCall,
    Extension(kinds): Extension<Kinds>,
    Path(id): Path<ImportId>,
) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.write().await?;
    ops::imports::apply(&mut tx, id, &kinds).await?;
    tx.commit().await?;
    Ok(redirect(&call, &format!("/imports/{id}")))
}

pub(super) async fn cancel(call: PageCall, Path(id): Path<ImportId>) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.write().await?;
    ops::imports::cancel(&mut tx, id, &call.state.config.storage_dir).await?;
    tx.commit().await?;
    Ok(told(&call, &format!("/imports/{id}"), "The import is cancelled."))
}

pub(super) async fn delete(call: PageCall, Path(id): Path<ImportId>) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    let mut tx = call.write().await?;
    ops::imports::delete(&mut tx, id, &call.state.config.storage_dir, |_| Ok(())).await?;
    tx.commit().await?;
    Ok(told(
        &call,
        "/imports",
        "The import is deleted. What it brought stays.",
    ))
}

pub(super) async fn errors(call: PageCall, Path(id): Path<ImportId>) -> PageResult {
    call.require(Permission::ImportsWrite)?;
    Ok(errors_file(call.call(), id).await?)
}

pub(super) fn told(call: &PageCall, to: &str, text: &str) -> Response {
    let flash = Flash {
        kind: FlashKind::Success,
        text: text.to_owned(),
        undo: None,
    };
    redirect_with(call, to, &flash)
}

//! The jobs of this room: checking and applying imports, writing exports. (Sweeping is in `sweep`.)
//!
//! What it never does: run twice what was done: each job finds in the database how far it came.

use std::{io::BufWriter, path::PathBuf, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use regulars_events::NewEvent;
use regulars_jobs::{Context, Failure, Handler, NewJob, Registry, Schedule};
use regulars_kernel::{
    Error, Result,
    ids::{ExportId, ImportId},
};
use regulars_web::WebConfig;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    export::export_to_writer,
    import::{Ended, Watch, Work, apply},
    kind::Kinds,
    model::{ExportState, Import, ImportState},
    ops::{
        self,
        exports::{file_path, read_query},
        imports::remove_later,
    },
    space::{Growth, Storage, Watched, disk_full},
    store::{exports, files, imports},
    sweep::Sweep,
};

/// The queue they wait in.
pub const QUEUE: &str = "exchange";
/// How often each is tried. A server that is killed costs an attempt, and ten of those must not end an import.
pub const ATTEMPTS: i32 = 20;
/// How many of an organization may wait.
pub const CAP: u32 = 100;
/// Checks an import.
pub const PLAN: &str = "import.plan";
/// Applies an import.
pub const APPLY: &str = "import.apply";
/// Writes an export.
pub const EXPORT: &str = "export.run";
/// Removes what has expired.
pub const SWEEP: &str = "exchange.sweep";

/// What the names of files begin with while an export is written.
pub(crate) const UNFINISHED: &str = ".unfinished";

/// How long the file of an export is kept.
const EXPORTS_KEPT: TimeDelta = TimeDelta::days(7);

/// Adds the handlers and the schedule of this room.
pub fn job_handlers(registry: Registry, config: &WebConfig, kinds: &Kinds) -> Registry {
    let storage = config.storage_dir.clone();
    registry
        .with(ImportJob {
            storage: storage.clone(),
            kinds: kinds.clone(),
            is_plan: true,
        })
        .with(ImportJob {
            storage: storage.clone(),
            kinds: kinds.clone(),
            is_plan: false,
        })
        .with(ExportJob {
            storage: Storage::of(config),
        })
        .with(Sweep { storage })
        .schedule(Schedule::every(
            "exchange.sweep",
            Duration::from_hours(1),
            NewJob::new(SWEEP, json!({})).key("hourly"),
        ))
}

impl Watch for Context {
    fn progress(&self, done: u64, total: Option<u64>) {
        Context::progress(self, done, total);
    }

    fn cancelled(&self) -> bool {
        Context::cancelled(self)
    }
}

#[derive(Deserialize)]
struct ImportInput {
    import_id: ImportId,
}

struct ImportJob {
    storage: PathBuf,
    kinds: Kinds,
    is_plan: bool,
}

#[async_trait]
impl Handler for ImportJob {
    fn kind(&self) -> &'static str {
        if self.is_plan { PLAN } else { APPLY }
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let id = job.input::<ImportInput>()?.import_id;
        match self.work(&job, id).await {
            Ok(Ended::Done(counts)) => Ok(json!({"import_id": id, "counts": counts})),
            Ok(Ended::Stopped) if job.cancelled() => {
                if was_cancelled(&job).await? {
                    let mut tx = job.database.begin(job.scope).await?;
                    let stored = imports::get(&mut tx, id, true).await?;
                    if is_at_work(&job, &stored.import) {
                        imports::finish(&mut tx, id, ImportState::Cancelled, None).await?;
                        remove_later(&mut tx, &self.storage, &stored);
                    }
                    tx.commit().await?;
                }
                Err(Failure::Cancelled)
            }
            Ok(Ended::Stopped) => Ok(json!({"import_id": id, "stopped": true})),
            Err(error) => {
                let failure = failure(error);
                if let Some(why) = last_words(&failure, job.attempt) {
                    fail_import(&job, id, &why).await?;
                }
                Err(failure)
            }
        }
    }
}

impl ImportJob {
    async fn work(&self, job: &Context, id: ImportId) -> Result<Ended> {
        if !self.revive(job, id).await? {
            return Ok(Ended::Stopped);
        }
        let work = Work::open(&job.database, job.scope, &self.storage, id, &self.kinds).await?;
        if self.is_plan {
            apply::plan(&work, job).await
        } else {
            apply::apply(&work, job).await
        }
    }

    /// A dead job that somebody queues again takes up the import that it gave up. Answers whether the import is still its own:
    /// meanwhile another job or the command line may have taken it.
    async fn revive(&self, job: &Context, id: ImportId) -> Result<bool> {
        let mut tx = job.database.begin(job.scope).await?;
        let import = imports::get(&mut tx, id, true).await?.import;
        let is_own = import.job_id == Some(job.id);
        if import.state == ImportState::Failed && is_own {
            let state = if self.is_plan {
                ImportState::Planning
            } else {
                ImportState::Applying
            };
            imports::start(&mut tx, id, state, job.id).await?;
        }
        tx.commit().await?;
        Ok(is_own)
    }
}

/// What clashes here (a file that is gone, files that take too much) is mended by people, not by waiting.
fn failure(error: Error) -> Failure {
    match disk_full(error) {
        clash @ Error::Conflict(_) => Failure::Fatal(clash),
        other => Failure::from(other),
    }
}

/// Whether the import is in the job's hands: meanwhile another job or the command line may have taken it.
fn is_at_work(job: &Context, import: &Import) -> bool {
    import.job_id == Some(job.id) && matches!(import.state, ImportState::Planning | ImportState::Applying)
}

async fn fail_import(job: &Context, id: ImportId, why: &str) -> Result<()> {
    let mut tx = job.database.begin(job.scope).await?;
    let stored = imports::get(&mut tx, id, true).await?;
    if is_at_work(job, &stored.import) {
        imports::finish(&mut tx, id, ImportState::Failed, Some(why)).await?;
        let facts = json!({"import_id": id, "file_name": stored.import.file_name, "error": why});
        regulars_events::append(&mut tx, NewEvent::new("import.failed").data(facts)).await?;
    }
    tx.commit().await
}

/// What to tell people if this was the last attempt. Our own faults are told by the job's id, which the log has.
fn last_words(failure: &Failure, attempt: i32) -> Option<String> {
    match failure {
        Failure::Fatal(Error::Internal(_)) => Some("an internal error; the log says more".to_owned()),
        Failure::Fatal(error) => Some(error.to_string()),
        Failure::Retry(Error::Internal(_)) if attempt >= ATTEMPTS => {
            Some(format!("given up after {ATTEMPTS} attempts; the log says more"))
        }
        Failure::Retry(error) if attempt >= ATTEMPTS => {
            Some(format!("given up after {ATTEMPTS} attempts: {error}"))
        }
        Failure::Retry(_) | Failure::Cancelled => None,
    }
}

/// Whether a person asked for the stop, rather than the server ending.
async fn was_cancelled(job: &Context) -> Result<bool> {
    let mut tx = job.database.begin_read(job.scope).await?;
    Ok(regulars_jobs::get(&mut tx, job.id).await?.cancel_requested)
}

#[derive(Deserialize)]
struct ExportInput {
    export_id: ExportId,
}

struct ExportJob {
    storage: Storage,
}

#[async_trait]
impl Handler for ExportJob {
    fn kind(&self) -> &'static str {
        EXPORT
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let id = job.input::<ExportInput>()?.export_id;
        match self.write(&job, id).await {
            Ok(Some(rows)) => Ok(json!({"export_id": id, "rows": rows})),
            Ok(None) if job.cancelled() => {
                if was_cancelled(&job).await? {
                    let mut tx = job.database.begin(job.scope).await?;
                    exports::give_up(&mut tx, id, ExportState::Cancelled, None).await?;
                    tx.commit().await?;
                }
                Err(Failure::Cancelled)
            }
            Ok(None) => Ok(json!({"export_id": id, "stopped": true})),
            Err(error) => {
                let failure = failure(error);
                if let Some(why) = last_words(&failure, job.attempt) {
                    let mut tx = job.database.begin(job.scope).await?;
                    exports::give_up(&mut tx, id, ExportState::Failed, Some(&why)).await?;
                    tx.commit().await?;
                }
                Err(failure)
            }
        }
    }
}

impl ExportJob {
    /// Writes the file; none if it is no longer wanted.
    async fn write(&self, job: &Context, id: ExportId) -> Result<Option<u64>> {
        let mut tx = job.database.begin(job.scope).await?;
        if !exports::start(&mut tx, id).await? {
            return Ok(None);
        }
        let export = exports::get(&mut tx, id, false).await?;
        let context = exports::context(&mut tx).await?;
        let held = files::held(&mut tx).await?;
        tx.commit().await?;
        let kept = export.query.as_object().cloned().unwrap_or_default();
        let query = read_query(&kept, &context)?;
        let path = file_path(&self.storage.folder, id, export.format);
        let folder = path.parent().unwrap_or(&self.storage.folder);
        std::fs::create_dir_all(folder)?;
        let growth = Growth::begin(&self.storage, held, 0)?;
        // Under another name until it is whole.
        let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
        let mut writer = Watched::new(BufWriter::with_capacity(1 << 20, unfinished), growth);
        // It flushes at its end, so an error of the last bytes is among these, too.
        let ended = export_to_writer(&job.database, job.scope, export.format, &query, &mut writer, job).await;
        let Ended::Done(counts) = ended.map_err(|error| writer.explain(error))? else {
            return Ok(None);
        };
        let rows = counts.create;
        let file = writer
            .into_inner()
            .into_inner()
            .map_err(|error| Error::from(error.into_error()))?;
        file.as_file().sync_all()?;
        let bytes = file.as_file().metadata()?.len();

        let mut tx = job.database.begin(job.scope).await?;
        let expires_at = tx.now() + EXPORTS_KEPT;
        ops::files::admit(&mut tx, bytes, self.storage.quota).await?;
        if !exports::finish(&mut tx, id, rows as i64, bytes as i64, expires_at).await? {
            // Cancelled, deleted, or finished by another attempt meanwhile.
            return Ok(None);
        }
        let facts = json!({"export_id": id, "format": export.format, "rows": rows});
        regulars_events::append(&mut tx, NewEvent::new("export.finished").data(facts)).await?;
        // Put in its place while the row is locked: whoever deletes the export comes after and finds the file.
        file.persist(&path).map_err(|error| Error::from(error.error))?;
        tx.commit().await?;
        metrics::counter!("regulars_export_rows_total").increment(rows);
        Ok(Some(rows))
    }
}

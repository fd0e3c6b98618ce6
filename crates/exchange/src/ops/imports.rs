//! What people do with imports: upload, edit, check, apply, cancel, delete.

use std::path::{Path, PathBuf};

use regulars_accounts::audit;
use regulars_database::Tx;
use regulars_jobs::{JobState, NewJob};
use regulars_kernel::{
    Error, Faults, Result,
    ids::{ImportId, JobId},
};
use regulars_tabular::read::Record;
use serde_json::json;

use super::files;
use crate::{
    import::{self, inline::Inspected},
    jobs,
    kind::Kinds,
    mapping::{Hints, Mapping},
    model::{ImportKind, ImportPatch, ImportState, MatchKey, Mode},
    store::{
        alive,
        imports::{self, NewImport, Stored},
    },
};

/// A file that was received and looked at.
#[derive(Debug)]
pub struct Received {
    /// The id that its import gets.
    pub id: ImportId,
    /// Where it stands.
    pub path: PathBuf,
    /// The name it was sent under.
    pub file_name: String,
    /// Its size.
    pub bytes: i64,
    /// Its SHA-256.
    pub sha256: Vec<u8>,
    /// What was found out about it.
    pub inspected: Inspected,
}

/// Adds the import of a received file with the suggested mapping, unless the organization keeps too many files.
pub async fn create(tx: &mut Tx, file: &Received, quota: u64) -> Result<Stored> {
    files::admit(tx, u64::try_from(file.bytes).unwrap_or(0), quota).await?;
    imports::insert(
        tx,
        &NewImport {
            id: file.id,
            kind: file.inspected.kind,
            file_name: &file.file_name,
            file_bytes: file.bytes,
            sha256: &file.sha256,
            format: &file.inspected.format,
            headers: &file.inspected.headers,
            mapping: &file.inspected.suggestion.mapping,
            mode: Mode::Upsert,
            match_by: &import::inline::DEFAULT_KEYS,
        },
    )
    .await?;
    imports::get(tx, file.id, false).await
}

/// One import.
pub async fn get(tx: &mut Tx, id: ImportId) -> Result<Stored> {
    imports::get(tx, id, false).await
}

/// Whether a job works on it or waits to, or a command line.
pub async fn is_busy(tx: &mut Tx, stored: &Stored) -> Result<bool> {
    if !matches!(stored.import.state, ImportState::Planning | ImportState::Applying) {
        return Ok(false);
    }
    match stored.import.job_id {
        None => alive::is_held(tx, stored.import.id).await,
        Some(_) => has_living_job(tx, stored).await,
    }
}

/// Whether a job works on it or waits to.
pub(crate) async fn has_living_job(tx: &mut Tx, stored: &Stored) -> Result<bool> {
    let Some(job_id) = stored.import.job_id else {
        return Ok(false);
    };
    match regulars_jobs::get(tx, job_id).await {
        Ok(job) => Ok(matches!(job.state, JobState::Queued | JobState::Running)),
        Err(Error::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Two must not work on the same.
pub(crate) fn busy() -> Error {
    Error::conflict(
        "",
        "import_busy",
        "somebody works on this import already; wait for that or cancel it",
    )
}

fn over(state: ImportState) -> Error {
    Error::conflict(
        "",
        "import_over",
        format!("the import is {}; upload the file again", state.as_str()),
    )
}

/// Changes kind, mapping, mode or keys. What was planned before no longer counts. `samples` are some first rows, which help to
/// map another kind anew.
pub async fn edit(
    tx: &mut Tx,
    id: ImportId,
    patch: &ImportPatch,
    kinds: &Kinds,
    samples: &[Record],
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<Stored> {
    let stored = imports::get(tx, id, true).await?;
    guard(stored.import.version)?;
    require_untouched(tx, &stored).await?;
    let mut faults = Faults::new();
    let kind = patch.kind.unwrap_or(stored.import.kind);
    let mapping = match &patch.mapping {
        None if kind != stored.import.kind => {
            let hints = Hints {
                file_name: &stored.import.file_name,
                samples,
            };
            kinds.suggest(kind, &stored.headers, hints)?.mapping
        }
        None => stored.import.mapping.clone(),
        Some(written) => match Mapping::from_json(written) {
            Ok(mapping) => {
                if let Err(error) = kinds.validate(kind, &mapping, &stored.headers) {
                    below_mapping(error, &mut faults)?;
                }
                mapping
            }
            Err(error) => {
                below_mapping(error, &mut faults)?;
                Mapping::default()
            }
        },
    };
    let mut match_by = patch
        .match_by
        .clone()
        .unwrap_or_else(|| stored.import.match_by.clone());
    let mut seen: Vec<MatchKey> = Vec::new();
    match_by.retain(|key| {
        let is_new = !seen.contains(key);
        seen.push(*key);
        is_new
    });
    if kind != ImportKind::Customers && patch.match_by.is_some() {
        let message = format!("{} are recognised by their id in the source alone", kind.as_str());
        faults.add("/match_by", "keys_needless", message);
    }
    if match_by.is_empty() {
        faults.add("/match_by", "keys_missing", "name at least one key");
    }
    faults.check()?;
    let mode = patch.mode.unwrap_or(stored.import.mode);
    imports::edit(tx, id, kind, &mapping, mode, &match_by).await?;
    imports::get(tx, id, false).await
}

fn below_mapping(error: Error, faults: &mut Faults) -> Result<()> {
    match error {
        Error::Invalid(found) => {
            faults.0.extend(found.0.into_iter().map(|mut fault| {
                fault.pointer = format!("/mapping{}", fault.pointer);
                fault
            }));
            Ok(())
        }
        other => Err(other),
    }
}

async fn require_untouched(tx: &mut Tx, stored: &Stored) -> Result<()> {
    let import = &stored.import;
    match import.state {
        ImportState::Done | ImportState::Cancelled => Err(over(import.state)),
        _ if import.applied_rows > 0 => Err(Error::conflict(
            "",
            "import_begun",
            "some rows are applied already; apply the rest or cancel",
        )),
        _ if is_busy(tx, stored).await? => Err(busy()),
        _ => Ok(()),
    }
}

/// Queues the check of the file.
pub async fn plan(tx: &mut Tx, id: ImportId, kinds: &Kinds) -> Result<(Stored, JobId)> {
    let stored = imports::get(tx, id, true).await?;
    require_untouched(tx, &stored).await?;
    start(tx, &stored, kinds, ImportState::Planning, jobs::PLAN).await
}

/// Queues the execution of the plan; without a plan the file is checked first. Goes on with one that was given up.
pub async fn apply(tx: &mut Tx, id: ImportId, kinds: &Kinds) -> Result<(Stored, JobId)> {
    let stored = imports::get(tx, id, true).await?;
    let state = stored.import.state;
    if matches!(state, ImportState::Done | ImportState::Cancelled) {
        return Err(over(state));
    }
    if is_busy(tx, &stored).await? {
        return Err(busy());
    }
    let facts = json!({"name": stored.import.file_name});
    audit(tx, "import.applied", Some(("import", id.0)), facts).await?;
    start(tx, &stored, kinds, ImportState::Applying, jobs::APPLY).await
}

async fn start(
    tx: &mut Tx,
    stored: &Stored,
    kinds: &Kinds,
    state: ImportState,
    job: &'static str,
) -> Result<(Stored, JobId)> {
    let id = stored.import.id;
    let mut faults = Faults::new();
    let import = &stored.import;
    if let Err(error) = kinds.validate(import.kind, &import.mapping, &stored.headers) {
        below_mapping(error, &mut faults)?;
    }
    faults.check()?;
    let job = NewJob::new(job, json!({"import_id": id}))
        .key(id.to_string())
        .queue(jobs::QUEUE)
        .max_attempts(jobs::ATTEMPTS)
        .cap(jobs::CAP);
    let job_id = regulars_jobs::enqueue(tx, job).await?;
    imports::start(tx, id, state, job_id).await?;
    Ok((imports::get(tx, id, false).await?, job_id))
}

/// Stops it for good: at once if it waits, at the next batch if it is applied. What was applied until then stays.
pub async fn cancel(tx: &mut Tx, id: ImportId, storage: &Path) -> Result<Stored> {
    let stored = imports::get(tx, id, true).await?;
    if matches!(stored.import.state, ImportState::Done | ImportState::Cancelled) {
        return Err(over(stored.import.state));
    }
    cancel_job(tx, stored.import.job_id).await?;
    imports::finish(tx, id, ImportState::Cancelled, None).await?;
    regulars_events::append(
        tx,
        regulars_events::NewEvent::new("import.cancelled")
            .data(json!({"import_id": id, "file_name": stored.import.file_name})),
    )
    .await?;
    remove_later(tx, storage, &stored);
    imports::get(tx, id, false).await
}

/// Deletes it and what it kept of the file. What it brought stays.
pub async fn delete(
    tx: &mut Tx,
    id: ImportId,
    storage: &Path,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<()> {
    let stored = imports::get(tx, id, true).await?;
    guard(stored.import.version)?;
    if is_busy(tx, &stored).await? {
        return Err(busy());
    }
    imports::delete(tx, id).await?;
    remove_later(tx, storage, &stored);
    Ok(())
}

/// Cancels a job that is not over.
pub(crate) async fn cancel_job(tx: &mut Tx, job_id: Option<JobId>) -> Result<()> {
    let Some(job_id) = job_id else { return Ok(()) };
    match regulars_jobs::cancel(tx, job_id).await {
        Ok(_) | Err(Error::Conflict(_) | Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes the files once the transaction is committed.
pub(crate) fn remove_later(tx: &mut Tx, storage: &Path, stored: &Stored) {
    let id = stored.import.id;
    let files = [
        import::file_path(storage, id, &stored.format),
        import::plan_path(storage, id),
    ];
    tx.after_commit(move || {
        for file in files {
            // A job may have removed it a moment ago, and the sweep removes what is left.
            let _ = std::fs::remove_file(file);
        }
    });
}

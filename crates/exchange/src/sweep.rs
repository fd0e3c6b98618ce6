//! Sweeping what nobody will ask for again: expired exports, imports that nobody went on with, and files that a killed process
//! left behind.
//!
//! What it never does: remove a file that some import or export still needs, or that is not one of ours.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use regulars_database::{Database, Tx};
use regulars_jobs::{Context, Failure, Handler};
use regulars_kernel::{
    Actor, Error, Result, Scope,
    ids::{ExportId, ImportId},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    jobs::{SWEEP, UNFINISHED},
    model::ImportState,
    ops::{exports::file_path, imports::remove_later},
    store::{exports, files, imports},
};

/// How long a file may lie there before an import or export must know it.
const UNCLAIMED_KEPT: Duration = Duration::from_hours(24);
/// How long an upload waits to be applied, and an export to be written.
const UPLOADS_KEPT: TimeDelta = TimeDelta::days(30);

/// The job.
pub struct Sweep {
    /// Where files lie.
    pub storage: PathBuf,
}

#[async_trait]
impl Handler for Sweep {
    fn kind(&self) -> &'static str {
        SWEEP
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let swept = sweep(&job.database, job.scope, &self.storage).await?;
        Ok(json!({"removed": swept}))
    }
}

/// Removes what has expired. Answers how much.
pub async fn sweep(database: &Database, scope: Scope, storage: &Path) -> Result<u64> {
    let mut tx = database.begin(scope).await?;
    let imports_before = tx.now() - UPLOADS_KEPT;
    let expired = exports::expired(&mut tx, imports_before, 1_000).await?;
    tx.commit().await?;
    let mut removed = 0;
    for (organization_id, id, what) in expired {
        let scope = Scope {
            organization_id,
            actor: Actor::System,
        };
        let mut tx = database.begin(scope).await?;
        let done = if what == "export" {
            sweep_export(&mut tx, ExportId(id), storage).await
        } else {
            sweep_import(&mut tx, ImportId(id), storage).await
        };
        match done {
            Ok(()) => {
                tx.commit().await?;
                removed += 1;
            }
            // Deleted by a person meanwhile.
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    for folder in ["imports", "exports"] {
        removed += sweep_files(database, scope, &storage.join(folder)).await?;
    }
    Ok(removed)
}

/// Removes old files that nobody will ask for: what was received, copied or written in part when the process was killed, and
/// what belongs to no import or export, or to one that is over. Files that have none of our names are left alone.
async fn sweep_files(database: &Database, scope: Scope, folder: &Path) -> Result<u64> {
    let (mut partial, mut whole) = (Vec::new(), Vec::new());
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > UNCLAIMED_KEPT));
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if !is_old {
            continue;
        }
        if path.extension().is_some_and(|end| end == "part") || stem.starts_with(UNFINISHED) {
            partial.push(path);
        } else if let Ok(id) = stem.parse::<Uuid>() {
            whole.push((id, path));
        }
    }
    for some in whole.chunks(1_000) {
        let ids: Vec<Uuid> = some.iter().map(|(id, _)| *id).collect();
        let mut tx = database.begin_read(scope).await?;
        let needed = files::needed(&mut tx, &ids).await?;
        drop(tx);
        let unneeded = some.iter().filter(|(id, _)| !needed.contains(id));
        partial.extend(unneeded.map(|(_, path)| path.clone()));
    }
    let removed = partial.iter().filter(|path| std::fs::remove_file(path).is_ok());
    Ok(removed.count() as u64)
}

async fn sweep_export(tx: &mut Tx, id: ExportId, storage: &Path) -> Result<()> {
    let export = exports::get(tx, id, true).await?;
    exports::delete(tx, id).await?;
    let path = file_path(storage, id, export.format);
    tx.after_commit(move || {
        let _ = std::fs::remove_file(path);
    });
    Ok(())
}

async fn sweep_import(tx: &mut Tx, id: ImportId, storage: &Path) -> Result<()> {
    let stored = imports::get(tx, id, true).await?;
    let why = format!("it was not applied within {} days", UPLOADS_KEPT.num_days());
    imports::finish(tx, id, ImportState::Cancelled, Some(&why)).await?;
    remove_later(tx, storage, &stored);
    Ok(())
}

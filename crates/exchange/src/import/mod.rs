//! Importing a file: checking it into a plan, and executing that plan. What follows is how customers are imported; records of
//! which several rows may be one are in `records`.
//!
//! How a row finds its customer. External id, e-mail address and (if asked for) code each name at most one customer;
//! if those of one row name two, the row is a conflict. A phone counts only if none of these finds anybody, and only for
//! a customer that the row does not contradict: one phone may serve a family, so two different e-mail addresses or ids
//! of one source are two people. Keys that earlier rows of the same file brought count like those of the database, so a
//! later row with the same key updates what the earlier row creates; if it says the same in every cell, it is skipped.
//!
//! A plan holds, for each row, what shall become of it, of whom, and which version that customer is expected to have. It
//! is bound to the file, the mapping, the mode and the keys. Applying executes exactly this: what changed in between makes
//! a conflict of the row. Each batch is one transaction with its rows, their events, the rows that failed, and the
//! position in the file, so that work goes on exactly where it stopped.
//!
//! What it never does: wipe what a file does not speak of, replace tags, loosen a withdrawn consent, or hold more of a
//! file than three batches.

pub mod apply;
pub mod convert;
pub mod inline;
mod keys;
mod plan;
mod plan_file;
mod records;
mod resolve;
mod rows;
mod stranger;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use regulars_customers::{ops::attributes::MOST_DEFINITIONS, store::attributes};
use regulars_database::{Database, Tx};
use regulars_kernel::{Error, Result, Scope, ids::ImportId};
use regulars_tabular::read::{Format, Options};
use sha2::{Digest, Sha256};

pub use self::rows::BATCH_ROWS;
use self::{convert::Converter, rows::Source};
use crate::{
    kind::Kinds,
    mapping::Target,
    model::{Counts, Import, ImportKind, ImportState},
    store::imports::{self, Stored},
};

/// Watches work from outside.
pub trait Watch: Send + Sync {
    /// How far it is: bytes while checking, rows while applying.
    fn progress(&self, done: u64, total: Option<u64>);
    /// Whether to stop at the next batch.
    fn cancelled(&self) -> bool;
}

/// How work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is all done.
    Done(Counts),
    /// It was told to stop.
    Stopped,
}

/// Work on one import.
#[derive(Clone)]
pub struct Work {
    /// Where to open transactions.
    pub database: Database,
    /// Whose, and on whose behalf.
    pub scope: Scope,
    /// Which.
    pub id: ImportId,
    /// The file, ours to remove at the end.
    pub file: PathBuf,
    /// The plan beside it.
    pub plan: PathBuf,
    /// What files can bring beside customers.
    pub kinds: Kinds,
    /// Rows in a batch; [`BATCH_ROWS`] unless a test wants many small ones.
    pub batch_rows: usize,
}

/// Where the uploaded file of an import stands.
pub fn file_path(storage: &Path, id: ImportId, format: &Format) -> PathBuf {
    let extension = match format {
        Format::Csv(_) => "csv",
        Format::Json { .. } => "json",
        Format::JsonLines { .. } => "jsonl",
        Format::Xlsx => "xlsx",
    };
    storage.join("imports").join(format!("{id}.{extension}"))
}

/// Where the plan of an import stands.
pub fn plan_path(storage: &Path, id: ImportId) -> PathBuf {
    storage.join("imports").join(format!("{id}.plan"))
}

impl Work {
    /// Work on a file in the storage.
    pub async fn open(
        database: &Database,
        scope: Scope,
        storage: &Path,
        id: ImportId,
        kinds: &Kinds,
    ) -> Result<Self> {
        let mut tx = database.begin_read(scope).await?;
        let stored = imports::get(&mut tx, id, false).await?;
        let file = file_path(storage, id, &stored.format);
        let is_wanted = matches!(stored.import.state, ImportState::Planning | ImportState::Applying);
        if is_wanted && !file.exists() {
            return Err(Error::conflict(
                "",
                "file_gone",
                "the file is not in the storage of this server; import it again where it is",
            ));
        }
        Ok(Self {
            database: database.clone(),
            scope,
            id,
            file,
            plan: plan_path(storage, id),
            kinds: kinds.clone(),
            batch_rows: BATCH_ROWS,
        })
    }

    async fn begin(&self) -> Result<Tx> {
        self.database.begin(self.scope).await
    }

    /// Removes the file and the plan.
    pub fn remove_files(&self) {
        for path in [&self.file, &self.plan] {
            if let Err(error) = std::fs::remove_file(path)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(import.id = %self.id, %error, "a file of an import could not be removed");
            }
        }
    }

    fn source(&self, stored: &Stored) -> Source {
        Source {
            path: self.file.clone(),
            options: Options {
                file_name: Some(stored.import.file_name.clone()),
                format: Some(stored.format.clone()),
                headers: Some(stored.headers.clone()),
                max_record_bytes: None,
            },
            checkpoint: None,
            after: 0,
            batch_rows: self.batch_rows,
            plan: None,
        }
    }
}

/// What a plan is bound to.
fn digest(stored: &Stored) -> Result<[u8; 32]> {
    let import: &Import = &stored.import;
    let mut hasher = Sha256::new();
    hasher.update(b"1");
    hasher.update(&stored.sha256);
    hasher.update(serde_json::to_vec(&import.mapping)?);
    hasher.update(import.mode.as_str());
    if import.kind != ImportKind::Customers {
        hasher.update(import.kind.as_str());
    }
    for key in &import.match_by {
        hasher.update(b",");
        hasher.update(key.as_str());
    }
    Ok(hasher.finalize().into())
}

/// A converter by the definitions of now, and the attributes (name, label) that are not defined yet.
async fn converter(tx: &mut Tx, stored: &Stored) -> Result<(Arc<Converter>, Vec<(String, String)>)> {
    let definitions = attributes::all(tx).await?;
    let mapping = &stored.import.mapping;
    let mut unknown: Vec<(String, String)> = mapping
        .columns
        .iter()
        .filter_map(|(header, target)| match target {
            Target::Attribute(name) if definitions.get(name).is_none() => {
                Some((name.clone(), label(header, name)))
            }
            _ => None,
        })
        .collect();
    unknown.sort_unstable();
    let all = definitions.0.len() + unknown.len();
    if !unknown.is_empty() && all > MOST_DEFINITIONS {
        let message = format!(
            "an organization may have {MOST_DEFINITIONS} attributes, and with the {} new ones of this file it would have {all}; leave columns out",
            unknown.len()
        );
        return Err(Error::invalid("/mapping/columns", "too_many", message));
    }
    let currency = imports::currency(tx).await?;
    Ok((
        Arc::new(Converter::new(mapping, &stored.headers, definitions, currency)),
        unknown,
    ))
}

/// What people call the attribute: the header, unless that is a path of ours.
fn label(header: &str, name: &str) -> String {
    let own = header
        .strip_prefix("attributes.")
        .or_else(|| header.strip_prefix("attribute."));
    let text = own.unwrap_or(header).replace('\0', "");
    let text: String = text.trim().chars().take(80).collect();
    if text.is_empty() { name.to_owned() } else { text }
}

/// Whether an error is one row's doing and may go away if the rows are written one by one: a unique key that somebody else
/// took a moment ago, a deadlock, a value that the database refuses.
fn is_of_rows(error: &Error) -> bool {
    let Error::Internal(cause) = error else {
        return false;
    };
    let code = cause
        .downcast_ref::<sqlx::Error>()
        .and_then(sqlx::Error::as_database_error)
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| ["22", "23", "40"].iter().any(|class| code.starts_with(class)))
}

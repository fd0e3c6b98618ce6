//! Importing a file where it stands, without upload and without a job: what the command line does. The same plan and the
//! same execution as in the server.

use std::path::Path;

use regulars_database::Database;
use regulars_kernel::{Error, Result, Scope, ids::ImportId};
use sha2::{Digest, Sha256};

use super::{Ended, Watch, Work, apply};
use crate::{
    mapping::{Hints, Mapping, suggest},
    model::{Import, ImportState, MatchKey, Mode},
    read::{self, Options, Record},
    store::imports::{self, NewImport},
};

/// Records looked at for a suggestion.
const SAMPLES: usize = 50;

/// How to import a file.
#[derive(Clone, Debug)]
pub struct InlineOptions {
    /// A mapping that somebody wrote; suggested if absent.
    pub mapping: Option<serde_json::Value>,
    /// What may become of rows.
    pub mode: Mode,
    /// What customers are recognised by.
    pub match_by: Vec<MatchKey>,
    /// Only check.
    pub dry_run: bool,
}

impl Default for InlineOptions {
    fn default() -> Self {
        Self {
            mapping: None,
            mode: Mode::Upsert,
            match_by: DEFAULT_KEYS.to_vec(),
            dry_run: false,
        }
    }
}

/// What customers are recognised by unless said otherwise.
pub const DEFAULT_KEYS: [MatchKey; 3] = [MatchKey::ExternalId, MatchKey::Email, MatchKey::Phone];

/// What is found out about a file before anybody is asked.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// How it is written.
    pub format: read::Format,
    /// Its columns.
    pub headers: read::Headers,
    /// What each column seems to be.
    pub suggestion: crate::mapping::Suggestion,
    /// The first rows.
    pub samples: Vec<Record>,
}

/// Looks at the beginning of a file.
pub fn inspect(path: &Path, file_name: &str) -> Result<Inspected> {
    let format = read::detect_file(path, file_name)?;
    inspect_as(path, file_name, format, None)
}

/// Looks at the beginning of a file whose format and columns are known.
pub fn inspect_as(
    path: &Path,
    file_name: &str,
    format: read::Format,
    headers: Option<read::Headers>,
) -> Result<Inspected> {
    let options = Options {
        file_name: Some(file_name.to_owned()),
        format: Some(format.clone()),
        headers,
        max_record_bytes: None,
    };
    let mut reader = read::open(path, &options)?;
    let headers = reader.headers().clone();
    let mut samples = Vec::new();
    while samples.len() < SAMPLES {
        match reader.next_row()? {
            Some(Ok(record)) => samples.push(record),
            Some(Err(_)) => {}
            None => break,
        }
    }
    let hints = Hints {
        file_name,
        samples: &samples,
    };
    Ok(Inspected {
        format,
        suggestion: suggest(&headers, hints),
        headers,
        samples,
    })
}

/// Imports a file where it stands and answers the import as it ended: `planned` after a dry run, `done`, or `cancelled`
/// if the watch said stop.
pub async fn run_import_inline(
    database: &Database,
    scope: Scope,
    path: &Path,
    options: &InlineOptions,
    watch: &dyn Watch,
) -> Result<Import> {
    if options.match_by.is_empty() {
        return Err(Error::invalid(
            "/match_by",
            "keys_missing",
            "name at least one key",
        ));
    }
    let file_name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let (owned, name) = (path.to_owned(), file_name.clone());
    let (inspected, sha256, bytes) = tokio::task::spawn_blocking(move || {
        let inspected = inspect(&owned, &name)?;
        let mut file = std::fs::File::open(&owned)?;
        let mut hasher = Sha256::new();
        let bytes = std::io::copy(&mut file, &mut hasher)?;
        Ok::<_, Error>((inspected, hasher.finalize(), bytes))
    })
    .await??;
    let mapping = match &options.mapping {
        Some(written) => Mapping::from_json(written)?,
        None => inspected.suggestion.mapping.clone(),
    };
    mapping.validate(&inspected.headers)?;

    let id = ImportId::new();
    let folder = tempfile::tempdir()?;
    let work = Work {
        database: database.clone(),
        scope,
        id,
        file: path.to_owned(),
        file_is_ours: false,
        plan: folder.path().join("plan"),
        batch_rows: super::BATCH_ROWS,
    };
    let mut tx = database.begin(scope).await?;
    imports::insert(
        &mut tx,
        &NewImport {
            id,
            file_name: &file_name,
            file_bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            sha256: &sha256,
            format: &inspected.format,
            headers: &inspected.headers,
            mapping: &mapping,
            mode: options.mode,
            match_by: &options.match_by,
        },
    )
    .await?;
    let state = if options.dry_run {
        ImportState::Planning
    } else {
        ImportState::Applying
    };
    imports::start_inline(&mut tx, id, state).await?;
    tx.commit().await?;

    let ended = if options.dry_run {
        apply::plan(&work, watch).await
    } else {
        apply::apply(&work, watch).await
    };
    let mut tx = database.begin(scope).await?;
    match &ended {
        Ok(Ended::Stopped) => imports::finish(&mut tx, id, ImportState::Cancelled, None).await?,
        Err(error) => imports::finish(&mut tx, id, ImportState::Failed, Some(&error.to_string())).await?,
        Ok(Ended::Done(_)) => {}
    }
    let import = imports::get(&mut tx, id, false).await?.import;
    tx.commit().await?;
    ended.map(|_| import)
}

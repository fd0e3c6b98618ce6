//! Importing without upload and without a job: what the command line does. The same copy of the file, the same plan and the
//! same execution as in the server, so that what was broken off goes on here, or there.
//!
//! While it works it holds a lock of the session on its import. Whoever finds an import at work without a job and without
//! that lock knows that the process is gone.

use std::{
    fs::File,
    io::{BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
};

use regulars_accounts::audit;
use regulars_database::Database;
use regulars_kernel::{Error, Result, Scope, ids::ImportId};
use regulars_tabular::read::{self, Options, Record};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{Ended, Watch, Work, apply, file_path, plan, plan_path};
use crate::{
    kind::Kinds,
    mapping::{Hints, Mapping},
    model::{Import, ImportKind, ImportState, MatchKey, Mode},
    ops,
    space::Floor,
    store::{
        alive::{self, Alive},
        imports::{self, NewImport},
    },
};

/// Records looked at for a suggestion.
const SAMPLES: usize = 50;

/// How to import a file.
#[derive(Clone, Debug)]
pub struct InlineOptions {
    /// What the file brings; what its columns plainly are of, else customers, if absent.
    pub kind: Option<ImportKind>,
    /// What files can bring beside customers.
    pub kinds: Kinds,
    /// A mapping that somebody wrote; suggested if absent.
    pub mapping: Option<serde_json::Value>,
    /// Where its ids come from, if the mapping shall not say.
    pub source: Option<String>,
    /// What may become of rows.
    pub mode: Mode,
    /// What customers are recognised by.
    pub match_by: Vec<MatchKey>,
    /// Only check, and leave nothing behind.
    pub dry_run: bool,
    /// Where to write the rows that were refused, with the reasons.
    pub errors: Option<PathBuf>,
}

impl Default for InlineOptions {
    fn default() -> Self {
        Self {
            kind: None,
            kinds: Kinds::default(),
            mapping: None,
            source: None,
            mode: Mode::Upsert,
            match_by: DEFAULT_KEYS.to_vec(),
            dry_run: false,
            errors: None,
        }
    }
}

/// What customers are recognised by unless said otherwise.
pub const DEFAULT_KEYS: [MatchKey; 3] = [MatchKey::ExternalId, MatchKey::Email, MatchKey::Phone];

/// What is found out about a file before anybody is asked.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// What it brings, as it seems or as somebody said.
    pub kind: ImportKind,
    /// How it is written.
    pub format: read::Format,
    /// Its columns.
    pub headers: read::Headers,
    /// What each column seems to be.
    pub suggestion: crate::mapping::Suggestion,
    /// The first rows.
    pub samples: Vec<Record>,
}

/// Looks at the beginning of a file, which brings the kind that somebody said or seems to.
pub fn inspect(path: &Path, file_name: &str, kinds: &Kinds, kind: Option<ImportKind>) -> Result<Inspected> {
    let format = read::detect_file(path, file_name)?;
    inspect_as(path, file_name, format, None, kinds, kind)
}

/// Looks at the beginning of a file whose format and columns are known.
pub fn inspect_as(
    path: &Path,
    file_name: &str,
    format: read::Format,
    headers: Option<read::Headers>,
    kinds: &Kinds,
    kind: Option<ImportKind>,
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
    let kind = kind.unwrap_or_else(|| kinds.recognise(&headers));
    Ok(Inspected {
        kind,
        format,
        suggestion: kinds.suggest(kind, &headers, hints)?,
        headers,
        samples,
    })
}

/// Who watches: checking counts bytes (rows of a workbook), applying counts rows.
#[derive(Clone, Copy)]
pub struct Watches<'a> {
    /// While the file is checked.
    pub checking: &'a dyn Watch,
    /// While the plan is executed.
    pub applying: &'a dyn Watch,
    /// Who is told that an earlier run is gone on with.
    pub going_on: &'a dyn GoingOn,
}

/// Is told that an import goes on where an earlier run of it stopped.
pub trait GoingOn: Send + Sync {
    /// That many of its rows are done.
    fn going_on(&self, done: u64);
}

/// Imports a file and answers the import as it is then: `planned` after a dry run, `done`, `cancelled` if somebody cancelled
/// it meanwhile, or still `applying` if the watch said stop.
///
/// The same file with the same mapping, mode and keys goes on where an earlier run was stopped, killed or failed.
pub async fn run_import_inline(
    database: &Database,
    scope: Scope,
    storage: &Path,
    path: &Path,
    options: &InlineOptions,
    watches: Watches<'_>,
) -> Result<Import> {
    if options.match_by.is_empty() {
        return Err(Error::invalid(
            "/match_by",
            "keys_missing",
            "name at least one key",
        ));
    }
    // Opened first: a place that cannot be written to is told before anything is imported.
    let errors = options.errors.as_deref().map(create).transpose()?;
    let (owned, folder) = (path.to_owned(), storage.join("imports"));
    let (kinds, kind) = (options.kinds.clone(), options.kind);
    let copy = tokio::task::spawn_blocking(move || Copy::take(&owned, &folder, &kinds, kind)).await??;
    let kind = copy.inspected.kind;
    let mut mapping = match &options.mapping {
        Some(written) => Mapping::from_json(written)?,
        None => copy.inspected.suggestion.mapping.clone(),
    };
    if let Some(source) = &options.source {
        mapping.source.clone_from(source);
    }
    options.kinds.validate(kind, &mapping, &copy.inspected.headers)?;

    let begun = if options.dry_run {
        None
    } else {
        begun(database, scope, storage, &copy, &mapping, options).await?
    };
    let (id, alive) = match begun {
        Some((id, alive, done)) => {
            watches.going_on.going_on(done);
            let file = file_path(storage, id, &copy.inspected.format);
            copy.keep_if_gone(&file)?;
            (id, alive)
        }
        None => begin(database, scope, storage, copy, &mapping, options).await?,
    };
    let work = Work::open(database, scope, storage, id, &options.kinds).await?;
    let ended = perform(&work, options.dry_run, watches).await;
    let told = tell(&work, ended, errors, options).await;
    if options.dry_run {
        discard(&work).await;
    }
    alive.release().await;
    told
}

async fn perform(work: &Work, dry_run: bool, watches: Watches<'_>) -> Result<Ended> {
    if dry_run {
        return apply::plan(work, watches.checking).await;
    }
    let mut tx = work.begin().await?;
    let is_checked = imports::get(&mut tx, work.id, false).await?.import.plan.is_some();
    drop(tx);
    if !is_checked && plan::run(work, watches.checking, ImportState::Applying).await? == Ended::Stopped {
        return Ok(Ended::Stopped);
    }
    apply::apply(work, watches.applying).await
}

fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|error| Error::internal(format!("{}: {error}", path.display())))
}

/// The file as it was when the import began, in the storage: what people do to theirs meanwhile does not matter.
struct Copy {
    part: NamedTempFile,
    file_name: String,
    bytes: u64,
    sha256: Vec<u8>,
    inspected: Inspected,
}

impl Copy {
    fn take(path: &Path, folder: &Path, kinds: &Kinds, kind: Option<ImportKind>) -> Result<Self> {
        let file_name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        std::fs::create_dir_all(folder)?;
        let part = tempfile::Builder::new().suffix(".part").tempfile_in(folder)?;
        let mut file = File::open(path)?;
        Floor::USUAL.check(folder, file.metadata()?.len())?;
        let mut out = BufWriter::with_capacity(1 << 18, part.as_file());
        let mut hasher = Sha256::new();
        let mut bytes = 0;
        let mut buffer = vec![0; 1 << 18];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            out.write_all(&buffer[..read])?;
            bytes += read as u64;
        }
        out.flush()?;
        drop(out);
        part.as_file().sync_all()?;
        Ok(Self {
            inspected: inspect(part.path(), &file_name, kinds, kind)?,
            part,
            file_name,
            bytes,
            sha256: hasher.finalize().to_vec(),
        })
    }

    /// Puts it where an import looks for it, unless it is there already.
    fn keep_if_gone(self, path: &Path) -> Result<()> {
        match self.part.persist_noclobber(path) {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error.error.into()),
        }
    }
}

/// The import that an earlier run of the same left half done, ready to go on.
async fn begun(
    database: &Database,
    scope: Scope,
    storage: &Path,
    copy: &Copy,
    mapping: &Mapping,
    options: &InlineOptions,
) -> Result<Option<(ImportId, Alive, u64)>> {
    let mut tx = database.begin(scope).await?;
    let found = imports::begun(
        &mut tx,
        &copy.sha256,
        copy.inspected.kind,
        mapping,
        options.mode,
        &options.match_by,
    )
    .await?;
    let Some(id) = found else { return Ok(None) };
    let Some(alive) = alive::hold(database, id).await? else {
        return Err(ops::imports::busy());
    };
    // Waits for a batch that the killed run may be committing still.
    let stored = imports::get(&mut tx, id, true).await?;
    if ops::imports::has_living_job(&mut tx, &stored).await? {
        return Err(ops::imports::busy());
    }
    let is_lost = stored.import.applied_rows > 0 && !plan_path(storage, id).exists();
    if is_lost || !matches!(stored.import.state, ImportState::Applying | ImportState::Failed) {
        if is_lost {
            let why = "its plan is gone, so the file was imported anew";
            imports::finish(&mut tx, id, ImportState::Cancelled, Some(why)).await?;
            tx.commit().await?;
        }
        alive.release().await;
        return Ok(None);
    }
    imports::start_inline(&mut tx, id, ImportState::Applying).await?;
    tx.commit().await?;
    let done = u64::try_from(stored.import.applied_rows).unwrap_or(0);
    Ok(Some((id, alive, done)))
}

/// A new import.
async fn begin(
    database: &Database,
    scope: Scope,
    storage: &Path,
    copy: Copy,
    mapping: &Mapping,
    options: &InlineOptions,
) -> Result<(ImportId, Alive)> {
    let id = ImportId::new();
    let alive = alive::hold(database, id).await?.ok_or_else(ops::imports::busy)?;
    let mut tx = database.begin(scope).await?;
    imports::insert(
        &mut tx,
        &NewImport {
            id,
            kind: copy.inspected.kind,
            file_name: &copy.file_name,
            file_bytes: i64::try_from(copy.bytes).unwrap_or(i64::MAX),
            sha256: &copy.sha256,
            format: &copy.inspected.format,
            headers: &copy.inspected.headers,
            mapping,
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
    if !options.dry_run {
        let facts = json!({"name": copy.file_name});
        audit(&mut tx, "import.applied", Some(("import", id.0)), facts).await?;
    }
    // The file first: a row without its file could not be gone on with.
    let file = file_path(storage, id, &copy.inspected.format);
    copy.part.persist(&file).map_err(|error| error.error)?;
    if let Err(error) = tx.commit().await {
        let _ = std::fs::remove_file(&file);
        return Err(error);
    }
    Ok((id, alive))
}

/// What came of it, with the refused rows in their file.
async fn tell(
    work: &Work,
    ended: Result<Ended>,
    errors: Option<File>,
    options: &InlineOptions,
) -> Result<Import> {
    if let Err(error) = &ended
        && !options.dry_run
    {
        // If it cannot be noted, as when the database is away, the import is found interrupted.
        let noted = async {
            let mut tx = work.begin().await?;
            let state = imports::get(&mut tx, work.id, true).await?.import.state;
            if matches!(state, ImportState::Planning | ImportState::Applying) {
                imports::finish(&mut tx, work.id, ImportState::Failed, Some(&error.to_string())).await?;
            }
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(import.id = %work.id, %error, "the failure could not be noted");
        }
    }
    ended?;
    let mut tx = work.begin().await?;
    let stored = imports::get(&mut tx, work.id, false).await?;
    drop(tx);
    if let Some(file) = errors {
        let mut lines = ops::errors::Lines::new(&work.database, work.scope, work.id, stored.headers);
        let mut file = BufWriter::new(file);
        while let Some(some) = lines.next().await? {
            file.write_all(&some)?;
        }
        file.flush()?;
    }
    Ok(stored.import)
}

/// Forgets a dry run. If that fails, or the process is killed before, it is an upload that waits to be applied.
async fn discard(work: &Work) {
    let done = async {
        let mut tx = work.begin().await?;
        imports::delete(&mut tx, work.id).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => work.remove_files(),
        Err(error) => tracing::warn!(import.id = %work.id, %error, "a dry run could not be forgotten"),
    }
}

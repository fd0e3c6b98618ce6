//! Imports: rows of `imports`.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Currency, Cursor, Error, Page, PageRequest, Result, Total,
    ids::{ImportId, JobId},
};
use regulars_tabular::read::{Checkpoint, Format, Headers};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    mapping::Mapping,
    model::{Counts, Import, ImportKind, ImportState, MatchKey, Mode, Plan},
};

/// An import with what only this room needs to know.
#[derive(Clone, Debug)]
pub struct Stored {
    /// As the interface shows it.
    pub import: Import,
    /// How the file is written.
    pub format: Format,
    /// Its columns.
    pub headers: Headers,
    /// SHA-256 of the file.
    pub sha256: Vec<u8>,
    /// How far it is applied.
    pub reached: Reached,
}

/// How far an import is applied. Batches are written two at a time, so a later one may be done before an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Every row up to this one is dealt with.
    pub position: u64,
    /// Where the row after it begins, or an earlier one.
    pub checkpoint: Option<Checkpoint>,
    /// Rows beyond that are dealt with too.
    pub ahead: Vec<Stretch>,
}

/// Rows that follow each other, with the place behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// Where the row after the last begins, if that is known.
    pub checkpoint: Option<Checkpoint>,
}

impl Reached {
    /// Whether a row is dealt with.
    pub fn has(&self, position: u64) -> bool {
        position <= self.position
            || self
                .ahead
                .iter()
                .any(|stretch| (stretch.first..=stretch.last).contains(&position))
    }

    /// How many rows are dealt with, those ahead of a gap too.
    pub fn rows(&self) -> u64 {
        let ahead = self.ahead.iter().map(|stretch| stretch.last + 1 - stretch.first);
        self.position + ahead.sum::<u64>()
    }

    /// Adds rows that are dealt with now.
    pub fn add(&mut self, stretch: Stretch) {
        self.ahead.push(stretch);
        self.ahead.sort_unstable_by_key(|stretch| stretch.first);
        while let Some(next) = self
            .ahead
            .first()
            .copied()
            .filter(|next| next.first <= self.position + 1)
        {
            self.ahead.remove(0);
            self.position = self.position.max(next.last);
            self.checkpoint = next.checkpoint.or(self.checkpoint);
        }
    }
}

struct Row {
    id: ImportId,
    version: i32,
    kind: ImportKind,
    state: ImportState,
    file_name: String,
    file_bytes: i64,
    file_sha256: Vec<u8>,
    format: Value,
    headers: Value,
    mapping: Value,
    mode: Mode,
    match_by: Vec<String>,
    plan: Option<Value>,
    result: Option<Value>,
    applied_position: i64,
    checkpoint: Option<Value>,
    applied_ahead: Value,
    job_id: Option<JobId>,
    error: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Stored {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let headers: Headers = serde_json::from_value(row.headers)?;
        let mapping: Mapping = serde_json::from_value(row.mapping)?;
        let plan: Option<Plan> = row.plan.map(serde_json::from_value).transpose()?;
        let result: Option<Counts> = row.result.map(serde_json::from_value).transpose()?;
        let reached = Reached {
            position: u64::try_from(row.applied_position).unwrap_or(0),
            checkpoint: row.checkpoint.map(serde_json::from_value).transpose()?,
            ahead: serde_json::from_value(row.applied_ahead)?,
        };
        Ok(Self {
            import: Import {
                id: row.id,
                version: row.version,
                kind: row.kind,
                state: row.state,
                file_name: row.file_name,
                file_bytes: row.file_bytes,
                file_sha256: hex(&row.file_sha256),
                columns: headers.iter().map(|header| header.unique_name.clone()).collect(),
                format: row.format.clone(),
                mapping,
                mode: row.mode,
                match_by: row
                    .match_by
                    .iter()
                    .filter_map(|key| MatchKey::parse(key))
                    .collect(),
                plan,
                result,
                applied_rows: i64::try_from(reached.rows()).unwrap_or(i64::MAX),
                job_id: row.job_id,
                error: row.error,
                created_at: row.created_at,
                updated_at: row.updated_at,
                finished_at: row.finished_at,
            },
            format: serde_json::from_value(row.format)?,
            headers,
            sha256: row.file_sha256,
            reached,
        })
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A new import.
pub struct NewImport<'a> {
    /// Its id.
    pub id: ImportId,
    /// What the file brings.
    pub kind: ImportKind,
    /// The name of the file.
    pub file_name: &'a str,
    /// Its size.
    pub file_bytes: i64,
    /// Its SHA-256.
    pub sha256: &'a [u8],
    /// How it is written.
    pub format: &'a Format,
    /// Its columns.
    pub headers: &'a Headers,
    /// The suggested mapping.
    pub mapping: &'a Mapping,
    /// What may become of rows.
    pub mode: Mode,
    /// What customers are recognised by.
    pub match_by: &'a [MatchKey],
}

/// Adds an import.
pub async fn insert(tx: &mut Tx, new: &NewImport<'_>) -> Result<()> {
    let (organization_id, actor, now) = (tx.organization_id(), tx.actor(), tx.now());
    let match_by: Vec<&str> = new.match_by.iter().map(|key| key.as_str()).collect();
    sqlx::query!(
        "INSERT INTO imports (organization_id, id, file_name, file_bytes, file_sha256, format, headers, mapping, mode,
                              match_by, actor_kind, actor_id, created_at, updated_at, kind)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)",
        organization_id.0,
        new.id.0,
        new.file_name,
        new.file_bytes,
        new.sha256,
        serde_json::to_value(new.format)?,
        json_without_nul(serde_json::to_value(new.headers)?),
        json_without_nul(serde_json::to_value(new.mapping)?),
        new.mode.as_str(),
        &match_by as &[&str],
        actor.kind(),
        actor.id(),
        now,
        new.kind.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The same JSON as jsonb can keep it: NUL becomes U+FFFD.
pub(super) fn json_without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "\u{fffd}")),
        Value::Array(items) => items.into_iter().map(json_without_nul).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name.replace('\0', "\u{fffd}"), json_without_nul(value)))
            .collect(),
        other => other,
    }
}

/// One import, not to be changed by others until the transaction ends if it is locked.
pub async fn get(tx: &mut Tx, id: ImportId, lock: bool) -> Result<Stored> {
    if lock {
        sqlx::query!("SELECT FROM imports WHERE id = $1 FOR UPDATE", id.0)
            .fetch_optional(tx.conn())
            .await?;
    }
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: ImportId", version, kind AS "kind: ImportKind", state AS "state: ImportState", file_name, file_bytes, file_sha256, format, headers,
                  mapping, mode AS "mode: Mode", match_by, plan, result, applied_position, checkpoint, applied_ahead,
                  job_id AS "job_id: JobId", error, created_at, updated_at, finished_at
           FROM imports WHERE id = $1"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.ok_or(Error::NotFound("import"))?.try_into()
}

/// The latest import of the same file, read in the same way, that was begun and is not over.
pub async fn begun(
    tx: &mut Tx,
    sha256: &[u8],
    kind: ImportKind,
    mapping: &Mapping,
    mode: Mode,
    match_by: &[MatchKey],
) -> Result<Option<ImportId>> {
    let match_by: Vec<&str> = match_by.iter().map(|key| key.as_str()).collect();
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: ImportId" FROM imports
           WHERE file_sha256 = $1 AND mapping = $2 AND mode = $3 AND match_by = $4 AND kind = $5
             AND (state = 'applying' OR state = 'failed' AND (applied_position > 0 OR applied_ahead <> '[]'))
           ORDER BY id DESC LIMIT 1"#,
        sha256,
        json_without_nul(serde_json::to_value(mapping)?),
        mode.as_str(),
        &match_by as &[&str],
        kind.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Imports, latest first.
pub async fn list(tx: &mut Tx, page: &PageRequest) -> Result<Page<Import>> {
    let before = page.cursor().map_or(Uuid::max(), |cursor| cursor.id);
    let mut rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: ImportId", version, kind AS "kind: ImportKind", state AS "state: ImportState", file_name, file_bytes, file_sha256, format, headers,
                  mapping, mode AS "mode: Mode", match_by, plan, result, applied_position, checkpoint, applied_ahead,
                  job_id AS "job_id: JobId", error, created_at, updated_at, finished_at
           FROM imports WHERE id < $1 ORDER BY id DESC LIMIT $2 OFFSET $3"#,
        before,
        i64::from(page.limit) + 1,
        page.offset(),
    )
    .fetch_all(tx.conn())
    .await?;
    let total = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM imports"#)
        .fetch_one(tx.conn())
        .await?;
    let has_more = rows.len() > page.limit as usize;
    rows.truncate(page.limit as usize);
    let next = rows
        .last()
        .filter(|_| has_more)
        .map(|last| Cursor::new(&[], Vec::new(), last.id.0));
    let imports: Vec<Import> = rows
        .into_iter()
        .map(|row| Stored::try_from(row).map(|stored| stored.import))
        .collect::<Result<_>>()?;
    Ok(Page::new(imports, next, Total::exact(total)))
}

/// Changes kind, mapping, mode and keys; what was planned no longer counts.
pub async fn edit(
    tx: &mut Tx,
    id: ImportId,
    kind: ImportKind,
    mapping: &Mapping,
    mode: Mode,
    match_by: &[MatchKey],
) -> Result<()> {
    let match_by: Vec<&str> = match_by.iter().map(|key| key.as_str()).collect();
    sqlx::query!(
        "UPDATE imports SET mapping = $2, mode = $3, match_by = $4, kind = $5, state = 'uploaded', plan = NULL, error = NULL
         WHERE id = $1",
        id.0,
        json_without_nul(serde_json::to_value(mapping)?),
        mode.as_str(),
        &match_by as &[&str],
        kind.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Hands it to a job.
pub async fn start(tx: &mut Tx, id: ImportId, state: ImportState, job_id: JobId) -> Result<()> {
    sqlx::query!(
        "UPDATE imports SET state = $2, job_id = $3, error = NULL, finished_at = NULL WHERE id = $1",
        id.0,
        state.as_str(),
        job_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Begins work without a job, as the command line does.
pub async fn start_inline(tx: &mut Tx, id: ImportId, state: ImportState) -> Result<()> {
    sqlx::query!(
        "UPDATE imports SET state = $2, job_id = NULL, error = NULL, finished_at = NULL WHERE id = $1",
        id.0,
        state.as_str()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a finished plan and leaves the import in `state`. Answers whether it was still wanted: a planner that was overtaken
/// does not turn an import that is applied into one that is only checked.
pub async fn keep_plan(tx: &mut Tx, id: ImportId, plan: &Plan, state: ImportState) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE imports SET plan = $2, state = $3
         WHERE id = $1 AND state = CASE $3 WHEN 'planned' THEN 'planning' ELSE 'applying' END",
        id.0,
        json_without_nul(serde_json::to_value(plan)?),
        state.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How far it has come, locked until the transaction ends: state, rows, counts.
pub async fn lock_progress(tx: &mut Tx, id: ImportId) -> Result<(ImportState, Reached, Counts)> {
    let row = sqlx::query!(
        r#"SELECT state AS "state: ImportState", applied_position, checkpoint, applied_ahead, result FROM imports
           WHERE id = $1 FOR UPDATE"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound("import"))?;
    let counts = row
        .result
        .map(serde_json::from_value)
        .transpose()?
        .unwrap_or_default();
    let reached = Reached {
        position: u64::try_from(row.applied_position).unwrap_or(0),
        checkpoint: row.checkpoint.map(serde_json::from_value).transpose()?,
        ahead: serde_json::from_value(row.applied_ahead)?,
    };
    Ok((row.state, reached, counts))
}

/// Whether it is still to be applied, without waiting for anybody.
pub async fn is_applying(tx: &mut Tx, id: ImportId) -> Result<bool> {
    let state = sqlx::query_scalar!(
        r#"SELECT state AS "state: ImportState" FROM imports WHERE id = $1"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(state == Some(ImportState::Applying))
}

/// Notes how far it has come, in the transaction of the rows themselves.
pub async fn advance(tx: &mut Tx, id: ImportId, reached: &Reached, counts: &Counts) -> Result<()> {
    sqlx::query!(
        "UPDATE imports SET applied_position = $2, checkpoint = $3, applied_ahead = $4, result = $5 WHERE id = $1",
        id.0,
        reached.position as i64,
        reached.checkpoint.map(|at| json!(at)),
        serde_json::to_value(&reached.ahead)?,
        serde_json::to_value(counts)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends it.
pub async fn finish(tx: &mut Tx, id: ImportId, state: ImportState, error: Option<&str>) -> Result<()> {
    sqlx::query!(
        "UPDATE imports SET state = $2, error = $3, finished_at = $4,
           result = CASE WHEN $2 = 'done' THEN coalesce(result, '{}') ELSE result END
         WHERE id = $1",
        id.0,
        state.as_str(),
        error,
        tx.now(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes it with its errors.
pub async fn delete(tx: &mut Tx, id: ImportId) -> Result<()> {
    sqlx::query!("DELETE FROM imports WHERE id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The organization's currency.
pub async fn currency(tx: &mut Tx) -> Result<Currency> {
    Ok(sqlx::query_scalar!(
        r#"SELECT currency AS "currency: Currency" FROM organizations WHERE id = $1"#,
        tx.organization_id().0
    )
    .fetch_one(tx.conn())
    .await?)
}

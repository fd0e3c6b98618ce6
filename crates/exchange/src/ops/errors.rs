//! The file of rows that were not imported, a piece at a time: for the API, the pages and the command line.

use regulars_database::Database;
use regulars_kernel::{Result, Scope, ids::ImportId};
use regulars_tabular::{read::Headers, write::ErrorFile};

use crate::store::errors;

/// Rows read at a time.
const PAGE: i64 = 500;
/// Bytes after which no more of them are read.
const PAGE_BYTES: i64 = 4 << 20;

/// Gives the file piece by piece.
pub struct Lines {
    database: Database,
    scope: Scope,
    id: ImportId,
    headers: Headers,
    /// The last row given; none before the header.
    after: Option<u64>,
}

impl Lines {
    /// Of an import with these columns.
    pub fn new(database: &Database, scope: Scope, id: ImportId, headers: Headers) -> Self {
        Self {
            database: database.clone(),
            scope,
            id,
            headers,
            after: None,
        }
    }

    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(after) = self.after else {
            self.after = Some(0);
            return Ok(Some(ErrorFile::create(Vec::new(), &self.headers)?.into_inner()?));
        };
        let mut tx = self.database.begin_read(self.scope).await?;
        let rows = errors::page(&mut tx, self.id, after, PAGE, PAGE_BYTES).await?;
        drop(tx);
        let Some(last) = rows.last() else { return Ok(None) };
        self.after = Some(last.position);
        let mut file = ErrorFile::resume(Vec::new(), &self.headers);
        for row in &rows {
            let reasons: Vec<String> = row.reasons.iter().map(ToString::to_string).collect();
            file.write(&row.fields, &reasons.join("; "))?;
        }
        Ok(Some(file.into_inner()?))
    }
}

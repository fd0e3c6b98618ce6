//! Exporting customers: any question to the list as CSV or JSON Lines, streamed in batches.
//!
//! The columns have our own names, so that our importer maps them back by itself and gets back every value.
//!
//! Each batch is a short transaction of its own, so that an export of any length holds back no cleaning of the database;
//! a customer changed meanwhile is written as before or as after, and none is written twice, because batches go by id.
//! A few batches are fetched at a time. One with more bytes than a batch may have is fetched in parts, so that the memory does
//! not depend on what the customers hold.
//!
//! What it never does: hold more than a few batches, or decide who may export.

mod copy;
mod lines;

use std::{io::Write, pin::pin, sync::Arc};

use async_stream::try_stream;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use regulars_customers::{
    find::{Filters, Query, Selection},
    store::attributes,
};
use regulars_database::{Database, Tx};
use regulars_kernel::{Error, Result, Scope, ids::CustomerId};
use uuid::Uuid;

use self::{
    copy::{Fetched, Ids},
    lines::Layout,
};
use crate::{
    import::{Ended, Watch},
    model::{Counts, ExportFormat},
};

/// Customers in a batch.
const BATCH: i64 = 5_000;
/// Bytes in a batch, unless a single customer has more.
const BATCH_BYTES: usize = 16 << 20;
/// Batches fetched at a time.
const AT_ONCE: usize = 3;

/// A piece of the file.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The bytes.
    pub bytes: Bytes,
    /// How many customers are in it.
    pub rows: u64,
}

/// An export made ready: its columns and its question.
#[derive(Clone)]
pub struct Exporter {
    database: Database,
    scope: Scope,
    selection: Selection,
    /// Whether the question is for every living customer.
    is_all: bool,
    layout: Arc<Layout>,
}

impl Exporter {
    /// Resolves the question and finds the columns. Fails if the question names what does not exist.
    pub async fn new(database: &Database, scope: Scope, format: ExportFormat, query: &Query) -> Result<Self> {
        let mut tx = database.begin_read(scope).await?;
        let selection = Selection::resolve(&mut tx, query).await?;
        let layout = layout(&mut tx, format).await?;
        Ok(Self {
            database: database.clone(),
            scope,
            selection,
            is_all: query.q.is_none() && query.filters == Filters::default(),
            layout: Arc::new(layout),
        })
    }

    /// The file, piece by piece.
    pub fn pieces(self) -> impl Stream<Item = Result<Piece>> + Send {
        let head = Piece {
            bytes: self.layout.head().into(),
            rows: 0,
        };
        let pieces = try_stream! {
            yield head;
            let batches = self.clone().batches().map(|ids| {
                let exporter = self.clone();
                async move {
                    let ids = ids?;
                    // On a task of its own, so that batches are written on several processors.
                    tokio::spawn(async move { exporter.piece(ids).await }).await?
                }
            });
            let mut batches = pin!(batches.buffered(AT_ONCE));
            while let Some(batch) = batches.try_next().await? {
                // Those that were too large, the next one last.
                let mut waiting = Vec::new();
                let mut made = Some(batch);
                while let Some(batch) = made {
                    match batch {
                        Made::Piece(piece) => yield piece,
                        Made::TooLarge(parts) => waiting.extend(parts.into_iter().rev()),
                    }
                    made = match waiting.pop() {
                        Some(ids) => Some(self.piece(ids).await?),
                        None => None,
                    };
                }
            }
        };
        pieces.try_filter(|piece: &Piece| std::future::ready(!piece.bytes.is_empty()))
    }

    /// The ids of each batch.
    fn batches(self) -> impl Stream<Item = Result<Ids>> + Send {
        futures::stream::try_unfold(Some(None), move |state: Option<Option<CustomerId>>| {
            let exporter = self.clone();
            async move {
                let Some(after) = state else { return Ok(None) };
                let mut tx = exporter.database.begin_read(exporter.scope).await?;
                let ids = exporter.selection.ids_after(&mut tx, after, BATCH).await?;
                let Some(last) = ids.last().copied() else {
                    return Ok(None);
                };
                let next = (ids.len() as i64 == BATCH).then_some(Some(last));
                let ids = Ids {
                    list: ids,
                    all_after: exporter.is_all.then(|| after.unwrap_or(CustomerId(Uuid::nil()))),
                };
                Ok(Some((ids, next)))
            }
        })
    }

    async fn piece(&self, ids: Ids) -> Result<Made> {
        let mut tx = self.database.begin_read(self.scope).await?;
        let fetched = copy::fetch(&mut tx, &ids, &self.layout.parts, BATCH_BYTES).await?;
        drop(tx);
        let raw = match fetched {
            Fetched::Whole(raw) => raw,
            Fetched::TooLarge(rows) => return Ok(Made::TooLarge(ids.split(rows))),
        };
        let mut bytes = Vec::with_capacity(raw.customers.len() + raw.customers.len() / 4);
        let rows = self.layout.write(&raw, &mut bytes)?;
        Ok(Made::Piece(Piece {
            bytes: bytes.into(),
            rows,
        }))
    }
}

/// What came of a batch.
enum Made {
    /// A piece of the file.
    Piece(Piece),
    /// Nothing yet: it has to be fetched in these parts.
    TooLarge(Vec<Ids>),
}

async fn layout(tx: &mut Tx, format: ExportFormat) -> Result<Layout> {
    let mut definitions = attributes::all(tx).await?.0;
    definitions.sort_by(|one, other| (one.position, &one.name).cmp(&(other.position, &other.name)));
    let sources = copy::sources(tx).await?;
    let parts = copy::parts(tx).await?;
    Ok(Layout::new(
        format,
        sources,
        definitions.into_iter().map(|one| one.name).collect(),
        parts,
    ))
}

/// Exports to a writer, as the command line and the job do. Answers how many customers were written.
pub async fn export_to_writer(
    database: &Database,
    scope: Scope,
    format: ExportFormat,
    query: &Query,
    writer: &mut (dyn Write + Send),
    watch: &dyn Watch,
) -> Result<Ended> {
    let pieces = Exporter::new(database, scope, format, query).await?.pieces();
    futures::pin_mut!(pieces);
    let mut rows = 0;
    while let Some(piece) = pieces.try_next().await? {
        if watch.cancelled() {
            return Ok(Ended::Stopped);
        }
        writer.write_all(&piece.bytes).map_err(Error::from)?;
        rows += piece.rows;
        watch.progress(rows, None);
    }
    writer.flush()?;
    Ok(Ended::Done(Counts {
        create: rows,
        ..Counts::default()
    }))
}

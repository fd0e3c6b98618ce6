//! Pulls: begun by a person or a program, done by a job of the provider's crate, which asks here where it stands and tells
//! here how far it came, in the transaction that takes the page over. So it goes on there whatever ends it.

use regulars_accounts::AuditRecord as Entry;
use regulars_database::Tx;
use regulars_jobs::{NewJob, enqueue};
use regulars_kernel::{
    Error, Result,
    ids::{ConnectionId, JobId, PullId},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    model::{Connection, NewPull, PageRead, Pull, PullPlace},
    ops::get_connection,
    store::{connections, pulls},
};

/// The input of the job.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PullInput {
    /// The pull.
    pub pull_id: PullId,
}

/// The last pull of a connection; none if there was none.
pub async fn last_pull(tx: &mut Tx, id: ConnectionId) -> Result<Option<Pull>> {
    get_connection(tx, id).await?;
    pulls::last(tx, id).await
}

/// Begins a pull, or lets the one that stopped go on. While one is under way, it is that one.
pub async fn start_pull(tx: &mut Tx, id: ConnectionId, new: NewPull) -> Result<Pull> {
    // Two that begin at once make one.
    connections::lock(tx, id).await?;
    let connection = get_connection(tx, id).await?;
    let kind = pulled_by(&connection)?;
    let last = pulls::last(tx, id).await?;
    if let Some(last) = &last
        && last.state.is_under_way()
    {
        return Ok(last.clone());
    }
    let stopped = last.filter(|last| last.finished_at.is_none()).map(|last| last.id);
    let pull_id = stopped.unwrap_or_else(PullId::new);
    let job = enqueue(tx, job(kind, pull_id)).await?;
    match stopped {
        Some(_) => pulls::hand_to(tx, pull_id, job, new.everything).await?,
        None => pulls::begin(tx, pull_id, id, job, new.everything).await?,
    }
    Entry::new("connection.pull_started")
        .target("connection", id.0)
        .data(json!({"everything": new.everything}))
        .write(tx)
        .await?;
    pulls::last(tx, id)
        .await?
        .ok_or_else(|| Error::internal("the pull that was begun is there"))
}

/// The job that pulls for this connection, if it may.
fn pulled_by(connection: &Connection) -> Result<&'static str> {
    let Some(kind) = connection.provider.pull_kind() else {
        let message = format!("{} tells by webhooks alone", connection.provider.title());
        return Err(Error::conflict("", "pull_unavailable", message));
    };
    if connection.api_key.is_none() {
        let message = "give the connection an API key first";
        return Err(Error::conflict("/api_key", "api_key_missing", message));
    }
    if connection.disabled_at.is_some() {
        let message = "the connection is switched off";
        return Err(Error::conflict("/disabled", "connection_disabled", message));
    }
    Ok(kind)
}

fn job(kind: &'static str, pull_id: PullId) -> NewJob {
    NewJob::new(kind, PullInput { pull_id })
        .key(pull_id.to_string())
        .queue("pulls")
}

/// Where a pull is to go on; none if there is nothing to be done about it any more.
pub async fn place(tx: &mut Tx, pull: PullId) -> Result<Option<PullPlace>> {
    pulls::place(tx, pull, false).await
}

/// As [`place`], and nobody else moves it until the transaction ends.
pub async fn place_to_move(tx: &mut Tx, pull: PullId) -> Result<Option<PullPlace>> {
    pulls::place(tx, pull, true).await
}

/// Writes down what a page came to. It belongs into the transaction that took the page over.
pub async fn turn_page(tx: &mut Tx, pull: PullId, read: &PageRead) -> Result<()> {
    pulls::turn(tx, pull, read).await
}

/// Lets a pull begin anew behind what it has read.
pub async fn begin_anew(tx: &mut Tx, pull: PullId) -> Result<()> {
    pulls::begin_anew(tx, pull).await
}

/// Writes down why a pull could not go on. The sentence has no personal data.
pub async fn fail_pull(tx: &mut Tx, pull: PullId, why: &str) -> Result<()> {
    pulls::fail(tx, pull, why).await
}

/// Lets a pull go on at a later time: the provider wants to be left alone until then.
pub async fn put_off(
    tx: &mut Tx,
    pull: PullId,
    kind: &'static str,
    until: chrono::DateTime<chrono::Utc>,
) -> Result<JobId> {
    let job = enqueue(tx, job(kind, pull).run_at(until)).await?;
    pulls::hand_to(tx, pull, job, false).await?;
    Ok(job)
}

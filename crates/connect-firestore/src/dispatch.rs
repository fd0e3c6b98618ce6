//! Sees to it that there is a job wherever something waits.
//!
//! Not in the transaction that makes a change: a job that is queued once for an organization is one row, for which all
//! transactions of the organization would wait for each other. The changes themselves are durable. Once they are committed,
//! the process that made them queues the job; what it could not any more is found by looking, every few seconds.

use std::time::Duration;

use rand::Rng as _;
use regulars_database::{Database, Tx};
use regulars_events::followers;
use regulars_jobs::enqueue;
use regulars_kernel::{Actor, Result, Scope, ids::OrganizationId};
use tokio::time::Instant;

use crate::{FOLLOWER, mirror, store};

/// How long it is waited for more news before jobs are queued.
const GATHER: Duration = Duration::from_millis(50);
/// How often it is looked whether something waits.
const LOOK: Duration = Duration::from_secs(5);
/// Organizations of one look.
const MOST: i32 = 1_000;

/// Runs for as long as the server does.
pub async fn dispatch(database: Database) {
    let mut next_look = Instant::now();
    loop {
        // Where there is news all the time it is looked all the same: the news is of some organizations, and others wait.
        let news = if Instant::now() < next_look {
            tokio::time::timeout_at(next_look, followers::news()).await.ok()
        } else {
            None
        };
        let found = if let Some(news) = news {
            tokio::time::sleep(GATHER).await;
            Ok(news.into_iter().collect())
        } else {
            // Servers that were started together need not look together.
            next_look = Instant::now() + LOOK.mul_f64(rand::rng().random_range(0.75..1.25));
            due(&database).await
        };
        let done = match found {
            Ok(organizations) => queue_for(&database, organizations).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "jobs of Firestore mirrors could not be queued; looking again soon");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Where something waits and nobody is at it.
async fn due(database: &Database) -> Result<Vec<OrganizationId>> {
    Ok(sqlx::query_scalar("SELECT organization FROM firestore_due($1)")
        .bind(MOST)
        .fetch_all(database.outside_organizations())
        .await?)
}

async fn queue_for(database: &Database, organizations: Vec<OrganizationId>) -> Result<()> {
    for organization_id in organizations {
        let scope = Scope {
            organization_id,
            actor: Actor::System,
        };
        let mut tx = database.begin(scope).await?;
        queue(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Queues the job that mirrors, unless somebody works, rests or waits on purpose: whoever has the mirror looks once more
/// after giving it back.
pub async fn queue(tx: &mut Tx) -> Result<()> {
    if !store::is_looked_after(tx).await? {
        enqueue(tx, mirror::job()).await?;
    }
    Ok(())
}

/// Whether changes wait; for tests and commands.
pub async fn is_idle(tx: &mut Tx) -> Result<bool> {
    Ok(followers::waiting(tx, FOLLOWER, 1).await?.changes == 0)
}

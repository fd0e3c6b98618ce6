//! Storing what comes in: the requests that wait while one commit is under way share the next one.
//!
//! Each organization has one lane, which writes one batch after the other. A burst of sixteen requests costs two or
//! three commits instead of sixteen, and each is still answered only after its own row is durable.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use regulars_database::Database;
use regulars_jobs::enqueue;
use regulars_kernel::{
    Actor, Error, Result, Scope,
    ids::{ConnectionId, OrganizationId},
};
use tokio::sync::oneshot;

use crate::{drain, model::Provider, provider::Message, store};

/// Bytes that wait in memory at most; who comes then is asked to come again.
const MOST_WAITING: usize = 64 * 1024 * 1024;
/// Messages and bytes of one statement at most.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// A message with the connection that it came through.
#[derive(Clone)]
pub(crate) struct Incoming {
    pub connection_id: ConnectionId,
    pub provider: Provider,
    /// Whether there is anything to be done about it.
    pub is_answered: bool,
    pub message: Message,
}

struct Waiting {
    incoming: Vec<Incoming>,
    answer: oneshot::Sender<Result<usize>>,
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.incoming.iter().map(|one| one.message.body.len() + 500).sum()
    }
}

/// The lanes of this server.
#[derive(Clone, Default)]
pub(crate) struct Intake {
    /// Who waits; an organization is there as long as its lane runs.
    lanes: Arc<Mutex<HashMap<OrganizationId, Vec<Waiting>>>>,
    waiting: Arc<AtomicUsize>,
    batches: Arc<AtomicUsize>,
}

impl Intake {
    /// Stores messages, all or none. Answers how many of them are new once they are durable.
    pub async fn put(
        &self,
        database: &Database,
        organization_id: OrganizationId,
        incoming: Vec<Incoming>,
    ) -> Result<usize> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { incoming, answer };
        let bytes = waiting.bytes();
        if self.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes > MOST_WAITING {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Error::Unavailable(
                "more comes in than can be stored at this moment".into(),
            ));
        }
        let is_first = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(lane) = lanes.get_mut(&organization_id) {
                lane.push(waiting);
                false
            } else {
                lanes.insert(organization_id, vec![waiting]);
                true
            }
        };
        if is_first {
            // A task of its own: the request that started it may hang up.
            tokio::spawn(self.clone().run(database.clone(), organization_id));
        }
        answered
            .await
            .unwrap_or_else(|_| Err(Error::Unavailable("the server stops".into())))
    }

    /// Runs a lane until nobody waits.
    async fn run(self, database: Database, organization_id: OrganizationId) {
        loop {
            // Requests that are there already are read first, and share this commit.
            tokio::task::yield_now().await;
            let Some(batch) = self.take(organization_id) else {
                return;
            };
            let bytes: usize = batch.iter().map(Waiting::bytes).sum();
            self.write(&database, organization_id, batch).await;
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    /// The next batch; none ends the lane.
    fn take(&self, organization_id: OrganizationId) -> Option<Vec<Waiting>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.get_mut(&organization_id)?;
        let (mut messages, mut bytes) = (0, 0);
        let fitting = lane
            .iter()
            .take_while(|one| {
                messages += one.incoming.len();
                bytes += one.bytes();
                messages <= BATCH && bytes <= BATCH_BYTES
            })
            .count()
            .max(1)
            .min(lane.len());
        let batch: Vec<_> = lane.drain(..fitting).collect();
        if batch.is_empty() {
            lanes.remove(&organization_id);
            return None;
        }
        Some(batch)
    }

    async fn write(&self, database: &Database, organization_id: OrganizationId, batch: Vec<Waiting>) {
        let groups: Vec<&[Incoming]> = batch.iter().map(|one| one.incoming.as_slice()).collect();
        match self.store(database, organization_id, &groups).await {
            Ok(new) => {
                for (one, new) in batch.into_iter().zip(new) {
                    let _ = one.answer.send(Ok(new));
                }
            }
            Err(error) if batch.len() == 1 => {
                if let Some(one) = batch.into_iter().next() {
                    let _ = one.answer.send(Err(error));
                }
            }
            // One that cannot be stored must not keep the others out.
            Err(_) => {
                for one in batch {
                    let stored = self.store(database, organization_id, &[&one.incoming]).await;
                    let _ = one.answer.send(stored.map(|new| new.iter().sum()));
                }
            }
        }
    }

    /// Writes groups of messages and the job that processes them. Answers how many of each group are new.
    async fn store(
        &self,
        database: &Database,
        organization_id: OrganizationId,
        groups: &[&[Incoming]],
    ) -> Result<Vec<usize>> {
        let scope = Scope {
            organization_id,
            actor: Actor::System,
        };
        let mut tx = database.begin(scope).await?;
        let new = store::events::insert(&mut tx, groups).await?;
        let is_work = |group: &&[Incoming]| group.iter().any(|one| one.is_answered);
        if new
            .iter()
            .zip(groups)
            .any(|(new, group)| *new > 0 && is_work(group))
        {
            // The waiting job's row is locked until the commit, so the batches use several keys in turn: a worker finds
            // one that is free.
            let turn = self.batches.fetch_add(1, Ordering::Relaxed) % drain::LANES;
            enqueue(&mut tx, drain::job(turn)).await?;
        }
        tx.commit().await?;
        Ok(new)
    }
}

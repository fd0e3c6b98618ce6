//! The job that writes what changed.
//!
//! One job at a time works for an organization: it takes the mirror, keeps it while it works, and gives it back when nothing
//! is left. A batch is read in one snapshot, which ends before anything is sent; while batches are on the wire the next one
//! is read, never with a customer who is in one of them, so that the documents of one customer are written in order. Changes
//! are settled when Firestore has taken what they led to. Whatever ends the job before that leaves them, and they are written
//! again, which does no harm: documents are written whole, as the customer is at that moment.
//!
//! Failures of Firestore are nobody's fault here, so the job ends well, and another begins after a wait that doubles. What
//! Firestore refuses is found by halving, noted at the customer, and keeps nobody else back.

use std::{collections::HashSet, time::Duration};

use async_trait::async_trait;
use rand::Rng as _;
use regulars_database::Database;
use regulars_events::followers;
use regulars_jobs::{Context, Failure, Handler, NewJob, enqueue};
use regulars_kernel::{
    Error, Result, Scope,
    ids::{CustomerId, new_uuid},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    FOLLOWER,
    batch::{self, Batch, Wanted},
    client::{Client, Firestore, Trouble},
    document,
    model::{LogKind, Mirror},
    pace::Pace,
    store,
};

/// The job.
pub const KIND: &str = "firestore.mirror";
/// The queue of all jobs here.
pub const QUEUE: &str = "firestore";
/// Batches that are sent at a time.
const FLIGHTS: usize = 2;
/// The longest wait after failures.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// After the first.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// While only somebody's settings can help.
const BLOCKED_WAIT: Duration = Duration::from_mins(5);

/// Mirrors until nothing is left.
pub struct MirrorJob {
    /// The way there.
    pub firestore: Firestore,
}

/// A job that mirrors what waits. One waits at a time.
pub fn job() -> NewJob {
    NewJob::new(KIND, json!({})).key("mirror").queue(QUEUE)
}

#[async_trait]
impl Handler for MirrorJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let run = Run {
            database: job.database.clone(),
            scope: job.scope,
            holder: job.id.0,
            firestore: self.firestore.clone(),
        };
        let watched = job.clone();
        let done = run.mirror(&|| watched.cancelled()).await?;
        job.check()?;
        job.progress(done.written, Some(done.written));
        Ok(json!({"written": done.written, "refused": done.refused, "error": done.trouble}))
    }
}

/// What a run came to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Done {
    /// Documents written or taken away.
    pub written: u64,
    /// Documents that Firestore refused.
    pub refused: u64,
    /// Why it ended before everything was written.
    pub trouble: Option<String>,
}

/// Somebody who mirrors for an organization: a job, or a command.
#[derive(Clone)]
pub struct Run {
    /// The database.
    pub database: Database,
    /// Whose.
    pub scope: Scope,
    /// Who has the mirror while it runs.
    pub holder: Uuid,
    /// The way there.
    pub firestore: Firestore,
}

/// One batch that was written.
struct Flown {
    customers: Vec<CustomerId>,
    written: u64,
    refused: u64,
    /// Whether the mirror was still its writer's by then.
    is_ours: bool,
}

enum Broken {
    Trouble(Trouble),
    Error(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Run {
    /// Writes whatever waits. Answers at once if somebody else does, or if the mirror rests or waits.
    pub async fn mirror(&self, is_over: &(dyn Fn() -> bool + Sync)) -> Result<Done> {
        let mut done = Done::default();
        loop {
            let Some((mirror, client)) = self.begin().await? else {
                return Ok(done);
            };
            let ended = match client {
                Ok(client) => self.pass(&mirror, &client, is_over, &mut done).await,
                Err(trouble) => Err(Broken::Trouble(trouble)),
            };
            match ended {
                Ok(()) => {}
                Err(Broken::Trouble(trouble)) => {
                    self.rest(&trouble).await?;
                    done.trouble = Some(trouble.words().to_owned());
                    return Ok(done);
                }
                Err(Broken::Error(error)) => {
                    self.give_back().await?;
                    return Err(error);
                }
            }
            self.give_back().await?;
            // Who marked something while the mirror was taken left it to whoever had it: only now is it seen for sure.
            let mut tx = self.database.begin_read(self.scope).await?;
            let is_left = followers::waiting(&mut tx, FOLLOWER, 1).await?.changes > 0;
            tx.rollback().await?;
            if !is_left || is_over() {
                return Ok(done);
            }
        }
    }

    /// Takes the mirror, if it may be taken.
    async fn begin(&self) -> Result<Option<(Mirror, Result<Client, Trouble>)>> {
        let mut tx = self.database.begin(self.scope).await?;
        if !store::take(&mut tx, self.holder).await? {
            tx.rollback().await?;
            return Ok(None);
        }
        let again = store::to_try_again(&mut tx, 5_000).await?;
        followers::mark(&mut tx, FOLLOWER, again).await?;
        let mirror = store::mirror(&mut tx, false).await?;
        let credentials = store::credentials(&mut tx).await?;
        tx.commit().await?;
        Ok(mirror.map(|mirror| {
            let client = self.firestore.client(
                self.scope.organization_id,
                mirror.settings().place(),
                credentials.as_ref(),
            );
            (mirror, client)
        }))
    }

    async fn give_back(&self) -> Result<()> {
        let mut tx = self.database.begin(self.scope).await?;
        store::give_back(&mut tx, self.holder).await?;
        tx.commit().await
    }

    /// Goes through the changes until none is left.
    async fn pass(
        &self,
        mirror: &Mirror,
        client: &Client,
        is_over: &(dyn Fn() -> bool + Sync),
        done: &mut Done,
    ) -> Result<(), Broken> {
        let mut pace = Pace::new(mirror.writes_per_second, self.firestore.is_emulator());
        let mut flights: JoinSet<Result<Flown, Broken>> = JoinSet::new();
        let mut flying: HashSet<CustomerId> = HashSet::new();
        let mut after = Uuid::nil();
        let (mut is_at_end, mut is_stopped) = (false, false);
        loop {
            while flights.len() < FLIGHTS && !is_at_end && !is_stopped {
                // Waited for before it is read: what is written is as the customers are now.
                pace.turn().await;
                let except: Vec<CustomerId> = flying.iter().copied().collect();
                let Some(batch) = self.read(mirror, after, &except, pace.most()).await? else {
                    // From the beginning once more, for those that were committed late or passed by.
                    is_at_end = true;
                    break;
                };
                after = batch.changes.last().map_or(after, |change| change.id);
                flying.extend(batch.customers());
                pace.took(batch.wanted.len());
                let (run, client) = (self.clone(), client.clone());
                flights.spawn(async move { run.fly(&client, batch).await });
            }
            let Some(flown) = flights.join_next().await else {
                if after.is_nil() || is_stopped {
                    return Ok(());
                }
                (after, is_at_end) = (Uuid::nil(), false);
                continue;
            };
            let flown = flown.map_err(|why| Error::internal(format!("a batch: {why}")))??;
            for id in &flown.customers {
                flying.remove(id);
            }
            done.written += flown.written;
            done.refused += flown.refused;
            // Two who go on beside each other mark anew whatever the other wrote, and come to no end.
            is_stopped |= is_over() || !flown.is_ours;
        }
    }

    /// The next batch; none if there is none, the mirror rests or is set up otherwise now.
    async fn read(
        &self,
        mirror: &Mirror,
        after: Uuid,
        except: &[CustomerId],
        most: usize,
    ) -> Result<Option<Batch>> {
        let mut tx = self.database.begin_read(self.scope).await?;
        let now = store::mirror(&mut tx, false).await?;
        let batch = match now {
            Some(now) if now.version == mirror.version && now.paused_at.is_none() => {
                batch::read(&mut tx, after, except, most).await?
            }
            _ => None,
        };
        tx.rollback().await?;
        Ok(batch)
    }

    /// Sends a batch and settles its changes.
    async fn fly(&self, client: &Client, batch: Batch) -> Result<Flown, Broken> {
        let (sent, refusals) = send(client, &batch.wanted).await.map_err(Broken::Trouble)?;
        let (mut written, mut deleted) = (Vec::new(), Vec::new());
        for one in &sent {
            match one.fields {
                Some(_) => written.push(one.customer_id),
                None => deleted.push(one.customer_id),
            }
        }
        let mut tx = self.database.begin(self.scope).await?;
        store::lock_progress(&mut tx).await?;
        store::mirrored(&mut tx, &written, &deleted).await?;
        if !refusals.is_empty() {
            store::refused(&mut tx, &refusals).await?;
            let why = match refusals.as_slice() {
                [(_, why)] => format!("1 document: {why}"),
                more => format!("{} documents: {}", more.len(), more[0].1),
            };
            store::log(&mut tx, new_uuid(), LogKind::Refused, None, Some(&why)).await?;
        }
        followers::settle(&mut tx, FOLLOWER, &batch.changes).await?;
        let is_ours = store::went_well(&mut tx, self.holder).await?;
        tx.commit().await?;
        Ok(Flown {
            is_ours,
            customers: batch.customers(),
            written: sent.len() as u64,
            refused: refusals.len() as u64,
        })
    }

    /// Gives the mirror back until a later time, and queues the job that goes on then.
    async fn rest(&self, trouble: &Trouble) -> Result<()> {
        let mut tx = self.database.begin(self.scope).await?;
        let progress = store::progress(&mut tx).await?;
        let longest = match trouble {
            Trouble::Blocked(_) => BLOCKED_WAIT,
            _ => FIRST_WAIT
                .saturating_mul(2u32.saturating_pow(progress.failures.clamp(0, 10).unsigned_abs()))
                .min(LONGEST_WAIT),
        };
        // Half of it is left to chance, so that all mirrors do not come back together.
        let wait = rand::rng().random_range(longest / 2..=longest);
        let until = store::went_wrong(&mut tx, self.holder, trouble.words(), wait).await?;
        if progress.error.as_deref() != Some(trouble.words()) {
            store::log(&mut tx, new_uuid(), LogKind::Trouble, None, Some(trouble.words())).await?;
        }
        enqueue(&mut tx, job().run_at(until)).await?;
        tx.commit().await?;
        tracing::warn!(why = trouble.words(), wait = ?wait, "firestore.mirror waits");
        Ok(())
    }
}

/// Sends documents, as many at a time as go together. Answers those that were taken, and those that were not with the reason.
async fn send<'a>(
    client: &Client,
    wanted: &'a [Wanted],
) -> Result<(Vec<&'a Wanted>, Vec<(CustomerId, String)>), Trouble> {
    let (mut sent, mut refusals) = (Vec::with_capacity(wanted.len()), Vec::new());
    let mut fitting: Vec<&Wanted> = Vec::with_capacity(wanted.len());
    for one in wanted {
        if one.size > document::MOST_BYTES {
            // Firestore would call a message that holds it too large, which sounds as if it were overloaded.
            let why = format!(
                "the document has {} bytes, which is too large for Firestore",
                one.size
            );
            refusals.push((one.customer_id, why));
        } else {
            fitting.push(one);
        }
    }
    let mut parts: Vec<Vec<&Wanted>> = split(fitting);
    while let Some(part) = parts.pop() {
        let writes = part.iter().map(|one| one.write(client.place())).collect();
        match client.commit(writes).await {
            Ok(()) => sent.extend(part),
            Err(Trouble::Refused(why)) => match part.as_slice() {
                [one] => refusals.push((one.customer_id, why)),
                more => {
                    let (left, right) = more.split_at(more.len() / 2);
                    parts.extend([left.to_vec(), right.to_vec()]);
                }
            },
            Err(trouble) => return Err(trouble),
        }
    }
    Ok((sent, refusals))
}

/// Parts of as many documents and bytes as a commit takes.
fn split(all: Vec<&Wanted>) -> Vec<Vec<&Wanted>> {
    let mut parts: Vec<Vec<&Wanted>> = vec![Vec::new()];
    let mut bytes = 0;
    for one in all {
        let is_full = parts.last().is_some_and(|part| part.len() >= batch::SIZE);
        if is_full || bytes + one.size > batch::MOST_BYTES {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += one.size;
        if let Some(part) = parts.last_mut() {
            part.push(one);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

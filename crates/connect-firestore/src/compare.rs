//! Comparing Firestore with what is here, and marking what differs.
//!
//! Two streams in the same order: documents by name, customers by id, whose texts sort as they do. Documents are read first
//! and customers after them, in one snapshot with the changes that wait, so whoever changed in between has a change that
//! waits, or was written after the documents were read. Both are looked at once more, and what stays in motion counts as
//! pending, not as different.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use regulars_database::{Database, Tx};
use regulars_events::followers;
use regulars_jobs::{Context, Failure, Handler, NewJob};
use regulars_kernel::{
    Error, Result, Scope, clock,
    ids::{CustomerId, new_uuid},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    FOLLOWER, batch,
    client::{Client, Firestore, Trouble},
    document::{Fields, differences},
    mirror::QUEUE,
    model::{Comparison, Example, LogKind},
    proto::{Document, Operation, Write},
    store,
};

/// The jobs.
pub const VERIFY: &str = "firestore.verify";
/// See [`VERIFY`].
pub const REPAIR: &str = "firestore.repair";
/// Documents of a page, and customers of a look.
const PAGE: i32 = 300;
/// How often those in motion are looked at.
const LOOKS: usize = 3;
/// Differences that are told one by one.
const EXAMPLES: usize = 20;
/// Bytes of a name, which may be anybody's, that are told.
const TOLD: usize = 100;

/// Compares; and mends, if it is for that.
pub struct CompareJob {
    /// The way there.
    pub firestore: Firestore,
    /// Whether what differs is written anew.
    pub repair: bool,
}

/// A job that compares.
pub fn job(kind: LogKind, log: Uuid) -> NewJob {
    let name = if kind == LogKind::Repair { REPAIR } else { VERIFY };
    NewJob::new(name, json!({"log": log})).key("compare").queue(QUEUE)
}

#[derive(Deserialize)]
struct Input {
    log: Uuid,
}

#[async_trait]
impl Handler for CompareJob {
    fn kind(&self) -> &'static str {
        if self.repair { REPAIR } else { VERIFY }
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let Input { log } = job.input()?;
        let comparing = Comparing {
            database: job.database.clone(),
            scope: job.scope,
            firestore: self.firestore.clone(),
            repair: self.repair,
        };
        let watched = job.clone();
        let done = comparing
            .run(
                &|found, total| watched.progress(found.customers + found.pending, Some(total)),
                &|| watched.cancelled(),
            )
            .await;
        job.check()?;
        let mut tx = job.database.begin(job.scope).await?;
        note(&mut tx, log, &done).await?;
        tx.commit().await?;
        match done {
            Ok(found) => Ok(serde_json::to_value(&found).map_err(Error::from)?),
            Err(Ended::Trouble(trouble @ Trouble::Passing(_))) => {
                Err(Failure::Retry(Ended::Trouble(trouble).into()))
            }
            Err(Ended::Trouble(trouble)) => Err(Failure::Fatal(Ended::Trouble(trouble).into())),
            Err(Ended::Error(error)) => Err(error.into()),
        }
    }
}

/// Tells the log how a comparison ended. One that failed here is tried again, and ends its entry then.
async fn note(tx: &mut Tx, log: Uuid, done: &Result<Comparison, Ended>) -> Result<()> {
    match done {
        Ok(found) => store::log_end(tx, log, Some(&serde_json::to_value(found)?), None).await,
        Err(Ended::Trouble(trouble)) => store::log_end(tx, log, None, Some(trouble.words())).await,
        Err(Ended::Error(_)) => Ok(()),
    }
}

/// Why a comparison did not come to its end.
pub enum Ended {
    /// Firestore did not answer as it should.
    Trouble(Trouble),
    /// Something here.
    Error(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Trouble> for Ended {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Ended> for Error {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Trouble(trouble) => Self::Unavailable(trouble.words().to_owned().into()),
            Ended::Error(error) => error,
        }
    }
}

/// A comparison of one organization: by a job, or by a command.
pub struct Comparing {
    /// The database.
    pub database: Database,
    /// Whose.
    pub scope: Scope,
    /// The way there.
    pub firestore: Firestore,
    /// Whether what differs is marked to be written anew.
    pub repair: bool,
}

/// What is wrong with a document.
enum Fault {
    Different(Vec<String>),
    Missing,
    Superfluous,
}

/// What a look at some customers came to.
#[derive(Default)]
struct Look {
    equal: u64,
    faults: Vec<(CustomerId, Fault)>,
    moving: Vec<CustomerId>,
}

impl Comparing {
    /// Compares everything for somebody at a terminal, and tells the log what came of it: once it is through, since nobody goes on
    /// with what was stopped.
    pub async fn run_noted(
        &self,
        step: &(dyn Fn(&Comparison, u64) + Sync),
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Result<Comparison, Ended> {
        let began = clock::now();
        let done = self.run(step, is_over).await;
        if !is_over() && !matches!(done, Err(Ended::Error(_))) {
            let kind = if self.repair {
                LogKind::Repair
            } else {
                LogKind::Verify
            };
            let log = new_uuid();
            let mut tx = self.database.begin(self.scope).await?;
            tx.set_now(began);
            store::log(&mut tx, log, kind, None, None).await?;
            note(&mut tx, log, &done).await?;
            tx.commit().await?;
        }
        done
    }

    /// Compares everything. `step` hears how far it is, and of how many customers.
    pub async fn run(
        &self,
        step: &(dyn Fn(&Comparison, u64) + Sync),
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Result<Comparison, Ended> {
        let mut tx = self.database.begin_read(self.scope).await?;
        let mirror = store::mirror(&mut tx, false)
            .await?
            .ok_or(Error::NotFound("Firestore mirror"))?;
        let credentials = store::credentials(&mut tx).await?;
        let total = store::count_living(&mut tx).await?.unsigned_abs();
        tx.rollback().await?;
        let client = self.firestore.client(
            self.scope.organization_id,
            mirror.settings().place(),
            credentials.as_ref(),
        )?;

        let mut found = Comparison::default();
        let mut after_name: Option<String> = None;
        let mut after_id = Uuid::nil();
        loop {
            let since = self.now().await?;
            let page = client.page(after_name.as_deref(), PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            after_name = page.last().map(|one| client.place().id(&one.name).to_owned());
            found.documents += page.len() as u64;
            let mut documents = BTreeMap::new();
            let mut strangers = Vec::new();
            for Document { name, fields } in page {
                let id = client.place().id(&name);
                match customer_id(id) {
                    Some(id) => {
                        documents.insert(id, fields);
                    }
                    None => strangers.push(id.to_owned()),
                }
            }
            self.strangers(&client, &mut found, strangers).await?;
            let until = match documents.last_key_value() {
                _ if is_last => Uuid::max(),
                Some((last, _)) => last.0,
                // Nobody's documents only: customers come with a later page.
                None => continue,
            };
            self.range(
                &client,
                &mut found,
                &mut documents,
                (after_id, until),
                since,
                &|found| step(found, total),
            )
            .await?;
            after_id = until;
            if is_last || is_over() {
                return Ok(found);
            }
        }
    }

    async fn now(&self) -> Result<chrono::DateTime<chrono::Utc>> {
        let mut tx = self.database.begin_read(self.scope).await?;
        let now = store::now(&mut tx).await?;
        tx.rollback().await?;
        Ok(now)
    }

    /// Documents whose names are no ids.
    async fn strangers(
        &self,
        client: &Client,
        found: &mut Comparison,
        names: Vec<String>,
    ) -> Result<(), Ended> {
        found.superfluous += names.len() as u64;
        for name in &names {
            tell(found, name, &Fault::Superfluous);
        }
        if self.repair && !names.is_empty() {
            let delete = |name: &String| Write {
                operation: Some(Operation::Delete(client.place().name(name))),
            };
            client.commit(names.iter().map(delete).collect()).await?;
            found.repaired += names.len() as u64;
        }
        Ok(())
    }

    /// Compares the customers of a range with the documents of that range.
    async fn range(
        &self,
        client: &Client,
        found: &mut Comparison,
        documents: &mut BTreeMap<CustomerId, Fields>,
        (mut after, until): (Uuid, Uuid),
        since: chrono::DateTime<chrono::Utc>,
        step: &(dyn Fn(&Comparison) + Sync),
    ) -> Result<(), Ended> {
        loop {
            let mut tx = self.database.begin_read(self.scope).await?;
            let some = store::living(&mut tx, after, until, i64::from(PAGE)).await?;
            let is_last = some.len() < PAGE as usize;
            let end = if is_last {
                until
            } else {
                some.last().map_or(until, |id| id.0)
            };
            // Documents of this part, whoever's they are.
            let rest = documents.split_off(&CustomerId(end));
            let mut there = std::mem::replace(documents, rest);
            if let Some(fields) = documents.remove(&CustomerId(end)) {
                there.insert(CustomerId(end), fields);
            }
            let mut ids: Vec<CustomerId> = some.into_iter().chain(there.keys().copied()).collect();
            ids.sort_unstable();
            ids.dedup();
            let mut look = look(&mut tx, &ids, &there, since).await?;
            tx.rollback().await?;
            for _ in 1..LOOKS {
                let again: Vec<CustomerId> = look
                    .moving
                    .drain(..)
                    .chain(look.faults.drain(..).map(|(id, _)| id))
                    .collect();
                if again.is_empty() {
                    break;
                }
                let once_more = self.look_again(client, &again).await?;
                look.equal += once_more.equal;
                look.faults = once_more.faults;
                look.moving = once_more.moving;
            }
            self.count(found, look).await?;
            step(found);
            if is_last {
                return Ok(());
            }
            after = end;
        }
    }

    async fn look_again(&self, client: &Client, ids: &[CustomerId]) -> Result<Look, Ended> {
        let mut all = Look::default();
        for ids in ids.chunks(PAGE as usize) {
            let since = self.now().await?;
            let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
            let there = client.get(&names).await?;
            let there = there
                .into_iter()
                .filter_map(|one| Some((customer_id(client.place().id(&one.name))?, one.fields)))
                .collect();
            let mut tx = self.database.begin_read(self.scope).await?;
            let look = look(&mut tx, ids, &there, since).await?;
            tx.rollback().await?;
            all.equal += look.equal;
            all.faults.extend(look.faults);
            all.moving.extend(look.moving);
        }
        Ok(all)
    }

    /// Counts what was found, and marks what is to be mended.
    async fn count(&self, found: &mut Comparison, look: Look) -> Result<()> {
        found.equal += look.equal;
        found.customers += look.equal;
        found.pending += look.moving.len() as u64;
        for (id, fault) in &look.faults {
            match fault {
                Fault::Different(_) => {
                    (found.different, found.customers) = (found.different + 1, found.customers + 1);
                }
                Fault::Missing => (found.missing, found.customers) = (found.missing + 1, found.customers + 1),
                Fault::Superfluous => found.superfluous += 1,
            }
            tell(found, &id.to_string(), fault);
        }
        if self.repair && !look.faults.is_empty() {
            let mut tx = self.database.begin(self.scope).await?;
            followers::mark(&mut tx, FOLLOWER, look.faults.iter().map(|(id, _)| *id)).await?;
            tx.commit().await?;
            found.repaired += look.faults.len() as u64;
        }
        Ok(())
    }
}

/// Compares these customers with documents that were read at a time.
async fn look(
    tx: &mut regulars_database::Tx,
    ids: &[CustomerId],
    there: &BTreeMap<CustomerId, Fields>,
    since: chrono::DateTime<chrono::Utc>,
) -> Result<Look> {
    let waiting = followers::waiting_among(tx, FOLLOWER, ids).await?;
    let lately: HashSet<CustomerId> = store::mirrored_since(tx, ids, since).await?.into_iter().collect();
    let wanted: HashMap<CustomerId, _> = batch::wanted(tx, ids)
        .await?
        .into_iter()
        .map(|one| (one.customer_id, one.fields))
        .collect();
    let mut look = Look::default();
    for id in ids {
        if waiting.contains(id) || lately.contains(id) {
            look.moving.push(*id);
            continue;
        }
        let wanted = wanted.get(id).and_then(Option::as_ref);
        let fault = match (wanted, there.get(id)) {
            (Some(wanted), Some(there)) => {
                let fields = differences(wanted, there);
                (!fields.is_empty()).then_some(Fault::Different(fields))
            }
            (Some(_), None) => Some(Fault::Missing),
            (None, Some(_)) => Some(Fault::Superfluous),
            (None, None) => continue,
        };
        match fault {
            Some(fault) => look.faults.push((*id, fault)),
            None => look.equal += 1,
        }
    }
    Ok(look)
}

fn tell(found: &mut Comparison, id: &str, fault: &Fault) {
    if found.examples.len() < EXAMPLES {
        let (fault, fields) = match fault {
            Fault::Different(fields) => ("different", fields.clone()),
            Fault::Missing => ("missing", Vec::new()),
            Fault::Superfluous => ("superfluous", Vec::new()),
        };
        found.examples.push(Example {
            id: id.chars().take(TOLD).collect(),
            fault: fault.to_owned(),
            fields,
        });
    }
}

/// The id that a document's name is, written as we write it.
fn customer_id(name: &str) -> Option<CustomerId> {
    let id: Uuid = name.parse().ok()?;
    (id.to_string() == name).then_some(CustomerId(id))
}

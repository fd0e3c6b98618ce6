//! Live hints: what was just committed, for open pages and streams, across servers.
//!
//! Hints may be lost, doubled or late; the truth is in the table. A subscriber that fell behind is told to read again.
//!
//! Between servers hints travel by NOTIFY, but never inside the transaction that made them: PostgreSQL takes one lock
//! for the whole cluster while a transaction that notified commits, so a NOTIFY in each business transaction would make
//! all their commits wait for each other. Instead each server gathers the hints of a short while after their commits
//! and sends them in a transaction of their own.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use regulars_database::Database;
use regulars_kernel::{
    Error, Result,
    ids::{CustomerId, EventId, OrganizationId, new_uuid},
};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgListener;
use tokio::{
    sync::{broadcast, mpsc},
    task::JoinHandle,
};
use uuid::Uuid;

const CHANNEL: &str = "regulars_events";
/// How long hints are gathered before they are sent to other servers.
const GATHER: Duration = Duration::from_millis(50);
/// Hints a subscriber may fall behind before it has to read again.
const BACKLOG: usize = 256;
/// Hints that may wait to be sent to other servers before they are told to read again.
const OUTBOX: usize = 4096;
/// Ids named in one hint; a larger change is told as “much happened”.
const NAMED: usize = 100;
/// PostgreSQL takes payloads below 8000 bytes.
const PAYLOAD: usize = 7900;

/// What was just committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Whose.
    pub organization_id: OrganizationId,
    /// The events, in the order in which they were written; empty when there are too many to name.
    pub event_ids: Vec<EventId>,
    /// Their kinds, each once.
    pub kinds: Vec<String>,
    /// The customers concerned, each once; empty when there are too many to name.
    pub customer_ids: Vec<CustomerId>,
    /// Whether there were too many to name: read again what you show.
    pub many: bool,
}

impl Hint {
    pub(crate) fn about(
        organization_id: OrganizationId,
        ids: &[EventId],
        kinds: &[&'static str],
        customers: &[Option<CustomerId>],
    ) -> Self {
        let many = ids.len() > NAMED;
        let kinds: BTreeSet<_> = kinds.iter().copied().collect();
        let customers: BTreeSet<_> = if many {
            BTreeSet::new()
        } else {
            customers.iter().flatten().copied().collect()
        };
        Self {
            organization_id,
            event_ids: if many { Vec::new() } else { ids.to_vec() },
            kinds: kinds.into_iter().map(str::to_owned).collect(),
            customer_ids: customers.into_iter().collect(),
            many,
        }
    }
}

impl Hint {
    fn absorb(&mut self, other: Self) {
        for kind in other.kinds {
            if !self.kinds.contains(&kind) {
                self.kinds.push(kind);
            }
        }
        if self.many || other.many || self.event_ids.len() + other.event_ids.len() > NAMED {
            self.name_nothing();
            return;
        }
        self.event_ids.extend(other.event_ids);
        for customer in other.customer_ids {
            if !self.customer_ids.contains(&customer) {
                self.customer_ids.push(customer);
            }
        }
    }

    fn name_nothing(&mut self) {
        self.event_ids.clear();
        self.customer_ids.clear();
        self.many = true;
    }
}

/// What a subscriber hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Something of its organization was committed.
    Happened(Arc<Hint>),
    /// Hints were lost: read again what you show.
    Resync,
}

/// Hands hints to subscribers in this process and, once [`Hub::connect`] was called, to other servers.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    server: Uuid,
    channels: Mutex<HashMap<OrganizationId, broadcast::Sender<Message>>>,
    outbox: OnceLock<mpsc::Sender<Hint>>,
    /// Whether a hint found the outbox full, so that other servers have to read again.
    overflowed: AtomicBool,
}

/// The hub of this process, which [`crate::append`] feeds.
pub fn global() -> &'static Hub {
    static HUB: OnceLock<Hub> = OnceLock::new();
    HUB.get_or_init(Hub::new)
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

impl Hub {
    /// A hub that hears only its own process.
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                server: new_uuid(),
                channels: Mutex::default(),
                outbox: OnceLock::new(),
                overflowed: AtomicBool::new(false),
            }),
        }
    }

    /// Hears what is committed in one organization from now on.
    pub fn subscribe(&self, organization_id: OrganizationId) -> Subscription {
        let receiver = self
            .channels()
            .entry(organization_id)
            .or_insert_with(|| broadcast::channel(BACKLOG).0)
            .subscribe();
        Subscription { receiver }
    }

    /// Tells subscribers here and on other servers.
    pub fn publish(&self, hint: Hint) {
        if let Some(outbox) = self.inner.outbox.get()
            && outbox.try_send(hint.clone()).is_err()
        {
            self.inner.overflowed.store(true, Ordering::Relaxed);
        }
        self.deliver(hint);
    }

    fn deliver(&self, hint: Hint) {
        let organization_id = hint.organization_id;
        self.tell(organization_id, Message::Happened(Arc::new(hint)));
    }

    fn tell(&self, organization_id: OrganizationId, message: Message) {
        let mut channels = self.channels();
        // A channel whose last subscriber left is removed with the first hint nobody hears.
        if channels
            .get(&organization_id)
            .is_some_and(|channel| channel.send(message).is_err())
        {
            channels.remove(&organization_id);
        }
    }

    fn resync_all(&self) {
        for channel in self.channels().values() {
            let _nobody_listens = channel.send(Message::Resync);
        }
    }

    fn channels(&self) -> std::sync::MutexGuard<'_, HashMap<OrganizationId, broadcast::Sender<Message>>> {
        self.inner.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One watcher of one organization.
pub struct Subscription {
    receiver: broadcast::Receiver<Message>,
}

impl Subscription {
    /// The next message; none when the hub is gone.
    pub async fn next(&mut self) -> Option<Message> {
        match self.receiver.recv().await {
            Ok(message) => Some(message),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                // What is still waiting is older than the reading that follows.
                self.receiver = self.receiver.resubscribe();
                Some(Message::Resync)
            }
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// What travels between servers.
#[derive(Serialize, Deserialize)]
struct Parcel {
    server: Uuid,
    hints: Vec<Hint>,
    /// Hints were lost on the way out.
    resync: bool,
}

/// The exchange of hints with other servers; it ends when this is dropped.
pub struct Connection {
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Connection {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Hub {
    /// Begins to exchange hints with other servers. Once for each hub; it keeps one connection of the pool.
    pub async fn connect(&self, database: &Database) -> Result<Connection> {
        let (outbox, waiting) = mpsc::channel(OUTBOX);
        let mut listener = PgListener::connect_with(database.outside_organizations()).await?;
        listener.listen(CHANNEL).await?;
        self.inner
            .outbox
            .set(outbox)
            .map_err(|_| Error::internal("the hub is already connected to other servers"))?;
        Ok(Connection {
            tasks: [
                tokio::spawn(self.clone().send(database.clone(), waiting)),
                tokio::spawn(self.clone().hear(listener)),
            ],
        })
    }

    async fn send(self, database: Database, mut waiting: mpsc::Receiver<Hint>) {
        while let Some(first) = waiting.recv().await {
            tokio::time::sleep(GATHER).await;
            let mut hints = vec![first];
            while let Ok(hint) = waiting.try_recv() {
                hints.push(hint);
            }
            let lost = self.inner.overflowed.swap(false, Ordering::Relaxed);
            let payloads = pack(self.inner.server, hints, lost);
            let sent = sqlx::query("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload")
                .bind(CHANNEL)
                .bind(payloads)
                .execute(database.outside_organizations())
                .await;
            if let Err(error) = sent {
                tracing::warn!(%error, "other servers could not be told what happened");
                self.inner.overflowed.store(true, Ordering::Relaxed);
            }
        }
    }

    async fn hear(self, mut listener: PgListener) {
        loop {
            match listener.try_recv().await {
                Ok(Some(notification)) => match serde_json::from_str::<Parcel>(notification.payload()) {
                    Ok(parcel) if parcel.server == self.inner.server => {}
                    Ok(parcel) => {
                        if parcel.resync {
                            self.resync_all();
                        }
                        parcel.hints.into_iter().for_each(|hint| self.deliver(hint));
                    }
                    // A server of another version: what it says is not understood, but something happened.
                    Err(_) => self.resync_all(),
                },
                // The connection was lost and is there again; what was said meanwhile is unknown.
                Ok(None) => self.resync_all(),
                Err(error) => {
                    tracing::warn!(%error, "hints of other servers cannot be heard; trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    self.resync_all();
                }
            }
        }
    }
}

/// Merges the hints of each organization and cuts them into payloads that PostgreSQL takes.
fn pack(server: Uuid, hints: Vec<Hint>, lost: bool) -> Vec<String> {
    let mut merged: Vec<Hint> = Vec::new();
    let mut place: HashMap<OrganizationId, usize> = HashMap::new();
    for hint in hints {
        if let Some(known) = place
            .get(&hint.organization_id)
            .and_then(|at| merged.get_mut(*at))
        {
            known.absorb(hint);
        } else {
            place.insert(hint.organization_id, merged.len());
            merged.push(hint);
        }
    }
    let write = |hints: Vec<Hint>, resync: bool| {
        serde_json::to_string(&Parcel {
            server,
            hints,
            resync,
        })
        .expect("ids and strings are always JSON")
    };
    let mut payloads = Vec::new();
    if lost {
        payloads.push(write(Vec::new(), true));
    }
    for mut hint in merged {
        let mut payload = write(vec![hint.clone()], false);
        if payload.len() > PAYLOAD {
            hint.name_nothing();
            payload = write(vec![hint], false);
        }
        payloads.push(payload);
    }
    payloads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(organization_id: OrganizationId, events: usize) -> Hint {
        let ids: Vec<_> = (0..events).map(|_| EventId::new()).collect();
        let customers: Vec<_> = (0..events).map(|_| Some(CustomerId::new())).collect();
        Hint::about(
            organization_id,
            &ids,
            &vec!["customer.created"; events],
            &customers,
        )
    }

    #[test]
    fn hints_of_one_organization_travel_as_one_that_fits() {
        let (here, there) = (OrganizationId::new(), OrganizationId::new());
        let mut hints: Vec<_> = (0..60).map(|_| hint(here, 3)).collect();
        hints.push(hint(there, 2));
        let payloads = pack(Uuid::nil(), hints, true);
        assert_eq!(payloads.len(), 3);
        assert!(payloads.iter().all(|payload| payload.len() <= PAYLOAD));
        let parcels: Vec<Parcel> = payloads
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
        assert!(parcels[0].resync);
        assert!(parcels[1].hints[0].many && parcels[1].hints[0].event_ids.is_empty());
        assert_eq!(parcels[2].hints[0].event_ids.len(), 2);
    }

    #[tokio::test]
    async fn a_subscriber_hears_its_organization_in_order_and_is_told_when_it_fell_behind() {
        let hub = Hub::new();
        let (here, there) = (OrganizationId::new(), OrganizationId::new());
        let mut subscription = hub.subscribe(here);
        let (first, second) = (hint(here, 1), hint(here, 2));
        hub.publish(hint(there, 1));
        hub.publish(first.clone());
        hub.publish(second.clone());
        assert_eq!(
            subscription.next().await,
            Some(Message::Happened(Arc::new(first)))
        );
        assert_eq!(
            subscription.next().await,
            Some(Message::Happened(Arc::new(second)))
        );
        for _ in 0..=BACKLOG {
            hub.publish(hint(here, 1));
        }
        assert_eq!(subscription.next().await, Some(Message::Resync));
        let last = hint(here, 1);
        hub.publish(last.clone());
        assert_eq!(subscription.next().await, Some(Message::Happened(Arc::new(last))));
    }
}

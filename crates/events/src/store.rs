//! Writing events with the change that makes them true, and reading them back.

use std::{sync::LazyLock, time::Duration};

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use regulars_database::Tx;
use regulars_kernel::{
    Boxed, Cursor, Error, Page, Result, Sort, Total, clock,
    ids::{CustomerId, EventId, OrganizationId},
    paging::CursorError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    followers,
    hub::{self, Hint},
};

/// Something that happened, to be written down. Who did it and by which request comes from the transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// The customer on whose timeline it stands.
    pub customer_id: Option<CustomerId>,
    /// `noun.verb`; see [`crate::KINDS`].
    pub kind: &'static str,
    /// The facts.
    pub data: Value,
    /// When, if not at the time of the transaction.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl NewEvent {
    /// An event of this kind.
    pub fn new(kind: &'static str) -> Self {
        Self {
            customer_id: None,
            kind,
            data: json!({}),
            occurred_at: None,
        }
    }

    /// On this customer's timeline.
    #[must_use]
    pub fn customer(mut self, id: CustomerId) -> Self {
        self.customer_id = Some(id);
        self
    }

    /// With these facts.
    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    /// At this time instead of now.
    #[must_use]
    pub fn at(mut self, time: DateTime<Utc>) -> Self {
        self.occurred_at = Some(time);
        self
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// The customer on whose timeline it stands.
    pub customer_id: Option<CustomerId>,
    /// `noun.verb`; of an activity its kind, such as `page_view`.
    #[schema(example = "customer.updated")]
    pub kind: String,
    /// Who did it: `user`, `key` or `system`.
    #[schema(example = "user")]
    pub actor_kind: String,
    /// Which user or key.
    pub actor_id: Option<Uuid>,
    /// The facts.
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"changes": {"status": {"from": "prospect", "to": "active"}}}))]
    pub data: Value,
    /// When.
    pub occurred_at: DateTime<Utc>,
}

impl Event {
    /// When it was told, which may be long after it happened.
    pub fn told_at(&self) -> DateTime<Utc> {
        let told = self.id.0.get_timestamp().and_then(|time| {
            let (seconds, nanoseconds) = time.to_unix();
            DateTime::from_timestamp(seconds.try_into().ok()?, nanoseconds)
        });
        told.unwrap_or(self.occurred_at)
    }
}

/// Tells whoever shows a customer to look again, where a change goes on that was told when it began. No event is written; who
/// changes what followers show marks it with [`followers::changed`].
pub fn touch(tx: &mut Tx, kind: &'static str, customer: CustomerId) {
    let hint = Hint::about(tx.organization_id(), &[], &[kind], &[Some(customer)]);
    tx.after_commit(move || hub::global().publish(hint));
}

/// Writes one event down.
pub async fn append(tx: &mut Tx, event: NewEvent) -> Result<EventId> {
    let ids = append_many(tx, vec![event]).await?;
    ids.first()
        .copied()
        .ok_or_else(|| Error::internal("an event was not written"))
}

/// Writes many events down with one statement. Answers their ids in the same order.
pub fn append_many(tx: &mut Tx, events: Vec<NewEvent>) -> Boxed<'_, Vec<EventId>> {
    Box::pin(append_many_here(tx, events))
}

async fn append_many_here(tx: &mut Tx, events: Vec<NewEvent>) -> Result<Vec<EventId>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let (organization_id, actor, now) = (tx.organization_id(), tx.actor(), tx.now());
    let request_id = tx.request_id().map(str::to_owned);
    let bulk_id = tx.bulk_id();
    let mut ids = Vec::with_capacity(events.len());
    let mut customers = Vec::with_capacity(events.len());
    let mut kinds = Vec::with_capacity(events.len());
    let mut facts = Vec::with_capacity(events.len());
    let mut times = Vec::with_capacity(events.len());
    for event in events {
        ids.push(EventId::new());
        customers.push(event.customer_id);
        kinds.push(event.kind);
        facts.push(event.data);
        times.push(event.occurred_at.unwrap_or(now));
    }
    let raw_ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let raw_customers: Vec<Option<Uuid>> = customers.iter().map(|id| id.map(|id| id.0)).collect();
    let raw_kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    // Whoever follows is told in the same statement, so that an organization that nobody follows pays no round trip for it.
    let (marks, changed) = followers::numbered(customers.iter().flatten().copied());
    let marked = sqlx::query!(
        "WITH told AS (
           INSERT INTO events (organization_id, id, customer_id, kind, actor_kind, actor_id, data, occurred_at, request_id, bulk_id)
           SELECT $1, new.id, new.customer_id, new.kind, $2, $3, new.data, new.occurred_at, $4, $10
           FROM unnest($5::uuid[], $6::uuid[], $7::text[], $8::jsonb[], $9::timestamptz[])
             AS new (id, customer_id, kind, data, occurred_at)
         )
         INSERT INTO customer_changes (organization_id, follower, id, customer_id, changed_at)
         SELECT $1, f.follower, n.id, n.customer_id, $13
         FROM customer_followers f CROSS JOIN unnest($11::uuid[], $12::uuid[]) n (id, customer_id)",
        organization_id.0,
        actor.kind(),
        actor.id(),
        request_id,
        &raw_ids,
        &raw_customers as &[Option<Uuid>],
        &raw_kinds,
        &facts,
        &times,
        bulk_id,
        &marks,
        &changed,
        clock::now(),
    )
    .execute(tx.conn())
    .await?;
    followers::wake_after_commit(tx, marked.rows_affected());
    let hint = Hint::about(organization_id, &ids, &kinds, &customers);
    tx.after_commit(move || hub::global().publish(hint));
    Ok(ids)
}

/// What was told last, whenever it happened.
pub async fn latest(tx: &mut Tx, most: u32) -> Result<Vec<Event>> {
    let events = sqlx::query_as!(
        Event,
        r#"SELECT id AS "id: EventId", customer_id AS "customer_id: CustomerId", kind, actor_kind, actor_id, data,
                  occurred_at
           FROM events ORDER BY id DESC LIMIT $1"#,
        i64::from(most),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(events)
}

/// The order of a timeline: latest first.
pub const TIMELINE_ORDER: &[Sort] = &[Sort::descending("occurred_at")];

/// The most events that are counted exactly.
const COUNTED: i64 = 1_000;

/// What happened to a customer and what they did, latest first; of these kinds only, if given. Events and activities
/// (`regulars_activities`, whose kinds have no dot) are one timeline: each gives its latest by its index, and of the few
/// that are left the latest make the page.
pub async fn timeline(
    tx: &mut Tx,
    customer_id: CustomerId,
    kinds: Option<&[String]>,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<Event>> {
    let broken = |why: CursorError| Error::malformed("?cursor", "cursor_invalid", why.to_string());
    let (before, before_id) = match cursor {
        Some(cursor) => (cursor.value::<DateTime<Utc>>(0).map_err(broken)?, cursor.id),
        None => (END, Uuid::max()),
    };
    let mut events = read(tx, customer_id, kinds, (before, before_id), i64::from(limit) + 1).await?;
    let total = total(tx, customer_id, kinds, cursor.is_some()).await?;
    let more = events.len() > limit as usize;
    events.truncate(limit as usize);
    let next = events
        .last()
        .filter(|_| more)
        .map(|last| Cursor::new(TIMELINE_ORDER, vec![json!(last.occurred_at)], last.id.0));
    Ok(Page::new(events, next, total))
}

/// Events may be told of the future too, so the first page begins at the end of all time, the year 9999. It is a value, not
/// what `coalesce()` makes of none: that is not leakproof, so behind the wall the place would be no condition of the index,
/// and each page would read all that is later.
const END: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(end) => end,
    None => DateTime::UNIX_EPOCH,
};

/// So many before a place. The first bound of activities leaves out months that are later altogether, which the second does
/// not.
async fn read(
    tx: &mut Tx,
    customer_id: CustomerId,
    kinds: Option<&[String]>,
    (before, before_id): (DateTime<Utc>, Uuid),
    most: i64,
) -> Result<Vec<Event>> {
    let events = sqlx::query_as(
        "SELECT id, customer_id, kind, actor_kind, actor_id, data, occurred_at FROM (
           (SELECT id, customer_id, kind, actor_kind, actor_id, data, occurred_at FROM events
            WHERE customer_id = $1 AND (occurred_at, id) < ($2, $3)
              AND ($4::text[] IS NULL OR kind = ANY($4))
            ORDER BY occurred_at DESC, id DESC LIMIT $5)
           UNION ALL
           (SELECT a.id, a.customer_id, a.kind, CASE WHEN a.key_id IS NULL THEN 'system' ELSE 'key' END, a.key_id,
              jsonb_strip_nulls(jsonb_build_object(
                'name', a.name, 'url', a.url, 'title', a.title, 'referrer', a.referrer, 'utm', a.utm,
                'product_id', a.product_id, 'order_id', a.order_id, 'query', a.query,
                'amount', CASE WHEN a.amount IS NOT NULL THEN jsonb_build_object('amount', round(a.amount, greatest(scale(trim_scale(a.amount)), 2))::text, 'currency', a.currency) END,
                'session_id', a.session_id, 'visitor_id', a.visitor_id, 'user_agent', a.user_agent, 'ip', host(a.ip),
                'geo', a.geo, 'data', a.data)), a.occurred_at
            FROM activities a
            WHERE a.customer_id = $1 AND a.occurred_at <= $2
              AND (a.occurred_at, a.id) < ($2, $3)
              AND ($4::text[] IS NULL OR a.kind = ANY($4))
            ORDER BY a.occurred_at DESC, a.id DESC LIMIT $5)
         ) both_of_them ORDER BY occurred_at DESC, id DESC LIMIT $5",
    );
    let events = events
        .bind(customer_id)
        .bind(before)
        .bind(before_id)
        .bind(kinds)
        .bind(most);
    Ok(events.fetch_all(tx.conn()).await?)
}

/// Whose events of which kinds.
type Counted = (OrganizationId, CustomerId, Option<Vec<String>>);

/// Who turns a page was told a moment ago how many there are; over all months that takes as long as the page itself.
static TOTALS: LazyLock<Cache<Counted, Total>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(10_000)
        .time_to_live(Duration::from_mins(1))
        .build()
});

/// How many there are, of which the first [`COUNTED`] are counted; to who goes on, as it was a moment ago.
async fn total(
    tx: &mut Tx,
    customer_id: CustomerId,
    kinds: Option<&[String]>,
    goes_on: bool,
) -> Result<Total> {
    let key = (tx.organization_id(), customer_id, kinds.map(<[String]>::to_vec));
    if let Some(total) = TOTALS.get(&key).filter(|_| goes_on) {
        return Ok(total);
    }
    let counted: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (
           (SELECT FROM events WHERE customer_id = $1 AND ($2::text[] IS NULL OR kind = ANY($2)) LIMIT $3)
           UNION ALL
           -- In the order of the index, so that it is read: where one customer has much, the planner would rather read all.
           (SELECT FROM activities WHERE customer_id = $1 AND ($2::text[] IS NULL OR kind = ANY($2))
            ORDER BY occurred_at DESC, id DESC LIMIT $3)
         ) found",
    )
    .bind(customer_id)
    .bind(kinds)
    .bind(COUNTED + 1)
    .fetch_one(tx.conn())
    .await?;
    let total = if counted > COUNTED {
        Total::about(COUNTED)
    } else {
        Total::exact(counted)
    };
    TOTALS.insert(key, total);
    Ok(total)
}

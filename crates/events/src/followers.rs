//! Followers: whoever must hear of every change of a customer, such as a mirror of customers in another system.
//!
//! A change is marked in the transaction that makes it, so none is lost and none is told that did not happen. Marks are only
//! added and taken away: nobody waits for anybody, and two transactions that change the same customers in another order do
//! not block each other. A follower reads marks and customers in one snapshot, does its work, and then settles just the
//! marks it had read. If somebody else settled one of them meanwhile, both have worked, in an order that nobody knows: the
//! customer is marked anew, so that what is older never stays.
//!
//! Organizations that nobody follows pay an index lookup inside the statement that writes events.

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Result, clock,
    ids::{CustomerId, OrganizationId, new_uuid},
};
use sqlx::AssertSqlSafe;
use tokio::sync::Notify;
use uuid::Uuid;

/// A change that a follower has not dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its id; rises with the time at which it was written.
    pub id: Uuid,
    /// Who changed.
    pub customer_id: CustomerId,
    /// When.
    pub changed_at: DateTime<Utc>,
}

/// What waits for a follower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many changes, counted up to a bound.
    pub changes: i64,
    /// When the oldest was made.
    pub since: Option<DateTime<Utc>>,
}

/// Marks customers as changed where no event says so: their figures, their activities, the name of their tag.
pub async fn changed(tx: &mut Tx, customers: impl IntoIterator<Item = CustomerId>) -> Result<()> {
    let (ids, customers) = numbered(customers);
    if ids.is_empty() {
        return Ok(());
    }
    let organization_id = tx.organization_id();
    let marked = sqlx::query(
        "INSERT INTO customer_changes (organization_id, follower, id, customer_id, changed_at)
         SELECT $1, f.follower, n.id, n.customer_id, $4
         FROM customer_followers f CROSS JOIN unnest($2::uuid[], $3::uuid[]) n (id, customer_id)",
    )
    .bind(organization_id)
    .bind(ids)
    .bind(customers)
    .bind(clock::now())
    .execute(tx.conn())
    .await?;
    wake_after_commit(tx, marked.rows_affected());
    Ok(())
}

/// Marks all customers whom a query gives, however many they are: `who` selects one column, and `$1` in it is `key`.
pub async fn changed_among(tx: &mut Tx, who: &'static str, key: Uuid) -> Result<()> {
    let organization_id = tx.organization_id();
    let now = clock::now();
    // Version 7 as RFC 9562 has it, made where the rows are: milliseconds first, the rest left to chance.
    let statement = format!(
        "INSERT INTO customer_changes (organization_id, follower, id, customer_id, changed_at)
         SELECT $2, f.follower, (lpad(to_hex($3), 12, '0') || '7' || substr(c.chance, 1, 3) || '8' || substr(c.chance, 4, 15))::uuid,
           c.id, $4
         FROM customer_followers f CROSS JOIN (
           SELECT w.id, md5(w.id::text || random()::text) AS chance FROM ({who}) w (id)) c"
    );
    let marked = sqlx::query(AssertSqlSafe(statement))
        .bind(key)
        .bind(organization_id)
        .bind(now.timestamp_millis())
        .bind(now)
        .execute(tx.conn())
        .await?;
    wake_after_commit(tx, marked.rows_affected());
    Ok(())
}

/// Each once, with an id for its mark.
pub(crate) fn numbered(customers: impl IntoIterator<Item = CustomerId>) -> (Vec<Uuid>, Vec<Uuid>) {
    let distinct: HashSet<CustomerId> = customers.into_iter().collect();
    distinct.into_iter().map(|id| (new_uuid(), id.0)).unzip()
}

/// Tells whoever works for followers, once the marks can be seen.
pub(crate) fn wake_after_commit(tx: &mut Tx, marked: u64) {
    if marked > 0 {
        let organization_id = tx.organization_id();
        tx.after_commit(move || wake(organization_id));
    }
}

/// Begins to mark changes for a follower. Transactions that are under way may not do so yet; see [`horizon`].
pub async fn follow(tx: &mut Tx, follower: &'static str) -> Result<()> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    sqlx::query(
        "INSERT INTO customer_followers (organization_id, follower, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(organization_id)
    .bind(follower)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks no more changes for a follower, and forgets those there are.
pub async fn unfollow(tx: &mut Tx, follower: &'static str) -> Result<()> {
    sqlx::query("DELETE FROM customer_followers WHERE follower = $1")
        .bind(follower)
        .execute(tx.conn())
        .await?;
    sqlx::query("DELETE FROM customer_changes WHERE follower = $1")
        .bind(follower)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The number of this transaction: once [`is_past`] says so, every transaction that had begun to write before it has ended.
pub async fn horizon(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT pg_current_xact_id()::text::bigint")
        .fetch_one(tx.conn())
        .await?)
}

/// Whether nothing is under way any more that had begun before a [`horizon`].
pub async fn is_past(tx: &mut Tx, horizon: i64) -> Result<bool> {
    Ok(
        sqlx::query_scalar("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= $1")
            .bind(horizon)
            .fetch_one(tx.conn())
            .await?,
    )
}

/// The changes behind an id, oldest first, without those of some customers.
pub async fn changes(
    tx: &mut Tx,
    follower: &'static str,
    after: Uuid,
    except: &[CustomerId],
    most: i64,
) -> Result<Vec<Change>> {
    let rows: Vec<(Uuid, CustomerId, DateTime<Utc>)> = sqlx::query_as(
        "SELECT id, customer_id, changed_at FROM customer_changes
         WHERE follower = $1 AND id > $2 AND customer_id <> ALL ($3) ORDER BY id LIMIT $4",
    )
    .bind(follower)
    .bind(after)
    .bind(except)
    .bind(most)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, customer_id, changed_at)| Change {
            id,
            customer_id,
            changed_at,
        })
        .collect())
}

/// Takes away the changes that were dealt with. A customer of whom somebody else took one away is marked anew.
pub async fn settle(tx: &mut Tx, follower: &'static str, dealt_with: &[Change]) -> Result<()> {
    let ids: Vec<Uuid> = dealt_with.iter().map(|change| change.id).collect();
    let taken: Vec<Uuid> =
        sqlx::query_scalar("DELETE FROM customer_changes WHERE follower = $1 AND id = ANY ($2) RETURNING id")
            .bind(follower)
            .bind(&ids)
            .fetch_all(tx.conn())
            .await?;
    if taken.len() == ids.len() {
        return Ok(());
    }
    let taken: HashSet<Uuid> = taken.into_iter().collect();
    let lost = dealt_with
        .iter()
        .filter(|change| !taken.contains(&change.id))
        .map(|change| change.customer_id);
    mark(tx, follower, lost).await
}

/// Marks customers for one follower alone, as if they had changed now.
pub async fn mark(
    tx: &mut Tx,
    follower: &'static str,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<()> {
    let (ids, customers) = numbered(customers);
    if ids.is_empty() {
        return Ok(());
    }
    let organization_id = tx.organization_id();
    let marked = sqlx::query(
        "INSERT INTO customer_changes (organization_id, follower, id, customer_id, changed_at)
         SELECT $1, $2, n.id, n.customer_id, $5 FROM unnest($3::uuid[], $4::uuid[]) n (id, customer_id)",
    )
    .bind(organization_id)
    .bind(follower)
    .bind(ids)
    .bind(customers)
    .bind(clock::now())
    .execute(tx.conn())
    .await?;
    wake_after_commit(tx, marked.rows_affected());
    Ok(())
}

/// How many changes wait, up to `most`, and since when.
pub async fn waiting(tx: &mut Tx, follower: &'static str, most: i64) -> Result<Waiting> {
    let (changes, since) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM (SELECT FROM customer_changes WHERE follower = $1 LIMIT $2) few),
                (SELECT changed_at FROM customer_changes WHERE follower = $1 ORDER BY id LIMIT 1)",
    )
    .bind(follower)
    .bind(most)
    .fetch_one(tx.conn())
    .await?;
    Ok(Waiting { changes, since })
}

/// Of some customers those of whom a change waits.
pub async fn waiting_among(
    tx: &mut Tx,
    follower: &'static str,
    customers: &[CustomerId],
) -> Result<HashSet<CustomerId>> {
    let found: Vec<CustomerId> = sqlx::query_scalar(
        "SELECT DISTINCT customer_id FROM customer_changes WHERE follower = $1 AND customer_id = ANY ($2)",
    )
    .bind(follower)
    .bind(customers)
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().collect())
}

/// Organizations in which something was marked here and not yet heard of.
static CHANGED: LazyLock<Mutex<HashSet<OrganizationId>>> = LazyLock::new(Mutex::default);
static NEWS: Notify = Notify::const_new();

fn wake(organization_id: OrganizationId) {
    let is_new = CHANGED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(organization_id);
    if is_new {
        NEWS.notify_one();
    }
}

/// Waits until changes were marked by this process, and answers in which organizations. A hint: what other processes marked,
/// or this one before it died, is in the table alone.
pub async fn news() -> HashSet<OrganizationId> {
    loop {
        let changed = std::mem::take(&mut *CHANGED.lock().unwrap_or_else(PoisonError::into_inner));
        if !changed.is_empty() {
            return changed;
        }
        NEWS.notified().await;
    }
}

//! Rows of `webhook_events` as the inbox's pages ask for them: the dead first, by the reason, many at once.

use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::{ConnectionId, WebhookEventId},
};
use sqlx::{Postgres, QueryBuilder};

use super::events::{COLUMNS, conditions};
use crate::model::{FailureGroup, WebhookEvent, WebhookFilter};

/// Messages behind an id, newest first.
pub async fn list(
    tx: &mut Tx,
    filter: &WebhookFilter,
    after: Option<WebhookEventId>,
    limit: i64,
) -> Result<Vec<WebhookEvent>> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS);
    conditions(&mut sql, filter);
    if let Some(after) = after {
        sql.push(" AND id < ").push_bind(after.0);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    Ok(sql.build_query_as().fetch_all(tx.conn()).await?)
}

/// The topics that there are, by name: each is looked up behind the one before, however many messages it has.
pub async fn topics(tx: &mut Tx, most: i64) -> Result<Vec<String>> {
    let topics = sqlx::query_scalar!(
        r#"WITH RECURSIVE found AS (
             (SELECT topic FROM webhook_events ORDER BY topic LIMIT 1)
             UNION ALL
             SELECT (SELECT e.topic FROM webhook_events e WHERE e.topic > found.topic ORDER BY e.topic LIMIT 1) FROM found WHERE found.topic IS NOT NULL
           )
           SELECT topic AS "topic!" FROM found WHERE topic IS NOT NULL LIMIT $1"#,
        most
    );
    Ok(topics.fetch_all(tx.conn()).await?)
}

/// Why the newest dead messages of a connection failed, the most frequent reason first.
pub async fn failures(tx: &mut Tx, connection_id: ConnectionId) -> Result<Vec<FailureGroup>> {
    let groups = sqlx::query_as!(
        FailureGroup,
        r#"SELECT topic AS "topic!", coalesce(error, '') AS "error!", count(*) AS "count!",
                  (array_agg(id ORDER BY id DESC))[1] AS "newest!: WebhookEventId", max(received_at) AS "received_at!"
           FROM (SELECT id, topic, error, received_at FROM webhook_events WHERE connection_id = $1 AND state = 'dead' ORDER BY id DESC LIMIT 1000) newest
           GROUP BY topic, error ORDER BY count(*) DESC, max(received_at) DESC LIMIT 20"#,
        connection_id.0
    );
    Ok(groups.fetch_all(tx.conn()).await?)
}

/// Lets messages be processed again, the oldest first, so many at most.
pub async fn replay(tx: &mut Tx, filter: &WebhookFilter, most: i64) -> Result<u64> {
    let now = tx.now();
    let mut sql = QueryBuilder::new(
        "UPDATE webhook_events SET state = 'queued', attempts = 0, error = NULL, result = NULL, processed_at = NULL, run_at = ",
    );
    sql.push_bind(now);
    chosen(&mut sql, filter, most);
    Ok(sql.build().execute(tx.conn()).await?.rows_affected())
}

/// Puts messages aside that are not processed, the oldest first, so many at most.
pub async fn discard(tx: &mut Tx, filter: &WebhookFilter, most: i64) -> Result<u64> {
    let mut sql = QueryBuilder::new("UPDATE webhook_events SET state = 'discarded'");
    chosen(&mut sql, filter, most);
    sql.push(" AND state IN ('queued', 'dead', 'ignored')");
    Ok(sql.build().execute(tx.conn()).await?.rows_affected())
}

/// Those that match and that nobody else has in hand.
fn chosen(sql: &mut QueryBuilder<Postgres>, filter: &WebhookFilter, most: i64) {
    sql.push(" WHERE id IN (SELECT id");
    conditions(sql, filter);
    sql.push(" ORDER BY id LIMIT ").push_bind(most);
    sql.push(" FOR UPDATE SKIP LOCKED)");
}

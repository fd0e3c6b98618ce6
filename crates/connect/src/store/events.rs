//! Rows of `webhook_events`.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Error, PageRequest, Result, Total,
    ids::{ConnectionId, WebhookEventId},
};
use serde_json::{Map, Value};
use sqlx::{Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use crate::{
    intake::Incoming,
    model::{Due, Provider, WebhookEvent, WebhookEventDetail, WebhookFilter, WebhookState},
    provider::{Applied, Received, UNANSWERED},
};

/// The most that are counted exactly.
const COUNTED: i64 = 10_000;

/// Writes groups of messages with one statement, those that are there already left out. Answers how many of each group are new.
pub async fn insert(tx: &mut Tx, groups: &[&[Incoming]]) -> Result<Vec<usize>> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    let all = || groups.iter().flat_map(|group| group.iter());
    let ids: Vec<Uuid> = all().map(|_| WebhookEventId::new().0).collect();
    let connections: Vec<Uuid> = all().map(|one| one.connection_id.0).collect();
    let providers: Vec<String> = all().map(|one| one.provider.name().to_owned()).collect();
    let topics: Vec<String> = all().map(|one| one.message.topic.clone()).collect();
    let deliveries: Vec<String> = all().map(|one| one.message.delivery_id.clone()).collect();
    let contents: Vec<&[u8]> = all().map(|one| one.message.content.as_slice()).collect();
    let about: Vec<Value> = all().map(|one| one.message.about.clone()).collect();
    let bodies: Vec<&[u8]> = all().map(|one| one.message.body.as_ref()).collect();
    let answered: Vec<bool> = all().map(|one| one.is_answered).collect();
    let said: Vec<Option<DateTime<Utc>>> = all().map(|one| one.message.said_at).collect();
    let new = sqlx::query_scalar!(
        r#"INSERT INTO webhook_events (organization_id, id, connection_id, provider, topic, delivery_id, content, about, body, said_at, received_at, run_at,
                                      state, error, processed_at)
           SELECT $1, new.id, new.connection_id, new.provider, new.topic, new.delivery_id, new.content, new.about, new.body, new.said_at, $2::timestamptz, $2::timestamptz,
                  CASE WHEN new.answered THEN 'queued' ELSE 'ignored' END, CASE WHEN NOT new.answered THEN $13 END, CASE WHEN NOT new.answered THEN $2::timestamptz END
           FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::jsonb[], $10::bytea[], $11::timestamptz[], $12::boolean[])
             AS new (id, connection_id, provider, topic, delivery_id, content, about, body, said_at, answered)
           ON CONFLICT DO NOTHING RETURNING id"#,
        organization_id.0,
        now,
        &ids,
        &connections,
        &providers,
        &topics,
        &deliveries,
        &contents as &[&[u8]],
        &about,
        &bodies as &[&[u8]],
        &said as &[Option<DateTime<Utc>>],
        &answered,
        UNANSWERED,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut ids = ids.iter();
    Ok(groups
        .iter()
        .map(|group| {
            ids.by_ref()
                .take(group.len())
                .filter(|id| new.contains(id))
                .count()
        })
        .collect())
}

/// Bytes up to which a message's body comes with its claim; a larger one is read when its turn comes.
const SMALL: i32 = 128 * 1024;

/// The next messages that are due behind a place, locked; those that others have locked are passed by. The transaction's
/// commit need not wait for the disk from here on, and its statements, which find single rows by their keys, are not planned
/// anew for each message: that would take half of the time.
pub async fn claim(
    tx: &mut Tx,
    after: Option<(DateTime<Utc>, WebhookEventId)>,
    most: i64,
) -> Result<Vec<Due>> {
    // A value, so that behind the wall it is a condition of the index: coalesce() is not leakproof.
    let (at, id) = after.map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.0));
    let now = tx.now();
    let rows = sqlx::query!(
        r#"SELECT e.id AS "id: WebhookEventId", e.run_at, e.attempts, e.provider AS "provider: Provider", e.connection_id AS "connection_id: ConnectionId",
                  e.topic, e.delivery_id, e.about, coalesce(e.said_at, e.received_at) AS "said_at!", e.received_at,
                  CASE WHEN length(coalesce(e.mended, e.body)) <= $5 THEN coalesce(e.mended, e.body) END AS body,
                  e.content, e.mended IS NOT NULL AS "is_mended!",
                  (SELECT c.settings FROM connections c WHERE c.organization_id = e.organization_id AND c.id = e.connection_id) AS "settings!: Json<Map<String, Value>>",
                  set_config('synchronous_commit', 'off', true) AS "quick!", set_config('plan_cache_mode', 'force_generic_plan', true) AS "planned!"
           FROM webhook_events e
           WHERE e.state = 'queued' AND e.run_at <= $1 AND (e.run_at, e.id) > ($2, $3)
           ORDER BY e.run_at, e.id LIMIT $4 FOR UPDATE OF e SKIP LOCKED"#,
        now,
        at,
        id,
        most,
        SMALL,
    )
    .fetch_all(tx.conn())
    .await?;
    let dues = rows.into_iter().map(|row| Due {
        id: row.id,
        run_at: row.run_at,
        attempts: row.attempts,
        provider: row.provider,
        is_large: row.body.is_none(),
        received: Received {
            connection_id: row.connection_id,
            settings: row.settings.0,
            topic: row.topic,
            delivery_id: row.delivery_id,
            about: row.about,
            said_at: row.said_at,
            received_at: row.received_at,
            content: row.content,
            is_mended: row.is_mended,
            body: row.body.unwrap_or_default().into(),
        },
    });
    Ok(dues.collect())
}

/// Waits until nobody else has a claimed message in hand, and locks it; false if somebody went on with it meanwhile.
pub async fn lock(tx: &mut Tx, due: &Due) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT set_config('synchronous_commit', 'off', true) AS "quick!" FROM webhook_events
           WHERE id = $1 AND state = 'queued' AND attempts = $2 FOR UPDATE"#,
        due.id.0,
        due.attempts
    );
    Ok(found.fetch_optional(tx.conn()).await?.is_some())
}

/// The body of a message, mended if somebody did.
pub async fn body(tx: &mut Tx, id: WebhookEventId) -> Result<Vec<u8>> {
    let body = sqlx::query_scalar!(
        r#"SELECT coalesce(mended, body) AS "body!" FROM webhook_events WHERE id = $1"#,
        id.0
    );
    Ok(body.fetch_one(tx.conn()).await?)
}

/// When the next message becomes due; none if none waits for its time. What is due already is in somebody's hands.
pub async fn next_due(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    let now = tx.now();
    let next = sqlx::query_scalar!(
        "SELECT run_at FROM webhook_events WHERE state = 'queued' AND run_at > $1 ORDER BY run_at, id LIMIT 1",
        now
    );
    Ok(next.fetch_optional(tx.conn()).await?)
}

/// Whether a message is due.
pub async fn is_due(tx: &mut Tx) -> Result<bool> {
    let now = tx.now();
    let due = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM webhook_events WHERE state = 'queued' AND run_at <= $1) AS "due!""#,
        now
    );
    Ok(due.fetch_one(tx.conn()).await?)
}

/// Marks messages as processed.
pub async fn finish(tx: &mut Tx, applied: &[(WebhookEventId, &Applied)]) -> Result<()> {
    let ids: Vec<Uuid> = applied.iter().map(|(id, _)| id.0).collect();
    let (mut states, mut results, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for (_, applied) in applied {
        let (state, result, why) = match applied {
            Applied::Done(result) => (WebhookState::Done, Some(result.clone()), None),
            Applied::Ignored(why) => (WebhookState::Ignored, None, Some(why.clone())),
        };
        states.push(state.name().to_owned());
        results.push(result);
        reasons.push(why);
    }
    let now = tx.now();
    sqlx::query!(
        "UPDATE webhook_events e SET state = x.state, result = x.result, error = x.why, processed_at = $1
         FROM unnest($2::uuid[], $3::text[], $4::jsonb[], $5::text[]) AS x (id, state, result, why) WHERE e.id = x.id",
        now,
        &ids,
        &states,
        &results as &[Option<Value>],
        &reasons as &[Option<String>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes a failed attempt, unless somebody else has gone on with the message meanwhile; without a next time it is dead.
pub async fn fail(tx: &mut Tx, due: &Due, message: &str, next: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query!(
        "UPDATE webhook_events SET attempts = attempts + 1, error = $3, run_at = coalesce($4, run_at),
                state = CASE WHEN $4::timestamptz IS NULL THEN 'dead' ELSE 'queued' END
         WHERE id = $1 AND state = 'queued' AND attempts = $2",
        due.id.0,
        due.attempts,
        message,
        next,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The columns of [`WebhookEvent`].
pub(super) const COLUMNS: &str = "id, connection_id, provider, topic, delivery_id, state, attempts, CASE WHEN state = 'queued' THEN run_at END AS next_attempt_at, \
                       error, said_at, received_at, processed_at, length(body)::bigint AS bytes, mended IS NOT NULL AS mended";

/// The conditions that are asked for and no others, so that each question is planned for itself: the dead of a million are few.
pub(super) fn conditions(sql: &mut QueryBuilder<Postgres>, filter: &WebhookFilter) {
    sql.push(" FROM webhook_events WHERE true");
    for (column, values) in [
        ("state", &filter.states),
        ("provider", &filter.providers),
        ("topic", &filter.topics),
    ] {
        match values.as_slice() {
            [] => {}
            [one] => {
                sql.push(" AND ").push(column).push(" = ").push_bind(one.clone());
            }
            several => {
                sql.push(" AND ")
                    .push(column)
                    .push(" = ANY(")
                    .push_bind(several.to_vec())
                    .push(")");
            }
        }
    }
    if let Some(id) = filter.connection_id {
        sql.push(" AND connection_id = ").push_bind(id.0);
    }
    // As written in the index of those.
    if filter.retrying {
        sql.push(" AND state = 'queued' AND attempts > 0");
    }
    // Ids rise with the time of arrival, and every index ends in them.
    if let Some(from) = filter.from {
        sql.push(" AND id >= ").push_bind(first_id(from));
    }
    if let Some(before) = filter.before {
        sql.push(" AND id < ").push_bind(first_id(before));
    }
}

/// The least id of what comes at a time.
pub fn first_id(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

/// The same question with the connection in the place of its provider where one alone has it: the newest of a provider that says
/// little stand in that connection's index, and not behind a million of others.
async fn by_connection(tx: &mut Tx, filter: &WebhookFilter) -> Result<WebhookFilter> {
    let mut filter = filter.clone();
    if let ([provider], None) = (filter.providers.as_slice(), filter.connection_id) {
        let ids = sqlx::query_scalar!(
            r#"SELECT id AS "id: ConnectionId" FROM connections WHERE provider = $1 LIMIT 2"#,
            provider
        )
        .fetch_all(tx.conn())
        .await?;
        if let [] | [_] = ids.as_slice() {
            filter.connection_id = Some(ids.first().copied().unwrap_or(ConnectionId(Uuid::nil())));
        }
    }
    Ok(filter)
}

/// A page of messages, newest first, and one more than the limit if there are more.
pub async fn list(tx: &mut Tx, filter: &WebhookFilter, page: &PageRequest) -> Result<Vec<WebhookEvent>> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS);
    conditions(&mut sql, &by_connection(tx, filter).await?);
    if let Some(cursor) = page.cursor() {
        sql.push(" AND id < ").push_bind(cursor.id);
    }
    sql.push(" ORDER BY id DESC LIMIT ")
        .push_bind(i64::from(page.limit) + 1);
    sql.push(" OFFSET ").push_bind(page.offset());
    Ok(sql.build_query_as().fetch_all(tx.conn()).await?)
}

/// How many there are.
pub async fn count(tx: &mut Tx, filter: &WebhookFilter) -> Result<Total> {
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT");
    conditions(&mut sql, &by_connection(tx, filter).await?);
    sql.push(" LIMIT ").push_bind(COUNTED + 1).push(") found");
    let count: i64 = sql.build_query_scalar().fetch_one(tx.conn()).await?;
    Ok(if count > COUNTED {
        Total::about(COUNTED)
    } else {
        Total::exact(count)
    })
}

/// A content as JSON, or as the text that it is.
fn content(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}

/// One message with its content, nothing masked.
pub async fn get(tx: &mut Tx, id: WebhookEventId) -> Result<WebhookEventDetail> {
    let row = sqlx::query!(
        r#"SELECT id AS "id: WebhookEventId", connection_id AS "connection_id: ConnectionId", provider AS "provider: Provider", topic, delivery_id,
                  state AS "state: WebhookState", attempts, CASE WHEN state = 'queued' THEN run_at END AS next_attempt_at, error, said_at, received_at,
                  processed_at, length(body)::bigint AS "bytes!", mended, about, result, body
           FROM webhook_events WHERE id = $1"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound("webhook event"))?;
    Ok(WebhookEventDetail {
        event: WebhookEvent {
            id: row.id,
            connection_id: row.connection_id,
            provider: row.provider,
            topic: row.topic,
            delivery_id: row.delivery_id,
            state: row.state,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            error: row.error,
            said_at: row.said_at,
            received_at: row.received_at,
            processed_at: row.processed_at,
            bytes: row.bytes,
            mended: row.mended.is_some(),
        },
        about: row.about,
        result: row.result,
        payload: content(row.mended.as_ref().unwrap_or(&row.body)),
        original: row.mended.is_some().then(|| content(&row.body)),
        masked: false,
    })
}

/// Lets a message be processed again, with another content if one is given; answers whether there is such a message.
pub async fn replay(tx: &mut Tx, id: WebhookEventId, mended: Option<&[u8]>) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "UPDATE webhook_events SET state = 'queued', attempts = 0, error = NULL, result = NULL, processed_at = NULL, run_at = $2, mended = coalesce($3, mended) WHERE id = $1",
        id.0,
        now,
        mended,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Lets messages of a state be processed again, the oldest first, so many at most.
pub async fn replay_some(
    tx: &mut Tx,
    state: WebhookState,
    topic: Option<&str>,
    connection_id: Option<ConnectionId>,
    most: i64,
) -> Result<u64> {
    let now = tx.now();
    let done = sqlx::query!(
        "UPDATE webhook_events SET state = 'queued', attempts = 0, error = NULL, result = NULL, processed_at = NULL, run_at = $5
         WHERE id IN (SELECT id FROM webhook_events WHERE state = $1 AND ($2::text IS NULL OR topic = $2) AND ($3::uuid IS NULL OR connection_id = $3)
                      ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED)",
        state.name(),
        topic,
        connection_id.map(|id| id.0),
        most,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Puts a message aside that is not processed; answers whether there is such a message.
pub async fn discard(tx: &mut Tx, id: WebhookEventId) -> Result<bool> {
    let done = sqlx::query!("UPDATE webhook_events SET state = 'discarded' WHERE id = $1 AND state IN ('queued', 'dead', 'ignored')", id.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Forgets messages that were processed, ignored or put aside before a time, so many at most.
pub async fn forget(tx: &mut Tx, before: WebhookEventId, most: i64) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM webhook_events WHERE id IN (
           SELECT id FROM webhook_events WHERE id < $1 AND state IN ('done', 'ignored', 'discarded') ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before.0,
        most,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

//! The table of duties.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Cursor, Error, PageRequest, Result, Total, ids::PrivacyDutyId, paging::CursorError};
use sqlx::{Postgres, QueryBuilder, types::Json};

use crate::model::{Duty, DutyFilter, DutyState, NewDuty, TIME};

const COLUMNS: &str = "id, kind, state, source, reference, customer_id, subject, received_at, due_at, done_at, \
                       done_by_id AS done_by, note";

/// Records a duty; none if it is known.
pub async fn insert(tx: &mut Tx, duty: &NewDuty) -> Result<Option<PrivacyDutyId>> {
    let organization_id = tx.organization_id();
    Ok(sqlx::query_scalar(
        "INSERT INTO privacy_duties (organization_id, id, kind, source, reference, customer_id, subject, received_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (organization_id, source, kind, reference) DO NOTHING RETURNING id",
    )
    .bind(organization_id)
    .bind(PrivacyDutyId::new())
    .bind(duty.kind)
    .bind(duty.source)
    .bind(&duty.reference)
    .bind(duty.customer_id)
    .bind(Json(&duty.subject))
    .bind(duty.received_at)
    .bind(duty.received_at + TIME)
    .fetch_optional(tx.conn())
    .await?)
}

/// Reads a duty, and keeps others from changing it.
pub async fn lock(tx: &mut Tx, id: PrivacyDutyId) -> Result<Duty> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM privacy_duties WHERE id = ")
        .push_bind(id);
    sql.push(" FOR UPDATE");
    sql.build_query_as()
        .fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound("privacy duty"))
}

/// Reads a duty.
pub async fn get(tx: &mut Tx, id: PrivacyDutyId) -> Result<Duty> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM privacy_duties WHERE id = ")
        .push_bind(id);
    sql.build_query_as()
        .fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound("privacy duty"))
}

/// Says whether a duty is done, and by whom.
pub async fn set(tx: &mut Tx, id: PrivacyDutyId, state: DutyState, note: Option<&str>) -> Result<()> {
    let (actor, now) = (tx.actor(), tx.now());
    let is_done = state == DutyState::Done;
    sqlx::query(
        "UPDATE privacy_duties SET state = $2, note = $3, done_at = $4, done_by_kind = $5, done_by_id = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(state)
    .bind(note)
    .bind(is_done.then_some(now))
    .bind(is_done.then_some(actor.kind()))
    .bind(actor.id().filter(|_| is_done))
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn conditions(sql: &mut QueryBuilder<Postgres>, filter: &DutyFilter) {
    sql.push(" FROM privacy_duties WHERE true");
    for (column, values) in [("state", &filter.states), ("kind", &filter.kinds)] {
        match values.as_slice() {
            [] => {}
            // One value by itself meets the index of the open ones.
            [one] if one == "open" => {
                sql.push(" AND state = 'open'");
            }
            several => {
                sql.push(" AND ").push(column).push(" = ANY(");
                sql.push_bind(several.to_vec()).push(")");
            }
        }
    }
    if let Some(id) = filter.customer_id {
        sql.push(" AND customer_id = ").push_bind(id);
    }
}

/// A page, what is due first first, and one more than the limit if there are more.
pub async fn list(tx: &mut Tx, filter: &DutyFilter, page: &PageRequest) -> Result<Vec<Duty>> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS);
    conditions(&mut sql, filter);
    if let Some(cursor) = page.cursor() {
        sql.push(" AND (due_at, id) > (").push_bind(due(cursor)?);
        sql.push(", ").push_bind(cursor.id).push(")");
    }
    sql.push(" ORDER BY due_at, id LIMIT ")
        .push_bind(i64::from(page.limit) + 1);
    sql.push(" OFFSET ").push_bind(page.offset());
    Ok(sql.build_query_as().fetch_all(tx.conn()).await?)
}

fn due(cursor: &Cursor) -> Result<DateTime<Utc>> {
    cursor
        .value(0)
        .map_err(|why: CursorError| Error::malformed("?cursor", "cursor_invalid", why.to_string()))
}

/// Up to how many are counted.
const COUNTED: i64 = 10_000;

/// How many there are.
pub async fn count(tx: &mut Tx, filter: &DutyFilter) -> Result<Total> {
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT");
    conditions(&mut sql, filter);
    sql.push(" LIMIT ").push_bind(COUNTED + 1).push(") found");
    let count: i64 = sql.build_query_scalar().fetch_one(tx.conn()).await?;
    Ok(if count > COUNTED {
        Total::about(COUNTED)
    } else {
        Total::exact(count)
    })
}

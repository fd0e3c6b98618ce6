//! Rows of `audit_entries`: added and read, never changed (the serving role cannot).

use chrono::{DateTime, TimeDelta, Utc};
use regulars_database::Tx;
use regulars_kernel::{Result, ids::new_uuid};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::{
    audit::Entry,
    model::{AuditEntry, AuditFilter},
};

pub async fn insert(tx: &mut Tx, entry: &Entry) -> Result<()> {
    let (organization, actor, now) = (tx.organization_id(), tx.actor(), tx.now());
    let request_id = tx.request_id().map(str::to_owned);
    sqlx::query!(
        "INSERT INTO audit_entries (organization_id, id, actor_kind, actor_id, action, target_kind, target_id, data, ip, request_id, occurred_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        organization.0,
        new_uuid(),
        actor.kind(),
        actor.id(),
        entry.action,
        entry.target.map(|(kind, _)| kind),
        entry.target.map(|(_, id)| id),
        entry.data,
        entry.ip,
        request_id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    action: String,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor_name: Option<String>,
    target_kind: Option<String>,
    target_id: Option<Uuid>,
    target_name: Option<String>,
    data: serde_json::Value,
    ip: Option<String>,
    request_id: Option<String>,
    occurred_at: DateTime<Utc>,
}

/// How much later than its time an entry's id may be made: ids are made when entries are written, and their time is that
/// of the transaction's beginning.
const WRITTEN_WITHIN: TimeDelta = TimeDelta::hours(1);

/// The smallest version 7 id of a moment (RFC 9562 §5.7: it begins with the Unix time in milliseconds).
fn first_id(at: DateTime<Utc>) -> Uuid {
    let milliseconds = u128::try_from(at.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(milliseconds << 80)
}

fn conditions(query: &mut QueryBuilder<Postgres>, filter: &AuditFilter) {
    query.push(" WHERE true");
    for (index, action) in filter.actions.iter().enumerate() {
        query.push(if index == 0 { " AND (" } else { " OR " });
        // Bytes compare in the index, so what begins with `key.` lies between that and `key/`, the next character.
        if action.contains('.') {
            query.push("a.action COLLATE \"C\" = ").push_bind(action.clone());
        } else {
            query
                .push("(a.action COLLATE \"C\" >= ")
                .push_bind(format!("{action}."));
            query
                .push(" AND a.action COLLATE \"C\" < ")
                .push_bind(format!("{action}/"))
                .push(")");
        }
    }
    if !filter.actions.is_empty() {
        query.push(")");
    }
    if let Some(actor) = filter.actor {
        query.push(" AND a.actor_id = ").push_bind(actor);
    }
    if let Some(target) = filter.target {
        query.push(" AND a.target_id = ").push_bind(target);
    }
    // Ids carry their time, so the primary key finds the range; the time itself draws its edges exactly.
    if let Some(from) = filter.from {
        query
            .push(" AND a.id >= ")
            .push_bind(first_id(from))
            .push(" AND a.occurred_at >= ")
            .push_bind(from);
    }
    if let Some(to) = filter.to {
        query
            .push(" AND a.id < ")
            .push_bind(first_id(to + WRITTEN_WITHIN))
            .push(" AND a.occurred_at < ")
            .push_bind(to);
    }
}

/// A page of entries, newest first, and one more than the limit if there are more.
pub async fn list(tx: &mut Tx, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
    let mut query = QueryBuilder::new("");
    page(&mut query, filter);
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    let entries = rows.into_iter().map(|row| AuditEntry {
        id: row.id,
        action: row.action,
        actor_kind: row.actor_kind,
        actor_id: row.actor_id,
        actor_name: row.actor_name,
        target_kind: row.target_kind,
        target_id: row.target_id,
        target_name: row.target_name,
        data: row.data,
        ip: row.ip,
        request_id: row.request_id,
        occurred_at: row.occurred_at,
    });
    Ok(entries.collect())
}

fn page(query: &mut QueryBuilder<Postgres>, filter: &AuditFilter) {
    query.push(
        "SELECT a.*, coalesce(nullif(u.name, ''), u.email, k.name) AS actor_name,
                coalesce(nullif(tu.name, ''), tu.email, tk.name) AS target_name
         FROM (SELECT * FROM audit_entries a",
    );
    conditions(query, filter);
    if let Some(cursor) = filter.page.cursor() {
        query.push(" AND a.id < ").push_bind(cursor.id);
    }
    query
        .push(" ORDER BY a.id DESC LIMIT ")
        .push_bind(i64::from(filter.page.limit) + 1);
    query.push(" OFFSET ").push_bind(filter.page.offset());
    query.push(
        ") a
         LEFT JOIN users u ON a.actor_kind = 'user' AND u.id = a.actor_id
         LEFT JOIN api_keys k ON a.actor_kind = 'key' AND k.organization_id = a.organization_id AND k.id = a.actor_id
         LEFT JOIN users tu ON a.target_kind = 'user' AND tu.id = a.target_id
         LEFT JOIN api_keys tk ON a.target_kind = 'key' AND tk.organization_id = a.organization_id AND tk.id = a.target_id
         ORDER BY a.id DESC",
    );
}

/// How many entries match, counted up to `most`.
pub async fn count(tx: &mut Tx, filter: &AuditFilter, most: i64) -> Result<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM audit_entries a");
    conditions(&mut query, filter);
    query.push(" LIMIT ").push_bind(most).push(") few");
    Ok(query.build_query_scalar().fetch_one(tx.conn()).await?)
}

#[cfg(test)]
mod tests {
    use regulars_kernel::{Faults, PageRequest, clock};
    use regulars_testkit::TestDatabase;

    use super::*;

    fn filter(
        action: Option<&str>,
        target: Option<&str>,
        from: Option<&str>,
        to: Option<&str>,
    ) -> AuditFilter {
        let mut faults = Faults::new();
        let filter = AuditFilter::parse(action, None, target, from, to, &mut faults);
        faults.check().unwrap();
        AuditFilter {
            page: PageRequest::default(),
            ..filter
        }
    }

    #[test]
    fn the_first_id_of_a_moment_is_before_those_made_in_it() {
        let before = clock::now();
        let id = new_uuid();
        assert!(first_id(before) <= id && id < first_id(before + TimeDelta::seconds(2)));
        assert_eq!(first_id(DateTime::UNIX_EPOCH - TimeDelta::days(1)), Uuid::nil());
    }

    /// At a million entries most of which are sign-ins, as in life.
    #[tokio::test]
    async fn every_filter_finds_its_entries_by_an_index() {
        let database = TestDatabase::new().await;
        let scope = database.organization("acme").await;
        sqlx::query(
            "INSERT INTO audit_entries (organization_id, id, actor_kind, actor_id, action, target_kind, target_id, occurred_at)
             SELECT $1, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid,
                    'user', ('00000000-0000-0000-0000-' || lpad((n % 50)::text, 12, '0'))::uuid,
                    CASE WHEN n % 50000 = 0 THEN 'key.created' ELSE 'session.created' END, 'user',
                    ('00000000-0000-0000-0000-' || lpad((n % 20000)::text, 12, '0'))::uuid, at
             FROM (SELECT n, now() - n * interval '30 seconds' AS at FROM generate_series(1, 300000) AS n) made",
        )
        .bind(scope.organization_id)
        .execute(database.owner())
        .await
        .unwrap();
        sqlx::query("ANALYZE audit_entries")
            .execute(database.owner())
            .await
            .unwrap();
        let day = |ago: i64| {
            (clock::now() - TimeDelta::days(ago))
                .format("%Y-%m-%d")
                .to_string()
        };
        let target = "00000000-0000-0000-0000-000000012345";
        for (name, filter, index) in [
            (
                "target",
                filter(None, Some(target), None, None),
                "audit_entries_target",
            ),
            (
                "subject",
                filter(Some("key"), None, None, None),
                "audit_entries_verb",
            ),
            (
                "action",
                filter(Some("key.created"), None, None, None),
                "audit_entries_verb",
            ),
            (
                "several",
                filter(Some("key,organization.updated"), None, None, None),
                "audit_entries_verb",
            ),
            (
                "frequent",
                filter(Some("session"), None, None, None),
                "audit_entries_pkey",
            ),
            (
                "days",
                filter(None, None, Some(&day(60)), Some(&day(59))),
                "audit_entries_pkey",
            ),
        ] {
            let mut tx = database.begin(scope).await;
            let mut query = QueryBuilder::new("EXPLAIN (ANALYZE, TIMING OFF) ");
            page(&mut query, &filter);
            let plan: Vec<String> = query.build_query_scalar().fetch_all(tx.conn()).await.unwrap();
            let plan = plan.join("\n");
            assert!(plan.contains(index), "{name}:\n{plan}");
            assert!(!plan.contains("Seq Scan on audit_entries"), "{name}:\n{plan}");
            let removed: usize = plan
                .lines()
                .filter_map(|line| line.trim().strip_prefix("Rows Removed by Filter: "))
                .filter_map(|count| count.parse::<usize>().ok())
                .sum();
            assert!(removed < 1_000, "{name} reads {removed} entries in vain:\n{plan}");
        }
    }
}

//! Who belongs to whom.

use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};
use uuid::Uuid;

use crate::model::{CustomerRef, Kind, RolledUp, Status};

/// Further than this nobody looks, so that a chain that is too long cannot run away.
pub const DEPTH_LIMIT: i32 = 50;

/// Lets one transaction of the organization at a time change the hierarchy. Without it two changes, each fine by
/// itself, could close a circle together.
pub async fn lock(tx: &mut Tx) -> Result<()> {
    let key = format!("hierarchy {}", tx.organization_id());
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What stands above a customer, itself first. Ends at the depth limit.
pub async fn ancestors(tx: &mut Tx, id: CustomerId) -> Result<Vec<CustomerId>> {
    Ok(sqlx::query_scalar!(
        r#"WITH RECURSIVE up (id, parent_id, depth) AS (
             SELECT id, parent_id, 1 FROM customers WHERE id = $1
             UNION ALL
             SELECT c.id, c.parent_id, up.depth + 1 FROM up JOIN customers c ON c.id = up.parent_id WHERE up.depth <= $2
           )
           SELECT id AS "id!: CustomerId" FROM up ORDER BY depth"#,
        id.0,
        DEPTH_LIMIT
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What lies below a customer, added up; deleted ones are not counted.
pub async fn rolled_up(tx: &mut Tx, id: CustomerId) -> Result<RolledUp> {
    Ok(sqlx::query_as!(
        RolledUp,
        r#"WITH RECURSIVE down (id, depth, deleted) AS (
             SELECT id, 1, deleted_at IS NOT NULL FROM customers WHERE parent_id = $1
             UNION ALL
             SELECT c.id, down.depth + 1, c.deleted_at IS NOT NULL
             FROM down JOIN customers c ON c.parent_id = down.id WHERE down.depth <= $2
           )
           SELECT count(*) FILTER (WHERE depth = 1 AND NOT deleted) AS "children!",
                  count(*) FILTER (WHERE NOT deleted) AS "descendants!",
                  coalesce(max(depth), 0) AS "levels!"
           FROM down"#,
        id.0,
        DEPTH_LIMIT
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Living customers directly below one, by name, each with the name it is sorted by: those `after` a name and id, or
/// after so many others.
pub async fn children(
    tx: &mut Tx,
    id: CustomerId,
    after: Option<(&str, Uuid)>,
    limit: i64,
    offset: i64,
) -> Result<Vec<(CustomerRef, String)>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: CustomerId", code, kind AS "kind: Kind", full_name, email, status AS "status: Status", sort_name
           FROM customers
           WHERE parent_id = $1 AND deleted_at IS NULL AND ($3::uuid IS NULL OR (sort_name, id) > ($2::text COLLATE "C", $3))
           ORDER BY sort_name, id LIMIT $4 OFFSET $5"#,
        id.0,
        after.map(|(name, _)| name),
        after.map(|(_, id)| id),
        limit,
        offset
    )
    .fetch_all(tx.conn())
    .await?;
    let found = rows.into_iter().map(|row| {
        let customer = CustomerRef {
            id: row.id,
            code: row.code,
            kind: row.kind,
            full_name: row.full_name,
            email: row.email,
            status: row.status,
        };
        (customer, row.sort_name)
    });
    Ok(found.collect())
}

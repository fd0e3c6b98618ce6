//! Names of those who act: members to choose an owner from, and whoever did something, members no more included.

use std::collections::HashMap;

use regulars_database::Tx;
use regulars_kernel::{Result, ids::UserId};
use uuid::Uuid;

/// The most members that are offered to choose from.
const MOST: i64 = 500;

/// Members by name, to choose from.
pub async fn members(tx: &mut Tx) -> Result<Vec<(UserId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT u.id AS "id: UserId", coalesce(nullif(u.name, ''), u.email) AS "name!"
           FROM memberships m JOIN users u ON u.id = m.user_id
           WHERE u.disabled_at IS NULL ORDER BY 2, 1 LIMIT $1"#,
        MOST
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Names of users and keys by their ids. What is unknown has no name here.
pub async fn names(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"SELECT id AS "id!", coalesce(nullif(name, ''), email) AS "name!" FROM users WHERE id = ANY($1)
           UNION ALL SELECT id, name FROM api_keys WHERE id = ANY($1)"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

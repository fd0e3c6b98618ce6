//! What pages show for ids and names: members to choose an owner from, whoever did something (members no more
//! included), tags with their colours. Nothing here is counted, so it is quick at any size.

use std::collections::HashMap;

use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::{CustomerId, UserId},
};
use uuid::Uuid;

use crate::model::Color;

/// The most that are offered to choose from.
const MOST: i64 = 500;

/// Members by name, to choose from.
pub async fn members(tx: &mut Tx) -> Result<Vec<(UserId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT u.id AS "id: UserId", coalesce(nullif(u.name, ''), u.email) AS "name!"
           FROM memberships m JOIN users u ON u.id = m.user_id
           WHERE m.ended_at IS NULL AND u.disabled_at IS NULL ORDER BY 2, 1 LIMIT $1"#,
        MOST
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Names of members by ids that a request brought: users of other organizations have no name here.
pub async fn owners(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"SELECT u.id, coalesce(nullif(u.name, ''), u.email) AS "name!"
           FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.user_id = ANY($1)"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Names of users and keys by their ids, which must come from this organization's rows: users stand before the wall.
/// What is unknown has no name here.
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

/// Names of tags, to choose from.
pub async fn tags(tx: &mut Tx) -> Result<Vec<String>> {
    let names = sqlx::query_scalar!("SELECT name FROM tags ORDER BY name_lowercase, id LIMIT $1", MOST);
    Ok(names.fetch_all(tx.conn()).await?)
}

/// Names of the sources that customers are linked to, hopping from one to the next in their index.
pub async fn sources(tx: &mut Tx) -> Result<Vec<String>> {
    let names = sqlx::query_scalar!(
        r#"WITH RECURSIVE hops (source, depth) AS (
             (SELECT source, 1 FROM customer_sources ORDER BY source LIMIT 1)
             UNION ALL
             SELECT (SELECT s.source FROM customer_sources s WHERE s.source > h.source ORDER BY s.source LIMIT 1), h.depth + 1
             FROM hops h WHERE h.source IS NOT NULL AND h.depth < 100
           )
           SELECT source AS "source!" FROM hops WHERE source IS NOT NULL"#
    );
    Ok(names.fetch_all(tx.conn()).await?)
}

/// Colours of tags by their names as written.
pub async fn colors(tx: &mut Tx, names: &[String]) -> Result<HashMap<String, Color>> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let lowercase: Vec<String> = names.iter().map(|name| crate::model::tag::key(name)).collect();
    let rows = sqlx::query!(
        r#"SELECT name, color AS "color: Color" FROM tags WHERE name_lowercase = ANY($1)"#,
        &lowercase
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.color)).collect())
}

/// Codes of customers by their ids, deleted ones too.
pub async fn codes(tx: &mut Tx, ids: &[CustomerId]) -> Result<Vec<String>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let codes = sqlx::query_scalar!(
        "SELECT code FROM customers WHERE id = ANY($1) ORDER BY code",
        &ids
    );
    Ok(codes.fetch_all(tx.conn()).await?)
}

/// Names of customers by their ids, deleted ones too.
pub async fn customers(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"SELECT id, coalesce(full_name, email, code) AS "name!" FROM customers WHERE id = ANY($1)"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

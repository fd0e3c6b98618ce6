//! Rows of `provider_entities`.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::Result;
use serde_json::{Map, Value};
use sqlx::types::Json;

use crate::entity::{Entity, Facets};

/// The row of a thing, made if it is not there, and locked until the transaction ends.
pub async fn lock(
    tx: &mut Tx,
    source: &'static str,
    kind: &'static str,
    external_id: &str,
) -> Result<Entity> {
    let organization_id = tx.organization_id();
    let row = sqlx::query!(
        r#"INSERT INTO provider_entities (organization_id, source, kind, external_id) VALUES ($1, $2, $3, $4)
           ON CONFLICT (organization_id, source, kind, external_id) DO UPDATE SET external_id = EXCLUDED.external_id
           RETURNING facets AS "facets: Json<Facets>", data AS "data: Json<Map<String, Value>>", deleted_at"#,
        organization_id.0,
        source,
        kind,
        external_id,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Entity::new(
        source,
        kind,
        external_id,
        row.facets.0,
        row.data.0,
        row.deleted_at,
    ))
}

/// Makes the rows of things that are not there and locks all of them, in this order; nothing is written where one is.
pub async fn lock_all(
    tx: &mut Tx,
    source: &'static str,
    kind: &'static str,
    external_ids: &[String],
) -> Result<()> {
    let organization_id = tx.organization_id();
    sqlx::query!(
        "INSERT INTO provider_entities AS e (organization_id, source, kind, external_id)
         SELECT $1, $2, $3, x.id FROM unnest($4::text[]) WITH ORDINALITY x (id, place) ORDER BY x.place
         ON CONFLICT (organization_id, source, kind, external_id) DO UPDATE SET external_id = e.external_id WHERE false",
        organization_id.0,
        source,
        kind,
        external_ids,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a thing's row back.
pub async fn save(
    tx: &mut Tx,
    (source, kind, external_id): (&str, &str, &str),
    facets: &Facets,
    data: &Map<String, Value>,
    deleted_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE provider_entities SET facets = $4, data = $5, deleted_at = $6 WHERE source = $1 AND kind = $2 AND external_id = $3",
        source,
        kind,
        external_id,
        Json(facets) as Json<&Facets>,
        Json(data) as Json<&Map<String, Value>>,
        deleted_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

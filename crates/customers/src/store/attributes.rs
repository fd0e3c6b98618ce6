//! Definitions of custom attributes.

use regulars_database::Tx;
use regulars_kernel::{Result, ids::AttributeId};
use sqlx::types::Json;

use crate::model::{AttributeDefinition, AttributeKind, Definitions};

struct Row {
    id: AttributeId,
    version: i32,
    name: String,
    label: String,
    kind: AttributeKind,
    options: Json<Vec<String>>,
    required: bool,
    position: i32,
    archived_at: Option<chrono::DateTime<chrono::Utc>>,
    created_at: chrono::DateTime<chrono::Utc>,
    updated_at: chrono::DateTime<chrono::Utc>,
}

impl From<Row> for AttributeDefinition {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            version: row.version,
            name: row.name,
            label: row.label,
            kind: row.kind,
            options: row.options.0,
            required: row.required,
            position: row.position,
            archived_at: row.archived_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// All definitions in their order, archived ones too; there are at most a few hundred.
pub async fn all(tx: &mut Tx) -> Result<Definitions> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: AttributeId", version, name, label, kind AS "kind: AttributeKind",
                  options AS "options: Json<Vec<String>>", required, position, archived_at, created_at, updated_at
           FROM attribute_definitions ORDER BY position, name"#
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Definitions(
        rows.into_iter().map(AttributeDefinition::from).collect(),
    ))
}

/// One definition, locked until the transaction ends.
pub async fn lock(tx: &mut Tx, id: AttributeId) -> Result<Option<AttributeDefinition>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: AttributeId", version, name, label, kind AS "kind: AttributeKind",
                  options AS "options: Json<Vec<String>>", required, position, archived_at, created_at, updated_at
           FROM attribute_definitions WHERE id = $1 FOR UPDATE"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(AttributeDefinition::from))
}

/// Adds a definition.
pub async fn insert(tx: &mut Tx, definition: &AttributeDefinition) -> Result<()> {
    let organization_id = tx.organization_id();
    sqlx::query!(
        "INSERT INTO attribute_definitions (organization_id, id, name, label, kind, options, required, position,
           archived_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        organization_id.0,
        definition.id.0,
        definition.name,
        definition.label,
        definition.kind.to_string(),
        Json(&definition.options) as Json<&Vec<String>>,
        definition.required,
        definition.position,
        definition.archived_at,
        definition.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a definition. Answers its new version.
pub async fn update(tx: &mut Tx, definition: &AttributeDefinition) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "UPDATE attribute_definitions SET label = $2, options = $3, required = $4, position = $5, archived_at = $6
         WHERE id = $1 RETURNING version",
        definition.id.0,
        definition.label,
        Json(&definition.options) as Json<&Vec<String>>,
        definition.required,
        definition.position,
        definition.archived_at
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Whether a customer has a value for it, deleted ones too.
pub async fn is_used(tx: &mut Tx, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM customers WHERE attributes <> '{}' AND jsonb_exists(attributes, $1)) AS "used!""#,
        name
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Removes a definition.
pub async fn delete(tx: &mut Tx, id: AttributeId) -> Result<()> {
    sqlx::query!("DELETE FROM attribute_definitions WHERE id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

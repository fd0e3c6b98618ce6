//! Tag definitions and who has them.

use regulars_database::Tx;
use regulars_kernel::{
    Result, Total,
    ids::{CustomerId, JobId, TagId},
};
use serde_json::Value;
use sqlx::{FromRow, Row, postgres::PgRow};
use uuid::Uuid;

use crate::model::{Color, Tag, TagRef};

macro_rules! columns {
    () => {
        "t.id, t.version, t.name, t.color, t.description, t.created_at, t.updated_at, \
         (SELECT count(*) FROM (SELECT FROM customer_tags ct \
          WHERE ct.organization_id = t.organization_id AND ct.tag_id = t.id LIMIT 10001) counted) AS customers"
    };
}

/// Everybody with a tag, as [`regulars_events::followers::changed_among`] asks.
pub const WHOSE: &str = "SELECT customer_id FROM customer_tags WHERE tag_id = $1";

/// The most customers of a tag that are counted; see `columns`.
const COUNTED: i64 = 10_000;

impl FromRow<'_, PgRow> for Tag {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let customers: i64 = row.try_get("customers")?;
        Ok(Self {
            id: row.try_get("id")?,
            version: row.try_get("version")?,
            name: row.try_get("name")?,
            color: row.try_get("color")?,
            description: row.try_get("description")?,
            customers: if customers > COUNTED {
                Total::about(COUNTED)
            } else {
                Total::exact(customers)
            },
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// Some of the tags by name, those whose name holds `search` if it is given, those `after` a name, or after so many
/// others; and how many there are.
pub async fn list(
    tx: &mut Tx,
    search: Option<&str>,
    after: Option<&str>,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Tag>, i64)> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM tags t WHERE ($1::text IS NULL OR position(lower($1) IN t.name_lowercase) > 0) \
         AND ($2::text IS NULL OR t.name_lowercase > lower($2)) \
         ORDER BY t.name_lowercase LIMIT $3 OFFSET $4"
    );
    let tags = sqlx::query_as(sql)
        .bind(search)
        .bind(after)
        .bind(limit)
        .bind(offset)
        .fetch_all(tx.conn())
        .await?;
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM tags t WHERE $1::text IS NULL OR position(lower($1) IN t.name_lowercase) > 0"#,
        search
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((tags, count))
}

/// One tag.
pub async fn get(tx: &mut Tx, id: TagId) -> Result<Option<Tag>> {
    let sql = concat!("SELECT ", columns!(), " FROM tags t WHERE t.id = $1");
    Ok(sqlx::query_as(sql).bind(id).fetch_optional(tx.conn()).await?)
}

/// Keeps others from changing these tags until the transaction ends; answers those that exist.
pub async fn lock(tx: &mut Tx, ids: &[TagId]) -> Result<Vec<TagId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: TagId" FROM tags WHERE id = ANY($1) ORDER BY id FOR UPDATE"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Adds a tag.
pub async fn insert(tx: &mut Tx, tag: &Tag) -> Result<()> {
    let organization_id = tx.organization_id();
    sqlx::query!(
        "INSERT INTO tags (organization_id, id, name, color, description, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        organization_id.0,
        tag.id.0,
        tag.name,
        tag.color.to_string(),
        tag.description,
        tag.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a tag.
pub async fn update(tx: &mut Tx, tag: &Tag) -> Result<()> {
    sqlx::query!(
        "UPDATE tags SET name = $2, color = $3, description = $4 WHERE id = $1",
        tag.id.0,
        tag.name,
        tag.color.to_string(),
        tag.description
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a tag from everybody and from the list.
pub async fn delete(tx: &mut Tx, id: TagId) -> Result<()> {
    sqlx::query!("DELETE FROM tags WHERE id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes a tag from some of those who have it. Answers from whom.
pub async fn remove_some(tx: &mut Tx, id: TagId, most: i64) -> Result<Vec<CustomerId>> {
    Ok(sqlx::query_scalar!(
        r#"DELETE FROM customer_tags WHERE tag_id = $1
         AND customer_id = ANY(ARRAY(SELECT customer_id FROM customer_tags WHERE tag_id = $1 ORDER BY customer_id LIMIT $2))
         RETURNING customer_id AS "customer_id: CustomerId""#,
        id.0,
        most
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Gives some of those with one tag another one instead. Answers to whom.
pub async fn move_some(tx: &mut Tx, from: TagId, to: TagId, most: i64) -> Result<Vec<CustomerId>> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    let moved = sqlx::query_scalar!(
        r#"WITH moved AS (
             DELETE FROM customer_tags WHERE tag_id = $2
             AND customer_id = ANY(ARRAY(SELECT customer_id FROM customer_tags WHERE tag_id = $2 ORDER BY customer_id LIMIT $5))
             RETURNING customer_id
           ), given AS (
             INSERT INTO customer_tags (organization_id, customer_id, tag_id, created_at)
             SELECT $1, customer_id, $3, $4 FROM moved ORDER BY customer_id ON CONFLICT DO NOTHING
           )
           SELECT customer_id AS "customer_id: CustomerId" FROM moved"#,
        organization_id.0,
        from.0,
        to.0,
        now,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(moved)
}

/// Whether anybody has a tag.
pub async fn is_used(tx: &mut Tx, id: TagId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM customer_tags WHERE tag_id = $1) AS "used!""#,
        id.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The oldest job that merges or deletes one of these tags, waiting or running, with its input.
pub async fn going(tx: &mut Tx, ids: &[TagId]) -> Result<Option<(JobId, Value)>> {
    let ids: Vec<String> = ids.iter().map(TagId::to_string).collect();
    let row = sqlx::query!(
        r#"SELECT id AS "id: JobId", payload FROM jobs
           WHERE kind IN ('tag.merge', 'tag.delete') AND queue = $1 AND state IN ('queued', 'running')
             AND (payload ->> 'tag_id' = ANY($2) OR payload ->> 'into' = ANY($2))
           ORDER BY id LIMIT 1"#,
        regulars_jobs::DEFAULT_QUEUE,
        &ids
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.payload)))
}

/// Defines tags of these names where there are none, as long as the organization has no more than `most`. Answers the names
/// that are not defined even so.
pub async fn define(tx: &mut Tx, names: &[&str], most: i64) -> Result<Vec<String>> {
    let missing = undefined(tx, names).await?;
    if missing.is_empty() {
        return Ok(missing);
    }
    let (organization_id, now) = (tx.organization_id(), tx.now());
    let ids: Vec<Uuid> = missing.iter().map(|_| TagId::new().0).collect();
    sqlx::query!(
        "INSERT INTO tags (organization_id, id, name, created_at, updated_at)
         SELECT $1, n.id, n.name, $2, $2 FROM unnest($3::uuid[], $4::text[]) AS n (id, name)
         ORDER BY lower(n.name) LIMIT greatest($5 - (SELECT count(*) FROM tags), 0)
         ON CONFLICT (organization_id, name_lowercase) DO NOTHING",
        organization_id.0,
        now,
        &ids,
        &missing,
        most
    )
    .execute(tx.conn())
    .await?;
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    undefined(tx, &missing).await
}

/// Those of the names that no tag has.
pub async fn undefined(tx: &mut Tx, names: &[&str]) -> Result<Vec<String>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar!(
        r#"SELECT n AS "name!" FROM unnest($1::text[]) AS n
           WHERE NOT EXISTS (SELECT FROM tags t WHERE t.name_lowercase = lower(n))"#,
        names as &[&str]
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many tags there are.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM tags"#)
        .fetch_one(tx.conn())
        .await?)
}

/// Which of these customers would have more than `most` tags if they were given these.
pub async fn overfull(
    tx: &mut Tx,
    customers: &[CustomerId],
    tags: &[TagId],
    most: i64,
) -> Result<Vec<CustomerId>> {
    let customers: Vec<Uuid> = customers.iter().map(|id| id.0).collect();
    let tags: Vec<Uuid> = tags.iter().map(|id| id.0).collect();
    Ok(sqlx::query_scalar!(
        r#"SELECT customer_id AS "id: CustomerId" FROM customer_tags WHERE customer_id = ANY($1) GROUP BY customer_id
           HAVING count(*) FILTER (WHERE tag_id = ANY($2)) < cardinality($2)
             AND count(*) FILTER (WHERE tag_id <> ALL($2)) + cardinality($2) > $3"#,
        &customers,
        &tags,
        most
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The tags of these names, as far as there are any.
pub async fn by_names(tx: &mut Tx, names: &[String]) -> Result<Vec<(TagId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: TagId", name FROM tags
           WHERE name_lowercase IN (SELECT lower(n) FROM unnest($1::text[]) AS n) ORDER BY name_lowercase"#,
        names
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// What tags are called now; those that are gone have no name.
pub async fn names(tx: &mut Tx, ids: &[TagId]) -> Result<Vec<String>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let names = sqlx::query_scalar!(
        "SELECT name FROM tags WHERE id = ANY($1) ORDER BY name_lowercase",
        &ids
    );
    Ok(names.fetch_all(tx.conn()).await?)
}

/// Gives customers tags. Answers which pairs are new.
pub async fn add(tx: &mut Tx, customers: &[CustomerId], tags: &[TagId]) -> Result<Vec<(CustomerId, TagId)>> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    let customers: Vec<Uuid> = customers.iter().map(|id| id.0).collect();
    let tags: Vec<Uuid> = tags.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"INSERT INTO customer_tags (organization_id, customer_id, tag_id, created_at)
           SELECT $1, c, t, $2 FROM unnest($3::uuid[]) AS c, unnest($4::uuid[]) AS t
           ON CONFLICT DO NOTHING
           RETURNING customer_id AS "customer_id: CustomerId", tag_id AS "tag_id: TagId""#,
        organization_id.0,
        now,
        &customers,
        &tags
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.customer_id, row.tag_id))
        .collect())
}

/// Takes tags from customers. Answers which pairs there were.
pub async fn remove(
    tx: &mut Tx,
    customers: &[CustomerId],
    tags: &[TagId],
) -> Result<Vec<(CustomerId, TagId)>> {
    let customers: Vec<Uuid> = customers.iter().map(|id| id.0).collect();
    let tags: Vec<Uuid> = tags.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"DELETE FROM customer_tags WHERE customer_id = ANY($1) AND tag_id = ANY($2)
           RETURNING customer_id AS "customer_id: CustomerId", tag_id AS "tag_id: TagId""#,
        &customers,
        &tags
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.customer_id, row.tag_id))
        .collect())
}

/// The tags of a customer, by name.
pub async fn of_customer(tx: &mut Tx, customer_id: CustomerId) -> Result<Vec<TagRef>> {
    Ok(sqlx::query_as!(
        TagRef,
        r#"SELECT t.id AS "id: TagId", t.name, t.color AS "color: Color", t.description
           FROM customer_tags ct JOIN tags t ON t.organization_id = ct.organization_id AND t.id = ct.tag_id
           WHERE ct.customer_id = $1 ORDER BY t.name_lowercase"#,
        customer_id.0
    )
    .fetch_all(tx.conn())
    .await?)
}

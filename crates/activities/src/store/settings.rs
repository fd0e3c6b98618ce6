//! Rows of `activity_settings`; an organization without one has the defaults.

use std::collections::BTreeMap;

use regulars_database::Tx;
use regulars_kernel::Result;
use sqlx::types::Json;

use crate::model::IpPolicy;

/// What is stored: version, policy and days.
pub type Stored = (i32, IpPolicy, BTreeMap<String, u16>);

type Row = (i32, String, Json<BTreeMap<String, u16>>);

/// What an organization wants otherwise.
pub async fn get(tx: &mut Tx) -> Result<Stored> {
    let row: Option<Row> = sqlx::query_as("SELECT version, ip, retention_days FROM activity_settings")
        .fetch_optional(tx.conn())
        .await?;
    Ok(match row {
        Some((version, ip, Json(days))) => (version, IpPolicy::of(&ip), days),
        None => (1, IpPolicy::default(), BTreeMap::new()),
    })
}

/// Makes the row if there is none, and keeps it from being changed by others.
pub async fn lock(tx: &mut Tx) -> Result<Stored> {
    let organization_id = tx.organization_id();
    sqlx::query("INSERT INTO activity_settings (organization_id) VALUES ($1) ON CONFLICT DO NOTHING")
        .bind(organization_id)
        .execute(tx.conn())
        .await?;
    sqlx::query("SELECT FROM activity_settings FOR UPDATE")
        .execute(tx.conn())
        .await?;
    get(tx).await
}

/// Writes it; gives the new version.
pub async fn update(tx: &mut Tx, ip: IpPolicy, days: &BTreeMap<String, u16>) -> Result<i32> {
    Ok(
        sqlx::query_scalar("UPDATE activity_settings SET ip = $1, retention_days = $2 RETURNING version")
            .bind(ip.name())
            .bind(Json(days))
            .fetch_one(tx.conn())
            .await?,
    )
}

//! The state of consent by channel.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};

use crate::model::{Channel, Consent, ConsentState};

/// The states of a customer's channels; a channel that was never spoken of is not among them.
pub async fn list(tx: &mut Tx, customer_id: CustomerId) -> Result<Vec<Consent>> {
    Ok(sqlx::query_as!(
        Consent,
        r#"SELECT channel AS "channel: Channel", state AS "state: ConsentState", source, changed_at
           FROM customer_consents WHERE customer_id = $1 ORDER BY channel"#,
        customer_id.0
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Sets the state of a channel.
pub async fn set(
    tx: &mut Tx,
    customer_id: CustomerId,
    channel: Channel,
    state: ConsentState,
    source: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let organization_id = tx.organization_id();
    sqlx::query!(
        "INSERT INTO customer_consents (organization_id, customer_id, channel, state, source, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (organization_id, customer_id, channel) DO UPDATE
           SET state = EXCLUDED.state, source = EXCLUDED.source, changed_at = EXCLUDED.changed_at",
        organization_id.0,
        customer_id.0,
        channel.to_string(),
        state.to_string(),
        source,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

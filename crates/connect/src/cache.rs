//! Connections that were looked up a moment ago, so that a webhook costs one transaction and not two. A connection that
//! was changed here is looked up anew at once, on other servers within five seconds.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use regulars_database::Database;
use regulars_kernel::{Actor, Result, Scope, clock};

use crate::{address::Address, provider::Known, store};

const TRUSTED: Duration = Duration::from_secs(5);

type Entry = Option<(Known, Vec<Option<DateTime<Utc>>>)>;

static KNOWN: LazyLock<Cache<(uuid::Uuid, uuid::Uuid), Arc<Entry>>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(10_000)
        .time_to_live(TRUSTED)
        .build()
});

/// The connection at an address, with the secrets that hold at this moment; none if there is no such connection.
pub async fn known(database: &Database, address: Address) -> Result<Option<Known>> {
    let key = (address.organization_id.0, address.connection_id.0);
    let entry = if let Some(entry) = KNOWN.get(&key) {
        entry
    } else {
        let scope = Scope {
            organization_id: address.organization_id,
            actor: Actor::System,
        };
        let mut tx = database.begin_read(scope).await?;
        let found = Arc::new(store::connections::known(&mut tx, address.connection_id).await?);
        tx.commit().await?;
        KNOWN.insert(key, found.clone());
        found
    };
    let now = clock::now();
    Ok(entry.as_ref().as_ref().map(|(known, ends)| {
        let mut known = known.clone();
        let mut ends = ends.iter();
        known
            .secrets
            .retain(|_| ends.next().is_none_or(|end| end.is_none_or(|end| end > now)));
        known
    }))
}

/// Looks everything up anew.
pub fn forget() {
    KNOWN.invalidate_all();
}

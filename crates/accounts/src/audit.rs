//! Writing the audit log: one entry beside each change that concerns accounts, in the same transaction.
//!
//! Other rooms use [`audit`] for what an auditor would ask about (exports taken, settings changed). Actions are
//! `noun.verb`. Never put a secret, a password or a token into `data`.

use regulars_database::Tx;
use regulars_kernel::{Boxed, Result, Total, paging::Cursor};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    model::{AuditEntry, AuditFilter},
    store,
};

/// Counting stops here; beyond it a total is "about".
const MOST_COUNTED: i64 = 10_001;

/// An entry to be written; who, when and by which request come from the transaction.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(crate) action: &'static str,
    pub(crate) target: Option<(&'static str, Uuid)>,
    pub(crate) data: Value,
    pub(crate) ip: Option<String>,
}

impl Entry {
    /// An entry for an action such as `key.created`.
    pub fn new(action: &'static str) -> Self {
        Self {
            action,
            target: None,
            data: Value::Object(serde_json::Map::new()),
            ip: None,
        }
    }

    /// What it was done to.
    #[must_use]
    pub fn target(mut self, kind: &'static str, id: impl Into<Uuid>) -> Self {
        self.target = Some((kind, id.into()));
        self
    }

    /// More about it.
    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    /// The address the request came from.
    #[must_use]
    pub fn ip(mut self, ip: &str) -> Self {
        self.ip = (!ip.is_empty()).then(|| ip.to_owned());
        self
    }

    /// Writes it with the transaction.
    pub fn write(self, tx: &mut Tx) -> Boxed<'_, ()> {
        Box::pin(async move { store::audit::insert(tx, &self).await })
    }
}

/// Writes down who did what to which thing.
pub async fn audit(
    tx: &mut Tx,
    action: &'static str,
    target: Option<(&'static str, Uuid)>,
    data: Value,
) -> Result<()> {
    Entry {
        action,
        target,
        data,
        ip: None,
    }
    .write(tx)
    .await
}

/// A page of the audit log, newest first: entries, the next cursor, and how many match.
pub async fn list(tx: &mut Tx, filter: &AuditFilter) -> Result<(Vec<AuditEntry>, Option<Cursor>, Total)> {
    let mut entries = store::audit::list(tx, filter).await?;
    let next = crate::ops::cut(&mut entries, &filter.page, |entry| {
        Cursor::new(&[], Vec::new(), entry.id)
    });
    let counted = store::audit::count(tx, filter, MOST_COUNTED).await?;
    let total = if counted == MOST_COUNTED {
        Total::about(MOST_COUNTED - 1)
    } else {
        Total::exact(counted)
    };
    Ok((entries, next, total))
}

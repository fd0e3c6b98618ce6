//! Activities whose time is over leave, kind by kind.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_events::followers;
use regulars_kernel::Result;
use uuid::Uuid;

use crate::{
    model::{Kind, Settings},
    store::{self, activities::Swept},
};

/// Rows that are looked at in one transaction.
const SOME: i64 = 5_000;

/// Looks at some activities behind an id and removes those that are over. Gives the id behind which to go on, unless that
/// was all, and how many left.
pub async fn forget(
    tx: &mut Tx,
    after: Uuid,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(Option<Uuid>, u64)> {
    let kept: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| (kind.name(), settings.kept_since(*kind, now)))
        .collect();
    let Swept {
        seen,
        gone,
        last,
        whose,
    } = store::activities::forget(tx, after, &kept, SOME).await?;
    followers::changed(tx, whose).await?;
    Ok((
        last.filter(|_| seen == SOME),
        u64::try_from(gone).unwrap_or_default(),
    ))
}

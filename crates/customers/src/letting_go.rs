//! The jobs that let go, in batches, of what hangs on a member or a tag that is gone, or hand it to another tag. One
//! statement over a million rows would outlast a request and hold its locks all the while.
//!
//! What it never does: more than a batch in one transaction.

use async_trait::async_trait;
use regulars_accounts::ops::{self as accounts, RemovedMember};
use regulars_jobs::{Context, Failure, Handler, Registry};
use regulars_kernel::ids::TagId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ops;

/// Takes a tag from everybody, then removes it.
pub(crate) const DELETE_TAG: &str = "tag.delete";

/// Gives everybody with a tag another one instead, then removes the first.
pub(crate) const MERGE_TAG: &str = "tag.merge";

/// The input of [`MERGE_TAG`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct MergedTag {
    /// Which goes.
    pub tag_id: TagId,
    /// Which remains.
    pub into: TagId,
}

/// The input of [`DELETE_TAG`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct DeletedTag {
    /// Which.
    pub tag_id: TagId,
}

/// Customers that are let go of in one transaction.
const OWNED: i64 = 1_000;
/// Taggings that are removed in one transaction.
const TAGGED: i64 = 5_000;

/// Adds the handlers.
pub(crate) fn add(registry: Registry) -> Registry {
    registry.with(Release).with(DeleteTag).with(MergeTag)
}

/// Customers whom somebody looked after who is no member any more have nobody.
struct Release;

#[async_trait]
impl Handler for Release {
    fn kind(&self) -> &'static str {
        accounts::MEMBER_REMOVED
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let RemovedMember { user_id } = job.input()?;
        let mut released = 0;
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            // Who came back meanwhile keeps the rest.
            if !accounts::has_left(&mut tx, user_id).await? {
                break;
            }
            let count = ops::owners::release(&mut tx, user_id, OWNED).await?;
            if count == 0 {
                accounts::forget_member(&mut tx, user_id).await?;
            }
            tx.commit().await?;
            released += count;
            job.progress(released as u64, None);
            if count == 0 {
                break;
            }
        }
        Ok(json!({"customers": released}))
    }
}

struct MergeTag;

#[async_trait]
impl Handler for MergeTag {
    fn kind(&self) -> &'static str {
        MERGE_TAG
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let merge = job.input()?;
        let mut moved = 0;
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let (count, is_gone) = ops::tags::merge_some(&mut tx, merge, TAGGED).await?;
            tx.commit().await?;
            moved += count;
            job.progress(moved, None);
            if is_gone {
                break;
            }
        }
        Ok(json!({"customers": moved}))
    }
}

struct DeleteTag;

#[async_trait]
impl Handler for DeleteTag {
    fn kind(&self) -> &'static str {
        DELETE_TAG
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let DeletedTag { tag_id } = job.input()?;
        let mut removed = 0;
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let (count, is_gone) = ops::tags::delete_some(&mut tx, tag_id, TAGGED, removed).await?;
            tx.commit().await?;
            removed += count;
            job.progress(removed, None);
            if is_gone {
                break;
            }
        }
        Ok(json!({"customers": removed}))
    }
}

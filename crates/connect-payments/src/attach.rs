//! The job that takes waiting payments to their orders, each in a transaction of its own.

use async_trait::async_trait;
use regulars_commerce::ops::payments;
use regulars_connect::Failure;
use regulars_jobs::{Context, Failure as JobFailure, Handler, Registry};
use serde_json::{Value, json};

use crate::{adyen, settle, stripe};

struct Attach;

/// The jobs.
pub fn job_handlers(registry: Registry) -> Registry {
    registry.with(Attach)
}

#[async_trait]
impl Handler for Attach {
    fn kind(&self) -> &'static str {
        payments::ATTACH
    }

    async fn run(&self, job: Context) -> Result<Value, JobFailure> {
        let mut after = (String::new(), String::new());
        let (mut looked_at, mut failed) = (0u64, 0u64);
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let found = payments::found(&mut tx, &after).await?;
            tx.commit().await?;
            let Some(last) = found.last() else {
                break;
            };
            after = last.clone();
            for (told_by, id) in found {
                let Some(provider) = [stripe::SOURCE, adyen::SOURCE]
                    .into_iter()
                    .find(|source| *source == told_by)
                else {
                    continue;
                };
                let mut tx = job.database.begin(job.scope).await?;
                match settle::tell_again(&mut tx, provider, &id).await {
                    Ok(()) => tx.commit().await?,
                    Err(Failure::Retry(error)) => return Err(error.into()),
                    // One that its order does not take must not keep those behind it waiting; it waits on.
                    Err(Failure::Fatal(why)) => {
                        tx.rollback().await?;
                        failed += 1;
                        tracing::warn!(payment.told_by = provider, why, "payment not attached");
                    }
                }
                looked_at += 1;
            }
            job.progress(looked_at, None);
        }
        let mut tx = job.database.begin(job.scope).await?;
        let given_up = payments::give_up(&mut tx).await?;
        tx.commit().await?;
        Ok(json!({"looked_at": looked_at, "failed": failed, "given_up": given_up}))
    }
}

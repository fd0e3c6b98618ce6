//! What follows later: the figures of customers with very many orders, of all who bought a product that is of another kind
//! now, and of everybody when the organization reckons in another currency.

use async_trait::async_trait;
use regulars_jobs::{Context, Failure, Handler, NewJob, Registry};
use regulars_kernel::{Result, ids::CustomerId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{ops::metrics, store};

/// The room's jobs.
pub fn job_handlers(registry: Registry) -> Registry {
    registry.with(Reckon).with(ReckonAll).with(Regroup)
}

#[derive(Serialize, Deserialize)]
struct Whom {
    customer_id: CustomerId,
}

/// Reckons one customer's figures.
pub(crate) fn reckon(customer_id: CustomerId) -> NewJob {
    NewJob::new("metrics.reckon", Whom { customer_id }).key(customer_id.to_string())
}

struct Reckon;

#[async_trait]
impl Handler for Reckon {
    fn kind(&self) -> &'static str {
        "metrics.reckon"
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let Whom { customer_id } = job.input()?;
        let mut tx = job.database.begin(job.scope).await?;
        metrics::reckon_all(&mut tx, [customer_id]).await?;
        tx.commit().await?;
        Ok(json!({}))
    }
}

/// Reckons everybody's figures, when the organization's currency is another.
struct ReckonAll;

#[async_trait]
impl Handler for ReckonAll {
    fn kind(&self) -> &'static str {
        regulars_accounts::ops::RECKON_ALL
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let found = metrics::verify(&job.database, job.scope, true, |found| {
            job.progress(found.checked, None);
        })
        .await?;
        Ok(json!({"checked": found.checked, "changed": found.differed}))
    }
}

#[derive(Serialize, Deserialize)]
struct Products {
    /// Source and id there.
    products: Vec<(String, String)>,
}

/// Reckons the figures of those who bought these products, of which the brand or category is another now.
pub(crate) fn regroup(products: Vec<(String, String)>) -> NewJob {
    NewJob::new("products.regroup", Products { products })
}

/// Orders of one transaction.
const STEP: i64 = 500;

struct Regroup;

#[async_trait]
impl Handler for Regroup {
    fn kind(&self) -> &'static str {
        "products.regroup"
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let Products { products } = job.input()?;
        let mut orders = 0;
        for (source, external_id) in products {
            let mut after = Uuid::nil();
            loop {
                job.check()?;
                let mut tx = job.database.begin(job.scope).await?;
                let page = store::products::ordered_in(&mut tx, &source, &external_id, after, STEP).await?;
                let Some((last, _)) = page.last() else {
                    break;
                };
                after = *last;
                orders += page.len() as u64;
                metrics::reckon(&mut tx, page.into_iter().filter_map(|(_, whose)| whose)).await?;
                tx.commit().await?;
                job.progress(orders, None);
            }
        }
        Ok(json!({"orders": orders}))
    }
}

//! The jobs of this room: visitors take along what they did, months are made ahead, what is over leaves.
//!
//! What it never does: more than a batch in one transaction.

use async_trait::async_trait;
use regulars_jobs::{Context, Failure, Handler, NewJob, Registry, Schedule};
use regulars_kernel::{Actor, Error, Scope, ids::OrganizationId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ops;

/// Makes months ahead.
const MONTHS: &str = "activities.months";
/// Removes what is over.
const FORGET: &str = "activities.forget";

/// Adds the handlers and their schedules.
pub(crate) fn add(registry: Registry) -> Registry {
    registry
        .with(Join)
        .with(Months)
        .with(Forget)
        .schedule(Schedule::every(
            MONTHS,
            std::time::Duration::from_hours(6),
            NewJob::new(MONTHS, ()).key("months"),
        ))
        .schedule(Schedule::daily_at(
            FORGET,
            2,
            40,
            NewJob::new(FORGET, ()).key("daily"),
        ))
}

struct Join;

#[async_trait]
impl Handler for Join {
    fn kind(&self) -> &'static str {
        ops::JOIN
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let ops::Joined { visitors, .. } = job.input()?;
        let mut given = 0;
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let some = ops::take_along(&mut tx, &visitors).await?;
            tx.commit().await?;
            given += some as u64;
            job.progress(given, None);
            if some == 0 {
                return Ok(json!({ "activities": given }));
            }
        }
    }
}

struct Months;

#[async_trait]
impl Handler for Months {
    fn kind(&self) -> &'static str {
        MONTHS
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        sqlx::query("SELECT activities_keep_months()")
            .execute(job.database.outside_organizations())
            .await
            .map_err(Error::from)?;
        Ok(Value::Null)
    }
}

struct Forget;

#[async_trait]
impl Handler for Forget {
    fn kind(&self) -> &'static str {
        FORGET
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let organizations: Vec<OrganizationId> =
            sqlx::query_scalar("SELECT id FROM organizations ORDER BY id")
                .fetch_all(job.database.outside_organizations())
                .await
                .map_err(Error::from)?;
        let mut forgotten = 0;
        for organization_id in organizations {
            let scope = Scope {
                organization_id,
                actor: Actor::System,
            };
            let mut after = Uuid::nil();
            loop {
                job.check()?;
                let mut tx = job.database.begin(scope).await?;
                let (settings, now) = (ops::settings(&mut tx).await?, tx.now());
                let (next, gone) = ops::forget(&mut tx, after, &settings, now).await?;
                tx.commit().await?;
                forgotten += gone;
                job.progress(forgotten, None);
                match next {
                    Some(id) => after = id,
                    None => break,
                }
            }
        }
        Ok(json!({ "activities": forgotten }))
    }
}

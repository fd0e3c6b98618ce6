//! The job that sweeps the dictionary of names once a day, organization by organization, and the one that mends after it.
//!
//! What it never does: a use case of its own; those are in `ops`.

use async_trait::async_trait;
use regulars_jobs::{Context, Failure, Handler, NewJob, Registry, Schedule};
use regulars_kernel::{Actor, Error, Result, Scope, ids::OrganizationId};
use serde_json::{Value, json};

use crate::ops::words;

const SWEEP: &str = "customers.sweep_words";

/// Adds the handlers and the schedule.
pub(crate) fn add(registry: Registry) -> Registry {
    registry.with(Sweep).with(Mend).schedule(Schedule::daily_at(
        SWEEP,
        3,
        40,
        NewJob::new(SWEEP, ()).key("daily"),
    ))
}

struct Sweep;

#[async_trait]
impl Handler for Sweep {
    fn kind(&self) -> &'static str {
        SWEEP
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let mut swept = 0;
        for scope in everyone(&job).await? {
            swept += words::sweep(&job.database, scope, &|| go_on(&job)).await?;
        }
        Ok(json!({ "swept": swept }))
    }
}

struct Mend;

#[async_trait]
impl Handler for Mend {
    fn kind(&self) -> &'static str {
        words::MEND
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let began = job.input::<words::Mending>()?.began;
        words::mend(&job.database, job.scope, began, &|| go_on(&job)).await?;
        Ok(json!({}))
    }
}

/// A stopped job is an error to whoever works for it; the worker knows by the cancellation what it means.
fn go_on(job: &Context) -> Result<()> {
    if job.cancelled() {
        return Err(Error::Unavailable("the job was told to stop".into()));
    }
    Ok(())
}

async fn everyone(job: &Context) -> Result<Vec<Scope>> {
    let all = sqlx::query_scalar!(r#"SELECT id AS "id: OrganizationId" FROM organizations ORDER BY id"#)
        .fetch_all(job.database.outside_organizations())
        .await?;
    Ok(all
        .into_iter()
        .map(|organization_id| Scope {
            organization_id,
            actor: Actor::System,
        })
        .collect())
}

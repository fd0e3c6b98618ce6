//! The job that notes, once an hour, how many customers each organization has: the last count of a day stays.

use async_trait::async_trait;
use regulars_jobs::{Context, Failure, Handler, NewJob, Registry, Schedule};
use regulars_kernel::{Actor, Scope, TimeZone, ids::OrganizationId};
use serde_json::{Value, json};

use crate::ops::days;

const KIND: &str = "customers.count_days";

/// Adds the handler and its schedule.
pub(crate) fn add(registry: Registry) -> Registry {
    registry.with(CountDays).schedule(Schedule::every(
        KIND,
        std::time::Duration::from_hours(1),
        NewJob::new(KIND, ()).key("hourly"),
    ))
}

struct CountDays;

#[async_trait]
impl Handler for CountDays {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let organizations =
            sqlx::query!(r#"SELECT id AS "id: OrganizationId", time_zone FROM organizations ORDER BY id"#)
                .fetch_all(job.database.outside_organizations())
                .await?;
        for organization in &organizations {
            job.check()?;
            let scope = Scope {
                organization_id: organization.id,
                actor: Actor::System,
            };
            let mut tx = job.database.begin(scope).await?;
            // A zone that an older server took and this one does not know is no reason to leave the others out.
            let zone = TimeZone::parse(&organization.time_zone).unwrap_or(TimeZone::UTC);
            days::note(&mut tx, zone).await?;
            tx.commit().await?;
        }
        Ok(json!({ "organizations": organizations.len() }))
    }
}

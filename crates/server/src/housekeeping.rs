//! What has to be forgotten: ended sessions, answers kept for idempotency keys, webhooks of long ago. Once an hour, by one server.

use async_trait::async_trait;
use regulars_jobs::{Context, Failure, Handler, NewJob, Registry, Schedule};
use regulars_kernel::{Actor, Scope, ids::OrganizationId};
use serde_json::{Value, json};

const KIND: &str = "housekeeping.run";

/// Adds the handler and its schedule.
pub fn add(registry: Registry) -> Registry {
    registry.with(Housekeeping).schedule(Schedule::every(
        KIND,
        std::time::Duration::from_hours(1),
        NewJob::new(KIND, ()).key("hourly"),
    ))
}

struct Housekeeping;

#[async_trait]
impl Handler for Housekeeping {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let sessions = regulars_accounts::ops::sweep_sessions(&job.database).await?;
        let organizations: Vec<OrganizationId> =
            sqlx::query_scalar!(r#"SELECT id AS "id: OrganizationId" FROM organizations"#)
                .fetch_all(job.database.outside_organizations())
                .await?;
        let (mut answers, mut webhooks) = (0, 0);
        for organization_id in organizations {
            job.check()?;
            let scope = Scope {
                organization_id,
                actor: Actor::System,
            };
            let mut tx = job.database.begin(scope).await?;
            answers += regulars_web::idempotency::prune(&mut tx).await?;
            regulars_connect::ops::wake(&mut tx).await?;
            tx.commit().await?;
            webhooks += regulars_connect::ops::forget(&job.database, scope).await?;
        }
        Ok(json!({"sessions": sessions, "idempotency_keys": answers, "webhook_events": webhooks}))
    }
}

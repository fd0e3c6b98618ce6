//! Jobs that are queued again and again. Each slot is queued once however many servers run: the server that moves the
//! slot forward queues the job in the same transaction.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use regulars_database::Database;
use regulars_kernel::{Actor, Result, Scope, clock, ids::OrganizationId};
use uuid::Uuid;

use crate::{NewJob, enqueue};

/// A job to queue again and again, for Regulars itself (the nil organization). Work for each organization is queued by
/// its handler. Slots missed while no server ran are made up for by one job, not by one each.
#[derive(Clone, Debug)]
pub struct Schedule {
    name: &'static str,
    cadence: Cadence,
    job: NewJob,
}

#[derive(Clone, Copy, Debug)]
enum Cadence {
    Every(TimeDelta),
    DailyAt(NaiveTime),
}

impl Schedule {
    /// Every so often, first one period after the name was first seen. At least a second.
    pub fn every(name: &'static str, period: Duration, job: NewJob) -> Self {
        let period = TimeDelta::from_std(period).unwrap_or(TimeDelta::days(365));
        Self {
            name,
            cadence: Cadence::Every(period.max(TimeDelta::seconds(1))),
            job,
        }
    }

    /// Every day at this time, UTC.
    pub fn daily_at(name: &'static str, hour: u32, minute: u32, job: NewJob) -> Self {
        let time = NaiveTime::from_hms_opt(hour % 24, minute % 60, 0).unwrap_or(NaiveTime::MIN);
        Self {
            name,
            cadence: Cadence::DailyAt(time),
            job,
        }
    }

    /// The first slot after a time.
    fn next(&self, after: DateTime<Utc>) -> DateTime<Utc> {
        match self.cadence {
            Cadence::Every(period) => after + period,
            Cadence::DailyAt(time) => {
                let today = after.date_naive().and_time(time).and_utc();
                if today > after {
                    today
                } else {
                    today + Days::new(1)
                }
            }
        }
    }
}

/// The scope of work that belongs to Regulars itself.
pub fn system_scope() -> Scope {
    Scope {
        organization_id: OrganizationId(Uuid::nil()),
        actor: Actor::System,
    }
}

/// Makes the slots known. A schedule that became more frequent takes effect at once.
pub(crate) async fn announce(database: &Database, schedules: &[Schedule]) -> Result<()> {
    for schedule in schedules {
        sqlx::query!(
            "INSERT INTO job_schedules (name, next_run_at) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET next_run_at = EXCLUDED.next_run_at
             WHERE job_schedules.next_run_at > EXCLUDED.next_run_at",
            schedule.name,
            schedule.next(clock::now()),
        )
        .execute(database.outside_organizations())
        .await?;
    }
    Ok(())
}

/// Queues what is due. Answers how many jobs it queued.
pub(crate) async fn run_due(database: &Database, schedules: &[Schedule]) -> Result<usize> {
    let names: Vec<String> = schedules
        .iter()
        .map(|schedule| schedule.name.to_owned())
        .collect();
    let due = sqlx::query_scalar!(
        "SELECT name FROM job_schedules WHERE name = ANY($1) AND next_run_at <= $2",
        &names,
        clock::now(),
    )
    .fetch_all(database.outside_organizations())
    .await?;
    let mut queued = 0;
    for schedule in schedules
        .iter()
        .filter(|schedule| due.iter().any(|name| name == schedule.name))
    {
        queued += usize::from(claim_slot(database, schedule).await?);
    }
    Ok(queued)
}

async fn claim_slot(database: &Database, schedule: &Schedule) -> Result<bool> {
    let mut tx = database.begin(system_scope()).await?;
    let now = clock::now();
    // Another server that holds the row makes this wait; afterwards the slot is no longer due and nothing is updated.
    let claimed = sqlx::query!(
        "UPDATE job_schedules SET last_run_at = next_run_at, next_run_at = $2
         WHERE name = $1 AND next_run_at <= $3",
        schedule.name,
        schedule.next(now),
        now,
    )
    .execute(tx.conn())
    .await?;
    if claimed.rows_affected() == 0 {
        return Ok(false);
    }
    // The key keeps a slow queue from filling with the same work.
    let mut job = schedule.job.clone();
    job.key.get_or_insert_with(|| schedule.name.to_owned());
    enqueue(&mut tx, job).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daily_slot_is_today_or_tomorrow_and_never_now() {
        let schedule = Schedule::daily_at("night", 3, 30, NewJob::new("test.run", ()));
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(
            schedule.next(at("2026-02-28T01:00:00Z")),
            at("2026-02-28T03:30:00Z")
        );
        assert_eq!(
            schedule.next(at("2026-02-28T03:30:00Z")),
            at("2026-03-01T03:30:00Z")
        );
    }
}

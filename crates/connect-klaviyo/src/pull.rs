//! The job that reads all profiles, or those that changed since the last time, page after page.
//!
//! A page is taken over in the transaction that notes the next one. So whatever ends the job, it goes on with a page that was
//! not taken over. What cannot be taken over keeps none of its page back: the page is taken once more, each profile by itself.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;
use regulars_connect::{
    Failure, Provider, Said,
    model::{PageRead, PullPlace},
    ops::pulls::{self, PullInput},
};
use regulars_jobs::{Context, Failure as JobFailure, Handler, Registry};
use regulars_kernel::{Error, Result, clock, ids::PullId};
use serde_json::{Value, json};

use crate::{
    client::{Client, Page, Trouble, updated},
    json,
    profiles::{self, Reading},
};

/// How often a profile is tried by itself.
const TRIES: u32 = 3;
/// How often in a row Klaviyo is waited for before the job ends and another goes on later.
const MOST_WAITS: u32 = 20;
/// How far ahead Klaviyo's clock may be. What is said to have changed later than that is no place to go on from.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

struct Pull {
    kind: &'static str,
    client: Client,
}

/// The jobs.
pub fn job_handlers(registry: Registry, client: Client) -> Registry {
    match Provider::Klaviyo.pull_kind() {
        Some(kind) => registry.with(Pull { kind, client }),
        None => registry,
    }
}

/// What is done after a page.
enum Then {
    GoOn,
    End(Value),
}

#[async_trait]
impl Handler for Pull {
    fn kind(&self) -> &'static str {
        self.kind
    }

    async fn run(&self, job: Context) -> Result<Value, JobFailure> {
        let PullInput { pull_id } = job.input()?;
        let (mut failures, mut waits) = (0, 0);
        let mut begun_anew = false;
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let Some(place) = pulls::place(&mut tx, pull_id).await? else {
                let why = "the connection was switched off, or has no API key any more";
                pulls::fail_pull(&mut tx, pull_id, why).await?;
                tx.commit().await?;
                return Ok(json!({"ended": true}));
            };
            tx.commit().await?;
            let trouble = match self.page(&place).await {
                Ok(page) => {
                    (failures, waits) = (0, 0);
                    match take(&job, pull_id, &place, page).await? {
                        Then::GoOn => continue,
                        Then::End(result) => return Ok(result),
                    }
                }
                Err(trouble) => trouble,
            };
            match trouble {
                Trouble::Wait(wait) if wait <= self.client.patience.longest_wait && waits < MOST_WAITS => {
                    waits += 1;
                    // Whoever says “at once” is asked again a little later all the same.
                    sleep(&job, wait.max(self.wait_after(1))).await?;
                }
                Trouble::Wait(wait) => {
                    let wait = wait.max(self.client.patience.longest_wait);
                    return self.put_off(&job, pull_id, wait).await;
                }
                Trouble::Passing(why) => {
                    failures += 1;
                    if failures >= self.client.patience.failures {
                        return Err(JobFailure::Retry(Error::Unavailable(why.into())));
                    }
                    sleep(&job, self.wait_after(failures)).await?;
                }
                // Cursors do not hold for ever. What was read before is not read again.
                Trouble::NoSuchPage(_) if place.next_page.is_some() && !begun_anew => {
                    begun_anew = true;
                    let mut tx = job.database.begin(job.scope).await?;
                    pulls::begin_anew(&mut tx, pull_id).await?;
                    tx.commit().await?;
                }
                Trouble::NoSuchPage(why) | Trouble::Refused(why) => {
                    let mut tx = job.database.begin(job.scope).await?;
                    pulls::fail_pull(&mut tx, pull_id, &why).await?;
                    tx.commit().await?;
                    return Err(JobFailure::Fatal(Error::Refused(why.into())));
                }
            }
        }
    }
}

impl Pull {
    async fn page(&self, place: &PullPlace) -> Result<Page, Trouble> {
        let url = match &place.next_page {
            // The operator may have chosen another address since.
            Some(text) => self
                .client
                .named_page(text)
                .ok_or_else(|| Trouble::NoSuchPage("the next page is elsewhere".into()))?,
            None => self.client.first_page(place.since),
        };
        self.client.page(&place.api_key, url).await
    }

    /// Ends this job; another goes on when Klaviyo may be asked again.
    async fn put_off(&self, job: &Context, pull_id: PullId, wait: Duration) -> Result<Value, JobFailure> {
        let mut tx = job.database.begin(job.scope).await?;
        let until = tx.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::hours(1));
        let next = pulls::put_off(&mut tx, pull_id, self.kind, until).await?;
        tx.commit().await?;
        Ok(json!({"put_off_until": until, "next_job_id": next}))
    }

    /// Twice as long after each failure, and half of it left to chance.
    fn wait_after(&self, failures: u32) -> Duration {
        let longest =
            self.client.patience.first_wait * 2u32.saturating_pow(failures.saturating_sub(1).min(10));
        rand::rng().random_range(longest / 2..=longest)
    }
}

/// Waits, and hears meanwhile that it is time to stop.
async fn sleep(job: &Context, wait: Duration) -> Result<(), JobFailure> {
    let end = tokio::time::Instant::now() + wait;
    loop {
        job.check()?;
        let left = end.saturating_duration_since(tokio::time::Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        tokio::time::sleep(left.min(Duration::from_millis(200))).await;
    }
}

/// Takes a page over.
async fn take(job: &Context, pull_id: PullId, place: &PullPlace, page: Page) -> Result<Then, JobFailure> {
    let now = clock::now();
    let read = PageRead {
        next_page: page.next,
        newest: page
            .profiles
            .iter()
            .filter_map(updated)
            .filter(|at| *at <= now + AHEAD)
            .max(),
        seen: i32::try_from(page.profiles.len()).unwrap_or(i32::MAX),
        created: 0,
        failed: 0,
    };
    let read = match together(job, pull_id, place, &page.profiles, read.clone(), now).await {
        Ok(read) => read,
        Err(_) => one_by_one(job, pull_id, place, &page.profiles, read, now).await?,
    };
    let Some(read) = read else {
        return Ok(Then::GoOn);
    };
    let seen = place.seen.saturating_add(read.seen);
    job.progress(u64::try_from(seen).unwrap_or_default(), None);
    Ok(match read.next_page {
        Some(_) => Then::GoOn,
        None => Then::End(json!({"seen": seen})),
    })
}

/// The page in one transaction, which is nearly always possible; none if somebody else took it over meanwhile.
async fn together(
    job: &Context,
    pull_id: PullId,
    place: &PullPlace,
    profiles: &[Value],
    mut read: PageRead,
    now: DateTime<Utc>,
) -> Result<Option<PageRead>, Failure> {
    let mut tx = job.database.begin(job.scope).await?;
    let found = pulls::place_to_move(&mut tx, pull_id).await?;
    if found.is_none_or(|found| found.next_page != place.next_page) {
        tx.rollback().await?;
        return Ok(None);
    }
    let reading = Reading::of(&mut tx, &place.settings).await?;
    for profile in profiles {
        let is_created = put(&mut tx, &reading, profile, now).await?;
        read.created += i32::from(is_created);
    }
    pulls::turn_page(&mut tx, pull_id, &read).await?;
    tx.commit().await?;
    Ok(Some(read))
}

/// Each profile in a transaction of its own. What cannot be taken over is counted, and found again by the next change of it.
async fn one_by_one(
    job: &Context,
    pull_id: PullId,
    place: &PullPlace,
    profiles: &[Value],
    mut read: PageRead,
    now: DateTime<Utc>,
) -> Result<Option<PageRead>, JobFailure> {
    for profile in profiles {
        let mut tries = 0;
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let reading = Reading::of(&mut tx, &place.settings).await?;
            let taken = put(&mut tx, &reading, profile, now).await;
            tries += 1;
            match taken {
                Ok(is_created) => {
                    tx.commit().await?;
                    read.created += i32::from(is_created);
                    break;
                }
                Err(Failure::Retry(_)) if tries < TRIES => {
                    tx.rollback().await?;
                    sleep(job, Duration::from_millis(100)).await?;
                }
                // The database is away: that says nothing of the profile, and the page stays unread.
                Err(Failure::Retry(error @ Error::Unavailable(_))) => return Err(JobFailure::Retry(error)),
                Err(failure) => {
                    tx.rollback().await?;
                    read.failed += 1;
                    let id = json::id(&profile["id"]).unwrap_or("without an id");
                    tracing::warn!(
                        profile.id = id,
                        failure = words(&failure),
                        "klaviyo.profile not taken over"
                    );
                    break;
                }
            }
        }
    }
    let mut tx = job.database.begin(job.scope).await?;
    let found = pulls::place_to_move(&mut tx, pull_id).await?;
    if found.is_none_or(|found| found.next_page != place.next_page) {
        tx.rollback().await?;
        return Ok(None);
    }
    pulls::turn_page(&mut tx, pull_id, &read).await?;
    tx.commit().await?;
    Ok(Some(read))
}

/// Why, without what it was about.
fn words(failure: &Failure) -> &str {
    match failure {
        Failure::Fatal(why) => why,
        Failure::Retry(_) => "the server failed on it",
    }
}

/// Takes one profile over; whether it is a new customer.
async fn put(
    tx: &mut regulars_database::Tx,
    reading: &Reading,
    profile: &Value,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let external_id = json::id(&profile["id"]).ok_or_else(|| Failure::Fatal("it has no id".into()))?;
    // Of two words of the same change the one that was read later is the newer: figures change without it.
    let said = Said(updated(profile).unwrap_or(now), now.to_rfc3339());
    let taken = profiles::take_over(tx, reading, external_id, &profile["attributes"], &said).await?;
    Ok(taken.is_created)
}

//! Signing in, and what makes guessing slow.
//!
//! Three brakes: per address of the network (in process), per account (in the database: growing waits after the third
//! wrong password, 15 minutes after the tenth and each further one), and the cost of argon2id. An attempt is counted
//! before it is judged, so many at once cannot outrun the count. Every failure gets the same answer, and an address
//! nobody has is treated like one somebody has, waits included, so that nobody learns who has an account.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use regulars_database::Database;
use regulars_kernel::{Actor, Error, Result, Scope, Secret, clock, ids::UserId};
use serde_json::json;

use super::links::{Device, SignedIn, open_session};
use crate::{
    audit::Entry,
    authenticate,
    brake::Brake,
    passwords, secrets,
    store::{
        sessions,
        users::{self, UserRow},
    },
};

/// What every failed sign-in is told.
pub const SIGN_IN_FAILED: &str = "The e-mail address or the password is not right. After ten wrong passwords an account is locked for 15 minutes.";

/// Seconds to wait after the 1st, 2nd, … wrong password in a row; the last one repeats.
const DELAYS: [f64; 10] = [0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 900.0];
/// Longest wait that a request sits out; longer ones fail at once.
const PATIENCE: TimeDelta = TimeDelta::seconds(9);
/// Attempts that one network address may make at once and per minute.
const ATTEMPTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).expect("thirty is not zero");

static BY_NETWORK: LazyLock<Brake> = LazyLock::new(|| Brake::per_minute(ATTEMPTS_PER_MINUTE));

/// Attempts on addresses nobody has, by the hash of the address: how many, and the time of the next one.
type Shadow = Cache<[u8; 32], Arc<Mutex<(usize, DateTime<Utc>)>>>;
static SHADOWS: LazyLock<Shadow> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(100_000)
        .time_to_idle(Duration::from_hours(1))
        .build()
});

/// Signs somebody in. `previous` is the token in the browser's cookie, if any: that session ends.
pub async fn sign_in(
    database: &Database,
    email: &str,
    password: Secret<String>,
    previous: Option<&str>,
    device: &Device,
) -> Result<SignedIn> {
    slow_down(&device.ip)?;
    let email = email.trim();
    let known = if email.len() > 320 || email.contains('\0') {
        None
    } else {
        let mut conn = database.outside_organizations().acquire().await?;
        users::by_email(&mut conn, email).await?
    };
    let Some(user) = known else {
        judge_nobody(email, password).await?;
        return fail("unknown");
    };
    let right = judge(database, &user, password).await?;
    let memberships = {
        let mut conn = database.outside_organizations().acquire().await?;
        users::memberships(&mut conn, user.id).await?
    };
    let Some(&(organization_id, ..)) = memberships.first() else {
        return fail("no_organization");
    };
    if !right || user.disabled {
        let scope = Scope {
            organization_id,
            actor: Actor::System,
        };
        note_failure(database.clone(), scope, user.id, device.clone());
        return fail(if right { "disabled" } else { "wrong_password" });
    }
    let mut tx = database
        .begin(Scope {
            organization_id,
            actor: Actor::User(user.id),
        })
        .await?;
    device.name_request(&mut tx);
    // Looked at again under the lock: whoever has just changed the password has ended all sessions, and those to come.
    if !users::lock_judged(tx.conn(), &user).await? {
        return fail("changed_meanwhile");
    }
    if let Some(previous) = previous {
        let now = tx.now();
        sessions::revoke_token(tx.conn(), &secrets::hash(previous), now).await?;
    }
    let signed_in = open_session(&mut tx, user.id, device).await?;
    tx.after_commit(authenticate::forget);
    tx.commit().await?;
    metrics::counter!("regulars_sign_ins_total", "result" => "done").increment(1);
    Ok(signed_in)
}

fn fail<T>(why: &'static str) -> Result<T> {
    metrics::counter!("regulars_sign_ins_total", "result" => why).increment(1);
    Err(Error::Unauthorized(SIGN_IN_FAILED.into()))
}

/// Whether the password is the user's; counts the attempt, and waits where the count says so. After a right password
/// the count is still to be cleared (opening a session or setting a password does).
pub(super) async fn judge(database: &Database, user: &UserRow, password: Secret<String>) -> Result<bool> {
    for _ in 0..3 {
        let mut conn = database.outside_organizations().acquire().await?;
        let now = clock::now();
        if users::reserve_attempt(&mut conn, user.id, now, &DELAYS)
            .await?
            .is_some()
        {
            drop(conn);
            return passwords::verify(password, user.password_hash.clone()).await;
        }
        let until = users::locked_until(&mut conn, user.id).await?.unwrap_or(now);
        drop(conn);
        if !wait(until, now).await {
            break;
        }
    }
    passwords::verify(password, None).await
}

/// The same for an address nobody has.
async fn judge_nobody(email: &str, password: Secret<String>) -> Result<()> {
    let shadow = SHADOWS.get_with(secrets::hash(&email.to_lowercase()), || {
        Arc::new(Mutex::new((0, DateTime::UNIX_EPOCH)))
    });
    for _ in 0..3 {
        let now = clock::now();
        let until = {
            let mut shadow = shadow.lock().unwrap_or_else(PoisonError::into_inner);
            if shadow.1 <= now {
                let seconds = DELAYS[shadow.0.min(DELAYS.len() - 1)];
                *shadow = (shadow.0 + 1, now + TimeDelta::seconds(seconds as i64));
                None
            } else {
                Some(shadow.1)
            }
        };
        match until {
            Some(until) if wait(until, now).await => {}
            _ => break,
        }
    }
    passwords::verify(password, None).await.map(|_| ())
}

/// Waits until then and says yes, or says no at once where that is too long.
async fn wait(until: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let left = until - now;
    if left > PATIENCE {
        return false;
    }
    tokio::time::sleep(left.to_std().unwrap_or_default()).await;
    true
}

/// Fails with 429 where one network tries too often.
pub(crate) fn slow_down(ip: &str) -> Result<()> {
    let Ok(ip) = ip.parse::<IpAddr>() else {
        return Ok(());
    };
    BY_NETWORK
        .check(ip)
        .map_err(|retry_after| Error::TooMany { retry_after })
}

/// Written beside the answer, not before it, so that its time tells nothing.
fn note_failure(database: Database, scope: Scope, user: UserId, device: Device) {
    tokio::spawn(async move {
        let written = async {
            let mut tx = database.begin(scope).await?;
            device.name_request(&mut tx);
            let until = users::locked_until(tx.conn(), user).await?;
            let locked = until.is_some_and(|until| until > clock::now() + PATIENCE);
            let action = if locked { "user.locked" } else { "session.failed" };
            Entry::new(action)
                .target("user", user.0)
                .data(json!({}))
                .ip(&device.ip)
                .write(&mut tx)
                .await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::error!(%error, "a failed sign-in could not be written to the audit log");
        }
    });
}

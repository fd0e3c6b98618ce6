//! Who calls: an API key or a session cookie becomes a [`Caller`] on the request.
//!
//! What was found is kept in process for up to five seconds, because the fastest requests take less time than the look-up
//! would. Every change of accounts on this server forgets all of it at once, so a key revoked here stops here with the
//! commit; other servers follow within five seconds. Expiry is checked at each use, kept or not.
//!
//! It never decides what a caller may do, and it lets requests without credentials pass: handlers refuse those.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, header};
use moka::sync::Cache;
use regulars_kernel::{Actor, Error, Result, Scope, clock};
use regulars_web::{AppState, Caller, CallerUser, ClientIp, OrganizationInfo, Problem};
use subtle::ConstantTimeEq;

use crate::{
    brake::Brake,
    cookies,
    model::{Power, idle_out},
    secrets::{self, KeyText},
    store::{keys, sessions},
};

/// How long what was found may be used without looking again.
const KEPT: Duration = Duration::from_secs(5);
/// How often the time of the last use is written at most.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Wrong keys that one network may send per minute.
const WRONG_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).expect("it is not zero");

/// Grows when anything about accounts changes; what was found before then is not used any more.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// What was found for a secret. Keyed by its SHA-256, so that no secret stays in memory.
static KNOWN: LazyLock<Cache<[u8; 32], Arc<Known>>> =
    LazyLock::new(|| Cache::builder().max_capacity(50_000).time_to_live(KEPT).build());

static WRONG_KEYS: LazyLock<Brake> = LazyLock::new(|| Brake::per_minute(WRONG_PER_MINUTE));

struct Known {
    caller: Arc<Caller>,
    generation: u64,
    expires_at: Option<DateTime<Utc>>,
    last_seen_at: Option<DateTime<Utc>>,
}

impl Known {
    fn ended(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
            || self.last_seen_at.is_some_and(|seen| idle_out(seen, now))
    }
}

/// Forgets who was found before, in this process. Whatever changes users, roles, sessions, keys or organizations calls it
/// after its commit; tests that change rows behind the server's back call it too.
pub fn forget() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
}

/// The middleware. A wrong key is refused here; without credentials, or with the cookie of a session that ended, the
/// request goes on without a caller.
pub async fn authenticate(State(state): State<AppState>, request: Request, next: Next) -> Response {
    // The body is not Sync, so only the head is looked at across an await.
    let (mut parts, body) = request.into_parts();
    let ip = parts.extensions.get::<ClientIp>().map(|ip| ip.0);
    match find(&state, &parts.headers, ip, Use::Request).await {
        Ok(Some(caller)) => {
            caller.attach(&mut parts.extensions);
            next.run(Request::from_parts(parts, body)).await
        }
        Ok(None) => next.run(Request::from_parts(parts, body)).await,
        Err(error) => Problem(error).into_response(),
    }
}

/// Who the credentials in these headers stand for now, for what goes on longer than a request. It does not count as a
/// use: a page left open does not keep its session from ending.
pub async fn caller_of(state: &AppState, headers: &HeaderMap) -> Result<Option<Arc<Caller>>> {
    find(state, headers, None, Use::Look).await
}

/// Whether a look-up is for a request, whose time is noted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Request,
    Look,
}

async fn find(
    state: &AppState,
    headers: &HeaderMap,
    ip: Option<IpAddr>,
    purpose: Use,
) -> Result<Option<Arc<Caller>>> {
    if let Some(given) = headers.get(header::AUTHORIZATION) {
        let text = given.to_str().ok().and_then(bearer).ok_or_else(|| {
            Error::Unauthorized("the Authorization header must be “Bearer ” and an API key".into())
        })?;
        return by_key(state, text, ip, purpose).await.map(Some);
    }
    match cookies::session_token(headers, state.config.secure_cookies) {
        Some(token) => by_session(state, token, purpose).await,
        None => Ok(None),
    }
}

/// How often anything about accounts changed.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Whether the time of the last use shall be written again.
pub(crate) fn is_due(last_used_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    last_used_at.is_none_or(|at| now - at >= TOUCH_EVERY)
}

/// Counts a key that nobody has, and refuses it.
pub(crate) fn wrong_key(ip: Option<IpAddr>) -> Error {
    if let Some(ip) = ip
        && let Err(retry_after) = WRONG_KEYS.check(ip)
    {
        return Error::TooMany { retry_after };
    }
    Error::Unauthorized("the API key is not known".into())
}

fn bearer(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
}

/// What was found for a secret a moment ago, if nothing changed since.
fn known(hash: &[u8; 32], now: DateTime<Utc>) -> Option<Arc<Known>> {
    let known = KNOWN.get(hash)?;
    (known.generation == GENERATION.load(Ordering::Acquire) && !known.ended(now)).then_some(known)
}

async fn by_key(state: &AppState, text: &str, ip: Option<IpAddr>, purpose: Use) -> Result<Arc<Caller>> {
    let (hash, now) = (secrets::hash(text), clock::now());
    if let Some(known) = known(&hash, now) {
        return Ok(known.caller.clone());
    }
    // Taken before the look-up: a change that commits during it makes what is found too old to keep.
    let generation = GENERATION.load(Ordering::Acquire);
    let wrong = || wrong_key(ip);
    let key = KeyText::read(text).ok_or_else(wrong)?;
    let scope = Scope {
        organization_id: key.organization_id,
        actor: Actor::Key(key.id),
    };
    let mut tx = state.database.begin_read(scope).await?;
    let found = keys::find(&mut tx, key.id).await?;
    tx.rollback().await?;
    let found = found
        .filter(|found| bool::from(found.secret_hash.ct_eq(&key.secret_hash())))
        .ok_or_else(wrong)?;
    if found.revoked_at.is_some() {
        return Err(Error::Unauthorized("the API key was revoked".into()));
    }
    if found.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::Unauthorized("the API key has expired".into()));
    }
    if purpose == Use::Request && is_due(found.last_used_at, now) {
        let database = state.database.clone();
        in_background(async move {
            let mut tx = database.begin(scope).await?;
            keys::touch(&mut tx, key.id).await?;
            tx.commit().await
        });
    }
    let caller = Arc::new(Caller {
        organization_id: key.organization_id,
        actor: scope.actor,
        role: found.role,
        scopes: found.scopes(),
        user: None,
        session_id: None,
        organization: Arc::new(OrganizationInfo {
            id: key.organization_id,
            slug: found.slug,
            name: found.organization_name,
            currency: found.currency,
            time_zone: found.time_zone,
            locale: found.locale,
        }),
    });
    let keep = Known {
        caller: caller.clone(),
        generation,
        expires_at: found.expires_at,
        last_seen_at: None,
    };
    keep_for(purpose, hash, keep);
    Ok(caller)
}

async fn by_session(state: &AppState, token: &str, purpose: Use) -> Result<Option<Arc<Caller>>> {
    let (hash, now) = (secrets::hash(token), clock::now());
    if let Some(known) = known(&hash, now) {
        return Ok(Some(known.caller.clone()));
    }
    let generation = GENERATION.load(Ordering::Acquire);
    let pool = state.database.outside_organizations();
    let Some(found) = sessions::find(pool, &hash).await? else {
        return Ok(None);
    };
    let user = CallerUser {
        id: found.user_id,
        name: found.user_name,
        email: found.email,
    };
    let keep = Known {
        caller: Arc::new(Caller {
            organization_id: found.organization_id,
            actor: Actor::User(found.user_id),
            role: found.role,
            scopes: None,
            user: Some(user),
            session_id: Some(found.id),
            organization: Arc::new(OrganizationInfo {
                id: found.organization_id,
                slug: found.slug,
                name: found.organization_name,
                currency: found.currency,
                time_zone: found.time_zone,
                locale: found.locale,
            }),
        }),
        generation,
        expires_at: Some(found.expires_at),
        last_seen_at: Some(found.last_seen_at),
    };
    if keep.ended(now) {
        return Ok(None);
    }
    if purpose == Use::Request && now - found.last_seen_at >= TOUCH_EVERY {
        let (pool, id) = (pool.clone(), found.id);
        in_background(async move { sessions::touch(&pool, id, now).await });
    }
    let caller = keep.caller.clone();
    keep_for(purpose, hash, keep);
    Ok(Some(caller))
}

/// Only requests fill the memory: they note the time of the last use when they do, and what a mere look put there
/// would keep them from it.
fn keep_for(purpose: Use, hash: [u8; 32], found: Known) {
    if purpose == Use::Request {
        KNOWN.insert(hash, Arc::new(found));
    }
}

/// A request does not wait for the note of its own time.
pub(crate) fn in_background(work: impl Future<Output = Result<()>> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = work.await {
            tracing::warn!(%error, "the time of the last use could not be written");
        }
    });
}

impl From<&Caller> for Power {
    fn from(caller: &Caller) -> Self {
        Self {
            role: caller.role,
            scopes: caller.scopes.clone(),
        }
    }
}

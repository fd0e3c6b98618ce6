//! Limits how fast one principal, or one address without credentials, may ask. Counted in this process; several servers
//! allow several times as much.
//!
//! The algorithm is GCRA: a budget of a minute's requests that refills evenly.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const MINUTE: u64 = 60;

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Principal(Uuid),
    /// An IPv6 network of 64 bits is one house.
    Address(IpAddr),
}

impl Key {
    pub fn of_address(address: IpAddr) -> Self {
        match address {
            IpAddr::V6(address) => {
                let mut octets = address.octets();
                octets[8..].fill(0);
                Self::Address(octets.into())
            }
            IpAddr::V4(_) => Self::Address(address),
        }
    }
}

type Store = DashMapStateStore<Key>;

/// The budgets of everybody who asked lately.
#[derive(Debug)]
pub(crate) struct Limiter {
    budgets: RateLimiter<Key, Store, DefaultClock, StateInformationMiddleware>,
    clock: DefaultClock,
    limit: u32,
    started: Instant,
    pruned: AtomicU64,
}

/// What the headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    pub limit: u32,
    pub remaining: u32,
    /// Seconds until the whole budget is back.
    pub reset: u64,
    /// Seconds to wait, when nothing is left.
    pub retry_after: Option<u64>,
}

impl Limiter {
    /// None for no limit.
    pub fn new(per_minute: u32) -> Option<Self> {
        let limit = NonZeroU32::new(per_minute)?;
        Some(Self {
            budgets: RateLimiter::dashmap(Quota::per_minute(limit)).with_middleware(),
            clock: DefaultClock::default(),
            limit: limit.get(),
            started: Instant::now(),
            pruned: AtomicU64::new(0),
        })
    }

    /// Spends one request.
    pub fn check(&self, key: Key) -> Budget {
        self.prune();
        match self.budgets.check_key(&key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let spent = u64::from(self.limit.saturating_sub(remaining));
                Budget {
                    limit: self.limit,
                    remaining,
                    reset: (spent * MINUTE).div_ceil(u64::from(self.limit)),
                    retry_after: None,
                }
            }
            Err(wait) => Budget {
                limit: self.limit,
                remaining: 0,
                reset: MINUTE,
                retry_after: Some(wait.wait_time_from(self.clock.now()).as_secs() + 1),
            },
        }
    }

    /// Once a minute, forgets those whose budget is whole again.
    fn prune(&self) {
        let now = self.started.elapsed().as_secs();
        let last = self.pruned.load(Ordering::Relaxed);
        if now >= last + MINUTE
            && self
                .pruned
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.budgets.retain_recent();
        }
    }
}

impl Budget {
    /// Adds the `RateLimit-…` headers.
    pub fn add(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(self.reset));
    }

    /// Whether an answer tells it already.
    pub fn is_told(headers: &HeaderMap) -> bool {
        headers.contains_key(LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_principal_has_a_budget_of_its_own() {
        let limiter = Limiter::new(2).unwrap();
        let (one, other) = (
            Key::Principal(Uuid::from_u128(1)),
            Key::Principal(Uuid::from_u128(2)),
        );
        assert_eq!(limiter.check(one).remaining, 1);
        assert_eq!(limiter.check(one).remaining, 0);
        let refused = limiter.check(one);
        assert!(
            refused
                .retry_after
                .is_some_and(|seconds| (1..=31).contains(&seconds)),
            "{refused:?}"
        );
        assert_eq!(limiter.check(other).remaining, 1);
        assert!(Limiter::new(0).is_none());
    }

    #[test]
    fn addresses_of_one_house_share_a_budget() {
        let key = |text: &str| Key::of_address(text.parse().unwrap());
        assert_eq!(key("2001:db8::1"), key("2001:db8::2"));
        assert_ne!(key("2001:db8:0:1::1"), key("2001:db8::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}

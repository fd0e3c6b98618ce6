//! Brakes by network address, in this process: how often one network may try something per minute.
//!
//! An IPv6 customer has a whole /64, so that is one network; and who was counted long ago is forgotten, so that trying
//! from many addresses does not fill the memory.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

/// Networks that are remembered before the old ones are looked for.
const MANY: usize = 50_000;
/// Seconds between two such looks, which cost time themselves.
const PRUNE_EVERY: u64 = 10;

/// Counts tries by network.
pub struct Brake {
    budgets: DefaultKeyedRateLimiter<IpAddr>,
    started: Instant,
    pruned: AtomicU64,
}

impl Brake {
    /// So many tries at once and per minute.
    pub fn per_minute(tries: NonZeroU32) -> Self {
        Self {
            budgets: RateLimiter::keyed(Quota::per_minute(tries)),
            started: Instant::now(),
            pruned: AtomicU64::new(0),
        }
    }

    /// Counts a try; fails with the seconds to wait.
    pub fn check(&self, address: IpAddr) -> Result<(), u64> {
        self.prune();
        self.budgets
            .check_key(&network(address))
            .map_err(|until| until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }

    fn prune(&self) {
        if self.budgets.len() <= MANY {
            return;
        }
        let (now, last) = (
            self.started.elapsed().as_secs(),
            self.pruned.load(Ordering::Relaxed),
        );
        let due = last == 0 || now >= last + PRUNE_EVERY;
        if due
            && self
                .pruned
                .compare_exchange(last, now.max(1), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.budgets.retain_recent();
        }
    }
}

/// The /64 of an IPv6 address, an IPv4 address itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_network_has_one_budget_however_many_addresses_it_has() {
        let brake = Brake::per_minute(NonZeroU32::new(2).unwrap());
        assert!(brake.check(ip("2001:db8::1")).is_ok());
        assert!(brake.check(ip("2001:db8::2")).is_ok());
        assert!((1..=31).contains(&brake.check(ip("2001:db8::3")).unwrap_err()));
        assert!(brake.check(ip("2001:db8:0:1::1")).is_ok());
        assert!(brake.check(ip("::ffff:192.0.2.1")).is_ok());
        assert!(brake.check(ip("192.0.2.1")).is_ok());
        assert!(brake.check(ip("192.0.2.1")).is_err());
    }

    #[test]
    fn who_was_counted_long_ago_is_forgotten() {
        // A budget of so many that it is whole again at once.
        let brake = Brake::per_minute(NonZeroU32::MAX);
        for number in 0..=MANY as u32 {
            brake.check(IpAddr::from(number.to_be_bytes())).unwrap();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        brake.check(ip("192.0.2.1")).unwrap();
        assert!(brake.budgets.len() < 1_000, "{} are left", brake.budgets.len());
    }
}

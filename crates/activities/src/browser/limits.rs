//! How often a key, and each network with it, may tell. Counted in this process, by GCRA: a minute's budget that refills
//! evenly.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use regulars_kernel::ids::KeyId;

/// Requests that one network may make with one key in a minute.
pub const PER_ADDRESS: u32 = 240;

const MINUTE: Duration = Duration::from_mins(1);
/// Budgets that are remembered before those that are whole again are looked for.
const MANY: usize = 50_000;

/// Until when the budget of each is spent.
#[derive(Default)]
pub struct Limits(Mutex<HashMap<(KeyId, Option<IpAddr>), Instant>>);

impl Limits {
    /// Counts a request; fails with the seconds to wait.
    pub fn check(&self, key: KeyId, address: IpAddr, per_minute: u32, now: Instant) -> Result<(), u64> {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.len() > MANY {
            spent.retain(|_, until| *until > now);
        }
        // The network first: who tells too much costs the others of the key nothing.
        for (who, rate) in [
            ((key, Some(network(address))), PER_ADDRESS),
            ((key, None), per_minute),
        ] {
            let each = MINUTE / rate.max(1);
            let until = spent.get(&who).copied().unwrap_or(now).max(now) + each;
            let wait = until.saturating_duration_since(now + MINUTE.max(each));
            if !wait.is_zero() {
                return Err(wait.as_secs() + 1);
            }
            spent.insert(who, until);
        }
        Ok(())
    }
}

/// The /64 of an IPv6 address, an IPv4 address itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_a_budget_and_the_key_has_one_for_all() {
        let (limits, now) = (Limits::default(), Instant::now());
        let (key, other) = (KeyId::new(), KeyId::new());
        let ip = |n: u8| IpAddr::from([192, 0, 2, n]);
        for n in 0..3 {
            assert!(limits.check(key, ip(n), 3, now).is_ok());
        }
        assert!((1..=21).contains(&limits.check(key, ip(9), 3, now).unwrap_err()));
        assert!(limits.check(other, ip(9), 3, now).is_ok());
        assert!(limits.check(key, ip(9), 3, now + Duration::from_secs(21)).is_ok());
        let many = KeyId::new();
        for _ in 0..PER_ADDRESS {
            assert!(limits.check(many, ip(1), 100_000, now).is_ok());
        }
        assert!(limits.check(many, ip(1), 100_000, now).is_err());
        assert!(limits.check(many, ip(2), 100_000, now).is_ok());
    }
}

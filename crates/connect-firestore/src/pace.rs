//! How fast documents are written.

use std::time::Duration;

use tokio::time::Instant;

/// What Google advises to begin with ([500/50/5](https://firebase.google.com/docs/firestore/best-practices#ramping_up_traffic)):
/// 500 a second, and half as much more every five minutes.
const FIRST: f64 = 500.0;
const MORE: f64 = 1.5;
const STEP: Duration = Duration::from_mins(5);
/// What may go together is what may be written within so long: in no second more than the bound.
const TOGETHER: Duration = Duration::from_secs(1);

/// Lets so many writes a second pass.
pub struct Pace {
    rate: Rate,
    begun: Instant,
    next: Instant,
}

enum Rate {
    Unlimited,
    Fixed(f64),
    Rising,
}

impl Pace {
    /// As the settings say; without them an emulator is written to as fast as it goes.
    pub fn new(writes_per_second: Option<i32>, is_emulator: bool) -> Self {
        let rate = match writes_per_second {
            Some(writes) => Rate::Fixed(f64::from(writes.max(1))),
            None if is_emulator => Rate::Unlimited,
            None => Rate::Rising,
        };
        let now = Instant::now();
        Self {
            rate,
            begun: now,
            next: now,
        }
    }

    /// Waits until something may be written.
    pub async fn turn(&self) {
        tokio::time::sleep_until(self.next).await;
    }

    /// How many may go together: no more than a second's, so that the bound holds for each second, and whoever waits for their
    /// turn keeps the mirror.
    pub fn most(&self) -> usize {
        let rate = self.rate(Instant::now());
        rate.map_or(usize::MAX, |rate| {
            ((rate * TOGETHER.as_secs_f64()) as usize).max(1)
        })
    }

    /// Notes that so many are written.
    pub fn took(&mut self, writes: usize) {
        if let Some(rate) = self.rate(Instant::now()) {
            self.next = Instant::now().max(self.next) + Duration::from_secs_f64(writes as f64 / rate);
        }
    }

    fn rate(&self, now: Instant) -> Option<f64> {
        match self.rate {
            Rate::Unlimited => None,
            Rate::Fixed(rate) => Some(rate),
            Rate::Rising => {
                let steps = now.saturating_duration_since(self.begun).as_secs() / STEP.as_secs();
                Some(FIRST * MORE.powi(i32::try_from(steps.min(20)).unwrap_or(20)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_passes_for_as_many_as_a_second_may_have() {
        let mut pace = Pace::new(Some(1_000), true);
        let begun = Instant::now();
        for _ in 0..4 {
            pace.turn().await;
            pace.took(50);
        }
        // The first goes at once, and of the last it is nobody's turn yet.
        assert!(
            begun.elapsed() >= Duration::from_millis(149),
            "{:?}",
            begun.elapsed()
        );
    }

    #[tokio::test]
    async fn no_more_go_together_than_may_be_written_in_a_second() {
        let most = |writes| Pace::new(writes, true).most();
        assert_eq!([most(Some(1)), most(Some(10)), most(None)], [1, 10, usize::MAX]);
    }

    #[tokio::test]
    async fn google_is_written_to_as_it_advises_and_an_emulator_as_fast_as_it_goes() {
        let pace = Pace::new(None, false);
        let after = |minutes: u64| pace.rate(pace.begun + Duration::from_mins(minutes)).unwrap();
        assert_eq!(
            [after(0), after(4), after(5), after(10)].map(|rate| rate.round() as i64),
            [500, 500, 750, 1125]
        );
        assert!(Pace::new(None, true).rate(Instant::now()).is_none());
    }
}

//! What telling of many things at once shares: each is checked by itself, and shown as it is when all are written.

use std::collections::HashSet;

use regulars_kernel::Faults;

use super::{ByKey, Outcome};

/// What can be told of many, with its place among them, and what became already of each that cannot.
type Checked<T, C> = (Vec<Option<Outcome<T>>>, Vec<(usize, C)>);

/// Checks each by itself: what is refused keeps none of the others back.
pub(super) fn check_all<I, C, T>(inputs: &[I], check: impl Fn(&I, &mut Faults) -> C) -> Checked<T, C> {
    let mut told = Vec::with_capacity(inputs.len());
    let mut outcomes = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        let mut faults = Faults::new();
        let change = check(input, &mut faults);
        outcomes.push(match faults.check() {
            Ok(()) => {
                told.push((index, change));
                None
            }
            Err(error) => Some(Outcome::Refused(error)),
        });
    }
    (outcomes, told)
}

/// The outcomes with the things as they are in the end. Of two that told of the same new one only the first made it.
pub(super) fn as_they_are<T: Clone>(
    outcomes: impl IntoIterator<Item = Outcome<T>>,
    after: &ByKey<T>,
    key: impl Fn(&T) -> (String, String),
) -> Vec<Outcome<T>> {
    let mut made = HashSet::new();
    let current = |one: T| after.get(&key(&one)).cloned().unwrap_or(one);
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Created(one) if made.insert(key(&one)) => Outcome::Created(current(one)),
            Outcome::Created(one) | Outcome::Updated(one) => Outcome::Updated(current(one)),
            Outcome::Unchanged(one) => Outcome::Unchanged(current(one)),
            Outcome::Refused(error) => Outcome::Refused(error),
        })
        .collect()
}

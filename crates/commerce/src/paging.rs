//! What the lists of this room share: how far they are counted, and where a page ends.

use regulars_kernel::{Cursor, PageRequest, Total};

/// The most that are counted exactly.
pub(crate) const COUNTED: i64 = 10_000;

/// How many there are, of which one more than [`COUNTED`] were counted at most.
pub(crate) fn total(counted: i64) -> Total {
    if counted > COUNTED {
        Total::about(COUNTED)
    } else {
        Total::exact(counted)
    }
}

/// How many are read for a page: one more than wanted shows whether it goes on.
pub(crate) fn most(page: &PageRequest) -> i64 {
    i64::from(page.limit) + 1
}

/// Cuts what was read to the page. Answers where the next one begins, if there is one.
pub(crate) fn cut<T>(
    found: &mut Vec<T>,
    page: &PageRequest,
    cursor: impl FnOnce(&T) -> Cursor,
) -> Option<Cursor> {
    let more = found.len() > page.limit as usize;
    found.truncate(page.limit as usize);
    found.last().filter(|_| more).map(cursor)
}

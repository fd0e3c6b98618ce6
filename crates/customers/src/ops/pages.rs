//! Pages of the lists below a customer: one row more than asked for tells whether there is a next page.

use regulars_kernel::{Cursor, Error, PageRequest, Result};
use serde::de::DeserializeOwned;

/// How many rows to read.
pub(super) fn one_more(page: &PageRequest) -> i64 {
    i64::from(page.limit) + 1
}

/// The value of a sorted field where the page begins, if it was asked for by cursor.
pub(super) fn place<T: DeserializeOwned>(page: &PageRequest, at: usize) -> Result<Option<T>> {
    let value = page.cursor().map(|cursor| cursor.value(at)).transpose();
    value.map_err(|why| Error::malformed("?cursor", "cursor_invalid", why.to_string()))
}

/// Cuts the rows to the page; gives where the next one begins, if there is one.
pub(super) fn next<T>(
    rows: &mut Vec<T>,
    page: &PageRequest,
    cursor: impl FnOnce(&T) -> Cursor,
) -> Option<Cursor> {
    let limit = page.limit as usize;
    let is_last = rows.len() <= limit;
    rows.truncate(limit);
    rows.last().filter(|_| !is_last).map(cursor)
}

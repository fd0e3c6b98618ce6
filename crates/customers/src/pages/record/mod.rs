//! One customer's page: what happened, notes, people, places, everything known, and the sheets to change it.

pub(crate) mod addresses;
pub(crate) mod contacts;
pub(crate) mod details;
pub(crate) mod notes;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod timeline;
pub(crate) mod view;

pub(crate) use view::*;

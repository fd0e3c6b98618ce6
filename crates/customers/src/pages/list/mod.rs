//! The customer list: search, filters, views, sorting, paging, and work on several customers at once.

pub(crate) mod bulk;
pub(crate) mod filters;
pub(crate) mod view;
pub(crate) mod views;

pub(crate) use view::*;

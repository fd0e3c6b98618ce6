//! Tags and custom attributes of the organization.

pub(crate) mod view;

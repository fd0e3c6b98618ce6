//! Use cases: check, look up, store. Each is one function in one transaction that the caller commits.
//!
//! What it never does: HTTP, or SQL of its own; that is `store`.

mod forget;
mod join;
mod settings;
mod tell;

pub use forget::forget;
pub(crate) use join::{Joined, KIND as JOIN};
pub use join::{join, take_along};
pub use settings::{change_settings, settings};
pub use tell::{Browser, MOST, Origin, Outcome, Told, tell};

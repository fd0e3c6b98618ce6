//! The words of this room: the customer and what hangs on it, how input is understood, and the rules.
//!
//! What it never does: SQL, HTTP, reading the clock.

mod choices;
mod customer;
pub mod import;

pub use choices::{Choice, Kind, LifecycleStage, NotAChoice, Priority, ServiceLevel, Status, Type};
pub use customer::{Customer, full_name};

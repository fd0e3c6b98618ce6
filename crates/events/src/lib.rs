//! What happened, written down once with the change that made it so, and told live to whoever watches.
//!
//! What it never does: edit an event of the past, know what a customer is, or let a hint stand for the truth.

pub mod followers;
mod hub;
mod kinds;
mod recent;
mod store;

pub use hub::{Connection, Hint, Hub, Message, Subscription, global as hub};
pub use kinds::{ACTIVITY_KINDS, KINDS, title};
pub use recent::latest_of;
pub use store::{Event, NewEvent, TIMELINE_ORDER, append, append_many, latest, timeline, touch};

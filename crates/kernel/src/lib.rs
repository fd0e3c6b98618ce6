//! The words everything else is written in: ids, values, time, actors and the one error type.
//!
//! What it never does: IO, SQL, HTTP. (Typed ids know how PostgreSQL encodes them; nothing here sends anything.)

pub mod actor;
mod boxed;
pub mod clock;
pub mod country;
pub mod email;
pub mod error;
pub mod ids;
pub mod locale;
pub mod money;
pub mod paging;
pub mod patch;
pub mod phone;
pub mod secret;
pub mod symspell;
pub mod text;
pub mod time_zone;
mod value;

pub use actor::{Actor, Permission, Role, Scope};
pub use boxed::Boxed;
pub use country::Country;
pub use email::Email;
pub use error::{Error, Fault, Faults, Result};
pub use locale::Locale;
pub use money::{Currency, Money, MoneyInput};
pub use paging::{Cursor, Page, PageRequest, Sort, Start, Total};
pub use patch::Patch;
pub use phone::Phone;
pub use secret::Secret;
pub use time_zone::TimeZone;

//! The words of this room: the customer and what hangs on it, how input is understood, and the rules.
//!
//! What it never does: SQL, HTTP, reading the clock.

pub mod address;
pub mod attributes;
mod bulk;
mod choices;
pub mod consent;
pub mod contact;
mod customer;
mod defaults;
pub mod import;
mod input;
pub mod mention;
mod metrics;
mod note;
mod parts;
pub mod source;
pub mod tag;
mod verified;
mod who;

pub use address::{Address, AddressInput, AddressType};
pub use attributes::{AttributeDefinition, AttributeInput, AttributeKind, Definitions};
pub use bulk::{Bulk, BulkAction, BulkQueued, BulkResult};
pub use choices::{Choice, Kind, LifecycleStage, NotAChoice, Priority, ServiceLevel, Status, Type};
pub use consent::{Channel, Consent, ConsentInput, ConsentState};
pub use contact::{Contact, ContactInput};
pub use customer::{Customer, changes, full_name};
pub use defaults::Defaults;
pub use input::{CustomerInput, MAX_TAGS, NewCustomer, NewCustomerBody};
pub use metrics::{Amount, Expected, Metrics, ToldMetrics};
pub use note::{Note, NoteInput, NoteVersion};
pub use parts::{
    Children, CreditLimits, CustomerRef, Include, Included, RolledUp, RolledUpMetrics, WithParts,
};
pub use source::{SourceChange, SourceInput, SourceLink, SyncState};
pub use tag::{Color, Tag, TagInput, TagRef};
pub use verified::VERIFIED;
pub use who::nobody;

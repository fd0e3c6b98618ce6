//! Organizations, members, keys, sessions, links and audit entries, and the rules that need no database.
//!
//! No SQL, no HTTP. Inputs are checked here, all faults at once.

mod audit;
mod key;
mod member;
mod organization;
mod origin;
mod power;
mod session;

pub use audit::{AuditEntry, AuditFilter};
pub(crate) use key::permission_named;
pub use key::{ApiKey, CreatedKey, KeyKind, KeyPatch, KeyState, NewKey, PagesKey, ValidKey};
pub(crate) use member::check_person_name;
pub use member::{
    Asked, Invitation, Link, LinkPurpose, Member, MemberPatch, MemberState, NewMember, ValidMember,
};
pub use organization::{NewOrganization, Organization, OrganizationPatch, ValidOrganization, slug_from};
pub use power::Power;
pub use session::{ABSOLUTE, IDLE, SessionInfo, idle_out};

//! The use cases: organizations, members, links, signing in, sessions, keys.
//!
//! Each takes the transaction it works in and who asks ([`crate::model::Power`]); the caller commits. Those that begin
//! outside of any organization (signing in, links, the command line) take the database and commit themselves.

mod invitations;
mod keys;
mod links;
mod members;
mod operator;
mod organizations;
mod sessions;
mod sign_in;

pub use invitations::{accept_invitation, asked, decline_invitation};
pub use keys::{create_key, get_key, list_keys, revoke_key, update_key};
pub use links::{
    Device, SignedIn, change_password, check_set_up, first_owner_link_works, has_users, link_owner,
    set_password, set_up,
};
pub use members::{
    MEMBER_ORDER, MEMBER_REMOVED, RemovedMember, forget_member, get_member, has_left, invite_member,
    list_members, remove_member, reset_link, update_member, update_own_name,
};
pub use operator::{
    OperatorKey, create_key_text, create_organization, create_user, drop_links, first_owner_token,
    list_organizations, operator_link, organization_by_slug,
};
pub use organizations::{RECKON_ALL, get_organization, update_organization};
pub use sessions::{
    list_member_sessions, list_own_sessions, organizations_of, revoke_member_session, revoke_other_sessions,
    revoke_own_session, sign_out, sweep_sessions, switch_organization,
};
pub use sign_in::{SIGN_IN_FAILED, sign_in};

use regulars_kernel::{PageRequest, paging::Cursor};

/// Cuts a list that was asked for one more than the limit, and gives the cursor to its next page.
pub(crate) fn cut<T>(
    rows: &mut Vec<T>,
    page: &PageRequest,
    cursor: impl FnOnce(&T) -> Cursor,
) -> Option<Cursor> {
    let limit = page.limit as usize;
    if rows.len() <= limit {
        return None;
    }
    rows.truncate(limit);
    rows.last().map(cursor)
}

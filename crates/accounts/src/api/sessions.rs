//! `/sessions`: where people are signed in.

use regulars_kernel::{
    Error, Page, Permission, Total,
    ids::{SessionId, UserId},
};
use regulars_web::{ActErrors, ApiResult, Call, OneErrors, Path, Query, json};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    model::{Power, SessionInfo},
    ops,
};

/// Whose sessions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// A member of the organization, which needs `accounts:read`; one's own if absent.
    #[param(value_type = Option<UserId>)]
    user_id: Option<UserId>,
}

/// List sessions
///
/// One's own open sessions, latest first; with `user_id`, a member's in this organization. At most 200.
#[utoipa::path(
    get, path = "/sessions", tag = "sessions",
    params(Whose),
    responses((status = 200, description = "The open sessions", body = Page<SessionInfo>), OneErrors)
)]
pub async fn list_sessions(call: Call, Query(whose): Query<Whose>) -> ApiResult {
    let own = call.caller.user.as_ref().map(|user| user.id);
    let current = call.caller.session_id;
    let sessions = match (whose.user_id, own) {
        (Some(id), own) if own != Some(id) => {
            call.require(Permission::AccountsRead)?;
            let mut tx = call.read().await?;
            ops::list_member_sessions(&mut tx, &Power::from(&*call.caller), id, current).await?
        }
        (_, Some(id)) => {
            let mut tx = call.read().await?;
            ops::list_own_sessions(&mut tx, id, current).await?
        }
        (_, None) => {
            return Err(Error::Refused("a key has no sessions; name a member with user_id".into()).into());
        }
    };
    let total = Total::exact(i64::try_from(sessions.len())?);
    Ok(json(&Page::new(sessions, None, total)))
}

/// End a session
///
/// One's own, or with `accounts:write` a member's in this organization.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "sessions",
    params(("id" = SessionId, Path, description = "The session's id")),
    responses((status = 204, description = "Ended"), ActErrors)
)]
pub async fn revoke_session(call: Call, Path(id): Path<SessionId>) -> ApiResult {
    let mut tx = call.write().await?;
    let own = match &call.caller.user {
        Some(user) => ops::revoke_own_session(&mut tx, user.id, id).await,
        None => Err(Error::NotFound("session")),
    };
    match own {
        Err(Error::NotFound(_)) => {
            call.require(Permission::AccountsWrite)?;
            ops::revoke_member_session(&mut tx, &Power::from(&*call.caller), id).await?;
        }
        other => other?,
    }
    Ok(call.no_content(tx).await?)
}

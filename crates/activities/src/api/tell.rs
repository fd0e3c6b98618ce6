//! `POST /activities` with a key that is kept secret.

use regulars_kernel::{Actor, Permission};
use regulars_web::{ApiResult, Call, CommonErrors, Json};
use serde_json::Value;

use super::report::{Report, items};
use crate::{
    model::ActivityInput,
    ops::{self, Origin, Outcome},
};

/// What is told: one activity, or up to 1,000.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = ActivitiesBody)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum ActivitiesBody {
    /// One.
    One(Box<ActivityInput>),
    /// Many.
    Many(Vec<ActivityInput>),
}

/// Tell of activities
///
/// One activity, or a list of up to 1,000 of them (and 1 MB). Each of a list is stored or refused by itself; a single one that
/// makes no sense is refused with 422. With an `id` of its own an activity may be told again: it is stored once.
///
/// Nobody becomes a customer by an activity. It stands on the timeline of the customer it names, or of whom its visitor is
/// known to be, and waits for that where nobody knows yet. Needs `activities:write`.
#[utoipa::path(
    post, path = "/activities", tag = "activities",
    request_body = ActivitiesBody,
    responses((status = 200, description = "What became of each", body = Report), CommonErrors)
)]
pub async fn tell_activities(call: Call, Json(body): Json<Value>) -> ApiResult {
    call.require(Permission::ActivitiesWrite)?;
    let is_one = !body.is_array();
    let items = items(body)?;
    let origin = Origin {
        key_id: match call.caller.actor {
            Actor::Key(id) => Some(id),
            Actor::User(_) | Actor::System => None,
        },
        browser: None,
    };
    let mut tx = call.write().await?;
    let mut outcomes = ops::tell(&mut tx, items, &origin).await?;
    if is_one
        && matches!(outcomes.first(), Some(Outcome::Refused(_)))
        && let Some(Outcome::Refused(error)) = outcomes.pop()
    {
        return Err(error.into());
    }
    let report = Report::new(outcomes, false)?;
    Ok(call.ok(tx, None, &report).await?)
}

//! `/analytics`: numbers over all customers of an organization.

use regulars_kernel::{Faults, Permission};
use regulars_web::{ApiResult, Call, ListErrors, Params, json};

use crate::find::{self, Growth, MOST_MONTHS, Overview};

/// The numbers of the dashboard
///
/// How many customers there are, and how many there were thirty days ago (up to a week before that where no day was
/// counted then). Needs `customers:read`.
#[utoipa::path(
    get, path = "/analytics/overview", tag = "analytics", operation_id = "getOverview",
    responses((status = 200, description = "The numbers", body = Overview), ListErrors)
)]
pub async fn get_overview(call: Call) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let (overview, _) = find::overview(&mut tx, call.caller.organization.time_zone).await?;
    tx.commit().await?;
    Ok(json(&overview))
}

/// New customers by month
///
/// Of the customers who live now. Months begin in the organization's time zone. Needs `customers:read`.
#[utoipa::path(
    get, path = "/analytics/growth", tag = "analytics", operation_id = "getGrowth",
    params(("months" = Option<u32>, Query, description = "How many, 1 to 36, the current one included; 12 if absent")),
    responses((status = 200, description = "The months", body = Growth), ListErrors)
)]
pub async fn get_growth(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let months = match params.one("months", &mut faults).map(|text| text.parse::<u32>()) {
        None => 12,
        Some(Ok(months)) if (1..=MOST_MONTHS).contains(&months) => months,
        Some(_) => {
            faults.add(
                "?months",
                "months_invalid",
                format!("use a whole number from 1 to {MOST_MONTHS}"),
            );
            0
        }
    };
    params.finish(faults)?;
    let mut tx = call.read().await?;
    let growth = find::growth(&mut tx, call.caller.organization.time_zone).await?;
    tx.commit().await?;
    let from = growth.months.len().saturating_sub(months as usize);
    Ok(json(&Growth {
        months: growth.months[from..].to_vec(),
        as_of: growth.as_of,
    }))
}

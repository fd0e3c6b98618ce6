//! `/stock-levels`.

use regulars_kernel::{Error, Faults, Permission};
use regulars_web::{ApiResult, Call, CommonErrors, Json};
use serde::Serialize;
use serde_json::Value;

use super::batch::Body;
use crate::{model::StockLevelInput, ops};

/// What is told: one level, or up to 1,000.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = StockLevelsBody)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum StockLevelsBody {
    /// One.
    One(Box<StockLevelInput>),
    /// Many.
    Many(Vec<StockLevelInput>),
}

/// How many levels were told of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = StockLevelsAnswer)]
pub(super) struct Told {
    /// All of those in the request.
    #[schema(example = 1)]
    told: usize,
}

/// Tell of stock by location
///
/// One level, or a list of up to 1,000 of them (and 1 MB): how many of an inventory item can be sold at a location. A level
/// is known by `source`, `inventory_item_id` and `location_external_id`; the variant that says this `inventory_item_id`
/// (`POST /products`) shows it, whichever is told first. A fault in one refuses all. With `source_version` what is older
/// than what is known changes nothing. Needs `customers:write`.
#[utoipa::path(
    post, path = "/stock-levels", tag = "products",
    request_body = StockLevelsBody,
    responses((status = 200, description = "They are known now", body = Told), CommonErrors)
)]
pub async fn tell_stock(call: Call, Json(body): Json<Value>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let base = call.caller.organization.currency;
    let is_list = body.is_array();
    let levels = match Body::<StockLevelInput>::read(body)? {
        Body::One(level) => vec![level],
        Body::Many(items) => all(items)?,
    };
    let mut tx = call.write().await?;
    match ops::stock::tell(&mut tx, &levels, base).await {
        Ok(()) => Ok(call.ok(tx, None, &Told { told: levels.len() }).await?),
        Err(Error::Invalid(faults)) if !is_list => Err(Error::Invalid(of_one(faults)).into()),
        Err(error) => Err(error.into()),
    }
}

/// What was read of each, or all faults with the place of each in the list.
fn all(
    items: Vec<regulars_kernel::Result<StockLevelInput>>,
) -> regulars_kernel::Result<Vec<StockLevelInput>> {
    let (mut levels, mut all) = (Vec::new(), Faults::new());
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Ok(level) => levels.push(level),
            Err(Error::Malformed(faults) | Error::Invalid(faults)) => {
                all.0.extend(faults.0.into_iter().map(|mut fault| {
                    fault.pointer = format!("/{index}{}", fault.pointer);
                    fault
                }));
            }
            Err(other) => return Err(other),
        }
    }
    all.check()?;
    Ok(levels)
}

/// The faults of one level, which stands in no list.
fn of_one(mut faults: Faults) -> Faults {
    for fault in &mut faults.0 {
        if let Some(rest) = fault.pointer.strip_prefix("/0") {
            fault.pointer = rest.to_owned();
        }
    }
    faults
}

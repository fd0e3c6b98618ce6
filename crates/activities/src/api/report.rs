//! Bodies that are one activity or many, and what became of each.

use regulars_kernel::{Error, Fault, Faults, Result, ids::CustomerId};
use regulars_web::read_item;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    model::ActivityInput,
    ops::{MOST, Outcome},
};

/// The items of a body, each as far as it can be read. The faults of a single one are those of the request.
pub(crate) fn items(tree: Value) -> Result<Vec<Result<ActivityInput>>> {
    match tree {
        Value::Array(items) if items.len() > MOST => Err(Error::invalid(
            "",
            "too_many",
            format!("at most {MOST} are told at once; these are {}", items.len()),
        )),
        Value::Array(items) => Ok(items.into_iter().map(read_item).collect()),
        one => Ok(vec![Ok(read_item(one)?)]),
    }
}

/// What became of what was told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ActivitiesResult)]
pub(crate) struct Report {
    /// How many are new.
    #[schema(example = 1)]
    created: usize,
    /// How many were told before.
    #[schema(example = 0)]
    unchanged: usize,
    /// How many were refused.
    #[schema(example = 0)]
    refused: usize,
    /// Each of them, in the order of the request.
    results: Vec<ItemResult>,
}

/// What became of one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ActivityResult)]
struct ItemResult {
    /// Its place in the request, from 0.
    #[schema(example = 0)]
    index: usize,
    /// What became of it.
    outcome: OutcomeName,
    /// Its id here; none if it was refused.
    id: Option<Uuid>,
    /// Whose it is, as far as that is known. A browser is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<CustomerId>,
    /// Why it was refused; places are those in the whole body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Fault>,
}

/// What became of what was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActivityOutcome)]
enum OutcomeName {
    Created,
    Unchanged,
    Refused,
}

impl Report {
    /// What became of each. A browser is not told whose they are.
    pub(crate) fn new(outcomes: Vec<Outcome>, to_browser: bool) -> Result<Self> {
        let mut report = Self {
            created: 0,
            unchanged: 0,
            refused: 0,
            results: Vec::with_capacity(outcomes.len()),
        };
        for (index, outcome) in outcomes.into_iter().enumerate() {
            let (count, name, told, errors) = match outcome {
                Outcome::Created(told) => (&mut report.created, OutcomeName::Created, Some(told), Vec::new()),
                Outcome::Unchanged(told) => (
                    &mut report.unchanged,
                    OutcomeName::Unchanged,
                    Some(told),
                    Vec::new(),
                ),
                Outcome::Refused(error) => (
                    &mut report.refused,
                    OutcomeName::Refused,
                    None,
                    faults(index, error)?,
                ),
            };
            *count += 1;
            report.results.push(ItemResult {
                index,
                outcome: name,
                id: told.map(|told| told.id),
                customer_id: told.and_then(|told| told.customer_id).filter(|_| !to_browser),
                errors,
            });
        }
        Ok(report)
    }
}

/// Why an item was refused. What is not its own fault is everybody's.
fn faults(index: usize, error: Error) -> Result<Vec<Fault>> {
    let Faults(mut faults) = match error {
        Error::Malformed(faults) | Error::Invalid(faults) => faults,
        other => return Err(other),
    };
    for fault in &mut faults {
        fault.pointer = format!("/{index}{}", fault.pointer);
    }
    Ok(faults)
}

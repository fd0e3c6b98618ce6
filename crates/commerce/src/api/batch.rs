//! Bodies that are one thing or many, and what became of each.

use regulars_kernel::{Error, Fault, Faults, Result};
use regulars_web::read_item;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use crate::ops::{MOST, Outcome};

/// A body, read as far as each item can be.
pub(super) enum Body<T> {
    /// One thing: its faults are those of the request.
    One(T),
    /// Many: those that cannot be read are refused by themselves.
    Many(Vec<Result<T>>),
}

impl<T: DeserializeOwned> Body<T> {
    pub(super) fn read(tree: Value) -> Result<Self> {
        match tree {
            Value::Array(items) if items.len() > MOST => Err(Error::invalid(
                "",
                "too_many",
                format!("at most {MOST} are told at once; these are {}", items.len()),
            )),
            Value::Array(items) => Ok(Self::Many(items.into_iter().map(read_item).collect())),
            one => Ok(Self::One(read_item(one)?)),
        }
    }
}

/// Those that can be read, and of each of all why it cannot; what [`Report::new`] puts together again.
pub(super) fn sort_out<T>(items: Vec<Result<T>>) -> (Vec<T>, Vec<Option<Error>>) {
    let mut readable = Vec::with_capacity(items.len());
    let refused = items
        .into_iter()
        .map(|item| item.map(|item| readable.push(item)).err())
        .collect();
    (readable, refused)
}

/// What became of each of many.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BatchResult)]
pub(super) struct Report {
    /// How many are new.
    #[schema(example = 1)]
    created: usize,
    /// How many were known and are different now.
    #[schema(example = 0)]
    updated: usize,
    /// How many said nothing new.
    #[schema(example = 0)]
    unchanged: usize,
    /// How many were refused.
    #[schema(example = 0)]
    refused: usize,
    /// Each of them, in the order of the request.
    results: Vec<ItemResult>,
}

/// What became of one of many.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BatchItem)]
struct ItemResult {
    /// Its place in the request, from 0.
    #[schema(example = 0)]
    index: usize,
    /// What became of it.
    outcome: OutcomeName,
    /// Its id here; none if it was refused.
    id: Option<Uuid>,
    /// Its version here.
    #[schema(example = 1)]
    version: Option<i32>,
    /// Why it was refused; places are those in the whole body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Fault>,
}

/// What became of what was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BatchOutcome)]
enum OutcomeName {
    Created,
    Updated,
    Unchanged,
    Refused,
}

impl Report {
    /// Puts what could not be read and what became of the rest in the order of the request.
    pub(super) fn new<T>(
        read: Vec<Option<Error>>,
        outcomes: Vec<Outcome<T>>,
        name: impl Fn(&T) -> (Uuid, i32),
    ) -> Result<Self> {
        let mut report = Self {
            created: 0,
            updated: 0,
            unchanged: 0,
            refused: 0,
            results: Vec::with_capacity(read.len()),
        };
        let mut outcomes = outcomes.into_iter();
        for (index, refused) in read.into_iter().enumerate() {
            let outcome = match refused {
                Some(error) => Outcome::Refused(error),
                None => outcomes
                    .next()
                    .ok_or_else(|| Error::internal("each item that was read has an outcome"))?,
            };
            let named = outcome.value().map(&name);
            let (count, kind, errors) = match outcome {
                Outcome::Created(_) => (&mut report.created, OutcomeName::Created, Vec::new()),
                Outcome::Updated(_) => (&mut report.updated, OutcomeName::Updated, Vec::new()),
                Outcome::Unchanged(_) => (&mut report.unchanged, OutcomeName::Unchanged, Vec::new()),
                Outcome::Refused(error) => (&mut report.refused, OutcomeName::Refused, faults(index, error)?),
            };
            *count += 1;
            report.results.push(ItemResult {
                index,
                outcome: kind,
                id: named.map(|(id, _)| id),
                version: named.map(|(_, version)| version),
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
        Error::Conflict(fault) => Faults(vec![fault]),
        Error::Stale { current } => {
            let mut faults = Faults::new();
            faults.add("", "stale", Error::Stale { current }.to_string());
            faults
        }
        other => return Err(other),
    };
    for fault in &mut faults {
        fault.pointer = format!("/{index}{}", fault.pointer);
    }
    Ok(faults)
}

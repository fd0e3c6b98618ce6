//! From a fault of what was told back to the row and the column that said it.
//!
//! What it never does: lose a fault whose column is not known; that is one of the whole record.

use regulars_exchange::{
    kind::Told,
    model::{Outcome, Reason},
};
use regulars_kernel::{Error, Fault, Result};

use crate::{
    fields::Schema,
    sheet::{Said, Sheet},
};

/// What was refused, with the rows and columns to blame. `list` is where the parts stand, such as `/lines/`. What is no
/// fault of the record goes on.
pub fn refused(error: Error, schema: &Schema, sheet: &Sheet, said: &Said, list: &str) -> Result<Told> {
    let (outcome, faults) = match error {
        Error::Invalid(faults) | Error::Malformed(faults) => (Outcome::Invalid, faults.0),
        Error::Conflict(fault) => (Outcome::Conflict, vec![fault]),
        other => return Err(other),
    };
    let reasons = faults
        .into_iter()
        .map(|fault| reason(fault, schema, sheet, said, list))
        .collect();
    Ok(Told {
        outcome,
        id: None,
        reasons,
        changes: None,
    })
}

fn reason(fault: Fault, schema: &Schema, sheet: &Sheet, said: &Said, list: &str) -> (Option<usize>, Reason) {
    let (row, name) = place(&fault.pointer, schema, said, list);
    let column = name.and_then(|name| sheet.header(name)).map(str::to_owned);
    let message = if column.is_some() || fault.pointer.is_empty() {
        fault.message
    } else {
        let place = fault.pointer.trim_start_matches('/').replace('/', " ");
        format!("{place}: {}", fault.message)
    };
    let reason = Reason {
        column,
        code: fault.code.into_owned(),
        message,
    };
    (row, reason)
}

fn place(pointer: &str, schema: &Schema, said: &Said, list: &str) -> (Option<usize>, Option<&'static str>) {
    if let Some((index, below)) = pointer.strip_prefix(list).map(|rest| {
        let (index, below) = rest.split_once('/').unwrap_or((rest, ""));
        (index.parse::<usize>().ok(), below)
    }) {
        let row = index.and_then(|index| said.parts.get(index)).map(|(row, _)| *row);
        let fields = schema.fields.iter().filter(|field| schema.is_part(field));
        let field = fields
            .filter(|field| !field.at.is_empty())
            .find(|field| below.starts_with(field.at));
        return (row, field.map(|field| field.name));
    }
    let fields = schema.fields.iter().filter(|field| !schema.is_part(field));
    let field = fields
        .filter(|field| !field.at.is_empty())
        .filter(|field| pointer == field.at || pointer.starts_with(&format!("{}/", field.at)))
        .max_by_key(|field| field.at.len());
    let name = field.map(|field| field.name);
    (name.and_then(|name| said.rows.get(name)).copied(), name)
}

//! Importing records of which several rows may be one, such as orders with their lines: checking the file, and executing
//! what was found. What they are, [`crate::kind::Records`] knows.
//!
//! Rows of one record follow each other, as every export writes them. A record whose rows do not is refused whole, with the
//! places of both parts, because half an order is worse than none. So the file is read twice when it is checked: once for
//! where each record begins, and once to try each, in a transaction that is rolled back.
//!
//! What it never does: cut a record by the end of a batch, or hold more of a file than two batches.

mod apply;
mod groups;
mod plan;
mod repeats;

pub(super) use self::{apply::run as apply, plan::run as plan};

use crate::{
    import::is_of_rows,
    kind::{Records, Told},
    model::{Mode, Outcome, Reason, RowError},
};
use groups::Group;
use regulars_database::Tx;
use regulars_kernel::{Error, Result};
use regulars_tabular::read::Record;

/// Records in a batch, at most.
const BATCH: usize = 1_000;
/// How often a batch is tried as a whole before its records are tried one by one.
const TRIES: u32 = 3;

/// Tells of the records of some groups.
async fn tell(records: &dyn Records, tx: &mut Tx, groups: &[&Group], is_trial: bool) -> Result<Vec<Told>> {
    let rows: Vec<&[Record]> = groups.iter().map(|group| group.rows.as_slice()).collect();
    let told = records.tell(tx, &rows, is_trial).await?;
    if told.len() == rows.len() {
        Ok(told)
    } else {
        Err(Error::internal("each record has one outcome"))
    }
}

/// Whether the mode wants it.
fn allowed(mode: Mode, told: Told) -> Told {
    let (code, message) = match (mode, told.outcome) {
        (Mode::Create, Outcome::Update | Outcome::Skip) => {
            ("record_exists", "it exists, and only new ones are to be created")
        }
        (Mode::Update, Outcome::Create) => (
            "record_unknown",
            "it is not known, and only known ones are to be updated",
        ),
        _ => return told,
    };
    Told {
        outcome: Outcome::Conflict,
        reasons: vec![(None, Reason::of_row(code, message))],
        changes: None,
        ..told
    }
}

/// Whether it may go away if records are told of one by one, or once more.
fn may_pass(error: &Error) -> bool {
    is_of_rows(error) || matches!(error, Error::Unavailable(_))
}

/// What is said of a record that clashes with what others do, however often it is tried.
fn clash() -> Told {
    let reason = Reason::of_row(
        "changed_meanwhile",
        "it clashes with what was changed at the same moment; import it again",
    );
    Told {
        outcome: Outcome::Conflict,
        id: None,
        reasons: vec![(None, reason)],
        changes: None,
    }
}

/// All rows of a record that was refused: they come back together, or mending one of them would not bring it back.
fn failures(group: &Group, outcome: Outcome, reasons: &[(Option<usize>, Reason)]) -> Vec<RowError> {
    let blamed = reasons
        .iter()
        .find_map(|(row, _)| row.and_then(|row| group.rows.get(row)));
    let told = group.rows.iter().enumerate().map(|(index, row)| {
        let mut own: Vec<Reason> = reasons
            .iter()
            .filter(|(blamed, _)| blamed.is_none_or(|blamed| blamed == index))
            .map(|(_, reason)| reason.clone())
            .collect();
        if let (true, Some(blamed)) = (own.is_empty(), blamed) {
            let message = format!("belongs to what is refused for line {}", blamed.line);
            own.push(Reason::of_row("record_refused", message));
        }
        RowError {
            position: row.position,
            outcome,
            reasons: own,
            fields: row.fields.clone(),
        }
    });
    told.collect()
}

//! Use cases of duties: recording, listing, and saying that one is done.

use regulars_accounts::AuditRecord;
use regulars_customers::model::Choice as _;
use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{Cursor, Error, Faults, Page, PageRequest, Result, Sort, ids::PrivacyDutyId, text};
use serde_json::json;

use crate::{
    model::{Done, Duty, DutyFilter, DutyKind, DutyState, NewDuty},
    store,
};

/// By what lists of duties are sorted.
pub(crate) fn order() -> Sort {
    Sort {
        field: "due_at",
        descending: false,
    }
}

/// Records a duty, once; answers its id if it is new.
pub async fn record(tx: &mut Tx, duty: &NewDuty) -> Result<Option<PrivacyDutyId>> {
    let id = store::insert(tx, duty).await?;
    if let (Some(id), Some(customer_id)) = (id, duty.customer_id) {
        let mut event = NewEvent::new("privacy.requested")
            .data(json!({"duty_id": id, "kind": duty.kind, "source": duty.source}))
            .at(duty.received_at);
        event.customer_id = Some(customer_id);
        regulars_events::append(tx, event).await?;
    }
    Ok(id)
}

/// One duty.
pub async fn get(tx: &mut Tx, id: PrivacyDutyId) -> Result<Duty> {
    store::get(tx, id).await
}

/// A page of duties, what is due first first.
pub async fn list(tx: &mut Tx, filter: &DutyFilter, page: &PageRequest) -> Result<Page<Duty>> {
    let mut faults = Faults::new();
    for state in &filter.states {
        let _ = faults.take("?state", "choice_unknown", DutyState::parse(state));
    }
    for kind in &filter.kinds {
        let _ = faults.take("?kind", "choice_unknown", DutyKind::parse(kind));
    }
    if !faults.0.is_empty() {
        return Err(Error::Malformed(faults));
    }
    let mut duties = store::list(tx, filter, page).await?;
    let limit = page.limit as usize;
    let next = if duties.len() > limit {
        duties.truncate(limit);
        duties
            .last()
            .map(|last| Cursor::new(&[order()], vec![json!(last.due_at)], last.id.0))
    } else {
        None
    };
    Ok(Page::new(duties, next, store::count(tx, filter).await?))
}

/// Says that a duty is done; who says so and how is written down.
pub async fn finish(tx: &mut Tx, id: PrivacyDutyId, done: &Done) -> Result<Duty> {
    let note = match &done.note {
        Some(note) => {
            let cleaned = text::clean(note, 1000);
            cleaned.map_err(|why| Error::invalid("/note", why.code(), why.to_string()))?
        }
        None => String::new(),
    };
    let note = Some(note).filter(|note| !note.is_empty());
    set(tx, id, DutyState::Done, note.as_deref()).await
}

/// Says that a duty is not done after all.
pub async fn reopen(tx: &mut Tx, id: PrivacyDutyId) -> Result<Duty> {
    set(tx, id, DutyState::Open, None).await
}

async fn set(tx: &mut Tx, id: PrivacyDutyId, state: DutyState, note: Option<&str>) -> Result<Duty> {
    let before = store::lock(tx, id).await?;
    // The same request again is no other word.
    if before.state != state {
        store::set(tx, id, state, note).await?;
        let action = match state {
            DutyState::Done => "privacy_duty.done",
            DutyState::Open => "privacy_duty.reopened",
        };
        AuditRecord::new(action)
            .target("privacy_duty", id.0)
            .data(json!({"kind": before.kind, "source": before.source, "reference": before.reference}))
            .write(tx)
            .await?;
    }
    store::get(tx, id).await
}

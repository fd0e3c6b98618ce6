//! The inbox as its pages need it: the dead first, how many there are, and what is done with many at once.

use regulars_accounts::AuditRecord as Entry;
use regulars_database::Tx;
use regulars_jobs::enqueue;
use regulars_kernel::{Result, Total, ids::ConnectionId};
use serde_json::{Value, json};

use crate::{
    drain,
    model::{Counts, FailureGroup, Place, Played, WebhookEvent, WebhookFilter, WebhookState},
    store::{events, inbox},
};

/// Messages that one call plays again or puts aside at most.
const MOST: i64 = 10_000;
/// Topics that a filter offers.
const MOST_TOPICS: i64 = 300;

/// Messages behind a place, newest first; those of every state with the dead before all others.
pub async fn list_dead_first(
    tx: &mut Tx,
    filter: &WebhookFilter,
    after: Option<Place>,
    limit: usize,
) -> Result<(Vec<WebhookEvent>, Option<Place>)> {
    let wanted = limit as i64 + 1;
    let behind = |dead| after.filter(|place| place.dead == dead).map(|place| place.id);
    let mut rows = if !filter.states.is_empty() || filter.retrying {
        inbox::list(tx, filter, after.map(|place| place.id), wanted).await?
    } else {
        let of = |states: &[WebhookState]| WebhookFilter {
            states: states.iter().map(|state| state.name().to_owned()).collect(),
            ..filter.clone()
        };
        let mut rows = if after.is_none_or(|place| place.dead) {
            inbox::list(tx, &of(&[WebhookState::Dead]), behind(true), wanted).await?
        } else {
            Vec::new()
        };
        let left = wanted - rows.len() as i64;
        if left > 0 {
            let others: Vec<_> = WebhookState::ALL
                .iter()
                .copied()
                .filter(|state| *state != WebhookState::Dead)
                .collect();
            rows.extend(inbox::list(tx, &of(&others), behind(false), left).await?);
        }
        rows
    };
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|last| Place {
        dead: last.state == WebhookState::Dead,
        id: last.id,
    });
    Ok((rows, next))
}

/// The newest messages, whatever their state, and whether there are more.
pub async fn newest(tx: &mut Tx, filter: &WebhookFilter, limit: usize) -> Result<(Vec<WebhookEvent>, bool)> {
    let mut rows = inbox::list(tx, filter, None, limit as i64 + 1).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    Ok((rows, has_more))
}

/// How many messages match, exact up to 10,000.
pub async fn count(tx: &mut Tx, filter: &WebhookFilter) -> Result<Total> {
    events::count(tx, filter).await
}

/// How many wait for a person, are tried again, or wait to be processed; of what is asked for besides the state.
pub async fn counts(tx: &mut Tx, filter: &WebhookFilter) -> Result<Counts> {
    let of = |state: Option<WebhookState>| WebhookFilter {
        states: state.map(|state| state.name().to_owned()).into_iter().collect(),
        retrying: state.is_none(),
        ..filter.clone()
    };
    Ok(Counts {
        dead: events::count(tx, &of(Some(WebhookState::Dead))).await?,
        retrying: events::count(tx, &of(None)).await?,
        queued: events::count(tx, &of(Some(WebhookState::Queued))).await?,
    })
}

/// The topics that a filter offers.
pub async fn topics(tx: &mut Tx) -> Result<Vec<String>> {
    inbox::topics(tx, MOST_TOPICS).await
}

/// Why messages of a connection wait for a person.
pub async fn failures(tx: &mut Tx, connection_id: ConnectionId) -> Result<Vec<FailureGroup>> {
    inbox::failures(tx, connection_id).await
}

/// Lets what matches be processed again, the oldest first.
pub async fn replay_matching(tx: &mut Tx, filter: &WebhookFilter) -> Result<Played> {
    let replayed = inbox::replay(tx, filter, MOST).await?;
    note(tx, "webhook.replayed", filter, replayed).await?;
    if replayed > 0 {
        enqueue(tx, drain::job(0)).await?;
    }
    Ok(played(replayed))
}

/// Puts aside what matches and is not processed.
pub async fn discard_matching(tx: &mut Tx, filter: &WebhookFilter) -> Result<Played> {
    let discarded = inbox::discard(tx, filter, MOST).await?;
    note(tx, "webhook.discarded", filter, discarded).await?;
    Ok(played(discarded))
}

fn played(replayed: u64) -> Played {
    Played {
        replayed,
        more: replayed >= MOST as u64,
    }
}

async fn note(tx: &mut Tx, action: &'static str, filter: &WebhookFilter, count: u64) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    let mut data = json!({"count": count});
    let state = if filter.retrying {
        Some("retrying".to_owned())
    } else {
        filter.states.first().cloned()
    };
    let given = [
        ("state", state.map(Value::from)),
        ("topic", filter.topics.first().cloned().map(Value::from)),
        (
            "connection_id",
            filter.connection_id.map(|id| id.to_string().into()),
        ),
        ("from", filter.from.map(|at| at.to_rfc3339().into())),
        ("before", filter.before.map(|at| at.to_rfc3339().into())),
    ];
    for (name, value) in given {
        if let Some(value) = value {
            data[name] = value;
        }
    }
    Entry::new(action).data(data).write(tx).await
}

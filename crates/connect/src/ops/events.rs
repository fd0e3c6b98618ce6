//! What came in: looking at it, mending it, playing it again.

use chrono::TimeDelta;
use regulars_accounts::AuditRecord as Entry;
use regulars_database::{Database, Tx};
use regulars_jobs::enqueue;
use regulars_kernel::{Error, Faults, Page, PageRequest, Result, Scope, ids::WebhookEventId, paging::Cursor};
use serde_json::json;
use uuid::{NoContext, Timestamp, Uuid};

use crate::{
    drain,
    model::{
        self, DiscardFilter, Played, Provider, PutAside, Replay, ReplayFilter, WebhookEvent,
        WebhookEventDetail, WebhookFilter, WebhookState,
    },
    store::events,
};

/// How long what was processed is kept: longer than any provider sends again.
const KEPT: TimeDelta = TimeDelta::days(90);
/// Messages that one call plays again at most.
const MOST_REPLAYED: i64 = 10_000;
/// Bytes of a mended content at most.
const MOST_MENDED: usize = 1024 * 1024;

/// A page of messages, newest first.
pub async fn list_events(
    tx: &mut Tx,
    filter: &WebhookFilter,
    page: &PageRequest,
) -> Result<Page<WebhookEvent>> {
    let mut faults = Faults::new();
    for state in &filter.states {
        let _ = faults.take("?state", "choice_unknown", WebhookState::parse(state));
    }
    for provider in &filter.providers {
        let _ = faults.take("?source", "choice_unknown", Provider::parse(provider));
    }
    if !faults.0.is_empty() {
        return Err(Error::Malformed(faults));
    }
    let mut all = events::list(tx, filter, page).await?;
    let next = cut(&mut all, page, |one| one.id.0);
    Ok(Page::new(all, next, events::count(tx, filter).await?))
}

/// One message with its content. To see personal data in it is written into the audit log.
pub async fn get_event(tx: &mut Tx, id: WebhookEventId, reveal: bool) -> Result<WebhookEventDetail> {
    let mut detail = events::get(tx, id).await?;
    if reveal {
        let data = json!({"topic": detail.event.topic, "provider": detail.event.provider});
        Entry::new("webhook.revealed")
            .target("webhook_event", id.0)
            .data(data)
            .write(tx)
            .await?;
    } else {
        detail.payload = model::mask(&detail.payload);
        detail.original = detail.original.as_ref().map(model::mask);
        detail.masked = true;
    }
    Ok(detail)
}

/// Lets a message be processed again, whatever became of it, with another content if one is given.
pub async fn replay_event(tx: &mut Tx, id: WebhookEventId, replay: &Replay) -> Result<WebhookEventDetail> {
    let mended = match &replay.payload {
        Some(payload) => {
            let bytes = serde_json::to_vec(payload)?;
            if bytes.len() > MOST_MENDED {
                return Err(Error::invalid("/payload", "too_large", "at most 1 MB"));
            }
            Some(bytes)
        }
        None => None,
    };
    if !events::replay(tx, id, mended.as_deref()).await? {
        return Err(Error::NotFound("webhook event"));
    }
    let data = json!({"mended": mended.is_some()});
    Entry::new("webhook.replayed")
        .target("webhook_event", id.0)
        .data(data)
        .write(tx)
        .await?;
    enqueue(tx, drain::job(0)).await?;
    get_event(tx, id, false).await
}

/// Lets many messages be processed again, the oldest first.
pub async fn replay_events(tx: &mut Tx, filter: &ReplayFilter) -> Result<Played> {
    let state = match &filter.state {
        Some(text) => {
            WebhookState::parse(text).map_err(|why| Error::invalid("/state", "choice_unknown", why))?
        }
        None => WebhookState::Dead,
    };
    if state == WebhookState::Queued {
        return Err(Error::invalid(
            "/state",
            "choice_unknown",
            "what is queued is processed anyway",
        ));
    }
    let topic = filter.topic.as_deref();
    let replayed = events::replay_some(tx, state, topic, filter.connection_id, MOST_REPLAYED).await?;
    if replayed > 0 {
        let data =
            json!({"state": state, "topic": topic, "connection_id": filter.connection_id, "count": replayed});
        Entry::new("webhook.replayed").data(data).write(tx).await?;
        enqueue(tx, drain::job(0)).await?;
    }
    Ok(Played {
        replayed,
        more: replayed >= MOST_REPLAYED as u64,
    })
}

/// Puts many messages aside that are not processed.
pub async fn discard_events(tx: &mut Tx, filter: &DiscardFilter) -> Result<PutAside> {
    let state = match &filter.state {
        Some(text) => {
            WebhookState::parse(text).map_err(|why| Error::invalid("/state", "choice_unknown", why))?
        }
        None => WebhookState::Dead,
    };
    if !matches!(state, WebhookState::Dead | WebhookState::Queued) {
        let message = "only what is dead or queued can be put aside";
        return Err(Error::invalid("/state", "choice_unknown", message));
    }
    let found = super::inbox::discard_matching(
        tx,
        &WebhookFilter {
            states: vec![state.name().to_owned()],
            topics: filter.topic.iter().cloned().collect(),
            connection_id: filter.connection_id,
            ..WebhookFilter::default()
        },
    )
    .await?;
    Ok(PutAside {
        discarded: found.replayed,
        more: found.more,
    })
}

/// Puts a message aside.
pub async fn discard_event(tx: &mut Tx, id: WebhookEventId) -> Result<()> {
    if events::discard(tx, id).await? {
        return Entry::new("webhook.discarded")
            .target("webhook_event", id.0)
            .write(tx)
            .await;
    }
    let detail = events::get(tx, id).await?;
    match detail.event.state {
        WebhookState::Discarded => Ok(()),
        state => Err(Error::conflict(
            "",
            "webhook_processed",
            format!("it is {} already", state.name()),
        )),
    }
}

/// Queues the job that processes what is due, in case the one that should have was cancelled or is dead.
pub async fn wake(tx: &mut Tx) -> Result<()> {
    if events::is_due(tx).await? {
        enqueue(tx, drain::job(0)).await?;
    }
    Ok(())
}

/// Forgets what was processed, ignored or put aside long ago. Answers how many messages.
pub async fn forget(database: &Database, scope: Scope) -> Result<u64> {
    const BATCH: i64 = 1_000;
    let mut forgotten = 0;
    loop {
        let mut tx = database.begin(scope).await?;
        let before = tx.now() - KEPT;
        let seconds = u64::try_from(before.timestamp()).unwrap_or_default();
        let before = WebhookEventId(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, 0)));
        let gone = events::forget(&mut tx, before, BATCH).await?;
        tx.commit().await?;
        forgotten += gone;
        if gone < BATCH as u64 {
            return Ok(forgotten);
        }
    }
}

/// Cuts a list that was asked for one more than the limit, and gives the cursor to its next page.
pub(super) fn cut<T>(rows: &mut Vec<T>, page: &PageRequest, id: impl FnOnce(&T) -> Uuid) -> Option<Cursor> {
    let limit = page.limit as usize;
    if rows.len() <= limit {
        return None;
    }
    rows.truncate(limit);
    rows.last().map(|last| Cursor::new(&[], Vec::new(), id(last)))
}

//! The live stream of one organization: hints turned into the events themselves, for server-sent events.

use std::collections::VecDeque;

use futures::{Stream, stream};
use regulars_database::Database;
use regulars_kernel::{Result, Scope, ids::EventId};
use serde::Serialize;

use crate::{
    Event, hub,
    hub::{Message, Subscription},
    store,
};

/// One item of a live stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Live {
    /// Something that happened.
    Happened(Event),
    /// Something was missed, or too much happened at once: read again what you show.
    Resync {},
}

impl Live {
    /// The name in the stream's `event:` line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Happened(_) => "event",
            Self::Resync {} => "resync",
        }
    }

    /// What stands in the stream's `id:` line.
    pub fn id(&self) -> Option<EventId> {
        match self {
            Self::Happened(event) => Some(event.id),
            Self::Resync {} => None,
        }
    }
}

struct State<K> {
    database: Database,
    scope: Scope,
    subscription: Subscription,
    ready: VecDeque<Live>,
    keep: K,
}

/// What happens in the scope's organization from now on, as far as `keep` lets it pass. It ends only when it is
/// dropped. There is no replay: a client that comes back with a `Last-Event-ID` is to be told to read again, by
/// starting its stream with [`Live::Resync`].
pub fn live<K>(database: Database, scope: Scope, keep: K) -> impl Stream<Item = Live> + Send
where
    K: Fn(&Event) -> bool + Send + 'static,
{
    // Subscribed now and not when first polled, so that nothing falls between.
    let state = State {
        subscription: hub::global().subscribe(scope.organization_id),
        ready: VecDeque::new(),
        database,
        scope,
        keep,
    };
    stream::unfold(state, |mut state| async move {
        loop {
            if let Some(item) = state.ready.pop_front() {
                return Some((item, state));
            }
            let hint = match state.subscription.next().await? {
                Message::Happened(hint) if !hint.many => hint,
                Message::Happened(_) | Message::Resync => return Some((Live::Resync {}, state)),
            };
            match read(&state.database, state.scope, &hint.event_ids).await {
                Ok(events) => {
                    let kept = events.into_iter().filter(|event| (state.keep)(event));
                    state.ready.extend(kept.map(Live::Happened));
                }
                Err(error) => {
                    tracing::warn!(%error, "events for a live stream could not be read");
                    return Some((Live::Resync {}, state));
                }
            }
        }
    })
}

async fn read(database: &Database, scope: Scope, ids: &[EventId]) -> Result<Vec<Event>> {
    let mut tx = database.begin_read(scope).await?;
    store::by_ids(&mut tx, ids).await
}

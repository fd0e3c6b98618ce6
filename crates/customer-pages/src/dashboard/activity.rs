//! What happened last in the organization: what one act did to many customers is one line.

use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_customers::store::captions;
use regulars_database::Tx;
use regulars_events::Event;
use regulars_kernel::{Result, ids::CustomerId};
use regulars_web::pages::{Icon, Locale, TimelineItem, empty_state, format, timeline};
use uuid::Uuid;

use crate::{
    record,
    words::{self, Telling},
};

/// Events that are looked at.
const LOOKED_AT: u32 = 300;
/// So many of a kind are told one by one.
const FEW: usize = 3;
/// Lines that are shown.
const SHOWN: usize = 12;

/// A line: one event, or how many of the same kind one act brought.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub event: Event,
    pub count: usize,
    /// Whether the events that were looked at end in it: there may be more of it.
    pub is_cut: bool,
    pub customer: Option<(CustomerId, String)>,
    pub actor: String,
}

/// The lines, the latest first.
pub(super) async fn read(tx: &mut Tx) -> Result<Vec<Line>> {
    let events = regulars_events::latest(tx, LOOKED_AT).await?;
    let is_full = events.len() >= LOOKED_AT as usize;
    let mut groups = grouped(events);
    if let Some(last) = groups.last_mut() {
        last.2 = is_full && last.1 > 1;
    }
    groups.truncate(SHOWN);
    let (mut events, counts): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .map(|(event, count, is_cut)| (event, (count, is_cut)))
        .unzip();
    record::tell_ends(tx, &mut events).await?;
    record::name_ids(tx, &mut events).await?;
    let customers: Vec<Uuid> = events
        .iter()
        .filter_map(|event| event.customer_id)
        .map(|id| id.0)
        .collect();
    let actors: Vec<Uuid> = events.iter().filter_map(|event| event.actor_id).collect();
    let (customers, actors) = (
        captions::customers(tx, &customers).await?,
        captions::names(tx, &actors).await?,
    );
    let line = |(event, (count, is_cut)): (Event, (usize, bool))| Line {
        customer: event
            .customer_id
            .filter(|_| count == 1)
            .and_then(|id| customers.get(&id.0).map(|name| (id, name.clone()))),
        actor: record::actor(&event.actor_kind, event.actor_id, &actors),
        event,
        count,
        is_cut,
    };
    Ok(events.into_iter().zip(counts).map(line).collect())
}

/// Neighbours of one kind by one actor that belong to one import, or were told within a second of each other; a few
/// stay as they are.
fn grouped(events: Vec<Event>) -> Vec<(Event, usize, bool)> {
    let mut groups: Vec<Vec<Event>> = Vec::new();
    for event in events {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|last| belongs(last, &event)) => group.push(event),
            _ => groups.push(vec![event]),
        }
    }
    let lines = groups.into_iter().flat_map(|group| match group.len() {
        count if count > FEW => group
            .into_iter()
            .take(1)
            .map(|first| (first, count, false))
            .collect::<Vec<_>>(),
        _ => group.into_iter().map(|event| (event, 1, false)).collect(),
    });
    lines.collect()
}

fn belongs(last: &Event, next: &Event) -> bool {
    let import = |event: &Event| event.data.get("import_id").cloned();
    let is_near = (last.told_at() - next.told_at()).num_milliseconds() < 1_000;
    (&last.kind, &last.actor_kind, last.actor_id) == (&next.kind, &next.actor_kind, next.actor_id)
        && import(last) == import(next)
        && (import(last).is_some() || is_near)
}

/// The lines as a list.
pub(super) fn list(lines: &[Line], zone: Tz, locale: Locale) -> Markup {
    let items: Vec<TimelineItem> = lines.iter().map(|line| item(line, locale)).collect();
    html! {
        @if items.is_empty() { (empty_state(Icon::Event, "Nothing happened yet", "What people, imports and programs do to customers stands here.", html! {})) }
        @else { (timeline(&items, zone)) }
    }
}

fn item(line: &Line, locale: Locale) -> TimelineItem {
    let is_one = line.count == 1;
    let (told, by) = match regulars_commerce_pages::tell(&line.event.kind, &line.event.data, locale) {
        Some(told) => (
            Telling {
                icon: told.icon,
                tone: told.tone,
                title: format!("{} {}", told.order.0, told.title),
                text: told.text,
                detail: html! {},
            },
            String::new(),
        ),
        None => (
            words::tell(&line.event.kind, &line.event.data),
            words::by(&line.actor, line.event.data.get("import_id").is_some()),
        ),
    };
    let title = if is_one {
        told.title
    } else {
        let more = if line.is_cut { " or more" } else { "" };
        let count = format::integer(line.count as i64, locale);
        format!("{count}{more} × {}", regulars_events::title(&line.event.kind))
    };
    let parts = [Some(told.text).filter(|_| is_one), Some(by)]
        .into_iter()
        .flatten();
    TimelineItem {
        icon: told.icon,
        tone: told.tone,
        about: line
            .customer
            .as_ref()
            .map(|(id, name)| (name.clone(), format!("/customers/{id}"))),
        title,
        text: parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        at: line.event.told_at(),
        detail: html! {},
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::ids::EventId;
    use regulars_web::pages::samples;
    use serde_json::{Value, json};

    use super::*;

    fn event(kind: &str, data: Value) -> Event {
        Event {
            id: EventId::new(),
            customer_id: None,
            kind: kind.into(),
            actor_kind: "user".into(),
            actor_id: None,
            data,
            occurred_at: regulars_kernel::clock::now(),
        }
    }

    #[test]
    fn what_one_import_did_is_one_line() {
        let a = json!({"import_id": "a"});
        let mut events = vec![event("note.created", json!({}))];
        events.extend((0..5).map(|_| event("customer.created", a.clone())));
        events.extend([
            event("customer.updated", a),
            event("customer.updated", json!({"import_id": "b"})),
        ]);
        let counts: Vec<usize> = grouped(events).iter().map(|(_, count, _)| *count).collect();
        assert_eq!(counts, [1, 5, 1, 1]);
    }

    #[test]
    fn lines_are_harmless() {
        for text in samples::ALL {
            for count in [1, 3] {
                let line = Line {
                    event: event(text, json!({"name": text})),
                    count,
                    is_cut: true,
                    customer: (count == 1).then(|| (CustomerId::new(), (*text).into())),
                    actor: text.into(),
                };
                samples::assert_harmless(&list(&[line], Tz::UTC, Locale::default()).into_string());
            }
        }
    }
}

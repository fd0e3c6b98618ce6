//! Shows a customer's page and the parts of it that come later.

use std::collections::HashMap;

use axum::{Extension, extract::RawQuery, response::IntoResponse};
use maud::{Markup, html};
use regulars_database::Tx;
use regulars_events::Event;
use regulars_kernel::{Cursor, Permission, Result, ids::CustomerId};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{CustomerLines, Nav, favourites_again, page},
};

use serde_json::Value;
use uuid::Uuid;

use super::{
    addresses, contacts, details, hierarchy, load, notes, orders,
    timeline::{self, Happening, Timeline},
    view::{self, RecordView, Section},
    writing,
};
use crate::{list, marks, mentions, state::ListState, words};
use regulars_customers::{
    find,
    model::{Included, WithParts},
    ops,
    store::{self, captions, parts::Key},
};

/// Events shown at once.
const EVENTS: u32 = 30;

/// Reads a customer with everything around the open section.
pub(crate) async fn read(
    call: &PageCall,
    tx: &mut Tx,
    id: CustomerId,
    section: Section,
) -> Result<(RecordView, WithParts)> {
    let parts = ops::customers::get(tx, Key::Id(id), &Included::all(), true).await?;
    let known_tags = captions::tags(tx).await?;
    let owner = match parts.customer.owner_id {
        Some(owner) => captions::names(tx, &[owner.0]).await?.remove(&owner.0),
        None => None,
    };
    let mut view = load::record(call, &parts, section, known_tags, owner);
    if let Some(user) = marks::user(call) {
        view.favourite = ops::marks::is_favourite(tx, user, id).await?;
    }
    view.credit = regulars_commerce::ops::credit::balances(tx, id)
        .await?
        .iter()
        .map(regulars_commerce::model::CreditBalance::show)
        .collect();
    if let Some(email) = &parts.customer.email {
        let (found, is_cut) = store::contacts::customers_with(tx, &email.lowercase(), id).await?;
        view.contact_of = found
            .iter()
            .take(load::CONTACT_OF)
            .map(load::contact_of)
            .collect();
        view.more_contact_of = (found.len().saturating_sub(load::CONTACT_OF), is_cut);
    }
    Ok((view, parts))
}

/// `GET /customers/{id}`
pub(crate) async fn show(
    call: PageCall,
    lent: Option<Extension<CustomerLines>>,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let section = Section::parse(state.get("tab"));
    let mut tx = call.read().await?;
    let (mut view, parts) = read(&call, &mut tx, id, section).await?;
    view.lent = lent.unwrap_or_default().all(&call, &mut tx, id).await?;
    let list = ListState::parse(state.get("in"));
    // An address that was edited may ask for what cannot be; then there is no list.
    if let Ok(query) = list::query(&call, &list) {
        let (before, behind) = find::neighbours(&mut tx, &query, &parts.customer).await?;
        view.beside = [before, behind];
        view.list = list.query();
    }
    let open = open(&mut tx, &call, &view, &parts, &state).await?;
    if section == Section::Notes {
        mentions::seen(&mut tx, &call, id).await?;
    }
    let content = view::content(&view, open);
    let favourites = marks::favourites(&mut tx, &call, Some(id)).await?;
    if call.is_fragment() {
        return Ok(html! { (content) (view::around(&view)) (favourites_again(&favourites)) }.into_response());
    }
    let mut shell = call
        .bare_shell()
        .at(Nav::Customers)
        .crumb("Customers", list.href("/customers"))
        .titled(view.name.clone());
    shell.views = list::sidebar(&mut tx, &call).await?;
    shell.favourites = favourites;
    tx.commit().await?;
    remember(&call, id);
    let content = html! { (content) (list::popover()) };
    Ok(page(&shell, view::actions(&view), content).into_response())
}

/// Remembers the visit, behind the answer: nobody waits for it, and what is shown does not depend on it.
pub(super) fn remember(call: &PageCall, id: CustomerId) {
    let Some(user) = marks::user(call) else { return };
    let call = call.clone();
    tokio::spawn(async move {
        let kept = async {
            let mut tx = call.write().await?;
            ops::marks::see(&mut tx, user, id).await?;
            tx.commit().await
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "a visit was not remembered");
        }
    });
}

async fn open(
    tx: &mut Tx,
    call: &PageCall,
    view: &RecordView,
    parts: &WithParts,
    state: &ListState,
) -> Result<Markup> {
    Ok(match view.section {
        Section::Timeline => timeline::section(view, &part(tx, view.customer.id, state).await?),
        Section::Orders => orders::section(tx, view, &call.bare_shell()).await?,
        Section::Notes => {
            let all = parts.notes.as_deref().unwrap_or_default();
            let ids: Vec<_> = all.iter().filter_map(|note| note.actor_id).collect();
            let names = captions::names(tx, &ids).await?;
            let bodies: Vec<_> = all.iter().map(|note| note.body.as_str()).collect();
            let mentioned = ops::mentions::names(tx, &bodies).await?;
            let note_ids: Vec<_> = all.iter().map(|note| note.id).collect();
            let rewritten = store::notes::rewritten(tx, &note_ids).await?;
            notes::section(
                view,
                &all.iter()
                    .map(|note| load::note(note, rewritten.contains(&note.id), &names, &mentioned))
                    .collect::<Vec<_>>(),
                &writing::drafted(tx, call, view.customer.id).await?,
            )
        }
        Section::Contacts => contacts::section(
            view,
            &parts
                .contacts
                .iter()
                .flatten()
                .map(load::contact)
                .collect::<Vec<_>>(),
        ),
        Section::Addresses => addresses::section(
            view,
            &parts
                .addresses
                .iter()
                .flatten()
                .map(load::address)
                .collect::<Vec<_>>(),
        ),
        Section::Hierarchy => hierarchy::section(view),
        Section::Details => details::section(view, &load::details(parts, &ops::attributes::list(tx).await?)),
    })
}

/// `GET /customers/{id}/timeline`: the part after a cursor.
pub(crate) async fn more(
    call: PageCall,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let (view, _) = read(&call, &mut tx, id, Section::Timeline).await?;
    let part = part(&mut tx, id, &state).await?;
    Ok(timeline::more(&view, &part).into_response())
}

pub(super) async fn part(tx: &mut Tx, id: CustomerId, state: &ListState) -> Result<Timeline> {
    let group = words::EVENT_GROUPS
        .iter()
        .find(|(name, _, _)| *name == state.get("events"));
    let kinds: Option<Vec<String>> = group.map(|(name, _, nouns)| {
        if *name == words::ACTIVITY {
            let theirs = regulars_events::ACTIVITY_KINDS.iter();
            return theirs.map(|(kind, _)| (*kind).to_owned()).collect();
        }
        let ours = regulars_events::KINDS.iter().map(|(kind, _)| *kind);
        ours.filter(|kind| nouns.contains(&kind.split('.').next().unwrap_or_default()))
            .map(str::to_owned)
            .collect()
    });
    // A cursor that cannot be read begins at the beginning: it can only come from an edited address.
    let cursor = Cursor::decode(state.get("cursor"), regulars_events::TIMELINE_ORDER).ok();
    let mut events = regulars_events::timeline(tx, id, kinds.as_deref(), cursor.as_ref(), EVENTS).await?;
    writing::tell_ends(tx, &mut events.data).await?;
    let actors: Vec<_> = events.data.iter().filter_map(|event| event.actor_id).collect();
    let names = captions::names(tx, &actors).await?;
    name_ids(tx, &mut events.data).await?;
    let items = events.data.into_iter().map(|event| Happening {
        // What they did themselves was told by a key, but not done by it.
        actor: if event.kind.contains('.') {
            load::actor(&event.actor_kind, event.actor_id, &names)
        } else {
            String::new()
        },
        data: event.data,
        kind: event.kind,
        at: event.occurred_at,
    });
    Ok(Timeline {
        items: items.collect(),
        group: group.map(|(name, _, _)| (*name).to_owned()).unwrap_or_default(),
        next: events.page.next_cursor,
    })
}

/// Fields whose values are ids, which people cannot read.
const IDS: [&str; 2] = ["owner_id", "parent_id"];

/// Puts names in the place of the ids of members and customers that changes speak of.
pub(crate) async fn name_ids(tx: &mut Tx, events: &mut [Event]) -> Result<()> {
    let sides = events
        .iter()
        .flat_map(|event| IDS.iter().map(|field| &event.data["changes"][field]))
        .flat_map(|change| [&change["from"], &change["to"]]);
    let ids: Vec<Uuid> = sides.filter_map(|id| id.as_str()?.parse().ok()).collect();
    let mut names = captions::names(tx, &ids).await?;
    names.extend(captions::customers(tx, &ids).await?);
    for event in events {
        put_names(&mut event.data, &names);
    }
    Ok(())
}

fn put_names(data: &mut Value, names: &HashMap<Uuid, String>) {
    for field in IDS {
        let change = data.get_mut("changes").and_then(|changes| changes.get_mut(field));
        for side in change
            .and_then(Value::as_object_mut)
            .into_iter()
            .flat_map(|change| change.values_mut())
        {
            let name = side
                .as_str()
                .and_then(|id| id.parse::<Uuid>().ok())
                .and_then(|id| names.get(&id));
            if let Some(name) = name {
                *side = Value::from(name.as_str());
            }
        }
    }
}

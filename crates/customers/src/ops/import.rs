//! Creating and updating many customers at once, as files ask for, each with its events.
//!
//! What it never does: overwrite what changed since the decision was made: such a row comes back as a [`Refusal`].

mod refusal;

use std::collections::{HashMap, HashSet};

use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{Email, Result, ids::CustomerId};
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub use refusal::{MOST_SOURCES, Refusal};

use crate::{
    model::{
        Channel, Choice,
        import::{Changes, ConsentChange, Current, CurrentAddress, Wanted},
        tag::MOST_TAGS,
    },
    store::{
        batch::{self, Keys},
        batch_parts::{self, KnownWords},
        search, tags,
    },
};

/// Says where changes come from: added to the facts of each event.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The import; none for whoever an order made known.
    pub import_id: Option<Uuid>,
}

impl Origin {
    /// The facts with where they come from.
    fn added_to(&self, mut facts: Value) -> Value {
        if let Some(id) = self.import_id {
            facts["import_id"] = json!(id);
        }
        facts
    }
}

/// A customer to create. Its id is given, so that doing it twice does it once.
pub struct Create<'a> {
    /// The id it gets.
    pub id: CustomerId,
    /// What it shall be.
    pub wanted: &'a Wanted,
}

/// A customer to update.
pub struct Update<'a> {
    /// Which.
    pub id: CustomerId,
    /// The version that the decision was made for.
    pub version: i32,
    /// What it shall be.
    pub wanted: &'a Wanted,
}

/// Everything that hangs on the customers of a batch.
#[derive(Default)]
struct Parts<'a> {
    addresses: Vec<(CustomerId, &'a CurrentAddress)>,
    tags: Vec<(CustomerId, &'a str)>,
    consents: Vec<(CustomerId, &'a ConsentChange)>,
    events: Vec<NewEvent>,
}

impl<'a> Parts<'a> {
    /// A new customer with all that it was created with: one event tells of it, except for consents, each of which has
    /// its own.
    fn add_new(&mut self, current: &'a Current, changes: &'a Changes, origin: &Origin) {
        let id = current.customer.id;
        let mut facts = origin.added_to(json!({"code": current.customer.code}));
        if !changes.tags.is_empty() {
            facts["tags"] = json!(changes.tags);
            self.tags
                .extend(changes.tags.iter().map(|name| (id, name.as_str())));
        }
        if !changes.sources.is_empty() {
            let ids = changes
                .sources
                .iter()
                .map(|(source, id)| json!({"source": source, "external_id": id}));
            facts["sources"] = ids.collect();
        }
        if let Some(address) = &current.address {
            self.addresses.push((id, address));
            facts["address_id"] = json!(address.id);
        }
        // A customer of another system was created there, then.
        self.events.push(
            NewEvent::new("customer.created")
                .customer(id)
                .data(facts)
                .at(current.customer.created_at),
        );
        self.add_consents(id, changes, origin);
    }

    fn add_consents(&mut self, id: CustomerId, changes: &'a Changes, origin: &Origin) {
        for consent in &changes.consents {
            self.consents.push((id, consent));
            let facts = origin.added_to(json!({
                "channel": consent.channel, "from": consent.from, "to": consent.to, "source": "import",
            }));
            let told = NewEvent::new("consent.changed").customer(id).data(facts);
            self.events.push(match consent.at {
                Some(at) => told.at(at),
                None => told,
            });
        }
    }

    fn add(&mut self, current: &'a Current, changes: &'a Changes, origin: &Origin) {
        let id = current.customer.id;
        let event =
            |kind: &'static str, facts: Value| NewEvent::new(kind).customer(id).data(origin.added_to(facts));
        if let Some(changed) = &changes.address
            && let Some(address) = &current.address
        {
            self.addresses.push((id, address));
            self.events.push(if changes.is_new_address {
                event(
                    "address.created",
                    json!({"id": address.id, "line1": address.line1, "city": address.city}),
                )
            } else {
                event("address.updated", json!({"id": address.id, "changes": changed}))
            });
        }
        if !changes.tags.is_empty() {
            self.tags
                .extend(changes.tags.iter().map(|name| (id, name.as_str())));
            self.events
                .push(event("customer.tagged", json!({"tags": changes.tags})));
        }
        for (source, external_id) in &changes.sources {
            self.events.push(event(
                "source.linked",
                json!({"source": source, "external_id": external_id}),
            ));
        }
        self.add_consents(id, changes, origin);
    }

    async fn write(self, tx: &mut Tx) -> Result<()> {
        batch_parts::write_addresses(tx, &self.addresses).await?;
        batch_parts::add_tags(tx, &self.tags).await?;
        batch_parts::write_consents(tx, &self.consents).await?;
        regulars_events::append_many(tx, self.events).await?;
        Ok(())
    }
}

/// Creates customers. Answers, for each in order, why it could not be created, and adds to `words` what to remember once
/// the transaction is committed.
pub async fn create_many(
    tx: &mut Tx,
    rows: &[Create<'_>],
    origin: &Origin,
    known: &KnownWords,
    words: &mut Vec<String>,
) -> Result<Vec<Option<Refusal>>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let now = tx.now();
    let nameless = rows.iter().filter(|row| row.wanted.code.is_none()).count();
    let mut codes = batch::new_codes(tx, nameless).await?.into_iter();
    let mut all: Vec<(Current, Changes)> = Vec::with_capacity(rows.len());
    for row in rows {
        let mut current = Current::blank(row.id, now);
        let changes = current.merge(row.wanted);
        let customer = &mut current.customer;
        customer.code = row
            .wanted
            .code
            .clone()
            .or_else(|| codes.next())
            .unwrap_or_default();
        customer.created_at = row.wanted.created_at.unwrap_or(now);
        customer.updated_at = now;
        all.push((current, changes));
    }
    let customers: Vec<_> = all.iter().map(|(current, _)| &current.customer).collect();
    let mut done = batch::insert(tx, &customers).await?;
    // Not before: who was being deleted while a row waited for their address or code has withdrawn too.
    keep_withdrawals(tx, all.iter_mut().map(|(current, changes)| (current, changes))).await?;
    let links: Vec<_> = all
        .iter()
        .filter(|(current, _)| done.contains(&current.customer.id))
        .flat_map(|(current, changes)| changes.sources.iter().map(|source| (current.customer.id, source)))
        .collect();
    let mut refused = taken(batch_parts::link_sources(tx, &links).await?);
    let rows_done = all
        .iter()
        .map(|(current, changes)| (current, changes))
        .filter(|(current, _)| done.contains(&current.customer.id));
    refuse_unfit(tx, rows_done, &mut refused).await?;
    if !refused.is_empty() {
        let ids: Vec<Uuid> = refused.keys().map(|id| id.0).collect();
        batch::take_back(tx, &ids).await?;
        done.retain(|id| !refused.contains_key(id));
    }

    let mut parts = Parts::default();
    for (current, changes) in all
        .iter()
        .filter(|(current, _)| done.contains(&current.customer.id))
    {
        parts.add_new(current, changes, origin);
    }
    parts.write(tx).await?;
    let names = all
        .iter()
        .filter(|(current, _)| done.contains(&current.customer.id))
        .flat_map(|(current, _)| search::words(&current.customer));
    words.extend(batch_parts::write_words(tx, names, known).await?);

    if done.len() == rows.len() {
        return Ok(vec![None; rows.len()]);
    }
    let owners = owners_of(tx, all.iter().map(|(current, _)| current)).await?;
    Ok(all
        .iter()
        .map(|(current, _)| {
            let id = current.customer.id;
            (!done.contains(&id)).then(|| {
                if let Some(refusal) = refused.get(&id) {
                    return *refusal;
                }
                let email = current.customer.email.as_ref().map(Email::lowercase);
                match email.and_then(|email| owners.emails.get(&email)) {
                    Some(owner) if *owner != id => Refusal::EmailTaken,
                    _ if owners
                        .codes
                        .get(&current.customer.code)
                        .is_some_and(|owner| *owner != id) =>
                    {
                        Refusal::CodeTaken
                    }
                    _ => Refusal::Changed,
                }
            })
        })
        .collect())
}

async fn owners_of(tx: &mut Tx, all: impl Iterator<Item = &Current>) -> Result<batch::Owners> {
    let mut keys = Keys::default();
    for current in all {
        keys.emails
            .extend(current.customer.email.as_ref().map(Email::lowercase));
        keys.codes.push(current.customer.code.clone());
    }
    batch::owners(tx, &keys).await
}

fn taken(unlinked: HashSet<CustomerId>) -> HashMap<CustomerId, Refusal> {
    unlinked
        .into_iter()
        .map(|id| (id, Refusal::ExternalIdTaken))
        .collect()
}

/// Refuses rows that make of a customer what none may be, and defines the new tags of the others as far as there is room.
async fn refuse_unfit<'a>(
    tx: &mut Tx,
    rows: impl Iterator<Item = (&'a Current, &'a Changes)> + Clone,
    refused: &mut HashMap<CustomerId, Refusal>,
) -> Result<()> {
    let mut names = HashSet::new();
    for (current, changes) in rows.clone() {
        let id = current.customer.id;
        if let Some(refusal) = Refusal::of(current, changes) {
            refused.entry(id).or_insert(refusal);
        } else if !refused.contains_key(&id) {
            names.extend(changes.tags.iter().map(String::as_str));
        }
    }
    let names: Vec<&str> = names.into_iter().collect();
    let undefined = tags::define(tx, &names, MOST_TAGS).await?;
    if !undefined.is_empty() {
        for (current, changes) in rows {
            if changes.tags.iter().any(|name| undefined.contains(name)) {
                refused
                    .entry(current.customer.id)
                    .or_insert(Refusal::NoRoomForTag);
            }
        }
    }
    Ok(())
}

/// Who withdrew consent and was deleted has still withdrawn it when a file brings the address or the phone back, whatever
/// the file says of consent or leaves out.
async fn keep_withdrawals<'a>(
    tx: &mut Tx,
    rows: impl Iterator<Item = (&'a mut Current, &'a mut Changes)>,
) -> Result<()> {
    let (mut emails, mut phones) = (Vec::new(), Vec::new());
    let mut touched = Vec::new();
    for (current, changes) in rows {
        let is_new = changes.consents.iter().any(|change| change.from.is_none());
        let customer = &current.customer;
        let email = customer.email.as_ref().map(Email::lowercase);
        let phone = customer.phone.as_ref().map(|phone| phone.as_str().to_owned());
        let email = email.filter(|_| is_new || changes.fields.contains_key("email"));
        let phone = phone.filter(|_| is_new || changes.fields.contains_key("phone"));
        if email.is_some() || phone.is_some() {
            emails.extend(email.clone());
            phones.extend(phone.clone());
            touched.push((current, changes, [email, phone]));
        }
    }
    let withdrawn = batch::withdrawn_before(tx, &emails, &phones).await?;
    if withdrawn.is_empty() {
        return Ok(());
    }
    for (current, changes, keys) in touched {
        for channel in Channel::ALL.iter().map(|channel| channel.as_str()) {
            if keys
                .iter()
                .flatten()
                .any(|key| withdrawn.contains_key(&(key.clone(), channel.to_owned())))
            {
                current.withdraw(channel, changes);
            }
        }
    }
    Ok(())
}

/// Updates customers, each of them once. Answers, for each in order, why it could not be updated.
pub async fn update_many(
    tx: &mut Tx,
    rows: &[Update<'_>],
    origin: &Origin,
    known: &KnownWords,
    words: &mut Vec<String>,
) -> Result<Vec<Option<Refusal>>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<CustomerId> = rows.iter().map(|row| row.id).collect();
    let mut found = batch::current(tx, &ids, true).await?;
    let mut refusals: Vec<Option<Refusal>> = Vec::with_capacity(rows.len());
    let mut all: Vec<(usize, Current, Changes)> = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let refusal = match found.remove(&row.id) {
            None => Some(Refusal::Gone),
            Some(current) if current.customer.deleted_at.is_some() => Some(Refusal::Gone),
            Some(current) if current.customer.version != row.version => Some(Refusal::Changed),
            Some(mut current) => {
                let changes = current.merge(row.wanted);
                all.push((at, current, changes));
                None
            }
        };
        refusals.push(refusal);
    }
    refuse_taken(tx, &mut all, &mut refusals).await?;
    keep_withdrawals(tx, all.iter_mut().map(|(_, current, changes)| (current, changes))).await?;

    let links: Vec<_> = all
        .iter()
        .flat_map(|(_, current, changes)| changes.sources.iter().map(|source| (current.customer.id, source)))
        .collect();
    let mut refused = taken(batch_parts::link_sources(tx, &links).await?);
    let rows_left = all.iter().map(|(_, current, changes)| (current, changes));
    refuse_unfit(tx, rows_left, &mut refused).await?;
    if !refused.is_empty() {
        // Only what these rows brought: an earlier row may have linked the same customer in this transaction.
        let mut links = links;
        links.retain(|(id, _)| refused.contains_key(id));
        batch_parts::unlink(tx, &links).await?;
        for (at, current, _) in &all {
            if let Some(refusal) = refused.get(&current.customer.id) {
                refusals[*at] = Some(*refusal);
            }
        }
        all.retain(|(_, current, _)| !refused.contains_key(&current.customer.id));
    }
    let customers: Vec<_> = all.iter().map(|(_, current, _)| &current.customer).collect();
    batch::update(tx, &customers).await?;

    let mut parts = Parts::default();
    for (_, current, changes) in &all {
        if !changes.fields.is_empty() {
            parts.events.push(
                NewEvent::new("customer.updated")
                    .customer(current.customer.id)
                    .data(origin.added_to(json!({"changes": changes.fields}))),
            );
        }
        parts.add(current, changes, origin);
    }
    parts.write(tx).await?;
    let is_renamed = |fields: &Map<String, Value>| {
        ["first_name", "last_name", "company_name", "legal_name", "kind"]
            .iter()
            .any(|name| fields.contains_key(*name))
    };
    let names = all
        .iter()
        .filter(|(_, _, changes)| is_renamed(&changes.fields))
        .flat_map(|(_, current, _)| search::words(&current.customer));
    words.extend(batch_parts::write_words(tx, names, known).await?);
    Ok(refusals)
}

/// Leaves out rows whose e-mail address or external id somebody else has.
async fn refuse_taken(
    tx: &mut Tx,
    all: &mut Vec<(usize, Current, Changes)>,
    refusals: &mut [Option<Refusal>],
) -> Result<()> {
    let mut keys = Keys::default();
    for (_, current, changes) in all.iter() {
        if changes.fields.contains_key("email") {
            keys.emails
                .extend(current.customer.email.as_ref().map(Email::lowercase));
        }
        keys.sources.extend(changes.sources.iter().cloned());
    }
    let owners = batch::owners(tx, &keys).await?;
    let mut claimed: HashMap<String, CustomerId> = HashMap::new();
    let mut refused = HashSet::new();
    for (at, current, changes) in all.iter() {
        let id = current.customer.id;
        let email = current
            .customer
            .email
            .as_ref()
            .filter(|_| changes.fields.contains_key("email"))
            .map(Email::lowercase);
        let is_email_taken = email.is_some_and(|email| {
            owners.emails.get(&email).is_some_and(|owner| *owner != id)
                || *claimed.entry(email).or_insert(id) != id
        });
        let is_source_taken = changes
            .sources
            .iter()
            .any(|source| owners.sources.get(source).is_some_and(|owner| *owner != id));
        if is_email_taken {
            refusals[*at] = Some(Refusal::EmailTaken);
            refused.insert(*at);
        } else if is_source_taken {
            refusals[*at] = Some(Refusal::ExternalIdTaken);
            refused.insert(*at);
        }
    }
    all.retain(|(at, _, _)| !refused.contains(at));
    Ok(())
}

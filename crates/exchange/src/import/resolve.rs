//! Deciding what becomes of a row: whom it speaks of, and whether that may be done.
//!
//! What it never does: SQL. What the database knows is looked up before, for a batch at a time.

use std::{
    collections::{BTreeSet, HashMap},
    io,
};

use regulars_customers::{
    model::import::{Changes, Current, Wanted},
    ops::import::{MOST_SOURCES, Refusal},
    store::batch::{Keys, Owners, PhoneOwner},
};
use regulars_kernel::{Patch, ids::CustomerId};
use serde_json::{Map, Value, json};

use super::{
    keys::{Entry, Key, KeyIndex},
    plan_file::{PlanWriter, Record},
    stranger::is_another,
};
use crate::model::{MatchKey, Mode, Outcome, Reason};

const HAS_EMAIL: u8 = 1;
const HAS_ID: u8 = 2;
const SEVERAL: u8 = 4;

/// What was decided for a row.
pub struct Decision {
    /// For the plan.
    pub record: Record,
    /// Why, where it needs a reason.
    pub reasons: Vec<Reason>,
    /// The existing customer it was found to be.
    pub customer_id: Option<CustomerId>,
    /// For updates of existing customers: what becomes different.
    pub changes: Option<Value>,
}

/// Decides row after row and remembers what earlier rows brought.
pub struct Resolver {
    mode: Mode,
    match_by: Vec<MatchKey>,
    index: KeyIndex,
    writer: PlanWriter,
}

/// Whom a key names, and the row of this file that spoke of them with it last.
#[derive(Clone, Copy)]
struct Found {
    id: CustomerId,
    row: Option<u64>,
}

/// The keys of a row.
struct RowKeys<'a> {
    email: Option<String>,
    phone: Option<&'a str>,
    code: Option<&'a str>,
    sources: &'a [(String, String)],
}

impl<'a> RowKeys<'a> {
    fn of(wanted: &'a Wanted) -> Self {
        Self {
            email: match &wanted.email {
                Patch::Set(email) => Some(email.lowercase()),
                Patch::Keep | Patch::Clear => None,
            },
            phone: match &wanted.phone {
                Patch::Set(phone) => Some(phone.as_str()),
                Patch::Keep | Patch::Clear => None,
            },
            code: wanted.code.as_deref(),
            sources: &wanted.sources,
        }
    }
}

fn source_key(source: &(String, String)) -> Key {
    Key::of(1, &[&source.0, &source.1])
}
fn email_key(email: &str) -> Key {
    Key::of(2, &[email])
}
fn code_key(code: &str) -> Key {
    Key::of(3, &[code])
}
fn phone_key(phone: &str) -> Key {
    Key::of(4, &[phone])
}
fn customer_key(id: CustomerId) -> Key {
    Key::of(5, &[&id.to_string()])
}

/// The keys by which the rows of a batch are looked up.
pub fn keys_of<'a>(wanted: impl Iterator<Item = &'a Wanted>, match_by: &[MatchKey]) -> Keys {
    let mut keys = Keys::default();
    for row in wanted {
        let own = RowKeys::of(row);
        keys.emails.extend(own.email);
        keys.codes.extend(own.code.map(str::to_owned));
        keys.sources.extend(own.sources.iter().cloned());
        if match_by.contains(&MatchKey::Phone) {
            keys.phones.extend(own.phone.map(str::to_owned));
        }
    }
    keys
}

/// Everybody that was found, to be read with their parts.
pub fn everybody(owners: &Owners) -> Vec<CustomerId> {
    let mut ids: BTreeSet<CustomerId> = owners.emails.values().copied().collect();
    ids.extend(owners.codes.values());
    ids.extend(owners.sources.values());
    ids.extend(owners.phones.values().flatten().map(|owner| owner.id));
    ids.into_iter().collect()
}

impl Resolver {
    /// Begins a plan.
    pub fn new(mode: Mode, match_by: &[MatchKey], index: KeyIndex, writer: PlanWriter) -> Self {
        Self {
            mode,
            match_by: match_by.to_vec(),
            index,
            writer,
        }
    }

    /// Ends the plan. Answers how many rows it has.
    pub fn finish(self) -> io::Result<u64> {
        self.writer.finish()
    }

    /// Notes a row that touches nobody.
    pub fn nobody(&mut self, outcome: Outcome, content: u64) -> io::Result<()> {
        self.writer.push(Record::nobody(outcome, content))
    }

    /// Decides the next row.
    pub fn decide(
        &mut self,
        wanted: &Wanted,
        content: u64,
        owners: &Owners,
        current: &HashMap<CustomerId, Current>,
    ) -> io::Result<Decision> {
        let keys = RowKeys::of(wanted);
        let decision = match self.target(&keys, owners)? {
            Err(reason) => refuse(content, None, reason),
            Ok(None) if self.mode == Mode::Update => refuse(
                content,
                None,
                Reason::of_row(
                    "customer_unknown",
                    "no customer has these keys, and only existing ones are to be updated",
                ),
            ),
            Ok(None) if wanted.is_foreign_limit => refuse(content, None, reason(Refusal::CurrencyWrong)),
            Ok(None) if wanted.sources.len() > MOST_SOURCES => {
                refuse(content, None, reason(Refusal::TooManySources))
            }
            Ok(None) => Decision {
                record: Record {
                    outcome: Outcome::Create,
                    version: 0,
                    id: CustomerId::new(),
                    content,
                    continues: false,
                },
                reasons: Vec::new(),
                customer_id: None,
                changes: None,
            },
            Ok(Some(found)) => self.decide_found(found, wanted, content, owners, current)?,
        };
        let record = decision.record;
        self.writer.push(record)?;
        if matches!(record.outcome, Outcome::Create | Outcome::Update) {
            self.remember(&keys, &record)?;
        }
        Ok(decision)
    }

    fn decide_found(
        &self,
        found: Found,
        wanted: &Wanted,
        content: u64,
        owners: &Owners,
        current: &HashMap<CustomerId, Current>,
    ) -> io::Result<Decision> {
        let id = found.id;
        if owners.deleted.contains(&id) {
            let why = "the customer with this id or code is deleted; restore it first";
            return Ok(refuse(content, Some(id), Reason::of_row("customer_deleted", why)));
        }
        if current
            .get(&id)
            .is_some_and(|current| is_another(wanted, &current.customer))
        {
            let why = "the customer with this id has another name and nothing else in common; a file that counts in its own \
                       way needs a source of its own instead of csv; if it is the same customer, a column code says so";
            return Ok(refuse(content, Some(id), Reason::of_row("id_of_another", why)));
        }
        let touched = self
            .index
            .get(customer_key(id))?
            .map(|entry| entry.row)
            .or(found.row);
        if let Some(row) = touched {
            let earlier = self.writer.get(row)?;
            if earlier.content == content {
                let why = format!("says the same as row {row}");
                return Ok(skip(content, None, Reason::of_row("row_repeated", why)));
            }
            if self.mode == Mode::Create {
                let why =
                    format!("row {row} speaks of the same customer, and only new ones are to be created");
                return Ok(refuse(content, None, Reason::of_row("customer_exists", why)));
            }
            return Ok(Decision {
                record: Record {
                    outcome: Outcome::Update,
                    version: earlier.version_after(),
                    id,
                    content,
                    continues: true,
                },
                reasons: vec![Reason::of_row(
                    "row_continued",
                    format!("speaks of the same customer as row {row}"),
                )],
                customer_id: None,
                changes: None,
            });
        }
        if self.mode == Mode::Create {
            let why = "the customer exists, and only new ones are to be created";
            return Ok(refuse(content, Some(id), Reason::of_row("customer_exists", why)));
        }
        let Some(current) = current
            .get(&id)
            .filter(|current| current.customer.deleted_at.is_none())
        else {
            let why = "the customer was deleted while the file was checked";
            return Ok(refuse(content, Some(id), Reason::of_row("gone_meanwhile", why)));
        };
        let version = current.customer.version;
        let mut after = current.clone();
        let changes = after.merge(wanted);
        if let Some(refusal) = Refusal::of(&after, &changes) {
            return Ok(refuse(content, Some(id), reason(refusal)));
        }
        if changes.is_empty() {
            let why = "says what is known already";
            return Ok(skip(content, Some(id), Reason::of_row("unchanged", why)));
        }
        Ok(Decision {
            record: Record {
                outcome: Outcome::Update,
                version,
                id,
                content,
                continues: false,
            },
            reasons: Vec::new(),
            customer_id: Some(id),
            changes: Some(tell(&changes)),
        })
    }

    /// Whom a row speaks of, or why that cannot be said.
    fn target(&self, keys: &RowKeys<'_>, owners: &Owners) -> io::Result<Result<Option<Found>, Reason>> {
        let mut named: Vec<(MatchKey, Found)> = Vec::new();
        for source in keys.sources {
            if let Some(found) = self.whose(source_key(source), owners.sources.get(source))? {
                named.push((MatchKey::ExternalId, found));
            }
        }
        if let Some(email) = &keys.email
            && let Some(found) = self.whose(email_key(email), owners.emails.get(email))?
        {
            named.push((MatchKey::Email, found));
        }
        if let Some(code) = keys.code
            && let Some(found) = self.whose(code_key(code), owners.codes.get(code))?
        {
            named.push((MatchKey::Code, found));
        }
        let mut target: Option<(MatchKey, Found)> = None;
        for (key, found) in &named {
            if !self.match_by.contains(key) {
                continue;
            }
            match target {
                Some((other, known)) if known.id != found.id => {
                    return Ok(Err(Reason::of_row(
                        "matches_two",
                        format!(
                            "its {} belongs to one customer and its {} to another",
                            word(other),
                            word(*key)
                        ),
                    )));
                }
                Some(_) => {}
                None => target = Some((*key, *found)),
            }
        }
        let mut target = target.map(|(_, found)| found);
        if target.is_none() && self.match_by.contains(&MatchKey::Phone) {
            match self.by_phone(keys, owners)? {
                Ok(found) => target = found,
                Err(reason) => return Ok(Err(reason)),
            }
        }
        for (key, found) in named {
            // The code of an existing customer stays, so whose a different code is matters only for a new one.
            if key == MatchKey::Code && target.is_some() {
                continue;
            }
            if target.is_none_or(|target| target.id != found.id) {
                let code = match key {
                    MatchKey::ExternalId => "external_id_taken",
                    MatchKey::Email => "email_taken",
                    MatchKey::Code | MatchKey::Phone => "code_taken",
                };
                let why = format!("another customer has this {}", word(key));
                return Ok(Err(Reason::of_row(code, why)));
            }
        }
        Ok(Ok(target))
    }

    fn whose(&self, key: Key, stored: Option<&CustomerId>) -> io::Result<Option<Found>> {
        if let Some(entry) = self.index.get(key)? {
            let id = self.writer.get(entry.row)?.id;
            return Ok(Some(Found {
                id,
                row: Some(entry.row),
            }));
        }
        Ok(stored.map(|id| Found { id: *id, row: None }))
    }

    fn by_phone(&self, keys: &RowKeys<'_>, owners: &Owners) -> io::Result<Result<Option<Found>, Reason>> {
        let Some(phone) = keys.phone else {
            return Ok(Ok(None));
        };
        let stored = owners.phones.get(phone).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<Found> = stored
            .iter()
            .filter(|owner| !contradicts(keys, owner))
            .map(|owner| Found {
                id: owner.id,
                row: None,
            })
            .collect();
        let mut is_unclear = false;
        if let Some(entry) = self.index.get(phone_key(phone))? {
            let is_other = (keys.email.is_some() && entry.flags & HAS_EMAIL != 0)
                || (!keys.sources.is_empty() && entry.flags & HAS_ID != 0);
            if !is_other {
                is_unclear = entry.flags & SEVERAL != 0;
                let id = self.writer.get(entry.row)?.id;
                found.retain(|known| known.id != id);
                found.push(Found {
                    id,
                    row: Some(entry.row),
                });
            }
        }
        if is_unclear || found.len() > 1 {
            return Ok(Err(Reason::of_row(
                "phone_ambiguous",
                "several customers have this phone; say which by e-mail address or id",
            )));
        }
        Ok(Ok(found.pop()))
    }

    /// Notes the keys of a row that creates or updates.
    fn remember(&mut self, keys: &RowKeys<'_>, record: &Record) -> io::Result<()> {
        let row = self.writer.rows();
        let plain = Entry { row, flags: 0 };
        for source in keys.sources {
            self.index.put(source_key(source), plain)?;
        }
        if let Some(email) = &keys.email {
            self.index.put(email_key(email), plain)?;
        }
        if let (Some(code), Outcome::Create) = (keys.code, record.outcome) {
            self.index.put(code_key(code), plain)?;
        }
        if record.outcome == Outcome::Update {
            self.index.put(customer_key(record.id), plain)?;
        }
        if let Some(phone) = keys.phone.filter(|_| self.match_by.contains(&MatchKey::Phone)) {
            let mut flags = 0;
            if keys.email.is_some() {
                flags |= HAS_EMAIL;
            }
            if !keys.sources.is_empty() {
                flags |= HAS_ID;
            }
            if let Some(earlier) = self.index.get(phone_key(phone))? {
                flags |= earlier.flags;
                if self.writer.get(earlier.row)?.id != record.id {
                    flags |= SEVERAL;
                }
            }
            self.index.put(phone_key(phone), Entry { row, flags })?;
        }
        Ok(())
    }
}

/// Whether the row names another e-mail address, or another id of the same source, than the owner of its phone has. (If
/// they were the same, the row would have been recognised by them.)
fn contradicts(keys: &RowKeys<'_>, owner: &PhoneOwner) -> bool {
    (keys.email.is_some() && owner.has_email)
        || keys
            .sources
            .iter()
            .any(|(source, _)| owner.sources.contains(source))
}

fn refuse(content: u64, customer_id: Option<CustomerId>, reason: Reason) -> Decision {
    Decision {
        record: Record::nobody(Outcome::Conflict, content),
        reasons: vec![reason],
        customer_id,
        changes: None,
    }
}

fn skip(content: u64, customer_id: Option<CustomerId>, reason: Reason) -> Decision {
    Decision {
        record: Record::nobody(Outcome::Skip, content),
        reasons: vec![reason],
        customer_id,
        changes: None,
    }
}

fn reason(refusal: Refusal) -> Reason {
    Reason::of_row(refusal.code(), refusal.message())
}

fn word(key: MatchKey) -> &'static str {
    match key {
        MatchKey::ExternalId => "external id",
        MatchKey::Email => "e-mail address",
        MatchKey::Code => "code",
        MatchKey::Phone => "phone",
    }
}

/// All changes as one map of from and to.
fn tell(changes: &Changes) -> Value {
    let mut all: Map<String, Value> = changes.fields.clone();
    for (field, change) in changes.address.iter().flatten() {
        all.insert(format!("address.{field}"), change.clone());
    }
    if !changes.tags.is_empty() {
        all.insert("tags".to_owned(), json!({"from": null, "to": changes.tags}));
    }
    for consent in &changes.consents {
        all.insert(
            format!("consent.{}", consent.channel),
            json!({"from": consent.from, "to": consent.to}),
        );
    }
    for (source, id) in &changes.sources {
        all.insert(format!("external_id.{source}"), json!({"from": null, "to": id}));
    }
    Value::Object(all)
}

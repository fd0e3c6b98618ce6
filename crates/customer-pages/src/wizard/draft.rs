//! What was typed of a company so far: taken from the steps' forms, kept as JSON, read as a new customer.

use std::collections::BTreeMap;

use regulars_customers::model::{AddressInput, Choice as _, NewCustomer, Status, Type};
use regulars_kernel::{Error, Fault, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Step;
use crate::{
    customer_fields::Offered,
    customer_form,
    face::faults_of,
    form::Typed,
    record::{addresses, contacts, parts},
};

/// The fields of the first step, besides the organization's own.
const BASICS: &[&str] = &[
    "company_name",
    "legal_name",
    "industry",
    "tax_id",
    "email",
    "phone",
    "status",
    "type",
    "owner_id",
    "parent_id",
    "tags",
    "internal_note",
];

/// A company that is being written: its fields as they were typed, in order of contacts and addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CompanyDraft {
    pub basics: Typed,
    pub contacts: Vec<Typed>,
    pub addresses: Vec<Typed>,
}

impl CompanyDraft {
    /// From what was kept. What cannot be understood any more was written by another version and is not there.
    pub(crate) fn read(kept: Value) -> Self {
        serde_json::from_value(kept).unwrap_or_default()
    }

    /// To be kept.
    pub(crate) fn body(&self) -> Result<Value> {
        serde_json::to_value(self).map_err(|error| Error::internal(error.to_string()))
    }

    /// Whether nothing is typed and nothing added, so that there is nothing to keep.
    pub(crate) fn is_empty(&self) -> bool {
        !Step::ALL.into_iter().any(|step| self.holds(step))
    }

    /// Whether something is said in a step.
    pub(crate) fn holds(&self, step: Step) -> bool {
        match step {
            Step::Basics => self.basics.names().any(|name| self.is_said(name)),
            Step::Contacts => !self.contacts.is_empty(),
            Step::Addresses => !self.addresses.is_empty(),
            Step::Review => false,
        }
    }

    /// Whether a field of the first step is not as it begins.
    fn is_said(&self, name: &str) -> bool {
        match (name, self.basics.get(name)) {
            ("status", value) => value != Status::default().as_str(),
            ("type", value) => value != Type::default().as_str(),
            (_, value) => !is_blank(value),
        }
    }

    /// Takes over what a step's form sent.
    pub(crate) fn take(&mut self, step: Step, sent: &Typed) {
        match step {
            Step::Basics => {
                let known = |name: &str| BASICS.contains(&name) || name.starts_with("attributes/");
                let mut names: Vec<&str> = sent.names().filter(|name| known(name)).collect();
                names.dedup();
                let before = std::mem::take(&mut self.basics);
                self.basics = names
                    .into_iter()
                    .fold(before, |typed, name| typed.with(name, sent.get(name)));
            }
            Step::Contacts => {
                self.contacts = several(sent, "contacts/", &[contacts::TEXTS, contacts::TICKS].concat());
            }
            Step::Addresses => {
                let names = [addresses::TEXTS, addresses::NUMBERS, &["is_default"]].concat();
                self.addresses = several(sent, "addresses/", &names);
            }
            Step::Review => {}
        }
    }

    /// The contacts or the addresses.
    pub(crate) fn parts_mut(&mut self, step: Step) -> Option<&mut Vec<Typed>> {
        match step {
            Step::Contacts => Some(&mut self.contacts),
            Step::Addresses => Some(&mut self.addresses),
            Step::Basics | Step::Review => None,
        }
    }

    /// One more contact or address, with nothing typed; which one it is.
    pub(crate) fn add(&mut self, step: Step) -> usize {
        self.parts_mut(step).map_or(0, |parts| {
            parts.push(Typed::new());
            parts.len() - 1
        })
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, step: Step, at: usize) {
        if let Some(parts) = self.parts_mut(step)
            && at < parts.len()
        {
            parts.remove(at);
        }
    }

    /// Without contacts and addresses in which nothing was typed: they were added and not wanted. What an address is
    /// used for says nothing by itself, a ticked contact does.
    pub(crate) fn tidy(&mut self) {
        let blank = |typed: &Typed, besides: &[&str]| {
            typed
                .names()
                .all(|name| besides.contains(&name) || is_blank(typed.get(name)))
        };
        self.contacts.retain(|contact| !blank(contact, &[]));
        self.addresses
            .retain(|address| !blank(address, &["type", "is_default"]));
    }

    /// As the use case takes it, with the faults of what it cannot even be told.
    pub(crate) fn input(&self, offered: &Offered) -> Result<(NewCustomer, Vec<Fault>)> {
        let mut body = customer_form::body(&self.basics, None, offered);
        body.insert("kind".to_owned(), Value::from("company"));
        let parent = self.basics.get("parent_id");
        if !parent.is_empty() {
            body.insert("parent_id".to_owned(), Value::from(parent));
        }
        let mut new: NewCustomer = serde_json::from_value(Value::Object(body))
            .map_err(|error| Error::invalid("", "malformed", error.to_string()))?;
        for contact in &self.contacts {
            new.contacts.push(parts::contact_input(contact)?);
        }
        let mut faults = Vec::new();
        for (at, address) in self.addresses.iter().enumerate() {
            let input = match parts::address_input(address) {
                Ok(input) => input,
                Err(error) => {
                    faults.extend(faults_of(error)?.into_iter().map(|mut fault| {
                        fault.pointer.insert_str(0, &format!("/addresses/{at}"));
                        fault
                    }));
                    without_numbers(address)?
                }
            };
            new.addresses.push(input);
        }
        Ok((new, faults))
    }
}

/// The rest of an address, so that its other faults are told as well.
fn without_numbers(address: &Typed) -> Result<AddressInput> {
    let blank = |typed: Typed, name: &&str| typed.with(name, "");
    parts::address_input(&addresses::NUMBERS.iter().fold(address.clone(), blank))
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// The parts that were sent as `contacts/0/email`, in their order; only the fields that are known.
fn several(sent: &Typed, place: &str, known: &[&str]) -> Vec<Typed> {
    let mut parts: BTreeMap<usize, Typed> = BTreeMap::new();
    for full in sent.names() {
        let Some((at, name)) = full.strip_prefix(place).and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        let Some(name) = known.iter().find(|known| **known == name) else {
            continue;
        };
        if let Ok(at) = at.parse() {
            let typed = parts.remove(&at).unwrap_or_default();
            parts.insert(at, typed.with(name, sent.get(full)));
        }
    }
    parts.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(step: Step, form: &str) -> CompanyDraft {
        let mut draft = CompanyDraft::default();
        draft.take(step, &Typed::parse(form.as_bytes()));
        draft
    }

    #[test]
    fn contacts_are_taken_in_their_order_with_what_is_known_of_them() {
        let draft = taken(
            Step::Contacts,
            "contacts/10/first_name=C&contacts/2/first_name=B&contacts/2/is_primary=true&contacts/2/evil=x&contacts/x/email=y&do=save",
        );
        let names: Vec<_> = draft.contacts.iter().map(|one| one.get("first_name")).collect();
        assert_eq!(names, ["B", "C"]);
        assert!(draft.contacts[0].ticked("is_primary") && !draft.contacts[0].has("evil"));
    }

    #[test]
    fn what_is_kept_reads_as_it_was_typed() {
        let mut draft = taken(Step::Basics, "company_name=+Acme&tags=a%2C+b&do=next&evil=1");
        draft.take(Step::Addresses, &Typed::parse(b"addresses/0/line1=Street"));
        let again = CompanyDraft::read(draft.body().unwrap());
        assert_eq!(again, draft);
        assert_eq!(again.basics.get("company_name"), " Acme");
        assert!(!again.basics.has("evil"));
        assert_eq!(
            CompanyDraft::read(Value::from("of another version")),
            CompanyDraft::default()
        );
    }

    #[test]
    fn a_draft_is_empty_until_something_is_said() {
        let mut draft = taken(
            Step::Basics,
            "company_name=&status=active&type=registered&parent_id=",
        );
        assert!(draft.is_empty());
        assert_eq!(draft.add(Step::Contacts), 0);
        assert!(
            !draft.is_empty(),
            "an added contact is kept while its fields are empty"
        );
        draft.tidy();
        assert!(draft.is_empty());
    }

    #[test]
    fn what_was_added_and_left_empty_falls_away() {
        let mut draft = taken(
            Step::Addresses,
            "addresses/0/type=both&addresses/0/line1=+&addresses/1/type=both&addresses/1/city=Berlin",
        );
        draft.take(
            Step::Contacts,
            &Typed::parse(b"contacts/0/email=&contacts/0/is_primary=true"),
        );
        draft.tidy();
        assert_eq!(draft.addresses.len(), 1);
        assert_eq!(draft.contacts.len(), 1, "who is ticked as main contact was meant");
    }

    #[test]
    fn degrees_that_are_no_numbers_are_faults_of_their_address() {
        let draft = taken(
            Step::Addresses,
            "addresses/0/city=A&addresses/1/city=B&addresses/1/latitude=north",
        );
        let (new, faults) = draft.input(&Offered::default()).unwrap();
        assert_eq!(new.addresses.len(), 2);
        assert_eq!(faults[0].pointer, "/addresses/1/latitude");
        assert_eq!(Step::of(&faults[0]), Step::Addresses);
    }
}

//! What a file wants of a customer, and what comes of it when it meets the customer as it is.
//!
//! What it never does: wipe what the file does not speak of, replace tags, or loosen a withdrawn consent.

use chrono::{DateTime, NaiveDate, Utc};
use regulars_kernel::{
    Country, Email, Locale, Money, Patch, Phone, TimeZone,
    ids::{AddressId, CustomerId},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    Choice as _, ConsentState, Customer, Kind, LifecycleStage, Priority, ServiceLevel, Status, Type,
    consent::import_state,
    verified::{self, Reached},
};

/// What a file says about one customer; [`Patch::Keep`] and `None` where it says nothing.
#[derive(Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of a customer")]
pub struct Wanted {
    /// Only for a new customer: the code of an existing one stays.
    pub code: Option<String>,
    pub kind: Option<Kind>,
    pub email: Patch<Email>,
    pub phone: Patch<Phone>,
    pub email_verified: Patch<bool>,
    pub phone_verified: Patch<bool>,
    pub first_name: Patch<String>,
    pub last_name: Patch<String>,
    pub birthday: Patch<NaiveDate>,
    pub company_name: Patch<String>,
    pub legal_name: Patch<String>,
    pub industry: Patch<String>,
    pub tax_id: Patch<String>,
    pub status: Option<Status>,
    pub customer_type: Option<Type>,
    pub lifecycle_stage: Option<LifecycleStage>,
    pub priority: Option<Priority>,
    pub service_level: Option<ServiceLevel>,
    pub credit_limit: Patch<Money>,
    /// Whether that is in another currency than the organization's: only who has a limit in it already may have it.
    pub is_foreign_limit: bool,
    pub locale: Patch<Locale>,
    pub time_zone: Patch<TimeZone>,
    pub note: Patch<String>,
    pub internal_note: Patch<String>,
    /// Only for a new customer.
    pub created_at: Option<DateTime<Utc>>,
    /// An older time than the known one changes nothing.
    pub last_active_at: Option<DateTime<Utc>>,
    /// By name; null empties.
    pub attributes: Map<String, Value>,
    /// Added to those there are.
    pub tags: Vec<String>,
    /// Of the default address; none when the row names no place.
    pub address: Option<WantedAddress>,
    pub consents: Vec<WantedConsent>,
    /// Source and external id.
    pub sources: Vec<(String, String)>,
}

/// What a file says about the default address.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of an address")]
pub struct WantedAddress {
    pub name: Patch<String>,
    pub company: Patch<String>,
    pub line1: Patch<String>,
    pub line2: Patch<String>,
    pub city: Patch<String>,
    pub province: Patch<String>,
    pub postal_code: Patch<String>,
    pub country: Patch<Country>,
    pub phone: Patch<Phone>,
    pub latitude: Patch<f64>,
    pub longitude: Patch<f64>,
}

impl WantedAddress {
    /// Whether it says where: a person, a phone or a point alone is no address.
    fn names_place(&self) -> bool {
        let texts = [
            &self.company,
            &self.line1,
            &self.line2,
            &self.city,
            &self.province,
            &self.postal_code,
        ];
        matches!(self.country, Patch::Set(_)) || texts.iter().any(|text| matches!(text, Patch::Set(_)))
    }
}

/// What a file says about a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WantedConsent {
    /// `email` or `sms`.
    pub channel: &'static str,
    /// As in `customer_consents.state`.
    pub state: &'static str,
    /// When they said so, if the file knows.
    pub at: Option<DateTime<Utc>>,
}

/// The default address as it is.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of an address")]
pub struct CurrentAddress {
    pub id: AddressId,
    pub name: Option<String>,
    pub company: Option<String>,
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<Country>,
    pub phone: Option<Phone>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

impl CurrentAddress {
    /// An address that says nothing yet.
    pub fn blank(id: AddressId) -> Self {
        Self {
            id,
            name: None,
            company: None,
            line1: None,
            line2: None,
            city: None,
            province: None,
            postal_code: None,
            country: None,
            phone: None,
            latitude: None,
            longitude: None,
        }
    }
}

/// A customer with the parts that a file can speak of.
#[derive(Clone)]
pub struct Current {
    /// The record.
    pub customer: Customer,
    /// The default address.
    pub address: Option<CurrentAddress>,
    /// Channel and state.
    pub consents: Vec<(String, String)>,
    /// Source and external id.
    pub sources: Vec<(String, String)>,
}

/// What becomes different.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Of the record: field → from and to.
    pub fields: Map<String, Value>,
    /// Names of the tags that are new.
    pub tags: Vec<String>,
    /// Whether the credit limit comes to be in a currency that is neither the organization's nor what it was in.
    pub is_foreign_limit: bool,
    /// Of the address: field → from and to; none if nothing.
    pub address: Option<Map<String, Value>>,
    /// Whether the address is new.
    pub is_new_address: bool,
    /// Channel, state before, state now, when.
    pub consents: Vec<ConsentChange>,
    /// Source and external id.
    pub sources: Vec<(String, String)>,
}

/// A channel whose state becomes different.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ConsentChange {
    pub channel: &'static str,
    pub from: Option<String>,
    pub to: &'static str,
    pub at: Option<DateTime<Utc>>,
}

impl Changes {
    /// Whether nothing becomes different.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
            && self.tags.is_empty()
            && self.address.is_none()
            && self.consents.is_empty()
            && self.sources.is_empty()
    }
}

impl Current {
    /// A customer that does not exist yet.
    pub fn blank(id: CustomerId, now: DateTime<Utc>) -> Self {
        Self {
            customer: Customer::blank(id, now),
            address: None,
            consents: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Does what the file wants and says what became different.
    pub fn merge(&mut self, wanted: &Wanted) -> Changes {
        let mut changes = Changes::default();
        let limit_in = |customer: &Customer| customer.credit_limit.map(|money| money.currency());
        let before = limit_in(&self.customer);
        self.merge_fields(wanted, &mut changes.fields);
        changes.is_foreign_limit = wanted.is_foreign_limit && limit_in(&self.customer) != before;
        let known: Vec<String> = self
            .customer
            .tags
            .iter()
            .map(|name| name.to_lowercase())
            .collect();
        for name in &wanted.tags {
            if !known.contains(&name.to_lowercase()) {
                changes.tags.push(name.clone());
            }
        }
        self.customer.tags.extend(changes.tags.iter().cloned());
        if let Some(address) = &wanted.address {
            self.merge_address(address, &mut changes);
        }
        for consent in &wanted.consents {
            self.merge_consent(consent, &mut changes);
        }
        for source in &wanted.sources {
            if !self.sources.contains(source) {
                self.sources.push(source.clone());
                changes.sources.push(source.clone());
            }
        }
        changes
    }

    fn merge_fields(&mut self, wanted: &Wanted, changes: &mut Map<String, Value>) {
        let customer = &mut self.customer;
        let out = changes;
        let before = Reached::of(customer);
        patch(out, "email", &mut customer.email, &wanted.email);
        patch(out, "phone", &mut customer.phone, &wanted.phone);
        verified::merge(customer, &before, wanted, out);
        patch(out, "first_name", &mut customer.first_name, &wanted.first_name);
        patch(out, "last_name", &mut customer.last_name, &wanted.last_name);
        patch(out, "birthday", &mut customer.birthday, &wanted.birthday);
        patch(
            out,
            "company_name",
            &mut customer.company_name,
            &wanted.company_name,
        );
        patch(out, "legal_name", &mut customer.legal_name, &wanted.legal_name);
        patch(out, "industry", &mut customer.industry, &wanted.industry);
        patch(out, "tax_id", &mut customer.tax_id, &wanted.tax_id);
        patch(
            out,
            "credit_limit",
            &mut customer.credit_limit,
            &wanted.credit_limit,
        );
        patch(out, "locale", &mut customer.locale, &wanted.locale);
        patch(out, "time_zone", &mut customer.time_zone, &wanted.time_zone);
        patch(out, "note", &mut customer.note, &wanted.note);
        patch(
            out,
            "internal_note",
            &mut customer.internal_note,
            &wanted.internal_note,
        );
        choose(out, "kind", &mut customer.kind, wanted.kind);
        choose(out, "status", &mut customer.status, wanted.status);
        choose(out, "type", &mut customer.customer_type, wanted.customer_type);
        choose(
            out,
            "lifecycle_stage",
            &mut customer.lifecycle_stage,
            wanted.lifecycle_stage,
        );
        choose(out, "priority", &mut customer.priority, wanted.priority);
        choose(
            out,
            "service_level",
            &mut customer.service_level,
            wanted.service_level,
        );
        if let Some(at) = wanted.last_active_at
            && customer.last_active_at.is_none_or(|known| known < at)
        {
            let from = customer.last_active_at.replace(at);
            out.insert("last_active_at".to_owned(), json!({"from": from, "to": at}));
        }
        for (name, value) in &wanted.attributes {
            let before = customer.attributes.get(name);
            if value.is_null() && before.is_none() || before == Some(value) {
                continue;
            }
            out.insert(format!("attributes.{name}"), json!({"from": before, "to": value}));
            if value.is_null() {
                customer.attributes.remove(name);
            } else {
                customer.attributes.insert(name.clone(), value.clone());
            }
        }
    }

    fn merge_address(&mut self, wanted: &WantedAddress, changes: &mut Changes) {
        if self.address.is_none() && !wanted.names_place() {
            return;
        }
        changes.is_new_address = self.address.is_none();
        let address = self
            .address
            .get_or_insert_with(|| CurrentAddress::blank(AddressId::new()));
        let mut out = Map::new();
        patch(&mut out, "name", &mut address.name, &wanted.name);
        patch(&mut out, "company", &mut address.company, &wanted.company);
        patch(&mut out, "line1", &mut address.line1, &wanted.line1);
        patch(&mut out, "line2", &mut address.line2, &wanted.line2);
        patch(&mut out, "city", &mut address.city, &wanted.city);
        patch(&mut out, "province", &mut address.province, &wanted.province);
        patch(
            &mut out,
            "postal_code",
            &mut address.postal_code,
            &wanted.postal_code,
        );
        patch(&mut out, "country", &mut address.country, &wanted.country);
        patch(&mut out, "phone", &mut address.phone, &wanted.phone);
        patch(&mut out, "latitude", &mut address.latitude, &wanted.latitude);
        patch(&mut out, "longitude", &mut address.longitude, &wanted.longitude);
        if out.is_empty() {
            if changes.is_new_address {
                self.address = None;
                changes.is_new_address = false;
            }
            return;
        }
        self.customer.country = address.country;
        self.customer.city.clone_from(&address.city);
        changes.address = Some(out);
    }

    /// Makes a channel withdrawn, whatever was said of it.
    pub fn withdraw(&mut self, channel: &'static str, changes: &mut Changes) {
        const WITHDRAWN: &str = "unsubscribed";
        let at = self.consents.iter().position(|(known, _)| known == channel);
        let before = at.map(|at| self.consents[at].1.clone());
        match at {
            Some(at) => WITHDRAWN.clone_into(&mut self.consents[at].1),
            None => self.consents.push((channel.to_owned(), WITHDRAWN.to_owned())),
        }
        if let Some(change) = changes
            .consents
            .iter_mut()
            .find(|change| change.channel == channel)
        {
            change.to = WITHDRAWN;
        } else if before.as_deref() != Some(WITHDRAWN) {
            changes.consents.push(ConsentChange {
                channel,
                from: before,
                to: WITHDRAWN,
                at: None,
            });
        }
    }

    fn merge_consent(&mut self, wanted: &WantedConsent, changes: &mut Changes) {
        let before = self
            .consents
            .iter_mut()
            .find(|(channel, _)| channel == wanted.channel);
        let from = before.as_ref().map(|(_, state)| state.clone());
        let known = from.as_deref().and_then(|state| ConsentState::parse(state).ok());
        if from.as_deref() == Some(wanted.state)
            || ConsentState::parse(wanted.state)
                .ok()
                .and_then(|said| import_state(known, said))
                .is_none()
        {
            return;
        }
        match before {
            Some((_, state)) => wanted.state.clone_into(state),
            None => self
                .consents
                .push((wanted.channel.to_owned(), wanted.state.to_owned())),
        }
        changes.consents.push(ConsentChange {
            channel: wanted.channel,
            from,
            to: wanted.state,
            at: wanted.at,
        });
    }
}

fn patch<T: Clone + PartialEq + Serialize>(
    changes: &mut Map<String, Value>,
    name: &str,
    field: &mut Option<T>,
    wanted: &Patch<T>,
) {
    let now = match wanted {
        Patch::Keep => return,
        Patch::Clear => None,
        Patch::Set(value) => Some(value),
    };
    if field.as_ref() != now {
        changes.insert(name.to_owned(), json!({"from": field, "to": now}));
        *field = now.cloned();
    }
}

fn choose<T: Copy + PartialEq + Serialize>(
    changes: &mut Map<String, Value>,
    name: &str,
    field: &mut T,
    wanted: Option<T>,
) {
    if let Some(now) = wanted
        && *field != now
    {
        changes.insert(name.to_owned(), json!({"from": field, "to": now}));
        *field = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(state: &'static str) -> Wanted {
        Wanted {
            consents: vec![WantedConsent {
                channel: "email",
                state,
                at: None,
            }],
            ..Wanted::default()
        }
    }

    #[test]
    fn a_withdrawn_consent_is_never_loosened() {
        let mut current = Current::blank(CustomerId::new(), regulars_kernel::clock::now());
        assert!(!current.merge(&consent("subscribed")).is_empty());
        assert!(current.merge(&consent("subscribed")).is_empty());
        assert!(!current.merge(&consent("unsubscribed")).is_empty());
        for state in ["subscribed", "pending", "never_subscribed"] {
            assert!(current.merge(&consent(state)).is_empty());
        }
    }

    #[test]
    fn a_file_that_knows_of_no_consent_takes_none_away() {
        let mut current = Current::blank(CustomerId::new(), regulars_kernel::clock::now());
        assert!(!current.merge(&consent("subscribed")).is_empty());
        assert!(current.merge(&consent("never_subscribed")).is_empty());
    }

    #[test]
    fn tags_are_added_whatever_their_case_and_silence_keeps() {
        let mut current = Current::blank(CustomerId::new(), regulars_kernel::clock::now());
        let wanted = Wanted {
            tags: vec!["VIP".to_owned()],
            first_name: Patch::Set("Ada".to_owned()),
            ..Wanted::default()
        };
        assert_eq!(current.merge(&wanted).tags, ["VIP"]);
        let again = Wanted {
            tags: vec!["vip".to_owned()],
            ..Wanted::default()
        };
        assert!(current.merge(&again).is_empty());
        assert_eq!(current.customer.first_name.as_deref(), Some("Ada"));
        let cleared = Wanted {
            first_name: Patch::Clear,
            ..Wanted::default()
        };
        assert_eq!(
            current.merge(&cleared).fields["first_name"],
            json!({"from": "Ada", "to": null})
        );
    }
}

//! From what a row says to what is wanted of a customer: attribute values by their definitions, amounts in the
//! organization's currency unless they name their own, and what an empty cell means.
//!
//! What it never does: look at customers.

use std::collections::HashMap;

use regulars_customers::model::{
    AttributeKind, Choice, Definitions, Kind, LifecycleStage, Priority, ServiceLevel, Status, Type,
    import::{Wanted, WantedAddress, WantedConsent},
};
use regulars_kernel::{Currency, Money, Patch};
use regulars_tabular::read::{Headers, Record};
use serde_json::{Map, Value, json};

use crate::{
    mapping::{Cell, ConsentState, MappedAddress, MappedRow, Mapper, Mapping, Target, value},
    model::Reason,
};

/// The greatest number of a code of ours that a file may bring.
const MAX_CODE: i64 = 999_999_999;

/// What a row comes to.
#[derive(Clone, PartialEq)]
pub enum What {
    /// It speaks of nobody.
    Nobody,
    /// It wants something.
    Wanted(Box<Wanted>),
    /// It cannot be understood.
    Invalid(Vec<Reason>),
}

/// Turns records into wants, by one mapping.
pub struct Converter {
    mapper: Mapper,
    headers: HashMap<Target, String>,
    definitions: Definitions,
    source: String,
    currency: Currency,
    date_order: crate::mapping::DateOrder,
    clears: bool,
}

impl Converter {
    /// Prepares a mapping that fits the headers.
    pub fn new(mapping: &Mapping, headers: &Headers, definitions: Definitions, currency: Currency) -> Self {
        Self {
            mapper: Mapper::new(mapping, headers),
            headers: mapping
                .columns
                .iter()
                .map(|(header, target)| (target.clone(), header.clone()))
                .collect(),
            definitions,
            source: mapping.source.clone(),
            currency,
            date_order: mapping.date_order,
            clears: mapping.clear_empty,
        }
    }

    /// What people get back of a record, see [`Mapper::cells`].
    pub fn cells(&self, record: Record) -> Vec<Option<String>> {
        self.mapper.cells(record)
    }

    /// What a record wants.
    pub fn convert(&self, record: &Record) -> What {
        let row = match self.mapper.map(record) {
            Ok(row) => row,
            Err(faults) => {
                let reasons = faults.into_iter().map(|fault| Reason {
                    column: Some(fault.column),
                    code: fault.code.to_owned(),
                    message: fault.message,
                });
                return What::Invalid(reasons.collect());
            }
        };
        let mut reasons = Vec::new();
        let wanted = self.wanted(row, &mut reasons);
        if !wanted.tells_who() {
            // As the rows of an order export that continue an order.
            What::Nobody
        } else if reasons.is_empty() {
            What::Wanted(Box::new(wanted))
        } else {
            What::Invalid(reasons)
        }
    }

    fn patch<T>(&self, cell: Cell<T>) -> Patch<T> {
        match cell {
            Cell::Empty if self.clears => Patch::Clear,
            Cell::Absent | Cell::Empty => Patch::Keep,
            Cell::Value(value) => Patch::Set(value),
        }
    }

    fn reason(&self, target: &Target, code: &str, message: String) -> Reason {
        Reason {
            column: self.headers.get(target).cloned(),
            code: code.to_owned(),
            message,
        }
    }

    fn wanted(&self, row: MappedRow, reasons: &mut Vec<Reason>) -> Wanted {
        let currency = row.credit_limit_currency.into_value().unwrap_or(self.currency);
        let credit_limit = match self.patch(row.credit_limit) {
            Patch::Set(amount) => match Money::new(amount, currency) {
                Ok(money) => Patch::Set(money),
                Err(why) => {
                    reasons.push(self.reason(&Target::CreditLimit, "amount_invalid", why.to_string()));
                    Patch::Keep
                }
            },
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        };
        let code = row.code.into_value();
        if code
            .as_deref()
            .and_then(own_number)
            .is_some_and(|number| number.is_none_or(|number| number > MAX_CODE))
        {
            reasons.push(self.reason(
                &Target::Code,
                "code_reserved",
                format!("codes of the form C-… end at C-{MAX_CODE}"),
            ));
        }
        let mut attributes = Map::new();
        for (name, cell) in row.attributes {
            match cell {
                Cell::Empty if self.clears => {
                    attributes.insert(name, Value::Null);
                }
                Cell::Absent | Cell::Empty => {}
                Cell::Value(text) => match self.attribute(&name, &text) {
                    Ok(value) => {
                        attributes.insert(name, value);
                    }
                    Err(why) => {
                        reasons.push(self.reason(&Target::Attribute(name), "attribute_invalid", why));
                    }
                },
            }
        }
        let mut consents = Vec::new();
        if let Some(state) = row.consent_email.value() {
            consents.push(WantedConsent {
                channel: "email",
                state: consent(*state),
                at: match state {
                    ConsentState::Subscribed => row.email_subscribed_at.value().copied(),
                    _ => row.email_unsubscribed_at.value().copied(),
                },
            });
        }
        if let Some(state) = row.consent_sms.value() {
            consents.push(WantedConsent {
                channel: "sms",
                state: consent(*state),
                at: None,
            });
        }
        let mut sources = Vec::new();
        if let Some(id) = row.external_id.into_value() {
            sources.push((self.source.clone(), id));
        }
        for (source, ids) in row.other_ids {
            sources.extend(ids.into_iter().map(|id| (source.clone(), id)));
        }
        sources.sort_unstable();
        sources.dedup();
        Wanted {
            code,
            kind: choice::<Kind>(&row.kind),
            email: self.patch(row.email),
            phone: self.patch(row.phone),
            email_verified: self.patch(row.email_verified),
            phone_verified: self.patch(row.phone_verified),
            first_name: self.patch(row.first_name),
            last_name: self.patch(row.last_name),
            birthday: self.patch(row.birthday),
            company_name: self.patch(row.company_name),
            legal_name: self.patch(row.legal_name),
            industry: self.patch(row.industry),
            tax_id: self.patch(row.tax_id),
            status: choice::<Status>(&row.status),
            customer_type: choice::<Type>(&row.customer_type),
            lifecycle_stage: choice::<LifecycleStage>(&row.lifecycle_stage),
            priority: choice::<Priority>(&row.priority),
            service_level: choice::<ServiceLevel>(&row.service_level),
            is_foreign_limit: matches!(credit_limit, Patch::Set(_)) && currency != self.currency,
            credit_limit,
            locale: self.patch(row.locale),
            time_zone: self.patch(row.time_zone),
            note: self.patch(row.note),
            internal_note: self.patch(row.internal_note),
            created_at: row.created_at.into_value(),
            last_active_at: row.last_active_at.into_value(),
            attributes,
            tags: row.tags.into_value().unwrap_or_default(),
            address: self.address(row.address),
            consents,
            sources,
        }
    }

    fn address(&self, address: MappedAddress) -> Option<WantedAddress> {
        let wanted = WantedAddress {
            name: self.patch(address.name),
            company: self.patch(address.company),
            line1: self.patch(address.line1),
            line2: self.patch(address.line2),
            city: self.patch(address.city),
            province: self.patch(address.province),
            postal_code: self.patch(address.postal_code),
            country: self.patch(address.country),
            phone: self.patch(address.phone),
            latitude: self.patch(address.latitude),
            longitude: self.patch(address.longitude),
        };
        (wanted != WantedAddress::default()).then_some(wanted)
    }

    /// A value by the definition of its attribute; text if there is none. Files write values in more ways than the
    /// interface allows, so the text is understood here and judged by the definition.
    fn attribute(&self, name: &str, text: &str) -> Result<Value, String> {
        let Some(definition) = self.definitions.get(name) else {
            return Ok(json!(text));
        };
        let value = match definition.kind {
            AttributeKind::Number => json!(value::decimal(text)?.normalize().to_string()),
            AttributeKind::Boolean => json!(value::yes_or_no(text)?),
            AttributeKind::Date => json!(value::day(text, self.date_order)?),
            AttributeKind::Select => {
                let same = |option: &&String| option.to_lowercase() == text.to_lowercase();
                json!(definition.options.iter().find(same).map_or(text, String::as_str))
            }
            AttributeKind::List => json!(value::split_list(text)),
            AttributeKind::Text | AttributeKind::Url => json!(text),
        };
        definition.check(&value)
    }
}

fn choice<T: Choice>(cell: &Cell<&'static str>) -> Option<T> {
    T::parse(cell.value()?).ok()
}

/// As the record keeps it. Who must not be written to for whatever reason counts as unsubscribed.
fn consent(state: ConsentState) -> &'static str {
    match state {
        ConsentState::Subscribed => "subscribed",
        ConsentState::NotSubscribed => "never_subscribed",
        ConsentState::Pending => "pending",
        ConsentState::Unsubscribed
        | ConsentState::Suppressed
        | ConsentState::Bounced
        | ConsentState::Complained => "unsubscribed",
    }
}

/// The number of a code of our own form: none if it is of another form, `Some(None)` if it is too long to be a number.
pub fn own_number(code: &str) -> Option<Option<i64>> {
    let digits = code.strip_prefix("C-")?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())
}

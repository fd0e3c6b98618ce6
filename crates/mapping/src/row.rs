//! What one row says about a customer.
//!
//! What it never does: confuse "says nothing" with "says empty".

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use regulars_kernel::{Country, Currency, Email, Locale, Phone, TimeZone};
use rust_decimal::Decimal;

use super::ConsentState;

/// What `status` may be.
pub const STATUSES: &[&str] = &[
    "active", "inactive", "prospect", "vip", "blocked", "pending", "churned",
];
/// What `type` may be.
pub const TYPES: &[&str] = &["guest", "registered", "wholesale", "affiliate"];
/// What `kind` may be.
pub const KINDS: &[&str] = &["person", "company"];
/// What `priority` may be.
pub const PRIORITIES: &[&str] = &["low", "normal", "high", "urgent"];
/// What `service_level` may be.
pub const SERVICE_LEVELS: &[&str] = &["standard", "silver", "gold", "platinum"];
/// What `lifecycle_stage` may be.
pub const LIFECYCLE_STAGES: &[&str] = &["prospect", "new", "active", "loyal", "at_risk", "dormant", "lost"];

/// What a row says about a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cell<T> {
    /// Nothing: no such column, a short row, a key that is missing.
    #[default]
    Absent,
    /// That it is empty.
    Empty,
    /// This.
    Value(T),
}

impl<T> Cell<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Empty => None,
        }
    }

    /// The value, if there is one.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Empty => None,
        }
    }

    pub(super) fn fill(&mut self, value: T) {
        if self.value().is_none() {
            *self = Self::Value(value);
        }
    }
}

/// One cell that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CellFault {
    /// The unique header of the column.
    pub column: String,
    /// A stable code, such as `email_invalid`.
    pub code: &'static str,
    /// A sentence for a person; it may quote the cell.
    pub message: String,
}

/// The address that a row gives.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of an address")]
pub struct MappedAddress {
    pub name: Cell<String>,
    pub company: Cell<String>,
    pub line1: Cell<String>,
    pub line2: Cell<String>,
    pub city: Cell<String>,
    pub province: Cell<String>,
    pub postal_code: Cell<String>,
    pub country: Cell<Country>,
    pub phone: Cell<Phone>,
    pub latitude: Cell<f64>,
    pub longitude: Cell<f64>,
}

impl MappedAddress {
    /// Whether it names no place at all. (A phone, a person or a point alone is no address.)
    pub fn is_blank(&self) -> bool {
        let texts = [
            &self.company,
            &self.line1,
            &self.line2,
            &self.city,
            &self.province,
            &self.postal_code,
        ];
        self.country.value().is_none() && texts.iter().all(|cell| cell.value().is_none())
    }
}

/// What a row says about a customer.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of a customer")]
pub struct MappedRow {
    /// As in the record.
    pub position: u64,
    /// As in the record.
    pub line: u64,
    pub external_id: Cell<String>,
    /// Ids in sources that the columns name.
    pub other_ids: BTreeMap<String, Vec<String>>,
    pub code: Cell<String>,
    pub kind: Cell<&'static str>,
    pub email: Cell<Email>,
    pub phone: Cell<Phone>,
    pub email_verified: Cell<bool>,
    pub phone_verified: Cell<bool>,
    pub first_name: Cell<String>,
    pub last_name: Cell<String>,
    pub company_name: Cell<String>,
    pub legal_name: Cell<String>,
    pub industry: Cell<String>,
    pub tax_id: Cell<String>,
    pub birthday: Cell<NaiveDate>,
    pub status: Cell<&'static str>,
    /// The field `type`.
    pub customer_type: Cell<&'static str>,
    pub lifecycle_stage: Cell<&'static str>,
    pub priority: Cell<&'static str>,
    pub service_level: Cell<&'static str>,
    pub credit_limit: Cell<Decimal>,
    pub credit_limit_currency: Cell<Currency>,
    pub locale: Cell<Locale>,
    pub time_zone: Cell<TimeZone>,
    pub tags: Cell<Vec<String>>,
    pub note: Cell<String>,
    pub internal_note: Cell<String>,
    pub created_at: Cell<DateTime<Utc>>,
    pub last_active_at: Cell<DateTime<Utc>>,
    pub address: MappedAddress,
    pub consent_email: Cell<ConsentState>,
    /// When they subscribed, where the file says so.
    pub email_subscribed_at: Cell<DateTime<Utc>>,
    /// When they unsubscribed, where the file says so.
    pub email_unsubscribed_at: Cell<DateTime<Utc>>,
    pub consent_sms: Cell<ConsentState>,
    /// By attribute name; the text as it stands, for the attribute's own type to read.
    pub attributes: BTreeMap<String, Cell<String>>,
}

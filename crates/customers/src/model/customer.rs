//! The customer as the API gives it and as the rooms above use it.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use regulars_kernel::{
    Country, Email, Locale, Money, Phone, TimeZone, clock,
    ids::{CustomerId, UserId},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Kind, LifecycleStage, Priority, ServiceLevel, Status, Type};

/// A customer: a person or a company.
#[derive(Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Rises with each change; the ETag.
    #[schema(example = 3)]
    pub version: i32,
    /// The number that people say on the phone.
    #[schema(example = "C-000123")]
    pub code: String,
    /// Person or company.
    pub kind: Kind,
    /// Unique in the organization, whatever its case.
    pub email: Option<Email>,
    /// In E.164.
    pub phone: Option<Phone>,
    /// Whether the customer was shown to receive mail there: another system or a member of staff has seen it.
    pub email_verified: bool,
    /// Whether the customer was shown to receive calls or messages there.
    pub phone_verified: bool,
    /// Given name.
    #[schema(example = "Ada")]
    pub first_name: Option<String>,
    /// Family name.
    #[schema(example = "Byron")]
    pub last_name: Option<String>,
    /// The name to show: of the company if it is one, else of the person, else of the company.
    #[schema(example = "Ada Byron")]
    pub full_name: Option<String>,
    /// Date of birth.
    #[schema(example = "1985-12-10")]
    pub birthday: Option<NaiveDate>,
    /// The company's name in daily use.
    #[schema(example = json!(null))]
    pub company_name: Option<String>,
    /// The company's name in the register.
    #[schema(example = json!(null))]
    pub legal_name: Option<String>,
    /// What the company does.
    #[schema(example = json!(null))]
    pub industry: Option<String>,
    /// VAT or other tax number.
    #[schema(example = json!(null))]
    pub tax_id: Option<String>,
    /// Where the relation stands.
    pub status: Status,
    /// How the customer buys.
    #[serde(rename = "type")]
    pub customer_type: Type,
    /// Where the customer is on the way from first sight to loss.
    pub lifecycle_stage: LifecycleStage,
    /// The customer this one belongs to.
    #[schema(example = json!(null))]
    pub parent_id: Option<CustomerId>,
    /// The member of the organization who looks after it.
    pub owner_id: Option<UserId>,
    /// How urgently requests are handled.
    pub priority: Priority,
    /// What level of service was promised.
    pub service_level: ServiceLevel,
    /// How much may be owed, in the currency that the organization had when it was said.
    pub credit_limit: Option<Money>,
    /// Language and region to write in.
    pub locale: Option<Locale>,
    /// Time zone to reckon quiet hours in.
    pub time_zone: Option<TimeZone>,
    /// Names of the tags, in alphabetical order.
    #[schema(example = json!(["vip"]))]
    pub tags: Vec<String>,
    /// Values of the organization's own fields, by the name of their definition.
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"shoe_size": 38}))]
    pub attributes: Map<String, Value>,
    /// A note that the customer may see.
    #[schema(example = "Ask for the door code.")]
    pub note: Option<String>,
    /// A note for staff only.
    #[schema(example = "Prefers letters.")]
    pub internal_note: Option<String>,
    /// When the record was made.
    #[serde(serialize_with = "clock::serialize")]
    pub created_at: DateTime<Utc>,
    /// When the record was last changed.
    #[serde(serialize_with = "clock::serialize")]
    pub updated_at: DateTime<Utc>,
    /// When the customer last did something.
    pub last_active_at: Option<DateTime<Utc>>,
    /// When the record was deleted; restorable.
    #[schema(example = json!(null))]
    pub deleted_at: Option<DateTime<Utc>>,
    /// Of the default address.
    #[serde(skip)]
    pub country: Option<Country>,
    /// Of the default address.
    #[serde(skip)]
    pub city: Option<String>,
}

/// Names nobody: what is logged by accident must not be personal.
impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Customer {
    /// A record that says nothing yet.
    pub fn blank(id: CustomerId, now: DateTime<Utc>) -> Self {
        Self {
            id,
            version: 1,
            code: String::new(),
            kind: Kind::default(),
            email: None,
            phone: None,
            email_verified: false,
            phone_verified: false,
            first_name: None,
            last_name: None,
            full_name: None,
            birthday: None,
            company_name: None,
            legal_name: None,
            industry: None,
            tax_id: None,
            status: Status::default(),
            customer_type: Type::default(),
            lifecycle_stage: LifecycleStage::default(),
            parent_id: None,
            owner_id: None,
            priority: Priority::default(),
            service_level: ServiceLevel::default(),
            credit_limit: None,
            locale: None,
            time_zone: None,
            tags: Vec::new(),
            attributes: Map::new(),
            note: None,
            internal_note: None,
            created_at: now,
            updated_at: now,
            last_active_at: None,
            deleted_at: None,
            country: None,
            city: None,
        }
    }

    /// The name to show; mirrors the generated column `full_name`.
    pub fn full_name(&self) -> Option<String> {
        full_name(
            self.kind,
            self.first_name.as_deref(),
            self.last_name.as_deref(),
            self.company_name.as_deref(),
            self.legal_name.as_deref(),
        )
    }
}

/// The name to show; mirrors the generated column `full_name`.
pub fn full_name(
    kind: Kind,
    first: Option<&str>,
    last: Option<&str>,
    company: Option<&str>,
    legal: Option<&str>,
) -> Option<String> {
    let company = company.or(legal).map(str::to_owned);
    let person = || {
        let name = format!("{} {}", first.unwrap_or_default(), last.unwrap_or_default());
        let name = name.trim_matches(' ');
        (!name.is_empty()).then(|| name.to_owned())
    };
    match kind {
        Kind::Company => company.or_else(person),
        Kind::Person => person().or(company),
    }
}

/// Fields that follow from others or from the moment; a change of them is not told.
const UNTOLD: &[&str] = &[
    "id",
    "version",
    "full_name",
    "created_at",
    "updated_at",
    "deleted_at",
];

/// What differs, as events tell it: `{"field": {"from": …, "to": …}}`.
pub fn changes(before: &Customer, after: &Customer) -> Map<String, Value> {
    let as_map = |customer: &Customer| match serde_json::to_value(customer) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let (before, mut after) = (as_map(before), as_map(after));
    let mut changes = Map::new();
    for (name, from) in before {
        let to = after.remove(&name).unwrap_or_default();
        if let (Value::Object(from), Value::Object(to), "attributes") = (&from, &to, name.as_str()) {
            changes_of_attributes(from, to, &mut changes);
            continue;
        }
        if from != to && !UNTOLD.contains(&name.as_str()) {
            changes.insert(name, serde_json::json!({"from": from, "to": to}));
        }
    }
    changes
}

/// Each attribute is told by itself, as `attributes.NAME`.
fn changes_of_attributes(
    from: &Map<String, Value>,
    to: &Map<String, Value>,
    changes: &mut Map<String, Value>,
) {
    for name in from
        .keys()
        .chain(to.keys().filter(|name| !from.contains_key(*name)))
    {
        let (before, after) = (from.get(name), to.get(name));
        if before != after {
            changes.insert(
                format!("attributes.{name}"),
                serde_json::json!({"from": before, "to": after}),
            );
        }
    }
}

//! What may be asked for together with a customer.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, Utc};
use regulars_kernel::{Faults, ids::CustomerId};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{
    RefOr,
    schema::{ObjectBuilder, Schema},
};

use super::{
    Address, Amount, Choice, Consent, Contact, Customer, Kind, Metrics, Note, SourceLink, Status, TagRef,
    choices::choices,
};

choices! {
    /// A part to be included.
    Include {
        Addresses = "addresses", Contacts = "contacts", Sources = "sources", Tags = "tags", Notes = "notes",
        Consents = "consents", Parent = "parent", Children = "children",
    }
}

/// Which parts are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Included(BTreeSet<&'static str>);

impl Included {
    /// Everything there is.
    pub fn all() -> Self {
        Self(Include::ALL.iter().map(|include| include.as_str()).collect())
    }

    /// These parts.
    pub fn of(parts: &[Include]) -> Self {
        Self(parts.iter().map(|include| include.as_str()).collect())
    }

    /// From the query parameter `include`; faults are at `?include`.
    pub fn parse(names: &[String], faults: &mut Faults) -> Self {
        let mut included = Self::default();
        for name in names {
            if let Some(include) = faults.take("?include", "include_unknown", Include::parse(name)) {
                included.0.insert(include.as_str());
            }
        }
        included
    }

    /// Whether this part is wanted.
    pub fn has(&self, include: Include) -> bool {
        self.0.contains(include.as_str())
    }

    /// Whether nothing is wanted besides the customer.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// As much of a customer as a link to it needs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
#[schema(as = CustomerReference)]
pub struct CustomerRef {
    /// Its id.
    pub id: CustomerId,
    /// Its code.
    #[schema(example = "C-000123")]
    pub code: String,
    /// Person or company.
    pub kind: Kind,
    /// The name to show.
    #[schema(example = "Ada Byron")]
    pub full_name: Option<String>,
    /// E-mail address.
    #[schema(example = "ada@example.com")]
    pub email: Option<String>,
    /// Where the relation stands.
    pub status: Status,
}

impl std::fmt::Debug for CustomerRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CustomerRef")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A customer with the parts that were asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WithParts {
    /// The customer.
    #[serde(flatten)]
    pub customer: Customer,
    /// What the customer bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// With `include=addresses`: the default first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<Address>>,
    /// With `include=contacts`: the primary one first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<Contact>>,
    /// With `include=sources`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<SourceLink>>,
    /// With `include=tags`: the tags with their colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_details: Option<Vec<TagRef>>,
    /// With `include=notes`: the latest 50, pinned ones first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<Note>>,
    /// With `include=consents`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consents: Option<Vec<Consent>>,
    /// With `include=parent`, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<CustomerRef>,
    /// With `include=children`: the first 100 by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<CustomerRef>>,
}

/// The parts alone, for the document.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes")]
struct Parts {
    /// What the customer bought.
    metrics: Metrics,
    /// With `include=addresses`: the default first.
    addresses: Vec<Address>,
    /// With `include=contacts`: the primary one first.
    contacts: Vec<Contact>,
    /// With `include=sources`.
    sources: Vec<SourceLink>,
    /// With `include=tags`: the tags with their colours.
    tag_details: Vec<TagRef>,
    /// With `include=notes`: the latest 50, pinned ones first.
    notes: Vec<Note>,
    /// With `include=consents`.
    consents: Vec<Consent>,
    /// With `include=parent`, where there is one.
    parent: CustomerRef,
    /// With `include=children`: the first 100 by name.
    children: Vec<CustomerRef>,
}

/// All fields of a customer and all parts, of which only the id is always there: `fields` leaves fields out, and
/// `include` brings parts in.
impl utoipa::PartialSchema for WithParts {
    fn schema() -> RefOr<Schema> {
        let mut all = ObjectBuilder::new()
            .description(Some(
                "A customer with the parts that `include` names, and without the fields that `fields` leaves out.",
            ))
            .build();
        for schema in [Customer::schema(), Parts::schema()] {
            if let RefOr::T(Schema::Object(object)) = schema {
                all.properties.extend(object.properties);
            }
        }
        all.required = vec!["id".to_owned()];
        all.into()
    }
}

impl utoipa::ToSchema for WithParts {
    fn name() -> Cow<'static, str> {
        "CustomerWithParts".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Customer::schemas(schemas);
        Parts::schemas(schemas);
    }
}

impl From<Customer> for WithParts {
    fn from(customer: Customer) -> Self {
        Self {
            customer,
            metrics: None,
            addresses: None,
            contacts: None,
            sources: None,
            tag_details: None,
            notes: None,
            consents: None,
            parent: None,
            children: None,
        }
    }
}

/// What lies below a customer in the hierarchy, added up.
/// Of very many only the first 10,000 are added up, level by level; `exact` says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RolledUp {
    /// Directly below.
    #[schema(example = 2)]
    pub children: i64,
    /// Below at any depth.
    #[schema(example = 5)]
    pub descendants: i64,
    /// How many levels there are below.
    #[schema(example = 2)]
    pub levels: i32,
    /// Whether everybody below was added up; if not, every number is at least that.
    #[schema(example = true)]
    pub exact: bool,
    /// The customer and everybody below, by status; statuses that nobody has are left out.
    #[schema(example = json!({"active": 5, "vip": 1}))]
    pub by_status: BTreeMap<String, i64>,
    /// The customer and everybody below, by kind.
    #[schema(example = json!({"company": 4, "person": 2}))]
    pub by_kind: BTreeMap<String, i64>,
    /// When any of them was last active.
    #[schema(example = "2026-01-31T12:00:00Z")]
    pub last_active_at: Option<DateTime<Utc>>,
    /// The credit limits of all of them, added up for each currency.
    pub credit_limits: Vec<CreditLimits>,
    /// What all of them bought.
    pub metrics: RolledUpMetrics,
}

/// Figures of orders, added up, in the organization's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RolledUpMetrics {
    /// How many orders count.
    #[schema(example = 42)]
    pub orders: i64,
    /// How many of those that count are not in the sums, because their currency's rate is not known.
    #[schema(example = 0)]
    pub unconverted_orders: i64,
    /// What the orders were worth.
    pub total_spent: Amount,
    /// What of it was paid back.
    pub refunded: Amount,
    /// What is left.
    pub net_revenue: Amount,
    /// When the last was placed.
    pub last_order_at: Option<DateTime<Utc>>,
}

/// Credit limits of one currency, added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreditLimits {
    /// How many customers have one.
    #[schema(example = 3)]
    pub customers: i64,
    /// Their sum.
    #[schema(example = "75000.00")]
    pub amount: String,
    /// ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
}

/// Customers directly below one, a page of them, and what lies below in all.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Children {
    /// The page.
    pub data: Vec<CustomerRef>,
    /// Where it stands.
    pub page: regulars_kernel::paging::PageInfo,
    /// What lies below in all.
    pub rolled_up: RolledUp,
}

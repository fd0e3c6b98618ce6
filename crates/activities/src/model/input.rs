//! What is told of an activity.

use chrono::{DateTime, Utc};
use regulars_kernel::{MoneyInput, ids::CustomerId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Kind;

/// Under which id another system knows a customer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ActivityCustomer, example = json!({"source": "shopify", "external_id": "207119551"}))]
pub struct CustomerKey {
    /// The system.
    #[schema(example = "shopify", pattern = "^[a-z][a-z0-9_]{0,39}$")]
    pub source: String,
    /// The id there.
    #[schema(example = "207119551", min_length = 1, max_length = 200)]
    pub external_id: String,
}

/// What brought a visitor here, as the address of the page said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ActivityUtm, example = json!({"source": "newsletter", "medium": "email", "campaign": "spring"}))]
#[expect(missing_docs, reason = "they are named as everywhere")]
pub struct UtmInput {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "newsletter", max_length = 200)]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "email", max_length = 200)]
    pub medium: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "spring", max_length = 200)]
    pub campaign: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "shoes", max_length = 200)]
    pub term: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "header", max_length = 200)]
    pub content: Option<String>,
}

/// Where somebody was, if whoever tells knows it. It is not found out here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ActivityGeo, example = json!({"country": "DE", "region": "Berlin", "city": "Berlin"}))]
pub struct GeoInput {
    /// ISO 3166 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "DE", pattern = "^[A-Z]{2}$")]
    pub country: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Berlin", max_length = 100)]
    pub region: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Berlin", max_length = 100)]
    pub city: Option<String>,
}

/// What is told of an activity.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ActivityInput, example = json!({
    "kind": "product_view", "occurred_at": "2026-01-31T12:00:00Z", "visitor_id": "6f1c2a9e", "session_id": "s1",
    "url": "https://shop.example/shoes", "product_id": "7", "amount": {"amount": "59.90", "currency": "EUR"}
}))]
pub struct ActivityInput {
    /// What was done.
    pub kind: Kind,
    /// Its id, made by whoever tells: told again with the same time it is the same activity. Of version 7 if `occurred_at`
    /// is absent, since its time is taken then.
    #[serde(default)]
    #[schema(example = "01945a3e-7c00-7000-8000-000000000001")]
    pub id: Option<Uuid>,
    /// When; now if absent. More than five minutes ahead counts as now; what is older than its kind is kept is refused.
    #[serde(default)]
    pub occurred_at: Option<DateTime<Utc>>,
    /// What a `custom` one is called: lower case letters, digits, `_` and `.`.
    #[serde(default)]
    #[schema(example = "wishlist.shared", max_length = 100)]
    pub name: Option<String>,
    /// Who did it. Without it `customer`, then `email` tells; nobody becomes a customer by an activity.
    #[serde(default)]
    pub customer_id: Option<CustomerId>,
    /// Who did it, by an id in another system.
    #[serde(default)]
    pub customer: Option<CustomerKey>,
    /// Who did it, by their address.
    #[serde(default)]
    #[schema(example = "ada@example.com")]
    pub email: Option<String>,
    /// With a publishable key: HMAC-SHA256 of `customer_id`, of `source:external_id` or of the address in lower case, made
    /// by the shop's server with the key's identity secret, in hexadecimal digits. Without it nobody is believed to be a customer.
    #[serde(default)]
    #[schema(example = "7c4a8d09ca3762af61e59520943dc26494f8941b7c4a8d09ca3762af61e59520")]
    pub user_hash: Option<String>,
    /// Which visitor did it, of whom nobody needs to know anything else. If a customer is named as well, the visitor is
    /// that customer from then on, and so is what they did before.
    #[serde(default)]
    #[schema(example = "6f1c2a9e", max_length = 100)]
    pub visitor_id: Option<String>,
    /// In which visit.
    #[serde(default)]
    #[schema(example = "s1", max_length = 100)]
    pub session_id: Option<String>,
    /// On which page. Cut off after 2,000 characters.
    #[serde(default)]
    #[schema(example = "https://shop.example/shoes")]
    pub url: Option<String>,
    /// What the page is called. Cut off after 300 characters.
    #[serde(default)]
    #[schema(example = "Shoes")]
    pub title: Option<String>,
    /// The page before. Cut off after 2,000 characters.
    #[serde(default)]
    #[schema(example = "https://search.example/")]
    pub referrer: Option<String>,
    /// What brought the visitor here.
    #[serde(default)]
    pub utm: Option<UtmInput>,
    /// The product's id in its source.
    #[serde(default)]
    #[schema(example = "7", max_length = 200)]
    pub product_id: Option<String>,
    /// The order's id in its source.
    #[serde(default)]
    #[schema(example = "1001", max_length = 200)]
    pub order_id: Option<String>,
    /// What was searched for.
    #[serde(default)]
    #[schema(example = "red shoes", max_length = 500)]
    pub query: Option<String>,
    /// What it was worth.
    #[serde(default)]
    pub amount: Option<MoneyInput>,
    /// With which browser; that of the request if it came from one. Cut off after 500 characters.
    #[serde(default)]
    #[schema(example = "Mozilla/5.0")]
    pub user_agent: Option<String>,
    /// From which address, as much of it as the organization keeps; that of the request if it came from a browser.
    #[serde(default)]
    #[schema(example = "203.0.113.77")]
    pub ip: Option<String>,
    /// Where.
    #[serde(default)]
    pub geo: Option<GeoInput>,
    /// Whatever else: up to 50 fields and 8,000 characters of JSON.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Value>>, example = json!({"size": 38}))]
    pub data: Option<Map<String, Value>>,
}

//! What a customer bought, in figures. The room of commerce reckons them; here they are only shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An amount of the organization's currency; sums of it may be more than one amount can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricAmount)]
pub struct Amount {
    /// The amount, with the currency's digits after the point.
    #[schema(example = "812.40")]
    pub amount: String,
    /// ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
}

/// A customer's figures. Orders that are tests, deleted or cancelled do not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CustomerMetrics)]
pub struct Metrics {
    /// How many orders count.
    #[schema(example = 12)]
    pub orders: i64,
    /// How many were cancelled.
    #[schema(example = 1)]
    pub cancelled_orders: i64,
    /// How many of those that count were returned or paid back whole.
    #[schema(example = 0)]
    pub returned_orders: i64,
    /// How many of those that count are not in the sums, because their currency's rate is not known.
    #[schema(example = 0)]
    pub unconverted_orders: i64,
    /// How many things, without those that came back.
    #[schema(example = 31)]
    pub items: i64,
    /// What the orders were worth.
    pub total_spent: Amount,
    /// What of it was paid back.
    pub refunded: Amount,
    /// What is left.
    pub net_revenue: Amount,
    /// What one order was worth.
    pub average_order_value: Amount,
    /// When the first was placed.
    pub first_order_at: Option<DateTime<Utc>>,
    /// When the last was placed.
    pub last_order_at: Option<DateTime<Utc>>,
    /// Days since then, in the organization's time zone.
    #[schema(example = 17)]
    pub days_since_last_order: Option<i32>,
    /// The category of which the customer has most.
    #[schema(example = "shoes")]
    pub favourite_category: Option<String>,
    /// The brand of which the customer has most.
    #[schema(example = "Acme")]
    pub favourite_brand: Option<String>,
    /// What other systems say that they bought there, by the system's name: more than stands here where not all orders are
    /// known here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<String, ToldMetrics>,
}

/// What another system says that a customer bought there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ToldMetrics {
    /// How many orders.
    #[schema(example = 12)]
    pub orders: i64,
    /// What they were worth.
    pub total_spent: Option<Amount>,
    /// Its id of the last order.
    #[schema(example = "820982911946154508")]
    pub last_order: Option<String>,
    /// When it said so.
    pub said_at: DateTime<Utc>,
    /// What one order was worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_order_value: Option<Amount>,
    /// What it expects of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

/// What another system expects of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = ExpectedOfCustomer)]
pub struct Expected {
    /// How many orders are still to come within the time that it looks ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.54)]
    pub orders: Option<f64>,
    /// What these will be worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Amount>,
    /// What they bought and will have bought by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_value: Option<Amount>,
    /// How likely it is that they do not come back, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.89)]
    pub churn_probability: Option<f64>,
    /// Days from one order to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 189.0)]
    pub days_between_orders: Option<f64>,
    /// When the next order is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_order_at: Option<DateTime<Utc>>,
    /// Over which channels they are best reached, the best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["sms", "email"]))]
    pub channels: Vec<String>,
}

//! What is told of an order.

use chrono::{DateTime, Utc};
use regulars_kernel::{MoneyInput, Patch, ids::CustomerId};
use serde::{Deserialize, Serialize};

use super::{Address, FulfillmentInput, NamedAmountInput, PaymentInput, RefundInput, SourceVersion};

/// An amount: text in the order's currency, or with the currency beside it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(
    untagged,
    expecting = "an amount is text, as in \"12.30\", or {\"amount\": \"12.30\", \"currency\": \"EUR\"}"
)]
#[schema(example = "12.30")]
pub enum AmountInput {
    /// In the order's currency.
    Text(String),
    /// With its currency.
    Money(MoneyInput),
}

/// Under which id another system knows a customer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerKey {
    /// The system; that of the order if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "shopify")]
    pub source: Option<String>,
    /// The id there.
    #[schema(example = "207119551", max_length = 200)]
    pub external_id: String,
}

/// What is told of a line.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"external_id": "1", "sku": "SHOE-38", "title": "Shoes", "brand": "Acme", "category": "shoes", "quantity": 1, "price": "59.90"}))]
pub struct LineInput {
    /// Its id in the source, to which fulfilments and refunds refer.
    #[schema(example = "1")]
    pub external_id: Option<String>,
    /// The product's id in the source.
    #[schema(example = "7")]
    pub product_external_id: Option<String>,
    /// The variant's id in the source.
    #[schema(example = "71")]
    pub variant_external_id: Option<String>,
    /// Stock keeping unit.
    #[schema(example = "SHOE-38")]
    pub sku: Option<String>,
    /// What it is.
    #[schema(example = "Shoes")]
    pub title: String,
    /// Which of it.
    #[schema(example = "38")]
    pub variant_title: Option<String>,
    /// Who makes it; that of the product, if it is known, where absent.
    #[schema(example = "Acme")]
    pub brand: Option<String>,
    /// What kind of thing it is; that of the product, if it is known, where absent.
    #[schema(example = "shoes")]
    pub category: Option<String>,
    /// How many were ordered.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub quantity: i32,
    /// How many are left after edits and returns; all if absent.
    #[schema(example = 1)]
    pub current_quantity: Option<i32>,
    /// Of one.
    pub price: Option<AmountInput>,
    /// Taken off all of them.
    pub discount: Option<AmountInput>,
    /// On all of them.
    pub tax: Option<AmountInput>,
    /// Of all of them: price times quantity without the discount, if absent.
    pub total: Option<AmountInput>,
    /// Whether it is a gift card.
    pub gift_card: bool,
    /// Whether it is sent; true if absent.
    pub requires_shipping: Option<bool>,
}

/// What is told of an order. What is absent stays as it is; null empties.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({
    "source": "till", "external_id": "1001", "number": "#1001", "email": "ada@example.com", "currency": "EUR", "total": "59.90",
    "placed_at": "2026-01-31T12:00:00Z", "payment_status": "paid",
    "lines": [{"external_id": "1", "title": "Shoes", "brand": "Acme", "category": "shoes", "quantity": 1, "price": "59.90"}]
}))]
#[expect(missing_docs, reason = "the names say it; what they do not say stands there")]
pub struct OrderInput {
    /// The shop it is from: lower case letters, digits and `_`.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$")]
    pub source: String,
    /// Its id there; with the source the key by which it is created or changed.
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: String,
    /// Its version there. What is older than what is known changes nothing, so an order may be told in any order; who gives
    /// versions tells the order whole, or only payments, fulfilments and refunds of it. Without it, what is told counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_version: Option<SourceVersion>,
    /// What people call it.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub number: Patch<String>,
    /// Whose it is. Without it `customer`, then `email` tells; who is not known yet becomes a guest.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<CustomerId>)]
    pub customer_id: Patch<CustomerId>,
    /// Whose it is, by an id in another system.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<CustomerKey>)]
    pub customer: Patch<CustomerKey>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub email: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub phone: Patch<String>,
    /// Where it stands, as far as it does not follow from payments, fulfilments and refunds.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<super::OrderStatus>)]
    pub status: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<super::PaymentStatus>)]
    pub payment_status: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<super::FulfillmentStatus>)]
    pub fulfillment_status: Patch<String>,
    /// ISO 4217 code; the organization's currency for a new order, if absent.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub currency: Patch<String>,
    /// What one of its currency is worth in the organization's. Without it an order in another currency counts, its money does not.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub exchange_rate: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<AmountInput>)]
    pub subtotal: Patch<AmountInput>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<AmountInput>)]
    pub discount_total: Patch<AmountInput>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<AmountInput>)]
    pub shipping_total: Patch<AmountInput>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<AmountInput>)]
    pub tax_total: Patch<AmountInput>,
    /// What is to be paid. If it is absent where lines are told: the lines' totals, their tax and the shipping.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<AmountInput>)]
    pub total: Patch<AmountInput>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<NamedAmountInput>>)]
    pub discounts: Patch<Vec<NamedAmountInput>>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<NamedAmountInput>>)]
    pub taxes: Patch<Vec<NamedAmountInput>>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<NamedAmountInput>>)]
    pub shipping_lines: Patch<Vec<NamedAmountInput>>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Address>)]
    pub billing_address: Patch<Address>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Address>)]
    pub shipping_address: Patch<Address>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub note: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<String>>)]
    pub tags: Patch<Vec<String>>,
    /// Where it was sold, such as `web` or `pos`.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub channel: Patch<String>,
    /// A test counts nowhere.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub is_test: Patch<bool>,
    /// When it was ordered; now for a new order, if absent.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub placed_at: Patch<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub cancelled_at: Patch<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub cancel_reason: Patch<String>,
    /// When nothing was left to do.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub closed_at: Patch<DateTime<Utc>>,
    /// All of them, replacing those there are.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<LineInput>>, max_items = 500)]
    pub lines: Patch<Vec<LineInput>>,
    /// By their ids: those that are not named stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub payments: Vec<PaymentInput>,
    /// By their ids: those that are not named stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub fulfillments: Vec<FulfillmentInput>,
    /// By their ids: those that are not named stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub refunds: Vec<RefundInput>,
    /// The cart that it came of, by its id in the source: whichever of both is told first, that cart is converted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub cart_external_id: Option<String>,
}

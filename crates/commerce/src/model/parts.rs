//! What an order consists of: lines, addresses, payments, fulfilments and refunds, as kept and as told.

use chrono::{DateTime, Utc};
use regulars_customers::choices;
use regulars_kernel::{Currency, Money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AmountInput, SourceVersion};

choices! {
    /// What a payment does.
    PaymentKind {
        Sale = "sale", Authorization = "authorization", Capture = "capture", Void = "void", Refund = "refund",
        Chargeback = "chargeback",
    }
    /// What became of a payment.
    PaymentState { Pending = "pending", Succeeded = "succeeded", Failed = "failed", Cancelled = "cancelled" }
    /// What became of a fulfilment.
    FulfillmentState {
        Pending = "pending", Shipped = "shipped", Delivered = "delivered", Cancelled = "cancelled", Failed = "failed",
    }
}

/// Who tells of payments that a file of the order's source sums up: what was paid in all, what was given back in all.
pub const BY_FILE: &str = "file";

/// A part that its source knows by an id and changes by itself.
pub trait Part: Clone + Serialize {
    /// The id there.
    fn external_id(&self) -> &str;
    /// Its version there.
    fn version(&self) -> Option<SourceVersion>;
    /// Gives it a version.
    fn set_version(&mut self, version: Option<SourceVersion>);
    /// What it comes to, if a file told it. Files give sums, and no time at which they changed: of two sums of one time the
    /// greater is the later.
    fn sum_of_file(&self) -> Option<Decimal>;
}

macro_rules! part {
    ($name:ident, $sum:expr) => {
        impl Part for $name {
            fn external_id(&self) -> &str {
                &self.external_id
            }
            fn version(&self) -> Option<SourceVersion> {
                SourceVersion::from_columns(self.source_version, self.source_sequence.clone())
            }
            fn set_version(&mut self, version: Option<SourceVersion>) {
                (self.source_version, self.source_sequence) = match version {
                    Some(version) => (Some(version.at), Some(version.sequence)),
                    None => (None, None),
                };
            }
            fn sum_of_file(&self) -> Option<Decimal> {
                let sum: fn(&Self) -> Option<Decimal> = $sum;
                sum(self)
            }
        }
    };
}
part!(Payment, |one| (one.told_by.as_deref() == Some(BY_FILE))
    .then_some(one.amount));
part!(Fulfillment, |_| None);
part!(Refund, |_| None);

/// One line, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of the input and of the table")]
pub struct Line {
    pub position: i32,
    pub external_id: Option<String>,
    pub product_external_id: Option<String>,
    pub variant_external_id: Option<String>,
    pub sku: Option<String>,
    pub title: String,
    pub variant_title: Option<String>,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub quantity: i32,
    pub current_quantity: i32,
    pub price: Decimal,
    pub discount: Decimal,
    pub tax: Decimal,
    pub total: Decimal,
    pub gift_card: bool,
    pub requires_shipping: bool,
}

/// A payment, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of the input and of the table")]
pub struct Payment {
    pub external_id: String,
    pub source_version: Option<DateTime<Utc>>,
    pub source_sequence: Option<String>,
    pub kind: PaymentKind,
    pub state: PaymentState,
    pub amount: Decimal,
    pub currency: Currency,
    pub gateway: Option<String>,
    pub method: Option<String>,
    pub failure_code: Option<String>,
    pub failure_reason: Option<String>,
    pub processed_at: Option<DateTime<Utc>>,
    pub told_by: Option<String>,
    pub reference: Option<String>,
    pub is_test: bool,
}

impl Payment {
    /// Whether it takes money from the customer, or tries to.
    pub fn is_payment(&self) -> bool {
        matches!(
            self.kind,
            PaymentKind::Sale | PaymentKind::Authorization | PaymentKind::Capture
        )
    }
}

/// A fulfilment, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of the input and of the table")]
pub struct Fulfillment {
    pub external_id: String,
    pub source_version: Option<DateTime<Utc>>,
    pub source_sequence: Option<String>,
    pub state: FulfillmentState,
    pub tracking_company: Option<String>,
    pub tracking_numbers: Vec<String>,
    pub tracking_urls: Vec<String>,
    pub shipped_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    #[sqlx(json)]
    pub lines: Vec<LineQuantity>,
}

impl Fulfillment {
    /// Whether something is on its way or there.
    pub fn is_sent(&self) -> bool {
        matches!(
            self.state,
            FulfillmentState::Shipped | FulfillmentState::Delivered
        )
    }
}

/// A refund, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of the input and of the table")]
pub struct Refund {
    pub external_id: String,
    pub source_version: Option<DateTime<Utc>>,
    pub source_sequence: Option<String>,
    pub amount: Decimal,
    pub reason: Option<String>,
    pub restock: bool,
    pub refunded_at: Option<DateTime<Utc>>,
    pub payments: Vec<String>,
    #[sqlx(json)]
    pub lines: Vec<LineQuantity>,
}

/// How many of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineQuantity {
    /// The line's id in its source.
    #[schema(example = "1", max_length = 200)]
    pub external_id: String,
    /// How many of it.
    #[schema(example = 1, minimum = 0, maximum = 1_000_000)]
    pub quantity: i32,
}

/// An amount with a name, as kept: a discount, a tax, a way of shipping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the input")]
pub struct NamedAmount {
    pub name: String,
    pub amount: Decimal,
}

/// A discount, a tax or a way of shipping.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedAmountInput {
    /// The code of the discount, the title of the tax or of the way of shipping.
    #[schema(example = "WELCOME10", max_length = 200)]
    pub name: String,
    /// How much.
    pub amount: AmountInput,
}

/// A discount, a tax or a way of shipping.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Amounts {
    /// The code of the discount, the title of the tax or of the way of shipping.
    #[schema(example = "WELCOME10")]
    pub name: String,
    /// How much.
    pub amount: Money,
}

/// Where to, as kept and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = OrderAddress, example = json!({"name": "Ada Byron", "line1": "Hauptstraße 1", "city": "Berlin", "country": "DE"}))]
pub struct Address {
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    /// What else it takes to find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State or province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// As it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// What is told of an address: the same fields.
pub type AddressInput = Address;

/// What is told of a payment, whole. Without a version it replaces what is there.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentInput {
    /// Its id in the source.
    #[schema(example = "389404469", max_length = 200)]
    pub external_id: String,
    /// Its version there; that of the order if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_version: Option<SourceVersion>,
    /// What it does.
    #[schema(value_type = PaymentKind)]
    pub kind: String,
    /// What became of it.
    #[schema(value_type = PaymentState)]
    pub state: String,
    /// How much.
    pub amount: AmountInput,
    /// Who took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "stripe", max_length = 200)]
    pub gateway: Option<String>,
    /// How it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "visa", max_length = 200)]
    pub method: Option<String>,
    /// Why it failed, as a code of the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(null), max_length = 200)]
    pub failure_code: Option<String>,
    /// Why it failed, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(null), max_length = 1000)]
    pub failure_reason: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processed_at: Option<DateTime<Utc>>,
    /// The payment provider that says so, if it is not the order's own source. The two may tell of the same money: what each
    /// of them tells is summed by itself, and the greater sum counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(null), pattern = "^[a-z][a-z0-9_]{0,39}$")]
    pub told_by: Option<String>,
    /// The payment provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ch_3MmlLrLkdIwHu7ix0snN0B15", max_length = 200)]
    pub reference: Option<String>,
    /// A test counts on orders alone that are tests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_test: bool,
}

/// What is told of a fulfilment, whole. Without a version it replaces what is there.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentInput {
    /// Its id in the source.
    #[schema(example = "255858046", max_length = 200)]
    pub external_id: String,
    /// Its version there; that of the order if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_version: Option<SourceVersion>,
    /// What became of it.
    #[schema(value_type = FulfillmentState)]
    pub state: String,
    /// Who carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "DHL", max_length = 200)]
    pub tracking_company: Option<String>,
    /// Under which numbers.
    #[serde(default)]
    #[schema(example = json!(["00340434161094042557"]), max_items = 50)]
    pub tracking_numbers: Vec<String>,
    /// Where to follow it.
    #[serde(default)]
    #[schema(example = json!([]), max_items = 50)]
    pub tracking_urls: Vec<String>,
    /// When it was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<DateTime<Utc>>,
    /// When it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<DateTime<Utc>>,
    /// What is in it; empty: all that there is.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<LineQuantity>,
}

/// What is told of a refund, whole. Without a version it replaces what is there.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundInput {
    /// Its id in the source.
    #[schema(example = "509562969", max_length = 200)]
    pub external_id: String,
    /// Its version there; that of the order if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_version: Option<SourceVersion>,
    /// How much.
    pub amount: AmountInput,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "too small", max_length = 1000)]
    pub reason: Option<String>,
    /// Whether what came back is for sale again.
    #[serde(default)]
    pub restock: bool,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_at: Option<DateTime<Utc>>,
    /// The ids of the payments by which the money went back: the timeline tells of each once, whether it or the refund is
    /// heard first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["389404469"]), max_items = 100)]
    pub payments: Vec<String>,
    /// What came back.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<LineQuantity>,
}

//! A cart as kept and shown: what is in it, who filled it, how far it came.
//!
//! A checkout is a cart that has reached the checkout. That a cart was abandoned is seen when it is looked at: nothing
//! happens at that moment that anybody could tell.

use chrono::{DateTime, Duration, Utc};
use regulars_customers::choices;
use regulars_kernel::{
    Currency, Money, clock,
    ids::{CartId, CustomerId, OrderId},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{merge::rounded, order::Core};

choices! {
    /// Where a cart stands.
    CartState {
        Open = "open", Empty = "empty", Checkout = "checkout", Abandoned = "abandoned", Converted = "converted",
    }
    /// How far a cart came, whatever the time.
    CartStage { Cart = "cart", Empty = "empty", Checkout = "checkout", Converted = "converted" }
}

/// After how long without a change a cart with something in it is abandoned. An hour is what shops' own reminders wait.
pub const ABANDONED_AFTER: Duration = Duration::hours(1);

/// A cart, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Cart {
    pub id: CartId,
    pub version: i32,
    pub source: String,
    pub external_id: String,
    pub customer_id: Option<CustomerId>,
    pub is_known: bool,
    pub content_version: Option<DateTime<Utc>>,
    pub content_sequence: Option<String>,
    pub buyer_version: Option<DateTime<Utc>>,
    pub buyer_sequence: Option<String>,
    pub customer_version: Option<DateTime<Utc>>,
    pub customer_sequence: Option<String>,
    pub currency: Currency,
    pub total: Decimal,
    #[sqlx(json)]
    pub lines: Vec<CartLine>,
    pub items: i32,
    pub email: Option<String>,
    pub recovery_url: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub checkout_started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub order_external_id: Option<String>,
    pub last_active_at: Option<DateTime<Utc>>,
    pub stage: CartStage,
    pub told: Vec<String>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One line of a cart, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the input")]
pub struct CartLine {
    pub external_id: Option<String>,
    pub product_external_id: Option<String>,
    pub variant_external_id: Option<String>,
    pub sku: Option<String>,
    pub title: String,
    pub variant_title: Option<String>,
    pub quantity: i32,
    pub price: Decimal,
    pub total: Decimal,
}

/// A cart in a list.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = CartRow)]
pub struct CartRow {
    /// Its id.
    pub id: CartId,
    /// Rises with each change; the ETag.
    #[schema(example = 3)]
    pub version: i32,
    /// The shop it is from.
    #[schema(example = "shopify")]
    pub source: String,
    /// Its id there.
    #[schema(example = "eeafa272cebfd4b22385bc4b645e762c")]
    pub external_id: String,
    /// Whose it is, if that is known.
    pub customer_id: Option<CustomerId>,
    /// As it was given at the checkout.
    #[schema(example = "ada@example.com")]
    pub email: Option<String>,
    /// Where it stands. `abandoned`: something is in it, nothing came of it, and for an hour nobody changed it.
    pub state: CartState,
    /// What is in it: the first thing, and how many lines there are besides.
    #[schema(example = "Shoes and 2 more")]
    pub title: Option<String>,
    /// What that is worth.
    pub total: Money,
    /// How many things are in it.
    #[schema(example = 2)]
    pub items: i32,
    /// Where the buyer goes on with it.
    #[schema(example = "https://shop.example/checkouts/1/recover")]
    pub recovery_url: Option<String>,
    /// When it was begun.
    pub started_at: Option<DateTime<Utc>>,
    /// When it reached the checkout.
    pub checkout_started_at: Option<DateTime<Utc>>,
    /// When it became an order.
    #[schema(example = json!(null))]
    pub completed_at: Option<DateTime<Utc>>,
    /// The id, in the source, of the order that it became.
    #[schema(example = json!(null))]
    pub order_external_id: Option<String>,
    /// When it was last changed there.
    pub last_active_at: Option<DateTime<Utc>>,
    /// When it was first told of here.
    #[serde(serialize_with = "clock::serialize")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed here.
    #[serde(serialize_with = "clock::serialize")]
    pub updated_at: DateTime<Utc>,
}

/// A cart with what is in it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Cart)]
pub struct CartJson {
    /// As in a list.
    #[serde(flatten)]
    pub row: CartRow,
    /// The order that it became, if that is known here.
    #[schema(example = json!(null))]
    pub order_id: Option<OrderId>,
    /// What is in it.
    pub lines: Vec<CartLineJson>,
}

/// One line of a cart.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = CartLine)]
#[expect(missing_docs, reason = "the fields are those of the input")]
pub struct CartLineJson {
    #[schema(example = "1")]
    pub external_id: Option<String>,
    #[schema(example = "7")]
    pub product_external_id: Option<String>,
    #[schema(example = "71")]
    pub variant_external_id: Option<String>,
    #[schema(example = "SHOE-38")]
    pub sku: Option<String>,
    #[schema(example = "Shoes")]
    pub title: String,
    #[schema(example = "38")]
    pub variant_title: Option<String>,
    #[schema(example = 1)]
    pub quantity: i32,
    pub price: Money,
    pub total: Money,
}

impl Cart {
    /// A cart of which nothing was told yet.
    pub fn blank(source: &str, external_id: &str, base: Currency, now: DateTime<Utc>) -> Self {
        Self {
            id: CartId::new(),
            version: 1,
            source: source.to_owned(),
            external_id: external_id.to_owned(),
            customer_id: None,
            is_known: false,
            content_version: None,
            content_sequence: None,
            buyer_version: None,
            buyer_sequence: None,
            customer_version: None,
            customer_sequence: None,
            currency: base,
            total: Decimal::ZERO,
            lines: Vec::new(),
            items: 0,
            email: None,
            recovery_url: None,
            started_at: None,
            checkout_started_at: None,
            completed_at: None,
            order_external_id: None,
            last_active_at: None,
            stage: CartStage::Empty,
            told: Vec::new(),
            deleted_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Leaves of a deleted cart no more than that it was deleted, so that what arrives before or after makes no difference.
    pub fn bury(&mut self, base: Currency, at: DateTime<Utc>) {
        let blank = Self::blank(&self.source, &self.external_id, base, self.created_at);
        *self = Self {
            id: self.id,
            version: self.version,
            updated_at: self.updated_at,
            deleted_at: Some(at),
            ..blank
        };
    }

    /// Where it stands at this time.
    pub fn state(&self, now: DateTime<Utc>) -> CartState {
        let is_left = self.last_active_at.is_some_and(|at| at <= now - ABANDONED_AFTER);
        match self.stage {
            CartStage::Converted => CartState::Converted,
            CartStage::Empty => CartState::Empty,
            CartStage::Cart | CartStage::Checkout if is_left => CartState::Abandoned,
            CartStage::Checkout => CartState::Checkout,
            CartStage::Cart => CartState::Open,
        }
    }

    /// Gives amounts that were read the digits that they need, as those have that are told: contents are compared.
    pub fn normalize(&mut self) {
        let digits = self.currency.digits();
        self.total = rounded(self.total, digits);
        for line in &mut self.lines {
            line.price = rounded(line.price, digits);
            line.total = rounded(line.total, digits);
        }
    }

    /// The first thing that is in it, and how many lines there are besides.
    pub fn title(&self) -> Option<String> {
        let first = self.lines.first()?;
        let short: String = first.title.chars().take(80).collect();
        Some(match self.lines.len() {
            1 => short,
            lines => format!("{short} and {} more", lines - 1),
        })
    }

    /// As a list gives it.
    pub fn row(&self, now: DateTime<Utc>) -> CartRow {
        CartRow {
            id: self.id,
            version: self.version,
            source: self.source.clone(),
            external_id: self.external_id.clone(),
            customer_id: self.customer_id,
            email: self.email.clone(),
            state: self.state(now),
            title: self.title(),
            total: self.money(self.total),
            items: self.items,
            recovery_url: self.recovery_url.clone(),
            started_at: self.started_at,
            checkout_started_at: self.checkout_started_at,
            completed_at: self.completed_at,
            order_external_id: self.order_external_id.clone(),
            last_active_at: self.last_active_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// As the API gives it.
    pub fn show(&self, now: DateTime<Utc>, order_id: Option<OrderId>) -> CartJson {
        let line = |line: &CartLine| CartLineJson {
            external_id: line.external_id.clone(),
            product_external_id: line.product_external_id.clone(),
            variant_external_id: line.variant_external_id.clone(),
            sku: line.sku.clone(),
            title: line.title.clone(),
            variant_title: line.variant_title.clone(),
            quantity: line.quantity,
            price: self.money(line.price),
            total: self.money(line.total),
        };
        CartJson {
            row: self.row(now),
            order_id,
            lines: self.lines.iter().map(line).collect(),
        }
    }

    pub(super) fn money(&self, amount: Decimal) -> Money {
        Core::blank(self.currency).money(amount)
    }
}

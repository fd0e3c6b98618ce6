//! What is told of a cart, and how it is read: cleaned, with every fault noted at its place.

use chrono::{DateTime, Utc};
use regulars_kernel::{Currency, Email, Faults, Patch, ids::CustomerId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    AmountInput, CartLine, CustomerKey, SourceVersion, Whose,
    check::{Check, MOST},
    reading::{email_of, whose_of},
};

/// Most lines of a cart.
const MOST_LINES: usize = 500;

/// What is told of a line of a cart.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"external_id": "1", "product_external_id": "7", "variant_external_id": "71", "title": "Shoes", "quantity": 1, "price": "59.90"}))]
pub struct CartLineInput {
    /// Its id in the source.
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
    /// How many.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub quantity: i32,
    /// Of one.
    pub price: Option<AmountInput>,
    /// Of all of them: price times quantity, if absent.
    pub total: Option<AmountInput>,
}

/// What is told of a cart. What is absent stays as it is; null empties.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({
    "source": "till", "external_id": "c-7", "email": "ada@example.com", "currency": "EUR", "checkout_started_at": "2026-01-31T12:00:00Z",
    "recovery_url": "https://shop.example/checkouts/7",
    "lines": [{"external_id": "1", "product_external_id": "7", "title": "Shoes", "quantity": 1, "price": "59.90"}]
}))]
pub struct CartInput {
    /// The shop it is from: lower case letters, digits and `_`.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$")]
    pub source: String,
    /// Its id there; with the source the key by which it is created or changed.
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: String,
    /// Its version there. What is older than what is known changes nothing, apart for what is in the cart (`currency`,
    /// `total`, `lines`), for how the buyer is reached (`email`, `recovery_url`) and for whose it is; who gives versions
    /// tells each of these whole, or nothing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_version: Option<SourceVersion>,
    /// Whose it is. Without it `customer`, then `email` tells; who is not known yet becomes a guest. A cart of which
    /// neither is told is nobody's.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<CustomerId>)]
    pub customer_id: Patch<CustomerId>,
    /// Whose it is, by an id in another system.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<CustomerKey>)]
    pub customer: Patch<CustomerKey>,
    /// As it was given at the checkout.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub email: Patch<String>,
    /// Where the buyer goes on with it: an address that begins with `https://` or `http://`.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub recovery_url: Patch<String>,
    /// ISO 4217 code; the organization's currency for a new cart, if absent.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub currency: Patch<String>,
    /// What it is worth. If it is absent where lines are told: their totals.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<AmountInput>)]
    pub total: Patch<AmountInput>,
    /// All of them, replacing those there are.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<CartLineInput>>, max_items = 500)]
    pub lines: Patch<Vec<CartLineInput>>,
    /// When it was begun: the earliest time that was told; now for a new cart, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it reached the checkout: the earliest time that was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout_started_at: Option<DateTime<Utc>>,
    /// When it became an order: the earliest time that was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// The id, in the source, of the order that it became. An order says so as well (`cart_external_id`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub order_external_id: Option<String>,
    /// When it was last changed there: the latest time that was told; that of the version, or now, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_active_at: Option<DateTime<Utc>>,
}

/// What is told of a cart, checked.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the input")]
pub struct CartChange {
    pub source: String,
    pub external_id: String,
    pub version: Option<SourceVersion>,
    pub whose: Whose,
    pub email: Patch<String>,
    pub recovery_url: Patch<String>,
    pub currency: Patch<Currency>,
    pub total: Patch<Decimal>,
    pub lines: Option<Vec<CartLine>>,
    pub started_at: Option<DateTime<Utc>>,
    pub checkout_started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub order_external_id: Option<String>,
    pub last_active_at: Option<DateTime<Utc>>,
}

impl CartInput {
    /// Cleans it. Every fault is noted with its place.
    pub fn check(&self, base: Currency, faults: &mut Faults) -> CartChange {
        let currency = match &self.currency {
            Patch::Set(text) => faults
                .take("/currency", "currency_invalid", Currency::parse(text))
                .map_or(Patch::Keep, Patch::Set),
            Patch::Clear => {
                faults.add("/currency", "missing", "a cart always has a currency");
                Patch::Keep
            }
            Patch::Keep => Patch::Keep,
        };
        let mut check = Check {
            faults,
            currency: currency.value(),
            base,
        };
        let source = check.source("/source", &self.source);
        let email: Patch<Email> = email_of(&self.email, &mut check);
        CartChange {
            whose: whose_of(self.customer_id, &self.customer, &self.email, &source, &mut check),
            source,
            external_id: check.id("/external_id", &self.external_id),
            version: check.version("/source_version", self.source_version.as_ref()),
            email: email.map(|email| email.as_str().to_owned()),
            recovery_url: address("/recovery_url", &self.recovery_url, &mut check),
            currency,
            total: self.total.as_ref().map(|total| check.amount("/total", total)),
            lines: self.lines(&mut check),
            started_at: check.maybe_time("/started_at", self.started_at),
            checkout_started_at: check.maybe_time("/checkout_started_at", self.checkout_started_at),
            completed_at: check.maybe_time("/completed_at", self.completed_at),
            order_external_id: check.maybe("/order_external_id", self.order_external_id.as_ref(), 200),
            last_active_at: check.maybe_time("/last_active_at", self.last_active_at),
        }
    }

    fn lines(&self, check: &mut Check<'_>) -> Option<Vec<CartLine>> {
        let given = match &self.lines {
            Patch::Keep => return None,
            Patch::Clear => return Some(Vec::new()),
            Patch::Set(lines) => lines,
        };
        if !check.room("/lines", given.len(), MOST_LINES) {
            return None;
        }
        let lines: Vec<CartLine> = given
            .iter()
            .enumerate()
            .map(|(index, line)| line_of(&format!("/lines/{index}"), line, check))
            .collect();
        let sum: Decimal = lines.iter().map(|line| line.total).sum();
        if sum >= Decimal::from(MOST) {
            let message = "together they are too much to be kept";
            check.faults.add("/lines", "amount_invalid", message);
        }
        Some(lines)
    }
}

fn line_of(pointer: &str, given: &CartLineInput, check: &mut Check<'_>) -> CartLine {
    let at = |name: &str| format!("{pointer}/{name}");
    let quantity = check.quantity(&at("quantity"), given.quantity);
    let mut sum = |name: &str, amount: &Option<AmountInput>| {
        amount.as_ref().map(|amount| check.amount(&at(name), amount))
    };
    let price = sum("price", &given.price).unwrap_or_default();
    let total = sum("total", &given.total).unwrap_or_else(|| price * Decimal::from(quantity));
    let title = check.line(&at("title"), &given.title, 500);
    if title.is_none() {
        check.faults.add(at("title"), "missing", "a line has a title");
    }
    let mut text = |name: &str, given: &Option<String>, most| check.maybe(&at(name), given.as_ref(), most);
    CartLine {
        external_id: text("external_id", &given.external_id, 200),
        product_external_id: text("product_external_id", &given.product_external_id, 200),
        variant_external_id: text("variant_external_id", &given.variant_external_id, 200),
        sku: text("sku", &given.sku, 200),
        title: title.unwrap_or_default(),
        variant_title: text("variant_title", &given.variant_title, 500),
        quantity,
        price,
        total,
    }
}

/// An address of the web: what else there is (`javascript:`) is nothing to follow.
fn address(pointer: &str, given: &Patch<String>, check: &mut Check<'_>) -> Patch<String> {
    let address = check.patch(pointer, given, 2000);
    if let Patch::Set(text) = &address
        && !text.starts_with("https://")
        && !text.starts_with("http://")
    {
        let message = "the address must begin with https:// or http://";
        check.faults.add(pointer, "url_invalid", message);
        return Patch::Keep;
    }
    address
}

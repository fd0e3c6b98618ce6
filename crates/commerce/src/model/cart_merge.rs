//! How what is told of a cart meets what is known: a join, so that any order of arrival ends in the same cart.
//!
//! What is in it, how the buyer is reached, and who that is are registers of a version each: a shop tells of carts and of
//! checkouts apart, and neither may take away what only the other says. Of its times the earliest counts, of its last
//! change the latest. An order that came of it is never taken back, and a deleted cart stays deleted.

use chrono::{DateTime, Utc};
use regulars_kernel::{Patch, ids::CustomerId};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Cart, CartChange, CartStage, Fact, SourceVersion, merge::Speaker, version::replaces};

/// An order that says of which cart it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    /// Of both.
    pub source: String,
    /// The cart's id there.
    pub cart_external_id: String,
    /// The order's.
    pub order_external_id: String,
    /// When it was placed.
    pub at: DateTime<Utc>,
    /// Whose the order is: the cart is theirs where it was not told whose it is.
    pub customer_id: Option<CustomerId>,
}

/// What an order says of its cart's customer is older than anything that is said of the cart itself.
fn by_order() -> SourceVersion {
    SourceVersion::new(DateTime::UNIX_EPOCH, "")
}

/// What the cart is after this was told of it. `customer` is whose it is, as far as that was said.
#[must_use]
pub fn merge_cart(before: &Cart, change: &CartChange, customer: Patch<CustomerId>, speaker: Speaker) -> Cart {
    if before.deleted_at.is_some() {
        return before.clone();
    }
    let at = change.version.as_ref().map_or(speaker.now, |version| version.at);
    let version = change.version.as_ref();
    let mut after = before.clone();
    put_content(&mut after, change);
    put_buyer(&mut after, change);
    if let Some(customer_id) = match customer {
        Patch::Keep => None,
        Patch::Clear => Some(None),
        Patch::Set(id) => Some(Some(id)),
    } {
        let old = SourceVersion::from_columns(after.customer_version, after.customer_sequence.clone());
        if replaces(version, old.as_ref(), || {
            (json_of(&customer_id), json_of(&after.customer_id))
        }) {
            after.customer_id = customer_id;
            if old == Some(by_order()) {
                (after.customer_version, after.customer_sequence) = (None, None);
            }
            keep_version(version, &mut after.customer_version, &mut after.customer_sequence);
        }
    }
    let is_changed = !before.is_known || after != *before || version.is_some();
    after.is_known = true;
    let earliest =
        |known: Option<DateTime<Utc>>, told: Option<DateTime<Utc>>| known.into_iter().chain(told).min();
    let begun = change.started_at.or(change.checkout_started_at);
    // Who gives no version says now what was begun before.
    let begun = begun.or_else(|| (version.is_some() || before.started_at.is_none()).then_some(at));
    after.started_at = earliest(before.started_at, begun);
    after.checkout_started_at = earliest(before.checkout_started_at, change.checkout_started_at);
    let completed = change.completed_at.or_else(|| {
        (change.order_external_id.is_some() && (version.is_some() || before.completed_at.is_none()))
            .then_some(at)
    });
    after.completed_at = earliest(before.completed_at, completed);
    after.order_external_id = least(before.order_external_id.clone(), change.order_external_id.clone());
    let active = change.last_active_at.or_else(|| is_changed.then_some(at));
    after.last_active_at = before.last_active_at.into_iter().chain(active).max();
    after.derive();
    after
}

/// What the cart is once an order came of it. One that is not known yet remembers it.
#[must_use]
pub fn convert_cart(before: &Cart, order: &Conversion) -> Cart {
    if before.deleted_at.is_some() {
        return before.clone();
    }
    let mut after = before.clone();
    after.completed_at = before.completed_at.into_iter().chain(Some(order.at)).min();
    after.order_external_id = least(
        before.order_external_id.clone(),
        Some(order.order_external_id.clone()),
    );
    let is_unsaid = match before.customer_version {
        Some(at) => at == by_order().at,
        None => before.customer_id.is_none(),
    };
    if let Some(customer_id) = order
        .customer_id
        .filter(|id| is_unsaid && before.customer_id.is_none_or(|known| id.0 > known.0))
    {
        after.customer_id = Some(customer_id);
        keep_version(
            Some(&by_order()),
            &mut after.customer_version,
            &mut after.customer_sequence,
        );
    }
    after.derive();
    after
}

fn put_content(after: &mut Cart, change: &CartChange) {
    if change.currency.is_keep() && change.total.is_keep() && change.lines.is_none() {
        return;
    }
    let mut told = after.clone();
    if let Patch::Set(currency) = change.currency {
        told.currency = currency;
    }
    if let Some(lines) = &change.lines {
        told.lines.clone_from(lines);
        told.total = lines.iter().map(|line| line.total).sum();
    }
    match change.total {
        Patch::Keep => {}
        Patch::Clear => told.total = Decimal::ZERO,
        Patch::Set(total) => told.total = total,
    }
    told.normalize();
    let content = |cart: &Cart| json_of(&(cart.currency, cart.total, &cart.lines));
    let old = SourceVersion::from_columns(after.content_version, after.content_sequence.clone());
    let version = change.version.as_ref();
    if replaces(version, old.as_ref(), || (content(&told), content(after))) {
        keep_version(version, &mut told.content_version, &mut told.content_sequence);
        *after = told;
    }
}

fn put_buyer(after: &mut Cart, change: &CartChange) {
    if change.email.is_keep() && change.recovery_url.is_keep() {
        return;
    }
    let mut told = after.clone();
    change.email.clone().apply(&mut told.email);
    change.recovery_url.clone().apply(&mut told.recovery_url);
    let buyer = |cart: &Cart| json_of(&(&cart.email, &cart.recovery_url));
    let old = SourceVersion::from_columns(after.buyer_version, after.buyer_sequence.clone());
    let version = change.version.as_ref();
    if replaces(version, old.as_ref(), || (buyer(&told), buyer(after))) {
        keep_version(version, &mut told.buyer_version, &mut told.buyer_sequence);
        *after = told;
    }
}

/// Whoever gives no version leaves the one that is known.
fn keep_version(
    version: Option<&SourceVersion>,
    at: &mut Option<DateTime<Utc>>,
    sequence: &mut Option<String>,
) {
    if let Some(version) = version {
        *at = Some(version.at);
        *sequence = Some(version.sequence.clone());
    }
}

fn least(known: Option<String>, told: Option<String>) -> Option<String> {
    known.into_iter().chain(told).min()
}

fn json_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl Cart {
    /// Reckons what follows from the rest.
    fn derive(&mut self) {
        self.items = self
            .lines
            .iter()
            .fold(0, |sum: i32, line| sum.saturating_add(line.quantity));
        self.stage = if self.completed_at.is_some() {
            CartStage::Converted
        } else if self.items == 0 {
            CartStage::Empty
        } else if self.checkout_started_at.is_some() {
            CartStage::Checkout
        } else {
            CartStage::Cart
        };
    }

    /// What of it is told on its customer's timeline and was not yet: each fact once, as soon as somebody is known.
    pub fn facts(&self) -> Vec<Fact> {
        if !self.is_known || self.customer_id.is_none() || self.deleted_at.is_some() {
            return Vec::new();
        }
        [
            ("created", "cart.created", self.started_at, json!({})),
            (
                "checkout",
                "checkout.started",
                self.checkout_started_at,
                json!({}),
            ),
            (
                "converted",
                "cart.converted",
                self.completed_at,
                json!({"order_external_id": self.order_external_id}),
            ),
        ]
        .into_iter()
        .filter(|(key, ..)| !self.told.iter().any(|told| told == key))
        .filter_map(|(key, kind, at, more)| {
            Some(Fact {
                key: key.to_owned(),
                kind,
                at: at?,
                more,
            })
        })
        .collect()
    }

    /// What an event tells of every cart.
    pub fn describe(&self, more: Value) -> Value {
        let mut facts = json!({
            "cart_id": self.id,
            "source": self.source,
            "external_id": self.external_id,
            "total": self.money(self.total),
            "items": self.items,
            "title": self.title(),
        });
        if let (Value::Object(facts), Value::Object(more)) = (&mut facts, more) {
            facts.extend(more);
        }
        facts
    }

    /// Leaves out what nobody can see: which version of its source said so, and what was told.
    #[must_use]
    pub fn as_seen(&self) -> Self {
        Self {
            content_version: None,
            content_sequence: None,
            buyer_version: None,
            buyer_sequence: None,
            customer_version: None,
            customer_sequence: None,
            told: Vec::new(),
            version: 0,
            ..self.clone()
        }
    }
}

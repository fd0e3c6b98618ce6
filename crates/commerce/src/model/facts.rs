//! What of an order is told on its customer's timeline: each fact once, however often and in whichever order it is heard.

use chrono::{DateTime, Utc};
use regulars_kernel::{Money, Patch};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    BY_FILE, Change, Fulfillment, FulfillmentState, Order, OrderStatus, Part, Payment, PaymentKind,
    PaymentState, PaymentStatus, merge::Speaker,
};

/// Something that happened to an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// By which it is known whether it was told.
    pub key: String,
    /// The kind of its event.
    pub kind: &'static str,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What else is told of it.
    pub more: Value,
}

/// What an event tells of every order.
pub fn describe(order: &Order, more: Value) -> Value {
    let mut facts = json!({
        "order_id": order.id,
        "source": order.source,
        "external_id": order.external_id,
        "number": order.core.number,
        "total": money(order, order.core.total),
        "items": order.derived.items,
        "title": title(order),
    });
    if let (Value::Object(facts), Value::Object(more)) = (&mut facts, more) {
        facts.extend(more);
    }
    facts
}

pub(super) fn money(order: &Order, amount: Decimal) -> Option<Money> {
    Money::new(amount, order.core.currency).ok()
}

/// The first thing that was ordered, and how many lines there are besides.
fn title(order: &Order) -> Option<String> {
    let first = order.lines.first()?;
    let short: String = first.title.chars().take(80).collect();
    Some(match order.lines.len() {
        1 => short,
        lines => format!("{short} and {} more", lines - 1),
    })
}

/// All facts of an order as it is now, with those of what was told even if it came too late to change anything.
pub fn facts(after: &Order, change: &Change, speaker: Speaker) -> Vec<Fact> {
    if !after.is_known || after.deleted_at.is_some() {
        return Vec::new();
    }
    let said_at = change.at(speaker);
    let mut facts = Facts {
        said_at,
        all: Vec::new(),
    };
    facts.add(
        "placed",
        "order.placed",
        after.core.placed_at,
        json!({"channel": after.core.channel}),
    );
    let paid_late = matches!(change.core.stated_payment_status, Patch::Set(status) if status.was_paid());
    if after.derived.payment_status.was_paid() || paid_late {
        facts.add("paid", "order.paid", after.paid_at(), json!({}));
    }
    if let Some(at) = after.core.cancelled_at.or_else(|| change.cancelled_at(said_at)) {
        let more = json!({"reason": after.core.cancel_reason});
        facts.add("cancelled", "order.cancelled", Some(at), more);
    }
    for payment in after
        .payments
        .iter()
        .chain(change.payments.iter().map(|(payment, _)| payment))
    {
        facts.add_payment(payment, after);
    }
    for fulfillment in after.fulfillments.iter().chain(&change.fulfillments) {
        facts.add_fulfillment(fulfillment);
    }
    facts.add_refunds(after, change);
    facts.add_stated(after);
    let mut seen = std::collections::HashSet::new();
    facts
        .all
        .retain(|fact| !after.told.contains(&fact.key) && seen.insert(fact.key.clone()));
    facts.all
}

impl Change {
    /// When it says that the order was cancelled.
    fn cancelled_at(&self, said_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match (&self.core.cancelled_at, &self.core.stated_status) {
            (Patch::Set(at), _) => Some(*at),
            (_, Patch::Set(OrderStatus::Cancelled)) => Some(said_at),
            _ => None,
        }
    }
}

struct Facts {
    said_at: DateTime<Utc>,
    all: Vec<Fact>,
}

impl Facts {
    fn add(&mut self, key: impl Into<String>, kind: &'static str, at: Option<DateTime<Utc>>, more: Value) {
        self.all.push(Fact {
            key: key.into(),
            kind,
            at: at.unwrap_or(self.said_at),
            more,
        });
    }

    fn add_payment(&mut self, payment: &Payment, order: &Order) {
        let Some((key, kind, outcome)) = fact_of(payment) else {
            return;
        };
        // The order's source and the payment provider may tell of the same attempt.
        let is_told = |other: &Payment| {
            other.external_id != payment.external_id
                && other.reference.is_some()
                && other.reference == payment.reference
                && fact_of(other).is_some_and(|(key, other, _)| {
                    other == kind
                        && (order.told.contains(&key) || self.all.iter().any(|fact| fact.key == key))
                })
        };
        if order.payments.iter().any(is_told) {
            return;
        }
        let mut more = json!({
            "amount": Money::new(payment.amount, payment.currency).ok(), "gateway": payment.gateway,
            "code": payment.failure_code, "reason": payment.failure_reason,
        });
        if let Some(outcome) = outcome {
            more["outcome"] = outcome.into();
        }
        if payment.is_test {
            more["is_test"] = true.into();
        }
        self.add(key, kind, payment.processed_at, more);
    }

    fn add_fulfillment(&mut self, fulfillment: &Fulfillment) {
        let more = json!({
            "tracking_company": fulfillment.tracking_company, "tracking_numbers": fulfillment.tracking_numbers,
            "tracking_urls": fulfillment.tracking_urls,
        });
        let id = fulfillment.external_id();
        if fulfillment.is_sent() {
            self.add(
                format!("shipped {id}"),
                "order.shipped",
                fulfillment.shipped_at,
                more.clone(),
            );
        }
        if fulfillment.state == FulfillmentState::Delivered {
            self.add(
                format!("delivered {id}"),
                "order.delivered",
                fulfillment.delivered_at,
                more,
            );
        }
    }

    /// Money that went back: by its payments where they are known, so that it is told once whether the payment or the refund
    /// that it belongs to is heard first.
    fn add_refunds(&mut self, after: &Order, change: &Change) {
        // Told outright already: as a whole.
        if after.told.iter().any(|key| key == "refunded") {
            return;
        }
        let by_payment = |id: &str| format!("refunded by {id}");
        for refund in after.refunds.iter().chain(&change.refunds) {
            if refund.payments.is_empty() {
                let more = json!({"amount": money(after, refund.amount), "reason": refund.reason});
                let key = format!("refunded {}", refund.external_id);
                self.add(key, "order.refunded", refund.refunded_at, more);
            }
            for id in &refund.payments {
                let payment = after.payments.iter().find(|payment| payment.external_id == *id);
                if payment.is_some_and(|payment| payment.state != PaymentState::Succeeded) {
                    continue;
                }
                let alone = (refund.payments.len() == 1).then_some(refund.amount);
                let amount = payment.map(|payment| payment.amount).or(alone);
                let more = json!({"amount": amount.and_then(|amount| money(after, amount)), "reason": refund.reason});
                self.add(by_payment(id), "order.refunded", refund.refunded_at, more);
            }
        }
        for payment in &after.payments {
            let is_own = payment.told_by.is_none();
            if is_own && payment.kind == PaymentKind::Refund && payment.state == PaymentState::Succeeded {
                let more = json!({"amount": Money::new(payment.amount, payment.currency).ok()});
                let key = by_payment(&payment.external_id);
                self.add(key, "order.refunded", payment.processed_at, more);
            }
        }
    }

    /// What was said outright, where no part says it.
    fn add_stated(&mut self, after: &Order) {
        let status = after.core.stated_status;
        if after.fulfillments.is_empty() {
            if matches!(
                status,
                Some(OrderStatus::PartiallyShipped | OrderStatus::Shipped | OrderStatus::Delivered)
            ) {
                self.add("shipped", "order.shipped", None, json!({}));
            }
            if status == Some(OrderStatus::Delivered) {
                self.add("delivered", "order.delivered", None, json!({}));
            }
        }
        let refunded = status == Some(OrderStatus::Refunded)
            || after.core.stated_payment_status == Some(PaymentStatus::Refunded);
        let by_parts = self.all.iter().any(|fact| fact.kind == "order.refunded")
            || after.told.iter().any(|key| key.starts_with("refunded "));
        let by_file = after.counted().find(|payment| {
            payment.kind == PaymentKind::Refund && payment.told_by.as_deref() == Some(BY_FILE)
        });
        if (refunded || by_file.is_some()) && !by_parts {
            let amount = by_file.and_then(|payment| money(after, payment.amount));
            let more = amount.map_or_else(|| json!({}), |amount| json!({"amount": amount}));
            self.add("refunded", "order.refunded", None, more);
        }
    }
}

/// What a payment has to tell: by which key it is known, the kind of its event, and how a dispute stands.
fn fact_of(payment: &Payment) -> Option<(String, &'static str, Option<&'static str>)> {
    let id = &payment.external_id;
    match (payment.kind, payment.state) {
        (PaymentKind::Chargeback, state) => {
            let outcome = match state {
                PaymentState::Pending => "open",
                PaymentState::Succeeded => "lost",
                PaymentState::Cancelled | PaymentState::Failed => "won",
            };
            Some((
                format!("disputed {id} {outcome}"),
                "payment.disputed",
                Some(outcome),
            ))
        }
        (PaymentKind::Refund, PaymentState::Failed) => {
            Some((format!("refund failed {id}"), "payment.refund_failed", None))
        }
        // What the order's source refunds is told by its refunds, and what its file sums up as a whole.
        (PaymentKind::Refund, PaymentState::Succeeded) if payment.told_by.as_deref() == Some(BY_FILE) => None,
        (PaymentKind::Refund, PaymentState::Succeeded) if payment.told_by.is_some() => {
            Some((format!("paid back {id}"), "payment.refunded", None))
        }
        (_, PaymentState::Failed) if payment.is_payment() => {
            Some((format!("failed {id}"), "payment.failed", None))
        }
        _ => None,
    }
}

impl Order {
    /// When what was paid reached the total, as far as payments tell: those of its source, or those of payment providers.
    pub(super) fn paid_at(&self) -> Option<DateTime<Utc>> {
        let own = self.paid_at_by(|payment| payment.told_by.is_none());
        let file = self.paid_at_by(|payment| payment.told_by.as_deref() == Some(BY_FILE));
        let others = self.paid_at_by(|payment| payment.told_by.as_deref().is_some_and(|by| by != BY_FILE));
        own.into_iter().chain(file).chain(others).min()
    }

    fn paid_at_by(&self, speaks: impl Fn(&Payment) -> bool) -> Option<DateTime<Utc>> {
        let mut paid: Vec<_> = self
            .counted()
            .filter(|payment| speaks(payment))
            .filter(|payment| payment.state == PaymentState::Succeeded)
            .filter(|payment| matches!(payment.kind, PaymentKind::Sale | PaymentKind::Capture))
            .filter_map(|payment| Some((payment.processed_at?, payment.amount)))
            .collect();
        paid.sort();
        let mut sum = Decimal::ZERO;
        paid.into_iter().find_map(|(at, amount)| {
            sum += amount;
            (sum >= self.core.total).then_some(at)
        })
    }
}

/// What people care about of what changed, as events tell it: `{"field": {"from": …, "to": …}}`.
pub fn changes(before: &Order, after: &Order) -> Map<String, Value> {
    let mut changes = Map::new();
    let mut tell = |name: &str, from: Value, to: Value| {
        if from != to {
            changes.insert(name.to_owned(), json!({"from": from, "to": to}));
        }
    };
    let (old, new) = (&before.core, &after.core);
    tell("number", json!(old.number), json!(new.number));
    tell("email", json!(old.email), json!(new.email));
    tell("phone", json!(old.phone), json!(new.phone));
    tell("note", json!(old.note), json!(new.note));
    tell("tags", json!(old.tags), json!(new.tags));
    tell("customer_id", json!(before.customer_id), json!(after.customer_id));
    tell(
        "billing_address",
        json!(old.billing_address),
        json!(new.billing_address),
    );
    tell(
        "shipping_address",
        json!(old.shipping_address),
        json!(new.shipping_address),
    );
    tell(
        "total",
        json!(money(before, old.total)),
        json!(money(after, new.total)),
    );
    tell("items", json!(before.derived.items), json!(after.derived.items));
    changes
}

//! How what is told of an order is read: cleaned, with every fault noted at its place.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use regulars_kernel::{Currency, Email, Faults, Patch, ids::CustomerId};
use rust_decimal::Decimal;

use super::{
    Address, AmountInput, CustomerKey, Line, LineInput, LineQuantity, NamedAmount, NamedAmountInput,
    OrderInput, Part,
    check::{Check, MOST},
    merge::{Change, CorePatch, Whose},
    parts::{Fulfillment, Payment, Refund},
};

/// Most lines of an order, and most of each kind of its other parts.
const MOST_LINES: usize = 500;
const MOST_PARTS: usize = 200;

impl OrderInput {
    /// Cleans it. Every fault is noted with its place below `pointer`.
    pub fn check(&self, base: Currency, faults: &mut Faults) -> Change {
        let currency = match &self.currency {
            Patch::Set(text) => faults
                .take("/currency", "currency_invalid", Currency::parse(text))
                .map_or(Patch::Keep, Patch::Set),
            Patch::Clear => {
                faults.add("/currency", "missing", "an order always has a currency");
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
        let whose = whose_of(self.customer_id, &self.customer, &self.email, &source, &mut check);
        let lines = self.lines(&mut check);
        let core = CorePatch {
            number: check.patch("/number", &self.number, 100),
            email: email_of(&self.email, &mut check).map(|email| email.as_str().to_owned()),
            phone: check.patch("/phone", &self.phone, 50),
            note: check.text("/note", &self.note, 10_000),
            tags: tags("/tags", &self.tags, &mut check),
            channel: check.patch("/channel", &self.channel, 100),
            is_test: self.is_test,
            currency,
            exchange_rate: rate(&self.exchange_rate, &mut check),
            subtotal: amount("/subtotal", &self.subtotal, &mut check),
            discount_total: amount("/discount_total", &self.discount_total, &mut check),
            shipping_total: amount("/shipping_total", &self.shipping_total, &mut check),
            tax_total: amount("/tax_total", &self.tax_total, &mut check),
            total: amount("/total", &self.total, &mut check),
            discounts: named("/discounts", &self.discounts, &mut check),
            taxes: named("/taxes", &self.taxes, &mut check),
            shipping_lines: named("/shipping_lines", &self.shipping_lines, &mut check),
            billing_address: address("/billing_address", &self.billing_address, &mut check),
            shipping_address: address("/shipping_address", &self.shipping_address, &mut check),
            placed_at: time("/placed_at", self.placed_at, &mut check),
            cancelled_at: time("/cancelled_at", self.cancelled_at, &mut check),
            cancel_reason: check.patch("/cancel_reason", &self.cancel_reason, 500),
            closed_at: time("/closed_at", self.closed_at, &mut check),
            stated_status: check.choices("/status", &self.status),
            stated_payment_status: check.choices("/payment_status", &self.payment_status),
            stated_fulfillment_status: check.choices("/fulfillment_status", &self.fulfillment_status),
        };
        Change {
            source,
            external_id: check.id("/external_id", &self.external_id),
            version: check.version("/source_version", self.source_version.as_ref()),
            whose,
            core,
            lines,
            payments: self.payments(&mut check),
            fulfillments: self.fulfillments(&mut check),
            refunds: self.refunds(&mut check),
            cart: check.maybe("/cart_external_id", self.cart_external_id.as_ref(), 200),
        }
    }

    fn lines(&self, check: &mut Check<'_>) -> Option<Vec<Line>> {
        let given = match &self.lines {
            Patch::Keep => return None,
            Patch::Clear => return Some(Vec::new()),
            Patch::Set(lines) => lines,
        };
        if !check.room("/lines", given.len(), MOST_LINES) {
            return None;
        }
        let mut lines = Vec::with_capacity(given.len());
        for (index, line) in given.iter().enumerate() {
            lines.push(line_of(&format!("/lines/{index}"), index, line, check));
        }
        let sum: Decimal = lines.iter().map(|line| line.total + line.tax).sum();
        let discount: Decimal = lines.iter().map(|line| line.discount).sum();
        if sum.max(discount) >= Decimal::from(MOST) {
            check.faults.add(
                "/lines",
                "amount_invalid",
                "together they are too much to be kept",
            );
        }
        Some(lines)
    }

    fn payments(&self, check: &mut Check<'_>) -> Vec<(Payment, bool)> {
        if !check.room("/payments", self.payments.len(), MOST_PARTS) {
            return Vec::new();
        }
        let mut all = Vec::new();
        for (index, given) in self.payments.iter().enumerate() {
            let at = |name: &str| format!("/payments/{index}/{name}");
            let kind = check.choice(&at("kind"), &given.kind);
            let state = check.choice(&at("state"), &given.state);
            let money = check.money(&at("amount"), &given.amount, true);
            let mut payment = Payment {
                external_id: check.id(&at("external_id"), &given.external_id),
                source_version: None,
                source_sequence: None,
                kind: kind.unwrap_or_default(),
                state: state.unwrap_or_default(),
                amount: money.map(|(amount, _)| amount).unwrap_or_default(),
                currency: money.and_then(|(_, currency)| currency).unwrap_or(check.base),
                gateway: check.maybe(&at("gateway"), given.gateway.as_ref(), 200),
                method: check.maybe(&at("method"), given.method.as_ref(), 200),
                failure_code: check.maybe(&at("failure_code"), given.failure_code.as_ref(), 200),
                failure_reason: check.maybe(&at("failure_reason"), given.failure_reason.as_ref(), 1000),
                processed_at: check.maybe_time(&at("processed_at"), given.processed_at),
                told_by: given
                    .told_by
                    .as_ref()
                    .map(|source| check.source(&at("told_by"), source)),
                reference: check.maybe(&at("reference"), given.reference.as_ref(), 200),
                is_test: given.is_test,
            };
            payment.set_version(check.version(&at("source_version"), given.source_version.as_ref()));
            all.push((payment, money.is_some_and(|(_, currency)| currency.is_some())));
        }
        once(
            "payments",
            all.iter().map(|(payment, _)| payment.external_id()),
            check,
        );
        all
    }

    fn fulfillments(&self, check: &mut Check<'_>) -> Vec<Fulfillment> {
        if !check.room("/fulfillments", self.fulfillments.len(), MOST_PARTS) {
            return Vec::new();
        }
        let mut all = Vec::new();
        for (index, given) in self.fulfillments.iter().enumerate() {
            let at = |name: &str| format!("/fulfillments/{index}/{name}");
            let mut fulfillment = Fulfillment {
                external_id: check.id(&at("external_id"), &given.external_id),
                source_version: None,
                source_sequence: None,
                state: check.choice(&at("state"), &given.state).unwrap_or_default(),
                tracking_company: check.maybe(&at("tracking_company"), given.tracking_company.as_ref(), 200),
                tracking_numbers: texts(&at("tracking_numbers"), &given.tracking_numbers, 50, 200, check),
                tracking_urls: texts(&at("tracking_urls"), &given.tracking_urls, 50, 2000, check),
                shipped_at: check.maybe_time(&at("shipped_at"), given.shipped_at),
                delivered_at: check.maybe_time(&at("delivered_at"), given.delivered_at),
                lines: quantities(&at("lines"), &given.lines, check),
            };
            fulfillment.set_version(check.version(&at("source_version"), given.source_version.as_ref()));
            all.push(fulfillment);
        }
        once("fulfillments", all.iter().map(Part::external_id), check);
        all
    }

    fn refunds(&self, check: &mut Check<'_>) -> Vec<Refund> {
        if !check.room("/refunds", self.refunds.len(), MOST_PARTS) {
            return Vec::new();
        }
        let mut all = Vec::new();
        for (index, given) in self.refunds.iter().enumerate() {
            let at = |name: &str| format!("/refunds/{index}/{name}");
            let mut refund = Refund {
                external_id: check.id(&at("external_id"), &given.external_id),
                source_version: None,
                source_sequence: None,
                amount: check.amount(&at("amount"), &given.amount),
                reason: check.maybe(&at("reason"), given.reason.as_ref(), 1000),
                restock: given.restock,
                refunded_at: check.maybe_time(&at("refunded_at"), given.refunded_at),
                payments: texts(&at("payments"), &given.payments, MOST_PARTS, 200, check),
                lines: quantities(&at("lines"), &given.lines, check),
            };
            refund.payments.sort();
            refund.payments.dedup();
            refund.set_version(check.version(&at("source_version"), given.source_version.as_ref()));
            all.push(refund);
        }
        once("refunds", all.iter().map(Part::external_id), check);
        all
    }
}

fn line_of(pointer: &str, index: usize, given: &LineInput, check: &mut Check<'_>) -> Line {
    let at = |name: &str| format!("{pointer}/{name}");
    let quantity = check.quantity(&at("quantity"), given.quantity);
    let current = given.current_quantity.unwrap_or(quantity);
    let mut sum = |name: &str, amount: &Option<AmountInput>| {
        amount.as_ref().map(|amount| check.amount(&at(name), amount))
    };
    let price = sum("price", &given.price).unwrap_or_default();
    let discount = sum("discount", &given.discount).unwrap_or_default();
    let tax = sum("tax", &given.tax).unwrap_or_default();
    let total = sum("total", &given.total)
        .unwrap_or_else(|| (price * Decimal::from(quantity) - discount).max(Decimal::ZERO));
    let title = check.line(&at("title"), &given.title, 500);
    if title.is_none() {
        check.faults.add(at("title"), "missing", "a line has a title");
    }
    if total >= Decimal::from(MOST) {
        let message = "price times quantity is too much to be kept";
        check.faults.add(at("price"), "amount_invalid", message);
    }
    Line {
        position: i32::try_from(index).unwrap_or(i32::MAX),
        external_id: check.maybe(&at("external_id"), given.external_id.as_ref(), 200),
        product_external_id: check.maybe(
            &at("product_external_id"),
            given.product_external_id.as_ref(),
            200,
        ),
        variant_external_id: check.maybe(
            &at("variant_external_id"),
            given.variant_external_id.as_ref(),
            200,
        ),
        sku: check.maybe(&at("sku"), given.sku.as_ref(), 200),
        title: title.unwrap_or_default(),
        variant_title: check.maybe(&at("variant_title"), given.variant_title.as_ref(), 500),
        brand: check.maybe(&at("brand"), given.brand.as_ref(), 200),
        category: check.maybe(&at("category"), given.category.as_ref(), 200),
        quantity,
        current_quantity: check.quantity(&at("current_quantity"), current),
        price,
        discount,
        tax,
        total,
        gift_card: given.gift_card,
        requires_shipping: given.requires_shipping.unwrap_or(true),
    }
}

/// An e-mail address; an empty one is none.
pub(super) fn email_of(given: &Patch<String>, check: &mut Check<'_>) -> Patch<Email> {
    match given {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(text) if text.trim().is_empty() => Patch::Clear,
        Patch::Set(text) => check
            .faults
            .take("/email", "email_invalid", Email::parse(text))
            .map_or(Patch::Keep, Patch::Set),
    }
}

/// Whose something of a source is.
pub(super) fn whose_of(
    customer_id: Patch<CustomerId>,
    customer: &Patch<CustomerKey>,
    email: &Patch<String>,
    source: &str,
    check: &mut Check<'_>,
) -> Whose {
    let key = match customer {
        Patch::Set(key) => {
            let source = match &key.source {
                Some(source) => check.source("/customer/source", source),
                None => source.to_owned(),
            };
            Some((source, check.id("/customer/external_id", &key.external_id)))
        }
        Patch::Keep | Patch::Clear => None,
    };
    // Its faults are noted where the field itself is read.
    let email = email.as_ref().value().and_then(|text| Email::parse(text).ok());
    match customer_id {
        Patch::Set(id) => Whose::Id(id),
        _ if key.is_some() || email.is_some() => Whose::Known { key, email },
        Patch::Clear => Whose::Nobody,
        Patch::Keep if *customer == Patch::Clear => Whose::Nobody,
        Patch::Keep => Whose::Unsaid,
    }
}

/// Each id may be named once.
fn once<'a>(list: &str, ids: impl Iterator<Item = &'a str>, check: &mut Check<'_>) {
    let mut seen = HashSet::new();
    for (index, id) in ids.enumerate() {
        if !id.is_empty() && !seen.insert(id) {
            let pointer = format!("/{list}/{index}/external_id");
            check
                .faults
                .add(pointer, "repeated", "this id stands further up already");
        }
    }
}

fn amount(pointer: &str, given: &Patch<AmountInput>, check: &mut Check<'_>) -> Patch<Decimal> {
    given.as_ref().map(|given| check.amount(pointer, given))
}

fn time(pointer: &str, given: Patch<DateTime<Utc>>, check: &mut Check<'_>) -> Patch<DateTime<Utc>> {
    given.map(|time| check.time(pointer, time))
}

fn rate(given: &Patch<String>, check: &mut Check<'_>) -> Patch<Decimal> {
    let Patch::Set(text) = given else {
        return given.as_ref().map(|_| Decimal::ONE);
    };
    let digits = text.trim().bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.trim().len() <= 24;
    let rate = text
        .trim()
        .parse::<Decimal>()
        .ok()
        .map(|rate| rate.round_dp(10))
        .filter(|rate| digits && *rate > Decimal::ZERO && *rate < Decimal::from(1_000_000_000));
    if rate.is_none() {
        check.faults.add(
            "/exchange_rate",
            "exchange_rate_invalid",
            "a rate is a number above zero, as text with a point, such as 1.0842",
        );
    }
    rate.map_or(Patch::Keep, |rate| Patch::Set(rate.normalize()))
}

fn named(
    pointer: &str,
    given: &Patch<Vec<NamedAmountInput>>,
    check: &mut Check<'_>,
) -> Patch<Vec<NamedAmount>> {
    given.as_ref().map(|list| {
        check.room(pointer, list.len(), MOST_PARTS);
        let mut named = Vec::new();
        for (index, one) in list.iter().take(MOST_PARTS).enumerate() {
            let name = check.line(&format!("{pointer}/{index}/name"), &one.name, 200);
            named.push(NamedAmount {
                name: name.unwrap_or_default(),
                amount: check.amount(&format!("{pointer}/{index}/amount"), &one.amount),
            });
        }
        named
    })
}

pub(super) fn tags(pointer: &str, given: &Patch<Vec<String>>, check: &mut Check<'_>) -> Patch<Vec<String>> {
    given.as_ref().map(|list| {
        let mut tags = texts(pointer, list, 250, 255, check);
        tags.sort();
        tags.dedup();
        tags
    })
}

fn texts(pointer: &str, given: &[String], most: usize, longest: usize, check: &mut Check<'_>) -> Vec<String> {
    check.room(pointer, given.len(), most);
    let mut all = Vec::new();
    for (index, text) in given.iter().take(most).enumerate() {
        all.extend(check.line(&format!("{pointer}/{index}"), text, longest));
    }
    all
}

fn quantities(pointer: &str, given: &[LineQuantity], check: &mut Check<'_>) -> Vec<LineQuantity> {
    check.room(pointer, given.len(), MOST_LINES);
    let mut all = Vec::new();
    for (index, line) in given.iter().take(MOST_LINES).enumerate() {
        all.push(LineQuantity {
            external_id: check.id(&format!("{pointer}/{index}/external_id"), &line.external_id),
            quantity: check.quantity(&format!("{pointer}/{index}/quantity"), line.quantity),
        });
    }
    all
}

fn address(pointer: &str, given: &Patch<Address>, check: &mut Check<'_>) -> Patch<Address> {
    given.as_ref().map(|given| {
        let mut field =
            |name: &str, text: &Option<String>| check.maybe(&format!("{pointer}/{name}"), text.as_ref(), 300);
        let mut address = Address {
            name: field("name", &given.name),
            company: field("company", &given.company),
            line1: field("line1", &given.line1),
            line2: field("line2", &given.line2),
            city: field("city", &given.city),
            province: field("province", &given.province),
            postal_code: field("postal_code", &given.postal_code),
            country: None,
            phone: field("phone", &given.phone),
        };
        if let Some(country) = given.country.as_ref().filter(|text| !text.trim().is_empty()) {
            let pointer = format!("{pointer}/country");
            let country = regulars_kernel::Country::parse(country);
            address.country = check
                .faults
                .take(&pointer, "country_invalid", country)
                .map(|country| country.as_str().to_owned());
        }
        address
    })
}

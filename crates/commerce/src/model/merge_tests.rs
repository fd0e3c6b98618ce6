//! Whatever order things arrive in, and however often, the order ends the same.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use regulars_kernel::{Actor, Currency, Faults, Patch};
use serde_json::{Value, json};

use super::{Change, Order, OrderInput, Speaker, facts, merge};

const BASE: Currency = Currency::EUR;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn change(body: Value) -> Change {
    let input: OrderInput = serde_json::from_value(body).unwrap();
    let mut faults = Faults::new();
    let change = input.check(BASE, &mut faults);
    assert_eq!(faults, Faults::new());
    change
}

/// A whole order, as a shop with versions tells it.
fn whole() -> impl Strategy<Value = Value> {
    (
        1..4_u32,
        0..3_u32,
        0..4_u32,
        prop::option::of(prop::sample::select(vec!["processing", "cancelled", "completed", "refunded"])),
        prop::option::of(prop::sample::select(vec!["authorized", "paid"])),
        prop::sample::select(vec!["EUR", "USD", "JPY"]),
        any::<bool>(),
    )
        .prop_map(|(version, number, quantity, status, payment, currency, cancelled)| {
            json!({
                "source": "shop", "external_id": "1", "source_version": {"at": format!("2026-01-0{version}T00:00:00Z"), "sequence": ""},
                "number": number.to_string(), "email": null, "phone": null, "note": null, "tags": [], "channel": null, "is_test": false,
                "currency": currency, "exchange_rate": if currency == "USD" { json!("0.9") } else { json!(null) },
                "subtotal": "10", "discount_total": "0", "shipping_total": "0", "tax_total": "0", "total": "10",
                "discounts": [], "taxes": [], "shipping_lines": [], "billing_address": null, "shipping_address": null,
                "placed_at": "2026-01-01T00:00:00Z", "cancelled_at": cancelled.then_some("2026-01-02T00:00:00Z"), "cancel_reason": null, "closed_at": null,
                "status": status, "payment_status": payment, "fulfillment_status": null,
                "lines": [{"external_id": "1", "title": "Shoes", "quantity": quantity, "price": "2"}],
            })
        })
}

/// A payment, fulfilment or refund by itself.
fn part() -> impl Strategy<Value = Value> {
    let version = |version: u32| json!({"at": format!("2026-01-0{version}T00:00:00Z"), "sequence": ""});
    let payment = (1..4_u32, 1..3_u32, 1..4_u32, any::<bool>()).prop_map(move |(at, id, amount, fine)| {
        json!({"payments": [{"external_id": id.to_string(), "source_version": version(at), "kind": "sale",
            "state": if fine { "succeeded" } else { "failed" }, "amount": {"amount": (amount * 5).to_string(), "currency": "EUR"}}]})
    });
    let fulfillment = (1..4_u32, 1..3_u32, 0..3_u32, prop::sample::select(vec!["shipped", "delivered", "cancelled"]))
        .prop_map(move |(at, id, quantity, state)| {
            json!({"fulfillments": [{"external_id": id.to_string(), "source_version": version(at), "state": state,
                "shipped_at": "2026-01-03T00:00:00Z", "lines": [{"external_id": "1", "quantity": quantity}]}]})
        });
    let refund = (1..4_u32, 1..3_u32, 1..3_u32).prop_map(move |(at, id, amount)| {
        json!({"refunds": [{"external_id": id.to_string(), "source_version": version(at), "amount": (amount * 5).to_string()}]})
    });
    prop_oneof![payment, fulfillment, refund].prop_map(|mut body| {
        body["source"] = json!("shop");
        body["external_id"] = json!("1");
        // Of no version of the order itself: only the part has one.
        body["source_version"] = json!({"at": "2026-01-01T00:00:00Z", "sequence": ""});
        body
    })
}

/// What anybody can see of the order at the end.
fn end(changes: &[Change]) -> Value {
    let mut order = Order::blank("shop", "1", BASE, time("2026-01-01T00:00:00Z"));
    for (index, change) in changes.iter().enumerate() {
        let speaker = Speaker {
            actor: Actor::System,
            now: time("2026-02-01T00:00:00Z") + chrono::TimeDelta::seconds(index as i64),
        };
        order = merge(&order, change, Patch::Keep, BASE, speaker);
        let new = facts(&order, change, speaker);
        order.told.extend(new.into_iter().map(|fact| fact.key));
        order.told.sort();
        let mut once = order.told.clone();
        once.dedup();
        assert_eq!(once, order.told, "each fact once");
    }
    let mut shown = serde_json::to_value(order.show()).unwrap();
    for untold in ["id", "version"] {
        shown[untold] = json!(null);
    }
    shown["counts"] = json!(order.derived.counts);
    shown
}

proptest! {
    #[test]
    fn any_order_of_arrival_ends_in_the_same_order(
        (told, shuffled) in prop::collection::vec(prop_oneof![whole(), part()], 1..9)
            .prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
        twice in any::<prop::sample::Index>(),
    ) {
        let told: Vec<Change> = told.into_iter().map(change).collect();
        let mut shuffled: Vec<Change> = shuffled.into_iter().map(change).collect();
        shuffled.push(shuffled[twice.index(shuffled.len())].clone());
        prop_assert_eq!(end(&told), end(&shuffled));
    }

    #[test]
    fn a_deleted_order_stays_as_it_is(told in prop::collection::vec(prop_oneof![whole(), part()], 1..5)) {
        let mut order = Order::blank("shop", "1", BASE, time("2026-01-01T00:00:00Z"));
        order.bury(BASE, time("2026-01-02T00:00:00Z"));
        let speaker = Speaker { actor: Actor::System, now: time("2026-02-01T00:00:00Z") };
        for body in told {
            let change = change(body);
            let after = merge(&order, &change, Patch::Keep, BASE, speaker);
            prop_assert_eq!(&after, &order);
            prop_assert!(facts(&after, &change, speaker).is_empty());
        }
    }
}

#[test]
fn what_is_told_without_a_version_counts_and_a_newer_version_still_replaces_it() {
    let speaker = Speaker {
        actor: Actor::System,
        now: time("2026-02-01T00:00:00Z"),
    };
    let mut order = Order::blank("shop", "1", BASE, speaker.now);
    let at = |day: u32, number: &str| {
        change(
            json!({"source": "shop", "external_id": "1", "number": number, "source_version": {"at": format!("2026-01-0{day}T00:00:00Z")}}),
        )
    };
    for (told, number) in [
        (at(2, "two"), "two"),
        (at(1, "one"), "two"),
        (
            change(json!({"source": "shop", "external_id": "1", "number": "by hand"})),
            "by hand",
        ),
        (at(2, "two"), "two"),
        (at(3, "three"), "three"),
    ] {
        order = merge(&order, &told, Patch::Keep, BASE, speaker);
        assert_eq!(order.core.number.as_deref(), Some(number));
    }
}

#[test]
fn money_is_converted_half_to_even_and_not_without_a_rate() {
    let speaker = Speaker {
        actor: Actor::System,
        now: time("2026-02-01T00:00:00Z"),
    };
    let blank = Order::blank("shop", "1", BASE, speaker.now);
    for (currency, rate, total, base) in [
        ("EUR", json!(null), "0.10", Some("0.1")),
        ("USD", json!("0.5"), "0.05", Some("0.02")),
        ("USD", json!("0.5"), "0.07", Some("0.04")),
        ("JPY", json!("0.0061"), "1000", Some("6.1")),
        ("USD", json!(null), "1.00", None),
    ] {
        let told = json!({"source": "shop", "external_id": "1", "currency": currency, "exchange_rate": rate, "total": total});
        let order = merge(&blank, &change(told), Patch::Keep, BASE, speaker);
        assert_eq!(
            order
                .derived
                .total_base
                .map(|amount| amount.to_string())
                .as_deref(),
            base,
            "{currency} {total}"
        );
        assert!(order.derived.counts);
    }
}

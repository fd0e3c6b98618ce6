//! Whatever order things arrive in, and however often, the cart ends the same.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use regulars_kernel::{Actor, Currency, Faults, Patch, ids::CustomerId};
use serde_json::{Value, json};

use super::{Cart, CartInput, CartState, Conversion, Speaker, Whose, convert_cart, merge_cart};

const BASE: Currency = Currency::EUR;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn customer(number: u32) -> CustomerId {
    CustomerId(uuid::Uuid::from_u128(number.into()))
}

/// What may be heard of one cart.
#[derive(Clone, Debug)]
enum Heard {
    Told(Value),
    Order(u32, u32, Option<u32>),
    Deleted,
}

fn at(day: u32) -> String {
    format!("2026-01-{day:02}T00:00:00Z")
}

/// What is in it, as a shop tells of carts.
fn content(day: u32, quantity: u32, currency: &str) -> Value {
    json!({"source": "shop", "external_id": "1", "source_version": {"at": at(day), "sequence": ""}, "currency": currency,
        "lines": [{"title": "Shoes", "quantity": quantity, "price": "59.90"}]})
}

/// The same at the checkout, with whoever is there.
fn checkout(day: u32, quantity: u32, whose: Option<u32>, begun: u32) -> Value {
    let mut body = content(day, quantity, "EUR");
    body["email"] = json!(format!("c{day}@example.com"));
    body["recovery_url"] = json!("https://shop.example/1");
    body["checkout_started_at"] = json!(at(begun));
    if let Some(number) = whose {
        body["customer_id"] = json!(customer(number));
    }
    body
}

fn heard() -> impl Strategy<Value = Heard> {
    prop_oneof![
        6 => (1..6_u32, 0..4_u32, prop::sample::select(vec!["EUR", "USD"])).prop_map(|(day, quantity, currency)| Heard::Told(content(day, quantity, currency))),
        6 => (1..6_u32, 0..4_u32, prop::option::of(1..4_u32), 1..6_u32).prop_map(|(day, quantity, whose, begun)| Heard::Told(checkout(day, quantity, whose, begun))),
        3 => (1..4_u32, 5..8_u32, prop::option::of(1..4_u32)).prop_map(|(order, day, whose)| Heard::Order(order, day, whose)),
        1 => Just(Heard::Deleted),
    ]
}

fn hear(before: &Cart, heard: &Heard, now: &str) -> Cart {
    let speaker = Speaker {
        actor: Actor::System,
        now: time(now),
    };
    match heard {
        Heard::Told(body) => {
            let input: CartInput = serde_json::from_value(body.clone()).unwrap();
            let mut faults = Faults::new();
            let change = input.check(BASE, &mut faults);
            assert_eq!(faults, Faults::new());
            let whose = match &change.whose {
                Whose::Id(id) => Patch::Set(*id),
                _ => Patch::Keep,
            };
            merge_cart(before, &change, whose, speaker)
        }
        Heard::Order(order, day, whose) => convert_cart(
            before,
            &Conversion {
                source: "shop".into(),
                cart_external_id: "1".into(),
                order_external_id: order.to_string(),
                at: time(&at(*day)),
                customer_id: whose.map(customer),
            },
        ),
        Heard::Deleted => {
            let mut after = before.clone();
            if after.deleted_at.is_none() {
                after.bury(BASE, time(&at(9)));
            }
            after
        }
    }
}

proptest! {
    #[test]
    fn any_order_with_repetitions_ends_in_the_same_cart(
        (all, shuffled) in prop::collection::vec(heard(), 1..8).prop_flat_map(|all| {
            let twice: Vec<Heard> = all.iter().chain(&all).cloned().collect();
            (Just(all), Just(twice).prop_shuffle())
        }),
    ) {
        let blank = Cart::blank("shop", "1", BASE, time("2026-01-01T00:00:00Z"));
        let one = all.iter().fold(blank.clone(), |cart, heard| hear(&cart, heard, "2026-02-01T00:00:00Z"));
        // At another time as well: what is heard late is of the time that it says.
        let other = shuffled.iter().fold(blank, |cart, heard| hear(&cart, heard, "2026-03-01T00:00:00Z"));
        prop_assert_eq!(one, other);
    }
}

#[test]
fn a_cart_is_abandoned_an_hour_after_its_last_change_and_an_order_ends_that() {
    let blank = Cart::blank("shop", "1", BASE, time("2026-01-01T00:00:00Z"));
    let state = |cart: &Cart, at: &str| cart.state(time(at));
    let cart = hear(&blank, &Heard::Told(content(2, 1, "EUR")), "2026-01-02T00:00:00Z");
    assert_eq!(state(&cart, "2026-01-02T00:59:59Z"), CartState::Open);
    assert_eq!(state(&cart, "2026-01-02T01:00:00Z"), CartState::Abandoned);
    let cart = hear(
        &cart,
        &Heard::Told(checkout(3, 2, Some(1), 3)),
        "2026-01-03T00:00:00Z",
    );
    assert_eq!(state(&cart, "2026-01-03T00:30:00Z"), CartState::Checkout);
    assert_eq!(state(&cart, "2026-01-04T00:00:00Z"), CartState::Abandoned);
    assert_eq!((cart.items, cart.total.to_string().as_str()), (2, "119.8"));
    let bought = hear(&cart, &Heard::Order(7, 5, Some(2)), "2026-01-05T00:00:00Z");
    assert_eq!(state(&bought, "2026-01-09T00:00:00Z"), CartState::Converted);
    assert_eq!(bought.customer_id, Some(customer(1)));
    let empty = hear(&blank, &Heard::Told(content(2, 0, "EUR")), "2026-01-02T00:00:00Z");
    assert_eq!(state(&empty, "2026-03-02T00:00:00Z"), CartState::Empty);
}

#[test]
fn what_is_told_of_the_cart_alone_takes_nothing_from_the_checkout() {
    let blank = Cart::blank("shop", "1", BASE, time("2026-01-01T00:00:00Z"));
    let cart = hear(
        &blank,
        &Heard::Told(checkout(2, 1, Some(1), 2)),
        "2026-01-02T00:00:00Z",
    );
    let cart = hear(&cart, &Heard::Told(content(3, 3, "EUR")), "2026-01-03T00:00:00Z");
    assert_eq!((cart.items, cart.email.as_deref()), (3, Some("c2@example.com")));
    assert!(cart.recovery_url.is_some() && cart.customer_id == Some(customer(1)));
    let kinds: Vec<_> = cart.facts().iter().map(|fact| fact.kind).collect();
    assert_eq!(kinds, ["cart.created", "checkout.started"]);
}

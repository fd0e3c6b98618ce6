//! One customer's whole life as Shopify tells it.

use serde_json::{Value, json};

/// Beyond what a float can hold.
const FIRST: u64 = 7_000_000_000_000_000_000;

pub fn at(minute: u32) -> String {
    format!("2026-05-01T10:{minute:02}:00Z")
}

/// The ids of a life: of who is left and who becomes part of them, and of their things.
#[derive(Clone, Copy)]
pub struct Ids(pub u64);

impl Ids {
    pub fn kept(self) -> u64 {
        FIRST + self.0 * 100
    }

    pub fn gone(self) -> u64 {
        self.kept() + 1
    }

    fn order(self, number: u64) -> u64 {
        self.kept() + 10 + number
    }

    pub fn number(self, number: u64) -> String {
        format!("#{}-{number}", self.0)
    }

    fn profile(self, minute: u32, is_kept: bool, changes: &Value) -> Value {
        let (id, name) = if is_kept {
            (self.kept(), "kept")
        } else {
            (self.gone(), "gone")
        };
        let profile = json!({"id": id, "updated_at": at(minute), "email": format!("{name}{}@example.com", self.0), "first_name": "Ada", "last_name": "Byron",
            "state": "disabled", "verified_email": true, "note": null});
        with(profile, changes)
    }

    fn address(self, city: &str) -> Value {
        json!([{"id": self.kept() + 50, "address1": "Street 1", "city": city, "country_code": "DE", "default": true}])
    }

    fn line(self, number: u64, current: u32) -> Value {
        json!({"id": self.kept() + 20 + number, "product_id": 7 + number, "variant_id": 70 + number, "title": format!("Thing {number}"), "vendor": format!("Brand {number}"),
            "price": "20.00", "quantity": 2, "current_quantity": current})
    }

    /// An order of the kept one, of two lines.
    fn order_of(self, number: u64, minute: u32, changes: &Value) -> Value {
        let order = json!({
            "id": self.order(number), "name": self.number(number), "email": format!("kept{}@example.com", self.0), "currency": "EUR", "created_at": at(10), "processed_at": at(10),
            "updated_at": at(minute), "total_price": "80.00", "subtotal_price": "80.00", "financial_status": "paid", "fulfillment_status": null, "test": false, "tags": "web",
            "customer": self.profile(9, true, &json!({"state": "enabled", "first_name": "Augusta", "phone": null})),
            "line_items": [self.line(0, 2), self.line(1, 2)], "fulfillments": [], "refunds": [],
        });
        with(order, changes)
    }

    fn transaction(self, number: u64, kind: &str, amount: &str, minute: u32) -> Value {
        json!({"id": self.kept() + 30 + number, "order_id": self.order(1), "kind": kind, "status": "success", "amount": amount, "currency": "EUR", "gateway": "visa",
            "created_at": at(minute), "processed_at": at(minute)})
    }

    fn sent(self) -> Value {
        json!({"id": self.kept() + 40, "order_id": self.order(1), "status": "success", "created_at": at(14), "updated_at": at(14), "tracking_company": "DHL", "tracking_numbers": ["1"],
            "tracking_urls": [], "shipment_status": null, "line_items": [{"id": self.kept() + 20, "quantity": 2}]})
    }

    fn refund(self) -> Value {
        json!({"id": self.kept() + 41, "order_id": self.order(1), "created_at": at(16), "processed_at": at(16), "note": "too small", "restock": true,
            "refund_line_items": [{"id": self.kept() + 42, "line_item_id": self.kept() + 20, "quantity": 1}], "transactions": [self.transaction(2, "refund", "20.00", 16)]})
    }

    fn cart(self, minute: u32, quantity: u32) -> Value {
        json!({"id": format!("t{}", self.0), "token": format!("t{}", self.0), "note": null, "created_at": at(5), "updated_at": at(minute),
            "line_items": [{"id": 71, "variant_id": 71, "product_id": 7, "title": "Thing", "quantity": quantity, "price": "20.00"}]})
    }

    fn checkout(self) -> Value {
        let cart = self.cart(8, 2);
        let more = json!({"id": self.kept() + 60, "token": format!("k{}", self.0), "cart_token": format!("t{}", self.0), "email": format!("kept{}@example.com", self.0), "currency": "EUR",
            "completed_at": null, "customer": self.profile(7, true, &json!({"phone": "+4930123456"}))});
        with(cart, &more)
    }
}

fn with(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub type Word = (&'static str, String, Value);

/// What is said of the kept customer themselves.
fn of_customer(ids: Ids) -> Vec<Word> {
    let gid = format!("gid://shopify/Customer/{}", ids.kept());
    let tags =
        |minute: u32, names: &[&str]| json!({"customerId": gid, "tags": names, "occurredAt": at(minute)});
    let email = |minute: u32, state: &str| json!({"customer_id": ids.kept(), "email_marketing_consent": {"state": state, "consent_updated_at": at(minute)}});
    let sms = |minute: u32, state: &str| json!({"id": ids.kept(), "sms_marketing_consent": {"state": state, "consent_updated_at": at(minute)}});
    let summary = json!({"customerId": gid, "numberOfOrders": 4, "amountSpent": {"amount": "90.00", "currencyCode": "EUR"}, "lastOrderId": null, "occurredAt": at(27)});
    let profile = |minute: u32, changes: Value| ids.profile(minute, true, &changes);
    let email_topic = "customers_email_marketing_consent/update";
    vec![
        (
            "customers/create",
            at(0),
            profile(
                0,
                json!({"phone": "+4930123456", "addresses": ids.address("Berlin")}),
            ),
        ),
        ("customer.tags_added", at(1), tags(1, &["vip", "press"])),
        (email_topic, at(2), email(2, "subscribed")),
        ("customers_marketing_consent/update", at(2), sms(2, "subscribed")),
        (
            "customers/enable",
            at(3),
            profile(
                3,
                json!({"state": "enabled", "first_name": "Augusta", "phone": null}),
            ),
        ),
        ("customer.tags_removed", at(4), tags(4, &["press"])),
        (email_topic, at(5), email(5, "unsubscribed")),
        (
            "customers/update",
            at(11),
            profile(
                11,
                json!({"state": "enabled", "first_name": "Augusta", "phone": null, "addresses": ids.address("Hamburg")}),
            ),
        ),
        ("customer.tags_added", at(12), tags(12, &["press"])),
        ("customer.tags_removed", at(13), tags(13, &["vip"])),
        (
            "customers_marketing_consent/update",
            at(15),
            sms(15, "unsubscribed"),
        ),
        (
            "customers/disable",
            at(25),
            profile(
                25,
                json!({"first_name": "Augusta", "phone": "+4930654321", "addresses": ids.address("Hamburg")}),
            ),
        ),
        ("customers/purchasing_summary", at(27), summary),
        (
            "customers/update",
            at(31),
            profile(
                31,
                json!({"first_name": "Augusta Ada", "phone": "+4930654321", "note": "merged", "addresses": ids.address("Hamburg")}),
            ),
        ),
        (email_topic, at(32), email(32, "subscribed")),
    ]
}

/// What is said of their carts and orders.
fn of_orders(ids: Ids) -> Vec<Word> {
    let of_cart = json!({"cart_token": format!("t{}", ids.0), "checkout_id": ids.kept() + 60});
    let first = |minute: u32, changes: &Value| with(ids.order_of(1, minute, changes), &of_cart);
    let edited = json!({"line_items": [ids.line(0, 2), ids.line(1, 1)], "total_price": "60.00", "subtotal_price": "60.00"});
    let sent = with(
        edited.clone(),
        &json!({"fulfillment_status": "partial", "fulfillments": [ids.sent()]}),
    );
    let back = with(
        sent.clone(),
        &json!({"financial_status": "partially_refunded", "refunds": [ids.refund()]}),
    );
    let cancelled =
        json!({"cancelled_at": at(20), "cancel_reason": "customer", "financial_status": "voided"});
    vec![
        ("carts/create", at(5), ids.cart(5, 1)),
        ("carts/update", at(6), ids.cart(6, 2)),
        ("checkouts/create", at(8), ids.checkout()),
        ("orders/create", at(10), first(10, &json!({}))),
        (
            "order_transactions/create",
            at(10),
            ids.transaction(1, "sale", "80.00", 10),
        ),
        ("orders/updated", at(12), first(12, &edited)),
        ("fulfillments/create", at(14), ids.sent()),
        ("orders/partially_fulfilled", at(14), first(14, &sent)),
        ("refunds/create", at(16), ids.refund()),
        ("orders/updated", at(16), first(16, &back)),
        (
            "orders/create",
            at(18),
            ids.order_of(2, 18, &json!({"financial_status": "pending"})),
        ),
        ("orders/cancelled", at(20), ids.order_of(2, 20, &cancelled)),
        ("orders/create", at(21), ids.order_of(3, 21, &json!({}))),
        ("orders/delete", at(22), json!({"id": ids.order(3)})),
    ]
}

/// What is said of the one who becomes part of them.
fn of_other(ids: Ids) -> Vec<Word> {
    let other = |minute: u32| {
        ids.profile(
            minute,
            false,
            &json!({"first_name": "A.", "phone": "+4930999999", "state": "enabled", "note": "the other"}),
        )
    };
    let email = json!({"customer_id": ids.gone(), "email_marketing_consent": {"state": "subscribed", "consent_updated_at": at(19)}});
    let tags = json!({"customerId": format!("gid://shopify/Customer/{}", ids.gone()), "tags": ["other"], "occurredAt": at(19)});
    let order = |minute: u32, status: &str| {
        let theirs = json!({"customer": other(2), "email": format!("gone{}@example.com", ids.0), "financial_status": status});
        ids.order_of(4, minute, &theirs)
    };
    let merge = json!({"admin_graphql_api_customer_kept_id": format!("gid://shopify/Customer/{}", ids.kept()),
        "admin_graphql_api_customer_deleted_id": format!("gid://shopify/Customer/{}", ids.gone()), "status": "completed", "errors": []});
    vec![
        ("customers/create", at(2), other(2)),
        ("customer.tags_added", at(19), tags),
        ("customers_email_marketing_consent/update", at(19), email),
        ("orders/create", at(23), order(23, "pending")),
        ("orders/paid", at(24), order(24, "paid")),
        ("customers/merge", at(30), merge),
        ("customers/delete", at(33), json!({"id": ids.gone()})),
    ]
}

pub fn life(ids: Ids) -> Vec<Word> {
    [of_customer(ids), of_orders(ids), of_other(ids)].concat()
}

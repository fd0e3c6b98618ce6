//! What Shopify says of customers, and what becomes of it.

use serde_json::{Value, json};

use crate::shop::Shop;

fn ada(changes: &Value) -> Value {
    let mut ada = json!({
        "id": 706_405_506_930_370_084_u64, "updated_at": "2026-05-01T10:00:00Z", "email": "ada@example.com", "first_name": "Ada",
        "last_name": "Byron", "state": "enabled", "verified_email": true, "phone": "+4930123456", "note": "loves ice cream",
        "default_address": {"id": 1, "address1": "Unter den Linden 1", "city": "Berlin", "zip": "10117", "country_code": "DE", "phone": "555"},
        "addresses": [],
    });
    for (name, value) in changes.as_object().unwrap() {
        ada[name] = value.clone();
    }
    ada
}

const ID: &str = "706405506930370084";

#[tokio::test]
async fn a_customer_comes_with_all_that_is_said_and_what_does_not_fit_is_named() {
    let shop = Shop::new().await;
    shop.says(
        "customers/create",
        "2026-05-01T10:00:01Z",
        &ada(&json!({"tags": "vip, Berlin"})),
    )
    .await;
    shop.process().await;
    let customer = shop.customer(ID).await;
    assert_eq!(customer["full_name"], "Ada Byron");
    assert_eq!(customer["type"], "registered");
    assert_eq!(customer["email_verified"], true);
    assert_eq!(customer["internal_note"], "loves ice cream");
    assert_eq!(customer["addresses"][0]["city"], "Berlin");
    assert_eq!(customer["addresses"][0]["phone"], Value::Null);
    assert_eq!(customer["tags"], json!(["Berlin", "vip"]));
    let event = shop.events().await[0]["id"].as_str().unwrap().to_owned();
    let result = shop
        .get(&format!("/webhook-events/{event}"))
        .await
        .expect(200)
        .json["result"]
        .clone();
    assert_eq!(result["left_out"], json!(["/addresses/phone"]));
    assert_eq!(result["created"], true);
}

#[tokio::test]
async fn absent_is_not_empty_and_what_staff_changed_stays() {
    let shop = Shop::new().await;
    shop.says("customers/create", "2026-05-01T10:00:01Z", &ada(&json!({})))
        .await;
    shop.process().await;
    let before = shop.customer(ID).await;
    let path = format!("/api/v1/customers/{}", before["id"].as_str().unwrap());
    let staff = json!({"first_name": "Augusta", "tags": ["friend"], "type": "wholesale"});
    shop.app
        .patch(&path)
        .bearer(&shop.key)
        .json(&staff)
        .await
        .expect(200);
    // Without names, without addresses; with a phone that is none any more.
    let thin = json!({"id": 706_405_506_930_370_084_u64, "updated_at": "2026-05-02T10:00:00Z", "email": "ada@example.org", "phone": null, "state": "disabled"});
    shop.says("customers/update", "2026-05-02T10:00:01Z", &thin).await;
    // The names as they were: no news.
    shop.says(
        "customers/update",
        "2026-05-03T10:00:01Z",
        &ada(&json!({"updated_at": "2026-05-03T10:00:00Z", "email": "ada@example.org", "phone": null})),
    )
    .await;
    shop.process().await;
    let after = shop.customer(ID).await;
    assert_eq!(after["email"], "ada@example.org");
    assert_eq!(after["phone"], Value::Null);
    assert_eq!(after["first_name"], "Augusta");
    assert_eq!(after["type"], "wholesale");
    assert_eq!(after["tags"], json!(["friend"]));
    assert_eq!(after["addresses"][0]["city"], "Berlin");
}

#[tokio::test]
async fn somebody_known_by_the_address_is_linked_and_two_of_shopify_stay_two() {
    let shop = Shop::new().await;
    let known = json!({"email": "ada@example.com", "first_name": "Augusta"});
    let known = shop
        .app
        .post("/api/v1/customers")
        .bearer(&shop.key)
        .json(&known)
        .await
        .expect(201)
        .json;
    shop.says("customers/create", "2026-05-01T10:00:01Z", &ada(&json!({})))
        .await;
    shop.process().await;
    let linked = shop.customer(ID).await;
    assert_eq!(linked["id"], known["id"]);
    assert_eq!(linked["first_name"], "Ada");
    let other = json!({"id": 5, "email": "ADA@example.com", "first_name": "Eve", "updated_at": "2026-05-01T11:00:00Z"});
    shop.says("customers/create", "2026-05-01T11:00:01Z", &other)
        .await;
    shop.process().await;
    let other = shop.customer("5").await;
    assert_ne!(other["id"], known["id"]);
    assert_eq!(
        (&other["email"], &other["first_name"]),
        (&Value::Null, &json!("Eve"))
    );
}

#[tokio::test]
async fn a_late_message_loosens_no_withdrawal_and_a_new_word_does() {
    let shop = Shop::new().await;
    let consent = |state: &str, at: &str| json!({"customer_id": 706_405_506_930_370_084_u64, "email_marketing_consent": {"state": state, "consent_updated_at": at}});
    let topic = "customers_email_marketing_consent/update";
    // Before the customer is known.
    shop.says(
        topic,
        "2026-05-02T10:00:00Z",
        &consent("unsubscribed", "2026-05-02T10:00:00Z"),
    )
    .await;
    shop.says("customers/create", "2026-05-01T10:00:01Z", &ada(&json!({"email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-05-01T10:00:00Z"}}))).await;
    shop.process().await;
    let state = async || {
        let customer = shop.customer(ID).await;
        let consents = customer["consents"].as_array().unwrap().clone();
        let email = consents.iter().find(|one| one["channel"] == "email").unwrap();
        (
            email["state"].as_str().unwrap().to_owned(),
            email["changed_at"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(
        state().await,
        ("unsubscribed".into(), "2026-05-02T10:00:00Z".into())
    );
    shop.says(
        topic,
        "2026-05-04T10:00:00Z",
        &consent("SUBSCRIBED", "2026-05-01T12:00:00Z"),
    )
    .await;
    shop.process().await;
    assert_eq!(state().await.0, "unsubscribed");
    shop.says(
        topic,
        "2026-05-05T10:00:00Z",
        &consent("subscribed", "2026-05-05T10:00:00Z"),
    )
    .await;
    shop.process().await;
    assert_eq!(
        state().await,
        ("subscribed".into(), "2026-05-05T10:00:00Z".into())
    );
}

#[tokio::test]
async fn who_is_asked_once_more_has_not_withdrawn_whichever_comes_first() {
    let consent = |state: &str, at: &str| json!({"customer_id": 706_405_506_930_370_084_u64, "email_marketing_consent": {"state": state, "consent_updated_at": at}});
    let words = [
        ("not_subscribed", "2026-05-04T10:00:00Z"),
        ("subscribed", "2026-05-02T10:00:00Z"),
        ("pending", "2026-05-03T10:00:00Z"),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let shop = Shop::new().await;
        shop.says("customers/create", "2026-05-01T10:00:01Z", &ada(&json!({})))
            .await;
        for (state, at) in order.map(|index| words[index]) {
            shop.says(
                "customers_email_marketing_consent/update",
                at,
                &consent(state, at),
            )
            .await;
            shop.process().await;
        }
        let consents = shop.customer(ID).await["consents"].clone();
        assert_eq!(consents[0]["state"], "subscribed", "{order:?}: {consents}");
    }
}

#[tokio::test]
async fn who_is_deleted_there_is_deleted_here_unless_known_otherwise_and_never_comes_back() {
    let shop = Shop::new().await;
    shop.says("customers/create", "2026-05-01T10:00:01Z", &ada(&json!({})))
        .await;
    shop.says(
        "customers/create",
        "2026-05-01T10:00:01Z",
        &json!({"id": 5, "email": "eve@example.com", "updated_at": "2026-05-01T10:00:00Z"}),
    )
    .await;
    shop.process().await;
    let (ada_here, eve_here) = (shop.customer(ID).await, shop.customer("5").await);
    let source = json!({"source": "erp", "external_id": "E-5"});
    let path = format!("/api/v1/customers/{}/sources", eve_here["id"].as_str().unwrap());
    shop.app
        .post(&path)
        .bearer(&shop.key)
        .json(&source)
        .await
        .expect(201);
    for id in [json!(706_405_506_930_370_084_u64), json!(5), json!(6)] {
        shop.says(
            "customers/delete",
            "2026-05-02T10:00:00Z",
            &json!({"id": id, "tax_exemptions": []}),
        )
        .await;
    }
    shop.says(
        "customers/update",
        "2026-05-03T10:00:00Z",
        &ada(&json!({"updated_at": "2026-05-03T10:00:00Z"})),
    )
    .await;
    shop.says(
        "customers/create",
        "2026-05-03T10:00:00Z",
        &json!({"id": 6, "email": "late@example.com", "updated_at": "2026-05-01T10:00:00Z"}),
    )
    .await;
    shop.process().await;
    let one = |customer: &Value| format!("/customers/{}", customer["id"].as_str().unwrap());
    shop.get(&one(&ada_here)).await.expect(404);
    shop.get(&one(&eve_here)).await.expect(200);
    shop.get("/customers/by-email/late@example.com").await.expect(404);
}

#[tokio::test]
async fn a_thin_customer_in_an_order_claims_no_more_than_it_says() {
    let shop = Shop::new().await;
    // Newer, and first; it has no names and no list of addresses.
    let order = json!({"id": 9, "updated_at": "2026-05-02T10:00:00Z", "total_price": "1.00", "currency": "EUR", "created_at": "2026-05-02T10:00:00Z",
        "line_items": [], "customer": {"id": 706_405_506_930_370_084_u64, "email": "new@example.com", "updated_at": "2026-05-02T10:00:00Z"}});
    shop.says("orders/create", "2026-05-02T10:00:01Z", &order).await;
    shop.process().await;
    shop.says("customers/create", "2026-05-01T10:00:01Z", &ada(&json!({})))
        .await;
    shop.process().await;
    let customer = shop.customer(ID).await;
    assert_eq!(
        (&customer["email"], &customer["full_name"]),
        (&json!("new@example.com"), &json!("Ada Byron"))
    );
    assert_eq!(customer["addresses"][0]["city"], "Berlin");
}

#[tokio::test]
async fn an_attribute_that_is_required_here_keeps_nobody_out() {
    let shop = Shop::new().await;
    let attribute = json!({"name": "shoe_size", "label": "Shoe size", "kind": "number", "required": true});
    shop.app
        .post("/api/v1/attributes")
        .bearer(&shop.key)
        .json(&attribute)
        .await
        .expect(201);
    shop.says("customers/create", "2026-05-01T10:00:01Z", &ada(&json!({})))
        .await;
    shop.process().await;
    assert_eq!(shop.customer(ID).await["full_name"], "Ada Byron");
}

#[tokio::test]
async fn who_was_entered_here_outlives_the_deletion_there() {
    let shop = Shop::new().await;
    let here = json!({"email": "ada@example.com", "first_name": "Ada"});
    let here = shop
        .app
        .post("/api/v1/customers")
        .bearer(&shop.key)
        .json(&here)
        .await
        .expect(201)
        .json;
    shop.says("customers/create", "2026-05-01T10:00:01Z", &ada(&json!({})))
        .await;
    shop.process().await;
    assert_eq!(shop.customer(ID).await["id"], here["id"]);
    shop.says(
        "customers/delete",
        "2026-05-02T10:00:00Z",
        &json!({"id": 706_405_506_930_370_084_u64}),
    )
    .await;
    shop.process().await;
    shop.get(&format!("/customers/{}", here["id"].as_str().unwrap()))
        .await
        .expect(200);
}

#[tokio::test]
async fn two_who_were_merged_there_are_one_here_with_the_orders_of_both_whatever_comes_first() {
    let customer = |id: u64, email: &str| json!({"id": id, "email": email, "first_name": "Ada", "updated_at": "2026-05-01T10:00:00Z"});
    let order = |id: u64, whose: u64, email: &str| {
        json!({"id": id, "name": format!("#{id}"), "currency": "EUR", "total_price": "10.00", "created_at": "2026-05-01T11:00:00Z",
        "updated_at": "2026-05-01T11:00:00Z", "customer": customer(whose, email), "line_items": []})
    };
    let merge = json!({"admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1", "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2", "status": "completed", "errors": []});
    let words = [
        ("customers/create", customer(1, "kept@example.com")),
        ("customers/create", customer(2, "gone@example.com")),
        ("orders/create", order(11, 1, "kept@example.com")),
        ("orders/create", order(12, 2, "gone@example.com")),
        ("customers/merge", merge),
    ];
    for turn in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [1, 3, 4, 0, 2], [0, 2, 4, 3, 1]] {
        let shop = Shop::new().await;
        for index in turn {
            let (topic, body) = &words[index];
            shop.says(topic, "2026-05-03T10:00:00Z", body).await;
            shop.process().await;
        }
        let kept = shop.customer("1").await;
        let id = kept["id"].as_str().unwrap();
        let whole = shop.get(&format!("/customers/{id}")).await.expect(200).json;
        assert_eq!(
            (&whole["metrics"]["orders"], &whole["email"]),
            (&json!(2), &json!("kept@example.com")),
            "{turn:?}"
        );
        let living = shop.get("/customers").await.expect(200).json;
        assert_eq!(living["data"].as_array().unwrap().len(), 1, "{turn:?}");
    }
}

#[tokio::test]
async fn who_became_part_of_somebody_unknown_waits_for_them_and_gives_them_nothing_but_what_they_bought() {
    let shop = Shop::new().await;
    let customer = |id: u64, more: &Value| {
        let mut one =
            json!({"id": id, "email": format!("c{id}@example.com"), "updated_at": "2026-05-01T10:00:00Z"});
        one.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        one
    };
    let order = |id: u64| json!({"id": id, "name": format!("#{id}"), "currency": "EUR", "total_price": "10.00", "created_at": "2026-05-01T11:00:00Z", "updated_at": "2026-05-01T11:00:00Z", "customer": customer(2, &json!({})), "line_items": []});
    let told = json!({"phone": "+4930999999", "tags": "other", "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-05-01T10:00:00Z"}});
    let merge = json!({"admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1", "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2", "status": "completed", "errors": []});
    shop.says("customers/create", "2026-05-01T10:00:00Z", &customer(2, &told))
        .await;
    shop.says("orders/create", "2026-05-01T11:00:00Z", &order(11))
        .await;
    shop.process().await;
    // Deleted, then once more an order, and only then why.
    shop.says("customers/delete", "2026-05-03T10:00:00Z", &json!({"id": 2}))
        .await;
    shop.process().await;
    shop.says("orders/create", "2026-05-01T11:00:00Z", &order(12))
        .await;
    shop.process().await;
    shop.says("customers/merge", "2026-05-03T10:00:00Z", &merge).await;
    shop.process().await;
    let event = shop.events().await[0]["id"].as_str().unwrap().to_owned();
    let result = shop
        .get(&format!("/webhook-events/{event}"))
        .await
        .expect(200)
        .json["result"]
        .clone();
    assert_eq!(
        result,
        json!({"merged_into": "1", "waiting": "who is left is not known yet"})
    );
    shop.get("/customers/by-external-id/shopify/1").await.expect(404);
    shop.says(
        "customers/create",
        "2026-05-01T10:00:00Z",
        &customer(1, &json!({})),
    )
    .await;
    shop.process().await;
    let kept = shop.customer("1").await;
    assert_eq!(
        (&kept["email"], &kept["phone"], &kept["tags"], &kept["consents"]),
        (&json!("c1@example.com"), &Value::Null, &json!([]), &json!([]))
    );
    assert_eq!(shop.metrics("1").await["orders"], 2);
}

#[tokio::test]
async fn what_was_wished_for_and_owed_goes_over_with_a_merge() {
    let shop = Shop::new().await;
    let mut ids = Vec::new();
    for id in ["1", "2"] {
        let body = json!({"id": id.parse::<u64>().unwrap(), "email": format!("c{id}@example.com"), "updated_at": "2026-05-01T10:00:00Z"});
        shop.says("customers/create", "2026-05-01T10:00:00Z", &body).await;
        shop.process().await;
        ids.push(shop.customer(id).await["id"].as_str().unwrap().to_owned());
    }
    let post = |path: String, body: serde_json::Value| {
        let request = shop.app.post(&format!("/api/v1{path}"));
        request.bearer(&shop.key).json(body)
    };
    for (id, amount) in [(&ids[0], "5.00"), (&ids[1], "20.00")] {
        let line = json!({"kind": "issued", "amount": amount});
        post(format!("/customers/{id}/store-credit"), line)
            .await
            .expect(201);
    }
    let wish = json!({"source": "shopify", "external_id": "w", "customer_id": ids[1], "items": [{"product_external_id": "7", "title": "Shoes"}]});
    post("/wishlists".into(), wish).await.expect(201);
    let merge = json!({"admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1", "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2", "status": "completed", "errors": []});
    shop.says("customers/merge", "2026-05-03T10:00:00Z", &merge).await;
    shop.process().await;
    let credit = shop
        .get(&format!("/customers/{}/store-credit", ids[0]))
        .await
        .expect(200)
        .json;
    assert_eq!(
        credit["balances"],
        json!([{"amount": "25.00", "currency": "EUR"}])
    );
    // The other's ledger ends with nothing, by a line of its own.
    let theirs = "SELECT kind, balance::text FROM store_credit_entries WHERE customer_id = $1::uuid ORDER BY id DESC LIMIT 1";
    let mut tx = shop.app.tx("acme").await;
    let last: (String, String) = sqlx::query_as(theirs)
        .bind(&ids[1])
        .fetch_one(tx.conn())
        .await
        .unwrap();
    assert_eq!(last, ("withdrawn".to_owned(), "0.0000".to_owned()));
    let wishes = shop
        .get(&format!("/customers/{}/wishlist", ids[0]))
        .await
        .expect(200)
        .json;
    assert_eq!(wishes["data"][0]["external_id"], "w");
}

#[tokio::test]
async fn a_merge_that_failed_there_changes_nothing() {
    let shop = Shop::new().await;
    shop.says("customers/create", "2026-05-01T10:00:00Z", &ada(&json!({})))
        .await;
    let failed = json!({"admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1", "admin_graphql_api_customer_deleted_id": format!("gid://shopify/Customer/{ID}"), "status": "failed",
        "errors": [{"customer_ids": [1], "field": "merge_in_progress", "message": "John Doe is currently being merged."}]});
    shop.says("customers/merge", "2026-05-02T10:00:00Z", &failed)
        .await;
    shop.process().await;
    assert_eq!(shop.events().await[0]["state"], "ignored");
    shop.customer(ID).await;
}

#[tokio::test]
async fn what_shopify_says_of_purchases_stands_beside_the_figures_of_the_orders_here() {
    let shop = Shop::new().await;
    let summary = |orders: u32, at: &str| {
        json!({"customerId": format!("gid://shopify/Customer/{ID}"), "numberOfOrders": orders, "amountSpent": {"amount": "100.00", "currencyCode": "USD"},
        "lastOrderId": "gid://shopify/Order/7", "occurredAt": at})
    };
    let topic = "customers/purchasing_summary";
    // Before the customer is known; the older word comes last.
    shop.says(topic, "2026-05-03T10:00:00Z", &summary(3, "2026-05-03T10:00:00Z"))
        .await;
    shop.says("customers/create", "2026-05-01T10:00:00Z", &ada(&json!({})))
        .await;
    shop.says(topic, "2026-05-02T10:00:00Z", &summary(2, "2026-05-02T10:00:00Z"))
        .await;
    shop.process().await;
    let id = shop.customer(ID).await["id"].as_str().unwrap().to_owned();
    let metrics = shop.get(&format!("/customers/{id}")).await.expect(200).json["metrics"].clone();
    assert_eq!(metrics["orders"], 0);
    assert_eq!(
        metrics["told"]["shopify"],
        json!({"orders": 3, "total_spent": {"amount": "100.00", "currency": "USD"}, "last_order": "7", "said_at": "2026-05-03T10:00:00Z"})
    );
}

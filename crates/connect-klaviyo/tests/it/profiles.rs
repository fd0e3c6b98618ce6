//! What profiles change, in whichever order they come.

use serde_json::{Value, json};

use crate::account::{Account, at, event, profile};

fn ada() -> Value {
    json!({
        "email": "ada@example.com", "phone_number": "+4930123456", "first_name": "Ada", "last_name": "Byron", "organization": "Engines",
        "locale": "de-DE", "title": "Countess",
        "location": {"address1": "Unter den Linden 1", "address2": null, "city": "Berlin", "country": "Germany", "region": "Berlin",
                     "zip": "10117", "latitude": "52.517", "longitude": "13.388", "timezone": "Europe/Berlin", "ip": "127.0.0.1"},
        "properties": {"shoe_size": 38, "Favourite Colour": "blue", "unknown": "thing", "newsletter": "yes"},
        "subscriptions": {
            "email": {"marketing": {"can_receive_email_marketing": true, "consent": "SUBSCRIBED", "consent_timestamp": "2026-02-21T20:07:38+00:00",
                                    "method": "PREFERENCE_PAGE", "suppression": []}},
            "sms": {"marketing": {"consent": "UNSUBSCRIBED", "consent_timestamp": "2026-03-21T20:07:38+00:00", "method": "TEXT"}},
        },
        "predictive_analytics": {"historic_clv": 93.87, "predicted_clv": 27.24, "total_clv": 121.11, "historic_number_of_orders": 2,
                                 "predicted_number_of_orders": 0.54, "average_days_between_orders": 189, "average_order_value": 46.94,
                                 "churn_probability": 0.89, "expected_date_of_next_order": "2026-11-08T00:00:00+00:00",
                                 "ranked_channel_affinity": ["sms", "email", "push"]},
    })
}

async fn attributes(account: &Account) {
    for (name, label, kind) in [
        ("shoe_size", "Shoe size", "number"),
        ("colour", "Favourite colour", "text"),
        ("newsletter", "Newsletter", "boolean"),
    ] {
        account
            .post("/attributes", json!({"name": name, "label": label, "kind": kind}))
            .await
            .expect(201);
    }
}

#[tokio::test]
async fn a_profile_is_a_customer_with_all_that_klaviyo_says() {
    let account = Account::new().await;
    attributes(&account).await;
    account.hears(&[profile("profile.created", "P1", 1, ada())]).await;
    let customer = account.customer("P1").await;
    for (field, value) in [
        ("email", "ada@example.com"),
        ("phone", "+4930123456"),
        ("first_name", "Ada"),
        ("last_name", "Byron"),
        ("company_name", "Engines"),
        ("locale", "de-DE"),
        ("time_zone", "Europe/Berlin"),
    ] {
        assert_eq!(customer[field], value, "{field}");
    }
    assert_eq!(
        customer["attributes"],
        json!({"shoe_size": 38, "colour": "blue", "newsletter": true})
    );
    let address = &customer["addresses"][0];
    assert_eq!(
        (&address["line1"], &address["country"], &address["postal_code"]),
        (&json!("Unter den Linden 1"), &json!("DE"), &json!("10117"))
    );
    let told = &customer["metrics"]["told"]["klaviyo"];
    assert_eq!(told["orders"], 2);
    assert_eq!(told["total_spent"], json!({"amount": "93.87", "currency": "EUR"}));
    assert_eq!(told["average_order_value"]["amount"], "46.94");
    assert_eq!(told["expected"]["churn_probability"], 0.89);
    assert_eq!(told["expected"]["value"]["amount"], "27.24");
    assert_eq!(told["expected"]["channels"], json!(["sms", "email", "push"]));
    let consent = |channel: &str| {
        let all = customer["consents"].as_array().unwrap();
        all.iter().find(|one| one["channel"] == channel).unwrap().clone()
    };
    assert_eq!(consent("email")["state"], "subscribed");
    assert_eq!(consent("email")["source"], "klaviyo");
    assert!(
        consent("email")["changed_at"]
            .as_str()
            .unwrap()
            .starts_with("2026-02-21T20:07:38")
    );
    assert_eq!(consent("sms")["state"], "unsubscribed");
    let changed: Vec<_> = account
        .timeline(&customer)
        .await
        .into_iter()
        .filter(|one| one["kind"] == "consent.changed")
        .map(|one| one["data"]["method"].clone())
        .collect();
    assert!(changed.contains(&json!("PREFERENCE_PAGE")), "{changed:?}");
}

#[tokio::test]
async fn what_changed_last_holds_and_what_is_absent_or_was_never_told_is_not_emptied() {
    let account = Account::new().await;
    let newer = profile(
        "profile.updated",
        "P1",
        20,
        json!({"email": "ada@example.com", "first_name": "Augusta", "phone_number": null, "subscriptions": {"email": {"marketing": {"consent": "UNSUBSCRIBED", "consent_timestamp": at(20)}}}}),
    );
    let older = profile(
        "profile.updated",
        "P1",
        10,
        json!({"email": "old@example.com", "first_name": "Ada", "last_name": "Byron", "subscriptions": {"email": {"marketing": {"consent": "SUBSCRIBED", "consent_timestamp": at(10)}}}}),
    );
    account.hears(&[newer]).await;
    account.hears(&[older]).await;
    let customer = account.customer("P1").await;
    assert_eq!(customer["email"], "ada@example.com");
    assert_eq!(customer["first_name"], "Augusta");
    assert_eq!(customer["last_name"], "Byron", "nothing newer was said of it");
    let consents = customer["consents"].as_array().unwrap();
    assert!(
        consents
            .iter()
            .any(|one| one["channel"] == "email" && one["state"] == "unsubscribed")
    );
    // Staff adds what Klaviyo does not know; an empty field there does not take it away. What it had told it may empty.
    let id = customer["id"].as_str().unwrap();
    account
        .app
        .patch(&format!("/api/v1/customers/{id}"))
        .bearer(&account.key)
        .json(json!({"phone": "+4930123456"}))
        .await
        .expect(200);
    account
        .hears(&[profile(
            "profile.updated",
            "P1",
            30,
            json!({"phone_number": null, "last_name": null, "first_name": ""}),
        )])
        .await;
    let customer = account.customer("P1").await;
    assert_eq!(customer["phone"], "+4930123456");
    assert_eq!(customer["last_name"], Value::Null);
    assert_eq!(customer["email"], "ada@example.com");
}

#[tokio::test]
async fn somebody_known_by_the_address_is_linked_and_an_address_that_another_has_is_left_out() {
    let account = Account::new().await;
    let known = account
        .post("/customers", json!({"email": "ada@example.com", "addresses": [{"line1": "Here 1", "city": "Berlin", "country": "DE"}]}))
        .await
        .expect(201)
        .json;
    let guessed = json!({"city": "Paris", "country": "France", "region": null});
    let first = json!({"email": "ADA@example.com", "first_name": "Ada", "location": guessed});
    let second = json!({"email": "ada@example.com", "first_name": "Eve", "location": guessed});
    account.hears(&[profile("profile.created", "P1", 1, first)]).await;
    account
        .hears(&[profile("profile.created", "P2", 2, second)])
        .await;
    let ada = account.customer("P1").await;
    assert_eq!(ada["id"], known["id"]);
    assert_eq!(
        ada["addresses"].as_array().unwrap().len(),
        1,
        "a guessed place is no second address"
    );
    let eve = account.customer("P2").await;
    assert_ne!(eve["id"], ada["id"]);
    assert_eq!(eve["email"], Value::Null);
    assert_eq!(eve["addresses"][0]["city"], "Paris");
    let result = &account
        .get(&format!(
            "/webhook-events/{}",
            account.inbox().await[0]["id"].as_str().unwrap()
        ))
        .await
        .json["result"];
    assert_eq!(result["left_out"], json!(["/email"]));
}

#[tokio::test]
async fn what_does_not_fit_is_left_out_and_the_rest_is_taken() {
    let account = Account::new().await;
    attributes(&account).await;
    let long = "x".repeat(20_000);
    let odd = json!({
        "email": "no address", "phone_number": "no phone", "first_name": {"deep": []}, "last_name": "Byron\u{0}", "organization": long, "locale": "klingon-…",
        "location": {"address1": long, "city": ["x"], "country": "Nowhere", "latitude": "1e400", "longitude": 999, "timezone": "Mars/Base"},
        "properties": {"shoe_size": "large", "Favourite colour": {"a": 1}, "newsletter": "perhaps"},
        "subscriptions": {"email": [], "sms": {"marketing": {"consent": 5, "consent_timestamp": {}, "suppression": "x"}}},
        "predictive_analytics": {"historic_number_of_orders": -4, "historic_clv": 1e300, "churn_probability": "high"},
    });
    let types = json!({"email": 1, "phone_number": [], "location": "here", "properties": [], "subscriptions": 7, "predictive_analytics": "x", "last_name": "Fine"});
    account
        .hears(&[
            profile("profile.created", "P1", 1, odd),
            profile("profile.created", "P2", 1, types),
            json!({"topic": "profile.updated", "external_id": "x", "payload": {"data": {"id": "P3", "attributes": [1, 2]}}}),
        ])
        .await;
    let inbox = account.inbox().await;
    assert!(inbox.iter().all(|one| one["state"] == "done"), "{inbox:?}");
    let odd = account.customer("P1").await;
    assert_eq!(odd["email"], Value::Null);
    assert_eq!(odd["attributes"], json!({}));
    assert_eq!(account.customer("P2").await["last_name"], "Fine");
    account.customer("P3").await;
}

#[tokio::test]
async fn suppressions_by_a_persons_act_are_withdrawals_and_bounces_are_not() {
    let account = Account::new().await;
    let with = |reason: &str| json!({"subscriptions": {"email": {"marketing": {"consent": "SUBSCRIBED", "consent_timestamp": at(1), "suppression": [{"reason": reason, "timestamp": at(5)}]}}}});
    account
        .hears(&[
            profile("profile.updated", "spam", 9, with("SPAM_COMPLAINT")),
            profile("profile.updated", "bounce", 9, with("HARD_BOUNCE")),
        ])
        .await;
    for (id, state) in [("spam", "unsubscribed"), ("bounce", "subscribed")] {
        assert_eq!(account.customer(id).await["consents"][0]["state"], state, "{id}");
    }
}

#[tokio::test]
async fn profiles_that_became_one_are_one_customer_and_their_later_words_are_not_the_kept_ones() {
    let account = Account::new().await;
    account
        .hears(&[
            profile("profile.created", "kept", 1, json!({"email": "kept@example.com"})),
            profile("profile.created", "gone", 1, json!({"email": "gone@example.com"})),
        ])
        .await;
    let gone = account.customer("gone").await["id"].as_str().unwrap().to_owned();
    let post = |path: String, body: Value| {
        let request = account.app.post(&format!("/api/v1{path}"));
        request.bearer(&account.key).json(body)
    };
    let line = json!({"kind": "issued", "amount": "20.00"});
    post(format!("/customers/{gone}/store-credit"), line)
        .await
        .expect(201);
    let list = json!({"source": "shop", "external_id": "w", "customer_id": gone, "items": [{"product_external_id": "7", "title": "Shoes"}]});
    post("/wishlists".into(), list).await.expect(201);
    let deleted = "SELECT count(*) FROM customers WHERE deleted_at IS NOT NULL";
    let merged = json!({"topic": "profile.merged", "external_id": "m1", "payload": {"data": {"type": "profile-merge", "id": "kept", "relationships": {"profiles": {"data": [{"type": "profile", "id": "gone"}]}}}}});
    account.hears(&[merged]).await;
    assert_eq!(account.number(deleted).await, 1);
    account
        .hears(&[
            profile("profile.updated", "gone", 5, json!({"first_name": "Ghost"})),
            event("event:klaviyo.opened_email", "e1", "gone", 6),
        ])
        .await;
    let kept = account.customer("kept").await;
    assert_eq!(kept["first_name"], Value::Null);
    // What the other was owed and wished for is theirs, too.
    let at = |part: &str| format!("/api/v1/customers/{}/{part}", kept["id"].as_str().unwrap());
    let credit = account
        .app
        .get(&at("store-credit"))
        .bearer(&account.key)
        .await
        .expect(200)
        .json;
    assert_eq!(
        credit["balances"],
        json!([{"amount": "20.00", "currency": "EUR"}])
    );
    let wishes = account
        .app
        .get(&at("wishlist"))
        .bearer(&account.key)
        .await
        .expect(200)
        .json;
    assert_eq!(wishes["data"][0]["external_id"], "w");
    assert_eq!(
        account.done(&kept).await,
        ["email_opened"],
        "what the other did is theirs now"
    );
    // Gone is gone, also for what comes later.
    account
        .hears(&[profile("profile.deleted", "kept", 7, json!({}))])
        .await;
    account
        .hears(&[profile(
            "profile.updated",
            "kept",
            8,
            json!({"email": "kept@example.com"}),
        )])
        .await;
    assert_eq!(account.number(deleted).await, 2);
    assert_eq!(account.number("SELECT count(*) FROM customers").await, 2);
}

//! What a customer agreed to receive, in each of the ways in which versions of Shopify's API tell of it.

use serde_json::{Value, json};

use crate::shop::Shop;

const ID: u64 = 706_405_506_930_370_084;

fn at(day: u32) -> String {
    format!("2026-05-{day:02}T10:00:00Z")
}

fn ada(day: u32, changes: &Value) -> Value {
    let mut ada = json!({"id": ID, "updated_at": at(day), "email": "ada@example.com", "first_name": "Ada", "phone": "+4930123456"});
    for (name, value) in changes.as_object().unwrap() {
        ada[name] = value.clone();
    }
    ada
}

fn consent(state: &str, day: u32) -> Value {
    json!({"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": at(day), "consent_collected_from": "other"})
}

/// State and time of e-mail and of text messages; null where nothing is known.
async fn consents(shop: &Shop) -> [Value; 2] {
    let customer = shop.customer(&ID.to_string()).await;
    ["email", "sms"].map(|channel| {
        let mut all = customer["consents"].as_array().unwrap().iter();
        let one = all.find(|one| one["channel"] == channel);
        one.map_or(Value::Null, |one| json!([one["state"], one["changed_at"]]))
    })
}

#[tokio::test]
async fn what_was_agreed_for_text_messages_comes_by_its_topic() {
    let shop = Shop::new().await;
    let topic = "customers_marketing_consent/update";
    let told = |state: &str, day: u32| json!({"id": ID, "phone": "+4930123456", "sms_marketing_consent": consent(state, day)});
    // Before the customer is known.
    shop.says(topic, &at(2), &told("subscribed", 2)).await;
    shop.says("customers/create", &at(1), &ada(1, &json!({}))).await;
    shop.process().await;
    assert_eq!(consents(&shop).await, [Value::Null, json!(["subscribed", at(2)])]);
    shop.says(topic, &at(3), &told("unsubscribed", 3)).await;
    // As of a number that is given: nothing is known of what it agreed to.
    let nothing = json!({"id": ID, "phone": null, "sms_marketing_consent": {"state": null, "opt_in_level": null, "consent_updated_at": null}});
    shop.says(topic, &at(4), &nothing).await;
    shop.says(topic, &at(4), &json!({"id": ID, "sms_marketing_consent": null}))
        .await;
    shop.process().await;
    assert_eq!(
        consents(&shop).await,
        [Value::Null, json!(["unsubscribed", at(3)])]
    );
    let events = shop.events().await;
    assert!(events.iter().all(|event| event["state"] == "done"), "{events:?}");
}

#[tokio::test]
async fn what_was_agreed_comes_within_a_customer_and_null_changes_nothing() {
    let shop = Shop::new().await;
    let both = json!({"email_marketing_consent": consent("subscribed", 1), "sms_marketing_consent": consent("pending", 1)});
    shop.says("customers/create", &at(1), &ada(1, &both)).await;
    shop.process().await;
    assert_eq!(
        consents(&shop).await,
        [json!(["subscribed", at(1)]), json!(["pending", at(1)])]
    );
    let null = json!({"email_marketing_consent": null, "sms_marketing_consent": null});
    shop.says("customers/update", &at(2), &ada(2, &null)).await;
    shop.says("customers/update", &at(3), &ada(3, &json!({}))).await;
    shop.process().await;
    assert_eq!(
        consents(&shop).await,
        [json!(["subscribed", at(1)]), json!(["pending", at(1)])]
    );
    let other = json!({"email_marketing_consent": consent("unsubscribed", 4), "sms_marketing_consent": consent("subscribed", 4)});
    shop.says("customers/update", &at(4), &ada(4, &other)).await;
    shop.process().await;
    assert_eq!(
        consents(&shop).await,
        [json!(["unsubscribed", at(4)]), json!(["subscribed", at(4)])]
    );
}

#[tokio::test]
async fn old_versions_say_yes_or_no_for_email_and_nothing_for_text_messages() {
    let flag = |day: u32, accepts: bool| {
        let said = json!({"accepts_marketing": accepts, "accepts_marketing_updated_at": at(day), "marketing_opt_in_level": "single_opt_in",
            "orders_count": 0, "total_spent": "0.00", "tags": "", "state": "disabled"});
        ("customers/update", at(day), ada(day, &said))
    };
    let (yes, no, again) = (flag(1, true), flag(3, false), flag(5, true));
    let subscribed = |day: u32| [json!(["subscribed", at(day)]), Value::Null];
    let withdrawn = [json!(["unsubscribed", at(3)]), Value::Null];
    let cases = [
        (vec![&yes], subscribed(1)),
        // That they do not accept says not whether they ever did.
        (vec![&no], [Value::Null, Value::Null]),
        (vec![&yes, &no], withdrawn.clone()),
        (vec![&no, &yes], withdrawn.clone()),
        (vec![&no, &yes, &no], withdrawn),
        (vec![&yes, &no, &again], subscribed(5)),
        (vec![&again, &no, &yes], subscribed(5)),
        (vec![&no, &again, &yes], subscribed(5)),
    ];
    for (number, (told, expected)) in cases.into_iter().enumerate() {
        let shop = Shop::new().await;
        for (sent, (topic, at, body)) in told.into_iter().enumerate() {
            shop.signed(topic, &sent.to_string(), at, body.to_string().as_bytes())
                .await
                .expect(200);
            shop.process().await;
        }
        assert_eq!(consents(&shop).await, expected, "case {number}");
    }
}

#[tokio::test]
async fn where_a_version_says_both_the_consent_holds_and_not_the_flag() {
    let shop = Shop::new().await;
    let both = json!({"accepts_marketing": false, "accepts_marketing_updated_at": at(2), "email_marketing_consent": consent("subscribed", 1)});
    shop.says("customers/update", &at(2), &ada(2, &both)).await;
    // No more than the flag, and no time: who does not accept at that moment has withdrawn.
    shop.process().await;
    assert_eq!(consents(&shop).await[0], json!(["subscribed", at(1)]));
    let flag = json!({"accepts_marketing": false, "accepts_marketing_updated_at": null, "email_marketing_consent": null});
    shop.says("customers/update", &at(4), &ada(4, &flag)).await;
    shop.process().await;
    assert_eq!(consents(&shop).await[0], json!(["unsubscribed", at(4)]));
}

#[tokio::test]
async fn what_was_agreed_for_whatsapp_is_kept_and_not_answered() {
    let shop = Shop::new().await;
    let told = json!({"customer_id": ID, "phone_number": "+4930123456", "whats_app_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in", "updated_at": at(2), "collected_from": "other"}});
    shop.says("customers/create", &at(1), &ada(1, &json!({}))).await;
    shop.says("customers_whats_app_marketing_consent/update", &at(2), &told)
        .await;
    shop.process().await;
    assert_eq!(shop.events().await[0]["state"], "ignored");
    assert_eq!(consents(&shop).await, [Value::Null, Value::Null]);
}

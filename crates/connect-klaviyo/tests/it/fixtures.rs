//! What Klaviyo published is taken and processed. Skipped, by name, where the shared folder is not.

use serde_json::{Value, json};

use crate::{
    account::{Account, WEBHOOK, profile},
    mock::{Mock, document, folder},
};

/// The example of a schema of an OpenAPI document.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return example(document, document.pointer(name.trim_start_matches('#')).unwrap());
    }
    if let Some(all) = schema["allOf"].as_array() {
        let mut whole = json!({});
        for part in all {
            if let Value::Object(fields) = example(document, part) {
                whole.as_object_mut().unwrap().extend(fields);
            }
        }
        return whole;
    }
    if !schema["example"].is_null() {
        return schema["example"].clone();
    }
    if let Some(fields) = schema["properties"].as_object() {
        let fields = fields
            .iter()
            .map(|(name, field)| (name.clone(), example(document, field)));
        return Value::Object(fields.collect());
    }
    match schema["type"].as_str() {
        Some("array") => json!([example(document, &schema["items"])]),
        Some("object") => json!({}),
        Some("boolean") => json!(true),
        Some("string") => schema["enum"][0].as_str().unwrap_or("string").into(),
        _ => Value::Null,
    }
}

fn example_profile(name: &str) -> Option<Value> {
    let document = document(name)?;
    let schema = &document["components"]["schemas"]["ProfileResponseObjectResourceExtended"];
    let schema = if schema.is_null() {
        let all = document["components"]["schemas"].as_object().unwrap();
        let found = all.iter().find(|(name, schema)| {
            name.contains("Profile")
                && !schema["properties"]["attributes"]["properties"]["subscriptions"].is_null()
        });
        found.map(|(_, schema)| schema)?
    } else {
        schema
    };
    Some(example(&document, schema))
}

#[tokio::test]
async fn the_published_webhook_is_taken_and_processed() {
    let Some(folder) = folder() else {
        eprintln!("skipped: no ../shared/fixtures/klaviyo beside the checkout");
        return;
    };
    let account = Account::new().await;
    let mut body: Value =
        serde_json::from_slice(&std::fs::read(folder.join("help_centre_email_delivered.json")).unwrap())
            .unwrap();
    body["meta"]["klaviyo_webhook_id"] = WEBHOOK.into();
    account.signed(body.to_string().as_bytes()).await.expect(200);
    // It happened longer ago than deliveries are kept; the same of yesterday is told.
    let event = &mut body["data"][0];
    event["external_id"] = "ID2".into();
    event["payload"]["data"]["id"] = "ID2".into();
    event["payload"]["data"]["attributes"]["datetime"] = crate::account::at(1).replacen('T', " ", 1).into();
    account.signed(body.to_string().as_bytes()).await.expect(200);
    account.process().await;
    let inbox = account.inbox().await;
    assert_eq!(
        (&inbox[0]["topic"], &inbox[0]["state"]),
        (&json!("event: email_delivered"), &json!("done"))
    );
    assert_eq!(inbox[1]["state"], "ignored");
    account
        .hears(&[profile("profile.created", "ID", 2, json!({}))])
        .await;
    assert_eq!(
        account.done(&account.customer("ID").await).await,
        ["email_delivered"]
    );
}

#[tokio::test]
async fn the_profiles_of_klaviyos_own_document_are_pulled() {
    let Some(mut profile) = example_profile("get_profiles.json") else {
        eprintln!("skipped: no ../shared/fixtures/klaviyo beside the checkout");
        return;
    };
    let attributes = &profile["attributes"];
    assert_eq!(attributes["first_name"], "Sarah");
    assert_eq!(attributes["predictive_analytics"]["historic_clv"], 93.87);
    assert_eq!(
        attributes["subscriptions"]["email"]["marketing"]["consent"],
        "SUBSCRIBED"
    );
    let second = profile.clone();
    profile["id"] = "01GDDKASAP8TKDDA2GRZDSVP4I".into();
    profile["attributes"]["email"] = "another@klaviyo-demo.com".into();
    let account = Account::new().await;
    let mock = Mock::start(vec![profile, second], 1).await;
    account
        .post(&format!("/connections/{}/pull", account.connection), json!({}))
        .await
        .expect(202);
    let worker = account.worker(&mock.url);
    for _ in 0..500 {
        if account
            .number("SELECT count(*) FROM connection_pulls WHERE finished_at IS NOT NULL")
            .await
            == 1
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    worker.stop(std::time::Duration::from_secs(10)).await;
    assert_eq!(mock.asked().len(), 2);
    let sarah = account.customer("01GDDKASAP8TKDDA2GRZDSVP4H").await;
    assert_eq!(sarah["email"], "sarah.mason@klaviyo-demo.com");
    assert_eq!(sarah["company_name"], "Example Corporation");
    assert_eq!(sarah["addresses"][0]["country"], "US");
    assert_eq!(sarah["time_zone"], "America/New_York");
    assert_eq!(sarah["metrics"]["told"]["klaviyo"]["orders"], 2);
    // Its address bounced, which withdraws nothing.
    assert_eq!(sarah["consents"][0]["state"], "subscribed");
}

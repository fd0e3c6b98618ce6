//! What somebody did, on their timeline.

use serde_json::{Value, json};

use crate::account::{Account, at, event, profile};

fn consent(customer: &Value, channel: &str) -> Value {
    let all = customer["consents"].as_array().unwrap();
    let found = all.iter().find(|one| one["channel"] == channel);
    found.map_or(Value::Null, |one| one["state"].clone())
}

#[tokio::test]
async fn each_event_is_told_once_whatever_its_kind() {
    let account = Account::new().await;
    account
        .hears(&[profile(
            "profile.created",
            "P1",
            0,
            json!({"email": "ada@example.com"}),
        )])
        .await;
    let topics = [
        ("event: email_delivered", "email_delivered"),
        ("event:klaviyo.sent_email", "email_sent"),
        ("event:klaviyo.received_email", "email_delivered"),
        ("event:klaviyo.opened_email", "email_opened"),
        ("event:klaviyo.clicked_email", "email_clicked"),
        ("event:klaviyo.bounced_email", "email_bounced"),
        ("event:klaviyo.dropped_email", "email.dropped"),
        ("event:klaviyo.sent_sms", "sms.sent"),
        ("event:klaviyo.received_sms", "sms.received"),
        ("event:klaviyo.clicked_sms", "sms.clicked"),
        ("event:klaviyo.failed_to_deliver_sms", "sms.failed"),
        ("event:klaviyo.subscribed_to_list", "list.joined"),
        ("event:klaviyo.unsubscribed_from_list", "list.left"),
        ("event:klaviyo.added_to_list", "list.joined"),
        ("event:klaviyo.removed_from_list", "list.left"),
        ("event:klaviyo.added_to_segment", "segment.joined"),
        ("event:klaviyo.entered_segment", "segment.joined"),
        ("event:klaviyo.removed_from_segment", "segment.left"),
        ("event:klaviyo.left_segment", "segment.left"),
        ("event:api.Placed Order", "klaviyo.api.placed_order"),
    ];
    let events: Vec<Value> = topics
        .iter()
        .zip(1..)
        .map(|((topic, _), n)| event(topic, &format!("E{n}"), "P1", n))
        .collect();
    account.hears(&events).await;
    let customer = account.customer("P1").await;
    let mut wanted: Vec<_> = topics.map(|(_, name)| name.to_owned()).into();
    wanted.sort();
    assert_eq!(account.done(&customer).await, wanted);
    // The same event through another delivery, as a replay plays it, changes nothing.
    let newest = account.inbox().await[0]["id"].as_str().unwrap().to_owned();
    account
        .post(&format!("/webhook-events/{newest}/replay"), json!({}))
        .await;
    account.process().await;
    assert_eq!(account.done(&customer).await, wanted);
    let opened = account.timeline(&customer).await;
    let opened = opened.iter().find(|one| one["kind"] == "email_opened").unwrap();
    assert_eq!(opened["data"]["title"], "News");
    assert_eq!(opened["data"]["data"]["Campaign Name"], "June");
    assert!(opened["data"]["data"].get("$ESP").is_none());
    assert!(customer["last_active_at"].as_str().is_some());
}

#[tokio::test]
async fn who_subscribes_or_withdraws_by_an_event_has_done_so_then() {
    let account = Account::new().await;
    account
        .hears(&[profile(
            "profile.created",
            "P1",
            0,
            json!({"email": "ada@example.com"}),
        )])
        .await;
    let later = event("event:klaviyo.unsubscribed_from_email_marketing", "u", "P1", 20);
    let earlier = event("event:klaviyo.subscribed_to_email_marketing", "s", "P1", 10);
    let sms = event("event:klaviyo.subscribed_to_sms_marketing", "t", "P1", 10);
    account.hears(&[later]).await;
    account.hears(&[earlier, sms]).await;
    let customer = account.customer("P1").await;
    assert_eq!(consent(&customer, "email"), "unsubscribed");
    assert_eq!(consent(&customer, "sms"), "subscribed");
    account
        .hears(&[event(
            "event:klaviyo.subscribed_to_email_marketing",
            "again",
            "P1",
            30,
        )])
        .await;
    assert_eq!(consent(&account.customer("P1").await, "email"), "subscribed");
    account
        .hears(&[event("event:klaviyo.marked_email_as_spam", "spam", "P1", 40)])
        .await;
    let customer = account.customer("P1").await;
    assert_eq!(consent(&customer, "email"), "unsubscribed");
    let done = account.done(&customer).await;
    for name in [
        "email_unsubscribed",
        "email.subscribed",
        "email.marked_as_spam",
        "sms.subscribed",
    ] {
        assert!(done.iter().any(|one| one == name), "{name} in {done:?}");
    }
}

#[tokio::test]
async fn who_agrees_to_text_messages_or_withdraws_has_done_so_under_every_name_of_it() {
    let account = Account::new().await;
    for (n, (agrees, withdraws)) in [
        ("subscribed_to_sms_marketing", "unsubscribed_from_sms_marketing"),
        ("consented_to_receive_sms", "unsubscribed_from_sms"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("P{n}");
        let email = json!({"email": format!("p{n}@example.com")});
        account.hears(&[profile("profile.created", &id, 0, email)]).await;
        let said = async |topic: &str, second: u32| {
            let one = event(
                &format!("event:klaviyo.{topic}"),
                &format!("{topic}{second}"),
                &id,
                second,
            );
            account.hears(&[one]).await;
            let customer = account.customer(&id).await;
            [consent(&customer, "sms"), consent(&customer, "email")]
        };
        let [sms, email] = said(agrees, 10).await;
        assert_eq!((sms, &email), (json!("subscribed"), &Value::Null), "{agrees}");
        let [sms, email] = said(withdraws, 20).await;
        assert_eq!(
            (sms, &email),
            (json!("unsubscribed"), &Value::Null),
            "{withdraws}"
        );
        // What was agreed before that, told late, changes nothing; what is agreed after it does.
        assert_eq!(said(agrees, 15).await[0], "unsubscribed", "{agrees}");
        assert_eq!(said(agrees, 30).await[0], "subscribed", "{agrees}");
        let done = account.done(&account.customer(&id).await).await;
        assert_eq!(
            done,
            [
                "sms.subscribed",
                "sms.subscribed",
                "sms.subscribed",
                "sms.unsubscribed"
            ]
        );
    }
}

#[tokio::test]
async fn what_somebody_did_before_they_are_known_is_theirs_when_they_are() {
    let account = Account::new().await;
    account
        .hears(&[
            event("event:klaviyo.clicked_email", "E1", "P1", 1),
            event("event:klaviyo.unsubscribed_from_email_marketing", "E2", "P1", 2),
        ])
        .await;
    assert_eq!(
        account.number("SELECT count(*) FROM customers").await,
        0,
        "an event makes no customer"
    );
    assert_eq!(
        account
            .number("SELECT count(*) FROM activities WHERE customer_id IS NULL")
            .await,
        2
    );
    let before = json!({"consent": "SUBSCRIBED", "consent_timestamp": at(0)});
    let known = json!({"email": "ada@example.com", "subscriptions": {"email": {"marketing": before}}});
    account.hears(&[profile("profile.created", "P1", 3, known)]).await;
    let customer = account.customer("P1").await;
    assert_eq!(
        account.done(&customer).await,
        ["email_clicked", "email_unsubscribed"]
    );
    assert_eq!(consent(&customer, "email"), "unsubscribed");
}

#[tokio::test]
async fn an_event_that_brings_its_profile_along_makes_the_customer() {
    let account = Account::new().await;
    let mut one = event("event:api.loved_it", "E1", "P1", 1);
    one["payload"]["included"] = json!([
        {"type": "profile", "id": "P2", "attributes": {"email": "eve@example.com"}},
        {"type": "profile", "id": "P1", "attributes": {"email": "ada@example.com", "updated": at(1)}},
        {"type": "metric", "id": "M1", "attributes": {"name": "Loved it"}},
    ]);
    let old = json!({"datetime": "2019-01-01T00:00:00+00:00", "event_properties": null});
    let mut ancient = event("event:klaviyo.opened_email", "E0", "P1", 1);
    ancient["payload"]["data"]["attributes"] = old;
    account.hears(&[one, ancient]).await;
    let customer = account.customer("P1").await;
    assert_eq!(customer["email"], "ada@example.com");
    assert_eq!(account.done(&customer).await, ["klaviyo.api.loved_it"]);
    assert_eq!(account.number("SELECT count(*) FROM customers").await, 1);
    let inbox = account.inbox().await;
    let ancient = inbox.iter().find(|one| one["delivery_id"] == "E0").unwrap();
    assert_eq!(ancient["state"], "ignored");
}

/// An event about a list or a segment.
fn about(topic: &str, id: &str, second: u32, named: &str, name: &str) -> Value {
    let mut one = event(&format!("event:klaviyo.{topic}"), id, "P1", second);
    one["payload"]["data"]["attributes"]["event_properties"] = json!({ named: name });
    one
}

#[tokio::test]
async fn who_is_on_a_list_has_the_tag_of_its_name_where_there_is_one() {
    let account = Account::new().await;
    for name in ["VIP club", "Newsletter", "At risk"] {
        account.post("/tags", json!({"name": name})).await.expect(201);
    }
    // Before anybody knows who it is, and with what nobody here made a tag of.
    account
        .hears(&[
            about("subscribed_to_list", "1", 1, "List", "VIP Club"),
            about("subscribed_to_list", "2", 2, "List", "Cart abandoners 30d"),
            about("entered_segment", "3", 3, "Segment", "At risk"),
        ])
        .await;
    let known = json!({"email": "ada@example.com"});
    account.hears(&[profile("profile.created", "P1", 4, known)]).await;
    let tags = async || account.customer("P1").await["tags"].clone();
    assert_eq!(tags().await, json!(["At risk", "VIP club"]));
    // Left, and told late that it had been joined before that.
    account
        .hears(&[about("unsubscribed_from_list", "4", 20, "List", "VIP club")])
        .await;
    account
        .hears(&[about("added_to_list", "5", 10, "List", "VIP club")])
        .await;
    account
        .hears(&[about("left_segment", "6", 21, "Segment", "At risk")])
        .await;
    assert_eq!(tags().await, json!([]));
    // What somebody here gave is not a list's to take away.
    let id = account.customer("P1").await["id"].as_str().unwrap().to_owned();
    account
        .post(&format!("/customers/{id}/tags"), json!({"tags": ["Newsletter"]}))
        .await;
    assert_eq!(tags().await, json!(["Newsletter"]));
    account
        .hears(&[about("subscribed_to_list", "7", 30, "List", "Newsletter")])
        .await;
    account
        .hears(&[about("unsubscribed_from_list", "8", 31, "List", "Newsletter")])
        .await;
    assert_eq!(tags().await, json!(["Newsletter"]));
    // A tag that is made later comes with the next word of them.
    account
        .post("/tags", json!({"name": "Cart abandoners 30d"}))
        .await
        .expect(201);
    account
        .hears(&[profile("profile.updated", "P1", 40, json!({"first_name": "Ada"}))])
        .await;
    assert_eq!(tags().await, json!(["Cart abandoners 30d", "Newsletter"]));
    let defined = account.get("/tags").await.expect(200).json;
    assert_eq!(
        defined["data"].as_array().unwrap().len(),
        4,
        "no list makes a tag"
    );
}

//! The inbox: what is taken, what is refused, and what becomes of what cannot be processed.

use regulars_kernel::Role;
use serde_json::json;

use crate::shop::Shop;

const AT: &str = "2026-05-01T10:00:00.123456789Z";

#[tokio::test]
async fn what_is_not_signed_rightly_is_refused_and_leaves_no_row() {
    let shop = Shop::new().await;
    let body = br#"{"id": 1, "email": "ada@example.com"}"#;
    shop.unsigned("customers/create", "1", AT, body).await.expect(401);
    for wrong in ["", "AAAA", "!!", "QW5yh6XqtIx1qw6s7/qatF6MO8eITvnOTfOXLXicxmQ="] {
        shop.unsigned("customers/create", "1", AT, body)
            .header("x-shopify-hmac-sha256", wrong)
            .await
            .expect(401);
    }
    // What its signature rule wants beside the signature.
    let signed = shop.signed("customers/create", "1", AT, body);
    drop(signed);
    let without_id = shop
        .app
        .post(&shop.path)
        .header("x-shopify-hmac-sha256", "x")
        .body("application/json", body.to_vec());
    without_id.await.expect(401);
    // Another body than the signed one.
    let tampered = shop
        .signed("customers/create", "1", AT, body)
        .body("application/json", "{}");
    tampered.await.expect(401);
    assert!(shop.events().await.is_empty());
}

#[tokio::test]
async fn an_address_that_is_none_is_not_found() {
    let shop = Shop::new().await;
    let foreign = shop.path.replace("/shopify/", "/klaviyo/");
    for path in [
        "/webhooks/shopify/x",
        &foreign,
        &format!("{}A", shop.path),
        "/webhooks/shopify/%00",
    ] {
        shop.app
            .post(path)
            .body("application/json", "{}")
            .await
            .expect(404);
    }
    shop.app.get(&shop.path).await.expect(405);
}

#[tokio::test]
async fn the_same_message_is_stored_once_by_its_id_and_by_its_content() {
    let shop = Shop::new().await;
    let body = br#"{"id": 1, "email": "ada@example.com", "updated_at": "2026-05-01T10:00:00Z"}"#;
    shop.signed("customers/update", "1", AT, body).await.expect(200);
    shop.signed("customers/update", "1", AT, body).await.expect(200);
    // Sent anew later under another id: it says of itself when it was true.
    shop.signed("customers/update", "2", "2026-05-01T11:00:00Z", body)
        .await
        .expect(200);
    assert_eq!(shop.events().await.len(), 1);
    // A tag that is added twice is said twice.
    let tags = br#"{"customerId": "gid://shopify/Customer/1", "tags": ["a"]}"#;
    shop.signed("customer.tags_added", "3", AT, tags)
        .await
        .expect(200);
    shop.signed("customer.tags_added", "4", "2026-05-01T11:00:00Z", tags)
        .await
        .expect(200);
    shop.signed("customer.tags_added", "5", "2026-05-01T11:00:00Z", tags)
        .await
        .expect(200);
    assert_eq!(shop.events().await.len(), 3);
}

#[tokio::test]
async fn many_at_once_are_each_stored_once() {
    let shop = Shop::new().await;
    let bodies: Vec<String> = (0..40)
        .map(|n| json!({"id": n / 2 + 1, "email": format!("c{}@example.com", n / 2), "updated_at": "2026-05-01T10:00:00Z"}).to_string())
        .collect();
    let ids: Vec<String> = (0..40).map(|n| (n / 2).to_string()).collect();
    let sent = bodies
        .iter()
        .zip(&ids)
        .map(|(body, id)| shop.signed("customers/create", id, AT, body.as_bytes()).send());
    for answer in futures::future::join_all(sent).await {
        answer.expect(200);
    }
    shop.process().await;
    let events = shop.events().await;
    assert_eq!(events.len(), 20);
    assert!(events.iter().all(|event| event["state"] == "done"), "{events:?}");
    let list = shop.get("/customers").await.expect(200).json;
    assert_eq!(list["page"]["total"]["value"], 20);
}

#[tokio::test]
async fn an_unknown_topic_is_kept_and_acknowledged() {
    let shop = Shop::new().await;
    shop.says("locales/create", AT, &json!({"locale": "de"})).await;
    shop.process().await;
    let event = &shop.events().await[0];
    assert_eq!(
        (&event["state"], &event["topic"]),
        (&json!("ignored"), &json!("locales/create"))
    );
}

#[tokio::test]
async fn what_cannot_be_processed_waits_for_a_person_who_mends_and_replays_it() {
    let shop = Shop::new().await;
    shop.signed(
        "customers/create",
        "1",
        AT,
        b"{\"id\": 12, \"email\": \"ada@example.com\"",
    )
    .await
    .expect(200);
    shop.signed("customers/create", "2", AT, b"[1]").await.expect(200);
    shop.says(
        "customers/create",
        AT,
        &json!({"id": "x", "email": "ada@example.com"}),
    )
    .await;
    shop.process().await;
    let events = shop.events().await;
    assert!(
        events
            .iter()
            .all(|event| event["state"] == "dead" && event["error"].is_string()),
        "{events:?}"
    );
    let connection = shop.get("/connections").await.expect(200).json["data"][0].clone();
    assert_eq!(
        (&connection["dead"], &connection["waiting"]),
        (&json!(3), &json!(0))
    );
    assert!(connection["last_event_at"].is_string() && connection["last_error"].is_string());

    let id = events[0]["id"].as_str().unwrap();
    let path = format!("/webhook-events/{id}");
    let masked = shop.get(&path).await.expect(200);
    assert!(!masked.text().contains("ada@example.com") && masked.json["masked"] == true);
    let shown = shop.get(&format!("{path}?reveal=true")).await.expect(200);
    assert!(shown.text().contains("ada@example.com") && shown.json["masked"] == false);
    let agent = shop.app.key(Role::Agent).await;
    shop.app
        .get(&format!("/api/v1{path}"))
        .bearer(&agent)
        .await
        .expect(200);
    shop.app
        .get(&format!("/api/v1{path}?reveal=true"))
        .bearer(&agent)
        .await
        .expect(403);

    let mended = json!({"payload": {"id": 77, "email": "ada@example.com"}});
    shop.app
        .post(&format!("/api/v1{path}/replay"))
        .bearer(&agent)
        .json(&mended)
        .await
        .expect(403);
    shop.app
        .post(&format!("/api/v1{path}/replay"))
        .bearer(&shop.key)
        .json(&mended)
        .await
        .expect(200);
    shop.process().await;
    assert_eq!(shop.get(&path).await.expect(200).json["state"], "done");
    assert_eq!(shop.customer("77").await["email"], "ada@example.com");

    let played = shop
        .app
        .post("/api/v1/webhook-events/replay")
        .bearer(&shop.key)
        .json(json!({"topic": "customers/create"}))
        .await;
    assert_eq!(played.expect(200).json, json!({"replayed": 2, "more": false}));
    shop.process().await;
    let still = events[1]["id"].as_str().unwrap();
    shop.app
        .post(&format!("/api/v1/webhook-events/{still}/discard"))
        .bearer(&shop.key)
        .await
        .expect(204);
    shop.app
        .post(&format!("/api/v1/webhook-events/{id}/discard"))
        .bearer(&shop.key)
        .await
        .expect(409);
    assert_eq!(
        shop.get("/webhook-events?state=discarded").await.expect(200).json["page"]["total"]["value"],
        1
    );
}

#[tokio::test]
async fn many_that_are_dead_are_put_aside_by_topic() {
    let shop = Shop::new().await;
    for (id, topic) in ["orders/create", "products/create", "products/create"]
        .iter()
        .enumerate()
    {
        shop.says(topic, AT, &json!({"id": id})).await;
    }
    let discard = |body: serde_json::Value| {
        let request = shop.app.post("/api/v1/webhook-events/discard");
        request.bearer(&shop.key).json(body)
    };
    for (state, status) in [("done", 422), ("lost", 422)] {
        discard(json!({"state": state})).await.expect(status);
    }
    let done = discard(json!({"state": "queued", "topic": "products/create"}))
        .await
        .expect(200);
    assert_eq!(done.json, json!({"discarded": 2, "more": false}));
    let foreign = shop.app.key_of("other", Role::Admin).await;
    let none = shop
        .app
        .post("/api/v1/webhook-events/discard")
        .bearer(&foreign)
        .json(json!({"state": "queued"}))
        .await
        .expect(200);
    assert_eq!(none.json["discarded"], 0);
    let left = shop.get("/webhook-events?state=queued").await.expect(200).json;
    assert_eq!(left["data"][0]["topic"], "orders/create");
    assert_eq!(left["page"]["total"]["value"], 1);
}

#[tokio::test]
async fn a_connection_of_another_organization_is_not_there() {
    let shop = Shop::new().await;
    shop.says("locales/create", AT, &json!({})).await;
    let event = shop.events().await[0]["id"].as_str().unwrap().to_owned();
    let foreign = shop.app.key_of("other", Role::Admin).await;
    let connection = &shop.connection;
    shop.app
        .get(&format!("/api/v1/connections/{connection}"))
        .bearer(&foreign)
        .await
        .expect(404);
    shop.app
        .delete(&format!("/api/v1/connections/{connection}"))
        .bearer(&foreign)
        .await
        .expect(404);
    shop.app
        .get(&format!("/api/v1/webhook-events/{event}"))
        .bearer(&foreign)
        .await
        .expect(404);
    shop.app
        .post(&format!("/api/v1/webhook-events/{event}/replay"))
        .bearer(&foreign)
        .await
        .expect(404);
    shop.app
        .post(&format!("/api/v1/webhook-events/{event}/discard"))
        .bearer(&foreign)
        .await
        .expect(404);
    let list = shop
        .app
        .get("/api/v1/webhook-events")
        .bearer(&foreign)
        .await
        .expect(200);
    assert_eq!(list.json["data"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_is_named() {
    let shop = Shop::new().await;
    let make = |body: serde_json::Value| shop.app.post("/api/v1/connections").bearer(&shop.key).json(body);
    let wrong = make(json!({"provider": "shopfy", "name": "", "secret": " ", "settings": {"shpo": "x"}}))
        .await
        .expect(422);
    let places: Vec<_> = wrong.json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["pointer"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(places, ["/provider", "/name", "/secret"]);
    let wrong = make(json!({"provider": "shopify", "secret": "s", "settings": {"shpo": "x", "shop": ""}}))
        .await
        .expect(422);
    assert_eq!(wrong.json["errors"].as_array().unwrap().len(), 2);
    // Of another shop than the one named: an app signs for all its shops with one secret.
    let path = format!("/api/v1/connections/{}", shop.connection);
    let renamed = shop
        .app
        .patch(&path)
        .bearer(&shop.key)
        .json(json!({"settings": {"shop": "other.myshopify.com"}}));
    renamed.await.expect(200);
    shop.signed("locales/create", "1", AT, b"{}").await.expect(401);
}

#[tokio::test]
async fn a_processed_message_is_mended_and_what_a_job_lost_is_taken_up_again() {
    let shop = Shop::new().await;
    for id in 1..=6 {
        let odd =
            json!({"id": id, "first_name": "Ada", "phone": "none", "updated_at": "2026-05-01T10:00:00Z"});
        shop.says("customers/create", AT, &odd).await;
    }
    shop.process().await;
    for event in shop.events().await {
        let id = event["id"].as_str().unwrap();
        let shown = shop
            .get(&format!("/webhook-events/{id}?reveal=true"))
            .await
            .expect(200)
            .json;
        assert_eq!(shown["result"]["left_out"], json!(["/phone"]));
        let mut payload = shown["payload"].clone();
        payload["phone"] = json!(format!("+4930123450{}", payload["id"]));
        let replay = shop
            .app
            .post(&format!("/api/v1/webhook-events/{id}/replay"))
            .bearer(&shop.key);
        replay.json(json!({"payload": payload})).await.expect(200);
    }
    // Their jobs are gone, as after a person cancelled them.
    let mut tx = shop.app.tx("acme").await;
    sqlx::query("UPDATE jobs SET state = 'cancelled' WHERE state = 'queued'")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = shop.app.tx("acme").await;
    regulars_connect::ops::wake(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    shop.process().await;
    for id in 1..=6 {
        assert_eq!(
            shop.customer(&id.to_string()).await["phone"],
            format!("+4930123450{id}")
        );
    }
}

#[tokio::test]
async fn a_body_of_any_kind_is_kept_as_it_came_and_one_too_large_is_refused() {
    let shop = Shop::new().await;
    let deep = "[".repeat(5_000);
    let bodies: [&[u8]; 6] = [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"{\"id\": 1e400}",
        deep.as_bytes(),
        b"{\"id\": 1, \"email\": \"a\\u0000b\"}",
    ];
    for (number, body) in bodies.iter().enumerate() {
        for topic in [
            "customers/update",
            "orders/create",
            "refunds/create",
            "products/update",
        ] {
            shop.signed(topic, &format!("{topic} {number}"), AT, body)
                .await
                .expect(200);
        }
    }
    let large = vec![b' '; 11 * 1024 * 1024];
    shop.signed("orders/create", "large", AT, &large)
        .await
        .expect(413);
    shop.process().await;
    let events = shop.events().await;
    assert_eq!(events.len(), 24);
    for event in events {
        assert!(event["state"] == "dead" || event["state"] == "done", "{event}");
        let id = event["id"].as_str().unwrap();
        shop.get(&format!("/webhook-events/{id}?reveal=true"))
            .await
            .expect(200);
        shop.get(&format!("/webhook-events/{id}")).await.expect(200);
    }
}

#[tokio::test]
async fn what_fails_takes_back_its_own_alone_and_what_is_large_is_processed_too() {
    let shop = Shop::new().await;
    let customer = |id: u32, more: &str| json!({"id": id, "email": format!("c{id}@example.com"), "first_name": more, "updated_at": AT});
    for id in 1..=8 {
        shop.says("customers/create", AT, &customer(id, "Ada")).await;
    }
    // Neighbours that are processed together, but for what is wrong with some: of those the customer is written before the
    // order is refused.
    for id in 1..=12 {
        let price = if id <= 8 { json!({}) } else { json!("4.90") };
        let order = json!({"id": id, "customer": customer(100 + id, "Bob"), "shipping_lines": [{"title": "Post", "price": price}]});
        shop.says("orders/create", AT, &order).await;
    }
    let mut large = customer(9, "Eve");
    large["note"] = "long ".repeat(1_000).into();
    large["padding"] = "x".repeat(500_000).into();
    shop.says("customers/create", AT, &large).await;
    shop.says("customers/create", AT, &customer(10, "Ada")).await;
    shop.process().await;
    for id in 1..=10 {
        assert_eq!(
            shop.customer(&id.to_string()).await["email"],
            format!("c{id}@example.com")
        );
    }
    let events = shop.events().await;
    let dead = events.iter().filter(|event| event["state"] == "dead");
    assert_eq!(dead.clone().count(), 8, "{events:?}");
    assert!(dead.into_iter().all(|event| event["topic"] == "orders/create"));
    for id in 101..=112 {
        let path = format!("/customers/by-external-id/shopify/{id}");
        shop.get(&path).await.expect(if id <= 108 { 404 } else { 200 });
    }
}

#[tokio::test]
async fn messages_that_do_not_come_to_their_end_together_are_gone_through_one_by_one() {
    let shop = Shop::new().await;
    // The first two transactions that make this customer fail at their commit.
    sqlx::raw_sql(
        "CREATE SEQUENCE tries; GRANT USAGE ON SEQUENCE tries TO PUBLIC;
         CREATE FUNCTION fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN IF nextval('tries') <= 2 THEN RAISE EXCEPTION 'not yet'; END IF; RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON customers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
           WHEN (NEW.first_name = 'Fails') EXECUTE FUNCTION fail_twice();",
    )
    .execute(shop.app.test_database().owner())
    .await
    .unwrap();
    for id in 1..=9 {
        let name = if id == 5 { "Fails" } else { "Ada" };
        let order = json!({"id": 100 + id, "customer": {"id": id, "first_name": name, "updated_at": AT}});
        shop.says("orders/create", AT, &order).await;
    }
    shop.process().await;
    for event in shop.events().await {
        assert_eq!(event["state"], "done", "{event}");
        // Of the two failures one may be that of a second worker who took several together.
        assert!(event["attempts"].as_i64().unwrap() <= 1, "{event}");
    }
    assert_eq!(shop.customer("5").await["first_name"], "Fails");
}

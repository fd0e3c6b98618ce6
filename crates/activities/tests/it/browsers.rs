//! Keys that browsers hold: what they may, from where, how often, and whom they are believed to speak of.

use http::{Method, header};
use regulars_kernel::Role;
use regulars_testkit::{TestRequest, TestResponse};
use serde_json::{Value, json};

use crate::harness::{House, ago, list, text};

const SHOP: &str = "https://shop.example";

/// A key for the pages of the shop, with what was shown when it was made.
async fn key(house: &House, more: Value) -> Value {
    let mut body = json!({"name": "shop", "kind": "publishable", "origins": [SHOP]});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let owner = house.app.key(Role::Owner).await;
    let made = house.app.post("/api/v1/keys").bearer(&owner).json(body).await;
    made.expect(201).json
}

fn from<'a>(house: &'a House, key: &Value, origin: &str) -> TestRequest<'a> {
    let path = format!("/api/v1/activities?key={}", text(&key["key"]));
    house
        .app
        .post(&path)
        .header("origin", origin)
        .header("sec-fetch-site", "cross-site")
}

/// Sends what a page sends: text, with the key in the address.
async fn send(house: &House, key: &Value, body: Value) -> TestResponse {
    from(house, key, SHOP)
        .body("text/plain;charset=UTF-8", body.to_string())
        .send()
        .await
}

#[tokio::test]
async fn a_page_of_its_origins_tells_and_hears_nothing_of_anybody() {
    let house = House::with_browsers().await;
    let ada = house.customer("ada@example.com").await;
    let key = key(&house, json!({})).await;
    assert!(text(&key["key"]).starts_with("pk_"));
    house
        .tell(json!({"kind": "identify", "visitor_id": "v1", "customer_id": ada}))
        .await;
    let view = json!([{"kind": "page_view", "visitor_id": "v1", "url": "https://shop.example/", "ip": "8.8.8.8", "user_agent": "me"}]);
    let answer = from(&house, &key, SHOP)
        .header("user-agent", "Mozilla/5.0 (Test)")
        .body("text/plain;charset=UTF-8", view.to_string())
        .send()
        .await
        .expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), SHOP);
    assert_eq!(answer.json["created"], 1);
    assert_eq!(answer.json["results"][0].get("customer_id"), None);
    let told = &house.timeline(&ada, "kind=page_view").await["data"][0]["data"];
    assert_eq!(told["user_agent"], "Mozilla/5.0 (Test)");
    assert_ne!(told["ip"], "8.8.8.0", "a page does not say where it is");
    // JSON is taken too, one as well as many.
    from(&house, &key, SHOP)
        .json(json!({"kind": "search"}))
        .send()
        .await
        .expect(200);
    from(&house, &key, SHOP)
        .body("text/csv", "a;b")
        .send()
        .await
        .expect(415);
    from(&house, &key, SHOP)
        .body("text/plain", "{")
        .send()
        .await
        .expect(400);
    from(&house, &key, SHOP)
        .body("text/plain", "x".repeat(70_000))
        .send()
        .await
        .expect(413);
    let refused = send(&house, &key, json!({"kind": "page_view", "data": {"a": "\u{0}"}}))
        .await
        .expect(422);
    assert_eq!(
        refused.header("access-control-allow-origin"),
        SHOP,
        "a page may read why"
    );
    assert_eq!(
        house
            .number("SELECT count(*) FROM activities WHERE from_browser")
            .await,
        2
    );
}

#[tokio::test]
async fn other_origins_and_none_are_refused() {
    let house = House::with_browsers().await;
    let key = key(&house, json!({})).await;
    for origin in [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "null",
        "",
    ] {
        let answer = from(&house, &key, origin)
            .json(json!({"kind": "page_view"}))
            .send()
            .await
            .expect(403);
        assert!(
            !answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN),
            "{origin}"
        );
    }
    let path = format!("/api/v1/activities?key={}", text(&key["key"]));
    house
        .app
        .post(&path)
        .json(json!({"kind": "page_view"}))
        .send()
        .await
        .expect(403);
    let ask = |origin: &str| {
        house
            .app
            .request(Method::OPTIONS, &path)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
    };
    let answer = ask(SHOP).send().await.expect(204);
    assert_eq!(answer.header("access-control-allow-origin"), SHOP);
    assert_eq!(answer.header("access-control-allow-headers"), "content-type");
    let answer = ask("https://evil.example").send().await.expect(403);
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    house
        .app
        .request(Method::OPTIONS, "/api/v1/activities")
        .header("origin", SHOP)
        .send()
        .await
        .expect(401);
    assert_eq!(house.number("SELECT count(*) FROM activities").await, 0);
}

#[tokio::test]
async fn the_key_opens_nothing_else_and_ends_when_it_is_revoked() {
    let house = House::with_browsers().await;
    let made = key(&house, json!({})).await;
    let publishable = text(&made["key"]);
    for disguise in [publishable.clone(), publishable.replacen("pk_", "rk_", 1)] {
        house
            .app
            .get("/api/v1/customers")
            .bearer(&disguise)
            .await
            .expect(401);
        house
            .app
            .get("/api/v1/activity-settings")
            .bearer(&disguise)
            .await
            .expect(401);
    }
    let disguise = publishable.replacen("pk_", "rk_", 1);
    house
        .app
        .post("/api/v1/activities")
        .bearer(&disguise)
        .json(json!({"kind": "page_view"}))
        .await
        .expect(401);
    // One that is secret is none for the address: this is any page's request then, and refused as such.
    let path = format!("/api/v1/activities?key={}", house.key);
    house
        .app
        .post(&path)
        .header("origin", SHOP)
        .json(json!({"kind": "page_view"}))
        .await
        .expect(403);
    send(&house, &made, json!({"kind": "page_view"}))
        .await
        .expect(200);
    let owner = house.app.key(Role::Owner).await;
    let gone = format!("/api/v1/keys/{}", text(&made["id"]));
    house.app.delete(&gone).bearer(&owner).await.expect(204);
    send(&house, &made, json!({"kind": "page_view"}))
        .await
        .expect(401);
}

#[tokio::test]
async fn too_many_are_told_when_to_come_again() {
    let house = House::with_browsers().await;
    let key = key(&house, json!({"rate_per_minute": 3})).await;
    for _ in 0..3 {
        send(&house, &key, json!({"kind": "page_view"})).await.expect(200);
    }
    let answer = send(&house, &key, json!({"kind": "page_view"})).await.expect(429);
    assert!((1..=21).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
    assert_eq!(answer.header("access-control-allow-origin"), SHOP);
    assert_eq!(answer.header("access-control-expose-headers"), "retry-after");
    assert_eq!(house.number("SELECT count(*) FROM activities").await, 3);
}

#[tokio::test]
async fn a_browser_is_believed_only_what_the_shop_signed() {
    let house = House::with_browsers().await;
    let (ada, bob) = (
        house.customer("ada@example.com").await,
        house.customer("bob@example.com").await,
    );
    let key = key(&house, json!({})).await;
    let signed = regulars_accounts::sign(&text(&key["identity_secret"]), "ada@example.com");
    send(
        &house,
        &key,
        json!({"kind": "page_view", "visitor_id": "v1", "occurred_at": ago(9)}),
    )
    .await
    .expect(200);
    // Whoever names somebody else, without or with a signature of another name, is nobody.
    for body in [
        json!({"kind": "identify", "visitor_id": "v1", "email": "ada@example.com"}),
        json!({"kind": "identify", "visitor_id": "v1", "email": "bob@example.com", "user_hash": signed}),
        json!({"kind": "identify", "visitor_id": "v1", "customer_id": bob, "email": "ada@example.com", "user_hash": signed}),
        json!({"kind": "purchase", "visitor_id": "v1", "customer_id": ada}),
    ] {
        send(&house, &key, body).await.expect(200);
    }
    assert_eq!(house.number("SELECT count(*) FROM visitors").await, 0);
    assert_eq!(
        house
            .number("SELECT count(*) FROM activities WHERE customer_id IS NOT NULL")
            .await,
        0
    );
    assert_eq!(
        house
            .number("SELECT count(*) FROM activities WHERE data->'claims'->>'email' = 'ada@example.com'")
            .await,
        2
    );
    let identify =
        json!({"kind": "identify", "visitor_id": "v1", "email": "Ada@example.com", "user_hash": signed});
    send(&house, &key, identify).await.expect(200);
    house.work("activities.join").await;
    let mut kinds = house.kinds(&ada).await;
    kinds.retain(|kind| !kind.contains('.'));
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    assert!(house.kinds(&bob).await.iter().all(|kind| kind.contains('.')));
}

#[tokio::test]
async fn keys_say_what_they_are_and_what_is_wrong_with_them() {
    let house = House::with_browsers().await;
    let owner = house.app.key(Role::Owner).await;
    let made = key(
        &house,
        json!({"origins": ["https://Shop.example:443/", "http://localhost:3000"]}),
    )
    .await;
    assert_eq!(
        (&made["kind"], &made["scopes"]),
        (&json!("publishable"), &json!(["activities:write"]))
    );
    assert_eq!(made["origins"], json!([SHOP, "http://localhost:3000"]));
    let path = format!("/api/v1/keys/{}", text(&made["id"]));
    let found = house.app.get(&path).bearer(&owner).await.expect(200);
    assert!(found.json.get("identity_secret").is_none() && found.json.get("key").is_none());
    let change = json!({"origins": ["https://other.example"], "rate_per_minute": 10});
    let changed = house
        .app
        .patch(&path)
        .bearer(&owner)
        .json(change)
        .await
        .expect(200);
    assert_eq!(
        (&changed.json["origins"], &changed.json["rate_per_minute"]),
        (&json!(["https://other.example"]), &json!(10))
    );
    send(&house, &made, json!({"kind": "page_view"}))
        .await
        .expect(403);
    for (body, place) in [
        (json!({"name": "x", "kind": "publishable"}), "/origins"),
        (
            json!({"name": "x", "kind": "publishable", "origins": ["*"]}),
            "/origins/0",
        ),
        (
            json!({"name": "x", "kind": "publishable", "origins": [SHOP], "role": "owner"}),
            "/role",
        ),
        (
            json!({"name": "x", "kind": "publishable", "origins": [SHOP], "rate_per_minute": 0}),
            "/rate_per_minute",
        ),
        (
            json!({"name": "x", "role": "agent", "origins": [SHOP]}),
            "/origins",
        ),
        (json!({"name": "x"}), "/role"),
    ] {
        let refused = house
            .app
            .post("/api/v1/keys")
            .bearer(&owner)
            .json(body)
            .await
            .expect(422);
        assert_eq!(list(&refused.json["errors"], "pointer"), [place]);
    }
}

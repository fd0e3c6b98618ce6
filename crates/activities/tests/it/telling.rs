//! Telling of activities, one or many, once or twice.

use serde_json::{Value, json};

use regulars_activities::model::Kind;

use crate::harness::{House, ago, list, places, text};

#[tokio::test]
async fn one_stands_on_the_timeline_of_whom_it_names_with_all_that_was_said() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let source = json!({"source": "shopify", "external_id": "4711"});
    house
        .post(&format!("/customers/{ada}/sources"), source)
        .await
        .expect(201);
    let told = house
        .tell(json!({
            "kind": "purchase", "email": "ADA@example.com", "occurred_at": ago(3), "url": "https://shop.example/thanks",
            "order_id": "1001", "amount": {"amount": "59.90", "currency": "EUR"}, "session_id": "s1",
            "utm": {"source": "newsletter"}, "user_agent": "Mozilla/5.0", "ip": "203.0.113.77",
            "geo": {"country": "DE", "city": "Berlin"}, "data": {"coupon": "SPRING"}
        }))
        .await;
    assert_eq!(told["created"], 1);
    assert_eq!(told["results"][0]["customer_id"], ada.as_str());
    house
        .tell(json!({"kind": "search", "customer_id": ada, "query": "red shoes", "occurred_at": ago(2)}))
        .await;
    let key = json!({"source": "shopify", "external_id": "4711"});
    house
        .tell(json!({"kind": "custom", "name": "wishlist.shared", "customer": key, "occurred_at": ago(1)}))
        .await;

    let page = house.timeline(&ada, "kind=purchase,search,custom").await;
    assert_eq!(list(&page["data"], "kind"), ["custom", "search", "purchase"]);
    assert_eq!(page["page"]["total"]["value"], 3);
    let purchase = &page["data"][2];
    assert_eq!(purchase["actor_kind"], "key");
    let data = &purchase["data"];
    assert_eq!(data["amount"], json!({"amount": "59.90", "currency": "EUR"}));
    assert_eq!(data["order_id"], "1001");
    assert_eq!(data["utm"]["source"], "newsletter");
    assert_eq!(
        data["ip"], "203.0.113.0",
        "an address is cut off unless it is wanted otherwise"
    );
    assert_eq!(data["geo"], json!({"country": "DE", "city": "Berlin"}));
    assert_eq!(data["data"]["coupon"], "SPRING");
    assert!(
        data.get("query").is_none(),
        "what was not said is not there: {data}"
    );
}

#[tokio::test]
async fn every_kind_comes_back_with_where_and_how_it_was_done() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    for (n, kind) in Kind::ALL.iter().enumerate() {
        let mut told = json!({
            "kind": kind.name(), "customer_id": ada, "occurred_at": ago(60 - i64::try_from(n).unwrap()),
            "visitor_id": "v1", "session_id": format!("visit {n}"), "url": format!("https://shop.example/{n}"), "title": "Shoes",
            "referrer": "https://search.example/", "product_id": "7", "order_id": "1001", "query": "red shoes",
            "amount": {"amount": "59.90", "currency": "EUR"},
            "utm": {"source": "newsletter", "medium": "email", "campaign": "spring", "term": "shoes", "content": "header"},
            "user_agent": format!("Mozilla/5.0 ({n})"), "ip": format!("2001:db8:{n:x}:2::6"),
            "geo": {"country": "DE", "region": "Bavaria", "city": "Munich"}, "data": {"size": 38}
        });
        if *kind == Kind::Custom {
            told["name"] = "shoe.tried".into();
        }
        let answer = house.tell(told.clone()).await;
        assert_eq!(answer["created"], 1, "{}: {answer}", kind.name());
        let page = house.timeline(&ada, &format!("kind={}", kind.name())).await;
        assert_eq!(list(&page["data"], "kind"), [kind.name()]);
        let found = &page["data"][0];
        let at = told["occurred_at"].as_str().unwrap();
        assert_eq!(
            found["occurred_at"].as_str().unwrap()[..19],
            at[..19],
            "{}",
            kind.name()
        );
        let cut = if n == 0 {
            "2001:db8::".into()
        } else {
            format!("2001:db8:{n:x}::")
        };
        for field in [
            "session_id",
            "url",
            "title",
            "referrer",
            "product_id",
            "order_id",
            "query",
            "amount",
            "utm",
            "user_agent",
            "geo",
            "data",
        ] {
            assert_eq!(found["data"][field], told[field], "{} {field}", kind.name());
        }
        assert_eq!(found["data"]["ip"], cut.as_str(), "{}", kind.name());
    }
    let mut kinds = house.kinds(&ada).await;
    kinds.retain(|kind| kind != "customer.created");
    let all: Vec<_> = Kind::ALL.iter().rev().map(|kind| kind.name()).collect();
    assert_eq!(kinds, all, "all of them, the latest first");
}

#[tokio::test]
async fn each_of_many_is_stored_or_refused_by_itself_with_its_place() {
    let house = House::new().await;
    let told = house
        .tell(json!([
            {"kind": "page_view", "visitor_id": "v1"},
            {"kind": "page_view", "email": "nobody", "ip": "here"},
            7,
            {"kind": "dance"},
            {"kind": "custom"},
            {"kind": "page_view", "occurred_at": "2001-01-01T00:00:00Z"},
            {"kind": "page_view", "colour": "red"},
            {"kind": "search", "query": "shoes", "email": "stranger@example.com"}
        ]))
        .await;
    assert_eq!((&told["created"], &told["refused"]), (&json!(2), &json!(6)));
    let results = told["results"].as_array().unwrap();
    let faults: Vec<Vec<String>> = results
        .iter()
        .filter(|result| result["outcome"] == "refused")
        .map(|result| places(&result["errors"]))
        .collect();
    assert_eq!(
        faults,
        [
            vec!["/1/email", "/1/ip"],
            vec!["/2"],
            vec!["/3/kind"],
            vec!["/4/name"],
            vec!["/5/occurred_at"],
            vec!["/6/colour"]
        ]
    );
    // An address that nobody has makes no customer.
    let all = house.get("/customers").await.expect(200);
    assert_eq!(all.json["data"], json!([]));
    assert_eq!(
        house
            .number("SELECT count(*) FROM activities WHERE customer_id IS NULL")
            .await,
        2
    );
}

#[tokio::test]
async fn a_single_one_that_makes_no_sense_is_refused_as_the_request() {
    let house = House::new().await;
    let refused = house
        .post("/activities", json!({"kind": "page_view", "ip": "here"}))
        .await
        .expect(422);
    assert_eq!(places(&refused.json["errors"]), ["/ip"]);
    house
        .post(
            "/activities",
            json!({"kind": "page_view", "occurred_at": "2001-01-01T00:00:00Z"}),
        )
        .await
        .expect(422);
    let many: Vec<Value> = (0..1_001).map(|_| json!({"kind": "page_view"})).collect();
    house.post("/activities", json!(many)).await.expect(422);
    assert_eq!(house.number("SELECT count(*) FROM activities").await, 0);
}

#[tokio::test]
async fn what_is_told_again_is_stored_once() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let id = "0b0e8f5e-7d0c-4f5b-9d43-111111111111";
    let view = json!({"kind": "page_view", "id": id, "customer_id": ada, "occurred_at": ago(10)});
    let first = house.tell(json!([view, view])).await;
    assert_eq!((&first["created"], &first["unchanged"]), (&json!(1), &json!(1)));
    let again = house.tell(json!([{"kind": "search"}, view])).await;
    assert_eq!(list(&again["results"], "outcome"), ["created", "unchanged"]);
    assert_eq!(text(&again["results"][1]["id"]), id);
    // Without a time, an id of version 7 says when.
    let seven = regulars_kernel::ids::EventId::new();
    for outcome in ["created", "unchanged"] {
        let told = house
            .tell(json!({"kind": "page_view", "id": seven, "customer_id": ada}))
            .await;
        assert_eq!(told["results"][0]["outcome"], outcome);
    }
    // A clock that is ahead: what it says counts as now, and is still known by its id.
    let ahead = json!({"kind": "page_view", "id": "0b0e8f5e-7d0c-4f5b-9d43-222222222222", "customer_id": ada, "occurred_at": ago(-600)});
    for outcome in ["created", "unchanged"] {
        let told = house.tell(ahead.clone()).await;
        assert_eq!(told["results"][0]["outcome"], outcome);
    }
    let views = house
        .kinds(&ada)
        .await
        .into_iter()
        .filter(|kind| kind == "page_view")
        .count();
    assert_eq!(views, 3);
    assert_eq!(
        house
            .number("SELECT count(*) FROM activities WHERE occurred_at > now() + interval '6 minutes'")
            .await,
        0
    );
}

#[tokio::test]
async fn who_did_something_was_active_and_keeps_the_version() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let path = format!("/customers/{ada}");
    let before = house.get(&path).await.expect(200).json;
    let active = |customer: &Value| customer["last_active_at"].clone();
    // What is sent to somebody is nothing that they did.
    house
        .tell(json!({"kind": "email_sent", "customer_id": ada}))
        .await;
    assert_eq!(active(&house.get(&path).await.json), Value::Null);
    house.tell(json!([{"kind": "page_view", "customer_id": ada, "occurred_at": ago(180)}, {"kind": "search", "customer_id": ada, "occurred_at": ago(130)}])).await;
    let first = active(&house.get(&path).await.json);
    assert!(first.is_string());
    // Not each time, and never back.
    house.tell(json!([{"kind": "page_view", "customer_id": ada, "occurred_at": ago(120)}, {"kind": "page_view", "customer_id": ada, "occurred_at": ago(400)}])).await;
    assert_eq!(active(&house.get(&path).await.json), first);
    house.tell(json!({"kind": "page_view", "customer_id": ada})).await;
    let after = house.get(&path).await.expect(200).json;
    assert!(text(&active(&after)) > text(&first));
    assert_eq!(
        (&before["version"], &before["updated_at"]),
        (&after["version"], &after["updated_at"])
    );
    // A change of the record still makes a version.
    let changed = house
        .patch(&path, json!({"first_name": "Augusta"}))
        .await
        .expect(200)
        .json;
    assert_eq!(changed["version"], json!(before["version"].as_i64().unwrap() + 1));
}

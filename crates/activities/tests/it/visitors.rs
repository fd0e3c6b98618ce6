//! Visitors of whom nobody knows anything, who become customers.

use serde_json::json;

use crate::harness::{House, ago};

#[tokio::test]
async fn who_identifies_takes_along_what_was_done_before() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let views: Vec<_> = (0..30)
        .map(|n| json!({"kind": "page_view", "visitor_id": "v1", "url": format!("https://shop.example/{n}"), "occurred_at": ago(100 + n)}))
        .collect();
    house.tell(json!(views)).await;
    // Long ago too: it lies in the table of the months that were not made.
    house
        .tell(json!({"kind": "purchase", "visitor_id": "v1", "occurred_at": ago(60 * 24 * 300)}))
        .await;
    house.tell(json!({"kind": "page_view", "visitor_id": "v2"})).await;
    // An address that nobody has joins nobody.
    house
        .tell(json!({"kind": "identify", "visitor_id": "v1", "email": "stranger@example.com"}))
        .await;
    assert_eq!(house.number("SELECT count(*) FROM visitors").await, 0);

    let told = house
        .tell(json!([
            {"kind": "search", "visitor_id": "v1", "query": "shoes", "occurred_at": ago(2)},
            {"kind": "identify", "visitor_id": "v1", "email": "ada@example.com", "occurred_at": ago(1)}
        ]))
        .await;
    assert_eq!(
        told["results"][0]["customer_id"],
        ada.as_str(),
        "what is told with it is theirs at once"
    );
    house.work("activities.join").await;
    let kinds = house.kinds(&ada).await;
    let count = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
    assert_eq!(
        (
            count("page_view"),
            count("purchase"),
            count("search"),
            count("identify")
        ),
        (30, 1, 1, 2)
    );
    assert_eq!(
        house
            .number("SELECT count(*) FROM activities WHERE customer_id IS NULL")
            .await,
        1,
        "v2 is somebody else"
    );

    // From then on at once.
    let told = house.tell(json!({"kind": "page_view", "visitor_id": "v1"})).await;
    assert_eq!(told["results"][0]["customer_id"], ada.as_str());
    // It is looked for once more, when nothing can be under way any more.
    assert_eq!(
        house
            .number("SELECT count(*) FROM jobs WHERE kind = 'activities.join' AND state = 'queued'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_shared_device_is_whose_it_was_last_and_what_was_given_stays() {
    let house = House::new().await;
    let (ada, bob) = (
        house.customer("ada@example.com").await,
        house.customer("bob@example.com").await,
    );
    house
        .tell(json!({"kind": "page_view", "visitor_id": "v1", "occurred_at": ago(9)}))
        .await;
    house
        .tell(json!({"kind": "identify", "visitor_id": "v1", "customer_id": ada, "occurred_at": ago(8)}))
        .await;
    house.work("activities.join").await;
    house
        .tell(json!({"kind": "identify", "visitor_id": "v1", "customer_id": bob, "occurred_at": ago(7)}))
        .await;
    house
        .tell(json!({"kind": "search", "visitor_id": "v1", "occurred_at": ago(6)}))
        .await;
    house.work("activities.join").await;
    let told = |kinds: Vec<String>| {
        kinds
            .into_iter()
            .filter(|kind| !kind.contains('.'))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(house.kinds(&ada).await), ["identify", "page_view"]);
    assert_eq!(told(house.kinds(&bob).await), ["search", "identify"]);
    // Who is deleted is nobody.
    house
        .app
        .delete(&format!("/api/v1/customers/{bob}"))
        .bearer(&house.key)
        .await
        .expect(204);
    let told = house.tell(json!({"kind": "page_view", "visitor_id": "v1"})).await;
    assert_eq!(told["results"][0].get("customer_id"), None);
}

#[tokio::test]
async fn being_told_again_whose_a_visitor_is_makes_no_work() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    for _ in 0..3 {
        house
            .tell(json!({"kind": "identify", "visitor_id": "v1", "customer_id": ada}))
            .await;
    }
    assert_eq!(
        house
            .number("SELECT count(*) FROM jobs WHERE kind = 'activities.join'")
            .await,
        2
    );
}

//! Many who tell at once neither wait for each other for ever nor lose anything.

use serde_json::{Value, json};

use crate::harness::{House, ago};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_with_the_same_activities_in_any_order_are_stored_once() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let mut items: Vec<Value> = (0..50)
        .map(|n| {
            json!({"kind": "page_view", "id": format!("0b0e8f5e-7d0c-4f5b-9d43-0000000000{n:02}"), "occurred_at": ago(60 + n),
                "customer_id": ada, "visitor_id": format!("v{}", n % 7)})
        })
        .collect();
    let mut answers = Vec::new();
    for round in 0..8 {
        items.rotate_left(7 * round);
        if round % 2 == 1 {
            items.reverse();
        }
        answers.push(house.post("/activities", json!(items)));
    }
    let mut created = 0;
    for answer in futures_join(answers).await {
        created += answer["created"].as_i64().unwrap();
    }
    assert_eq!(created, 50);
    assert_eq!(house.number("SELECT count(*) FROM activities").await, 50);
}

/// Waits for all of them at once.
async fn futures_join(answers: Vec<impl Future<Output = regulars_testkit::TestResponse>>) -> Vec<Value> {
    let mut waiting: Vec<_> = answers.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<Value>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (place, future) in done.iter_mut().zip(&mut waiting) {
            if place.is_none()
                && let std::task::Poll::Ready(answer) = future.as_mut().poll(context)
            {
                *place = Some(answer.expect(200).json);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(done.iter_mut().filter_map(Option::take).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

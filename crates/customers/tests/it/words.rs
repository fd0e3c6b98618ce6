//! The dictionary of names forgets whom nobody knows any more.

use chrono::TimeDelta;
use regulars_customers::ops::words;
use regulars_kernel::{Scope, clock};
use serde_json::json;

use crate::harness::{House, id};

async fn person(house: &House, first: &str, last: &str) -> String {
    let made = house
        .customer(json!({"first_name": first, "last_name": last}))
        .await;
    format!("/customers/{}", id(&made))
}

async fn dictionary(house: &House) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT token FROM name_tokens WHERE token = deletion AND organization_id = $1 ORDER BY token",
    )
    .bind(house.app.organization("acme").await.organization_id.0)
    .fetch_all(house.app.test_database().owner())
    .await
    .unwrap()
}

async fn sweep(house: &House, scope: Scope) -> u64 {
    words::sweep(house.app.database(), scope, &|| Ok(()))
        .await
        .unwrap()
}

#[tokio::test]
async fn words_of_deleted_and_renamed_people_go_and_those_that_somebody_has_stay() {
    let house = House::new().await;
    let scope = house.app.organization("acme").await;
    let ada = person(&house, "Ada", "Lovelace").await;
    let bea = person(&house, "Bea", "Müller").await;
    person(&house, "Cem", "Lovelace").await;
    assert_eq!(sweep(&house, scope).await, 0, "everybody lives");

    house.delete(&ada).await.expect(204);
    house
        .patch(&bea, json!({"last_name": "Schmidt"}))
        .await
        .expect(200);
    let other = house.app.organization("other").await;
    assert_eq!(sweep(&house, other).await, 0, "another organization has no words");
    assert_eq!(sweep(&house, scope).await, 2);
    let mending: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM jobs WHERE organization_id = $1 AND kind = 'customers.mend_words' AND state = 'queued'",
    )
    .bind(scope.organization_id.0)
    .fetch_one(house.app.test_database().owner())
    .await
    .unwrap();
    assert_eq!(mending, 2, "one with the first words that go, and one at the end");
    assert_eq!(dictionary(&house).await, ["bea", "cem", "lovelace", "schmidt"]);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM name_tokens WHERE token IN ('ada', 'muller')")
        .fetch_one(house.app.test_database().owner())
        .await
        .unwrap();
    assert_eq!(left, 0, "not under any form with a letter less");

    // Who comes back is found again.
    house.post(&format!("{ada}/restore"), json!({})).await.expect(200);
    assert!(dictionary(&house).await.contains(&"ada".to_owned()));
}

#[tokio::test]
async fn a_word_that_was_swept_while_somebody_got_it_is_written_again() {
    let house = House::new().await;
    let began = clock::now();
    person(&house, "Grace", "Hopper").await;
    sqlx::query("DELETE FROM name_tokens")
        .execute(house.app.test_database().owner())
        .await
        .unwrap();
    words::mend(
        house.app.database(),
        house.app.organization("acme").await,
        began + TimeDelta::minutes(1),
        &|| Ok(()),
    )
    .await
    .unwrap();
    assert_eq!(dictionary(&house).await, ["grace", "hopper"]);
}

//! What fails for a reason that passes: it is tried again, later each time, and after the last attempt waits for a person.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use regulars_kernel::clock;
use serde_json::{Value, json};

use crate::shop::Shop;

const AT: &str = "2026-05-01T10:00:00Z";

async fn sql(shop: &Shop, text: &'static str) {
    let owner = shop.app.test_database().owner();
    sqlx::raw_sql(text).execute(owner).await.unwrap();
}

/// The message, after so many attempts failed.
async fn after_attempts(shop: &Shop, attempts: i64) -> Value {
    for _ in 0..1_000 {
        let event = shop.events().await[0].clone();
        if event["attempts"] == attempts {
            return event;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was not tried: {:?}", shop.events().await);
}

#[tokio::test]
async fn what_fails_is_tried_later_each_time_is_dead_after_the_last_and_can_be_played_again() {
    let shop = Shop::new().await;
    sql(
        &shop,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now, ada@example.com'; END $$;
         CREATE TRIGGER fails BEFORE INSERT ON customers FOR EACH ROW WHEN (NEW.first_name = 'Fails') EXECUTE FUNCTION fail();",
    )
    .await;
    let ada = json!({"id": 1, "first_name": "Fails", "email": "ada@example.com", "updated_at": AT});
    shop.says("customers/create", AT, &ada).await;
    for attempt in 1..=10 {
        let began = clock::now();
        let worker = shop.worker();
        let event = after_attempts(&shop, attempt).await;
        worker.stop(Duration::from_secs(10)).await;
        let ended = clock::now();
        assert_eq!(event["error"], "the server failed on it; its log says how");
        assert!(event["processed_at"].is_null(), "{event}");
        if attempt == 10 {
            assert_eq!(event["state"], "dead");
            assert!(event["next_attempt_at"].is_null(), "{event}");
            break;
        }
        assert_eq!(event["state"], "queued");
        let next: DateTime<Utc> = event["next_attempt_at"].as_str().unwrap().parse().unwrap();
        let wait = TimeDelta::seconds(1 << (attempt - 1));
        // Its time is written down with microseconds.
        let slack = TimeDelta::milliseconds(1);
        assert!(
            began + wait - slack <= next && next <= ended + wait + slack,
            "attempt {attempt}: {began}, {next}, {ended}"
        );
        if attempt == 9 {
            // Not before its time, whoever looks.
            let worker = shop.worker();
            tokio::time::sleep(Duration::from_millis(500)).await;
            worker.stop(Duration::from_secs(10)).await;
            assert_eq!(shop.events().await[0]["attempts"], attempt);
        }
        // The time passes.
        sql(
            &shop,
            "UPDATE webhook_events SET run_at = clock_timestamp(); UPDATE jobs SET run_at = clock_timestamp() WHERE state = 'queued';",
        )
        .await;
    }
    shop.get("/customers/by-external-id/shopify/1").await.expect(404);
    let dead = shop.events().await[0].clone();
    let connection = shop.get("/connections").await.expect(200).json["data"][0].clone();
    assert_eq!(
        (&connection["dead"], &connection["waiting"]),
        (&json!(1), &json!(0))
    );

    sql(&shop, "DROP TRIGGER fails ON customers").await;
    let replay = format!("/api/v1/webhook-events/{}/replay", dead["id"].as_str().unwrap());
    shop.app.post(&replay).bearer(&shop.key).await.expect(200);
    shop.process().await;
    let done = shop.events().await[0].clone();
    assert_eq!((&done["state"], &done["error"]), (&json!("done"), &Value::Null));
    assert_eq!(shop.customer("1").await["email"], "ada@example.com");
}

#[tokio::test]
async fn what_failed_once_is_processed_by_itself_when_its_time_has_come() {
    let shop = Shop::new().await;
    sql(
        &shop,
        "CREATE SEQUENCE tries; GRANT USAGE ON SEQUENCE tries TO PUBLIC;
         CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN IF nextval('tries') <= 2 THEN RAISE EXCEPTION 'not yet'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER fails BEFORE INSERT ON customers FOR EACH ROW WHEN (NEW.first_name = 'Fails') EXECUTE FUNCTION fail();",
    )
    .await;
    let began = clock::now();
    let ada = json!({"id": 1, "first_name": "Fails", "updated_at": AT});
    shop.says("customers/create", AT, &ada).await;
    shop.process().await;
    let event = shop.events().await[0].clone();
    assert_eq!(event["state"], "done", "{event}");
    // One second, then two.
    assert!(clock::now() - began >= TimeDelta::seconds(3));
    shop.customer("1").await;
}

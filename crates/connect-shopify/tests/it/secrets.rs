//! A connection's secrets: the new one holds at once, the former ones for a while or until they are ended.

use regulars_kernel::Role;
use serde_json::json;

use crate::shop::{SECRET, Shop};

const AT: &str = "2026-05-01T10:00:00.123456789Z";
const NEW: &str = "the new one";

#[tokio::test]
async fn a_new_secret_holds_at_once_and_the_former_for_a_while() {
    let shop = Shop::new().await;
    let path = format!("/api/v1/connections/{}", shop.connection);
    let send = |id: &'static str| shop.signed("locales/create", id, AT, b"{}");
    let change = |hours: u32| {
        shop.app
            .post(&format!("{path}/secrets"))
            .bearer(&shop.key)
            .json(json!({"secret": format!("another secret {hours}"), "overlap_hours": hours}))
    };
    let changed = change(1).await.expect(200).json;
    assert_eq!(changed["secrets"].as_array().unwrap().len(), 2);
    send("1").await.expect(200);
    change(0).await.expect(200);
    send("2").await.expect(401);
    change(721).await.expect(422);
    shop.app.delete(&path).bearer(&shop.key).await.expect(204);
    send("3").await.expect(404);
    assert_eq!(shop.events().await.len(), 1);
}

#[tokio::test]
async fn a_former_secret_is_ended_alone_and_the_newest_is_not() {
    let shop = Shop::new().await;
    let path = format!("/api/v1/connections/{}", shop.connection);
    let changed = shop
        .app
        .post(&format!("{path}/secrets"))
        .bearer(&shop.key)
        .json(json!({"secret": "another secret", "overlap_hours": 24}))
        .await
        .expect(200)
        .json;
    let ids: Vec<String> = changed["secrets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|secret| secret["id"].as_str().unwrap().to_owned())
        .collect();
    shop.signed("locales/create", "1", AT, b"{}").await.expect(200);
    let end = |id: String| shop.app.delete(&format!("{path}/secrets/{id}"));
    let foreign = shop.app.key_of("other", Role::Owner).await;
    end(ids[1].clone()).bearer(&foreign).await.expect(404);
    end(ids[0].clone()).bearer(&shop.key).await.expect(404);
    end(ids[1].clone()).bearer(&shop.key).await.expect(204);
    end(ids[1].clone()).bearer(&shop.key).await.expect(404);
    shop.signed("locales/create", "2", AT, b"{}").await.expect(401);
    let left = shop.app.get(&path).bearer(&shop.key).await.expect(200).json;
    assert_eq!(left["secrets"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn while_both_hold_either_signs_and_after_the_end_the_new_one_alone() {
    let shop = Shop::new().await;
    let path = format!("/api/v1/connections/{}", shop.connection);
    let send = |secret: &'static str, id: &'static str| {
        shop.signed_with(
            secret,
            "locales/create",
            id,
            AT,
            format!("{{\"id\": {id}}}").as_bytes(),
        )
    };
    send(NEW, "1").await.expect(401);
    shop.app
        .post(&format!("{path}/secrets"))
        .bearer(&shop.key)
        .json(json!({"secret": NEW, "overlap_hours": 1}))
        .await
        .expect(200);
    send(SECRET, "2").await.expect(200);
    send(NEW, "3").await.expect(200);
    // The hour is nearly over.
    sqlx::raw_sql("UPDATE connection_secrets SET expires_at = clock_timestamp() + interval '2 seconds' WHERE expires_at IS NOT NULL")
        .execute(shop.app.test_database().owner())
        .await
        .unwrap();
    let ends = regulars_kernel::clock::now() + chrono::TimeDelta::seconds(2);
    // Looks the connection up anew, as it is after some seconds.
    let renamed = shop.app.patch(&path).bearer(&shop.key);
    renamed.json(json!({"name": "The shop"})).await.expect(200);
    send(SECRET, "4").await.expect(200);
    send(NEW, "5").await.expect(200);
    let left = (ends - regulars_kernel::clock::now())
        .to_std()
        .unwrap_or_default();
    tokio::time::sleep(left + std::time::Duration::from_millis(100)).await;
    send(SECRET, "6").await.expect(401);
    send(NEW, "7").await.expect(200);
    let shown = shop.app.get(&path).bearer(&shop.key).await.expect(200).json;
    assert_eq!(shown["secrets"].as_array().unwrap().len(), 1);
    let mut told: Vec<String> = shop
        .events()
        .await
        .iter()
        .map(|event| event["delivery_id"].as_str().unwrap().to_owned())
        .collect();
    told.sort_unstable();
    assert_eq!(told, ["2", "3", "4", "5", "7"]);
}

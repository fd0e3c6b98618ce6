//! A withdrawal outlives the record: who unsubscribed, was deleted and comes back has still unsubscribed.

use std::time::Duration;

use regulars_customers::{
    model::import::{Wanted, WantedConsent},
    ops::{
        self,
        import::{Create, Origin, create_many},
    },
    store::batch_parts::KnownWords,
};
use regulars_database::Tx;
use regulars_kernel::{Patch, ids::CustomerId};
use serde_json::{Value, json};

use crate::harness::{House, id};

/// Creates somebody who withdraws consent to this channel and is deleted; answers their path.
async fn gone(house: &House, body: Value, channel: &str) -> String {
    let path = format!("/customers/{}", id(&house.customer(body).await));
    house
        .put(&format!("{path}/consents"), json!({channel: "unsubscribed"}))
        .await
        .expect(200);
    house.delete(&path).await.expect(204);
    path
}

/// The state of a channel, as `channel=state`, of each that was spoken of.
async fn consents(house: &House, path: &str) -> Vec<String> {
    let list = house.get(&format!("{path}/consents")).await.expect(200).json;
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{}={}",
                one["channel"].as_str().unwrap(),
                one["state"].as_str().unwrap()
            )
        })
        .collect()
}

#[tokio::test]
async fn a_changed_address_or_phone_brings_its_withdrawal_along() {
    let house = House::new().await;
    gone(&house, json!({"email": "Ada@Example.com"}), "email").await;
    gone(
        &house,
        json!({"phone": "+4930123456", "email": "b@example.com"}),
        "sms",
    )
    .await;
    let body = json!({"first_name": "New", "consents": {"email": "subscribed", "sms": "subscribed"}});
    let path = format!("/customers/{}", id(&house.customer(body).await));
    house
        .patch(
            &path,
            json!({"first_name": "Newer", "email": "other@example.com"}),
        )
        .await
        .expect(200);
    assert_eq!(
        consents(&house, &path).await,
        ["email=subscribed", "sms=subscribed"]
    );
    house
        .patch(&path, json!({"email": "ada@example.com"}))
        .await
        .expect(200);
    assert_eq!(
        consents(&house, &path).await,
        ["email=unsubscribed", "sms=subscribed"]
    );
    assert_eq!(
        house.kinds(&path).await[..2],
        ["consent.changed", "customer.updated"]
    );

    // Their own act loosens it, and no change of something else tightens it again.
    house
        .put(&format!("{path}/consents"), json!({"email": "subscribed"}))
        .await
        .expect(200);
    let whole = json!({"email": "ADA@example.com", "last_name": "Byron", "phone": "+4930123456"});
    house.put(&path, whole).await.expect(200);
    assert_eq!(
        consents(&house, &path).await,
        ["email=subscribed", "sms=unsubscribed"]
    );
}

#[tokio::test]
async fn a_phone_changed_for_many_brings_its_withdrawal_along() {
    let house = House::new().await;
    gone(&house, json!({"phone": "+4930123456"}), "email").await;
    let one = id(&house.customer(json!({"first_name": "New"})).await);
    let change = json!({"action": "update", "ids": [one], "changes": {"phone": "+4930123456"}});
    house.post("/customers/bulk", change).await.expect(200);
    let path = format!("/customers/{one}");
    assert_eq!(consents(&house, &path).await, ["email=unsubscribed"]);
}

#[tokio::test]
async fn who_is_restored_has_withdrawn_what_was_withdrawn_from_the_same_address_meanwhile() {
    let house = House::new().await;
    let subscribed = json!({"email": "ada@example.com", "consents": {"email": "subscribed"}});
    for in_bulk in [false, true] {
        let first = id(&house.customer(subscribed.clone()).await);
        let path = format!("/customers/{first}");
        let restore = || async {
            if in_bulk {
                let body = json!({"action": "restore", "ids": [first]});
                house.post("/customers/bulk", body).await.expect(200);
            } else {
                house
                    .post(&format!("{path}/restore"), json!({}))
                    .await
                    .expect(200);
            }
        };
        house.delete(&path).await.expect(204);
        restore().await;
        assert_eq!(consents(&house, &path).await, ["email=subscribed"]);

        house.delete(&path).await.expect(204);
        let second = gone(&house, json!({"email": "ada@example.com"}), "email").await;
        restore().await;
        assert_eq!(consents(&house, &path).await, ["email=unsubscribed"]);
        assert_eq!(
            house.kinds(&path).await[..2],
            ["consent.changed", "customer.restored"]
        );

        // What was said after the withdrawal holds, however often the record goes and comes back.
        house
            .put(&format!("{path}/consents"), json!({"email": "subscribed"}))
            .await
            .expect(200);
        house.delete(&path).await.expect(204);
        restore().await;
        assert_eq!(consents(&house, &path).await, ["email=subscribed"]);
        house.delete(&path).await.expect(204);
        drop(second);
    }
}

/// Somebody who withdrew, whom a transaction deletes that is still to be committed.
async fn being_deleted(house: &House) -> Tx {
    let ada = house.customer(json!({"email": "ada@example.com"})).await;
    let path = format!("/customers/{}", id(&ada));
    house
        .put(&format!("{path}/consents"), json!({"email": "unsubscribed"}))
        .await
        .expect(200);
    let mut tx = house.app.tx("acme").await;
    ops::customers::delete(&mut tx, id(&ada).parse().unwrap(), &|_| Ok(()))
        .await
        .unwrap();
    tx
}

/// Commits when another transaction waits for the address.
async fn commit(tx: Tx) {
    tokio::time::sleep(Duration::from_millis(300)).await;
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn who_is_entered_while_the_record_is_being_deleted_has_withdrawn_too() {
    let house = House::new().await;
    let deletion = being_deleted(&house).await;
    let create = house.post("/customers", json!({"email": "ADA@example.com"}));
    let (created, ()) = tokio::join!(create, commit(deletion));
    let path = format!("/customers/{}", id(&created.expect(201).json));
    assert_eq!(consents(&house, &path).await, ["email=unsubscribed"]);
}

#[tokio::test]
async fn who_comes_by_a_file_while_the_record_is_being_deleted_has_withdrawn_too() {
    let house = House::new().await;
    let deletion = being_deleted(&house).await;
    let wanted = Wanted {
        email: Patch::Set("ADA@example.com".parse().unwrap()),
        consents: vec![WantedConsent {
            channel: "email",
            state: "subscribed",
            at: None,
        }],
        ..Wanted::default()
    };
    let row = Create {
        id: CustomerId::new(),
        wanted: &wanted,
    };
    let path = format!("/customers/{}", row.id);
    let create = async {
        let mut tx = house.app.tx("acme").await;
        let origin = Origin {
            import_id: Some(CustomerId::new().0),
        };
        let known = KnownWords::default();
        let refusals = create_many(&mut tx, &[row], &origin, &known, &mut Vec::new()).await;
        assert_eq!(refusals.unwrap(), [None]);
        tx.commit().await.unwrap();
    };
    tokio::join!(create, commit(deletion));
    assert_eq!(consents(&house, &path).await, ["email=unsubscribed"]);
}

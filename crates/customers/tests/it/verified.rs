//! Whether an e-mail address and a phone are known to reach their customer, and until when.

use serde_json::{Value, json};

use crate::harness::{BASE, House, id, places};

fn flags(customer: &Value) -> [bool; 2] {
    ["email_verified", "phone_verified"].map(|name| customer[name].as_bool().unwrap())
}

async fn ada(house: &House) -> String {
    let made = house
        .customer(json!({
            "first_name": "Ada", "email": "ada@example.com", "phone": "+4930123456",
            "email_verified": true, "phone_verified": true
        }))
        .await;
    assert_eq!(flags(&made), [true, true]);
    format!("/customers/{}", id(&made))
}

#[tokio::test]
async fn it_is_said_kept_and_taken_back() {
    let house = House::new().await;
    let plain = house
        .customer(json!({"email": "grace@example.com", "phone": "+4930999999"}))
        .await;
    assert_eq!(flags(&plain), [false, false]);
    let path = format!("/customers/{}", id(&plain));
    for (body, wanted) in [
        (json!({"email_verified": true}), [true, false]),
        (json!({"phone_verified": true, "note": "Called."}), [true, true]),
        (json!({"note": null}), [true, true]),
        (json!({"email_verified": null}), [false, true]),
        (
            json!({"email_verified": true, "phone_verified": false}),
            [true, false],
        ),
    ] {
        let changed = house.patch(&path, body.clone()).await.expect(200).json;
        assert_eq!(flags(&changed), wanted, "{body}");
        let mut read = house.get(&path).await.json;
        // The figures are read with the customer, and not changed with it.
        read.as_object_mut().unwrap().remove("metrics").unwrap();
        assert_eq!(read, changed, "{body}");
    }
    let events = house
        .get(&format!("{path}/activities?kind=customer.updated"))
        .await
        .expect(200);
    assert_eq!(
        events.json["data"][0]["data"]["changes"],
        json!({"email_verified": {"from": false, "to": true}, "phone_verified": {"from": true, "to": false}})
    );
    // What a replacement does not say is cleared.
    let same = json!({"email": "grace@example.com", "phone": "+4930999999", "phone_verified": true});
    let replaced = house.put(&path, same).await.expect(200).json;
    assert_eq!(flags(&replaced), [false, true]);
}

#[tokio::test]
async fn another_address_or_phone_is_not_verified_unless_it_is_said() {
    let house = House::new().await;
    let path = ada(&house).await;
    for (body, wanted) in [
        (
            json!({"email": "ADA@EXAMPLE.com", "phone": "+49 (30) 123456"}),
            [true, true],
        ),
        (json!({"email": "byron@example.com"}), [false, true]),
        (
            json!({"phone": "+49 30 654321", "phone_verified": true}),
            [false, true],
        ),
        (
            json!({"email": "ada@example.com", "email_verified": true, "phone": null}),
            [true, false],
        ),
        (json!({"email": null, "phone": "+4930123456"}), [false, false]),
    ] {
        let changed = house.patch(&path, body.clone()).await.expect(200).json;
        assert_eq!(flags(&changed), wanted, "{body}");
    }
}

#[tokio::test]
async fn without_an_address_there_is_nothing_to_verify() {
    let house = House::new().await;
    let path = ada(&house).await;
    let refused = house
        .post(
            "/customers",
            json!({"first_name": "Eve", "email_verified": true, "phone_verified": true}),
        )
        .await
        .expect(422);
    assert_eq!(places(&refused), ["/email_verified", "/phone_verified"]);
    assert!(refused.text().contains("\"email_missing\"") && refused.text().contains("\"phone_missing\""));
    for (body, place) in [
        (json!({"email": null, "email_verified": true}), "/email_verified"),
        (json!({"phone": "", "phone_verified": true}), "/phone_verified"),
        // The fault of the address is enough.
        (json!({"email": "ada@", "email_verified": true}), "/email"),
    ] {
        let refused = house.patch(&path, body.clone()).await.expect(422);
        assert_eq!(places(&refused), [place], "{body}");
    }
    let refused = house
        .patch(&path, json!({"email_verified": "yes"}))
        .await
        .expect(422);
    assert_eq!(places(&refused), ["/email_verified"]);
    // Nobody is nothing to be taken back.
    let eve = house
        .customer(json!({"first_name": "Eve", "email_verified": false, "phone_verified": null}))
        .await;
    assert_eq!(flags(&eve), [false, false]);
}

#[tokio::test]
async fn two_at_once_agree_on_whose_address_was_seen() {
    let house = House::new().await;
    let path = ada(&house).await;
    house
        .patch(&path, json!({"email_verified": false}))
        .await
        .expect(200);
    for round in 0..5 {
        let address = format!("ada{round}@example.com");
        let (moved, seen) = tokio::join!(
            house.patch(&path, json!({"email": address})),
            house.patch(&path, json!({"email_verified": true})),
        );
        let (moved, seen) = (moved.expect(200).json, seen.expect(200).json);
        let last = house.get(&path).await.json;
        // Who names no version says it of the address that is there when it is said, seen or not.
        assert_eq!(
            last["email_verified"],
            json!(seen["version"].as_i64() > moved["version"].as_i64()),
            "{round}"
        );
        house
            .patch(&path, json!({"email_verified": false}))
            .await
            .expect(200);
    }
    // Who names the address that they saw says it of that one.
    let said = json!({"email": "ada@example.com", "email_verified": true});
    let said = house.patch(&path, said).await.expect(200).json;
    assert_eq!(
        (flags(&said)[0], &said["email"]),
        (true, &json!("ada@example.com"))
    );
    // Who names the version that they saw is told that it is another address by now.
    let before = house.get(&path).await.json["version"].clone();
    house
        .patch(&path, json!({"email": "new@example.com"}))
        .await
        .expect(200);
    house
        .app
        .patch(&format!("{BASE}{path}"))
        .bearer(&house.key)
        .header("if-match", &format!("\"v{before}\""))
        .json(json!({"email_verified": true}))
        .await
        .expect(412);
    assert_eq!(house.get(&path).await.json["email_verified"], false);
}

#[tokio::test]
async fn many_at_once_and_back_again() {
    let house = House::new().await;
    let path = ada(&house).await;
    let grace = id(&house
        .customer(json!({"email": "grace@example.com", "phone": "+4930999999"}))
        .await);
    let ada_id = path.rsplit('/').next().unwrap().to_owned();
    let ids = [&ada_id, &grace];
    let bulk = async |body: Value| house.post("/customers/bulk", body).await;
    let said =
        json!({"action": "update", "ids": ids, "changes": {"email_verified": true, "phone_verified": true}});
    let done = bulk(said.clone()).await.expect(200).json;
    assert_eq!((&done["changed"], &done["unchanged"]), (&json!(1), &json!(1)));
    let grace = format!("/customers/{grace}");
    assert_eq!(flags(&house.get(&grace).await.json), [true, true]);
    bulk(json!({"action": "undo", "bulk_id": done["bulk_id"]}))
        .await
        .expect(200);
    assert_eq!(flags(&house.get(&grace).await.json), [false, false]);
    assert_eq!(flags(&house.get(&path).await.json), [true, true]);

    // One phone for all of them is nobody's verified one; the old ones come back with what was seen of them.
    let moved = json!({"action": "update", "ids": ids, "changes": {"phone": "+4930555555"}});
    let moved = bulk(moved).await.expect(200).json;
    assert_eq!(flags(&house.get(&path).await.json), [true, false]);
    bulk(json!({"action": "undo", "bulk_id": moved["bulk_id"]}))
        .await
        .expect(200);
    let back = house.get(&path).await.json;
    assert_eq!(
        (flags(&back), &back["phone"]),
        ([true, true], &json!("+4930123456"))
    );

    // So they do if the new one was verified as well, whatever was seen of it since.
    for (since, wanted) in [(true, true), (false, true), (true, false)] {
        house
            .patch(&path, json!({"phone_verified": wanted}))
            .await
            .expect(200);
        let moved = json!({"phone": "+4930555555", "phone_verified": wanted});
        let moved = bulk(json!({"action": "update", "ids": ids, "changes": moved})).await;
        house
            .patch(&path, json!({"phone_verified": since}))
            .await
            .expect(200);
        bulk(json!({"action": "undo", "bulk_id": moved.expect(200).json["bulk_id"]}))
            .await
            .expect(200);
        let back = house.get(&path).await.json;
        assert_eq!(
            (flags(&back), &back["phone"]),
            ([true, wanted], &json!("+4930123456")),
            "{since}"
        );
    }
    house
        .patch(&path, json!({"phone_verified": true}))
        .await
        .expect(200);

    // What was taken back of one address is not given to the next.
    let gone = json!({"action": "update", "ids": ids, "changes": {"email_verified": false}});
    let gone = bulk(gone).await.expect(200).json;
    house
        .patch(&path, json!({"email": "byron@example.com"}))
        .await
        .expect(200);
    let undone = bulk(json!({"action": "undo", "bulk_id": gone["bulk_id"]}))
        .await
        .expect(200)
        .json;
    assert_eq!(undone["changed"], 0);
    assert_eq!(flags(&house.get(&path).await.json), [false, true]);

    // Who has none is told of before anybody is changed.
    house.patch(&grace, json!({"phone": null})).await.expect(200);
    let refused = bulk(said).await.expect(422);
    assert_eq!(places(&refused), ["/changes/phone_verified"]);
    assert_eq!(flags(&house.get(&path).await.json), [false, true]);
}

#[tokio::test]
async fn who_is_restored_is_as_verified_as_before() {
    let house = House::new().await;
    let path = ada(&house).await;
    house.delete(&path).await.expect(204);
    let back = house
        .post(&format!("{path}/restore"), json!({}))
        .await
        .expect(200)
        .json;
    assert_eq!(flags(&back), [true, true]);
}

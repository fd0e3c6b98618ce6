//! Comparing and mending, against what somebody did to the documents by hand.

use regulars_connect_firestore::proto::{Document, Kind, Operation, Write};
use serde_json::{Value, json};

use crate::{
    emulator::Emulator,
    shop::{Shop, document, documents},
};

fn write(operation: Operation) -> Write {
    Write {
        operation: Some(operation),
    }
}

#[tokio::test]
async fn what_somebody_did_by_hand_is_found_and_mended() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let _worker = shop.worker(&emulator.address());
    let client = shop.client(&emulator);
    let ids = shop.customers(12).await;
    shop.settled().await;
    shop.is_equal(12).await;

    let mut changed = documents(&client, &[&ids[3]]).await.pop().unwrap();
    changed
        .fields
        .insert("first_name".into(), Kind::String("Eve".into()).into());
    changed.fields.remove("last_name");
    let stranger = regulars_kernel::ids::new_uuid().to_string();
    let made = |id: &str| {
        let mut document = Document {
            name: client.place().name(id),
            ..changed.clone()
        };
        document.fields.clear();
        write(Operation::Update(document))
    };
    client
        .commit(vec![
            write(Operation::Update(changed.clone())),
            write(Operation::Delete(client.place().name(&ids[5]))),
            made(&stranger),
            made("by hand"),
            made("0"),
        ])
        .await
        .unwrap();
    let found = shop.compare("verify").await;
    let figures = ["equal", "different", "missing", "superfluous"].map(|name| found[name].as_u64().unwrap());
    assert_eq!(figures, [10, 1, 1, 3], "{found:#}");
    let example = |id: &str| {
        found["examples"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == id)
            .unwrap()
            .clone()
    };
    assert_eq!(example(&ids[3])["fields"], json!(["first_name", "last_name"]));
    assert_eq!(example(&ids[5])["fault"], "missing");
    assert_eq!(example("by hand")["fault"], "superfluous");
    // Looking changes nothing.
    assert_eq!(document(&client, &ids[3]).await["first_name"], "Eve");

    let mended = shop.compare("repair").await;
    assert_eq!(mended["repaired"], 5, "{mended:#}");
    shop.settled().await;
    shop.is_equal(12).await;
    assert_eq!(document(&client, &ids[3]).await["first_name"], "N3");
    for gone in [stranger.as_str(), "by hand", "0"] {
        assert_eq!(document(&client, gone).await, Value::Null, "{gone}");
    }
    let mirror = shop.mirror().await;
    assert_eq!(mirror["last_verify"]["result"]["equal"], 12);
}

#[tokio::test]
async fn more_than_a_page_of_either_is_compared_whole() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::new().await;
    shop.crowd(1300).await;
    shop.set_up(json!({})).await;
    let _worker = shop.worker(&emulator.address());
    let mirror = shop.settled().await;
    assert_eq!(
        (&mirror["load"]["done"], &mirror["load"]["total"]),
        (&json!(1300), &json!(1300))
    );
    shop.is_equal(1300).await;

    let client = shop.client(&emulator);
    // Documents are gone here and there, and for a whole stretch.
    let gone: Vec<_> = (1..=1300)
        .filter(|n| n % 7 == 0 || (400..900).contains(n))
        .map(|n| {
            write(Operation::Delete(
                client
                    .place()
                    .name(&format!("{n:08x}-0000-7000-8000-000000000000")),
            ))
        })
        .collect();
    let (count, mut left) = (gone.len() as u64, gone);
    while !left.is_empty() {
        let some = left.split_off(left.len().saturating_sub(400));
        client.commit(some).await.unwrap();
    }
    let found = shop.compare("verify").await;
    assert_eq!(
        (&found["missing"], &found["equal"], &found["different"]),
        (&json!(count), &json!(1300 - count), &json!(0))
    );
    shop.compare("repair").await;
    shop.settled().await;
    shop.is_equal(1300).await;
}

#[tokio::test]
async fn renaming_a_tag_and_taking_it_away_reaches_everybody_who_has_it() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let _worker = shop.worker(&emulator.address());
    let client = shop.client(&emulator);
    let id = shop
        .customer(json!({"email": "ada@example.com", "tags": ["vip"]}))
        .await;
    shop.settled().await;
    let tags = shop.get("/tags").await.expect(200).json;
    let tag = tags["data"][0]["id"].as_str().unwrap().to_owned();
    shop.patch(&format!("/tags/{tag}"), json!({"name": "star"}))
        .await
        .expect(200);
    shop.settled().await;
    assert_eq!(document(&client, &id).await["tags"], json!(["star"]));
    shop.delete(&format!("/tags/{tag}")).await.expect(204);
    shop.settled().await;
    assert_eq!(document(&client, &id).await["tags"], json!([]));
    shop.is_equal(1).await;
}

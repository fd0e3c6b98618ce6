//! What hangs on a customer, through the API.

use regulars_customers::store::contacts::customers_with;
use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::{
    bulk_job::HOME,
    harness::{BASE, House, id, places},
};

#[tokio::test]
async fn the_first_address_is_the_default_and_there_always_is_one() {
    let house = House::new().await;
    let path = house.path_of("Ada").await;
    let list = format!("{path}/addresses");
    let berlin = house
        .post(
            &list,
            json!({"city": "Berlin", "country": "Germany", "phone": "030 123456"}),
        )
        .await
        .expect(201)
        .json;
    assert_eq!(berlin["is_default"], true);
    assert_eq!(
        (&berlin["country"], &berlin["phone"]),
        (&json!("DE"), &json!("+4930123456"))
    );
    let paris = house
        .post(
            &list,
            json!({"city": "Paris", "country": "FR", "is_default": true}),
        )
        .await
        .expect(201)
        .json;
    let all = house.get(&list).await.expect(200).json;
    assert_eq!(all["page"]["total"], json!({"value": 2, "exact": true}));
    assert_eq!(all["data"][0]["city"], "Paris");
    assert_eq!(all["data"][1]["is_default"], false);

    // The phone of the customer is read as of the default address's country.
    let phone = house
        .patch(&path, json!({"phone": "01 42 68 53 00"}))
        .await
        .expect(200)
        .json;
    assert_eq!(phone["phone"], "+33142685300");

    let one = format!("{list}/{}", id(&paris));
    let refused = house.patch(&one, json!({"is_default": false})).await.expect(422);
    assert_eq!(places(&refused), ["/is_default"]);
    let stale = house
        .app
        .patch(&format!("/api/v1{one}"))
        .bearer(&house.key)
        .header("if-match", "\"v9\"");
    stale.json(json!({"line1": "x"})).await.expect(412);
    house
        .patch(&one, json!({"line1": "Rue de Rivoli", "longitude": 2.33}))
        .await
        .expect(200);
    house.delete(&one).await.expect(204);
    let left = house.get(&list).await.json;
    assert_eq!(left["data"][0]["id"], berlin["id"]);
    assert_eq!(left["data"][0]["is_default"], true);
    house.get(&one).await.expect(404);
    let kinds = house.kinds(&path).await;
    assert_eq!(
        kinds.iter().filter(|kind| kind.starts_with("address.")).count(),
        4
    );
}

#[tokio::test]
async fn one_contact_is_the_primary_one() {
    let house = House::new().await;
    let path = house.path_of("Acme").await;
    let list = format!("{path}/contacts");
    let grace = house
        .post(&list, json!({"first_name": "Grace", "is_primary": true}))
        .await
        .expect(201)
        .json;
    let ida = house
        .post(
            &list,
            json!({"last_name": "Rhodes", "is_primary": true, "title": "Buyer"}),
        )
        .await
        .expect(201)
        .json;
    let all = house.get(&list).await.json;
    assert_eq!(all["data"][0]["id"], ida["id"]);
    assert_eq!(all["data"][1]["is_primary"], false);
    let one = format!("{list}/{}", id(&grace));
    let changed = house
        .patch(&one, json!({"is_primary": true, "last_name": "Hopper"}))
        .await
        .expect(200)
        .json;
    assert_eq!(changed["full_name"], "Grace Hopper");
    assert_eq!(house.get(&list).await.json["data"][0]["id"], grace["id"]);
    let empty = house.post(&list, json!({"title": "Nobody"})).await.expect(422);
    assert_eq!(places(&empty), [""]);
    house.delete(&one).await.expect(204);
    assert_eq!(house.get(&list).await.json["page"]["total"]["value"], 1);
}

#[tokio::test]
async fn notes_keep_what_they_said_and_pinned_ones_stand_on_top() {
    let house = House::new().await;
    let path = house.path_of("Ada").await;
    let list = format!("{path}/notes");
    let first = house.post(&list, json!({"body": "One"})).await.expect(201).json;
    house.post(&list, json!({"body": "Two"})).await.expect(201);
    let one = format!("{list}/{}", id(&first));
    let edited = house
        .patch(&one, json!({"body": "One, again", "pinned": true}))
        .await
        .expect(200)
        .json;
    assert!(edited["pinned_at"].is_string());
    house
        .patch(&one, json!({"body": "One, at last"}))
        .await
        .expect(200);
    let all = house.get(&list).await.json;
    assert_eq!(all["data"][0]["body"], "One, at last");
    let versions = house.get(&format!("{one}/versions")).await.expect(200).json;
    let bodies: Vec<_> = versions["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["body"].clone())
        .collect();
    assert_eq!(bodies, ["One, again", "One"]);
    let blank = house.post(&list, json!({"body": " \n"})).await.expect(422);
    assert_eq!(places(&blank), ["/body"]);
    let page = house
        .get(&format!("{list}?limit=1&page=2"))
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&page["data"][0]["body"], &page["page"]["total"]["value"]),
        (&json!("Two"), &json!(2))
    );
    house.delete(&one).await.expect(204);
}

#[tokio::test]
async fn an_id_of_another_system_belongs_to_one_customer() {
    let house = House::new().await;
    let (ada, grace) = (house.path_of("Ada").await, house.path_of("Grace").await);
    let link = json!({"source": "shopify", "external_id": "a/b 7"});
    let made = house
        .post(&format!("{ada}/sources"), link.clone())
        .await
        .expect(201);
    let place = made.header("location").strip_prefix("/api/v1").unwrap();
    assert_eq!(house.get(place).await.expect(200).json, made.json);
    house
        .post(&format!("{ada}/sources"), link.clone())
        .await
        .expect(200);
    let taken = house.post(&format!("{grace}/sources"), link).await.expect(409);
    assert_eq!(places(&taken), ["/external_id"]);
    house
        .get("/customers/by-external-id/shopify/a%2Fb%207")
        .await
        .expect(200);
    house
        .delete(&format!("{ada}/sources/shopify/a%2Fb%207"))
        .await
        .expect(204);
    house
        .delete(&format!("{ada}/sources/shopify/a%2Fb%207"))
        .await
        .expect(404);
    assert_eq!(
        house.kinds(&ada).await,
        ["source.unlinked", "source.linked", "customer.created"]
    );
}

#[tokio::test]
async fn tags_are_one_whatever_their_case_and_can_be_renamed_merged_and_counted() {
    let house = House::new().await;
    let (ada, grace) = (house.path_of("Ada").await, house.path_of("Grace").await);
    house
        .post(&format!("{ada}/tags"), json!({"tags": ["VIP", "new"]}))
        .await
        .expect(200);
    house
        .post(&format!("{grace}/tags"), json!({"tags": ["vip", "loyal"]}))
        .await
        .expect(200);
    assert_eq!(house.get(&grace).await.json["tags"], json!(["loyal", "VIP"]));
    assert_eq!(house.get(&grace).await.json["version"], 2);
    let all = house.get("/tags").await.expect(200).json;
    let counts: Vec<_> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| {
            (
                tag["name"].as_str().unwrap(),
                tag["customers"]["value"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(counts, [("loyal", 1), ("new", 1), ("VIP", 2)]);
    let find = |name: &str| {
        id(all["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|tag| tag["name"] == name)
            .unwrap())
    };
    let renamed = house
        .patch(
            &format!("/tags/{}", find("VIP")),
            json!({"name": "Gold", "color": "amber"}),
        )
        .await
        .expect(200);
    assert_eq!(renamed.json["customers"]["value"], 2);
    assert_eq!(house.get(&ada).await.json["tags"], json!(["Gold", "new"]));
    house.post("/tags", json!({"name": "GOLD"})).await.expect(409);
    let merged = house
        .post(
            &format!("/tags/{}/merge", find("loyal")),
            json!({"into": find("VIP")}),
        )
        .await
        .expect(200)
        .json;
    assert_eq!(merged["customers"]["value"], 2);
    assert_eq!(house.get(&grace).await.json["tags"], json!(["Gold"]));
    house
        .put(&format!("{ada}/tags"), json!({"tags": ["z"]}))
        .await
        .expect(200);
    assert_eq!(house.get(&ada).await.json["tags"], json!(["z"]));
    house.delete(&format!("{ada}/tags/Z")).await.expect(204);
    house.delete(&format!("{ada}/tags/z")).await.expect(404);
    assert_eq!(
        house.kinds(&ada).await,
        [
            "customer.untagged",
            "customer.tagged",
            "customer.untagged",
            "customer.tagged",
            "customer.created"
        ]
    );
    house.delete(&format!("/tags/{}", find("VIP"))).await.expect(204);
    assert_eq!(house.get(&grace).await.json["tags"], json!([]));
}

#[tokio::test]
async fn attributes_are_checked_against_their_definitions() {
    let house = House::new().await;
    for body in [
        json!({"name": "shoe_size", "kind": "number"}),
        json!({"name": "colour", "kind": "select", "options": ["red", "blue"]}),
        json!({"name": "since", "kind": "date"}),
        json!({"name": "hobbies", "kind": "list"}),
    ] {
        house.post("/attributes", body).await.expect(201);
    }
    let wrong = house
        .post(
            "/attributes",
            json!({"name": "No", "kind": "select", "position": 1}),
        )
        .await
        .expect(422);
    assert_eq!(places(&wrong), ["/name", "/options"]);
    house
        .post("/attributes", json!({"name": "since", "kind": "text"}))
        .await
        .expect(409);

    let ada = house
        .customer(json!({"first_name": "Ada", "attributes": {"shoe_size": "38.5", "colour": "red", "hobbies": ["chess"]}}))
        .await;
    assert_eq!(
        ada["attributes"],
        json!({"shoe_size": 38.5, "colour": "red", "hobbies": ["chess"]})
    );
    let path = format!("/customers/{}", id(&ada));
    let changed = house
        .patch(
            &path,
            json!({"attributes": {"colour": null, "since": "2024-02-29"}}),
        )
        .await
        .expect(200)
        .json;
    assert_eq!(changed["attributes"]["colour"], Value::Null);
    assert_eq!(changed["attributes"]["since"], "2024-02-29");
    assert_eq!(changed["attributes"]["shoe_size"], 38.5);
    let refused = house
        .patch(
            &path,
            json!({"attributes": {"colour": "green", "since": 1, "x/y": 1}}),
        )
        .await
        .expect(422);
    assert_eq!(
        places(&refused),
        ["/attributes/colour", "/attributes/since", "/attributes/x~1y"]
    );

    let size = house.get("/attributes").await.json["data"][0].clone();
    let size = format!("/attributes/{}", id(&size));
    house.delete(&size).await.expect(409);
    house.patch(&size, json!({"kind": "text"})).await.expect(422);
    house.patch(&size, json!({"required": true})).await.expect(200);
    let missing = house
        .post("/customers", json!({"first_name": "Grace"}))
        .await
        .expect(422);
    assert_eq!(places(&missing), ["/attributes/shoe_size"]);
    let missing = house
        .post(
            "/customers",
            json!({"email": "x", "attributes": {"colour": "red"}}),
        )
        .await
        .expect(422);
    assert_eq!(places(&missing), ["/attributes/shoe_size", "/email"]);
    let cleared = house
        .patch(&path, json!({"attributes": {"shoe_size": null}}))
        .await
        .expect(422);
    assert_eq!(places(&cleared), ["/attributes/shoe_size"]);
    house.patch(&size, json!({"archived": true})).await.expect(200);
    house
        .patch(&path, json!({"attributes": {"shoe_size": 40}}))
        .await
        .expect(422);
    house.customer(json!({"first_name": "Grace"})).await;
}

#[tokio::test]
async fn consents_are_set_by_channel_and_each_change_is_told() {
    let house = House::new().await;
    let path = house.path_of("Ada").await;
    let consents = format!("{path}/consents");
    assert_eq!(house.get(&consents).await.expect(200).json["data"], json!([]));
    house
        .put(&consents, json!({"email": "subscribed", "sms": "pending"}))
        .await
        .expect(200);
    let now = house
        .put(&consents, json!({"email": "unsubscribed"}))
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&now["data"][0]["state"], &now["data"][1]["state"]),
        (&json!("unsubscribed"), &json!("pending"))
    );
    assert_eq!(now["data"][0]["source"], "api");
    house
        .put(&consents, json!({"email": "unsubscribed"}))
        .await
        .expect(200);
    assert_eq!(
        house
            .kinds(&path)
            .await
            .iter()
            .filter(|kind| *kind == "consent.changed")
            .count(),
        3
    );
    assert_eq!(
        places(&house.put(&consents, json!({"sms": "no"})).await.expect(422)),
        ["/sms"]
    );
}

#[tokio::test]
async fn a_person_is_the_contact_of_whoever_names_their_address() {
    let house = House::new().await;
    let person = id(&house
        .customer(json!({"first_name": "Grace", "email": "grace@example.com"}))
        .await);
    let [acme, gone] = [house.path_of("Acme").await, house.path_of("Gone").await];
    let itself = format!("/customers/{person}");
    for (path, title) in [
        (&acme, json!("Buyer")),
        (&acme, json!("Consultant")),
        (&gone, Value::Null),
        (&itself, Value::Null),
    ] {
        house
            .post(
                &format!("{path}/contacts"),
                json!({"first_name": "Grace", "email": "Grace@Example.com", "title": title}),
            )
            .await
            .expect(201);
    }
    house.delete(&gone).await.expect(204);
    // Of another organization.
    let other = house.app.key_of("other", Role::Agent).await;
    house
        .app
        .post(&format!("{BASE}/customers"))
        .bearer(&other)
        .json(json!({"first_name": "X", "contacts": [{"email": "grace@example.com"}]}))
        .await
        .expect(201);
    let mut tx = house.app.tx(HOME).await;
    let (found, is_cut) = customers_with(&mut tx, "grace@example.com", person.parse().unwrap())
        .await
        .unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|(customer, title)| (format!("/customers/{}", customer.id), title.as_deref()))
        .collect();
    // Once, as the first that names them does.
    assert_eq!((found, is_cut), (vec![(acme, Some("Buyer"))], false));
}

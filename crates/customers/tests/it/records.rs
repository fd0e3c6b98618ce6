//! The customer itself through the API.

use regulars_testkit::TestResponse;
use serde_json::{Value, json};

use crate::harness::{BASE, House, id, places};

#[tokio::test]
async fn a_customer_is_created_read_changed_replaced_and_told_on_its_timeline() {
    let house = House::new().await;
    let created = house
        .post(
            "/customers",
            json!({
                "email": "Ada@Example.com", "phone": "030 123456", "first_name": " Ada ", "last_name": "Byron",
                "birthday": "1985-12-10", "status": "vip", "locale": "de-DE", "time_zone": "Europe/Berlin",
                "credit_limit": {"amount": "100", "currency": "EUR"}, "tags": ["VIP", "new", "vip"],
                "note": "Line one\nLine two",
                "addresses": [{"line1": "Unter den Linden 1", "city": "Berlin", "country": "DE"}, {"city": "Bonn"}],
                "contacts": [{"first_name": "Grace", "email": "grace@example.com", "is_primary": true}],
                "sources": [{"source": "shopify", "external_id": "7"}],
                "consents": {"email": "subscribed"}
            }),
        )
        .await
        .expect(201);
    let customer = created.json.clone();
    assert_eq!(
        created.header("location"),
        format!("{BASE}/customers/{}", id(&customer))
    );
    assert_eq!(customer["phone"], "+4930123456");
    assert_eq!(customer["full_name"], "Ada Byron");
    assert_eq!(customer["version"], 1);
    assert_eq!(customer["tags"], json!(["new", "VIP"]));
    assert_eq!(
        customer["credit_limit"],
        json!({"amount": "100.00", "currency": "EUR"})
    );
    assert!(customer["code"].as_str().unwrap().starts_with("C-0"));

    let path = format!("/customers/{}", id(&customer));
    let read = house.get(&path).await.expect(200);
    let mut known = read.json.clone();
    let figures = known.as_object_mut().unwrap().remove("metrics").unwrap();
    assert_eq!(known, customer);
    assert_eq!(
        (&figures["orders"], &figures["last_order_at"]),
        (&json!(0), &json!(null))
    );
    assert_eq!(
        figures["total_spent"],
        json!({"amount": "0.00", "currency": "EUR"})
    );
    let whole = house
        .get(&format!(
            "{path}?include=addresses,contacts,sources,tags,notes,consents,parent,children"
        ))
        .await
        .expect(200)
        .json;
    assert_eq!(whole["addresses"][0]["city"], "Berlin");
    assert_eq!(whole["addresses"][0]["is_default"], true);
    assert_eq!(whole["addresses"][1]["is_default"], false);
    assert_eq!(whole["contacts"][0]["full_name"], "Grace");
    assert_eq!(whole["sources"][0]["external_id"], "7");
    assert_eq!(whole["tag_details"][1]["color"], "gray");
    assert_eq!(whole["consents"][0]["state"], "subscribed");
    assert_eq!(whole["notes"], json!([]));
    assert_eq!(whole["children"], json!([]));

    assert_eq!(
        id(&house
            .get("/customers/by-email/ADA@example.COM")
            .await
            .expect(200)
            .json),
        id(&customer)
    );
    assert_eq!(
        id(&house
            .get("/customers/by-external-id/shopify/7")
            .await
            .expect(200)
            .json),
        id(&customer)
    );
    house.get("/customers/by-external-id/shopify/8").await.expect(404);
    house.get("/customers/by-email/nobody").await.expect(404);

    let changed = house
        .patch(&path, json!({"last_name": "Lovelace", "note": null}))
        .await
        .expect(200);
    assert_eq!(changed.json["full_name"], "Ada Lovelace");
    assert_eq!(changed.json["note"], Value::Null);
    assert_eq!(changed.json["birthday"], "1985-12-10");
    assert_eq!(changed.json["version"], 2);
    assert_eq!(changed.header("etag"), "\"v2\"");
    let same = house
        .patch(&path, json!({"last_name": "Lovelace"}))
        .await
        .expect(200);
    assert_eq!(same.json["version"], 2, "what changes nothing is no new version");
    let mut read = house.get(&path).await.json;
    read.as_object_mut().unwrap().remove("metrics").unwrap();
    assert_eq!(read, changed.json);

    let replaced = house
        .put(&path, json!({"kind": "company", "company_name": "Acme"}))
        .await
        .expect(200)
        .json;
    assert_eq!(replaced["full_name"], "Acme");
    assert_eq!(replaced["email"], Value::Null);
    assert_eq!(replaced["tags"], json!([]));
    assert_eq!(replaced["code"], customer["code"]);

    let kinds = house.kinds(&path).await;
    for kind in [
        "customer.created",
        "customer.tagged",
        "address.created",
        "contact.created",
        "source.linked",
        "consent.changed",
        "customer.updated",
        "customer.untagged",
    ] {
        assert!(
            kinds.iter().any(|known| known == kind),
            "{kind} is missing among {kinds:?}"
        );
    }
    let only = house
        .get(&format!("{path}/activities?kind=customer.updated"))
        .await
        .expect(200)
        .json;
    assert_eq!(
        only["data"][1]["data"]["changes"]["last_name"],
        json!({"from": "Byron", "to": "Lovelace"})
    );
    assert_eq!(only["data"][0]["actor_kind"], "key");
}

#[tokio::test]
async fn every_fault_is_named_at_once_and_nothing_is_kept() {
    let house = House::new().await;
    house
        .customer(json!({"email": "ada@example.com", "code": "A-1"}))
        .await;
    let answer = house
        .post(
            "/customers",
            json!({
                "email": "ADA@example.com", "code": "A-1", "phone": "call me", "birthday": "2999-01-01", "status": "king",
                "locale": "xx-YY-ZZ", "time_zone": "Mars/Base", "owner_id": "0198c0de-0000-7000-8000-000000000000",
                "parent_id": "0198c0de-0000-7000-8000-000000000000", "first_name": "a\nb", "last_name": "x".repeat(201),
                "credit_limit": {"amount": "-1", "currency": "EUR"}, "attributes": {"unknown": 1}, "tags": ["ok", " "],
                "addresses": [{"country": "Atlantis", "latitude": 91}], "contacts": [{"email": "nobody"}],
                "sources": [{"source": "No!", "external_id": ""}], "consents": {"email": "maybe"}
            }),
        )
        .await
        .expect(422);
    assert_eq!(
        places(&answer),
        [
            "/addresses/0/country",
            "/addresses/0/latitude",
            "/attributes/unknown",
            "/birthday",
            "/code",
            "/consents/email",
            "/contacts/0/email",
            "/credit_limit/amount",
            "/email",
            "/first_name",
            "/last_name",
            "/locale",
            "/owner_id",
            "/parent_id",
            "/phone",
            "/sources/0/external_id",
            "/sources/0/source",
            "/status",
            "/tags/1",
            "/time_zone",
        ]
    );
    house.get("/customers/by-email/ada@example.com").await.expect(200);
    let unknown = house
        .post(
            "/customers",
            json!({"fist_name": "Ada", "addresses": [{"cty": "Bonn"}]}),
        )
        .await
        .expect(400);
    assert_eq!(places(&unknown), ["/addresses/0/cty", "/fist_name"]);
    let mistyped = house
        .post(
            "/customers",
            json!({"first_name": 5, "contacts": [{"is_primary": "yes"}], "tags": "vip"}),
        )
        .await
        .expect(422);
    assert_eq!(
        places(&mistyped),
        ["/contacts/0/is_primary", "/first_name", "/tags"]
    );
}

#[tokio::test]
async fn of_two_edits_of_one_version_one_wins_and_the_other_is_told() {
    let house = House::new().await;
    let path = house.path_of("Ada").await;
    let edit = |name: &'static str| {
        let (house, path) = (&house, format!("{BASE}{path}"));
        async move {
            let request = house
                .app
                .patch(&path)
                .bearer(&house.key)
                .header("if-match", "\"v1\"");
            request.json(json!({"last_name": name})).await.status.as_u16()
        }
    };
    let (one, other) = tokio::join!(edit("One"), edit("Other"));
    let mut statuses = [one, other];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(house.get(&path).await.json["version"], 2);
}

#[tokio::test]
async fn without_if_match_edits_of_different_fields_all_stay() {
    let house = House::new().await;
    let path = house.path_of("Ada").await;
    let (first, second, third) = tokio::join!(
        house.patch(&path, json!({"last_name": "Byron"})),
        house.patch(&path, json!({"industry": "Mathematics"})),
        house.patch(&path, json!({"status": "vip"})),
    );
    for answer in [first, second, third] {
        answer.expect(200);
    }
    let now = house.get(&path).await.json;
    assert_eq!(
        (&now["last_name"], &now["industry"], &now["status"]),
        (&json!("Byron"), &json!("Mathematics"), &json!("vip"))
    );
    assert_eq!(now["version"], 4);
}

#[tokio::test]
async fn an_address_belongs_to_one_living_customer_whatever_its_case() {
    let house = House::new().await;
    let ada = house.customer(json!({"email": "Ada@Example.com"})).await;
    let taken = house
        .post("/customers", json!({"email": "ADA@EXAMPLE.COM"}))
        .await
        .expect(409);
    assert_eq!(places(&taken), ["/email"]);
    let create = || house.post("/customers", json!({"email": "race@example.com"}));
    let (one, other) = tokio::join!(create(), create());
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);

    let path = format!("/customers/{}", id(&ada));
    house.delete(&path).await.expect(204);
    house.get(&path).await.expect(404);
    house.delete(&path).await.expect(404);
    house.patch(&path, json!({"note": "x"})).await.expect(404);
    let shown = house.get(&format!("{path}?deleted=true")).await.expect(200).json;
    assert!(shown["deleted_at"].is_string());
    let next = house.customer(json!({"email": "ada@example.com"})).await;
    let clash = house
        .post(&format!("{path}/restore"), json!({}))
        .await
        .expect(409);
    assert_eq!(places(&clash), ["/email"]);
    house
        .delete(&format!("/customers/{}", id(&next)))
        .await
        .expect(204);
    let restored = house
        .post(&format!("{path}/restore"), json!({}))
        .await
        .expect(200)
        .json;
    assert_eq!(restored["deleted_at"], Value::Null);
    house.get("/customers/by-email/ada@example.com").await.expect(200);
    assert_eq!(
        house.kinds(&path).await,
        ["customer.restored", "customer.deleted", "customer.created"]
    );
}

#[tokio::test]
async fn the_same_key_and_body_create_once() {
    let house = House::new().await;
    let create = |body: Value| {
        let request = house
            .app
            .post("/api/v1/customers")
            .bearer(&house.key)
            .header("idempotency-key", "one");
        request.json(body)
    };
    let first = create(json!({"first_name": "Ada"})).await.expect(201);
    let again = create(json!({"first_name": "Ada"})).await.expect(201);
    assert_eq!(first.json, again.json);
    assert_eq!(first.header("location"), again.header("location"));
    create(json!({"first_name": "Grace"})).await.expect(409);
}

#[tokio::test]
async fn fields_narrow_the_answer() {
    let house = House::new().await;
    let path = house.path_of("Ada").await;
    let narrow = house
        .get(&format!("{path}?fields=id,full_name"))
        .await
        .expect(200)
        .json;
    assert_eq!(narrow.as_object().unwrap().len(), 2);
    let wrong = house
        .get(&format!("{path}?fields=nme&include=cats&x=1"))
        .await
        .expect(400);
    assert_eq!(places(&wrong), ["?fields", "?include", "?x"]);
}

#[tokio::test]
async fn naughty_strings_come_back_as_they_were() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/names/blns/blns.json"
    );
    let Ok(text) = std::fs::read_to_string(file) else {
        println!("skipped: naughty_strings_come_back_as_they_were needs the shared fixtures");
        return;
    };
    let house = House::new().await;
    let path = house.path_of("Ada").await;
    let strings: Vec<String> = serde_json::from_str(&text).unwrap();
    let fields = [
        "first_name",
        "last_name",
        "company_name",
        "legal_name",
        "industry",
        "tax_id",
        "note",
        "internal_note",
    ];
    let strings: Vec<&str> = strings
        .iter()
        .map(|string| string.trim())
        .filter(|string| !string.is_empty() && string.chars().count() <= 200)
        .collect();
    assert!(strings.len() > 400, "{}", strings.len());
    for some in strings.chunks(fields.len()) {
        let body: serde_json::Map<String, Value> = fields
            .iter()
            .zip(some)
            .map(|(field, string)| ((*field).to_owned(), json!(string)))
            .collect();
        let changed = house
            .patch(&path, Value::Object(body.clone()))
            .await
            .expect(200)
            .json;
        let mut read = house.get(&path).await.expect(200).json;
        for (field, string) in &body {
            assert_eq!(read[field], *string, "{field}");
        }
        // The figures are read with the customer, and not changed with it.
        read.as_object_mut().unwrap().remove("metrics").unwrap();
        assert_eq!(read, changed);
    }
}

#[tokio::test]
async fn a_made_code_steps_around_given_ones() {
    let house = House::new().await;
    let first = house.customer(json!({"first_name": "Ada"})).await;
    let number: i64 = first["code"].as_str().unwrap()[2..].parse().unwrap();
    house
        .customer(json!({"code": format!("C-{:06}", number + 1)}))
        .await;
    let next = house.customer(json!({"first_name": "Grace"})).await;
    assert_eq!(next["code"], format!("C-{:06}", number + 2));
    let taken = house
        .post("/customers", json!({"code": first["code"]}))
        .await
        .expect(409);
    assert_eq!(places(&taken), ["/code"]);
}

#[tokio::test]
async fn something_says_who_a_customer_is_when_it_is_made_and_after_each_change() {
    let house = House::new().await;
    let refused = async |answer: TestResponse, wanted: &[&str]| {
        let answer = answer.expect(422);
        assert_eq!(places(&answer), wanted, "{}", answer.text());
        assert_eq!(answer.text().contains("\"nobody\""), wanted.contains(&""));
    };
    let nobody = json!({"kind": "company", "note": "?", "first_name": " ", "addresses": [{"city": "Ulm"}]});
    for (body, wanted) in [
        (json!({}), &[""][..]),
        (nobody, &[""]),
        (json!({"status": "nice"}), &["", "/status"]),
        (json!({"email": "ada@"}), &["/email"]),
        (
            json!({"sources": [{"source": "NO", "external_id": "1"}]}),
            &["/sources/0/source"],
        ),
    ] {
        refused(house.post("/customers", body).await, wanted).await;
    }
    let mut made = Vec::new();
    for body in [
        json!({"last_name": "Byron"}),
        json!({"legal_name": "Acme GmbH"}),
        json!({"phone": "+4930123456"}),
        json!({"code": "A-7"}),
        json!({"sources": [{"source": "erp", "external_id": "7"}]}),
        json!({"email": "ada@example.com", "code": "A-8"}),
    ] {
        made.push(format!("/customers/{}", id(&house.customer(body).await)));
    }
    refused(
        house
            .patch(&made[0], json!({"last_name": null, "note": "?"}))
            .await,
        &[""],
    )
    .await;
    refused(house.put(&made[0], json!({"status": "vip"})).await, &[""]).await;
    refused(
        house.put(&made[0], json!({"last_name": "x".repeat(300)})).await,
        &["/last_name"],
    )
    .await;
    let bulk = json!({"action": "update", "ids": [made[2].rsplit('/').next()], "changes": {"phone": null}});
    house.post("/customers/bulk", bulk).await.expect(422);
    house
        .patch(&made[0], json!({"last_name": null, "first_name": "Ada"}))
        .await
        .expect(200);
    // Its own code or an id elsewhere is enough.
    house.put(&made[5], json!({"status": "vip"})).await.expect(200);
    house
        .patch(&made[4], json!({"first_name": "Ida"}))
        .await
        .expect(200);
    house
        .patch(&made[4], json!({"first_name": null}))
        .await
        .expect(200);
    // Who is nobody from before may be changed.
    sqlx::query("UPDATE customers SET phone = NULL WHERE phone IS NOT NULL")
        .execute(house.app.test_database().owner())
        .await
        .unwrap();
    house.patch(&made[2], json!({"note": "?"})).await.expect(200);
}

#[tokio::test]
async fn owners_are_members() {
    let house = House::new().await;
    let path = house.path_of("Ada").await;
    let stranger = "0198c0de-0000-7000-8000-000000000000";
    let answer = house
        .patch(&path, json!({"owner_id": stranger}))
        .await
        .expect(422);
    assert_eq!(places(&answer), ["/owner_id"]);
}

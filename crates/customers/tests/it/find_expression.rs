//! `filter=`: expressions over every kind of field, alone and beside everything else that a list can be asked.

use serde_json::json;

use crate::harness::{House, places};

/// The first names that a question finds, in alphabetical order.
async fn names(house: &House, filter: &str, rest: &str) -> Vec<String> {
    let filter: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    let page = house
        .get(&format!("/customers?filter={filter}&limit=100{rest}"))
        .await
        .expect(200);
    let found = page.json["data"].as_array().unwrap();
    let total = &page.json["page"]["total"];
    assert_eq!(
        total,
        &json!({"value": found.len(), "exact": true}),
        "{filter}{rest}"
    );
    let mut names: Vec<String> = found
        .iter()
        .map(|one| one["first_name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

async fn street() -> House {
    let house = House::new().await;
    for attribute in [
        json!({"name": "shoe_size", "kind": "number"}),
        json!({"name": "opted_in", "kind": "boolean"}),
        json!({"name": "joined", "kind": "date"}),
        json!({"name": "colours", "kind": "list"}),
        json!({"name": "size", "kind": "select", "options": ["S", "M", "L"]}),
        json!({"name": "motto", "kind": "text"}),
    ] {
        let mut body = attribute.clone();
        body["label"] = attribute["name"].clone();
        house.post("/attributes", body).await.expect(201);
    }
    for customer in [
        json!({"first_name": "Ada", "last_name": "Lovelace", "email": "Ada@Example.com", "email_verified": true, "status": "vip", "tags": ["Berlin", "press"],
               "consents": {"email": "subscribed"},
               "birthday": "1985-12-10", "credit_limit": {"amount": "100.50", "currency": "EUR"}, "addresses": [{"country": "DE", "city": "Berlin"}],
               "attributes": {"shoe_size": 38.5, "opted_in": true, "joined": "2024-02-29", "colours": ["Red", "blue"], "size": "M", "motto": "100% _sure_"},
               "sources": [{"source": "shopify", "external_id": "1"}]}),
        json!({"first_name": "Bob", "last_name": "O'Hara", "email": "bob@example.org", "tags": ["berlin"], "consents": {"email": "unsubscribed"}, "addresses": [{"country": "FR"}],
               "attributes": {"shoe_size": 44, "opted_in": false, "joined": "2025-01-01", "size": "L"}}),
        json!({"first_name": "Cleo", "last_name": "Ärmel", "status": "churned", "phone": "+4930123456", "phone_verified": true, "consents": {"sms": "subscribed"}, "credit_limit": {"amount": "0", "currency": "EUR"}}),
        json!({"first_name": "Dan", "kind": "company", "company_name": "Dan \\ Sons \"Ltd\""}),
    ] {
        house.customer(customer).await;
    }
    house
}

#[tokio::test]
async fn every_kind_of_field_can_be_asked() {
    let house = street().await;
    for (filter, wanted) in [
        ("status = vip", &["Ada"][..]),
        ("status != vip", &["Bob", "Cleo", "Dan"]),
        (
            "status in (vip, \"churned\") or kind = company",
            &["Ada", "Cleo", "Dan"],
        ),
        ("tag = BERLIN", &["Ada", "Bob"]),
        ("tag = berlin and not tag = press", &["Bob"]),
        ("tag not in (press, nothing)", &["Bob", "Cleo", "Dan"]),
        ("tag is empty", &["Cleo", "Dan"]),
        ("source = shopify", &["Ada"]),
        ("source is empty and email is known", &["Bob"]),
        ("email = 'ADA@example.com'", &["Ada"]),
        ("email contains '@EXAMPLE.'", &["Ada", "Bob"]),
        ("email not contains '.org'", &["Ada", "Cleo", "Dan"]),
        ("last_name starts with 'ä'", &["Cleo"]),
        ("last_name = \"o'hara\"", &["Bob"]),
        ("company_name contains '\\\\ sons \"'", &["Dan"]),
        ("phone starts with '+49'", &["Cleo"]),
        ("email_verified = true", &["Ada"]),
        ("email_verified != true", &["Bob", "Cleo", "Dan"]),
        ("email is known and email_verified = false", &["Bob"]),
        (
            "phone_verified is true or not (email_verified is known)",
            &["Cleo"],
        ),
        ("email_verified is empty", &[]),
        ("consent.email = subscribed", &["Ada"]),
        ("consent.email != subscribed", &["Bob", "Cleo", "Dan"]),
        ("consent.email in (pending, unsubscribed)", &["Bob"]),
        ("consent.email = never_subscribed", &["Cleo", "Dan"]),
        (
            "consent.email in (never_subscribed, subscribed)",
            &["Ada", "Cleo", "Dan"],
        ),
        ("consent.email is known and consent.sms is empty", &["Ada", "Bob"]),
        (
            "consent.sms = unsubscribed or consent.sms = subscribed",
            &["Cleo"],
        ),
        ("country = Germany", &["Ada"]),
        ("country != de", &["Bob", "Cleo", "Dan"]),
        ("country is known", &["Ada", "Bob"]),
        ("city in (berlin, ulm)", &["Ada"]),
        ("credit_limit > 100", &["Ada"]),
        ("credit_limit >= 0 and credit_limit <= 100.5", &["Ada", "Cleo"]),
        ("credit_limit = 0", &["Cleo"]),
        ("not credit_limit > 100", &["Bob", "Cleo", "Dan"]),
        ("credit_limit in (0, 100.50)", &["Ada", "Cleo"]),
        ("birthday < 1990-01-01", &["Ada"]),
        ("birthday = 1985-12-10", &["Ada"]),
        (
            "created_at >= today() and created_at <= now()",
            &["Ada", "Bob", "Cleo", "Dan"],
        ),
        ("created_at < days_ago(1) or last_active_at is known", &[]),
        ("attribute.shoe_size > 38 and attribute.shoe_size < 40", &["Ada"]),
        ("attribute.shoe_size in (44, 45)", &["Bob"]),
        ("attribute.shoe_size != 44", &["Ada", "Cleo", "Dan"]),
        ("attribute.opted_in = true", &["Ada"]),
        ("attribute.opted_in = false", &["Bob"]),
        ("attribute.opted_in is empty", &["Cleo", "Dan"]),
        (
            "attribute.joined >= 2024-02-29 and attribute.joined < 2025-01-01",
            &["Ada"],
        ),
        ("attribute.joined = 2025-01-01", &["Bob"]),
        ("attribute.colours = RED", &["Ada"]),
        ("attribute.colours in (green, blue)", &["Ada"]),
        ("attribute.size = m", &["Ada"]),
        ("attribute.motto contains '% _S'", &["Ada"]),
        (
            "attribute.motto is empty or attribute.motto starts with '100%'",
            &["Ada", "Bob", "Cleo", "Dan"],
        ),
        (
            "(status = vip or country = FR) and not (tag = press and attribute.size = M)",
            &["Bob"],
        ),
        ("not (not (not (status = vip)))", &["Bob", "Cleo", "Dan"]),
        (
            r#"{"all": [{"field": "tag", "operator": "in", "values": ["berlin"]}, {"not": {"field": "status", "operator": "=", "value": "vip"}}]}"#,
            &["Bob"],
        ),
    ] {
        for rest in [
            "",
            "&sort=full_name",
            "&sort=status,-updated_at",
            "&sort=country",
            "&deleted=with",
        ] {
            assert_eq!(names(&house, filter, rest).await, wanted, "{filter}{rest}");
        }
    }
}

#[tokio::test]
async fn it_narrows_together_with_filters_searches_exports_and_counts() {
    let house = street().await;
    assert_eq!(names(&house, "tag = berlin", "&country=FR").await, ["Bob"]);
    assert_eq!(names(&house, "tag = berlin", "&q=lovelace").await, ["Ada"]);
    assert_eq!(names(&house, "tag = berlin", "&q=lovelase").await, ["Ada"]);
    assert!(names(&house, "status = churned", "&q=lovelase").await.is_empty());
    assert_eq!(
        names(&house, "tag = berlin", "&q=lovelase&sort=full_name").await,
        ["Ada"]
    );
    assert_eq!(names(&house, "tag = berlin", "&q=ada&count=exact").await, ["Ada"]);
    let view = json!({"name": "Berlin", "query": {"filter": "tag = berlin and country = FR"}});
    house.post("/views", view).await.expect(201);
    // Bulk work takes the same question.
    let bulk =
        json!({"action": "tag", "tags": ["found"], "query": {"filter": "tag = berlin and country = FR"}});
    let queued = house.post("/customers/bulk", bulk).await.expect(202);
    assert_eq!(queued.json["customers"], json!({"value": 1, "exact": true}));
    let broken = json!({"name": "Broken", "query": {"filter": "tag ="}});
    house.post("/views", broken).await.expect(422);
}

#[tokio::test]
async fn what_is_wrong_with_it_is_told_with_its_place() {
    let house = street().await;
    for (filter, message) in [
        ("tag%20%3D", "character 6: a value is expected here"),
        (
            "statsu%20%3D%20vip",
            "character 1: there is no field “statsu”; did you mean status?",
        ),
        (
            "attribute.shoesize%20%3D%201",
            "character 1: there is no field “attribute.shoesize”; did you mean attribute.shoe_size?",
        ),
        (
            "birthday%20contains%20x",
            "character 10: birthday can be asked with =, !=, <, <=, >, >=, is empty, is not empty",
        ),
        (
            "country%20%3D%20Atlantis",
            "character 11: country expects a country, as in DE or Germany",
        ),
    ] {
        let refused = house
            .get(&format!("/customers?filter={filter}"))
            .await
            .expect(400);
        assert_eq!(places(&refused), ["?filter"], "{filter}");
        assert_eq!(refused.json["errors"][0]["message"], message, "{filter}");
    }
    for (json, message) in [
        (
            "{",
            "this is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        (r#"{"any": []}"#, "/any: a list of one or more is expected here"),
        (
            r#"{"any": [{"field": "status", "operator": "=", "value": "gold"}]}"#,
            "/any/0/value: status expects one of active, inactive, prospect, vip, blocked, pending, churned",
        ),
    ] {
        let typed: String = form_urlencoded::byte_serialize(json.as_bytes()).collect();
        let refused = house.get(&format!("/customers?filter={typed}")).await.expect(400);
        assert_eq!(refused.json["errors"][0]["message"], message, "{json}");
    }
    let both = house
        .get("/customers?filter=a%3D1%20or%20b%3D2")
        .await
        .expect(400);
    assert_eq!(places(&both), ["?filter", "?filter"]);
    // Any text is an expression or a fault, never an error of ours.
    for text in [
        "",
        "\0",
        "'",
        "tag='\0'",
        "first_name='😀'",
        "credit_limit=1e400",
        "created_at<9999-12-31",
        "created_at<0001-01-01",
        "birthday>years_ago(36500)",
    ] {
        let typed: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let answer = house.get(&format!("/customers?filter={typed}")).await;
        assert!(
            [200, 400].contains(&answer.status.as_u16()),
            "{text}: {}",
            answer.status
        );
    }
}

#[tokio::test]
async fn an_expression_stands_beside_every_filter_and_every_order() {
    let house = House::new().await;
    for number in 0..300 {
        let body = json!({"first_name": format!("Vip {number:02}"), "status": "vip", "tags": ["press"]});
        house.customer(body).await;
    }
    // The planner must know them: only then it is thought over to walk the order.
    sqlx::query("ANALYZE customers, customer_tags")
        .execute(house.app.test_database().owner())
        .await
        .unwrap();
    let beside = [
        "&status=vip",
        "&status=vip&type=registered",
        "&tag=press&deleted=with",
    ];
    for filter in ["priority = normal", "type = registered or tag = press"] {
        let filter: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        for sort in regulars_customers::find::SORTS {
            for beside in beside {
                let path = format!("/customers?limit=3&sort={sort}&filter={filter}{beside}");
                let page = house.get(&path).await.expect(200).json;
                assert_eq!(page["data"].as_array().unwrap().len(), 3, "{path}");
                let cursor = page["page"]["next_cursor"].as_str().unwrap();
                let next = house
                    .get(&format!("{path}&cursor={cursor}"))
                    .await
                    .expect(200)
                    .json;
                assert_eq!(next["data"].as_array().unwrap().len(), 3, "{path} by cursor");
            }
        }
    }
}

//! Every route without a key, with a viewer's, and with another organization's.

use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::harness::{BASE, House, id, places};

#[tokio::test]
async fn without_a_key_nothing_as_a_viewer_no_change_and_from_elsewhere_not_there() {
    let house = House::new().await;
    let path = house.path_of("Ada").await;
    let below = |part: &str, body: Value| {
        let (house, path) = (&house, format!("{path}/{part}"));
        async move { house.post(&path, body).await }
    };
    let address = id(&below("addresses", json!({"city": "Bonn"})).await.expect(201).json);
    let contact = id(&below("contacts", json!({"first_name": "Grace"}))
        .await
        .expect(201)
        .json);
    let note = id(&below("notes", json!({"body": "Hello"})).await.expect(201).json);
    below("sources", json!({"source": "shopify", "external_id": "7"}))
        .await
        .expect(201);
    let tag = id(&house.post("/tags", json!({"name": "vip"})).await.expect(201).json);
    let other_tag = id(&house
        .post("/tags", json!({"name": "other"}))
        .await
        .expect(201)
        .json);
    let attribute = id(&house
        .post("/attributes", json!({"name": "size", "kind": "number"}))
        .await
        .expect(201)
        .json);
    below("tags", json!({"tags": ["vip"]})).await.expect(200);

    let customer_id = path.rsplit('/').next().unwrap().to_owned();
    let reads = [
        path.clone(),
        "/customers/by-external-id/shopify/7".to_owned(),
        format!("{path}/addresses"),
        format!("{path}/addresses/{address}"),
        format!("{path}/contacts"),
        format!("{path}/contacts/{contact}"),
        format!("{path}/notes"),
        format!("{path}/notes/{note}"),
        format!("{path}/notes/{note}/versions"),
        format!("{path}/sources"),
        format!("{path}/sources/shopify/7"),
        format!("{path}/tags"),
        format!("{path}/consents"),
        format!("{path}/children"),
        format!("{path}/activities"),
        format!("/tags/{tag}"),
        format!("/attributes/{attribute}"),
    ];
    let writes = [
        ("PATCH", path.clone(), json!({"note": "x"})),
        ("PUT", path.clone(), json!({"first_name": "x"})),
        ("POST", format!("{path}/restore"), json!({})),
        ("POST", format!("{path}/addresses"), json!({"city": "x"})),
        (
            "PATCH",
            format!("{path}/addresses/{address}"),
            json!({"city": "x"}),
        ),
        ("DELETE", format!("{path}/addresses/{address}"), Value::Null),
        ("POST", format!("{path}/contacts"), json!({"first_name": "x"})),
        (
            "PATCH",
            format!("{path}/contacts/{contact}"),
            json!({"title": "x"}),
        ),
        ("DELETE", format!("{path}/contacts/{contact}"), Value::Null),
        ("POST", format!("{path}/notes"), json!({"body": "x"})),
        ("PATCH", format!("{path}/notes/{note}"), json!({"body": "x"})),
        ("DELETE", format!("{path}/notes/{note}"), Value::Null),
        (
            "POST",
            format!("{path}/sources"),
            json!({"source": "csv", "external_id": "1"}),
        ),
        ("DELETE", format!("{path}/sources/shopify/7"), Value::Null),
        ("POST", format!("{path}/tags"), json!({"tags": ["x"]})),
        ("PUT", format!("{path}/tags"), json!({"tags": ["x"]})),
        ("DELETE", format!("{path}/tags/vip"), Value::Null),
        ("PUT", format!("{path}/consents"), json!({"email": "subscribed"})),
        ("PATCH", format!("/tags/{tag}"), json!({"color": "red"})),
        ("POST", format!("/tags/{tag}/merge"), json!({"into": other_tag})),
        ("DELETE", format!("/tags/{tag}"), Value::Null),
        ("PATCH", format!("/attributes/{attribute}"), json!({"label": "x"})),
        ("DELETE", format!("/attributes/{attribute}"), Value::Null),
        ("DELETE", path.clone(), Value::Null),
    ];
    let for_all = [
        ("POST", "/customers".to_owned(), json!({"first_name": "x"})),
        (
            "POST",
            "/customers/bulk".to_owned(),
            json!({"action": "delete", "ids": [customer_id]}),
        ),
        ("POST", "/tags".to_owned(), json!({"name": "x"})),
        (
            "POST",
            "/attributes".to_owned(),
            json!({"name": "x", "kind": "text"}),
        ),
    ];
    let before = house.get(&path).await.json;
    let viewer = house.app.key(Role::Viewer).await;
    let elsewhere = house.app.key_of("elsewhere", Role::Owner).await;
    let send = |method: &str, path: &str, body: &Value, key: Option<&str>| {
        let mut request = house
            .app
            .request(method.parse().unwrap(), &format!("{BASE}{path}"));
        if let Some(key) = key {
            request = request.bearer(key);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        request
    };
    for read in &reads {
        assert_eq!(send("GET", read, &Value::Null, None).await.status, 401, "{read}");
        assert_eq!(
            send("GET", read, &Value::Null, Some(&viewer)).await.status,
            200,
            "{read}"
        );
        assert_eq!(
            send("GET", read, &Value::Null, Some(&elsewhere)).await.status,
            404,
            "{read}"
        );
    }
    for (method, place, body) in writes.iter().chain(&for_all) {
        assert_eq!(
            send(method, place, body, None).await.status,
            401,
            "{method} {place}"
        );
        assert_eq!(
            send(method, place, body, Some(&viewer)).await.status,
            403,
            "{method} {place}"
        );
    }
    for (method, place, body) in &writes {
        assert_eq!(
            send(method, place, body, Some(&elsewhere)).await.status,
            404,
            "{method} {place}"
        );
    }
    let (method, place, body) = &for_all[1];
    assert_eq!(send(method, place, body, Some(&elsewhere)).await.status, 422);
    let parent = send(
        "POST",
        "/customers",
        &json!({"first_name": "Ada", "parent_id": customer_id}),
        Some(&elsewhere),
    )
    .await;
    assert_eq!(places(&parent.expect(422)), ["/parent_id"]);
    assert_eq!(house.get(&path).await.json, before);
}

//! Every operation of the API, tried with no key, with a viewer's, and with another organization's.
//!
//! It is driven by the document that the server gives, so a new route is tried from its first day; one whose path holds
//! an id that nobody here can make fails the test until [`Made`] knows how.

use std::{collections::BTreeMap, net::IpAddr};

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{
    api::Api,
    document::{self, Operation},
    process::Home,
    strangers,
};

/// What a viewer may do although it is not a GET, and why.
const VIEWERS_MAY: &[(&str, &str)] = &[];

/// Reads that a key cannot do, whoever's it is, and why.
const NOT_FOR_KEYS: &[(&str, &str)] = &[("GET /api/v1/sessions", "a key has no sessions")];

/// Parameters that name no thing of one organization: any name has an answer.
const NAMES: &[&str] = &["/api/v1/queues/{name}"];

/// Real ids of one organization, by the path that leads to them.
pub struct Made {
    values: BTreeMap<&'static str, String>,
}

impl Made {
    /// Makes one of each resource through the API.
    pub async fn new(home: &Home, api: &Api, organization: &str) -> Self {
        let mut values = BTreeMap::new();
        let customer = api
            .post(
                "/api/v1/customers",
                &json!({"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "tags": ["vip"]}),
            )
            .await
            .expect(201)
            .at("/id");
        let below = |part: &str| format!("/api/v1/customers/{customer}/{part}");
        let address = json!({"line1": "Hauptstraße 1", "city": "Berlin", "country": "DE"});
        let address = api
            .post(&below("addresses"), &address)
            .await
            .expect(201)
            .at("/id");
        let contact = json!({"first_name": "Grace", "email": "grace@example.com"});
        let contact = api.post(&below("contacts"), &contact).await.expect(201).at("/id");
        let note = api
            .post(&below("notes"), &json!({"body": "Prefers letters"}))
            .await
            .expect(201)
            .at("/id");
        let source = json!({"source": "shopify", "external_id": "4711"});
        api.post(&below("sources"), &source).await.expect(201);
        let mirror = json!({"project_id": "nowhere"});
        api.put("/api/v1/sync/firestore", &mirror).await.expect(200);
        let tag = api
            .post("/api/v1/tags", &json!({"name": "regular"}))
            .await
            .expect(201)
            .at("/id");
        let attribute = json!({"name": "shoe_size", "label": "Shoe size", "kind": "number"});
        let attribute = api
            .post("/api/v1/attributes", &attribute)
            .await
            .expect(201)
            .at("/id");
        let view = json!({"name": "Berliners", "query": {"country": "DE"}, "shared": true});
        let view = api.post("/api/v1/views", &view).await.expect(201).at("/id");
        let order =
            json!({"source": "till", "external_id": "1001", "customer_id": customer, "total": "59.90"});
        let order = api.post("/api/v1/orders", &order).await.expect(201).at("/id");
        let cart = json!({"source": "till", "external_id": "c-7", "customer_id": customer, "total": "59.90"});
        let cart = api.post("/api/v1/carts", &cart).await.expect(201).at("/id");
        let product = json!({"source": "till", "external_id": "7", "title": "Shoes"});
        let product = api.post("/api/v1/products", &product).await.expect(201).at("/id");
        let wish = json!({"source": "till", "external_id": "w-7", "customer_id": customer, "items": [{"product_external_id": "7", "title": "Shoes"}]});
        let wishlist = api.post("/api/v1/wishlists", &wish).await.expect(201).at("/id");
        let credit = json!({"kind": "issued", "amount": "20.00"});
        let credit = api
            .post(&format!("/api/v1/customers/{customer}/store-credit"), &credit)
            .await
            .expect(201)
            .at("/id");
        let import = api
            .upload("few.csv", b"E-Mail,Name\nbob@example.com,Bob\n".to_vec())
            .await
            .expect(201)
            .at("/id");
        let export = api
            .post("/api/v1/exports", &json!({"format": "csv"}))
            .await
            .expect(202);
        let job = export.headers["location"]
            .to_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned();
        let exports = api.get("/api/v1/exports").await.expect(200);
        let key = api
            .post("/api/v1/keys", &json!({"name": "till", "role": "agent"}))
            .await
            .expect(201)
            .at("/id");
        let (connection, message) = strangers::webhook(api).await;
        let secret = api
            .get(&format!("/api/v1/connections/{connection}"))
            .await
            .expect(200)
            .at("/secrets/0/id");
        let user = json!({"email": "eve@example.com", "name": "Eve", "role": "agent"});
        let user = api.post("/api/v1/users", &user).await.expect(201).at("/id");
        for (path, value) in [
            ("/api/v1/customers/{id}", customer.clone()),
            ("/api/v1/customers/{id}/addresses/{address_id}", address),
            ("/api/v1/customers/{id}/contacts/{contact_id}", contact),
            ("/api/v1/customers/{id}/notes/{note_id}", note),
            ("/api/v1/customers/{id}/store-credit/{entry_id}", credit),
            ("/api/v1/customers/{id}/sources/{source}", "shopify".into()),
            (
                "/api/v1/customers/{id}/sources/{source}/{external_id}",
                "4711".into(),
            ),
            ("/api/v1/customers/{id}/tags/{name}", "vip".into()),
            ("/api/v1/customers/by-email/{email}", "ada@example.com".into()),
            ("/api/v1/customers/by-external-id/{source}", "shopify".into()),
            (
                "/api/v1/customers/by-external-id/{source}/{external_id}",
                "4711".into(),
            ),
            ("/api/v1/sync/firestore/customers/{id}", customer.clone()),
            ("/api/v1/tags/{id}", tag),
            ("/api/v1/attributes/{id}", attribute),
            ("/api/v1/views/{id}", view),
            ("/api/v1/orders/{id}", order),
            ("/api/v1/carts/{id}", cart),
            ("/api/v1/products/{id}", product),
            ("/api/v1/wishlists/{id}", wishlist),
            ("/api/v1/imports/{id}", import),
            ("/api/v1/exports/{id}", exports.at("/data/0/id")),
            ("/api/v1/jobs/{id}", job),
            ("/api/v1/queues/{name}", "default".into()),
            ("/api/v1/keys/{id}", key),
            ("/api/v1/connections/{id}/secrets/{secret_id}", secret),
            ("/api/v1/connections/{id}", connection),
            ("/api/v1/webhook-events/{id}", message),
            ("/api/v1/privacy/duties/{id}", strangers::duty(api).await),
            ("/api/v1/users/{id}", user),
            (
                "/api/v1/sessions/{id}",
                strangers::session(home, api, organization).await,
            ),
        ] {
            values.insert(path, value);
        }
        Self { values }
    }

    /// A path with its parameters filled in, or those that nobody can make.
    pub fn fill(&self, operation: &Operation) -> Result<String, String> {
        let mut path = operation.path.clone();
        for parameter in operation.parameters() {
            let Some(value) = self.values.get(parameter) else {
                return Err(format!("{}: nobody can make {parameter}", operation.name()));
            };
            let braces = &parameter[parameter.rfind('{').unwrap()..];
            path = path.replacen(braces, value, 1);
        }
        let query: Vec<_> = operation
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Ok(if query.is_empty() {
            path
        } else {
            format!("{path}?{}", query.join("&"))
        })
    }
}

/// Sends an operation in each of its media types; gives each status with what was answered.
pub async fn attempt(api: &Api, operation: &Operation, path: &str) -> Vec<(u16, String)> {
    let bodies: Vec<Option<&(String, Value)>> = match operation.bodies.len() {
        0 => vec![None],
        _ => operation.bodies.iter().map(Some).collect(),
    };
    let mut answers = Vec::new();
    for body in bodies {
        let mut request = api.request(operation.method.parse().unwrap(), path);
        request = match body {
            None => request,
            Some((media_type, _)) if media_type == "multipart/form-data" => {
                let part =
                    reqwest::multipart::Part::bytes(b"E-Mail\nx@example.com\n".to_vec()).file_name("x.csv");
                request.multipart(reqwest::multipart::Form::new().part("file", part))
            }
            Some((media_type, value)) if media_type.ends_with("json") => {
                request.header(CONTENT_TYPE, media_type).body(value.to_string())
            }
            Some((media_type, _)) => request
                .header(CONTENT_TYPE, media_type)
                .body("E-Mail\nx@example.com\n"),
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        // A stream of events does not end.
        let text = if status == 200 {
            String::new()
        } else {
            answer.text().await.unwrap()
        };
        answers.push((status, text));
    }
    answers
}

#[tokio::test]
async fn every_operation_refuses_no_key_a_viewer_that_writes_and_another_organization() {
    let home = Home::shared().await;
    let owner = home.organization("ours", "owner");
    let viewer = home.key("ours", "viewer");
    let stranger = home.organization("theirs", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &owner);
    let document = api.get("/api/openapi.json").await.expect(200).json;
    let operations = document::operations(&document);
    assert!(operations.len() > 20, "only {} operations", operations.len());
    let made = Made::new(&home, &api, "ours").await;

    let mut faults = Vec::new();
    for (number, operation) in operations.iter().enumerate() {
        let path = match made.fill(operation) {
            Ok(path) => path,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        // Who guesses often from one address is told to wait; here each operation is to be asked.
        let address = IpAddr::from([127, 0, 1, u8::try_from(number / 20).unwrap() + 1]);
        let guesser = Api::from_address(&server.url, "rk_wrong", Some(address));
        let mut check = |who: &str, wanted: u16, answers: Vec<(u16, String)>| {
            for (status, text) in answers.into_iter().filter(|(status, _)| *status != wanted) {
                faults.push(format!(
                    "{} with {who}: {status} instead of {wanted}: {text}",
                    operation.name()
                ));
            }
        };
        check("no key", 401, attempt(&api.with_key(""), operation, &path).await);
        check("a wrong key", 401, attempt(&guesser, operation, &path).await);
        let excused = VIEWERS_MAY.iter().any(|(name, _)| *name == operation.name());
        if operation.writes() && !excused {
            check(
                "a viewer's key",
                403,
                attempt(&api.with_key(&viewer), operation, &path).await,
            );
        }
        let parameters = operation.parameters();
        if parameters.iter().any(|parameter| !NAMES.contains(parameter)) {
            check(
                "another organization's key",
                404,
                attempt(&api.with_key(&stranger), operation, &path).await,
            );
        }
    }
    // What was tried until now changed nothing: everything is still there for its owner, so no 404 above was a wrong id.
    for operation in operations.iter().filter(|operation| !operation.writes()) {
        let excused = NOT_FOR_KEYS.iter().any(|(name, _)| *name == operation.name());
        let (false, Ok(path)) = (excused, made.fill(operation)) else {
            continue;
        };
        for (status, text) in attempt(&api, operation, &path).await {
            // A file that is not written yet is a conflict; through most connections nothing was pulled.
            let is_absent = (status == 409 && path.ends_with("/download"))
                || (status == 404 && text.contains("no such pull"));
            if status != 200 && !is_absent {
                faults.push(format!(
                    "{} with the owner's key: {status}: {text}",
                    operation.name()
                ));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[tokio::test]
async fn lists_and_numbers_show_nothing_of_another_organization() {
    let home = Home::shared().await;
    let owner = home.organization("ours-alone", "owner");
    let stranger = home.organization("theirs-alone", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &owner);
    let document = api.get("/api/openapi.json").await.expect(200).json;
    let before = api
        .with_key(&stranger)
        .get("/api/v1/analytics/overview")
        .await
        .expect(200);
    let made = Made::new(&home, &api, "ours-alone").await;
    let after = api
        .with_key(&stranger)
        .get("/api/v1/analytics/overview")
        .await
        .expect(200);
    assert_eq!(
        before.json["total"], after.json["total"],
        "what is counted is one's own"
    );
    let ids: Vec<&String> = made.values.values().filter(|value| value.len() == 36).collect();
    assert!(ids.len() > 10);
    let mut tried = 0;
    for operation in document::operations(&document) {
        // A stream does not end; what it brings is tried where events are.
        let is_stream = operation.path.ends_with("/stream");
        if operation.writes() || !operation.parameters().is_empty() || is_stream {
            continue;
        }
        let answer = api.with_key(&stranger).get(&made.fill(&operation).unwrap()).await;
        for id in &ids {
            assert!(
                !answer.text.contains(*id),
                "{} shows {id}: {}",
                operation.name(),
                answer.text
            );
        }
        for name in ["ada@example.com", "Berliners", "shoe_size", "few.csv", "till"] {
            assert!(
                !answer.text.contains(name),
                "{} shows {name}: {}",
                operation.name(),
                answer.text
            );
        }
        tried += 1;
    }
    assert!(tried > 10, "only {tried} were tried");
}

#[tokio::test]
async fn versions_guard_what_the_document_says_they_guard() {
    let home = Home::shared().await;
    let owner = home.organization("ours", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &owner);
    let document = api.get("/api/openapi.json").await.expect(200).json;
    let made = Made::new(&home, &api, "ours").await;
    let mut faults = Vec::new();
    let mut tried = 0;
    for operation in document::operations(&document) {
        let excused = NOT_FOR_KEYS.iter().any(|(name, _)| *name == operation.name());
        if excused || operation.path.ends_with("/stream") {
            continue;
        }
        let path = made.fill(&operation).unwrap();
        let method = operation.method.to_ascii_lowercase();
        let described = &document["paths"][&operation.path][&method];
        let takes = |header: &str| {
            let mut parameters = described["parameters"].as_array().into_iter().flatten();
            parameters.any(|parameter| parameter["name"] == header)
        };
        if takes("If-Match") {
            tried += 1;
            let mut request = api.request(operation.method.parse().unwrap(), &path);
            request = request.header("If-Match", "\"v999999\"");
            if let Some((_, body)) = operation.bodies.first() {
                request = request.json(body);
            }
            let answer = crate::api::answer(request).await;
            if answer.status != 412 {
                faults.push(format!(
                    "{} with a stale If-Match: {}: {}",
                    operation.name(),
                    answer.status,
                    answer.text
                ));
            }
        }
        if operation.writes() {
            continue;
        }
        let read = api.get(&path).await;
        let tag = read.headers.get("etag").filter(|_| read.status == 200);
        if tag.is_some() != takes("If-None-Match") && read.status == 200 {
            faults.push(format!(
                "{}: its ETag is {tag:?}, the document says otherwise",
                operation.name()
            ));
        }
        if let Some(tag) = tag {
            tried += 1;
            let again = api.request(Method::GET, &path).header("If-None-Match", tag);
            let again = crate::api::answer(again).await;
            if again.status != 304 {
                faults.push(format!(
                    "{} with a known ETag: {}",
                    operation.name(),
                    again.status
                ));
            }
        }
    }
    assert!(tried > 25, "only {tried} were tried");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn an_id_of_another_organization_in_a_body_is_not_known() {
    let home = Home::shared().await;
    let keys = ["ours", "theirs"].map(|slug| home.organization(slug, "owner"));
    let server = home.serve();
    let [ours, theirs] = keys.map(|key| Api::new(&server.url, &key));
    let new = |name: &str| json!({"first_name": name, "email": format!("{name}@example.com")});
    let theirs_id = theirs
        .post("/api/v1/customers", &new("theirs"))
        .await
        .expect(201)
        .at("/id");
    let ours_id = ours
        .post("/api/v1/customers", &new("ours"))
        .await
        .expect(201)
        .at("/id");

    let child = json!({"first_name": "Child", "parent_id": theirs_id});
    let refused = ours.post("/api/v1/customers", &child).await.expect(422);
    assert_eq!(refused.at("/errors/0/pointer"), "/parent_id");
    let bulk = json!({"action": "delete", "ids": [ours_id, theirs_id]});
    let bulk = ours.post("/api/v1/customers/bulk", &bulk).await;
    assert!(
        bulk.status.is_success() || bulk.status.is_client_error(),
        "{}",
        bulk.text
    );
    theirs
        .get(&format!("/api/v1/customers/{theirs_id}"))
        .await
        .expect(200);
    let mine = theirs
        .post("/api/v1/tags", &json!({"name": "theirs"}))
        .await
        .expect(201)
        .at("/id");
    let tag = ours
        .post("/api/v1/tags", &json!({"name": "ours"}))
        .await
        .expect(201)
        .at("/id");
    let merged = ours
        .post(&format!("/api/v1/tags/{tag}/merge"), &json!({"into": mine}))
        .await;
    assert!(merged.status.is_client_error(), "{}", merged.text);
}

#[tokio::test]
async fn the_document_writes_choices_as_the_api_does() {
    let home = Home::shared().await;
    let document: Value = serde_json::from_str(&home.ok(&["openapi"])).unwrap();
    let mut wrong = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for choice in schema["enum"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            let plain = choice
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || "0123456789_:.-".contains(letter));
            if !plain {
                wrong.push(format!("{name}: {choice}"));
            }
        }
    }
    assert!(wrong.is_empty(), "names of the code, not of the API: {wrong:?}");
}

//! The written table of permissions, tried: every operation of the API with a key that holds all of them but the one it
//! needs, and with the roles that stand below it.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    api::Api,
    document::{self, Operation},
    process::Home,
    routes::{Made, attempt},
};

/// Beginnings of paths, what reading below them needs and what changing does; the first that fits. `None` needs nothing
/// but a key.
const TABLE: &[(&str, Option<&str>, Option<&str>)] = &[
    ("/api/v1/me", None, None),
    ("/api/v1/permissions", None, None),
    ("/api/v1/events", Some("customers:read"), None),
    ("/api/v1/organization", None, Some("organization:write")),
    ("/api/v1/users", Some("accounts:read"), Some("accounts:write")),
    ("/api/v1/keys", Some("accounts:read"), Some("accounts:write")),
    ("/api/v1/audit", Some("accounts:read"), None),
    ("/api/v1/jobs", Some("jobs:read"), Some("jobs:write")),
    ("/api/v1/queues", Some("jobs:read"), Some("jobs:write")),
    ("/api/v1/imports", Some("imports:write"), Some("imports:write")),
    ("/api/v1/exports", Some("exports:write"), Some("exports:write")),
    ("/api/v1/customers/export", Some("exports:write"), None),
    ("/api/v1/tags", Some("customers:read"), Some("definitions:write")),
    (
        "/api/v1/attributes",
        Some("customers:read"),
        Some("definitions:write"),
    ),
    ("/api/v1/views", Some("customers:read"), Some("views:write")),
    (
        "/api/v1/connections",
        Some("connections:read"),
        Some("connections:write"),
    ),
    (
        "/api/v1/sync/firestore",
        Some("connections:read"),
        Some("connections:write"),
    ),
    (
        "/api/v1/webhook-events",
        Some("connections:read"),
        Some("connections:write"),
    ),
    (
        "/api/v1/privacy/duties",
        Some("privacy:read"),
        Some("privacy:write"),
    ),
    ("/api/v1/orders", Some("customers:read"), Some("customers:write")),
    ("/api/v1/stock-levels", None, Some("customers:write")),
    ("/api/v1/carts", Some("customers:read"), Some("customers:write")),
    (
        "/api/v1/wishlists",
        Some("customers:read"),
        Some("customers:write"),
    ),
    (
        "/api/v1/products",
        Some("customers:read"),
        Some("customers:write"),
    ),
    (
        "/api/v1/activity-settings",
        Some("customers:read"),
        Some("organization:write"),
    ),
    ("/api/v1/activities", None, Some("activities:write")),
    ("/api/v1/analytics", Some("customers:read"), None),
    (
        "/api/v1/customers",
        Some("customers:read"),
        Some("customers:write"),
    ),
];

/// What an operation needs; sessions are a person's own, and no key has any.
fn needs(operation: &Operation) -> Option<&'static str> {
    if operation.path.starts_with("/api/v1/sessions") {
        return None;
    }
    let row = TABLE.iter().find(|row| operation.path.starts_with(row.0));
    let (_, read, write) = row.unwrap_or_else(|| panic!("{} is not in the table", operation.name()));
    if operation.writes() { *write } else { *read }
}

#[tokio::test]
async fn every_operation_is_refused_to_a_key_with_every_permission_but_the_one_it_needs() {
    let home = Home::shared().await;
    let owner = home.organization("ours", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &owner);
    let made = Made::new(&home, &api, "ours").await;
    let listed = api.get("/api/v1/permissions").await.expect(200);
    let all: Vec<String> = listed.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect();
    let document = api.get("/api/openapi.json").await.expect(200).json;
    let operations = document::operations(&document);
    let (mut faults, mut tried) = (Vec::new(), BTreeSet::new());
    for missing in &all {
        let rest: Vec<&String> = all.iter().filter(|name| *name != missing).collect();
        let new = json!({"name": "all but one", "role": "owner", "scopes": rest});
        let key = api.post("/api/v1/keys", &new).await.expect(201).at("/key");
        let narrow = api.with_key(&key);
        for operation in operations.iter().filter(|one| needs(one) == Some(missing)) {
            tried.insert(missing.as_str());
            let path = made.fill(operation).unwrap();
            for (status, text) in attempt(&narrow, operation, &path).await {
                if status != 403 {
                    let name = operation.name();
                    faults.push(format!("{name} without {missing}: {status}: {text}"));
                }
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    // Owners are changed by an operation of members, which accounts' own tests try.
    let untried: Vec<_> = all.iter().filter(|name| !tried.contains(name.as_str())).collect();
    assert_eq!(untried, ["owners:write"]);
}

#[tokio::test]
async fn a_narrow_key_does_what_it_is_for_and_nothing_else() {
    let home = Home::shared().await;
    let owner = home.organization("ours", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &owner);
    let new = json!({"name": "reads", "role": "admin", "scopes": ["customers:read"]});
    let key = api.post("/api/v1/keys", &new).await.expect(201).at("/key");
    let reads = api.with_key(&key);
    reads.get("/api/v1/customers").await.expect(200);
    let ada = json!({"first_name": "Ada"});
    let refused = reads.post("/api/v1/customers", &ada).await.expect(403);
    assert!(refused.text.contains("customers:write"), "{}", refused.text);
    let all = api.get("/api/v1/customers").await.expect(200);
    assert_eq!(all.json["data"], json!([]), "what is refused is not done");
}

#[tokio::test]
async fn jobs_are_retried_discarded_and_cancelled_by_admins_and_not_by_agents_or_viewers() {
    let home = Home::shared().await;
    let owner = home.organization("ours", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &owner);
    let made = Made::new(&home, &api, "ours").await;
    let document = api.get("/api/openapi.json").await.expect(200).json;
    let operations = document::operations(&document);
    for role in ["agent", "viewer", "admin"] {
        let theirs = api.with_key(&home.key("ours", role));
        let mut tried = 0;
        for operation in operations.iter().filter(|one| needs(one) == Some("jobs:write")) {
            let path = made.fill(operation).unwrap();
            for (status, text) in attempt(&theirs, operation, &path).await {
                let is_refused = status == 403;
                assert_eq!(
                    is_refused,
                    role != "admin",
                    "{} as {role}: {text}",
                    operation.name()
                );
                tried += 1;
            }
        }
        assert!(tried >= 4, "{role} tried {tried}");
    }
}

//! Every page, read and posted to by nobody, by a viewer and by the owner of another organization.
//!
//! The pages are taken from the sources, so a new one is tried from its first day; one whose address holds something that
//! nobody here can make fails the test.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    api::{Answer, Api},
    pages::Person,
    process::Home,
};

/// Pages that are for whoever is not signed in, or for programs, and those of oneself.
const OPEN: &[&str] = &[
    "/assets/{file}",
    "/help/pictures/{file}",
    "/healthz",
    "/readyz",
    "/metrics",
    "/set-password/{token}",
    "/set-password/{token}/accept",
    "/set-password/{token}/decline",
    "/setup/{token}",
    "/sign-in",
    "/sign-out",
];
/// What a viewer may post although it changes something: their own account.
const OWN: &[&str] = &[
    "/settings/name",
    "/settings/password",
    "/settings/sessions/{id}/revoke",
    "/settings/sessions/others/revoke",
    "/switch-organization",
    "/customers/views",
    "/customers/views/{id}",
    "/customers/views/{id}/edit",
    "/customers/views/{id}/delete",
    "/customers/{id}/favourite",
];
/// Stands in everything that is made here, so that whoever is shown any of it is shown this.
const OURS: &str = "Zanzibarella";

/// The addresses of all pages, as the routers have them.
fn pages() -> BTreeSet<String> {
    let mut found = BTreeSet::from(["/dashboard".to_owned()]);
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<_> = fs::read_dir(crates)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("src"))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(path).unwrap();
                for after in text.split(".route(").skip(1) {
                    let Some(quoted) = after.trim_start().strip_prefix("\"/") else {
                        continue;
                    };
                    found.insert(format!("/{}", quoted.split('"').next().unwrap()));
                }
            }
        }
    }
    // Where providers send to is no page: signatures stand in the place of a session there.
    found.retain(|page| !page.starts_with("/api/") && !page.starts_with("/webhooks/"));
    found
}

/// One of each thing, each with [`OURS`] in it where it can be.
struct Made(Vec<(&'static str, String)>);

impl Made {
    async fn new(api: &Api, job: String) -> Self {
        let id =
            async |path: &str, body: serde_json::Value| api.post(path, &body).await.expect(201).at("/id");
        let customer = id(
            "/api/v1/customers",
            json!({"first_name": OURS, "email": "zanzibarella@example.com", "tags": [OURS]}),
        )
        .await;
        let child = id(
            "/api/v1/customers",
            json!({"first_name": OURS, "parent_id": customer}),
        )
        .await;
        let below = |part: &str| format!("/api/v1/customers/{customer}/{part}");
        let source = json!({"source": "shopify", "external_id": "4711"});
        api.post(&below("sources"), &source).await.expect(201);
        let file = format!("E-Mail,Name\nz@example.com,{OURS}\n").into_bytes();
        let import = api.upload("Zanzibarella.csv", file).await.expect(201).at("/id");
        let user = json!({"email": "zanzibarella@ours.example", "name": OURS, "role": "agent"});
        let connection = id(
            "/api/v1/connections",
            json!({"provider": "shopify", "name": OURS, "secret": "hush"}),
        )
        .await;
        let (_, message) = crate::strangers::webhook(api).await;
        let exports = api.get("/api/v1/exports").await.expect(200);
        Self(vec![
            ("/settings/privacy/{id}", crate::strangers::duty(api).await),
            (
                "/customers/views/{id}",
                id(
                    "/api/v1/views",
                    json!({"name": OURS, "query": {"q": OURS}, "shared": true}),
                )
                .await,
            ),
            ("/customers/bulk/{job}", job.clone()),
            (
                "/customers/{id}/addresses/{address}",
                id(&below("addresses"), json!({"line1": OURS, "country": "DE"})).await,
            ),
            (
                "/customers/{id}/contacts/{contact}",
                id(&below("contacts"), json!({"first_name": OURS})).await,
            ),
            (
                "/customers/{id}/notes/{note}",
                id(&below("notes"), json!({"body": OURS})).await,
            ),
            ("/customers/{id}/children/{child}", child),
            ("/customers/{id}/sources/{source}", "shopify".into()),
            ("/customers/{id}/sources/{source}/{external_id}", "4711".into()),
            ("/customers/{id}/cells/{column}", "status".into()),
            ("/customers/{id}", customer.clone()),
            (
                "/orders/{id}",
                id("/api/v1/orders", json!({"source": "till", "external_id": "1", "number": OURS, "customer_id": customer, "total": "1.00"})).await,
            ),
            (
                "/carts/{id}",
                id("/api/v1/carts", json!({"source": "till", "external_id": "1", "customer_id": customer, "lines": [{"title": OURS, "quantity": 1}]})).await,
            ),
            (
                "/products/{id}",
                id("/api/v1/products", json!({"source": "till", "external_id": "1", "title": OURS})).await,
            ),
            ("/imports/{id}", import),
            ("/exports/{id}", exports.at("/data/0/id")),
            (
                "/settings/definitions/tags/{id}",
                id("/api/v1/tags", json!({"name": format!("{OURS} tag")})).await,
            ),
            (
                "/settings/definitions/attributes/{id}",
                id(
                    "/api/v1/attributes",
                    json!({"name": "zanzibarella", "label": OURS, "kind": "text"}),
                )
                .await,
            ),
            ("/settings/jobs/{id}", job),
            ("/settings/connections/{id}/secrets/{secret}", connection.clone()),
            ("/settings/connections/{id}", connection),
            ("/settings/inbox/{id}", message),
            ("/help/{guide}", "first-hour".into()),
            (
                "/settings/keys/{id}",
                id("/api/v1/keys", json!({"name": OURS, "role": "agent"})).await,
            ),
            ("/settings/members/{id}", id("/api/v1/users", user).await),
        ])
    }

    /// The address with what was made in it.
    fn fill(&self, page: &str) -> String {
        let mut filled = page.to_owned();
        while let Some(end) = filled.find('}') {
            // The parameter by what it stands behind, as the router has it.
            let depth = filled[..end].matches('/').count();
            let pattern: Vec<&str> = page.split('/').take(depth + 1).collect();
            let pattern = pattern.join("/");
            let made = self.0.iter().find(|(known, _)| *known == pattern);
            let value = &made
                .unwrap_or_else(|| panic!("{page}: nobody can make {pattern}"))
                .1;
            let begin = filled.find('{').unwrap();
            filled.replace_range(begin..=end, value);
        }
        filled
    }
}

fn shows_ours(answer: &Answer) -> bool {
    answer.text.to_lowercase().contains(&OURS.to_lowercase())
}

#[tokio::test]
async fn every_page_is_closed_to_nobody_to_viewers_who_write_and_to_another_organization() {
    let home = Home::shared().await;
    let key = home.organization("mine", "owner");
    home.organization("foreign", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    api.post("/api/v1/exports", &json!({"format": "csv"}))
        .await
        .expect(202);
    let work = json!({"action": "tag", "tags": ["some"], "query": {}});
    let job = api
        .post("/api/v1/customers/bulk", &work)
        .await
        .expect(202)
        .at("/job_id");
    let made = Made::new(&api, job).await;
    let owner = Person::new(&home, &server, "mine", "owner").await;
    let viewer = Person::new(&home, &server, "mine", "viewer").await;
    let stranger = Person::new(&home, &server, "foreign", "owner").await;
    let nobody = Person::nobody(&server);

    let mut faults = Vec::new();
    let mut shown = 0;
    let pages = pages();
    assert!(pages.len() > 80, "only {} pages", pages.len());
    for page in pages.iter().filter(|page| !OPEN.contains(&page.as_str())) {
        // One's own sessions are nobody else's, whatever the organization: tried in the accounts' room.
        let path = made.fill(&page.replace(
            "/settings/sessions/{id}",
            "/settings/sessions/0193e0a0-0000-7000-8000-000000000000",
        ));
        let mut fault = |who: &str, method: &Method, answer: &Answer| {
            faults.push(format!(
                "{method} {page} by {who}: {} {:.300}",
                answer.status, answer.text
            ));
        };
        for method in [Method::GET, Method::POST] {
            let answer = nobody.ask(&method, &path).await;
            let to_sign_in = answer
                .headers
                .get("location")
                .is_some_and(|to| to.to_str().unwrap().starts_with("/sign-in"));
            let is_closed = to_sign_in
                || matches!(
                    answer.status,
                    StatusCode::UNAUTHORIZED | StatusCode::METHOD_NOT_ALLOWED
                );
            // The first page only leads to another.
            let leads = page == "/" || page == "/settings";
            if shows_ours(&answer) || !(is_closed || leads) {
                fault("nobody", &method, &answer);
            }
            let answer = stranger.ask(&method, &path).await;
            let is_of_one_thing =
                page.contains('{') && !page.contains("/sessions/") && !page.starts_with("/help/");
            let is_closed = matches!(
                answer.status,
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
            );
            // What a form lacks may be said before it is looked whose the thing is.
            let is_refused = method == Method::POST
                && matches!(
                    answer.status,
                    StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST
                );
            if shows_ours(&answer) || (is_of_one_thing && !is_closed && !is_refused) {
                fault("a stranger", &method, &answer);
            }
        }
        if !OWN.contains(&page.as_str()) {
            let answer = viewer.ask(&Method::POST, &path).await;
            if !matches!(
                answer.status,
                StatusCode::FORBIDDEN | StatusCode::METHOD_NOT_ALLOWED
            ) {
                fault("a viewer", &Method::POST, &answer);
            }
        }
    }
    // Nothing of it changed anything, and the owner is shown what the others were not.
    for page in pages
        .iter()
        .filter(|page| !OPEN.contains(&page.as_str()) && !page.contains("/sessions"))
    {
        let answer = owner.ask(&Method::GET, &made.fill(page)).await;
        shown += usize::from(shows_ours(&answer));
        if answer.status == StatusCode::NOT_FOUND {
            faults.push(format!("GET {page} by its owner: {}", answer.status));
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(shown > 25, "only {shown} pages showed what was looked for");
}

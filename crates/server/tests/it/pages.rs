//! The pages of files and of jobs: who is let in, whose things are there, and what the buttons of the jobs page do.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;

use crate::{
    api::{Answer, Api, answer},
    process::{Home, Server},
};

const PASSWORD: &str = "seven quiet otters read maps";

/// A request with a form.
fn posted(request: RequestBuilder, form: String) -> RequestBuilder {
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
}

/// A person's browser without the browser: the cookie of a session.
pub struct Person {
    api: Api,
    cookie: String,
}

impl Person {
    /// Makes a member and sets the password by the link.
    pub async fn new(home: &Home, server: &Server, organization: &str, role: &str) -> Self {
        let email = format!("{role}@{organization}.example");
        let arguments = [
            "user",
            "create",
            &email,
            "--organization",
            organization,
            "--role",
            role,
        ];
        let link = home.ok(&arguments);
        let path = &link[link.find("/set-password/").unwrap()..];
        let nobody = Api::new(&server.url, "");
        let form = format!("password={PASSWORD}&password_repeated={PASSWORD}").replace(' ', "+");
        let set = answer(posted(nobody.request(Method::POST, path), form)).await;
        assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.text);
        let cookie = set.headers["set-cookie"].to_str().unwrap();
        Self {
            api: nobody,
            cookie: cookie.split(';').next().unwrap().to_owned(),
        }
    }

    /// Somebody who is not signed in.
    pub fn nobody(server: &Server) -> Self {
        Self {
            api: Api::new(&server.url, ""),
            cookie: "none=none".to_owned(),
        }
    }

    pub async fn ask(&self, method: &Method, path: &str) -> Answer {
        let request = self
            .api
            .request(method.clone(), path)
            .header("cookie", &self.cookie);
        let request = if *method == Method::POST {
            posted(request, "format=csv".to_owned())
        } else {
            request
        };
        answer(request).await
    }
}

impl Person {
    /// Sends a form as it stands.
    pub async fn send(&self, path: &str, form: &str) -> Answer {
        let request = self
            .api
            .request(Method::POST, path)
            .header("cookie", &self.cookie);
        answer(posted(request, form.to_owned())).await
    }
}

#[tokio::test]
async fn pages_of_files_and_jobs_are_for_those_who_may_and_show_only_their_own() {
    let home = Home::shared().await;
    let key = home.organization("here", "owner");
    home.organization("elsewhere", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    api.post("/api/v1/customers", &json!({"first_name": "Ada"}))
        .await
        .expect(201);
    let import = api
        .upload("few.csv", b"E-Mail\nada@example.com\n".to_vec())
        .await
        .expect(201)
        .at("/id");
    let queued = api
        .post("/api/v1/exports", &json!({"format": "csv"}))
        .await
        .expect(202);
    let job = queued.headers["location"]
        .to_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let export = queued.at("/id");
    let tag = json!({"action": "tag", "query": {}, "tags": ["x"]});
    let bulk = api
        .post("/api/v1/customers/bulk", &tag)
        .await
        .expect(202)
        .at("/job_id");

    let (get, post) = (Method::GET, Method::POST);
    let files = [
        (&get, "/imports".to_owned()),
        (&get, "/imports/new".to_owned()),
        (&get, "/exports".to_owned()),
        (&get, "/exports/new".to_owned()),
        (&get, "/exports/new?status=vip".to_owned()),
        (&post, "/imports".to_owned()),
        (&post, "/exports".to_owned()),
    ];
    let own = [
        (&get, format!("/imports/{import}")),
        (&get, format!("/imports/{import}/progress")),
        (&get, format!("/imports/{import}/errors.csv")),
        (&post, format!("/imports/{import}/check")),
        (&post, format!("/imports/{import}/kind")),
        (&post, format!("/imports/{import}/remap")),
        (&post, format!("/imports/{import}/apply")),
        (&post, format!("/imports/{import}/cancel")),
        (&post, format!("/imports/{import}/delete")),
        (&get, format!("/exports/{export}/row")),
        (&get, format!("/exports/{export}/download")),
        (&post, format!("/exports/{export}/delete")),
        (&get, format!("/customers/bulk/{bulk}")),
        (&post, format!("/customers/bulk/{bulk}/cancel")),
        (&post, format!("/settings/jobs/{job}/retry")),
        (&post, format!("/settings/jobs/{job}/discard")),
        (&post, format!("/settings/jobs/{job}/cancel")),
    ];
    let nobody = Person::nobody(&server);
    let viewer = Person::new(&home, &server, "here", "viewer").await;
    let stranger = Person::new(&home, &server, "elsewhere", "owner").await;
    for (method, path) in files.iter().chain(&own) {
        let led = nobody.ask(method, path).await;
        assert_eq!(
            led.status,
            StatusCode::SEE_OTHER,
            "nobody at {method} {path}: {}",
            led.text
        );
        assert!(
            led.headers["location"].to_str().unwrap().starts_with("/sign-in"),
            "{path}"
        );
        let refused = viewer.ask(method, path).await;
        assert_eq!(
            refused.status,
            StatusCode::FORBIDDEN,
            "a viewer at {method} {path}"
        );
    }
    for (method, path) in &own {
        let strange = stranger.ask(method, path).await;
        assert_eq!(
            strange.status,
            StatusCode::NOT_FOUND,
            "a stranger at {method} {path}: {}",
            strange.text
        );
    }
    for path in ["/imports", "/exports", "/settings/jobs"] {
        let page = stranger.ask(&get, path).await.expect(200).text;
        assert!(
            !page.contains(&import) && !page.contains(&export) && !page.contains("few.csv"),
            "{path}"
        );
    }
    let wrong = stranger
        .ask(&get, "/exports/new?status=shiny")
        .await
        .expect(400)
        .text;
    assert!(
        wrong.contains("shiny") && wrong.contains("Possible are"),
        "{wrong}"
    );
    let jobs = viewer.ask(&get, "/settings/jobs").await.expect(200).text;
    assert!(
        jobs.contains("export.run") && !jobs.contains("/retry"),
        "a viewer sees jobs and changes none"
    );
    assert!(
        !stranger
            .ask(&get, "/settings/jobs")
            .await
            .text
            .contains("customers.bulk")
    );
    // Nothing of all that changed anything.
    api.get(&format!("/api/v1/imports/{import}")).await.expect(200);
    api.get(&format!("/api/v1/exports/{export}")).await.expect(200);
}

#[tokio::test]
async fn the_jobs_page_retries_discards_and_cancels() {
    let home = Home::shared().await;
    let key = home.organization("here", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    let admin = Person::new(&home, &server, "here", "admin").await;
    let make = |state: &'static str, run_at: &'static str| {
        let pool = home.database().owner().clone();
        async move {
            let id: uuid::Uuid = sqlx::query_scalar(
                "INSERT INTO jobs (organization_id, id, kind, state, run_at, error, finished_at)
                 SELECT id, gen_random_uuid(), 'exchange.sweep', $1, now() + $2::interval, 'told so',
                        CASE WHEN $1 = 'dead' THEN now() END
                 FROM organizations WHERE slug = 'here' RETURNING id",
            )
            .bind(state)
            .bind(run_at)
            .fetch_one(&pool)
            .await
            .unwrap();
            id.to_string()
        }
    };
    let (failed, given_up, waiting) = (
        make("dead", "0").await,
        make("dead", "0").await,
        make("queued", "1 day").await,
    );
    let page = admin.ask(&Method::GET, "/settings/jobs").await.expect(200).text;
    for button in [
        format!("/settings/jobs/{failed}/retry"),
        format!("/settings/jobs/{given_up}/discard"),
        format!("/settings/jobs/{waiting}/cancel"),
    ] {
        assert!(page.contains(&button), "{button} in {page}");
    }
    assert!(page.contains("told so"), "and says why it failed");
    for (id, verb) in [(&failed, "retry"), (&given_up, "discard"), (&waiting, "cancel")] {
        let done = admin
            .ask(&Method::POST, &format!("/settings/jobs/{id}/{verb}"))
            .await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{verb}: {}", done.text);
        assert_eq!(done.headers["location"], "/settings/jobs");
    }
    let patience = std::time::Duration::from_secs(30);
    let state = |id: String| {
        let api = api.clone();
        async move {
            api.get(&format!("/api/v1/jobs/{id}"))
                .await
                .expect(200)
                .at("/state")
        }
    };
    api.until(&format!("/api/v1/jobs/{failed}"), &["done"], patience)
        .await;
    assert_eq!(state(given_up.clone()).await, "cancelled");
    assert_eq!(state(waiting).await, "cancelled");
    let only_cancelled = admin
        .ask(&Method::GET, "/settings/jobs?state=cancelled")
        .await
        .expect(200)
        .text;
    assert!(only_cancelled.contains(&given_up) && !only_cancelled.contains(&failed));
    // What is over is not retried from a page that was opened before.
    let late = admin
        .ask(&Method::POST, &format!("/settings/jobs/{failed}/retry"))
        .await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
}

//! The program without its sockets: real routes, real middleware, real authentication, a fresh database.

use std::{collections::HashMap, net::SocketAddr, sync::Mutex};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use regulars_accounts::{model::NewOrganization, ops};
use regulars_database::{Database, Scope, Tx};
use regulars_kernel::{Role, Secret};
use regulars_web::{AppState, WebConfig};
use serde_json::Value;
use tower::ServiceExt as _;
use utoipa_axum::router::OpenApiRouter;

use crate::TestDatabase;

/// Some rooms' routes on a database of their own.
pub struct TestApp {
    router: Router,
    state: AppState,
    organizations: Mutex<HashMap<String, Scope>>,
    // Dropped last: it drops the database.
    database: TestDatabase,
}

impl TestApp {
    /// Puts the routes together as the server does. Nothing is limited by rate.
    pub async fn new(api: OpenApiRouter<AppState>, pages: Router<AppState>) -> Self {
        Self::with_uploads(api, pages, &[]).await
    }

    /// The same with routes that receive files.
    pub async fn with_uploads(
        api: OpenApiRouter<AppState>,
        pages: Router<AppState>,
        uploads: &'static [&'static str],
    ) -> Self {
        let storage_dir =
            std::env::temp_dir().join(format!("regulars-test-{}", uuid::Uuid::new_v4().simple()));
        let config = WebConfig {
            storage_dir,
            rate_limit_per_minute: 0,
            uploads,
            ..WebConfig::default()
        };
        Self::with_config(api, pages, config).await
    }

    /// The same with settings of its own.
    pub async fn with_config(
        api: OpenApiRouter<AppState>,
        pages: Router<AppState>,
        config: WebConfig,
    ) -> Self {
        let database = TestDatabase::new().await;
        std::fs::create_dir_all(&config.storage_dir).expect("a folder for uploads can be made");
        let state = AppState::new(database.database().clone(), config);
        let authenticate =
            axum::middleware::from_fn_with_state(state.clone(), regulars_accounts::authenticate);
        Self {
            router: regulars_web::app(api, pages, state.clone(), authenticate),
            state,
            organizations: Mutex::default(),
            database,
        }
    }

    /// With routes or layers around those of the server.
    #[must_use]
    pub fn around(mut self, wrap: impl FnOnce(Router, &AppState) -> Router) -> Self {
        self.router = wrap(std::mem::take(&mut self.router), &self.state);
        self
    }

    /// The scope of an organization (EUR, Europe/Berlin, en) for the system as the actor; created when first named.
    pub async fn organization(&self, slug: &str) -> Scope {
        let known = self
            .organizations
            .lock()
            .expect("no test panicked holding it")
            .get(slug)
            .copied();
        if let Some(scope) = known {
            return scope;
        }
        let new = NewOrganization {
            name: slug.to_owned(),
            slug: Some(slug.to_owned()),
            currency: Some("EUR".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            locale: Some("en".to_owned()),
        };
        ops::create_organization(self.database(), &new)
            .await
            .unwrap_or_else(|error| panic!("the organization {slug} can be created: {error}"));
        let scope = ops::organization_by_slug(self.database(), slug)
            .await
            .unwrap_or_else(|error| panic!("the organization {slug} is there: {error}"));
        self.organizations
            .lock()
            .expect("no test panicked holding it")
            .insert(slug.to_owned(), scope);
        scope
    }

    /// A new API key of the organization “acme”.
    pub async fn key(&self, role: Role) -> String {
        self.key_of("acme", role).await
    }

    /// A new API key of an organization, which is created when first named.
    pub async fn key_of(&self, organization: &str, role: Role) -> String {
        let scope = self.organization(organization).await;
        ops::create_key_text(self.database(), scope.organization_id, "test", role)
            .await
            .unwrap_or_else(|error| panic!("a key can be created: {error}"))
            .into_inner()
    }

    /// The database as the program sees it.
    pub fn database(&self) -> &Database {
        &self.state.database
    }

    /// The cookie of a new member with a role, as a browser would send it.
    pub async fn sign_in(&self, organization: &str, role: Role) -> String {
        let scope = self.organization(organization).await;
        let email = format!("{}@{organization}.example", role.name());
        let made = ops::create_user(self.database(), scope.organization_id, &email, role).await;
        let link = made
            .expect("a member is made")
            .link
            .expect("a new person gets a link");
        let password = Secret::new("correct horse battery".to_owned());
        let device = ops::Device::default();
        let signed_in = ops::set_password(self.database(), link.token.expose(), password, &device).await;
        format!(
            "regulars={}",
            signed_in.expect("a password is set").token.into_inner()
        )
    }

    /// The database with its owner's view.
    pub fn test_database(&self) -> &TestDatabase {
        &self.database
    }

    /// What the handlers get.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// The whole router, for what the helpers below do not offer.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// A transaction of an organization, created when first named.
    pub async fn tx(&self, organization: &str) -> Tx {
        let scope = self.organization(organization).await;
        self.database.begin(scope).await
    }

    /// A request. API paths are whole, as in `/api/v1/customers`.
    pub fn request(&self, method: Method, path: &str) -> TestRequest<'_> {
        TestRequest {
            app: self,
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Body::empty(),
        }
    }

    /// GET.
    pub fn get(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::GET, path)
    }

    /// POST.
    pub fn post(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::POST, path)
    }

    /// PATCH.
    pub fn patch(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::PATCH, path)
    }

    /// PUT.
    pub fn put(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::PUT, path)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> TestRequest<'_> {
        self.request(Method::DELETE, path)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Uploads of this test only: the folder was made for it.
        let _ = std::fs::remove_dir_all(&self.state.config.storage_dir);
    }
}

/// A request being put together; awaiting it sends it.
#[must_use = "a request is sent when it is awaited"]
pub struct TestRequest<'a> {
    app: &'a TestApp,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
}

impl TestRequest<'_> {
    /// With an API key.
    pub fn bearer(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        self.headers
            .append(name, HeaderValue::from_str(value).expect("a header's value"));
        self
    }

    /// With If-Match for that version.
    pub fn if_match(self, version: i32) -> Self {
        self.header("if-match", &format!("\"v{version}\""))
    }

    /// With a JSON body.
    pub fn json(self, body: impl serde::Serialize) -> Self {
        let text = serde_json::to_vec(&body).expect("a body that can be written as JSON");
        self.body("application/json", text)
    }

    /// With a form's fields, as a page of ours sends them.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let text = serde_urlencoded::to_string(fields).expect("fields can be encoded");
        self.header("sec-fetch-site", "same-origin")
            .body("application/x-www-form-urlencoded", text)
    }

    /// With any body.
    pub fn body(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        let value = HeaderValue::from_str(content_type).expect("a media type");
        self.headers.insert(header::CONTENT_TYPE, value);
        self.body = body.into();
        self
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self) -> TestResponse {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse().expect("a path");
        *request.headers_mut() = self.headers;
        request
            .headers_mut()
            .entry(header::HOST)
            .or_insert(HeaderValue::from_static("127.0.0.1:8080"));
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 40_000))));
        let answer = self
            .app
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("a router always answers");
        let (head, body) = answer.into_parts();
        let bytes = body.collect().await.expect("the body can be read").to_bytes();
        TestResponse {
            status: head.status,
            headers: head.headers,
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes: bytes.to_vec(),
        }
    }
}

impl<'a> IntoFuture for TestRequest<'a> {
    type Output = TestResponse;
    type IntoFuture = std::pin::Pin<Box<dyn Future<Output = TestResponse> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct TestResponse {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as JSON; null if it is something else.
    pub json: Value,
    /// Its body as it came.
    pub bytes: Vec<u8>,
}

impl TestResponse {
    /// Fails the test unless the status is this one; the failure shows the body.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "the check alone is often all that is wanted"
    )]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// A header's text; empty if absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Everything a test usually looks at, to take apart.
    pub fn parts(self) -> (StatusCode, HeaderMap, Value) {
        (self.status, self.headers, self.json)
    }
}

//! A room with tags as its resource, and a client for it.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use regulars_database::Database;
use regulars_kernel::{
    Actor, Currency, Error, Locale, Permission, Role, TimeZone,
    ids::{KeyId, OrganizationId, UserId},
};
use regulars_web::{
    ApiResult, AppState, Call, Caller, CallerUser, CommonErrors, Json, OrganizationInfo, PageCall,
    PageResult, Path, Query, WebConfig,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTag {
    name: String,
    colour: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct ListTags {
    limit: Option<u32>,
}

/// Lists tags.
#[utoipa::path(get, path = "/tags", params(ListTags), responses((status = 200), CommonErrors), tag = "Tags")]
async fn list(call: Call, Query(ask): Query<ListTags>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    Ok(regulars_web::json(&json!({"limit": ask.limit})))
}

/// Makes a tag.
#[utoipa::path(post, path = "/tags", request_body = NewTag, responses((status = 201), CommonErrors), tag = "Tags")]
async fn create(call: Call, Json(input): Json<NewTag>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let id = Uuid::new_v4();
    sqlx::query("INSERT INTO tags (organization_id, id, name) VALUES ($1, $2, $3)")
        .bind(tx.organization_id())
        .bind(id)
        .bind(&input.name)
        .execute(tx.conn())
        .await?;
    if input.colour.as_deref() == Some("slow") {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    if input.colour.as_deref() == Some("refused") {
        return Err(Error::invalid("/colour", "colour_unknown", "there is no such colour").into());
    }
    let body = json!({"id": id, "name": input.name});
    Ok(call.created(tx, format!("/api/v1/tags/{id}"), 1, &body).await?)
}

/// One tag.
#[utoipa::path(get, path = "/tags/{id}", responses((status = 200), CommonErrors), tag = "Tags")]
async fn one(_: Call, Path(id): Path<Uuid>) -> ApiResult {
    Ok(regulars_web::json_with_etag(3, &json!({"id": id, "version": 3})))
}

/// Changes a tag.
#[utoipa::path(patch, path = "/tags/{id}", responses((status = 200), CommonErrors), tag = "Tags")]
async fn change(call: Call, Path(_id): Path<Uuid>) -> ApiResult {
    call.if_match(3)?;
    Ok(regulars_web::json_with_etag(4, &json!({"version": 4})))
}

async fn panic() -> ApiResult {
    panic!("ada@example.com broke it");
}

async fn broken() -> ApiResult {
    Err(Error::internal("a secret cause").into())
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(5)).await;
    "done"
}

async fn large(_: Call) -> Response {
    regulars_web::json(&vec!["the same words again and again"; 500])
}

async fn database_fault(call: Call, Path(kind): Path<String>) -> ApiResult {
    let mut tx = call.write().await?;
    let sql = match kind.as_str() {
        "unique" => {
            "INSERT INTO tags (organization_id, id, name) SELECT current_organization(), gen_random_uuid(), 'same' FROM generate_series(1, 2)"
        }
        "check" => {
            "INSERT INTO api_keys (organization_id, id, name, role, secret_hash, hint) VALUES (current_organization(), gen_random_uuid(), '', 'viewer', '', '')"
        }
        "foreign" => {
            "INSERT INTO customer_tags (organization_id, customer_id, tag_id) VALUES (current_organization(), gen_random_uuid(), gen_random_uuid())"
        }
        "timeout" => "SET LOCAL statement_timeout = 10; SELECT pg_sleep(1)",
        "cast" => "SELECT 'ada@example.com'::text::uuid",
        "nul" => "SELECT ('\"' || chr(92) || 'u0000\"')::jsonb #>> '{}'",
        "bug" => "SELECT 'ada@example.com' FROM no_such_table",
        "number" => "SELECT 99999999999::int",
        _ => return Err(Error::NotFound("fault").into()),
    };
    sqlx::raw_sql(sql).execute(tx.conn()).await?;
    Ok(call.no_content(tx).await?)
}

async fn page(call: PageCall) -> PageResult<maud::Markup> {
    let shell = call.shell(regulars_web::pages::Nav::Customers, "Customers");
    Ok(regulars_web::pages::page(
        &shell,
        maud::html! {},
        maud::html! { p { "hello" } },
    ))
}

async fn page_post(call: PageCall) -> PageResult {
    let flash = regulars_web::pages::Flash {
        kind: regulars_web::pages::FlashKind::Success,
        text: "Saved · “größer”".to_owned(),
        undo: None,
    };
    Ok(regulars_web::redirect_with(&call, "/customers", &flash))
}

/// A form of a page that anybody may send, as the sign-in page's.
async fn form(mut form: regulars_web::Form) -> PageResult<String> {
    Ok(format!("hello {}", form.text("name")))
}

/// Takes its time over whatever is sent.
async fn upload(request: Request) -> PageResult<String> {
    tokio::time::sleep(Duration::from_millis(200)).await;
    let body = request
        .into_body()
        .collect()
        .await
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(body.to_bytes().len().to_string())
}

/// Everything of the room.
pub fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(one, change))
        .route("/panic", get(panic))
        .route("/broken", get(broken))
        .route("/slow", get(slow))
        .route("/large", get(large))
        .route("/files", axum::routing::post(upload))
        .route("/faults/{kind}", axum::routing::post(database_fault))
}

fn header(request: &Request, name: &str) -> Option<String> {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// `Bearer viewer` and so on, `Cookie: person=1`; anything else as a key is refused.
async fn authenticate(organization: Arc<OrganizationInfo>, mut request: Request, next: Next) -> Response {
    use axum::response::IntoResponse;
    let (key, cookie) = (header(&request, "authorization"), header(&request, "cookie"));
    let mut caller = Caller {
        organization_id: organization.id,
        actor: Actor::Key(KeyId(Uuid::from_u128(1))),
        role: Role::Admin,
        scopes: None,
        user: None,
        session_id: None,
        organization,
    };
    if let Some(key) = key {
        let Some(role) = key.strip_prefix("Bearer ").and_then(|role| role.parse().ok()) else {
            return regulars_web::Problem(Error::Unauthorized("this key is unknown".into())).into_response();
        };
        caller.role = role;
        caller.actor = Actor::Key(KeyId(Uuid::from_u128(role as u128)));
    } else if cookie.is_some_and(|cookie| cookie.contains("person=1")) {
        let id = UserId(Uuid::from_u128(99));
        caller.actor = Actor::User(id);
        caller.user = Some(CallerUser {
            id,
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
        });
    } else {
        return next.run(request).await;
    }
    Arc::new(caller).attach(request.extensions_mut());
    next.run(request).await
}

/// The room behind the real edge.
pub struct Client {
    router: Router,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("JSON expected: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("visible ASCII"))
    }

    /// The pairs of pointer and code.
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        self.json()["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("errors expected: {self:?}"))
            .iter()
            .map(|fault| (text(&fault["pointer"]), text(&fault["code"])))
            .collect()
    }
}

impl Client {
    /// Without a database behind it.
    pub fn new(config: WebConfig) -> Self {
        let pool = sqlx::postgres::PgPoolOptions::new()
            .acquire_timeout(Duration::from_secs(1))
            .connect_lazy("postgres://nobody@127.0.0.1:1/none")
            .expect("a PostgreSQL URL");
        Self::over(Database::new(pool), OrganizationId::new(), config)
    }

    /// With a database.
    pub fn over(database: Database, organization_id: OrganizationId, config: WebConfig) -> Self {
        let organization = Arc::new(OrganizationInfo {
            id: organization_id,
            slug: "acme".to_owned(),
            name: "Acme".to_owned(),
            currency: Currency::EUR,
            time_zone: TimeZone::UTC,
            locale: Locale::parse("en").expect("a locale"),
        });
        let pages = Router::new()
            .route("/customers", get(page).post(page_post))
            .route("/form", axum::routing::post(form))
            .route("/files", axum::routing::post(upload));
        let layer =
            from_fn(move |request: Request, next: Next| authenticate(organization.clone(), request, next));
        Self {
            router: regulars_web::app(api(), pages, AppState::new(database, config), layer),
        }
    }

    /// Sends a request with headers and a body.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self
            .router
            .clone()
            .oneshot(request.body(body.into()).expect("a request"))
            .await
            .unwrap_or_else(|never| match never {});
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// GET as an owner's key.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(
            Method::GET,
            path,
            &[("authorization", "Bearer owner")],
            Body::empty(),
        )
        .await
    }

    /// POST of JSON as an owner's key.
    pub async fn post(&self, path: &str, body: &str, more: &[(&str, &str)]) -> Answer {
        let mut headers = vec![
            ("authorization", "Bearer owner"),
            ("content-type", "application/json"),
        ];
        headers.extend_from_slice(more);
        self.send(Method::POST, path, &headers, body.to_owned()).await
    }
}

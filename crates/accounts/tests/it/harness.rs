//! The room's routes behind the real edge and a database of their own.

use axum::{
    Router,
    body::{Body, to_bytes},
    middleware::from_fn_with_state,
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use regulars_accounts::{
    api_routes, authenticate,
    model::{Invitation, NewOrganization},
    ops::{self, Device},
    page_routes,
};
use regulars_database::Database;
use regulars_kernel::{Role, Secret, ids::OrganizationId};
use regulars_testkit::TestDatabase;
use regulars_web::{AppState, WebConfig, app};
use serde_json::Value;
use tower::ServiceExt;

pub const PASSWORD: &str = "correct horse battery";

pub struct App {
    pub database: TestDatabase,
    router: Router,
}

/// Somebody who signed in: their user id and session token.
pub struct Person {
    pub id: String,
    pub token: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    /// The codes of a problem's faults.
    pub fn codes(&self) -> Vec<String> {
        let problem = self.json();
        let faults = problem["errors"].as_array().cloned().unwrap_or_default();
        faults
            .iter()
            .map(|fault| fault["code"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The session token that the answer sets.
    pub fn cookie(&self) -> Option<String> {
        let mut cookies = self.headers.get_all(header::SET_COOKIE).iter();
        let value = cookies.find_map(|value| value.to_str().ok()?.strip_prefix("regulars="))?;
        let token = value.split(';').next()?;
        (!token.is_empty()).then(|| token.to_owned())
    }

    pub fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }
}

/// Who sends a request.
#[derive(Clone, Copy)]
pub enum As<'a> {
    Nobody,
    Key(&'a str),
    Session(&'a str),
}

impl App {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let config = WebConfig {
            rate_limit_per_minute: 0,
            ..WebConfig::default()
        };
        let state = AppState::new(database.database().clone(), config);
        let layer = from_fn_with_state(state.clone(), authenticate);
        Self {
            router: app(api_routes(), page_routes(), state, layer),
            database,
        }
    }

    pub fn db(&self) -> &Database {
        self.database.database()
    }

    pub async fn organization(&self, slug: &str) -> OrganizationId {
        let new = NewOrganization {
            name: slug.to_owned(),
            slug: Some(slug.to_owned()),
            ..NewOrganization::default()
        };
        ops::create_organization(self.db(), &new).await.unwrap().id
    }

    pub async fn key(&self, organization: OrganizationId, role: Role) -> String {
        ops::create_key_text(self.db(), organization, role.name(), role)
            .await
            .unwrap()
            .into_inner()
    }

    pub async fn invite(&self, organization: OrganizationId, email: &str, role: Role) -> Invitation {
        ops::create_user(self.db(), organization, email, role)
            .await
            .unwrap()
    }

    /// A new member who has set [`PASSWORD`] and is signed in by that.
    pub async fn person(&self, organization: OrganizationId, email: &str, role: Role) -> Person {
        let invitation = self.invite(organization, email, role).await;
        let link = invitation.link.expect("a new person gets a link");
        let password = Secret::new(PASSWORD.to_owned());
        let signed_in = ops::set_password(self.db(), link.token.expose(), password, &Device::default())
            .await
            .unwrap();
        Person {
            id: invitation.member.id.to_string(),
            token: signed_in.token.into_inner(),
        }
    }

    pub async fn send(
        &self,
        who: As<'_>,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request = match who {
            As::Nobody => request,
            As::Key(key) => request.header(header::AUTHORIZATION, format!("Bearer {key}")),
            As::Session(token) => request.header(header::COOKIE, format!("theme=dark; regulars={token}")),
        };
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub async fn get(&self, who: As<'_>, path: &str) -> Answer {
        self.send(who, Method::GET, path, &[], Body::empty()).await
    }

    pub async fn delete(&self, who: As<'_>, path: &str) -> Answer {
        self.send(who, Method::DELETE, path, &[], Body::empty()).await
    }

    pub async fn post(&self, who: As<'_>, path: &str, body: Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.send(who, Method::POST, path, &json, body.to_string().into())
            .await
    }

    pub async fn patch(&self, who: As<'_>, path: &str, body: Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.send(who, Method::PATCH, path, &json, body.to_string().into())
            .await
    }

    /// Posts a form as a browser without script does.
    pub async fn form(&self, who: As<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(
            who,
            Method::POST,
            path,
            &[("content-type", "application/x-www-form-urlencoded")],
            encoded(fields).into(),
        )
        .await
    }

    /// Posts a form as htmx does.
    pub async fn hx_form(&self, who: As<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("hx-request", "true"),
        ];
        self.send(who, Method::POST, path, &headers, encoded(fields).into())
            .await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.form(
            As::Nobody,
            "/sign-in",
            &[("email", email), ("password", password)],
        )
        .await
    }

    /// Changes rows behind the server's back.
    pub async fn sql(&self, statement: &'static str) {
        sqlx::query(statement)
            .execute(self.database.owner())
            .await
            .unwrap();
        regulars_accounts::forget();
    }

    pub async fn number(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement)
            .fetch_one(self.database.owner())
            .await
            .unwrap()
    }

    /// The actions in the audit log of all organizations, oldest first.
    pub async fn actions(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT action FROM audit_entries ORDER BY id")
            .fetch_all(self.database.owner())
            .await
            .unwrap()
    }

    /// Everything the database holds, as text.
    pub async fn everything(&self) -> String {
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
                .fetch_all(self.database.owner())
                .await
                .unwrap();
        let mut all = String::new();
        for table in tables {
            let statement = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM \"{table}\" t");
            let text: String = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
                .fetch_one(self.database.owner())
                .await
                .unwrap();
            all.push_str(&text);
        }
        all
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let one = |text: &str| hex(text, "%");
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", one(name), one(value)))
        .collect();
    pairs.join("&")
}

/// The bytes of a text in hexadecimal, each after a mark.
pub fn hex(text: &str, mark: &str) -> String {
    let bytes: Vec<_> = text.bytes().map(|byte| format!("{mark}{byte:02x}")).collect();
    bytes.concat()
}

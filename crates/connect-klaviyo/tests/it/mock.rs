//! A mock of Klaviyo's API: it refuses what Klaviyo's own OpenAPI document does not allow, where that is beside the checkout,
//! and can be told to fail.

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use regulars_connect_klaviyo::REVISION;
use serde_json::{Value, json};

use crate::account::API_KEY;

/// What it answers with in the place of a page.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The page, as if nothing were: what fails comes behind it.
    Nothing,
    /// A status, and after how many seconds to come again.
    Status(u16, Option<u32>),
    /// Nothing, for longer than anybody waits.
    Silence,
    /// This.
    Body(Value),
    /// A redirect to there.
    Redirect(String),
}

#[derive(Default)]
struct Inner {
    profiles: Vec<Value>,
    faults: VecDeque<Fault>,
    asked: Vec<BTreeMap<String, String>>,
    wrong: Vec<String>,
    page: usize,
}

#[derive(Clone)]
pub struct Mock {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
    parameters: Arc<Option<Value>>,
}

/// The folder of Klaviyo's fixtures, where it is beside the checkout.
pub fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/klaviyo");
    folder.is_dir().then_some(folder)
}

pub fn document(name: &str) -> Option<Value> {
    let path = folder()?.join("openapi").join(name);
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

impl Mock {
    /// One that has these profiles and answers so many at a time.
    pub async fn start(profiles: Vec<Value>, page: usize) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let parameters = document("get_profiles.json")
            .map(|document| document["paths"]["/api/profiles"]["get"]["parameters"].clone());
        let mock = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            inner: Arc::new(Mutex::new(Inner {
                profiles,
                page,
                ..Inner::default()
            })),
            parameters: Arc::new(parameters),
        };
        let app = Router::new()
            .route("/api/profiles", get(answer))
            .with_state(mock.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        mock
    }

    pub fn fail_with(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner.lock().unwrap().faults.extend(faults);
    }

    pub fn set_profiles(&self, profiles: Vec<Value>) {
        self.inner.lock().unwrap().profiles = profiles;
    }

    /// What it was asked for since this was asked last. Nothing of it was against its document.
    pub fn asked(&self) -> Vec<BTreeMap<String, String>> {
        let mut inner = self.inner.lock().unwrap();
        assert_eq!(inner.wrong, Vec::<String>::new());
        std::mem::take(&mut inner.asked)
    }

    fn check(&self, headers: &HeaderMap, query: &BTreeMap<String, String>) -> Result<(), String> {
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        if header("authorization") != format!("Klaviyo-API-Key {API_KEY}") {
            return Err("the key is wrong".into());
        }
        if header("revision") != REVISION {
            return Err("the revision is wrong".into());
        }
        let Some(parameters) = &*self.parameters else {
            return Ok(());
        };
        let all = parameters.as_array().unwrap();
        for one in all.iter().filter(|one| one["required"] == true) {
            let name = one["name"].as_str().unwrap();
            let is_there = match one["in"].as_str().unwrap() {
                "header" => !header(name).is_empty(),
                _ => query.contains_key(name),
            };
            if !is_there {
                return Err(format!("{name} is required"));
            }
        }
        for (name, value) in query {
            let one = all
                .iter()
                .find(|one| one["name"] == name.as_str() && one["in"] == "query");
            let one = one.ok_or_else(|| format!("{name} is no parameter"))?;
            let schema = &one["schema"];
            let is_one_of =
                |choices: &Value, value: &str| choices.as_array().unwrap().iter().any(|one| one == value);
            let fits = match schema["type"].as_str().unwrap() {
                "integer" => value.parse::<i64>().is_ok_and(|number| {
                    (schema["minimum"].as_i64().unwrap()..=schema["maximum"].as_i64().unwrap())
                        .contains(&number)
                }),
                "array" => value
                    .split(',')
                    .all(|one| is_one_of(&schema["items"]["enum"], one)),
                _ if schema["enum"].is_array() => is_one_of(&schema["enum"], value),
                _ if name == "filter" => {
                    let (operator, field) = value.split_once('(').unwrap();
                    let field = field.split(',').next().unwrap();
                    let about = one["description"].as_str().unwrap();
                    let line = about
                        .split("<br>")
                        .find(|line| line.starts_with(&format!("`{field}`")))
                        .unwrap();
                    line.contains(&format!("`{operator}`"))
                }
                _ => true,
            };
            if !fits {
                return Err(format!("{name}={value} does not fit"));
            }
        }
        Ok(())
    }
}

async fn answer(State(mock): State<Mock>, headers: HeaderMap, uri: Uri) -> Response {
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let fault = {
        let mut inner = mock.inner.lock().unwrap();
        inner.asked.push(query.clone());
        if let Err(why) = mock.check(&headers, &query) {
            inner.wrong.push(why);
            return StatusCode::UNAUTHORIZED.into_response();
        }
        inner.faults.pop_front()
    };
    match fault {
        Some(Fault::Status(status, after)) => {
            let mut answer = StatusCode::from_u16(status).unwrap().into_response();
            if let Some(after) = after {
                answer.headers_mut().insert("retry-after", after.into());
            }
            answer
        }
        Some(Fault::Silence) => {
            tokio::time::sleep(std::time::Duration::from_secs(30)).await;
            StatusCode::OK.into_response()
        }
        Some(Fault::Body(body)) => Json(body).into_response(),
        Some(Fault::Redirect(there)) => (StatusCode::FOUND, [("location", there)]).into_response(),
        None | Some(Fault::Nothing) => Json(page(&mock, &query)).into_response(),
    }
}

fn page(mock: &Mock, query: &BTreeMap<String, String>) -> Value {
    let inner = mock.inner.lock().unwrap();
    let since = query
        .get("filter")
        .and_then(|filter| filter.strip_prefix("greater-than(updated,")?.strip_suffix(')'));
    let since = since.map(|text| chrono::DateTime::parse_from_rfc3339(text).unwrap());
    let updated = |one: &Value| {
        chrono::DateTime::parse_from_rfc3339(one["attributes"]["updated"].as_str().unwrap()).unwrap()
    };
    let mut found: Vec<Value> = inner
        .profiles
        .iter()
        .filter(|one| since.is_none_or(|since| updated(one) > since))
        .cloned()
        .collect();
    found.sort_by_key(updated);
    let wanted = query
        .get("additional-fields[profile]")
        .map(String::as_str)
        .unwrap_or_default();
    for name in ["subscriptions", "predictive_analytics"] {
        if !wanted.split(',').any(|one| one == name) {
            for one in &mut found {
                one["attributes"].as_object_mut().unwrap().shift_remove(name);
            }
        }
    }
    let from: usize = query
        .get("page[cursor]")
        .map_or(0, |cursor| cursor.parse().unwrap());
    let size = inner.page.min(query["page[size]"].parse().unwrap());
    let next = (from + size < found.len()).then(|| {
        let mut url = url::Url::parse(&format!("{}/api/profiles", mock.url)).unwrap();
        let mut query = query.clone();
        query.insert("page[cursor]".into(), (from + size).to_string());
        url.query_pairs_mut().extend_pairs(query);
        url.to_string()
    });
    let some: Vec<Value> = found.into_iter().skip(from).take(size).collect();
    json!({"data": some, "links": {"self": mock.url, "next": next, "prev": null}})
}

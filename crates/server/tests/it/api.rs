//! The API of a running server, as a program calls it.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use reqwest::{Client, Method, StatusCode, header::HeaderMap};
use serde_json::Value;

/// A client with a key; an empty key sends none.
#[derive(Clone)]
pub struct Api {
    client: Client,
    base: String,
    key: String,
}

/// A whole answer. `json` is null if the body is something else.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Answer {
    /// Fails the test unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// The text at a JSON pointer.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> String {
        match self.json.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => panic!("nothing at {pointer}: {}", self.text),
            Some(other) => other.to_string(),
        }
    }
}

/// What asks without anything set. The server's own client brings its cryptography along; one that asks this machine needs none,
/// but is not built without.
pub fn client() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}

impl Api {
    pub fn new(url: &str, key: &str) -> Self {
        Self::from_address(url, key, None)
    }

    /// From another address of this machine than the usual one.
    pub fn from_address(url: &str, key: &str, address: Option<IpAddr>) -> Self {
        let client = client()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .local_address(address)
            .build()
            .unwrap();
        Self {
            client,
            base: url.to_owned(),
            key: key.to_owned(),
        }
    }

    /// The same client with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self.clone()
        }
    }

    /// The request itself, for what the others do not offer.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        if self.key.is_empty() {
            request
        } else {
            request.bearer_auth(&self.key)
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::PUT, path).json(body)).await
    }

    /// Uploads a file to be imported.
    pub async fn upload(&self, name: &str, content: Vec<u8>) -> Answer {
        let part = reqwest::multipart::Part::bytes(content).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        answer(self.request(Method::POST, "/api/v1/imports").multipart(form)).await
    }

    /// Asks for a resource until its `state` is one of these.
    pub async fn until(&self, path: &str, states: &[&str], patience: Duration) -> Answer {
        let until = Instant::now() + patience;
        loop {
            let found = self.get(path).await.expect(200);
            let state = found.at("/state");
            if states.contains(&state.as_str()) {
                return found;
            }
            assert!(Instant::now() < until, "{path} stays {state}: {}", found.text);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Sends a request and reads the whole answer.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer {
        status,
        headers,
        text,
        json,
    }
}

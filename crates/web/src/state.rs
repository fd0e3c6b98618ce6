//! What every route may reach: the database and the settings of the edge. Rooms keep their own things in their own layers.

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::extract::MatchedPath;
use http::Method;
use regulars_database::Database;

use crate::client::Network;

/// The state of every router.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The serving database.
    pub database: Database,
    /// The settings of the edge.
    pub config: Arc<WebConfig>,
}

impl AppState {
    /// Both together.
    pub fn new(database: Database, config: WebConfig) -> Self {
        Self {
            database,
            config: Arc::new(config),
        }
    }
}

/// Settings of the edge, read once at the start.
#[derive(Clone, Debug)]
pub struct WebConfig {
    /// The address that people type, without a slash at its end, as in `https://crm.example.com`.
    pub public_url: String,
    /// Whether cookies are `Secure` and browsers are told to insist on https.
    pub secure_cookies: bool,
    /// Where uploads and exports are kept.
    pub storage_dir: PathBuf,
    /// Bytes of uploads and exports that each organization may keep there.
    pub kept_files: u64,
    /// Requests that one principal (or one address without credentials) may make a minute; 0 means no limit.
    pub rate_limit_per_minute: u32,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// How long a request may take until its answer starts. Uploads are exempt.
    pub request_timeout: Duration,
    /// Largest body of a request that is neither an upload nor a batch, in bytes.
    pub body_limit: usize,
    /// The same of a batch.
    pub batch_limit: usize,
    /// The routes whose POST takes many things at once, as they are registered (`/api/v1/orders`).
    pub batches: &'static [&'static str],
    /// The routes whose POST receives a file, as they are registered (`/api/v1/imports`): no time limit stands over
    /// them, and their bodies are neither limited nor hashed by the edge. What a request calls itself makes no upload.
    pub uploads: &'static [&'static str],
}

impl WebConfig {
    /// Whether a request brings a file to a route that takes files.
    pub(crate) fn is_upload(&self, method: &Method, route: Option<&MatchedPath>) -> bool {
        *method == Method::POST && route.is_some_and(|route| self.uploads.contains(&route.as_str()))
    }

    /// Bytes that the body of a request may have.
    pub(crate) fn limit(&self, method: &Method, route: Option<&MatchedPath>) -> usize {
        let is_batch =
            *method == Method::POST && route.is_some_and(|route| self.batches.contains(&route.as_str()));
        if is_batch {
            self.batch_limit
        } else {
            self.body_limit
        }
    }
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            secure_cookies: false,
            storage_dir: PathBuf::from("./data/storage"),
            kept_files: 5_000_000_000,
            rate_limit_per_minute: 6_000,
            trusted_proxies: Vec::new(),
            request_timeout: Duration::from_secs(30),
            body_limit: 1 << 20,
            batch_limit: 10 << 20,
            batches: &[],
            uploads: &[],
        }
    }
}

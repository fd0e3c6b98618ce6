//! Structured logs on stderr, as text or JSON.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::Config;

/// PostgreSQL notes at every start that what migrations make "if not exists" exists. Who wants it names it in the filter.
const QUIET: &str = "sqlx::postgres::notice=warn";

/// Starts logging. Bad filters are told and replaced by `info`.
pub fn start(config: &Config) {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log)).unwrap_or_else(|error| {
        eprintln!("regulars: log: {error}; using info");
        EnvFilter::new("info")
    });
    let registry = tracing_subscriber::registry().with(filter);
    if config.log_json {
        registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .with_writer(std::io::stderr),
            )
            .init();
    } else {
        registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_target(false)
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_writer(std::io::stderr),
            )
            .init();
    }
}

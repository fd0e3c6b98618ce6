//! Structured logs on stderr, as text or JSON.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::Config;

/// PostgreSQL notes at every start that what migrations make "if not exists" exists. Who wants it names it in the filter.
pub const SERVER: &str = "sqlx::postgres::notice=warn";

/// A command is read by whoever typed it, to whom the SQL of a slow statement says nothing.
pub const COMMAND: &str = "sqlx::postgres::notice=warn,sqlx::query=error";

/// Starts logging. What is quiet stays so unless the filter names it; bad filters are told and replaced by `info`.
pub fn start(config: &Config, quiet: &str) {
    let filter = filter(quiet, &config.log).unwrap_or_else(|error| {
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

fn filter(quiet: &str, log: &str) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    EnvFilter::try_new(format!("{quiet},{log}"))
}

#[cfg(test)]
mod tests {
    use tracing::{Level, enabled, subscriber::with_default};

    use super::*;

    #[test]
    fn slow_statements_are_for_the_log_of_the_server_and_not_for_a_command_unless_asked_for() {
        let shown = |quiet, log| {
            let registry = tracing_subscriber::registry().with(filter(quiet, log).unwrap());
            with_default(registry, || enabled!(target: "sqlx::query", Level::WARN))
        };
        assert!(shown(SERVER, "warn"));
        assert!(!shown(COMMAND, "warn"));
        assert!(!shown(COMMAND, "info"));
        assert!(shown(COMMAND, "warn,sqlx::query=warn"));
    }
}

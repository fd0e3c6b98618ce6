//! The page of the system's health: what `doctor` says of the database, looked at every minute, and what this server does.
//!
//! What it never does: ask the database as its owner while somebody waits; it shows the last look.

use std::{
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use axum::{
    Extension, Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use regulars_database::{
    connect::Opened,
    doctor::{self, Check, Outcome},
};
use regulars_jobs::{self as jobs, QueueSummary};
use regulars_kernel::{Permission, clock};
use regulars_web::{
    AppState, PageCall, PageResult,
    pages::{
        Align, Icon, Locale, Nav, Shell, Tone, badge, card, column, data_table, facts, format, notice, page,
        page_header, table_empty, time_tag,
    },
};

/// Between two looks.
const EVERY: Duration = Duration::from_mins(1);

/// When it was, and what was found.
type Look = (DateTime<Utc>, Vec<Check>);

/// The last look, and when the server began.
#[derive(Clone)]
pub struct Watch {
    began: Instant,
    last: Arc<RwLock<Option<Look>>>,
}

impl Watch {
    /// Looks the database over now and every minute, as long as the server runs.
    pub fn start(opened: Opened) -> Self {
        let last: Arc<RwLock<Option<Look>>> = Arc::default();
        let told = Arc::clone(&last);
        tokio::spawn(async move {
            loop {
                let checks = doctor::examine(&opened).await;
                if let Ok(mut last) = told.write() {
                    *last = Some((clock::now(), checks));
                }
                tokio::time::sleep(EVERY).await;
            }
        });
        Self {
            began: Instant::now(),
            last,
        }
    }

    fn last(&self) -> Option<Look> {
        self.last.read().ok()?.clone()
    }
}

/// The page.
pub fn page_routes() -> Router<AppState> {
    Router::new().route("/settings/health", get(show))
}

/// What this server does.
struct Server {
    running: Duration,
    resident: Option<u64>,
    connections: u32,
    idle: usize,
}

async fn show(
    call: PageCall,
    State(state): State<AppState>,
    Extension(watch): Extension<Watch>,
) -> PageResult<Response> {
    call.require(Permission::AccountsRead)?;
    let mut tx = call.read().await?;
    let queues = jobs::queues(&mut tx).await?;
    tx.commit().await?;
    let server = Server {
        running: watch.began.elapsed(),
        resident: resident(),
        connections: state.database.outside_organizations().size(),
        idle: state.database.idle_connections(),
    };
    let shell = call.shell(Nav::Health, "System health");
    let content = view(watch.last().as_ref(), &queues, &server, &shell);
    Ok(page(&shell, html! {}, content).into_response())
}

/// Bytes of memory that the process holds, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn view(last: Option<&Look>, queues: &[QueueSummary], server: &Server, shell: &Shell) -> Markup {
    let checks: &[Check] = last.map_or(&[], |last| &last.1);
    let wrong = checks
        .iter()
        .filter(|check| check.outcome != Outcome::Good)
        .count();
    let dead: i64 = queues.iter().map(|queue| queue.dead).sum();
    html! {
        (page_header("System health", html! {}, "The database as regulars doctor sees it, and what this server does."))
        @if !checks.is_empty() {
            @if wrong == 0 && dead == 0 { (notice(Tone::Green, "Everything is as it should be", html! {})) }
            @if wrong > 0 {
                (notice(Tone::Amber, if wrong == 1 { "One thing should be looked at" } else { "Several things should be looked at" }, html! { "What to do stands below, beside each check." }))
            }
            @if dead > 0 {
                (notice(Tone::Red, "Jobs have failed", html! { a class="link" href="/settings/jobs?state=dead" { (format::integer(dead, shell.locale)) " of them" } " wait to be retried or discarded." }))
            }
        }
        div class="columns" {
            div class="column" { (database(checks, last.map(|last| last.0), shell)) }
            div class="column" {
                (card("This server", html! {}, facts(&[
                    ("Version", html! { (env!("CARGO_PKG_VERSION")) }),
                    ("Running for", html! { (span(server.running)) }),
                    ("Memory", html! { @if let Some(bytes) = server.resident { (megabytes(bytes, shell.locale)) } }),
                    ("Connections", html! { (server.connections) " open, " (server.idle) " of them idle" }),
                ])))
                (card("Jobs", html! { a class="quiet-link" href="/settings/jobs" { "All jobs" } }, facts(&[
                    ("Running", html! { (sum(queues, |queue| queue.running, shell.locale)) }),
                    ("Waiting", html! { (sum(queues, |queue| queue.queued, shell.locale)) }),
                    ("Failed", html! { (format::integer(dead, shell.locale)) }),
                ])))
            }
        }
    }
}

fn database(checks: &[Check], at: Option<DateTime<Utc>>, shell: &Shell) -> Markup {
    let head = html! { (column("Check", Align::Start, false)) (column("State", Align::Start, false)) (column("Found", Align::Start, false)) };
    let body = html! {
        @for check in checks {
            tr {
                td { (check.name) }
                td { (state(check.outcome)) }
                td class="cell-text" { (check.found) @if let Some(advice) = &check.advice { div class="muted" { (advice) } } }
            }
        }
        @if checks.is_empty() { (table_empty(3, Icon::Health, "The first look is under way", "It takes a second; then open this page again.", html! {})) }
    };
    html! {
        (data_table("Checks of the database", head, body))
        @if let Some(at) = at { p class="form-hint" { "Looked at " (time_tag(at, shell.time_zone)) ", and every minute." } }
    }
}

fn state(outcome: Outcome) -> Markup {
    match outcome {
        Outcome::Good => badge("Good", Tone::Green),
        Outcome::Warning => badge("Look at it", Tone::Amber),
        Outcome::Bad => badge("Failing", Tone::Red),
    }
}

fn sum(queues: &[QueueSummary], count: impl Fn(&QueueSummary) -> i64, locale: Locale) -> String {
    format::integer(queues.iter().map(count).sum(), locale)
}

fn megabytes(bytes: u64, locale: Locale) -> String {
    let megabytes = i64::try_from(bytes / 1_000_000).unwrap_or(i64::MAX);
    format!("{} MB", format::integer(megabytes, locale))
}

/// A length of time in its two largest units.
fn span(length: Duration) -> String {
    let minutes = length.as_secs() / 60;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::Role;

    use super::*;

    fn shown(checks: Vec<Check>) -> String {
        let shell = Shell::new("Acme", "Ada", "ada@example.com", Role::Owner);
        let server = Server {
            running: Duration::from_hours(25),
            resident: Some(61_000_000),
            connections: 10,
            idle: 9,
        };
        view(Some(&(clock::now(), checks)), &[], &server, &shell).into_string()
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        let check = |outcome, advice: Option<&str>| Check {
            name: "Disk space",
            outcome,
            found: "0.4 GB free".to_owned(),
            advice: advice.map(str::to_owned),
        };
        let good = shown(vec![check(Outcome::Good, None)]);
        assert!(
            good.contains("Everything is as it should be")
                && good.contains("1 d 1 h")
                && good.contains("61 MB")
        );
        let bad = shown(vec![check(Outcome::Bad, Some("Make <room>."))]);
        assert!(!bad.contains("Everything is as it should be"));
        assert!(bad.contains("One thing should be looked at") && bad.contains("Make &lt;room&gt;."));
    }

    #[test]
    fn the_process_has_a_size() {
        assert!(resident().is_some_and(|bytes| bytes > 1_000_000));
    }
}

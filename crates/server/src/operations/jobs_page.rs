//! The page of jobs and queues: what runs, what waits, what failed; retry, discard, cancel.

use axum::{
    Router,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use regulars_jobs::{self as jobs, Job, JobFilter, JobState, LIST_ORDER, QueueSummary};
use regulars_kernel::{Faults, PageRequest, Permission, ids::JobId};
use regulars_web::{
    AppState, PageCall, PageResult, Params, Path,
    pages::{
        self, Align, Flash, FlashKind, Icon, Nav, Tab, Tone, badge, button, column, data_table, page,
        page_header, progress_bar, table_empty, tabs,
    },
    redirect_with,
};

/// The page and its actions.
pub fn page_routes() -> Router<AppState> {
    Router::new()
        .route("/settings/jobs", get(show))
        .route("/settings/jobs/{id}/retry", post(retry))
        .route("/settings/jobs/{id}/discard", post(discard))
        .route("/settings/jobs/{id}/cancel", post(cancel))
}

const STATES: [JobState; 5] = [
    JobState::Running,
    JobState::Queued,
    JobState::Dead,
    JobState::Done,
    JobState::Cancelled,
];

async fn show(call: PageCall, mut params: Params) -> PageResult {
    call.require(Permission::JobsRead)?;
    let mut faults = Faults::new();
    let state = params
        .one("state", &mut faults)
        .and_then(|text| super::jobs_api::state(&text, &mut faults));
    let cursor = params.one("cursor", &mut faults);
    let request = PageRequest::parse(None, cursor.as_deref(), None, LIST_ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    let queues = jobs::queues(&mut tx).await?;
    let filter = JobFilter {
        state,
        ..JobFilter::default()
    };
    let list = jobs::list(&mut tx, &filter, &request).await?;
    drop(tx);
    let may_change = call.caller.may(Permission::JobsWrite);
    let shell = call.shell(Nav::Jobs, "Jobs");
    let content = view(
        &queues,
        &list.data,
        list.page.next_cursor.as_deref(),
        state,
        may_change,
        shell.time_zone,
    );
    Ok(page(&shell, html! {}, content).into_response())
}

fn view(
    queues: &[QueueSummary],
    list: &[Job],
    next: Option<&str>,
    state: Option<JobState>,
    may_change: bool,
    time_zone: chrono_tz::Tz,
) -> Markup {
    let count = |state: JobState| {
        queues
            .iter()
            .map(|queue| match state {
                JobState::Queued => queue.queued,
                JobState::Running => queue.running,
                JobState::Done => queue.done,
                JobState::Dead => queue.dead,
                JobState::Cancelled => queue.cancelled,
            })
            .sum::<i64>()
    };
    let mut choices = vec![Tab {
        label: "All".into(),
        href: "/settings/jobs".into(),
        count: None,
        current: state.is_none(),
    }];
    choices.extend(STATES.into_iter().map(|one| Tab {
        label: title(one).into(),
        href: format!("/settings/jobs?state={}", one.name()),
        count: Some(count(one).to_string()),
        current: state == Some(one),
    }));
    let head = html! {
        (column("Job", Align::Start, false))
        (column("State", Align::Start, false))
        (column("Progress", Align::Start, true))
        (column("Attempts", Align::End, true))
        (column("Queued", Align::End, true))
        @if may_change { (column("", Align::End, false)) }
    };
    let columns = if may_change { 6 } else { 5 };
    let body = html! {
        @for job in list {
            tr {
                td {
                    (job.kind)
                    @if let Some(error) = &job.error { div.muted { (error) } }
                }
                td { (badge(title(job.state), tone(job.state))) }
                td.cell-wide {
                    @if job.state == JobState::Running || job.progress.done > 0 {
                        (progress_bar("Progress", job.progress.done.unsigned_abs(), job.progress.total.map(i64::unsigned_abs), &words(job)))
                    }
                }
                td.cell-number.cell-wide { (job.attempts) " of " (job.max_attempts) }
                td.cell-number.cell-wide { (pages::format::time_tag(job.created_at, time_zone)) }
                @if may_change {
                    td.cell-number {
                        @match job.state {
                            JobState::Queued | JobState::Running => (action(job.id, "cancel", "Cancel")),
                            JobState::Dead => { (action(job.id, "retry", "Retry")) (action(job.id, "discard", "Discard")) },
                            JobState::Cancelled => (action(job.id, "retry", "Retry")),
                            JobState::Done => {},
                        }
                    }
                }
            }
        }
        @if list.is_empty() {
            (table_empty(columns, Icon::Jobs, "No jobs here", "Imports, exports and clean-ups show up when they run.", html! {}))
        }
    };
    html! {
        (page_header("Jobs", html! {}, "Background work: imports, exports, what is done to many at once."))
        (tabs("Jobs by state", &choices))
        (data_table("Jobs", head, body))
        @if let Some(next) = next {
            p.form-actions {
                a.link href={ "/settings/jobs?" @if let Some(state) = state { "state=" (state.name()) "&" } "cursor=" (next) } { "Older" }
            }
        }
    }
}

fn action(id: JobId, verb: &str, label: &str) -> Markup {
    html! {
        form method="post" action={ "/settings/jobs/" (id) "/" (verb) } { (button(label).small().ghost().submit()) }
    }
}

fn words(job: &Job) -> String {
    match job.progress.total {
        Some(total) => format!("{} of {total}", job.progress.done),
        None => job.progress.done.to_string(),
    }
}

fn title(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "Waiting",
        JobState::Running => "Running",
        JobState::Done => "Done",
        JobState::Dead => "Failed",
        JobState::Cancelled => "Cancelled",
    }
}

fn tone(state: JobState) -> Tone {
    match state {
        JobState::Running => Tone::Blue,
        JobState::Done => Tone::Green,
        JobState::Dead => Tone::Red,
        JobState::Queued | JobState::Cancelled => Tone::Neutral,
    }
}

async fn retry(call: PageCall, Path(id): Path<JobId>) -> PageResult {
    call.require(Permission::JobsWrite)?;
    let mut tx = call.write().await?;
    jobs::retry(&mut tx, id).await?;
    tx.commit().await?;
    Ok(back(&call, "Queued again"))
}

async fn discard(call: PageCall, Path(id): Path<JobId>) -> PageResult {
    call.require(Permission::JobsWrite)?;
    let mut tx = call.write().await?;
    jobs::discard(&mut tx, id).await?;
    tx.commit().await?;
    Ok(back(&call, "Discarded"))
}

async fn cancel(call: PageCall, Path(id): Path<JobId>) -> PageResult {
    call.require(Permission::JobsWrite)?;
    let mut tx = call.write().await?;
    jobs::cancel(&mut tx, id).await?;
    tx.commit().await?;
    Ok(back(&call, "Cancelled"))
}

fn back(call: &PageCall, done: &str) -> Response {
    redirect_with(
        call,
        "/settings/jobs",
        &Flash {
            kind: FlashKind::Success,
            text: done.into(),
            undo: None,
        },
    )
}

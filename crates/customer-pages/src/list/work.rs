//! Bulk work that goes on behind the list: a line for each, with how far it is, until it is done.

use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use maud::{Markup, html};
use regulars_database::Tx;
use regulars_jobs::{Job, JobState};
use regulars_kernel::{Error, Permission, Result, ids::JobId};
use regulars_web::{
    PageCall, PageResult, Path, cookie,
    pages::{Icon, Locale, button, format, icon_button, progress_bar},
};
use uuid::Uuid;

use super::several::undoing;
use regulars_customers::{jobs, store};

/// How long what ended is shown, with the way to undo it.
const SHOWN: TimeDelta = TimeDelta::minutes(10);
/// How long it is told that something was undone.
const TOLD: TimeDelta = TimeDelta::minutes(1);
/// The cookie with the jobs whose lines are hidden in this browser, which is signed in to one organization after the other.
const HIDDEN: &str = "regulars_hidden_work";
/// Most of them: the latest.
const MOST_HIDDEN: usize = 40;
/// Draws the list anew.
const CHANGED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("hx-trigger"),
    HeaderValue::from_static("customersChanged"),
);

/// A job, and whether what it did can be undone.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub job: Job,
    pub may_undo: bool,
}

impl Work {
    async fn of(tx: &mut Tx, job: Job) -> Result<Self> {
        let may_undo = is_over(&job) && store::bulks::undoable(tx, &[job.id]).await?.contains(&job.id);
        Ok(Self { job, may_undo })
    }
}

/// The lines of what is not done yet; drawn anew when something begins.
pub(crate) fn lines(work: &[Work], locale: Locale) -> Markup {
    html! {
        div id="bulk-work" class="bulk-work" hx-get="/customers/bulk/work" hx-trigger="bulkStarted from:document" hx-swap="outerHTML" {
            @for one in work { (line(one, locale)) }
        }
    }
}

/// One of them; asks again every second while it runs.
fn line(work: &Work, locale: Locale) -> Markup {
    let job = &work.job;
    let at = format!("/customers/bulk/{}", job.id);
    let is_busy = !is_over(job);
    html! {
        div class="work-line" role=[(!is_busy).then_some("status")] hx-get=[is_busy.then_some(&at)] hx-trigger=[is_busy.then_some("every 1s")] hx-swap=[is_busy.then_some("outerHTML")] {
            @if is_busy {
                div class="work-progress" { (progress_bar("Changing customers", job.progress.done.unsigned_abs(), job.progress.total.map(i64::unsigned_abs), &far(job, locale))) }
                @if job.cancel_requested { span class="muted" { "Stopping…" } }
                @else { (button("Stop").ghost().small().attr("hx-post", format!("{at}/cancel")).attr("hx-target", "closest .work-line").attr("hx-swap", "outerHTML")) }
            } @else {
                span { (over(job, locale)) }
                @if work.may_undo { (button("Undo").small().posts(undoing(job.id.0), "none")) }
                (icon_button(Icon::Close, "Hide this line").small().attr("hx-post", format!("{at}/hide")).attr("hx-target", "closest .work-line").attr("hx-swap", "delete"))
            }
        }
    }
}

fn people(count: i64, locale: Locale) -> String {
    let noun = if count == 1 { "customer" } else { "customers" };
    format!("{} {noun}", format::integer(count, locale))
}

fn far(job: &Job, locale: Locale) -> String {
    match job.progress.total {
        _ if job.state == JobState::Queued => "waiting for a free worker".to_owned(),
        Some(total) => format!(
            "{} of {}",
            format::integer(job.progress.done, locale),
            people(total, locale)
        ),
        None => people(job.progress.done, locale),
    }
}

/// What came of it, in a sentence.
fn over(job: &Job, locale: Locale) -> String {
    match (&job.state, &job.result) {
        (JobState::Done, Some(result)) => {
            let count = |name: &str| result[name].as_i64().unwrap_or_default();
            let verb = match result["action"].as_str().unwrap_or_default() {
                "tag" => "tagged",
                "untag" => "untagged",
                "delete" => "deleted",
                "restore" => "restored",
                "undo" => "as before",
                _ => "changed",
            };
            let tags: Vec<_> = result["tags"].as_array().into_iter().flatten().collect();
            let tags: String = tags
                .into_iter()
                .filter_map(|name| Some(format!(" “{}”", name.as_str()?)))
                .collect();
            let mut sentences = vec![format!("{} {verb}{tags}.", people(count("changed"), locale))];
            let refused = if verb == "as before" {
                "stay as they are: changed again since, or it is not possible any more"
            } else {
                "could not be"
            };
            for (name, words) in [("unchanged", "were so already"), ("refused", refused)] {
                if count(name) > 0 {
                    sentences.push(format!("{} {words}.", format::integer(count(name), locale)));
                }
            }
            sentences.join(" ")
        }
        (JobState::Cancelled, _) => format!(
            "Stopped after {}. What was changed stays changed.",
            people(job.progress.done, locale)
        ),
        _ => format!(
            "That failed after {}. Settings, Jobs says why.",
            people(job.progress.done, locale)
        ),
    }
}

/// What is not done yet, and what ended lately and was not hidden.
pub(super) async fn going_on(tx: &mut Tx, headers: &HeaderMap) -> Result<Vec<Work>> {
    let now = tx.now();
    let mut work = Vec::new();
    for id in store::bulks::going_on(tx, now - SHOWN, now - TOLD, &hidden(headers)).await? {
        let job = regulars_jobs::get(tx, id).await?;
        work.push(Work::of(tx, job).await?);
    }
    Ok(work)
}

fn hidden(headers: &HeaderMap) -> Vec<Uuid> {
    let kept = cookie(headers, HIDDEN).unwrap_or_default();
    kept.split('.')
        .filter_map(|id| id.parse().ok())
        .take(MOST_HIDDEN)
        .collect()
}

/// `GET /customers/bulk/work`: the lines anew, once something begins.
pub(crate) async fn all(call: PageCall, headers: HeaderMap) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    let work = going_on(&mut tx, &headers).await?;
    let lines = lines(&work, call.bare_shell().locale);
    Ok(if work.iter().any(|work| is_over(&work.job)) {
        ([CHANGED], lines).into_response()
    } else {
        lines.into_response()
    })
}

/// `POST /customers/bulk/{job}/hide`: its line is not shown again in this browser.
pub(crate) async fn hide(call: PageCall, Path(id): Path<JobId>, headers: HeaderMap) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    bulk(&mut tx, id).await?;
    let mut ids = vec![id.0];
    ids.extend(hidden(&headers).into_iter().filter(|known| *known != id.0));
    let ids: Vec<String> = ids.iter().take(MOST_HIDDEN).map(Uuid::to_string).collect();
    let secure = if call.state.config.secure_cookies {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!(
        "{HIDDEN}={}; Path=/customers; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        ids.join("."),
        SHOWN.num_seconds()
    );
    Ok(([(header::SET_COOKIE, cookie)], html! {}).into_response())
}

fn is_over(job: &Job) -> bool {
    !matches!(job.state, JobState::Queued | JobState::Running)
}

/// A job of this kind; any other is not there.
async fn bulk(tx: &mut Tx, id: JobId) -> Result<Job> {
    let job = regulars_jobs::get(tx, id).await?;
    if job.kind == jobs::BULK {
        Ok(job)
    } else {
        Err(Error::NotFound("job"))
    }
}

/// The line; once it is over the list is drawn anew.
fn answer(work: &Work, locale: Locale) -> Response {
    let line = line(work, locale);
    if is_over(&work.job) {
        ([CHANGED], line).into_response()
    } else {
        line.into_response()
    }
}

/// `GET /customers/bulk/{job}`
pub(crate) async fn one(call: PageCall, Path(id): Path<JobId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    let job = bulk(&mut tx, id).await?;
    let work = Work::of(&mut tx, job).await?;
    Ok(answer(&work, call.bare_shell().locale))
}

/// `POST /customers/bulk/{job}/cancel`: whoever may change customers may stop changing them.
pub(crate) async fn cancel(call: PageCall, Path(id): Path<JobId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    bulk(&mut tx, id).await?;
    let job = match regulars_jobs::cancel(&mut tx, id).await {
        // It was over in the same moment.
        Err(Error::Conflict(_)) => bulk(&mut tx, id).await?,
        other => other?,
    };
    let work = Work::of(&mut tx, job).await?;
    tx.commit().await?;
    Ok(answer(&work, call.bare_shell().locale))
}

#[cfg(test)]
mod tests {
    use regulars_jobs::Progress;
    use regulars_kernel::clock;
    use serde_json::json;

    use super::*;

    fn job(state: JobState) -> Job {
        Job {
            id: JobId::new(),
            queue: jobs::QUEUE.to_owned(),
            kind: jobs::BULK.to_owned(),
            state,
            priority: 100,
            progress: Progress {
                done: 1_200,
                total: Some(12_345),
            },
            attempts: 1,
            max_attempts: 20,
            result: (state == JobState::Done)
                .then(|| json!({"action": "tag", "changed": 12_000, "unchanged": 300, "refused": 45, "tags": ["spring"]})),
            error: None,
            cancel_requested: false,
            run_at: clock::now(),
            created_at: clock::now(),
            started_at: None,
            finished_at: None,
        }
    }

    #[test]
    fn a_line_says_how_far_it_is_and_asks_again_until_it_is_over() {
        let html = |state| {
            let work = Work {
                job: job(state),
                may_undo: state == JobState::Done,
            };
            line(&work, Locale::default()).into_string()
        };
        let running = html(JobState::Running);
        assert!(running.contains("1,200 of 12,345 customers") && running.contains("every 1s"));
        let done = html(JobState::Done);
        assert!(done.contains("12,000 customers tagged “spring”. 300 were so already. 45 could not be."));
        assert!(!done.contains("every 1s") && done.contains("/customers/bulk/undo?bulk="));
        assert!(html(JobState::Cancelled).contains("Stopped after 1,200 customers"));
        assert!(html(JobState::Dead).contains("failed"));
    }
}

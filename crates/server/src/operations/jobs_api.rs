//! Jobs and queues as JSON.

use axum::response::Response;
use regulars_jobs::{self as jobs, Job, JobFilter, JobState, LIST_ORDER, QueueSummary};
use regulars_kernel::{Error, Faults, Page, PageRequest, Permission, ids::JobId};
use regulars_web::{ActErrors, ApiResult, AppState, Call, ListErrors, OneErrors, Params, Path, json};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes, relative to /api/v1.
pub fn api_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_job, cancel_job))
        .routes(routes!(retry_job))
        .routes(routes!(discard_job))
        .routes(routes!(list_queues))
        .routes(routes!(list_jobs))
        .routes(routes!(retry_dead))
        .routes(routes!(discard_dead))
}

/// How many jobs were changed.
#[derive(Serialize, ToSchema)]
struct Changed {
    /// Their number.
    #[schema(example = 3)]
    jobs: u64,
}

/// Every queue in numbers.
#[derive(Serialize, ToSchema)]
struct Queues {
    data: Vec<QueueSummary>,
}

/// Get a job
///
/// State, progress, result or error of one piece of long work.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs", security(("key" = []), ("session" = [])),
    params(("id" = JobId, Path, description = "The job")),
    responses((status = 200, description = "The job", body = Job), OneErrors))]
async fn get_job(call: Call, Path(id): Path<JobId>) -> ApiResult<Response> {
    call.require(Permission::JobsRead)?;
    let mut tx = call.read().await?;
    Ok(json(&jobs::get(&mut tx, id).await?))
}

/// Cancel a job
///
/// A waiting job is cancelled at once; a running one is asked to stop and does so within seconds.
#[utoipa::path(delete, path = "/jobs/{id}", tag = "jobs", security(("key" = []), ("session" = [])),
    params(("id" = JobId, Path, description = "The job")),
    responses((status = 200, description = "The job as it stands now", body = Job), ActErrors))]
async fn cancel_job(call: Call, Path(id): Path<JobId>) -> ApiResult<Response> {
    call.require(Permission::JobsWrite)?;
    let mut tx = call.write().await?;
    let job = jobs::cancel(&mut tx, id).await?;
    Ok(call.ok(tx, None, &job).await?)
}

/// Retry a job
///
/// Queues a dead or cancelled job again with all its attempts.
#[utoipa::path(post, path = "/jobs/{id}/retry", tag = "jobs", security(("key" = []), ("session" = [])),
    params(("id" = JobId, Path, description = "The job")),
    responses((status = 200, description = "The job as it stands now", body = Job), ActErrors))]
async fn retry_job(call: Call, Path(id): Path<JobId>) -> ApiResult<Response> {
    call.require(Permission::JobsWrite)?;
    let mut tx = call.write().await?;
    let job = jobs::retry(&mut tx, id).await?;
    Ok(call.ok(tx, None, &job).await?)
}

/// Discard a job
///
/// Puts a dead job aside for good; it stays visible until it is forgotten.
#[utoipa::path(post, path = "/jobs/{id}/discard", tag = "jobs", security(("key" = []), ("session" = [])),
    params(("id" = JobId, Path, description = "The job")),
    responses((status = 200, description = "The job as it stands now", body = Job), ActErrors))]
async fn discard_job(call: Call, Path(id): Path<JobId>) -> ApiResult<Response> {
    call.require(Permission::JobsWrite)?;
    let mut tx = call.write().await?;
    let job = jobs::discard(&mut tx, id).await?;
    Ok(call.ok(tx, None, &job).await?)
}

/// List queues
#[utoipa::path(get, path = "/queues", tag = "jobs", security(("key" = []), ("session" = [])),
    responses((status = 200, description = "Every queue that has jobs", body = Queues), ListErrors))]
async fn list_queues(call: Call) -> ApiResult<Response> {
    call.require(Permission::JobsRead)?;
    let mut tx = call.read().await?;
    Ok(json(&Queues {
        data: jobs::queues(&mut tx).await?,
    }))
}

/// List the jobs of a queue
#[utoipa::path(get, path = "/queues/{name}/jobs", tag = "jobs", security(("key" = []), ("session" = [])),
    params(("name" = String, Path, description = "The queue", example = "default"),
        ("state" = Option<JobState>, Query, description = "Only jobs in this state"),
        ("kind" = Option<String>, Query, description = "Only jobs of this kind"),
        ("limit" = Option<u32>, Query, description = "Jobs a page, 1 to 200", example = 50, minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before")),
    responses((status = 200, description = "A page of jobs, newest first", body = Page<Job>), OneErrors))]
async fn list_jobs(call: Call, Path(name): Path<String>, mut params: Params) -> ApiResult<Response> {
    call.require(Permission::JobsRead)?;
    let mut faults = Faults::new();
    let filter = JobFilter {
        queue: Some(name),
        state: params
            .one("state", &mut faults)
            .and_then(|text| state(&text, &mut faults)),
        kind: params.one("kind", &mut faults),
    };
    let limit = params.one("limit", &mut faults);
    let cursor = params.one("cursor", &mut faults);
    let page = PageRequest::parse(limit.as_deref(), cursor.as_deref(), None, LIST_ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    Ok(json(&jobs::list(&mut tx, &filter, &page).await?))
}

/// Reads a state, or notes the fault.
pub(super) fn state(text: &str, faults: &mut Faults) -> Option<JobState> {
    let known = [
        JobState::Queued,
        JobState::Running,
        JobState::Done,
        JobState::Dead,
        JobState::Cancelled,
    ];
    let found = known.into_iter().find(|state| state.name() == text);
    if found.is_none() {
        faults.add(
            "?state",
            "state_unknown",
            format!("“{text}” is none of queued, running, done, dead, cancelled"),
        );
    }
    found
}

/// Retry every dead job of a queue
#[utoipa::path(post, path = "/queues/{name}/retry", tag = "jobs", operation_id = "retryDeadJobs", security(("key" = []), ("session" = [])),
    params(("name" = String, Path, description = "The queue", example = "default")),
    responses((status = 200, description = "How many were queued again", body = Changed), ActErrors))]
async fn retry_dead(call: Call, Path(name): Path<String>) -> ApiResult<Response> {
    call.require(Permission::JobsWrite)?;
    check_name(&name)?;
    let mut tx = call.write().await?;
    let jobs = jobs::retry_dead(&mut tx, &name).await?;
    Ok(call.ok(tx, None, &Changed { jobs }).await?)
}

/// Discard every dead job of a queue
#[utoipa::path(post, path = "/queues/{name}/discard", tag = "jobs", operation_id = "discardDeadJobs", security(("key" = []), ("session" = [])),
    params(("name" = String, Path, description = "The queue", example = "default")),
    responses((status = 200, description = "How many were discarded", body = Changed), ActErrors))]
async fn discard_dead(call: Call, Path(name): Path<String>) -> ApiResult<Response> {
    call.require(Permission::JobsWrite)?;
    check_name(&name)?;
    let mut tx = call.write().await?;
    let jobs = jobs::discard_dead(&mut tx, &name).await?;
    Ok(call.ok(tx, None, &Changed { jobs }).await?)
}

/// No queue has a name that PostgreSQL could not hold.
fn check_name(name: &str) -> Result<(), Error> {
    if name.contains('\0') || name.len() > 100 {
        Err(Error::NotFound("queue"))
    } else {
        Ok(())
    }
}

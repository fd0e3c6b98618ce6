//! The worker: claims jobs, runs them, keeps their leases, and lets go of them gracefully.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use regulars_database::Database;
use regulars_kernel::{
    Error,
    ids::{JobId, OrganizationId, new_uuid},
};
use sqlx::PgPool;
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Backoff, JobState, Registry,
    housekeeping::Forget,
    run::{Run, Stop},
    schedule, signal, wall,
};

/// How a worker works. The defaults are right for a server.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// Jobs at a time.
    pub concurrency: usize,
    /// Jobs of one organization at a time; by default three quarters of the concurrency, at least one.
    pub per_organization: Option<usize>,
    /// Only these queues; all when none are named.
    pub queues: Option<Vec<String>>,
    /// How long a job is the worker's without a sign of life.
    pub lease: Duration,
    /// How often signs of life are given, progress is written and cancellations are heard.
    pub heartbeat: Duration,
    /// How often the queue is looked at when nobody says that there is something.
    pub poll: Duration,
    /// How long a job may go on after it was told to stop, before it is dropped where it stands.
    pub patience: Duration,
    /// How long to wait before another attempt.
    pub backoff: Backoff,
    /// Whether to take back the jobs of dead workers, run schedules and publish metrics.
    pub housekeeping: bool,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            concurrency: 4,
            per_organization: None,
            queues: None,
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_millis(500),
            poll: Duration::from_secs(1),
            patience: Duration::from_secs(10),
            backoff: Backoff::default(),
            housekeeping: true,
        }
    }
}

/// Gives back at once what workers of an earlier process left running when it was killed. Only for a process that owns
/// the database for itself, before it starts a worker: whoever else worked would lose its jobs, and hears of it with its
/// next sign of life. `owner` must see the jobs of all organizations.
pub async fn release_dead_leases(owner: &PgPool) -> Result<(), Error> {
    let released = wall::release_all(owner).await?;
    if released > 0 {
        tracing::warn!(jobs = released, "jobs of a server that was killed go on");
        metrics::counter!("regulars_jobs_released_total").increment(released);
    }
    Ok(())
}

/// A running worker. Dropped without [`Worker::stop`], it vanishes as in a crash: its leases run out.
pub struct Worker {
    shared: Arc<Shared>,
    main: JoinHandle<()>,
    helpers: Vec<JoinHandle<()>>,
}

/// What the tasks of a worker share.
pub(crate) struct Shared {
    pub database: Database,
    pub registry: Registry,
    pub options: WorkerOptions,
    /// The name in the lease; never used twice.
    pub name: String,
    pub running: Mutex<HashMap<(JobId, i32), Arc<Run>>>,
    stopping: CancellationToken,
}

impl Worker {
    /// Starts working so many jobs at a time.
    pub fn start(database: Database, registry: Registry, concurrency: usize) -> Self {
        Self::with_options(
            database,
            registry,
            WorkerOptions {
                concurrency,
                ..WorkerOptions::default()
            },
        )
    }

    /// Starts working in a particular way.
    pub fn with_options(database: Database, registry: Registry, options: WorkerOptions) -> Self {
        let housekeeping = options.housekeeping;
        let registry = if housekeeping {
            registry.with(Forget).schedule(Forget::schedule())
        } else {
            registry.with(Forget)
        };
        let shared = Arc::new(Shared {
            database,
            registry,
            name: new_uuid().to_string(),
            running: Mutex::default(),
            stopping: CancellationToken::new(),
            options,
        });
        let mut helpers = vec![tokio::spawn(keep_leases(shared.clone()))];
        if housekeeping {
            helpers.push(tokio::spawn(keep_house(shared.clone())));
            helpers.push(tokio::spawn(publish_counts(shared.clone())));
        }
        let main = tokio::spawn(work(shared.clone()));
        Self {
            shared,
            main,
            helpers,
        }
    }

    /// Claims nothing more, lets running jobs finish for so long, then tells them to stop and gives back those that did
    /// not finish, without counting the attempt.
    pub async fn stop(mut self, grace: Duration) {
        self.shared.stopping.cancel();
        if tokio::time::timeout(grace, &mut self.main).await.is_err() {
            for run in self.shared.runs() {
                run.stop(Stop::Server);
            }
            let patience = self.shared.options.patience + Duration::from_secs(5);
            if tokio::time::timeout(patience, &mut self.main).await.is_err() {
                tracing::warn!("some jobs did not let go; their leases will run out");
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.main.abort();
        for helper in &self.helpers {
            helper.abort();
        }
    }
}

impl Shared {
    fn runs(&self) -> Vec<Arc<Run>> {
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    pub(crate) fn add(&self, run: &Arc<Run>) {
        let key = (run.job.id, run.job.attempt);
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, run.clone());
    }

    pub(crate) fn remove(&self, run: &Run) {
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&(run.job.id, run.job.attempt));
    }

    fn per_organization(&self) -> usize {
        let concurrency = self.options.concurrency;
        self.options
            .per_organization
            .unwrap_or(concurrency - concurrency / 4)
            .max(1)
    }
}

/// Claims and runs until told to stop, then waits for what runs.
async fn work(shared: Arc<Shared>) {
    let mut wakes = signal::wakes();
    let mut tasks = JoinSet::new();
    let mut served_last = OrganizationId(Uuid::nil());
    while !shared.stopping.is_cancelled() {
        while tasks.try_join_next().is_some() {}
        let free = shared.options.concurrency.max(1).saturating_sub(tasks.len());
        if free == 0 {
            tokio::select! {
                () = shared.stopping.cancelled() => {}
                _finished = tasks.join_next() => {}
            }
            continue;
        }
        wakes.mark_unchanged();
        let claimed = wall::claim(
            &shared.database,
            &shared.name,
            shared.options.queues.as_deref(),
            free,
            shared.options.lease,
            shared.per_organization(),
            served_last,
        )
        .await;
        match claimed {
            Ok(jobs) if !jobs.is_empty() => {
                for job in jobs {
                    served_last = job.scope.organization_id;
                    let shared = shared.clone();
                    let run = Arc::new(Run::new(job, &shared));
                    shared.add(&run);
                    tasks.spawn(async move {
                        run.perform(&shared).await;
                        shared.remove(&run);
                    });
                }
                continue;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "no jobs could be claimed"),
        }
        tokio::select! {
            () = shared.stopping.cancelled() => {}
            _woken = wakes.changed() => {}
            Some(_finished) = tasks.join_next(), if !tasks.is_empty() => {}
            () = tokio::time::sleep(shared.options.poll) => {}
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Gives signs of life, writes progress, hears cancellations and lost leases.
async fn keep_leases(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(shared.options.heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let runs = shared.runs();
        if runs.is_empty() {
            continue;
        }
        let asked = Instant::now();
        let beats: Vec<_> = runs.iter().map(|run| run.beat()).collect();
        // An answer that comes too late is none: meanwhile the other leases must be looked after.
        let beat = wall::heartbeat(&shared.database, &shared.name, &beats, shared.options.lease);
        let answer = tokio::time::timeout(shared.options.lease / 3, beat)
            .await
            .unwrap_or_else(|_late| Err(Error::Unavailable("the database did not answer in time".into())));
        match answer {
            Ok(held) => {
                let held: HashMap<_, _> = held
                    .iter()
                    .map(|held| ((held.id, held.attempt), held.cancel_requested))
                    .collect();
                for run in &runs {
                    match held.get(&(run.job.id, run.job.attempt)) {
                        Some(true) => run.stop(Stop::Request),
                        Some(false) => run.renewed(asked),
                        // Over meanwhile, or taken by the sweep.
                        None => run.stop(Stop::Lost),
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "no sign of life could be given");
                for run in runs.iter().filter(|run| run.silent_for() > shared.options.lease) {
                    // Another worker may have it by now: stop before two of them do the same.
                    run.stop(Stop::Lost);
                }
            }
        }
    }
}

/// Takes back the jobs of dead workers and queues what is scheduled.
async fn keep_house(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(shared.options.poll);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut announced = false;
    let mut swept: Option<Instant> = None;
    loop {
        ticks.tick().await;
        if swept.is_none_or(|at| at.elapsed() >= shared.options.lease / 3) {
            match wall::sweep(&shared.database, shared.options.backoff).await {
                Ok(lost) => {
                    for (id, kind, state) in lost {
                        tracing::warn!(job.id = %id, job.kind = %kind, job.state = state.name(), "the worker of a job stopped answering");
                        metrics::counter!("regulars_jobs_lost_total", "kind" => kind).increment(1);
                    }
                    swept = Some(Instant::now());
                }
                Err(error) => tracing::warn!(%error, "jobs of dead workers could not be taken back"),
            }
        }
        let scheduled: Result<usize, Error> = async {
            if !announced {
                schedule::announce(&shared.database, &shared.registry.schedules).await?;
                announced = true;
            }
            schedule::run_due(&shared.database, &shared.registry.schedules).await
        }
        .await;
        if let Err(error) = scheduled {
            tracing::warn!(%error, "scheduled jobs could not be queued");
        }
    }
}

/// How many jobs wait, run and are dead, for whoever scrapes this server.
async fn publish_counts(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(30));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known: Vec<String> = Vec::new();
    loop {
        ticks.tick().await;
        let Ok(counts) = wall::counts(&shared.database).await else {
            continue;
        };
        let gauge = |name: &'static str, queue: &str, value: i64| {
            metrics::gauge!(name, "queue" => queue.to_owned()).set(value as f64);
        };
        for queue in known
            .iter()
            .filter(|queue| !counts.iter().any(|count| &count.0 == *queue))
        {
            gauge("regulars_jobs_queued", queue, 0);
            gauge("regulars_jobs_running", queue, 0);
            gauge("regulars_jobs_dead", queue, 0);
        }
        for (queue, queued, running, dead) in &counts {
            gauge("regulars_jobs_queued", queue, *queued);
            gauge("regulars_jobs_running", queue, *running);
            gauge("regulars_jobs_dead", queue, *dead);
        }
        known = counts.into_iter().map(|count| count.0).collect();
    }
}

/// Counts an ended attempt.
pub(crate) fn count_end(kind: &str, state: Option<JobState>, took: Duration) {
    let outcome = match state {
        Some(JobState::Queued) => "again",
        Some(state) => state.name(),
        None => "lost",
    };
    metrics::counter!("regulars_jobs_total", "kind" => kind.to_owned(), "outcome" => outcome).increment(1);
    metrics::histogram!("regulars_jobs_duration_seconds", "kind" => kind.to_owned())
        .record(took.as_secs_f64());
}

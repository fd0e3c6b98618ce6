//! Use cases: setting the mirror up, looking at it, comparing and mending.

use regulars_accounts::AuditRecord as Entry;
use regulars_database::Tx;
use regulars_events::followers;
use regulars_jobs::enqueue;
use regulars_kernel::{
    Error, Patch, Result,
    ids::{CustomerId, JobId, new_uuid},
};
use serde_json::json;

use crate::{
    FOLLOWER,
    access::ServiceAccount,
    client::Place,
    compare, dispatch, load,
    model::{
        Count, Load, LogKind, Mirror, MirrorInput, Settings, Shown, ShownCredentials, ShownCustomer,
        ShownSettings, State,
    },
    store,
};

/// Changes that are counted.
const COUNTED: i64 = 10_000;
/// Entries of the log that are shown.
const SHOWN: i64 = 20;

impl Settings {
    /// Where that is.
    pub fn place(&self) -> Place {
        Place::new(&self.project_id, &self.database_id, &self.collection)
    }
}

fn unknown() -> Error {
    Error::NotFound("Firestore mirror")
}

fn count(found: i64) -> Count {
    Count {
        value: found.min(COUNTED),
        exact: found <= COUNTED,
    }
}

/// What is told of the mirror, also where there is none.
pub async fn show(tx: &mut Tx, is_emulator: bool) -> Result<Shown> {
    let mirror = store::mirror(tx, false).await?;
    let progress = store::progress(tx).await?;
    let waiting = followers::waiting(tx, FOLLOWER, COUNTED + 1).await?;
    let now = store::now(tx).await?;
    let lag = waiting
        .since
        .map(|since| (now - since).num_milliseconds().max(0) as f64 / 1000.0);
    let state = match &mirror {
        None => State::Off,
        Some(mirror) if mirror.paused_at.is_some() => State::Paused,
        Some(_) if progress.error.is_some() => State::Failing,
        Some(_) if progress.loaded_at.is_none() => State::Loading,
        Some(_) if waiting.changes > 0 => State::Mirroring,
        Some(_) => State::Current,
    };
    let load = mirror.as_ref().map(|_| Load {
        job_id: progress.load_job,
        done: progress.load_done,
        total: progress.load_total,
        finished_at: progress.loaded_at,
    });
    let settings = match mirror {
        Some(mirror) => Some(shown(tx, mirror).await?),
        None => None,
    };
    let verified = store::log_entries(tx, &[LogKind::Verify, LogKind::Repair], SHOWN).await?;
    Ok(Shown {
        state,
        settings,
        emulator: is_emulator,
        pending: count(waiting.changes),
        lag_seconds: lag,
        refused: count(progress.refused),
        mirrored_at: progress.mirrored_at,
        next_attempt_at: progress.not_before.filter(|at| *at > now),
        failing_since: progress.failed_at,
        error: progress.error,
        load,
        last_verify: verified.into_iter().find(|entry| entry.result.is_some()),
        log: store::log_entries(tx, &LogKind::ALL, SHOWN).await?,
    })
}

async fn shown(tx: &mut Tx, mirror: Mirror) -> Result<ShownSettings> {
    let credentials = store::credentials(tx).await?;
    let credentials = credentials.and_then(|text| ServiceAccount::parse(text.expose()).ok());
    Ok(ShownSettings {
        credentials: credentials
            .zip(mirror.credentials_at)
            .map(|(account, created_at)| ShownCredentials {
                client_email: account.email().to_owned(),
                created_at,
            }),
        version: mirror.version,
        project_id: mirror.project_id,
        database_id: mirror.database_id,
        collection: mirror.collection,
        writes_per_second: mirror.writes_per_second,
        paused_at: mirror.paused_at,
    })
}

/// Sets the mirror up, or changes how it is. Documents that shall be elsewhere are all written there; those that were written
/// before stay where they are.
pub async fn set_up(
    tx: &mut Tx,
    input: &MirrorInput,
    is_emulator: bool,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<()> {
    let before = store::mirror(tx, true).await?;
    guard(before.as_ref().map_or(0, |mirror| mirror.version))?;
    let settings = before.as_ref().map(Mirror::settings);
    let checked = input.check(settings.as_ref())?;
    let has_key = match &checked.credentials {
        Patch::Set(_) => true,
        Patch::Clear => false,
        Patch::Keep => store::credentials(tx).await?.is_some(),
    };
    if !has_key && !is_emulator {
        let message = "give the key file of a service account that may write there";
        return Err(Error::invalid("/credentials", "required", message));
    }
    // Another key is another version, too: whoever works with the former one notices.
    if settings.as_ref() != Some(&checked.settings) || !checked.credentials.is_keep() {
        store::set(tx, &checked.settings).await?;
    }
    match &checked.credentials {
        Patch::Keep => {}
        Patch::Clear => store::set_credentials(tx, None).await?,
        Patch::Set(key) => store::set_credentials(tx, Some(key)).await?,
    }
    match input.paused {
        Patch::Set(paused) if paused != before.as_ref().is_some_and(|b| b.paused_at.is_some()) => {
            store::set_paused(tx, paused).await?;
        }
        _ => {}
    }
    store::try_at_once(tx).await?;
    if settings
        .as_ref()
        .is_none_or(|before| before.is_elsewhere(&checked.settings))
    {
        followers::unfollow(tx, FOLLOWER).await?;
        followers::follow(tx, FOLLOWER).await?;
        store::begin_anew(tx).await?;
        load_all(tx).await?;
    }
    dispatch::queue(tx).await?;
    let now = checked.settings;
    let data = json!({"project_id": now.project_id, "database_id": now.database_id, "collection": now.collection,
                      "writes_per_second": now.writes_per_second, "credentials_changed": !checked.credentials.is_keep(),
                      "paused": match input.paused { Patch::Set(paused) => Some(paused), _ => None }});
    let action = if before.is_some() {
        "firestore.changed"
    } else {
        "firestore.set_up"
    };
    Entry::new(action).data(data).write(tx).await
}

/// Writes all customers again.
pub async fn load_all(tx: &mut Tx) -> Result<JobId> {
    store::mirror(tx, true).await?.ok_or_else(unknown)?;
    let log = new_uuid();
    let job = enqueue(tx, load::job(log)).await?;
    store::load_by(tx, job).await?;
    store::log(tx, log, LogKind::Load, Some(job), None).await?;
    Ok(job)
}

/// Takes the mirror away. The documents stay at Firestore.
pub async fn take_away(tx: &mut Tx, guard: impl FnOnce(i32) -> Result<()>) -> Result<()> {
    let mirror = store::mirror(tx, true).await?.ok_or_else(unknown)?;
    guard(mirror.version)?;
    store::lock_progress(tx).await?;
    followers::unfollow(tx, FOLLOWER).await?;
    store::delete(tx).await?;
    let data = json!({"project_id": mirror.project_id, "database_id": mirror.database_id, "collection": mirror.collection});
    Entry::new("firestore.taken_away").data(data).write(tx).await
}

/// Lets the mirror rest, or go on at once.
pub async fn set_paused(tx: &mut Tx, is_paused: bool) -> Result<()> {
    store::mirror(tx, true).await?.ok_or_else(unknown)?;
    store::set_paused(tx, is_paused).await?;
    store::try_at_once(tx).await?;
    dispatch::queue(tx).await?;
    let action = if is_paused {
        "firestore.paused"
    } else {
        "firestore.resumed"
    };
    Entry::new(action).write(tx).await
}

/// Begins to compare, or to mend; while that is under way it is the one that is.
pub async fn compare(tx: &mut Tx, kind: LogKind) -> Result<JobId> {
    store::mirror(tx, true).await?.ok_or_else(unknown)?;
    if let Some((_, job)) = store::comparing(tx, kind).await? {
        return Ok(job);
    }
    let log = new_uuid();
    let job = enqueue(tx, compare::job(kind, log)).await?;
    store::log(tx, log, kind, Some(job), None).await?;
    if kind == LogKind::Repair {
        Entry::new("firestore.repair_started").write(tx).await?;
    }
    Ok(job)
}

/// Where a customer's document stands.
pub async fn show_customer(tx: &mut Tx, id: CustomerId) -> Result<ShownCustomer> {
    let mirror = store::mirror(tx, false).await?.ok_or_else(unknown)?;
    let is_known = regulars_customers::store::customers::get(tx, id).await?.is_some();
    let known = store::customer(tx, id).await?;
    if !is_known && known.is_none() {
        return Err(Error::NotFound("customer"));
    }
    let is_waiting = followers::waiting_among(tx, FOLLOWER, &[id]).await?.contains(&id);
    let state = match &known {
        _ if is_waiting => "pending",
        Some(known) if known.error.is_some() => "refused",
        Some(known) if known.is_deleted => "deleted",
        Some(_) => "mirrored",
        None => "unknown",
    };
    Ok(ShownCustomer {
        customer_id: id,
        state,
        document: mirror.settings().place().name(&id.to_string()),
        mirrored_at: known.as_ref().and_then(|known| known.mirrored_at),
        error: known.as_ref().and_then(|known| known.error.clone()),
        next_attempt_at: known.and_then(|known| known.retry_at),
    })
}

//! `regulars sync`: whether Firestore holds what is here, and mending it. The command does the work itself, so that it needs
//! no running server.

use std::time::Duration;

use regulars_connect_firestore::{Comparing, Firestore, Run, model::Comparison};
use regulars_exchange::import::Watch as _;
use regulars_kernel::{Actor, Error, Result, Scope, ids::new_uuid};

use super::{open, organization_id, progress::Progress};
use crate::{
    cli::{Common, Serve, Sync, SyncCommand},
    config::Config,
};

/// How long a repair waits for whoever else writes, such as the server's worker, each time nothing moves.
const PATIENCE: Duration = Duration::from_mins(2);

/// Compares; and mends.
pub async fn run(common: &Common, command: SyncCommand) -> Result<()> {
    let (options, repair) = match command {
        SyncCommand::Verify(options) => (options, false),
        SyncCommand::Repair(options) => (options, true),
    };
    let config = Config::load(common, &Serve::default())?;
    let opened = open(common).await?;
    let done = compare(&opened, &config, &options, repair).await;
    opened.close().await?;
    let found = done?;
    say(&found, options.json)?;
    if found.wrong() > 0 && !repair {
        return Err(Error::internal(
            "Firestore does not hold what is here; `regulars sync repair` writes it anew",
        ));
    }
    Ok(())
}

async fn compare(
    opened: &regulars_database::connect::Opened,
    config: &Config,
    options: &Sync,
    repair: bool,
) -> Result<Comparison> {
    let scope = Scope {
        organization_id: organization_id(opened, &options.organization).await?,
        actor: Actor::System,
    };
    let firestore = Firestore::new(config.firestore_emulator.as_deref())?;
    let progress = Progress::new();
    let part = progress.part("customers");
    let comparing = Comparing {
        database: opened.database.clone(),
        scope,
        firestore: firestore.clone(),
        repair,
    };
    let found = comparing
        .run_noted(
            &|found, total| part.progress(found.customers + found.pending, Some(total)),
            &|| part.cancelled(),
        )
        .await
        .map_err(Error::from);
    progress.end();
    let found = match found {
        Err(Error::NotFound(_)) => {
            return Err(Error::internal(
                "this organization has no mirror in Firestore; it is set up under Settings, Firestore",
            ));
        }
        found => found?,
    };
    if part.cancelled() {
        return Err(Error::internal("stopped before everybody was compared"));
    }
    if repair {
        let run = Run {
            database: opened.database.clone(),
            scope,
            holder: new_uuid(),
            firestore,
        };
        write(&run).await?;
    }
    Ok(found)
}

/// Writes what waits, or waits until the server's worker has.
async fn write(run: &Run) -> Result<()> {
    let mut begun = tokio::time::Instant::now();
    loop {
        let done = run.mirror(&|| false).await?;
        if let Some(trouble) = done.trouble {
            return Err(Error::internal(format!(
                "what differs is written later: {trouble}"
            )));
        }
        let mut tx = run.database.begin_read(run.scope).await?;
        let is_idle = regulars_connect_firestore::is_idle(&mut tx).await?;
        tx.rollback().await?;
        if is_idle {
            return Ok(());
        }
        if done.written > 0 {
            begun = tokio::time::Instant::now();
        } else if begun.elapsed() > PATIENCE {
            return Err(Error::internal(
                "what differs waits to be written: the mirror rests, or Firestore cannot be reached",
            ));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn say(found: &Comparison, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(found)?);
        return Ok(());
    }
    println!(
        "{} customers compared with {} documents: {} equal, {} different, {} missing, {} superfluous, {} about to be written",
        found.customers,
        found.documents,
        found.equal,
        found.different,
        found.missing,
        found.superfluous,
        found.pending
    );
    for one in &found.examples {
        println!("{} {} {}", one.fault, one.id, one.fields.join(","));
    }
    if found.repaired > 0 {
        println!("{} mended", found.repaired);
    }
    Ok(())
}

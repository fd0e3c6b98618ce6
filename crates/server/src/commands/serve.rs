//! `regulars serve`: pages, API and workers, until told to stop.

use std::time::Duration;

use regulars_database::{PrivateServer, connect, migrate};
use regulars_kernel::{Error, Result};
use regulars_web::AppState;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    cli::Only,
    config::Config,
    listen::{self, Limits},
    live, logging, metrics, operations, wiring,
};

/// Serves until SIGTERM or SIGINT, then drains.
pub async fn run(config: Config) -> Result<()> {
    logging::start(&config, logging::SERVER);
    metrics::install()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    // Bound first: a taken port is told before a database is started.
    let listener = TcpListener::bind(&config.listen)
        .await
        .map_err(|error| Error::internal(format!("cannot listen on {}: {error}", config.listen)))?;
    super::tell_if_new(&config);
    let opened = connect::open(connect::Settings {
        database_url: config.database_url.clone(),
        data_dir: config.data_dir.clone(),
        max_connections: config.max_connections,
    })
    .await?;
    migrate::run(&opened.owner).await?;
    opened.check_serving().await?;
    tokio::fs::create_dir_all(config.storage_dir()).await?;
    // Files of customers are nobody else's on this machine; the data folder itself lets the database's user pass.
    let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    tokio::fs::set_permissions(config.storage_dir(), owner_only).await?;
    // Owning the private PostgreSQL means that it was down a moment ago, and with it every other worker's work.
    if opened.private.as_ref().is_some_and(PrivateServer::is_owned) {
        regulars_jobs::release_dead_leases(&opened.owner).await?;
    }

    let state = AppState::new(opened.database.clone(), wiring::web_config(&config)?);
    let others = regulars_events::hub().connect(&opened.database).await?;
    let worker = match config.only {
        Some(Only::Web) => None,
        _ => Some(regulars_jobs::Worker::start(
            opened.database.clone(),
            wiring::jobs(&state, &config)?,
            config.workers,
        )),
    };
    let app = match config.only {
        Some(Only::Worker) => wiring::operations_only(&state),
        _ => wiring::app(&state, &config, operations::Watch::start(opened.clone())),
    };
    let dispatch = tokio::spawn(regulars_connect_firestore::dispatch(opened.database.clone()));
    tokio::spawn(async {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            metrics::upkeep();
        }
    });
    greet(&config, &state).await?;

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut waiting = stopped.clone();
    let serving = tokio::spawn(listen::serve(listener, app, Limits::default(), async move {
        let _ = waiting.changed().await;
    }));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = keep_database(&opened) => {}
    }
    tracing::info!("stopping");
    let _ = stop.send(true);
    live::end_all();
    dispatch.abort();
    drop(others);
    if let Some(worker) = worker {
        worker.stop(config.drain).await;
    }
    if tokio::time::timeout(config.drain, serving).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    opened.close().await
}

/// Brings the private server back whenever it has gone; idle for ever if there is none.
async fn keep_database(opened: &connect::Opened) {
    match &opened.private {
        Some(server) => server.keep().await,
        None => std::future::pending().await,
    }
}

/// Says where it is, and on the very first start how to become its owner.
async fn greet(config: &Config, state: &AppState) -> Result<()> {
    println!("Regulars is ready at {}", config.public_url);
    if let Some(token) = regulars_accounts::ops::first_owner_token(&state.database).await? {
        println!(
            "First start: create the owner at {}/setup/{}",
            config.public_url,
            token.expose()
        );
    }
    Ok(())
}

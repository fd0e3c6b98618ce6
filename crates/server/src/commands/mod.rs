//! One function a command. Results go to stdout, everything else to stderr.

mod accounts;
mod connections;
mod demo;
mod doctor;
mod exchange;
mod metrics;
mod progress;
mod serve;
mod sync;

use regulars_database::{PrivateServer, connect, migrate};
use regulars_kernel::{Error, Faults, Result, ids::OrganizationId};

use crate::{
    cli::{Cli, Command, Common, ExportCommand, MetricsCommand, Reference, Serve},
    config::{self, Config},
    logging, wiring,
};

/// Runs a command to its end.
pub async fn run(cli: Cli) -> Result<()> {
    let common = cli.common;
    match cli.command {
        Command::Serve(options) => serve::run(Config::load(&common, &options)?).await,
        Command::Migrate => {
            let opened = open_or_make(&common).await?;
            eprintln!("The database is current.");
            opened.close().await
        }
        Command::Organization { command } => accounts::organization(&common, command).await,
        Command::User { command } => accounts::user(&common, command).await,
        Command::Key { command } => accounts::key(&common, command).await,
        Command::Connection { command } => connections::connection(&common, command).await,
        Command::Import(options) => exchange::import(&common, options).await,
        Command::Export {
            command:
                ExportCommand::Customers {
                    organization,
                    format,
                    filter,
                    output,
                },
        } => exchange::export(&common, &organization, &format, &filter, output.as_deref()).await,
        Command::Metrics {
            command: MetricsCommand::Verify { organization, repair },
        } => metrics::verify(&common, &organization, repair).await,
        Command::Sync { command } => sync::run(&common, command).await,
        Command::Demo(options) => demo::run(&common, options).await,
        Command::DatabaseUrl => {
            let opened = open(&common).await?;
            match &opened.private {
                Some(server) => println!("{}", server.url_owner()),
                None => println!(
                    "{}",
                    Config::load(&common, &Serve::default())?
                        .database_url
                        .unwrap_or_default()
                ),
            }
            opened.close().await
        }
        Command::Openapi => write_out(&format!("{}\n", wiring::openapi_json()?)),
        Command::Doctor { json } => doctor::run(&common, json).await,
        Command::Reference { what } => write_out(&match what {
            Reference::Permissions => permissions(),
            Reference::Errors => errors(),
            Reference::Configuration => config::reference(),
            Reference::Example => config::example(),
        }),
    }
}

/// Long text to stdout. Who reads only the beginning, as `head` does, has had what they wanted.
fn write_out(text: &str) -> Result<()> {
    match std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Where imports lie while they are worked on.
fn storage(common: &Common) -> Result<std::path::PathBuf> {
    Ok(Config::load(common, &Serve::default())?.storage_dir())
}

/// Opens the database for a short command: few connections, migrated, warnings only. There must be one: a command in the
/// wrong folder would otherwise make an empty one there and answer from it.
async fn open(common: &Common) -> Result<connect::Opened> {
    let config = Config::load(common, &Serve::default())?;
    must_exist(&config)?;
    open_as(config).await
}

/// The same for a command with which an installation may begin.
async fn open_or_make(common: &Common) -> Result<connect::Opened> {
    let config = Config::load(common, &Serve::default())?;
    tell_if_new(&config);
    open_as(config).await
}

/// Refuses where no private database was ever begun.
fn must_exist(config: &Config) -> Result<()> {
    if config.uses_private_server() && !PrivateServer::exists(&config.data_dir) {
        return Err(Error::internal(format!(
            "there is no database in {} yet. Name the data folder of the server with --data-dir (REGULARS_DATA_DIR, or \
             data_dir in the file of --config), or a PostgreSQL with --database-url; `regulars serve` makes a new one",
            absolute(&config.data_dir)
        )));
    }
    Ok(())
}

/// Says where a new private database is about to be made.
fn tell_if_new(config: &Config) {
    if config.uses_private_server() && !PrivateServer::exists(&config.data_dir) {
        eprintln!("A new database is made in {}", absolute(&config.data_dir));
    }
}

/// The whole path, as a person can look for it.
fn absolute(path: &std::path::Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}

/// Says of faults where the person who typed the command finds them: pointers are for the bodies of requests.
fn placed(error: Error, place: impl Fn(&str) -> String) -> Error {
    let put = |mut faults: Faults| {
        for fault in &mut faults.0 {
            fault.pointer = place(&fault.pointer);
        }
        faults
    };
    match error {
        Error::Invalid(faults) => Error::Invalid(put(faults)),
        Error::Malformed(faults) => Error::Malformed(put(faults)),
        other => other,
    }
}

/// The option that fills a field, as in `/time_zone` → `--time-zone`.
fn option(pointer: &str) -> String {
    format!("--{}", pointer.trim_start_matches('/').replace('_', "-"))
}

async fn open_as(mut config: Config) -> Result<connect::Opened> {
    config.log = std::env::var("REGULARS_LOG").unwrap_or_else(|_| "warn".into());
    logging::start(&config, logging::COMMAND);
    let opened = connect::open(connect::Settings {
        database_url: config.database_url,
        data_dir: config.data_dir,
        max_connections: 8,
    })
    .await?;
    migrate::run(&opened.owner).await?;
    opened.check_serving().await?;
    Ok(opened)
}

/// The organization that a command names by its slug.
async fn organization_id(opened: &connect::Opened, slug: &str) -> Result<OrganizationId> {
    match regulars_accounts::ops::organization_by_slug(&opened.database, slug).await {
        Ok(scope) => Ok(scope.organization_id),
        Err(Error::NotFound(_)) => Err(Error::internal(format!(
            "there is no organization “{slug}”; `regulars organization list` shows those there are"
        ))),
        Err(error) => Err(error),
    }
}

/// The table of docs/permissions.md.
fn permissions() -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "# Permissions\n\nGenerated by `make generate`. A role holds everything that a lesser role holds; an API key has a role and may be narrowed to scopes with these names.\n\n| Permission | Allows | viewer | agent | admin | owner |\n|---|---|---|---|---|---|\n",
    );
    for permission in regulars_kernel::Permission::ALL {
        let _ = write!(text, "| `{}` | {} |", permission.name(), permission.meaning());
        for role in regulars_kernel::Role::ALL {
            text.push_str(if role.may(*permission) { " yes |" } else { " – |" });
        }
        text.push('\n');
    }
    text
}

/// The table of docs/errors.md.
fn errors() -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "# Errors\n\nGenerated by `make generate`. Every error is `application/problem+json` (RFC 9457); `type` ends with the code below, `errors` lists every fault with its place. A running server shows this page at `/api/docs/errors`.\n\n| Status | Code | Title | Meaning |\n|---|---|---|---|\n",
    );
    for kind in regulars_web::problem::KINDS {
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} |",
            kind.status.as_u16(),
            kind.code,
            kind.title,
            kind.meaning
        );
    }
    text
}

//! From settings to pools: the owner's, for migrations, and the serving one, whose connections cannot bypass
//! row-level security.

use std::{path::PathBuf, str::FromStr as _, time::Duration};

use regulars_kernel::{Error, Result};
use sqlx::{
    Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    Database,
    kept::{ALIVE, PATIENCE},
    private::PrivateServer,
};

/// Which database to open.
#[derive(Clone)]
pub struct Settings {
    /// A PostgreSQL of the operator's; the private server if absent or empty.
    pub database_url: Option<String>,
    /// Where the private server's data lie.
    pub data_dir: PathBuf,
    /// How many connections serve requests at most.
    pub max_connections: u32,
}

/// What was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The serving database. Its first connection fails until the migrations have run.
    pub database: Database,
    /// A small pool as the owner: migrations, `doctor`.
    pub owner: PgPool,
    /// The private server, if that is what serves.
    pub private: Option<PrivateServer>,
    /// Where the private server's data lie.
    pub data_dir: PathBuf,
}

/// Opens the database: starts or joins the private server, or connects to the operator's, and checks its version.
///
/// Migrations are the caller's next step (`migrate::run(&opened.owner)`), then [`Opened::check_serving`].
pub async fn open(settings: Settings) -> Result<Opened> {
    let url = settings
        .database_url
        .as_deref()
        .map(str::trim)
        .filter(|url| !url.is_empty());
    let (owner, serving, private) = if let Some(url) = url {
        let options = PgConnectOptions::from_str(url).map_err(|error| {
            // The URL holds a password, so it is not repeated.
            Error::internal(format!("DATABASE_URL is not a PostgreSQL URL: {error}"))
        })?;
        (options.clone(), options, None)
    } else {
        let server = PrivateServer::start_or_join(&settings.data_dir).await?;
        let owner = PgConnectOptions::from_str(&server.url_owner())?;
        (
            owner,
            PgConnectOptions::from_str(&server.url_app())?,
            Some(server),
        )
    };
    let owner = PgPoolOptions::new()
        .max_connections(3)
        .acquire_timeout(Duration::from_secs(30))
        .idle_timeout(Duration::from_mins(1))
        .connect_with(owner.application_name("regulars owner"))
        .await
        .map_err(|error| Error::internal(format!("The database cannot be reached: {error}")))?;
    crate::version::check(&owner).await?;
    let database = Database::new(serving_pool(serving, settings.max_connections));
    Ok(Opened {
        database,
        owner,
        private,
        data_dir: settings.data_dir,
    })
}

impl Opened {
    /// Opens one serving connection, so that a wrong role is known at the start and not by the first request.
    pub async fn check_serving(&self) -> Result<()> {
        prove_held(self.database.outside_organizations())
            .await
            .map_err(|error| Error::internal(format!("The serving role cannot be used: {error}")))
    }

    /// Closes the pools and stops the private server if it is ours.
    pub async fn close(&self) -> Result<()> {
        self.database.close().await;
        self.owner.close().await;
        match &self.private {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }
}

/// A pool that opens its connections when they are needed.
pub fn serving_pool(options: PgConnectOptions, max_connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(PATIENCE)
        .idle_timeout(Duration::from_mins(10))
        .max_lifetime(Duration::from_hours(1))
        // A round trip for each request is dear; a connection used a moment ago is taken to be alive.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move { Ok(meta.idle_for < ALIVE || connection.ping().await.is_ok()) })
        })
        .after_connect(|connection, _| Box::pin(hold(connection)))
        .connect_lazy_with(options.application_name("regulars"))
}

/// Opens a connection as the pool does, and closes it. The pool itself tries again until it is out of patience and then
/// says no more than that: who starts a server wants to know why.
pub(crate) async fn prove_held(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    hold(&mut connection).await?;
    connection.close().await
}

/// Makes a new connection one that serves: the held role, time limits, and proof that it is held.
async fn hold(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "SET ROLE regulars_app; SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s';
         SET jit = off; SET max_parallel_workers_per_gather = 0; SET timezone = 'UTC'",
    )
    .execute(&mut *connection)
    .await?;
    match why_not_held(connection).await? {
        None => Ok(()),
        Some(why) => Err(sqlx::Error::Configuration(why.into())),
    }
}

/// Why the connection's role could get past row-level security; nothing if it cannot.
pub(crate) async fn why_not_held(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    let (role, superuser, bypasses, owns): (String, bool, bool, bool) = sqlx::query_as(
        "SELECT current_user::text, r.rolsuper, r.rolbypassrls,
                EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('public.customers')
                        AND pg_has_role(current_user, c.relowner, 'MEMBER'))
         FROM pg_roles r WHERE r.rolname = current_user",
    )
    .fetch_one(connection)
    .await?;
    let why = if superuser {
        "is a superuser"
    } else if bypasses {
        "may bypass row-level security"
    } else if owns {
        "owns the tables"
    } else {
        return Ok(None);
    };
    Ok(Some(format!(
        "the role {role} {why}, so one organization could see another's data. Take that from it: \
         ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS, and let another role own the tables."
    )))
}

//! A fresh migrated database for one test: a copy of a template that is migrated once per state of the migrations.

use std::str::FromStr as _;

use regulars_database::{Database, Scope, Tx, migrate};
use regulars_kernel::{Actor, clock, ids::OrganizationId};
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// Databases of tests that were killed are dropped once they are this old.
const KEPT_SECONDS: i64 = 3600;
/// Filled templates are dropped once they are this old: what they are called says of which day they are.
const KEPT_FILLED: &str = "1 day";
/// How the names of filled templates begin.
const FILLED: &str = "regulars_filled_";

/// A database of its own, dropped with this value.
pub struct TestDatabase {
    name: String,
    admin: PgConnectOptions,
    owner: PgPool,
    database: Database,
}

impl TestDatabase {
    /// Makes one. The first call of all tests also starts the server and migrates the template.
    pub async fn new() -> Self {
        let (admin, mut connection) = connect().await;
        let template = ensure_template(&mut connection, &admin).await;
        Self::copy_of(&template, admin, connection).await
    }

    /// Makes one that is filled: the first call for a name runs `fill` with the URL of a migrated database, and every
    /// later one gets a copy of what that left. The name says what the content depends on; the day is part of that, because
    /// those of yesterday are dropped. Those of today may be another checkout's.
    pub async fn filled(name: &str, fill: impl FnOnce(&str) + Send + 'static) -> Self {
        let (admin, mut connection) = connect().await;
        let migrated = ensure_template(&mut connection, &admin).await;
        let template = format!("{FILLED}{}_{name}", &migrate::fingerprint()[..12]);
        let unfinished = admin.clone().database(&format!("{template}_unfinished"));
        let url = unfinished.to_url_lossy().to_string();
        let sweeper = admin.clone();
        make_once(&mut connection, &template, &migrated, async move || {
            tokio::task::spawn_blocking(move || fill(&url))
                .await
                .expect("the database is filled");
            // As autovacuum leaves a shop that has been there for a while.
            let mut filled = PgConnection::connect_with(&unfinished)
                .await
                .expect("the filled database answers");
            execute(&mut filled, "VACUUM (ANALYZE)").await;
            let _ = filled.close().await;
            let mut sweeping = PgConnection::connect_with(&sweeper)
                .await
                .expect("the test server answers");
            sweep_filled(&mut sweeping).await;
            let _ = sweeping.close().await;
        })
        .await;
        Self::copy_of(&template, admin, connection).await
    }

    async fn copy_of(template: &str, admin: PgConnectOptions, mut connection: PgConnection) -> Self {
        sweep(&mut connection).await;
        let name = format!(
            "regulars_test_{}_{}",
            clock::now().timestamp(),
            &uuid::Uuid::new_v4().simple().to_string()[..12]
        );
        execute(
            &mut connection,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        let _ = connection.close().await;

        let options = admin.clone().database(&name);
        let owner = PgPoolOptions::new()
            .max_connections(4)
            .connect_lazy_with(options.clone());
        // As in the program: the serving role owns nothing and is held by row-level security.
        let serving = PgPoolOptions::new()
            .max_connections(10)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    sqlx::query("SET ROLE regulars_app").execute(connection).await?;
                    Ok(())
                })
            })
            .connect_lazy_with(options);
        Self {
            name,
            admin,
            owner,
            database: Database::new(serving),
        }
    }

    /// The database as the program serves from it.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A pool as the owner, who sees past row-level security: for looking, and for what only an operator does.
    pub fn owner(&self) -> &PgPool {
        &self.owner
    }

    /// The name of the database, and options to connect to it as a superuser.
    pub fn connect_options(&self) -> (&str, PgConnectOptions) {
        (&self.name, self.admin.clone().database(&self.name))
    }

    /// Its URL as a superuser, for programs that are given `DATABASE_URL`.
    pub fn url(&self) -> String {
        self.admin.clone().database(&self.name).to_url_lossy().to_string()
    }

    /// Leaves it to be dropped with those of killed tests, and gives its URL.
    pub fn keep(self) -> String {
        let url = self.url();
        std::mem::forget(self);
        url
    }

    /// Adds an organization (EUR, Europe/Berlin, en) and gives its scope for the system as the actor.
    pub async fn organization(&self, slug: &str) -> Scope {
        let id = OrganizationId::new();
        sqlx::query(
            "INSERT INTO organizations (id, slug, name, currency, time_zone, locale)
             VALUES ($1, $2, $3, 'EUR', 'Europe/Berlin', 'en')",
        )
        .bind(id)
        .bind(slug)
        .bind(slug)
        .execute(&self.owner)
        .await
        .expect("the organization can be added");
        Scope {
            organization_id: id,
            actor: Actor::System,
        }
    }

    /// Opens a transaction.
    pub async fn begin(&self, scope: Scope) -> Tx {
        self.database
            .begin(scope)
            .await
            .expect("a transaction can be opened")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // The test's runtime may be ending: another thread with its own does it. Failures are left to the sweep.
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&admin).await?;
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
                    .execute(&mut connection)
                    .await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        })
        .join();
    }
}

/// The server, and options to connect to it as a superuser.
async fn connect() -> (PgConnectOptions, PgConnection) {
    let url = tokio::task::spawn_blocking(crate::server::url)
        .await
        .expect("the test server starts");
    let admin = PgConnectOptions::from_str(&url)
        .expect("a PostgreSQL URL")
        .application_name("regulars tests");
    let connection = PgConnection::connect_with(&admin)
        .await
        .expect("the test server answers");
    (admin, connection)
}

/// The name of the template that is migrated and empty.
async fn ensure_template(connection: &mut PgConnection, admin: &PgConnectOptions) -> String {
    let template = format!("regulars_template_{}", migrate::fingerprint());
    let unfinished = admin.clone().database(&format!("{template}_unfinished"));
    make_once(connection, &template, "template1", async move || {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(unfinished)
            .await
            .expect("the template answers");
        migrate::run(&pool)
            .await
            .unwrap_or_else(|error| panic!("the migrations apply: {error}"));
        pool.close().await;
    })
    .await;
    template
}

/// Makes a database that others are copied from, unless there is one; under a lock that is the server's, so that test
/// processes wait for the first of them.
async fn make_once(connection: &mut PgConnection, name: &str, from: &str, fill: impl AsyncFnOnce()) {
    if exists(connection, name).await {
        return;
    }
    execute(connection, "SELECT pg_advisory_lock(7233)").await;
    if !exists(connection, name).await {
        let unfinished = format!("{name}_unfinished");
        execute(
            connection,
            &format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"),
        )
        .await;
        execute(
            connection,
            &format!("CREATE DATABASE {unfinished} TEMPLATE {from}"),
        )
        .await;
        fill().await;
        execute(
            connection,
            &format!("ALTER DATABASE {unfinished} ALLOW_CONNECTIONS false"),
        )
        .await;
        execute(
            connection,
            &format!("ALTER DATABASE {unfinished} RENAME TO {name}"),
        )
        .await;
    }
    execute(connection, "SELECT pg_advisory_unlock(7233)").await;
}

/// Drops what killed tests left behind, unless another process is just doing it.
async fn sweep(connection: &mut PgConnection) {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname FROM pg_database WHERE datname LIKE 'regulars\\_test\\_%'")
            .fetch_all(&mut *connection)
            .await
            .expect("databases can be listed");
    let limit = clock::now().timestamp() - KEPT_SECONDS;
    let old: Vec<_> = names
        .into_iter()
        .filter(|name| {
            name.split('_')
                .nth(2)
                .and_then(|part| part.parse::<i64>().ok())
                .is_some_and(|made| made < limit)
        })
        .collect();
    if old.is_empty() {
        return;
    }
    let ours: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(7234)")
        .fetch_one(&mut *connection)
        .await
        .expect("a lock can be asked for");
    if ours {
        for name in old {
            execute(
                connection,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            )
            .await;
        }
        execute(connection, "SELECT pg_advisory_unlock(7234)").await;
    }
}

/// Drops templates that nobody asks for any more; under the lock of whoever makes one.
async fn sweep_filled(connection: &mut PgConnection) {
    let old: Vec<String> = sqlx::query_scalar(
        "SELECT datname FROM pg_database WHERE starts_with(datname, $1)
         AND (pg_stat_file('base/' || oid || '/PG_VERSION')).modification < now() - $2::interval",
    )
    .bind(FILLED)
    .bind(KEPT_FILLED)
    .fetch_all(&mut *connection)
    .await
    .expect("databases can be listed");
    for name in old {
        execute(
            connection,
            &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        )
        .await;
    }
}

async fn exists(connection: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(connection)
        .await
        .expect("databases can be looked up")
}

async fn execute(connection: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

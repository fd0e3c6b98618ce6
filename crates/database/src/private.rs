//! The private PostgreSQL: ours alone, over a Unix socket, in our data folder.
//!
//! One process owns it (a lock says which) and others join. It dies with its owner, however that dies; whoever needs
//! it next starts it again. What it never does: listen on the network, run as root, or trade durability for speed.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    process::Child,
    str::FromStr as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use regulars_kernel::{Error, Result};
use sha2::Digest as _;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};

use crate::{
    binaries::{Binaries, RunAs},
    cluster::{Cluster, Tie, socket_fits, write_private},
    settings,
};

/// The superuser: migrations, maintenance.
const OWNER: &str = "postgres";
/// Signs in to serve requests; may only become `regulars_app`.
const SERVING: &str = "regulars_serving";
/// The database's name.
const DATABASE: &str = "regulars";

/// How long a server may take to stop before it is cut off. A cut-off server recovers from its log at the next start.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running private server, owned or joined. Clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct PrivateServer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    data_dir: PathBuf,
    cluster: Cluster,
    passwords: Passwords,
    owned: Mutex<Option<Owned>>,
}

/// What the owner holds: dropping the lock lets another process own the server.
#[derive(Debug)]
struct Owned {
    child: Child,
    _lock: fs::File,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Passwords {
    owner: String,
    serving: String,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords")
    }
}

impl PrivateServer {
    /// Starts the server of this data folder, or joins the one that another process of ours runs on it.
    pub async fn start_or_join(data_dir: &Path) -> Result<Self> {
        let data_dir = data_dir.to_path_buf();
        let server = tokio::task::spawn_blocking(move || Self::raise(&data_dir))
            .await
            .map_err(|error| Error::internal(format!("starting PostgreSQL was broken off: {error}")))??;
        server.ensure_roles_and_database().await?;
        Ok(server)
    }

    /// Whether a server was ever begun in this data folder. Looks without making anything.
    pub fn exists(data_dir: &Path) -> bool {
        password_file(data_dir).exists()
    }

    /// The superuser's URL, with its password: for migrations and tools, not for logs.
    pub fn url_owner(&self) -> String {
        self.inner
            .cluster
            .url(OWNER, Some(&self.inner.passwords.owner), DATABASE)
    }

    /// The serving role's URL, with its password.
    pub fn url_app(&self) -> String {
        self.inner
            .cluster
            .url(SERVING, Some(&self.inner.passwords.serving), DATABASE)
    }

    /// Where everything of it lies.
    pub fn cluster(&self) -> &Cluster {
        &self.inner.cluster
    }

    /// Whether this process owns it. A joined one ends with its owner; see [`Self::keep`].
    pub fn is_owned(&self) -> bool {
        self.owned().is_some()
    }

    /// Ends its sessions and stops it, if it is ours; a joined one goes on.
    pub async fn stop(&self) -> Result<()> {
        let Some(owned) = self.owned().take() else {
            return Ok(());
        };
        let cluster = self.inner.cluster.clone();
        tokio::task::spawn_blocking(move || end(&cluster, owned))
            .await
            .map_err(|error| Error::internal(format!("stopping PostgreSQL was broken off: {error}")))?
    }

    /// Brings the server back whenever it has gone: its owner, a short command, ended while we had joined it, or it
    /// was killed. Pools reconnect by themselves. Runs until dropped or aborted; call [`Self::stop`] after that.
    pub async fn keep(&self) {
        let mut failures = 0_u32;
        loop {
            tokio::time::sleep(Duration::from_millis(250) * 2_u32.pow(failures.min(6))).await;
            let this = self.clone();
            let outcome = tokio::task::spawn_blocking(move || {
                if this.inner.cluster.running().is_some() {
                    return Ok(false);
                }
                *this.owned() = None;
                let raised = Self::raise(&this.inner.data_dir)?;
                *this.owned() = raised.owned().take();
                Ok::<_, Error>(true)
            })
            .await;
            match outcome {
                Ok(Ok(came_back)) => {
                    failures = 0;
                    if came_back {
                        tracing::warn!("the private PostgreSQL had gone and was brought back");
                    }
                }
                Ok(Err(error)) => {
                    failures += 1;
                    tracing::error!(%error, "the private PostgreSQL has gone and cannot be brought back yet");
                }
                Err(error) => {
                    failures += 1;
                    tracing::error!(%error, "watching the private PostgreSQL was broken off");
                }
            }
        }
    }

    fn owned(&self) -> std::sync::MutexGuard<'_, Option<Owned>> {
        self.inner.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The blocking part: find or make the data folder, then own the server or wait for its owner.
    fn raise(data_dir: &Path) -> Result<Self> {
        // Passable for the user that runs PostgreSQL, not listable.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(data_dir)?;
        let data_dir = data_dir.canonicalize()?;
        let run_as = RunAs::choose()?;
        let lock_path = data_dir.join("postgres.lock");
        let lock = fs::File::options().create(true).append(true).open(&lock_path)?;
        let deadline = Instant::now() + Duration::from_mins(10);
        let mut binaries = None;
        loop {
            let mine = match lock.try_lock() {
                Ok(()) => true,
                Err(fs::TryLockError::WouldBlock) => false,
                Err(fs::TryLockError::Error(error)) => return Err(error.into()),
            };
            let programs = match &binaries {
                Some(found) => Binaries::clone(found),
                None => binaries.insert(Binaries::find()?.prepare(run_as)?).clone(),
            };
            let home = data_dir.join("postgres");
            if mine {
                ensure_home(&home, &data_dir, run_as)?;
            }
            let cluster = Cluster {
                data: home.canonicalize().unwrap_or(home.clone()).join("data"),
                log: home.join("postgres.log"),
                socket_dir: socket_dir(&home, &data_dir, run_as),
                binaries: programs,
                run_as,
            };
            if mine {
                return Self::own(data_dir, cluster, lock);
            }
            if cluster.is_ready().is_some() {
                let passwords = read_passwords(&data_dir)?;
                return Ok(Self::handle(data_dir, cluster, passwords, None));
            }
            if Instant::now() > deadline {
                return Err(Error::internal(format!(
                    "Another process holds {} but its PostgreSQL does not come up",
                    lock_path.display()
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn own(data_dir: PathBuf, cluster: Cluster, lock: fs::File) -> Result<Self> {
        // One that lost its owner is on its way out, or was missed by the signal; either way it is asked once more.
        cluster.stop_or_cut_off(PATIENCE)?;
        cluster.forget_killed()?;
        let passwords = if cluster.exists() {
            read_passwords(&data_dir)?
        } else {
            let passwords = Passwords {
                owner: crate::hex(&rand::random::<[u8; 24]>()),
                serving: crate::hex(&rand::random::<[u8; 24]>()),
            };
            write_private(&password_file(&data_dir), &serde_json::to_string(&passwords)?)?;
            tracing::info!(folder = %cluster.data.display(), "making a private PostgreSQL");
            cluster.initialise(Some(&passwords.owner))?;
            passwords
        };
        check_major(&cluster)?;
        cluster.private_folder(&cluster.socket_dir)?;
        rotate(&cluster.log);
        let child = cluster.start(&settings::fit_for_this_machine(), Tie::DiesWithUs)?;
        let owned = Owned { child, _lock: lock };
        Ok(Self::handle(data_dir, cluster, passwords, Some(owned)))
    }

    fn handle(data_dir: PathBuf, cluster: Cluster, passwords: Passwords, owned: Option<Owned>) -> Self {
        Self {
            inner: Arc::new(Inner {
                data_dir,
                cluster,
                passwords,
                owned: Mutex::new(owned),
            }),
        }
    }

    /// Idempotent, so that a crash in between mends itself at the next start.
    async fn ensure_roles_and_database(&self) -> Result<()> {
        if !self.is_owned() {
            return self.wait_for_database().await;
        }
        let mut connection = self.connect("postgres").await?;
        // The password is hexadecimal.
        let statement = format!(
            "DO $$ BEGIN
               IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'regulars_app') THEN
                 CREATE ROLE regulars_app NOLOGIN;
               END IF;
               IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{SERVING}') THEN
                 CREATE ROLE {SERVING} LOGIN NOINHERIT IN ROLE regulars_app PASSWORD '{}';
               END IF;
             END $$",
            self.inner.passwords.serving
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut connection)
            .await?;
        if !database_exists(&mut connection).await? {
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {DATABASE}")))
                .execute(&mut connection)
                .await?;
        }
        connection.close().await?;
        Ok(())
    }

    /// The owner of a new server makes the database right after it is ready; a process that joins may be earlier.
    async fn wait_for_database(&self) -> Result<()> {
        let mut connection = self.connect("postgres").await?;
        for _ in 0..500 {
            if database_exists(&mut connection).await? {
                connection.close().await?;
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(Error::internal(
            "the private PostgreSQL runs, but its database was not made",
        ))
    }

    async fn connect(&self, database: &str) -> Result<PgConnection> {
        let url = self
            .inner
            .cluster
            .url(OWNER, Some(&self.inner.passwords.owner), database);
        Ok(PgConnection::connect_with(&PgConnectOptions::from_str(&url)?).await?)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // Takes note of a child that ended, so that none stays behind as a zombie. One that still runs is stopped by
        // `stop`, or by the parent-death signal.
        let _ = self.child.try_wait();
    }
}

fn end(cluster: &Cluster, mut owned: Owned) -> Result<()> {
    cluster.stop_or_cut_off(PATIENCE)?;
    owned.child.wait()?;
    Ok(())
}

async fn database_exists(connection: &mut PgConnection) -> Result<bool> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(DATABASE)
            .fetch_one(connection)
            .await?,
    )
}

fn password_file(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres.secret")
}

fn read_passwords(data_dir: &Path) -> Result<Passwords> {
    let file = password_file(data_dir);
    let text = fs::read_to_string(&file).map_err(|error| {
        Error::internal(format!(
            "The private PostgreSQL's passwords cannot be read from {}: {error}. Put the file back from a backup; it \
             belongs to the data folder.",
            file.display()
        ))
    })?;
    Ok(serde_json::from_str(&text)?)
}

/// `postgres/` in the data folder. Where the user that runs PostgreSQL cannot pass through the folders above, it is a
/// link to a shared place.
fn ensure_home(home: &Path, data_dir: &Path, run_as: RunAs) -> Result<()> {
    if home.symlink_metadata().is_err() && !run_as.reaches(data_dir) {
        let place =
            Path::new(crate::binaries::SHARED_PLACE).join(format!("private-{}", short_name(data_dir)));
        fs::create_dir_all(crate::binaries::SHARED_PLACE)?;
        tracing::info!(
            folder = %place.display(),
            "the data folder is closed to the user that runs PostgreSQL, so its files are kept elsewhere"
        );
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&place)?;
        std::os::unix::fs::symlink(&place, home)?;
    }
    let place = home.canonicalize().unwrap_or_else(|_| home.to_path_buf());
    if place.is_dir() && fs::metadata(&place)?.uid() != run_as.uid {
        if !run_as.switches {
            return Err(Error::internal(format!(
                "{} was made by another user: start Regulars as that one, or choose another data folder",
                place.display()
            )));
        }
        if place.join("data").exists() {
            return Err(Error::internal(format!(
                "{} was made by another user, not by the one that runs PostgreSQL now: start Regulars as that one, \
                 or give the folder to it (chown -R)",
                place.display()
            )));
        }
    }
    let cluster_folder_maker = |folder: &Path| -> Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        run_as.own(folder)
    };
    cluster_folder_maker(&place)?;
    if run_as.reaches(&place) {
        Ok(())
    } else {
        Err(Error::internal(format!(
            "The user that runs PostgreSQL cannot reach {}: make the folders above it passable (chmod o+x)",
            place.display()
        )))
    }
}

/// Beside the data, or, where that path is too long for a socket, a short one named after the data folder.
fn socket_dir(home: &Path, data_dir: &Path, run_as: RunAs) -> PathBuf {
    let place = home.canonicalize().unwrap_or_else(|_| home.to_path_buf());
    let runtime = std::env::var_os("XDG_RUNTIME_DIR")
        .filter(|_| !run_as.switches)
        .map(PathBuf::from);
    let short = format!("regulars-{}", short_name(data_dir));
    // Every process of ours must come to the same answer; the server's own record decides when it runs.
    recorded_socket_dir(&place).unwrap_or_else(|| {
        [
            Some(place.join("socket")),
            runtime.map(|folder| folder.join(&short)),
        ]
        .into_iter()
        .flatten()
        .find(|folder| socket_fits(folder))
        .unwrap_or_else(|| Path::new("/tmp").join(short))
    })
}

/// Line 5 of postmaster.pid is the socket's folder.
fn recorded_socket_dir(place: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(place.join("data/postmaster.pid")).ok()?;
    text.lines()
        .nth(4)
        .filter(|line| line.starts_with('/'))
        .map(PathBuf::from)
}

fn short_name(path: &Path) -> String {
    crate::hex(&sha2::Sha256::digest(path.as_os_str().as_encoded_bytes())[..6])
}

fn check_major(cluster: &Cluster) -> Result<()> {
    let made_with = fs::read_to_string(cluster.data.join("PG_VERSION"))?;
    let made_with = made_with.trim();
    let found = cluster.binaries.major()?;
    if made_with == found.to_string() {
        return Ok(());
    }
    Err(Error::internal(format!(
        "{} was made by PostgreSQL {made_with}, but the programs found in {} are version {found}. Point \
         REGULARS_POSTGRES_DIR at version {made_with}, or move the data with pg_upgrade or pg_dump.",
        cluster.data.display(),
        cluster.binaries.root().display()
    )))
}

/// Keeps the log and the one before it.
fn rotate(log: &Path) {
    if fs::metadata(log).is_ok_and(|meta| meta.len() > 10 << 20) {
        let _ = fs::rename(log, log.with_extension("log.1"));
    }
}

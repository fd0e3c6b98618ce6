//! One throw-away PostgreSQL for all tests of this user on this machine. It outlives the test processes, so that only
//! the first of them waits for it; it keeps nothing that matters (no fsync).

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use regulars_database::{
    binaries::{Binaries, RunAs},
    cluster::{Cluster, Tie},
};

/// The URL of a superuser on the server's `postgres` database: `REGULARS_TEST_DATABASE_URL`, else the shared server's.
pub fn url() -> String {
    if let Ok(url) = std::env::var("REGULARS_TEST_DATABASE_URL")
        && !url.is_empty()
    {
        return url;
    }
    ensure(&shared())
}

/// Stops the shared server, if it runs. Tests that run at that moment fail.
pub fn stop() {
    shared()
        .stop(std::time::Duration::from_secs(30))
        .expect("the test server stops");
}

fn shared() -> Cluster {
    let run_as = RunAs::choose().expect("a user to run PostgreSQL as");
    let binaries = Binaries::find()
        .and_then(|binaries| binaries.prepare(run_as))
        .expect("PostgreSQL for the tests");
    let version = binaries.version_text().expect("PostgreSQL says its version");
    let home = std::env::temp_dir().join(format!(
        "regulars-test-postgres-{}-{version}",
        nix::unistd::geteuid()
    ));
    Cluster {
        data: home.join("data"),
        socket_dir: home.clone(),
        log: beside(&home, "log"),
        binaries,
        run_as,
    }
}

fn beside(home: &Path, extension: &str) -> PathBuf {
    PathBuf::from(format!("{}.{extension}", home.display()))
}

/// Whether the running server's programs are still where it was started from: a server whose checkout was removed
/// lives on, but can load nothing any more.
fn is_whole(pid: i32) -> bool {
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let program = command_line.split(|byte| *byte == 0).next().unwrap_or_default();
    Path::new(OsStr::from_bytes(program)).exists()
}

fn ensure(cluster: &Cluster) -> String {
    let lock =
        fs::File::create(beside(&cluster.socket_dir, "lock")).expect("a lock file for the test server");
    lock.lock().expect("the lock of the test server");
    if !cluster.is_ready().is_some_and(is_whole) {
        cluster
            .stop(std::time::Duration::from_secs(30))
            .expect("an unfinished test server stops");
        cluster
            .private_folder(&cluster.socket_dir)
            .expect("a folder for the test server");
        let settings: Vec<(&str, String)> = [
            ("fsync", "off"),
            ("synchronous_commit", "off"),
            ("full_page_writes", "off"),
            ("max_connections", "300"),
            ("shared_buffers", "256MB"),
            ("max_wal_size", "2GB"),
            ("jit", "off"),
            ("max_locks_per_transaction", "256"),
            ("autovacuum_naptime", "5min"),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec();
        let start = || -> regulars_kernel::Result<()> {
            if !cluster.exists() {
                cluster.initialise(None)?;
            }
            cluster.start(&settings, Tie::Outlives).map(drop)
        };
        // Without fsync a machine that lost power may leave the folder unusable; nothing in it is worth keeping.
        if start().is_err() {
            let _ = fs::remove_dir_all(&cluster.data);
            start().expect("the test server starts");
        }
    }
    cluster.url("postgres", None, "postgres")
}

//! The binary `regulars` as an operator runs it: a data folder of its own, commands, and servers that can be killed.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use regulars_testkit::TestDatabase;

/// A data folder, with the private PostgreSQL in it or on a database of the tests' shared one.
pub struct Home {
    folder: tempfile::TempDir,
    database: Option<TestDatabase>,
}

impl Home {
    /// As installed: the server starts its own PostgreSQL. Slower than [`Self::shared`], and the real thing.
    pub fn private() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Another user runs PostgreSQL where the tests run as root.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        Self {
            folder,
            database: None,
        }
    }

    /// On a fresh database of the tests' PostgreSQL.
    pub async fn shared() -> Self {
        Self::on(TestDatabase::new().await)
    }

    /// On a database of the tests' PostgreSQL.
    pub fn on(database: TestDatabase) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: Some(database),
        }
    }

    /// Where its files lie.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The database as its owner sees it.
    pub fn database(&self) -> &TestDatabase {
        self.database
            .as_ref()
            .expect("this home has a database of the tests' PostgreSQL")
    }

    /// The program with this home and without whatever the tests' environment says about another.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regulars"));
        for (name, _) in std::env::vars_os() {
            let ours = name.to_string_lossy().starts_with("REGULARS_");
            if ours && name != "REGULARS_POSTGRES_DIR" {
                command.env_remove(&name);
            }
        }
        command
            .args(arguments)
            .arg("--data-dir")
            .arg(self.path())
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .stdin(Stdio::null());
        match &self.database {
            Some(database) => command.env("DATABASE_URL", database.url()),
            None => command.env_remove("DATABASE_URL"),
        };
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed, and gives what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "regulars {}: {errors}",
            arguments.join(" ")
        );
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Makes an organization and a key of it.
    pub fn organization(&self, slug: &str, role: &str) -> String {
        self.ok(&["organization", "create", slug, "--slug", slug]);
        self.key(slug, role)
    }

    /// Makes a key.
    pub fn key(&self, slug: &str, role: &str) -> String {
        self.ok(&[
            "key",
            "create",
            "--organization",
            slug,
            "--name",
            "test",
            "--role",
            role,
        ])
    }

    /// Starts a server on a free port and waits until it says that it is ready.
    pub fn serve(&self) -> Server {
        self.serve_on(free_port())
    }

    /// Starts a server on a port and waits until it says that it is ready.
    pub fn serve_on(&self, port: u16) -> Server {
        self.serve_with(
            port,
            &["--listen", &format!("127.0.0.1:{port}"), "--rate-limit", "0"],
        )
    }

    /// Starts a server that listens on this port because of its options or its configuration.
    pub fn serve_with(&self, port: u16, options: &[&str]) -> Server {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        let log_level: &[&str] = if options.contains(&"--log") {
            &[]
        } else {
            &["--log", "warn"]
        };
        let child = self
            .command(&["serve"])
            .args(log_level)
            .args(options)
            // Nobody listens there: no test asks the real one.
            .env("REGULARS_KLAVIYO_URL", "http://127.0.0.1:9")
            .env("REGULARS_FIRESTORE_EMULATOR", "127.0.0.1:9")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Server::watch(child, port);
        server.wait_for("Regulars is ready at ", &self.log());
        server
    }

    /// What the servers of this home logged.
    pub fn log(&self) -> PathBuf {
        self.path().join("server.log")
    }

    /// Process ids of every PostgreSQL process that works in this home.
    pub fn postgres_processes(&self) -> Vec<i32> {
        let Ok(data) = self.path().join("postgres/data").canonicalize() else {
            return Vec::new();
        };
        let processes = fs::read_dir("/proc").unwrap();
        processes
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == data))
            .collect()
    }

    /// Waits until none is left; gives those that stay for all that.
    pub fn postgres_left(&self, patience: Duration) -> Vec<i32> {
        let until = Instant::now() + patience;
        loop {
            let left = self.postgres_processes();
            if left.is_empty() || Instant::now() > until {
                return left;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The folder can be removed only when nobody writes into it any more.
        let _ = self.postgres_left(Duration::from_secs(10));
    }
}

/// A running server, killed with this value.
pub struct Server {
    child: Child,
    output: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
    pub url: String,
}

impl Server {
    fn watch(mut child: Child, port: u16) -> Self {
        let output = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reader = std::thread::spawn({
            let output = Arc::clone(&output);
            move || {
                for line in lines.map_while(Result::ok) {
                    output.lock().unwrap().push(line);
                }
            }
        });
        Self {
            child,
            output,
            reader: Some(reader),
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    fn wait_for(&self, start: &str, log: &Path) -> String {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let found = self
                .output
                .lock()
                .unwrap()
                .iter()
                .find_map(|line| line.strip_prefix(start).map(str::to_owned));
            if let Some(rest) = found {
                return rest;
            }
            let ended = self.reader.as_ref().is_none_or(JoinHandle::is_finished);
            if ended || Instant::now() > until {
                panic!(
                    "the server does not say “{start}”: {}",
                    fs::read_to_string(log).unwrap_or_default()
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The link for the first owner, which it prints on its very first start.
    pub fn setup_link(&self) -> String {
        self.wait_for("First start: create the owner at ", Path::new("/nonexistent"))
    }

    /// SIGKILL: it can do nothing about it.
    pub fn kill_nine(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and what came of it: its exit status and everything it printed.
    pub fn terminate(mut self) -> (ExitStatus, Vec<String>) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM).unwrap();
        let until = Instant::now() + Duration::from_secs(40);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "the server does not stop");
            std::thread::sleep(Duration::from_millis(10));
        };
        self.reader.take().unwrap().join().unwrap();
        let output = std::mem::take(&mut *self.output.lock().unwrap());
        (status, output)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listened on a moment ago.
pub fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

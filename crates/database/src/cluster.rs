//! A PostgreSQL data folder of our own: making it, starting a server on it, asking whether one runs, stopping it.
//!
//! What it never does: decide who may start it (see `private`), or listen on the network.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Output, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use regulars_kernel::{Error, Result};

use crate::binaries::{Binaries, RunAs};

/// Unix socket addresses hold this many bytes (sun_path less the final zero).
const LONGEST_SOCKET_PATH: usize = 107;
/// What PostgreSQL names its socket for the default port.
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// A data folder with the programs and the user that serve it.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The programs.
    pub binaries: Binaries,
    /// The user.
    pub run_as: RunAs,
    /// PostgreSQL's own data folder.
    pub data: PathBuf,
    /// Where the Unix socket lies.
    pub socket_dir: PathBuf,
    /// Where the server's own log goes.
    pub log: PathBuf,
}

/// How a server is tied to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// It stops when we die, however we die.
    DiesWithUs,
    /// It goes on without us.
    Outlives,
}

impl Cluster {
    /// Whether the data folder was made.
    pub fn exists(&self) -> bool {
        self.data.join("PG_VERSION").exists()
    }

    /// Makes the data folder: UTF-8, bytewise collation, checksums. It appears complete or not at all.
    ///
    /// With a password the superuser `postgres` needs it on every connection (SCRAM); without, anyone who can open the
    /// socket is let in, which is for throw-away servers.
    pub fn initialise(&self, password: Option<&str>) -> Result<()> {
        let unfinished = self.data.with_extension("unfinished");
        let password_file = self.data.with_extension("initial-password");
        if let Some(password) = password {
            write_private(&password_file, password)?;
            self.run_as.own(&password_file)?;
        }
        let output = self.initdb(&unfinished, password.map(|_| password_file.as_path()));
        if password.is_some() {
            fs::remove_file(&password_file)?;
        }
        let output = output?;
        if !output.status.success() {
            let _ = fs::remove_dir_all(&unfinished);
            return Err(Error::internal(format!(
                "initdb could not make {}: {}",
                self.data.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            )));
        }
        fs::rename(&unfinished, &self.data)?;
        Ok(())
    }

    /// Runs `initdb` so that small and capital letters are told by Unicode's rules, whatever they are sorted by: “Ärger” and
    /// “ärger” are one tag. The built-in provider needs no locale of the system. Versions before 17 have one from it, or, if
    /// it has none, know ASCII alone, of which `doctor` warns.
    fn initdb(&self, folder: &Path, password_file: Option<&Path>) -> Result<Output> {
        if self.binaries.major()? >= 17 {
            let locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
            return self.initdb_with(folder, password_file, &locale);
        }
        let output = self.initdb_with(folder, password_file, &["--lc-ctype=C.UTF-8"])?;
        if String::from_utf8_lossy(&output.stderr).contains("invalid locale name") {
            return self.initdb_with(folder, password_file, &[]);
        }
        Ok(output)
    }

    fn initdb_with(&self, folder: &Path, password_file: Option<&Path>, locale: &[&str]) -> Result<Output> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        self.private_folder(folder)?;
        let mut command = self.run_as.command(&self.binaries.program("initdb"));
        command.current_dir("/").arg("-D").arg(folder).args([
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-instructions",
        ]);
        command.args(locale);
        if let Some(file) = password_file {
            command.args(["--auth=scram-sha-256", "--data-checksums"]);
            command.arg(format!("--pwfile={}", file.display()));
        } else {
            command.args(["--auth=trust", "--no-sync"]);
        }
        Ok(command.output()?)
    }

    /// Makes a folder that only the server's user may open. An existing one must already be its own.
    pub fn private_folder(&self, folder: &Path) -> Result<()> {
        use std::os::unix::fs::MetadataExt as _;
        match fs::create_dir(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
            Err(_) => {
                let meta = fs::symlink_metadata(folder)?;
                if !meta.is_dir()
                    || (meta.uid() != self.run_as.uid && meta.uid() != nix::unistd::geteuid().as_raw())
                {
                    return Err(Error::internal(format!(
                        "{} belongs to somebody else; remove it or choose another data folder",
                        folder.display()
                    )));
                }
            }
            Ok(()) => {}
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        self.run_as.own(folder)
    }

    /// Starts the server and waits until it answers. Recovery after a crash may take its time: it waits as long as the
    /// server lives, at most ten minutes.
    pub fn start(&self, settings: &[(&str, String)], tie: Tie) -> Result<Child> {
        let mut command = self.run_as.command(&self.binaries.program("postgres"));
        command.current_dir("/").arg("-D").arg(&self.data);
        command.args([
            "-c",
            "listen_addresses=",
            "-c",
            "unix_socket_permissions=0700",
            "-c",
            "port=5432",
        ]);
        command
            .arg("-c")
            .arg(format!("unix_socket_directories={}", self.socket_dir.display()));
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let log = fs::File::options().create(true).append(true).open(&self.log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // Its own process group: Ctrl-C in our terminal is for us, and we stop it in order.
        command.process_group(0);
        let mut child = match tie {
            Tie::Outlives => command.spawn()?,
            Tie::DiesWithUs => crate::tie::spawn(command)?,
        };
        let deadline = Instant::now() + Duration::from_mins(10);
        while Instant::now() < deadline {
            if let Some(status) = child.try_wait()? {
                return Err(Error::internal(format!(
                    "PostgreSQL did not start ({status}). The end of {}: {}",
                    self.log.display(),
                    tail(&self.log)
                )));
            }
            if self.is_ready() == Some(child.id() as i32) {
                return Ok(child);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(Error::internal(format!(
            "PostgreSQL was not ready after ten minutes; see {}",
            self.log.display()
        )))
    }

    /// The process id of the server on this data folder, if one lives.
    pub fn running(&self) -> Option<i32> {
        let pid = self.pid_line(0)?.parse().ok()?;
        // After a reboot the id may be anybody's: a server names its data folder on its command line.
        let command_line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let data = self.data.as_os_str().as_encoded_bytes();
        let ours = command_line
            .split(|byte| *byte == 0)
            .any(|argument| argument == data);
        (ours && is_alive(pid)).then_some(pid)
    }

    /// The process id of the server once it accepts connections.
    pub fn is_ready(&self) -> Option<i32> {
        let pid = self.running()?;
        (self.pid_line(7)?.trim() == "ready").then_some(pid)
    }

    /// Asks a running server to end its sessions and stop, and waits for all of it to go.
    pub fn stop(&self, patience: Duration) -> Result<()> {
        if let Some(pid) = self.running() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
        }
        self.wait_until_gone(patience)
    }

    /// The same; one that does not stop in time is cut off, which costs it a recovery at the next start.
    pub fn stop_or_cut_off(&self, patience: Duration) -> Result<()> {
        if self.stop(patience).is_ok() {
            return Ok(());
        }
        for pid in self.processes() {
            tracing::warn!(
                postgres.pid = pid,
                "PostgreSQL does not stop and is cut off; it will recover at its next start"
            );
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
        }
        self.wait_until_gone(patience)
    }

    /// Waits until no process of a server works on this data folder.
    fn wait_until_gone(&self, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        while !self.processes().is_empty() {
            if Instant::now() > deadline {
                return Err(Error::internal(format!(
                    "The PostgreSQL server on {} does not stop",
                    self.data.display()
                )));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Removes the record of a server that was killed. PostgreSQL itself trusts a process id as long as anything bears
    /// it: a zombie that nobody takes note of, or a stranger after a reboot.
    pub fn forget_killed(&self) -> Result<()> {
        if !self.processes().is_empty() {
            return Ok(());
        }
        for record in [
            self.data.join("postmaster.pid"),
            self.socket_dir.join(format!("{SOCKET_NAME}.lock")),
        ] {
            match fs::remove_file(record) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// The server's process and its children, which outlive it for a moment when it is killed. Each of them works in
    /// the data folder.
    fn processes(&self) -> Vec<i32> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == self.data))
            .collect()
    }

    /// A URL for the socket. The password is one we made: hexadecimal.
    pub fn url(&self, user: &str, password: Option<&str>, database: &str) -> String {
        use std::fmt::Write as _;
        let password = password
            .map(|password| format!(":{password}"))
            .unwrap_or_default();
        let mut folder = String::new();
        for byte in self.socket_dir.as_os_str().as_encoded_bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                    folder.push(*byte as char);
                }
                other => {
                    let _ = write!(folder, "%{other:02X}");
                }
            }
        }
        format!("postgres://{user}{password}@localhost/{database}?host={folder}")
    }

    fn pid_line(&self, line: usize) -> Option<String> {
        fs::read_to_string(self.data.join("postmaster.pid"))
            .ok()?
            .lines()
            .nth(line)
            .map(str::to_owned)
    }
}

/// Whether a socket in this folder has a path that fits the system's limit.
pub fn socket_fits(folder: &Path) -> bool {
    folder.as_os_str().len() + 1 + SOCKET_NAME.len() <= LONGEST_SOCKET_PATH
}

/// Writes a file that only we may read.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let unfinished = path.with_extension("tmp");
    let _ = fs::remove_file(&unfinished);
    let mut file = fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    Ok(())
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join(" / ")
}

/// Whether a process of that id lives (as another user's it still counts).
pub fn is_alive(pid: i32) -> bool {
    // A zombie has ended: it only waits for its parent to take note.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| !rest.trim_start().starts_with('Z'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an older `initdb` does where the system has no such locale.
    const INITDB: &str = r#"#!/bin/sh
case "$*" in *--lc-ctype=C.UTF-8*)
    touch "$2/begun"
    echo 'initdb: error: invalid locale name "C.UTF-8"' >&2
    exit 1
esac
[ -z "$(ls "$2")" ] && echo 16 > "$2/PG_VERSION"
"#;

    #[test]
    fn an_older_version_makes_its_folder_where_the_system_lacks_the_locale() {
        let folder = tempfile::tempdir().unwrap();
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), open.clone()).unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for (name, text) in [
            ("initdb", INITDB),
            ("postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 16.14'\n"),
        ] {
            fs::write(bin.join(name), text).unwrap();
            fs::set_permissions(bin.join(name), open.clone()).unwrap();
        }
        let run_as = RunAs::choose().unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        run_as.own(&home).unwrap();
        let cluster = Cluster {
            binaries: Binaries::at(folder.path()).unwrap(),
            run_as,
            data: home.join("data"),
            socket_dir: home.clone(),
            log: home.join("log"),
        };
        cluster
            .initialise(Some("secret"))
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(cluster.exists());
        assert_eq!(
            fs::read_dir(&home).unwrap().count(),
            1,
            "no password is left beside it"
        );
    }
}

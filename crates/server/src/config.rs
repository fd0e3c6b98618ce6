//! Configuration: command line over environment over file over default, with secrets from files.
//!
//! [`OPTIONS`] is the one list of settings; the documented example file and docs/configuration.md are written from it.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use regulars_kernel::{Error, Result};
use serde::Deserialize;

use crate::cli::{Address, Common, Only, Serve};

/// A setting: name in the file, environment variable, default, meaning.
struct Setting(&'static str, &'static str, &'static str, &'static str);

const OPTIONS: &[Setting] = &[
    Setting(
        "data_dir",
        "REGULARS_DATA_DIR",
        "./data",
        "Folder for the private PostgreSQL, uploads and exports.",
    ),
    Setting(
        "database_url",
        "REGULARS_DATABASE_URL",
        "",
        "Use this PostgreSQL (15 to 18) instead of a private one; `DATABASE_URL` is honoured too.",
    ),
    Setting(
        "database_url_file",
        "REGULARS_DATABASE_URL_FILE",
        "",
        "File that holds the database URL, for secret stores that mount files.",
    ),
    Setting(
        "listen",
        "REGULARS_LISTEN",
        "127.0.0.1:8080",
        "Address to listen on.",
    ),
    Setting(
        "public_url",
        "REGULARS_PUBLIC_URL",
        "http://127.0.0.1:8080",
        "The address people reach it at; https makes cookies secure.",
    ),
    Setting(
        "only",
        "REGULARS_ONLY",
        "",
        "`web` or `worker`: run only one half.",
    ),
    Setting(
        "max_connections",
        "REGULARS_MAX_CONNECTIONS",
        "",
        "Connections to PostgreSQL; without it four for each core and four, from 12 to 20.",
    ),
    Setting("workers", "REGULARS_WORKERS", "4", "Jobs worked on at once."),
    Setting(
        "drain_seconds",
        "REGULARS_DRAIN_SECONDS",
        "25",
        "Seconds that running requests and jobs may take to finish after SIGTERM.",
    ),
    Setting(
        "rate_limit",
        "REGULARS_RATE_LIMIT",
        "6000",
        "Requests a minute for each key, session or address.",
    ),
    Setting(
        "kept_files_gb",
        "REGULARS_KEPT_FILES_GB",
        "5",
        "Gigabytes of uploads and exports that each organization may keep. No file is taken, either, when the disk would have less than 1 GiB (or 5 %) free.",
    ),
    Setting(
        "trusted_proxies",
        "REGULARS_TRUSTED_PROXIES",
        "",
        "Believe X-Forwarded-For from these addresses (comma list).",
    ),
    Setting(
        "klaviyo_url",
        "REGULARS_KLAVIYO_URL",
        "https://a.klaviyo.com",
        "Where profiles are pulled from; connections' API keys are sent there and nowhere else.",
    ),
    Setting(
        "firestore_emulator",
        "REGULARS_FIRESTORE_EMULATOR",
        "",
        "Write mirrors to the Firestore emulator at this host and port instead of Google's Firestore; `FIRESTORE_EMULATOR_HOST` is honoured too.",
    ),
    Setting("log", "REGULARS_LOG", "info", "What to log, as tracing filters."),
    Setting("log_format", "REGULARS_LOG_FORMAT", "text", "`text` or `json`."),
];

/// The file's content. Unknown names are an error that names them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    database_url_file: Option<PathBuf>,
    listen: Option<String>,
    public_url: Option<String>,
    only: Option<String>,
    max_connections: Option<u32>,
    workers: Option<usize>,
    drain_seconds: Option<u64>,
    rate_limit: Option<u32>,
    kept_files_gb: Option<u64>,
    trusted_proxies: Option<Vec<String>>,
    klaviyo_url: Option<String>,
    firestore_emulator: Option<String>,
    log: Option<String>,
    log_format: Option<String>,
}

/// Everything the process needs to know, settled.
#[derive(Clone, Debug)]
pub struct Config {
    pub data_dir: PathBuf,
    pub database_url: Option<String>,
    pub listen: String,
    pub public_url: String,
    pub only: Option<Only>,
    pub max_connections: u32,
    pub workers: usize,
    pub drain: Duration,
    pub rate_limit: u32,
    pub kept_files_gb: u64,
    pub trusted_proxies: Vec<String>,
    pub klaviyo_url: String,
    pub firestore_emulator: Option<String>,
    pub log: String,
    pub log_json: bool,
}

/// A database URL, as itself or as a file that holds it.
struct DatabaseUrl {
    url: Option<String>,
    file: Option<PathBuf>,
}

impl DatabaseUrl {
    fn settle(self) -> Result<Option<String>> {
        match (self.url.filter(|url| !url.is_empty()), self.file) {
            (Some(url), _) => Ok(Some(url)),
            (None, Some(path)) if !path.as_os_str().is_empty() => Ok(Some(read(&path)?.trim().to_owned())),
            (None, _) => Ok(None),
        }
    }
}

/// More than the cores can serve only makes them wait for each other: on two cores eight answer a twentieth more than
/// sixteen do. Four are left to what needs no transaction.
fn connections() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    (4 * cores as u32 + 4).clamp(12, 20)
}

impl Config {
    /// Settles the configuration of a command that only needs to know where people reach the server.
    pub fn with_address(common: &Common, address: &Address) -> Result<Self> {
        let serve = Serve {
            address: address.clone(),
            ..Serve::default()
        };
        Self::load(common, &serve)
    }

    /// Settles the configuration of a command.
    pub fn load(common: &Common, serve: &Serve) -> Result<Self> {
        let file = match &common.config {
            Some(path) => read_file(path)?,
            None => Written::default(),
        };
        // What the environment says, be it in a file, comes before what the configuration file says.
        let given = DatabaseUrl {
            url: common
                .database_url
                .clone()
                .or_else(|| std::env::var("DATABASE_URL").ok()),
            file: std::env::var_os("REGULARS_DATABASE_URL_FILE").map(PathBuf::from),
        };
        let written = DatabaseUrl {
            url: file.database_url,
            file: file.database_url_file,
        };
        let database_url = match given.settle()? {
            Some(url) => Some(url),
            None => written.settle()?,
        };
        let listen = serve
            .address
            .listen
            .clone()
            .or(file.listen)
            .unwrap_or_else(|| "127.0.0.1:8080".into());
        let only = match (serve.only, file.only.as_deref()) {
            (Some(only), _) => Some(only),
            (None, None | Some("")) => None,
            (None, Some("web")) => Some(Only::Web),
            (None, Some("worker")) => Some(Only::Worker),
            (None, Some(other)) => {
                return Err(Error::internal(format!(
                    "only: “{other}” is neither web nor worker"
                )));
            }
        };
        let log_format = serve
            .log_format
            .clone()
            .or(file.log_format)
            .unwrap_or_else(|| "text".into());
        if log_format != "text" && log_format != "json" {
            return Err(Error::internal(format!(
                "log_format: “{log_format}” is neither text nor json"
            )));
        }
        Ok(Self {
            data_dir: common
                .data_dir
                .clone()
                .or(file.data_dir)
                .unwrap_or_else(|| "data".into()),
            database_url,
            public_url: serve
                .address
                .public_url
                .clone()
                .or(file.public_url)
                .unwrap_or_else(|| format!("http://{listen}"))
                .trim_end_matches('/')
                .to_owned(),
            listen,
            only,
            max_connections: serve
                .max_connections
                .or(file.max_connections)
                .unwrap_or_else(connections),
            workers: serve.workers.or(file.workers).unwrap_or(4),
            drain: Duration::from_secs(serve.drain_seconds.or(file.drain_seconds).unwrap_or(25)),
            rate_limit: serve.rate_limit.or(file.rate_limit).unwrap_or(6000),
            kept_files_gb: serve.kept_files_gb.or(file.kept_files_gb).unwrap_or(5),
            trusted_proxies: serve
                .trusted_proxies
                .clone()
                .or(file.trusted_proxies)
                .unwrap_or_default(),
            klaviyo_url: serve
                .klaviyo_url
                .clone()
                .or(file.klaviyo_url)
                .unwrap_or_else(|| regulars_connect_klaviyo::DEFAULT_URL.into()),
            firestore_emulator: serve
                .firestore_emulator
                .clone()
                .or_else(|| std::env::var("REGULARS_FIRESTORE_EMULATOR").ok())
                .or_else(|| std::env::var("FIRESTORE_EMULATOR_HOST").ok())
                .or(file.firestore_emulator)
                .filter(|place| !place.trim().is_empty()),
            log: serve.log.clone().or(file.log).unwrap_or_else(|| "info".into()),
            log_json: log_format == "json",
        })
    }

    /// Whether the database is the private one in the data folder.
    pub fn uses_private_server(&self) -> bool {
        self.database_url
            .as_deref()
            .is_none_or(|url| url.trim().is_empty())
    }

    /// Where uploads and exports lie.
    pub fn storage_dir(&self) -> PathBuf {
        self.data_dir.join("files")
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| Error::internal(format!("{}: {error}", path.display())))
}

fn read_file(path: &Path) -> Result<Written> {
    toml::from_str(&read(path)?).map_err(|error| Error::internal(format!("{}: {error}", path.display())))
}

/// The documented example file.
pub fn example() -> String {
    let mut text = String::from(
        "# Regulars: every setting with its default. Command line and environment come first.\n",
    );
    for Setting(name, variable, default, meaning) in OPTIONS {
        let value = match *name {
            "max_connections" => "12".to_owned(),
            "workers" | "drain_seconds" | "rate_limit" | "kept_files_gb" => (*default).to_owned(),
            "trusted_proxies" => "[]".to_owned(),
            _ => format!("\"{default}\""),
        };
        let _ = write!(text, "\n# {meaning} ({variable})\n# {name} = {value}\n");
    }
    text
}

/// The table of docs/configuration.md.
pub fn reference() -> String {
    let mut text = String::from(
        "# Configuration\n\nGenerated by `make generate`. Command line comes before environment, environment before the file that `--config` names.\n\n| Setting | Environment | Default | Meaning |\n|---|---|---|---|\n",
    );
    for Setting(name, variable, default, meaning) in OPTIONS {
        let default = if default.is_empty() {
            "–".to_owned()
        } else {
            format!("`{default}`")
        };
        let _ = writeln!(text, "| `{name}` | `{variable}` | {default} | {meaning} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_file_names_every_setting_and_is_understood() {
        let uncommented: String = example()
            .lines()
            .filter_map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")))
            .collect::<Vec<_>>()
            .join("\n");
        let file: Written = toml::from_str(&uncommented).unwrap();
        assert_eq!(file.listen.as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(uncommented.lines().count(), OPTIONS.len());
    }

    #[test]
    fn a_url_comes_before_a_file_that_holds_one_and_empty_ones_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        std::fs::write(&path, "postgres://file\n").unwrap();
        let settle = |url: Option<&str>, file: bool| {
            DatabaseUrl {
                url: url.map(str::to_owned),
                file: file.then(|| path.clone()),
            }
            .settle()
            .unwrap()
        };
        assert_eq!(
            settle(Some("postgres://a"), true).as_deref(),
            Some("postgres://a")
        );
        assert_eq!(settle(Some(""), true).as_deref(), Some("postgres://file"));
        assert_eq!(settle(None, true).as_deref(), Some("postgres://file"));
        assert_eq!(settle(Some(""), false), None);
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let error = toml::from_str::<Written>("lisen = \"x\"").unwrap_err();
        assert!(error.to_string().contains("lisen"));
    }
}

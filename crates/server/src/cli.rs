//! The command line. Every option has an environment variable; `--help` says both.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, builder::BoolishValueParser};

/// The customer system for commerce: one binary on PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "regulars", version, about, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// Where the data is; the same for every command.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Configuration file (TOML); see regulars.example.toml
    #[arg(long, env = "REGULARS_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// Folder for the private PostgreSQL, uploads and exports [default: ./data]
    #[arg(long, env = "REGULARS_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Use this PostgreSQL (15 to 18) instead of a private one; DATABASE_URL is honoured too, and
    /// REGULARS_DATABASE_URL_FILE names a file that holds it
    #[arg(long, env = "REGULARS_DATABASE_URL", global = true, hide_env_values = true)]
    pub database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server: pages, API and workers
    Serve(Serve),
    /// Apply migrations and stop
    Migrate,
    /// Organizations
    Organization {
        #[command(subcommand)]
        command: OrganizationCommand,
    },
    /// Users
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// API keys
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Connections to other systems that send webhooks
    Connection {
        #[command(subcommand)]
        command: ConnectionCommand,
    },
    /// Import customers, orders or products from CSV, JSON, JSON Lines or XLSX
    Import(Import),
    /// Export to a file or stdout
    Export {
        #[command(subcommand)]
        command: ExportCommand,
    },
    /// The figures of customers
    Metrics {
        #[command(subcommand)]
        command: MetricsCommand,
    },
    /// The mirror of customers in Firestore
    Sync {
        #[command(subcommand)]
        command: SyncCommand,
    },
    /// Fill an organization with a shop that looks real
    Demo(Demo),
    /// Print the OpenAPI 3.1 document
    Openapi,
    /// Print the owner's database URL, for psql and backup tools
    DatabaseUrl,
    /// Say what is wrong, and how to mend it
    Doctor {
        /// Print JSON
        #[arg(long, env = "REGULARS_JSON", value_parser = BoolishValueParser::new())]
        json: bool,
    },
    /// Print a generated reference (what `make generate` writes)
    #[command(hide = true)]
    Reference {
        /// Which one
        what: Reference,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reference {
    Permissions,
    Errors,
    Configuration,
    Example,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Answer HTTP, leave jobs to other processes
    Web,
    /// Work on jobs, answer only health checks and metrics
    Worker,
}

/// Where people reach the server, for the links that are printed.
#[derive(Clone, Debug, Default, Args)]
pub struct Address {
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "REGULARS_LISTEN")]
    pub listen: Option<String>,
    /// The address people reach it at, for links and secure cookies [default: http:// and the listen address]
    #[arg(long, env = "REGULARS_PUBLIC_URL")]
    pub public_url: Option<String>,
}

#[derive(Clone, Debug, Default, Args)]
pub struct Serve {
    #[command(flatten)]
    pub address: Address,
    /// Run only one half
    #[arg(long, env = "REGULARS_ONLY", value_enum)]
    pub only: Option<Only>,
    /// Connections to PostgreSQL [default: four for each core and four, from 12 to 20]
    #[arg(long, env = "REGULARS_MAX_CONNECTIONS")]
    pub max_connections: Option<u32>,
    /// Jobs worked on at once [default: 4]
    #[arg(long, env = "REGULARS_WORKERS")]
    pub workers: Option<usize>,
    /// Seconds that running requests and jobs may take to finish after SIGTERM [default: 25]
    #[arg(long, env = "REGULARS_DRAIN_SECONDS")]
    pub drain_seconds: Option<u64>,
    /// Requests a minute for each key, session or address [default: 6000]
    #[arg(long, env = "REGULARS_RATE_LIMIT")]
    pub rate_limit: Option<u32>,
    /// Gigabytes of uploads and exports that each organization may keep [default: 5]
    #[arg(long, env = "REGULARS_KEPT_FILES_GB")]
    pub kept_files_gb: Option<u64>,
    /// Believe X-Forwarded-For from these addresses (comma list of IPs or networks)
    #[arg(long, env = "REGULARS_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Option<Vec<String>>,
    /// Where Klaviyo's profiles are pulled from [default: https://a.klaviyo.com]
    #[arg(long, env = "REGULARS_KLAVIYO_URL")]
    pub klaviyo_url: Option<String>,
    /// Write mirrors to the Firestore emulator at this host and port instead of Google's Firestore
    /// [default: FIRESTORE_EMULATOR_HOST, else Google's]
    #[arg(long, env = "REGULARS_FIRESTORE_EMULATOR")]
    pub firestore_emulator: Option<String>,
    /// Logs as `text` or `json` [default: text]
    #[arg(long, env = "REGULARS_LOG_FORMAT")]
    pub log_format: Option<String>,
    /// What to log, as tracing filters [default: info]
    #[arg(long, env = "REGULARS_LOG")]
    pub log: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum OrganizationCommand {
    /// Create an organization
    Create {
        /// The name that people read, as in "Atelier Nord"
        name: String,
        /// The short name by which commands know it [default: made from the name, as in atelier-nord]
        #[arg(long, env = "REGULARS_SLUG")]
        slug: Option<String>,
        /// The currency of its figures, ISO 4217
        #[arg(long, env = "REGULARS_CURRENCY", default_value = "EUR")]
        currency: String,
        /// The time zone of its days, IANA
        #[arg(long, env = "REGULARS_TIME_ZONE", default_value = "Europe/Berlin")]
        time_zone: String,
        /// How numbers and dates are written, BCP 47
        #[arg(long, env = "REGULARS_LOCALE", default_value = "en-GB")]
        locale: String,
    },
    /// List the organizations
    List {
        /// Print JSON
        #[arg(long, env = "REGULARS_JSON", value_parser = BoolishValueParser::new())]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create a user (or add an existing one) and print a one-time set-password link
    Create {
        /// Address by which they sign in
        email: String,
        /// Short name of the organization they become a member of
        #[arg(long, env = "REGULARS_ORGANIZATION")]
        organization: String,
        /// What they may do: owner, admin, agent or viewer (docs/permissions.md)
        #[arg(long, env = "REGULARS_ROLE")]
        role: regulars_kernel::Role,
        #[command(flatten)]
        address: Address,
    },
    /// Print a one-time link by which a user sets a new password; earlier links end
    Link {
        /// Address by which they sign in
        email: String,
        #[command(flatten)]
        address: Address,
    },
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create an API key and print it, once
    Create {
        /// Short name of the organization it opens
        #[arg(long, env = "REGULARS_ORGANIZATION")]
        organization: String,
        /// What it is called in the list of keys, as in laptop or ci
        #[arg(long, env = "REGULARS_NAME")]
        name: String,
        /// What it may do: owner, admin, agent or viewer (docs/permissions.md)
        #[arg(long, env = "REGULARS_ROLE")]
        role: regulars_kernel::Role,
    },
}

#[derive(Debug, Subcommand)]
pub enum ConnectionCommand {
    /// Make a connection and print where the other system is to send its webhooks
    Create {
        /// Short name of the organization
        #[arg(long, env = "REGULARS_ORGANIZATION")]
        organization: String,
        /// The other system: shopify, stripe, adyen or klaviyo
        #[arg(long, env = "REGULARS_PROVIDER")]
        provider: String,
        /// What the other system signs its messages with
        #[arg(long, env = "REGULARS_SECRET", hide_env_values = true)]
        secret: String,
        /// What it is called in the list of connections [default: the provider]
        #[arg(long, env = "REGULARS_NAME")]
        name: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct Import {
    /// CSV, JSON, JSON Lines or XLSX with customers, orders or products, as it was exported elsewhere
    pub file: PathBuf,
    /// What the file brings [default: what its columns plainly are of, as in Shopify's exports, else customers]
    #[arg(long, env = "REGULARS_KIND", value_parser = ["customers", "orders", "products", "carts", "wishlists"])]
    pub kind: Option<String>,
    /// Short name of the organization that gets them
    #[arg(long, env = "REGULARS_ORGANIZATION")]
    pub organization: String,
    /// JSON file with the mapping (docs/importing.md shows one) [default: what the columns seem to be]
    #[arg(long, env = "REGULARS_MAPPING")]
    pub mapping: Option<PathBuf>,
    /// Where the ids in the file come from, as in `erp` [default: by whose export it is, else csv]
    #[arg(long, env = "REGULARS_SOURCE")]
    pub source: Option<String>,
    /// What may become of rows: new and known records, only new ones, only known ones
    #[arg(long, env = "REGULARS_MODE", default_value = "upsert", value_parser = ["upsert", "create", "update"])]
    pub mode: String,
    /// What customers are recognised by (comma list) [default: external_id,email,phone]
    #[arg(long, env = "REGULARS_MATCH_BY", value_delimiter = ',', value_parser = ["external_id", "email", "phone", "code"])]
    pub match_by: Option<Vec<String>>,
    /// Show the plan and change nothing
    #[arg(long, env = "REGULARS_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub dry_run: bool,
    /// File to write the refused rows into, with their reasons
    #[arg(long, env = "REGULARS_ERRORS")]
    pub errors: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long, env = "REGULARS_JSON", value_parser = BoolishValueParser::new())]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Export customers
    Customers {
        /// Short name of the organization whose they are
        #[arg(long, env = "REGULARS_ORGANIZATION")]
        organization: String,
        /// How the file is written: CSV, JSON Lines, or one JSON array
        #[arg(long, env = "REGULARS_FORMAT", default_value = "csv", value_parser = ["csv", "jsonl", "json"])]
        format: String,
        /// The list's query string, as in `status=vip&country=DE`
        #[arg(long, env = "REGULARS_FILTER", default_value = "")]
        filter: String,
        /// File to write [default: stdout]
        #[arg(long, env = "REGULARS_OUTPUT")]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum MetricsCommand {
    /// Reckon everybody's figures from their orders and compare them with those that are kept
    Verify {
        /// Short name of the organization whose they are
        #[arg(long, env = "REGULARS_ORGANIZATION")]
        organization: String,
        /// Mend those that differ; without it they are an error
        #[arg(long, env = "REGULARS_REPAIR", value_parser = BoolishValueParser::new())]
        repair: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum SyncCommand {
    /// Compare Firestore with what is here; what differs is an error
    Verify(Sync),
    /// Compare, and write anew what differs
    Repair(Sync),
}

#[derive(Debug, Args)]
pub struct Sync {
    /// Short name of the organization whose mirror it is
    #[arg(long, env = "REGULARS_ORGANIZATION")]
    pub organization: String,
    /// Print JSON
    #[arg(long, env = "REGULARS_JSON", value_parser = BoolishValueParser::new())]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Short name of the organization to fill, made if there is none
    #[arg(long, env = "REGULARS_ORGANIZATION", default_value = "demo")]
    pub organization: String,
    /// How many customers to make
    #[arg(long, env = "REGULARS_CUSTOMERS", default_value_t = 10_000)]
    pub customers: u64,
    /// Another number makes other customers, the same one the same again
    #[arg(long, env = "REGULARS_SEED", default_value_t = 1)]
    pub seed: u64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_and_argument_says_what_it_is() {
        fn look(command: &clap::Command, path: &str) {
            for argument in command.get_arguments() {
                let name = argument.get_id();
                assert!(argument.get_help().is_some(), "{path} {name} is not described");
            }
            for below in command.get_subcommands() {
                let path = format!("{path} {}", below.get_name());
                assert!(below.get_about().is_some(), "{path} is not described");
                look(below, &path);
            }
        }
        look(&Cli::command(), "regulars");
    }

    #[test]
    fn every_option_has_an_environment_variable_named_after_it() {
        fn look(command: &clap::Command, path: &str) {
            for option in command.get_arguments().filter(|one| !one.is_positional()) {
                let Some(name) = option
                    .get_long()
                    .filter(|name| !["help", "version"].contains(name))
                else {
                    continue;
                };
                let variable = option.get_env().and_then(|name| name.to_str());
                let wanted = format!("REGULARS_{}", name.to_uppercase().replace('-', "_"));
                assert_eq!(variable, Some(wanted.as_str()), "{path} --{name}");
            }
            for below in command.get_subcommands() {
                look(below, &format!("{path} {}", below.get_name()));
            }
        }
        Cli::command().debug_assert();
        look(&Cli::command(), "regulars");
    }
}

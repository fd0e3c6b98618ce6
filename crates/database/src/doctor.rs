//! Looks a database over and says what is wrong and how to mend it. Reads only.

use regulars_kernel::Result;
use sqlx::PgPool;

use crate::{
    connect::{Opened, prove_held},
    migrate, version,
};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Good,
    /// Works, but should be looked at.
    Warning,
    /// Must be mended.
    Bad,
}

/// One check.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found.
    pub found: String,
    /// What to do, unless it is good.
    pub advice: Option<String>,
}

impl Check {
    fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Good,
            found: found.into(),
            advice: None,
        }
    }

    fn not(
        outcome: Outcome,
        name: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            name,
            outcome,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }
}

/// Runs every check of the database. A check that cannot be made is reported as bad, with the error.
pub async fn examine(opened: &Opened) -> Vec<Check> {
    let owner = &opened.owner;
    let mut checks = vec![
        settle("PostgreSQL version", server_version(owner).await),
        settle("Migrations", migrations(owner).await),
        settle("Serving role", serving_role(opened).await),
        settle("Row-level security", walls(owner).await),
        settle("Extension pg_trgm", extension(owner).await),
        settle("Encoding", encoding(owner).await),
        settle("Letters", letters(owner).await),
        settle("Data checksums", checksums(owner).await),
        settle("Durability", durability(owner).await),
        settle("Indexes", indexes(owner).await),
        settle("Connections", connections(opened).await),
    ];
    if opened.private.is_some() {
        checks.push(settle("Disk space", disk_space(opened)));
    }
    checks
}

fn settle(name: &'static str, result: Result<Check>) -> Check {
    result.unwrap_or_else(|error| {
        Check::not(
            Outcome::Bad,
            name,
            error.to_string(),
            "Mend what the message names and try again.",
        )
    })
}

async fn setting(pool: &PgPool, name: &str) -> Result<String> {
    Ok(sqlx::query_scalar("SELECT current_setting($1)")
        .bind(name)
        .fetch_one(pool)
        .await?)
}

async fn server_version(owner: &PgPool) -> Result<Check> {
    let name = "PostgreSQL version";
    version::check(owner).await?;
    let (number, text) = (
        version::number(owner).await?,
        setting(owner, "server_version").await?,
    );
    Ok(if number / 10_000 > version::NEWEST {
        let advice = format!(
            "Regulars is tested on {} to {}.",
            version::OLDEST,
            version::NEWEST
        );
        Check::not(Outcome::Warning, name, text, advice)
    } else {
        Check::good(name, text)
    })
}

async fn migrations(owner: &PgPool) -> Result<Check> {
    let pending = migrate::pending(owner).await?;
    Ok(if pending.is_empty() {
        Check::good("Migrations", format!("all {} applied", migrate::all().len()))
    } else {
        let names: Vec<_> = pending
            .iter()
            .map(|migration| format!("{:04} {}", migration.version, migration.description))
            .collect();
        Check::not(
            Outcome::Bad,
            "Migrations",
            format!("pending: {}", names.join(", ")),
            "Run `regulars migrate`, or start `regulars serve`, which applies them.",
        )
    })
}

async fn serving_role(opened: &Opened) -> Result<Check> {
    let name = "Serving role";
    match prove_held(opened.database.outside_organizations()).await {
        Ok(()) => Ok(Check::good(name, "regulars_app, held by row-level security")),
        Err(error) => Ok(Check::not(
            Outcome::Bad,
            name,
            error.to_string(),
            "Run the migrations; then the login role of DATABASE_URL must be a member of regulars_app \
             (GRANT regulars_app TO …), and regulars_app must own nothing and bypass nothing.",
        )),
    }
}

async fn walls(owner: &PgPool) -> Result<Check> {
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'sessions'
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1",
    )
    .fetch_all(owner)
    .await?;
    Ok(if open.is_empty() {
        Check::good("Row-level security", "forced on every organization's table")
    } else {
        Check::not(
            Outcome::Bad,
            "Row-level security",
            format!("not forced on {}", open.join(", ")),
            "Somebody turned it off: ALTER TABLE … ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY.",
        )
    })
}

async fn extension(owner: &PgPool) -> Result<Check> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT extversion FROM pg_extension WHERE extname = 'pg_trgm'")
            .fetch_optional(owner)
            .await?;
    Ok(match found {
        Some(version) => Check::good("Extension pg_trgm", version),
        None => Check::not(
            Outcome::Bad,
            "Extension pg_trgm",
            "not there",
            "Search needs it: CREATE EXTENSION pg_trgm (Debian: package postgresql-contrib; managed services allow it).",
        ),
    })
}

async fn encoding(owner: &PgPool) -> Result<Check> {
    let found = setting(owner, "server_encoding").await?;
    Ok(if found == "UTF8" {
        Check::good("Encoding", found)
    } else {
        Check::not(
            Outcome::Bad,
            "Encoding",
            found,
            "Make the database anew with ENCODING 'UTF8' and restore into it.",
        )
    })
}

/// Whether the locale knows more than ASCII, and I and i as one letter, which Turkish does not.
async fn letters(owner: &PgPool) -> Result<Check> {
    let known: bool = sqlx::query_scalar("SELECT lower('ÄÑŠI') = 'äñši'")
        .fetch_one(owner)
        .await?;
    Ok(if known {
        Check::good("Letters", "small and capital ones are known")
    } else {
        Check::not(
            Outcome::Warning,
            "Letters",
            "the database's locale does not know small and capital letters as Unicode does",
            "Tags and addresses such as “Ärger” and “ärger” count as two. Make the database anew with a locale such as \
             C.UTF-8 and restore into it.",
        )
    })
}

async fn checksums(owner: &PgPool) -> Result<Check> {
    Ok(if setting(owner, "data_checksums").await? == "on" {
        Check::good("Data checksums", "on")
    } else {
        Check::not(
            Outcome::Warning,
            "Data checksums",
            "off",
            "A disk that returns wrong bytes goes unnoticed. Stop the server and run `pg_checksums --enable`.",
        )
    })
}

async fn durability(owner: &PgPool) -> Result<Check> {
    let mut weak = Vec::new();
    for name in ["fsync", "synchronous_commit", "full_page_writes"] {
        let value = setting(owner, name).await?;
        if value == "off" {
            weak.push(name);
        }
    }
    Ok(if weak.is_empty() {
        Check::good("Durability", "a commit that was answered survives a power cut")
    } else {
        Check::not(
            Outcome::Bad,
            "Durability",
            format!("off: {}", weak.join(", ")),
            "A power cut loses or corrupts what was answered as saved. Turn them on in the server's configuration.",
        )
    })
}

async fn indexes(owner: &PgPool) -> Result<Check> {
    let invalid: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE c.relnamespace = 'public'::regnamespace AND NOT (i.indisvalid AND i.indisready) ORDER BY 1",
    )
    .fetch_all(owner)
    .await?;
    Ok(if invalid.is_empty() {
        Check::good("Indexes", "all valid")
    } else {
        Check::not(
            Outcome::Bad,
            "Indexes",
            format!("invalid: {}", invalid.join(", ")),
            "An index build was broken off. REINDEX INDEX CONCURRENTLY each of them.",
        )
    })
}

async fn connections(opened: &Opened) -> Result<Check> {
    let allowed: i64 = setting(&opened.owner, "max_connections").await?.parse()?;
    let used: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
            .fetch_one(&opened.owner)
            .await?;
    let ours = i64::from(
        opened
            .database
            .outside_organizations()
            .options()
            .get_max_connections(),
    );
    let found = format!("{used} of {allowed} in use; this server takes {ours} at most");
    Ok(if ours + 10 > allowed {
        Check::not(
            Outcome::Warning,
            "Connections",
            found,
            "Lower Regulars' number of connections or raise max_connections, or requests will be refused under load.",
        )
    } else {
        Check::good("Connections", found)
    })
}

fn disk_space(opened: &Opened) -> Result<Check> {
    let folder = opened
        .private
        .as_ref()
        .map_or(&opened.data_dir, |server| &server.cluster().data);
    let fs = nix::sys::statvfs::statvfs(folder)?;
    let free = fs.blocks_available() * fs.fragment_size();
    let found = format!("{:.1} GB free", free as f64 / 1e9);
    let advice = "The write-ahead log alone may take 4 GB, and a full disk stops every change. Make room, or move \
                  the data folder.";
    Ok(match free {
        0..1_000_000_000 => Check::not(Outcome::Bad, "Disk space", found, advice),
        1_000_000_000..6_000_000_000 => Check::not(Outcome::Warning, "Disk space", found, advice),
        _ => Check::good("Disk space", found),
    })
}

//! The schema's history: which migrations the program carries, which the database has, and applying the rest.
//!
//! What it never does: run as the serving role, or undo a migration.

use regulars_kernel::{Error, Result};
use sqlx::{PgPool, migrate::Migrator};

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// A migration that the program carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The number in its file name.
    pub version: i64,
    /// The words in its file name.
    pub description: String,
}

/// The migrations embedded in the program, oldest first.
pub fn all() -> Vec<Migration> {
    MIGRATOR
        .iter()
        .map(|migration| Migration {
            version: migration.version,
            description: migration.description.to_string(),
        })
        .collect()
}

/// A short text that changes whenever a migration's content does: test templates are named by it.
pub fn fingerprint() -> String {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    for migration in MIGRATOR.iter() {
        hash.update(migration.version.to_be_bytes());
        hash.update(&migration.checksum);
    }
    crate::hex(&hash.finalize()[..8])
}

/// Applies what is pending, in order. Servers that start at once wait for each other (an advisory lock).
pub async fn run(owner: &PgPool) -> Result<()> {
    crate::version::check(owner).await?;
    MIGRATOR.run(owner).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::VersionMissing(version) => Error::internal(format!(
            "The database has migration {version}, which this program does not know: it was used by a newer \
             Regulars. Start that version or a later one."
        )),
        sqlx::migrate::MigrateError::VersionMismatch(version) => Error::internal(format!(
            "Migration {version} was edited after it had been applied to this database. Migrations never change \
             once released: use the program as released."
        )),
        other => other.into(),
    })?;
    // `/readyz` asks as the serving role whether anything is pending.
    sqlx::query("GRANT SELECT ON public._sqlx_migrations TO regulars_app")
        .execute(owner)
        .await?;
    Ok(())
}

/// The migrations that the database does not have yet. Works before the first one, and as any role that may read
/// the record.
pub async fn pending(pool: &PgPool) -> Result<Vec<Migration>> {
    let recorded: bool = sqlx::query_scalar("SELECT to_regclass('public._sqlx_migrations') IS NOT NULL")
        .fetch_one(pool)
        .await?;
    let applied: Vec<i64> = if recorded {
        sqlx::query_scalar("SELECT version FROM public._sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(pool)
            .await?
    } else {
        Vec::new()
    };
    Ok(all()
        .into_iter()
        .filter(|migration| !applied.contains(&migration.version))
        .collect())
}

/// Whether nothing is pending.
pub async fn is_current(pool: &PgPool) -> Result<bool> {
    Ok(pending(pool).await?.is_empty())
}

//! Which PostgreSQL this is, and whether Regulars runs on it.

use regulars_kernel::{Error, Result};
use sqlx::PgPool;

/// The oldest major version that Regulars runs on.
pub const OLDEST: i32 = 15;
/// The newest major version that it is tested on.
pub const NEWEST: i32 = 18;

/// The server's version as `server_version_num`, as in 180004.
pub async fn number(pool: &PgPool) -> Result<i32> {
    let number: String = sqlx::query_scalar("SHOW server_version_num")
        .fetch_one(pool)
        .await?;
    number
        .parse()
        .map_err(|_| Error::internal(format!("PostgreSQL calls its version “{number}”")))
}

/// Fails with a sentence for the operator when the server is too old; newer than tested is only logged.
pub async fn check(pool: &PgPool) -> Result<()> {
    let major = number(pool).await? / 10_000;
    if major < OLDEST {
        return Err(Error::internal(format!(
            "This is PostgreSQL {major}; Regulars needs {OLDEST} to {NEWEST}. Upgrade the server, or leave \
             DATABASE_URL empty to use the private one."
        )));
    }
    if major > NEWEST {
        tracing::warn!(
            postgres.major = major,
            "PostgreSQL is newer than the versions Regulars is tested on"
        );
    }
    Ok(())
}

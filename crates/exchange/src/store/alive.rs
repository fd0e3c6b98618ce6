//! Who works on an import without a job: a lock of the session, which PostgreSQL lets go of when the process dies.

use std::time::Duration;

use regulars_database::{Database, Tx};
use regulars_kernel::{Result, ids::ImportId};
use sqlx::{Connection as _, PgConnection};

/// How long to wait for the session of a process that was killed a moment ago to be noticed as ended.
const PATIENCE: Duration = Duration::from_secs(3);

/// Held as long as the process works on an import. Dropped, it is let go of as if the process had died.
pub struct Alive(PgConnection);

impl Alive {
    /// Lets go of it at once.
    pub async fn release(self) {
        // A session that cannot be closed in order ends all the same.
        let _ = self.0.close().await;
    }
}

/// Takes an import for this process; none if another one has it.
pub async fn hold(database: &Database, id: ImportId) -> Result<Option<Alive>> {
    // Not given back to the pool: the lock is the session's.
    let mut session = database.outside_organizations().acquire().await?.detach();
    let mut waited = Duration::ZERO;
    loop {
        let is_ours = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "ours!""#, key(id))
            .fetch_one(&mut session)
            .await?;
        if is_ours {
            return Ok(Some(Alive(session)));
        }
        if waited >= PATIENCE {
            session.close().await?;
            return Ok(None);
        }
        let pause = Duration::from_millis(100);
        tokio::time::sleep(pause).await;
        waited += pause;
    }
}

/// Whether some process has it.
pub async fn is_held(tx: &mut Tx, id: ImportId) -> Result<bool> {
    let key = key(id);
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (
             SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
             WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
               AND l.classid::bigint = $1 AND l.objid::bigint = $2) AS "held!""#,
        (key >> 32) & 0xffff_ffff,
        key & 0xffff_ffff,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The random half of the id.
fn key(id: ImportId) -> i64 {
    let (_, low) = id.0.as_u64_pair();
    low.cast_signed()
}

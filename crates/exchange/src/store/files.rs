//! The files of an organization, as the rows of `imports` and `exports` tell of them.

use regulars_database::Tx;
use regulars_kernel::Result;
use uuid::Uuid;

use crate::space::Held;

/// Keeps others of the organization from counting until the transaction ends.
pub async fn lock(tx: &mut Tx) -> Result<()> {
    let key = format!("files of {}", tx.organization_id());
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Of these ids, of any organization, those of imports and exports that still need their file.
pub async fn needed(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let needed = sqlx::query_scalar!(
        r#"SELECT needed AS "needed!" FROM exchange_needed($1) needed"#,
        ids
    );
    Ok(needed.fetch_all(tx.conn()).await?)
}

/// How many files there are, and their bytes.
pub async fn held(tx: &mut Tx) -> Result<Held> {
    Ok(sqlx::query_as!(
        Held,
        r#"SELECT i.files AS "imports!", i.bytes AS "import_bytes!", e.files AS "exports!", e.bytes AS "export_bytes!"
           FROM (SELECT count(*) AS files, coalesce(sum(file_bytes), 0)::bigint AS bytes FROM imports
                 WHERE state NOT IN ('done', 'cancelled')) i,
                (SELECT count(*) AS files, coalesce(sum(bytes), 0)::bigint AS bytes FROM exports WHERE state = 'done') e"#
    )
    .fetch_one(tx.conn())
    .await?)
}

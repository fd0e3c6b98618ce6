//! Rows that were not imported: rows of `import_errors`.

use regulars_database::Tx;
use regulars_kernel::{Result, ids::ImportId};

use crate::model::{Outcome, RowError};

/// Keeps rows that were not imported.
pub async fn insert(tx: &mut Tx, id: ImportId, phase: &str, errors: &[RowError]) -> Result<()> {
    if errors.is_empty() {
        return Ok(());
    }
    let mut positions = Vec::with_capacity(errors.len());
    let mut outcomes = Vec::with_capacity(errors.len());
    let mut faults = Vec::with_capacity(errors.len());
    let mut fields = Vec::with_capacity(errors.len());
    for error in errors {
        positions.push(error.position as i64);
        outcomes.push(error.outcome.as_str());
        // jsonb keeps no NUL.
        faults.push(super::imports::json_without_nul(serde_json::to_value(
            &error.reasons,
        )?));
        fields.push(super::imports::json_without_nul(serde_json::to_value(
            &error.fields,
        )?));
    }
    sqlx::query!(
        "INSERT INTO import_errors (organization_id, import_id, position, phase, outcome, faults, fields)
         SELECT $1, $2, n.position, $3, n.outcome, n.faults, n.fields
         FROM unnest($4::bigint[], $5::text[], $6::jsonb[], $7::jsonb[]) AS n (position, outcome, faults, fields)
         ON CONFLICT (organization_id, import_id, phase, position) DO UPDATE
           SET outcome = EXCLUDED.outcome, faults = EXCLUDED.faults, fields = EXCLUDED.fields",
        tx.organization_id().0,
        id.0,
        phase,
        &positions,
        &outcomes as &[&str],
        &faults,
        &fields,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets what an earlier check found.
pub async fn forget_plan(tx: &mut Tx, id: ImportId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM import_errors WHERE import_id = $1 AND phase = 'plan'",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Some rows after a position, in order; fewer than asked for where they are long (a row may have a megabyte), none at the end.
pub async fn page(tx: &mut Tx, id: ImportId, after: u64, limit: i64, bytes: i64) -> Result<Vec<RowError>> {
    let rows = sqlx::query!(
        r#"SELECT position, outcome AS "outcome: Outcome", faults, fields FROM (
             SELECT e.*, sum(octet_length(fields::text)) OVER (ORDER BY position, phase) - octet_length(fields::text) AS before
             FROM import_errors e WHERE import_id = $1 AND position > $2
             ORDER BY position, phase LIMIT $3) page
           WHERE before < $4::bigint ORDER BY position, phase"#,
        id.0,
        after as i64,
        limit,
        bytes,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(RowError {
                position: row.position as u64,
                outcome: row.outcome,
                reasons: serde_json::from_value(row.faults)?,
                fields: serde_json::from_value(row.fields)?,
            })
        })
        .collect()
}

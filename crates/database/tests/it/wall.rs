//! Rows of one organization behind the wall, tried from another: on every table of the catalogue, so that a new table
//! is tried without anybody thinking of it.

use regulars_kernel::Scope;
use regulars_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, PgPool, Row as _};

async fn tables(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
           AND c.relkind IN ('r', 'p') AND c.relforcerowsecurity ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Puts one row into every tenant table of the organization, as the owner with checks and keys switched off: what the
/// row says does not matter here, only whose it is.
async fn fill(pool: &PgPool, scope: Scope) {
    let mut connection = pool.acquire().await.unwrap();
    sqlx::raw_sql("SET session_replication_role = replica")
        .execute(&mut *connection)
        .await
        .unwrap();
    // The parts of a divided table are tried as tables of their own; what belongs to none of them lies in the last one, which
    // is filled by the whole.
    let parts: Vec<String> = sqlx::query_scalar(
        "SELECT format('ALTER TABLE %s DETACH PARTITION %s', i.inhparent::regclass, c.oid::regclass)
         FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE c.relkind = 'r' AND c.relispartition AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    for statement in parts {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    let filled_by_the_whole: Vec<String> =
        sqlx::query_scalar("SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relispartition")
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    for table in tables(pool).await {
        if filled_by_the_whole.contains(&table) {
            continue;
        }
        let checks: Vec<String> = sqlx::query_scalar(
            "SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', $1, conname) FROM pg_constraint
             WHERE conrelid = $1::regclass AND contype = 'c'",
        )
        .bind(&table)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
        for statement in checks {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut *connection)
                .await
                .unwrap();
        }
        let columns = sqlx::query(
            "SELECT attname::text, format_type(atttypid, NULL), attndims FROM pg_attribute
             WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull AND attgenerated = ''
               AND attidentity = ''",
        )
        .bind(&table)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for column in columns {
            let (name, kind): (String, String) = (column.get(0), column.get(1));
            values.push(match (name.as_str(), kind.as_str()) {
                ("organization_id", _) => format!("'{}'", scope.organization_id),
                (_, "uuid") => "gen_random_uuid()".to_owned(),
                (_, "text") => "gen_random_uuid()::text".to_owned(),
                (_, "jsonb") => "'{}'".to_owned(),
                (_, "boolean") => "false".to_owned(),
                (_, "bytea") => "'\\x00'".to_owned(),
                (_, "date" | "timestamp with time zone") => "now()".to_owned(),
                (_, kind) if kind.ends_with("[]") => "'{}'".to_owned(),
                _ => "1".to_owned(),
            });
            names.push(name);
        }
        let statement = format!(
            "INSERT INTO {table} ({}) VALUES ({})",
            names.join(", "),
            values.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(statement.clone()))
            .execute(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    sqlx::raw_sql("RESET session_replication_role")
        .execute(&mut *connection)
        .await
        .unwrap();
}

/// Runs a statement in a transaction of its own; how many rows it touched, or PostgreSQL's code for why not.
async fn attempt(db: &TestDatabase, scope: Scope, statement: String) -> Result<u64, String> {
    let mut tx = db.begin(scope).await;
    let outcome = sqlx::raw_sql(AssertSqlSafe(statement)).execute(tx.conn()).await;
    tx.rollback().await.unwrap();
    match outcome {
        Ok(done) => Ok(done.rows_affected()),
        Err(sqlx::Error::Database(error)) => Err(error.code().unwrap_or_default().into_owned()),
        Err(error) => panic!("{error}"),
    }
}

/// PostgreSQL's insufficient_privilege, which is also what a policy answers.
const REFUSED: &str = "42501";

#[tokio::test]
async fn no_table_shows_or_gives_another_organizations_rows() {
    let db = TestDatabase::new().await;
    let (ours, theirs) = (db.organization("ours").await, db.organization("theirs").await);
    fill(db.owner(), ours).await;
    fill(db.owner(), theirs).await;
    let tables = tables(db.owner()).await;
    assert!(tables.len() > 15, "the catalogue has tables");
    for table in tables {
        let seen = attempt(&db, ours, format!("SELECT FROM {table}")).await;
        assert_eq!(seen, Ok(1), "{table}: we see our own row only");
        let seen = attempt(
            &db,
            ours,
            format!(
                "SELECT FROM {table} WHERE organization_id = '{}'",
                theirs.organization_id
            ),
        );
        assert_eq!(
            seen.await,
            Ok(0),
            "{table}: their row is not seen even when asked for"
        );

        let insert = format!(
            "INSERT INTO {table} (organization_id) VALUES ('{}')",
            theirs.organization_id
        );
        assert_eq!(
            attempt(&db, ours, insert).await,
            Err(REFUSED.into()),
            "{table}: no row for them can be added"
        );

        let update = format!(
            "UPDATE {table} SET organization_id = organization_id WHERE organization_id = '{}'",
            theirs.organization_id
        );
        let updated = attempt(&db, ours, update).await;
        assert!(
            updated == Ok(0) || updated == Err(REFUSED.into()),
            "{table}: their row was updated: {updated:?}"
        );

        let give = format!(
            "UPDATE {table} SET organization_id = '{}'",
            theirs.organization_id
        );
        assert_eq!(
            attempt(&db, ours, give).await,
            Err(REFUSED.into()),
            "{table}: our row was given to them"
        );

        let delete = format!(
            "DELETE FROM {table} WHERE organization_id = '{}'",
            theirs.organization_id
        );
        let deleted = attempt(&db, ours, delete).await;
        assert!(
            deleted == Ok(0) || deleted == Err(REFUSED.into()),
            "{table}: their row was deleted: {deleted:?}"
        );
    }
}

#[tokio::test]
async fn without_an_organization_no_tenant_row_is_visible() {
    let db = TestDatabase::new().await;
    let scope = db.organization("acme").await;
    fill(db.owner(), scope).await;
    for table in tables(db.owner()).await {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT FROM {table}")))
            .fetch_all(db.database().outside_organizations())
            .await
            .unwrap();
        assert!(rows.is_empty(), "{table} shows rows outside of any organization");
    }
}

#[tokio::test]
async fn a_transactions_organization_ends_with_it() {
    let db = TestDatabase::new().await;
    let scope = db.organization("acme").await;
    let mut connection = db.database().outside_organizations().acquire().await.unwrap();
    let before: Option<uuid::Uuid> = sqlx::query_scalar("SELECT current_organization()")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    drop(connection);
    db.begin(scope).await.commit().await.unwrap();
    db.begin(scope).await.rollback().await.unwrap();
    drop(db.begin(scope).await);
    for _ in 0..4 {
        let after: Option<uuid::Uuid> = sqlx::query_scalar("SELECT current_organization()")
            .fetch_one(db.database().outside_organizations())
            .await
            .unwrap();
        assert_eq!(after, before);
        assert_eq!(after, None);
    }
}

#[tokio::test]
async fn whoever_connects_serves_as_the_held_role() {
    use regulars_database::connect::serving_pool;
    let db = TestDatabase::new().await;
    let (_, options) = db.connect_options();
    // Straight as the superuser it would work; the pool always becomes the held role.
    let pool = serving_pool(options, 2);
    let role: String = sqlx::query_scalar("SELECT current_user::text")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(role, "regulars_app");
}

//! Walks the catalogue: every table keeps the rules of migrations/README.md, whoever adds it.

use regulars_testkit::TestDatabase;
use sqlx::PgPool;

/// Tables that belong to no organization. Adding one here needs a good reason.
const WITHOUT_ORGANIZATION: [&str; 6] = [
    "_sqlx_migrations",
    "job_schedules",
    "organizations",
    "sessions",
    "user_tokens",
    "users",
];

/// Rows of the query, each one a fault; the excepted tables come as the first parameter.
async fn faults(pool: &PgPool, query: &'static str) -> Vec<String> {
    let except: Vec<String> = WITHOUT_ORGANIZATION
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    sqlx::query_scalar(query)
        .bind(except)
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn expect_none(query: &'static str) {
    let db = TestDatabase::new().await;
    let found = faults(db.owner(), query).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn every_listed_table_without_organization_exists() {
    let db = TestDatabase::new().await;
    for name in WITHOUT_ORGANIZATION {
        let there: bool = sqlx::query_scalar("SELECT to_regclass('public.' || $1) IS NOT NULL")
            .bind(name)
            .fetch_one(db.owner())
            .await
            .unwrap();
        assert!(there, "{name} is listed, but there is no such table");
    }
}

#[tokio::test]
async fn every_other_table_has_a_required_organization() {
    expect_none(
        "SELECT c.relname::text FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> ALL($1)
           AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id'
                           AND a.attnotnull AND a.atttypid = 'uuid'::regtype)",
    )
    .await;
}

#[tokio::test]
async fn every_other_table_has_row_level_security_forced_with_the_tenant_policy() {
    expect_none(
        "SELECT c.relname::text FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> ALL($1)
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
             SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polroles = '{0}'
               AND pg_get_expr(p.polqual, c.oid) = '(organization_id = current_organization())'
               AND pg_get_expr(p.polwithcheck, c.oid) = '(organization_id = current_organization())'))",
    )
    .await;
}

#[tokio::test]
async fn only_the_definer_has_a_policy_beside_the_tenants() {
    expect_none(
        "SELECT c.relname || ': ' || p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
         WHERE p.polname <> 'tenant' AND p.polroles <> ARRAY['regulars_definer'::regrole::oid]
           AND c.relname <> ALL($1)",
    )
    .await;
}

#[tokio::test]
async fn the_organization_leads_every_primary_and_unique_key() {
    expect_none(
        "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique AND c.relname <> ALL($1)
           AND (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0])
               IS DISTINCT FROM 'organization_id'",
    )
    .await;
}

#[tokio::test]
async fn every_table_has_a_primary_key() {
    expect_none(
        "SELECT c.relname::text FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND $1::text[] IS NOT NULL
           AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)",
    )
    .await;
}

#[tokio::test]
async fn the_organization_leads_every_foreign_key_between_its_tables() {
    // Those to organizations and users name a single column, and the tables without organization point where they like.
    expect_none(
        "SELECT k.conrelid::regclass || ': ' || k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
         WHERE k.contype = 'f' AND c.relnamespace = 'public'::regnamespace AND c.relname <> ALL($1)
           AND k.confrelid NOT IN ('organizations'::regclass, 'users'::regclass)
           AND NOT ((SELECT attname FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = k.conkey[1]) = 'organization_id'
                AND (SELECT attname FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = k.confkey[1]) = 'organization_id')",
    )
    .await;
}

#[tokio::test]
async fn every_foreign_key_has_an_index_behind_it() {
    // The first columns of the index are those of the key, in any order; a partial index counts when it leaves out
    // nothing but rows without the reference.
    expect_none(
        "SELECT k.conrelid::regclass || ': ' || k.conname FROM pg_constraint k
         WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND $1::text[] IS NOT NULL
           AND NOT EXISTS (
             SELECT FROM pg_index i
             WHERE i.indrelid = k.conrelid AND i.indisvalid
               AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) IN (
                      SELECT '(' || a.attname || ' IS NOT NULL)' FROM pg_attribute a
                      WHERE a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)))
               AND (SELECT array_agg(n ORDER BY n) FROM unnest((i.indkey::int2[])[0:cardinality(k.conkey) - 1]) n)
                 = (SELECT array_agg(n ORDER BY n) FROM unnest(k.conkey) n))",
    )
    .await;
}

#[tokio::test]
async fn triggers_stamp_their_own_row_and_nothing_else() {
    expect_none(
        "SELECT t.tgrelid::regclass || ': ' || t.tgname FROM pg_trigger t
         WHERE NOT t.tgisinternal AND $1::text[] IS NOT NULL
           AND NOT (t.tgfoid = 'stamp_updated'::regproc AND t.tgtype & 1 = 1 AND t.tgtype & 2 = 2)",
    )
    .await;
}

#[tokio::test]
async fn every_table_that_says_when_it_was_changed_is_stamped_by_its_trigger() {
    let db = TestDatabase::new().await;
    let unstamped = faults(
        db.owner(),
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'updated_at'
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND $1::text[] IS NOT NULL
           -- For each row (1), before (2) and on update (16), and switched on.
           AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'stamp_updated'::regproc
                           AND t.tgtype & 19 = 19 AND t.tgenabled = 'O')
         ORDER BY 1",
    )
    .await;
    assert!(unstamped.is_empty(), "{}", unstamped.join("\n"));
    // And the trigger does it, whatever the statement says of the two columns.
    let scope = db.organization("acme").await;
    let (stamped, version): (bool, i32) = sqlx::query_as(
        "UPDATE organizations SET name = 'Acme AG', updated_at = '2001-01-01', version = 77 WHERE id = $1
         RETURNING updated_at > now() - interval '1 minute', version",
    )
    .bind(scope.organization_id.0)
    .fetch_one(db.owner())
    .await
    .unwrap();
    assert_eq!((stamped, version), (true, 2));
}

#[tokio::test]
async fn every_column_of_customers_makes_a_new_version_but_when_they_were_last_active() {
    expect_none(
        "SELECT a.attname::text FROM pg_attribute a
         JOIN pg_trigger t ON t.tgrelid = a.attrelid AND t.tgfoid = 'stamp_updated'::regproc
         WHERE a.attrelid = 'customers'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
           AND $1::text[] IS NOT NULL AND (a.attnum = ANY(t.tgattr)) = (a.attname = 'last_active_at')",
    )
    .await;
}

#[tokio::test]
async fn definer_functions_belong_to_the_definer_with_a_fixed_path_and_a_closed_door() {
    expect_none(
        "SELECT p.oid::regprocedure::text FROM pg_proc p
         WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND $1::text[] IS NOT NULL
           AND NOT ((p.proowner = 'regulars_definer'::regrole
                     -- Only the owner of a table, an index or a sequence may do these; they read and give no row.
                     OR p.proname IN ('customers_clean_search_index', 'customers_refresh_statistics',
                                      'reserve_customer_codes', 'activities_keep_months'))
                AND EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%pg_temp')
                AND p.proacl IS NOT NULL
                AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))",
    )
    .await;
}

#[tokio::test]
async fn the_serving_role_owns_nothing_and_bypasses_nothing() {
    let db = TestDatabase::new().await;
    let found = faults(
        db.owner(),
        "SELECT r.rolname || ' has too much power' FROM pg_roles r
         WHERE r.rolname IN ('regulars_app', 'regulars_definer') AND $1::text[] IS NOT NULL
           AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolcanlogin)
         UNION ALL
         SELECT 'regulars_app owns ' || c.relname FROM pg_class c WHERE c.relowner = 'regulars_app'::regrole
         UNION ALL
         SELECT 'regulars_definer owns ' || c.relname FROM pg_class c WHERE c.relowner = 'regulars_definer'::regrole
         UNION ALL
         SELECT 'regulars_app may become ' || r.rolname FROM pg_roles r
         WHERE r.rolname <> 'regulars_app' AND pg_has_role('regulars_app', r.oid, 'MEMBER')
         UNION ALL
         SELECT 'regulars_app may make objects' WHERE has_schema_privilege('regulars_app', 'public', 'CREATE')
         UNION ALL
         SELECT 'regulars_app may empty or hook ' || c.relname FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND has_table_privilege('regulars_app', c.oid, 'TRUNCATE, TRIGGER, REFERENCES')",
    )
    .await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

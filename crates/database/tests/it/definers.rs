//! The functions that run as the definer, who sees past the wall: a list of all of them with what keeps each from telling
//! one organization of another, and trials of those that look across organizations because they must.

use std::{collections::BTreeMap, path::Path};

use regulars_kernel::Scope;
use regulars_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

/// What keeps a function from telling too much.
enum Wall {
    /// It applies `current_organization()` itself.
    Applies,
    /// It looks across organizations, and why.
    Across(&'static str),
    /// It reads and gives no row of any organization.
    NoRows,
}

use Wall::{Across, Applies, NoRows};

const HERE: &str = "crates/database/tests/it/definers.rs";
const SEARCH: &str = "crates/customers/tests/it/find_search.rs";
const SHOWN: &str = "the_functions_behind_the_wall_show_one_organization_its_own";
const WORKERS: &str = "workers_see_the_jobs_of_all_and_touch_no_others_than_their_own";

/// Every such function, and the file and name of the test that tries it.
const DEFINERS: &[(&str, Wall, &str, &str)] = &[
    ("find_customers(jsonb,jsonb,integer)", Applies, SEARCH, SHOWN),
    ("walk_customers(jsonb,jsonb,integer)", Applies, SEARCH, SHOWN),
    ("named_customers(text[],integer)", Applies, SEARCH, SHOWN),
    (
        "user_memberships(uuid)",
        Across("signing in knows the person before the organization"),
        HERE,
        "a_person_is_told_their_own_memberships_and_nobody_elses",
    ),
    (
        "invitation_by_token(bytea)",
        Across("a link is known before its organization"),
        HERE,
        "an_invitation_is_found_by_its_link_alone",
    ),
    (
        "exchange_expired(timestamp with time zone,integer)",
        Across("one sweep serves all organizations"),
        HERE,
        "the_sweep_is_told_ids_and_nothing_that_is_in_use",
    ),
    (
        "exchange_needed(uuid[])",
        Across("files lie in one folder, whoever's they are"),
        HERE,
        "the_sweep_is_told_ids_and_nothing_that_is_in_use",
    ),
    (
        "firestore_due(integer)",
        Across("every server looks whose mirror has something to do, for all organizations"),
        HERE,
        "whose_mirror_has_something_to_do_is_told_by_the_organization_alone",
    ),
    (
        "job_claim(text,text[],integer,interval,integer,uuid)",
        Across("a worker serves all organizations"),
        HERE,
        WORKERS,
    ),
    (
        "job_heartbeat(text,uuid[],bigint[],bigint[],interval)",
        Across("a worker serves all organizations"),
        HERE,
        WORKERS,
    ),
    (
        "job_sweep(interval,interval)",
        Across("any worker takes back the jobs of one that stopped answering"),
        HERE,
        WORKERS,
    ),
    (
        "job_forget(interval,interval,integer)",
        Across("what was over long ago is forgotten for all organizations"),
        "crates/jobs/tests/it/schedules.rs",
        "what_was_over_long_ago_is_forgotten_and_dead_jobs_wait_longer",
    ),
    (
        "job_counts()",
        Across("the operator's figures are of the whole server"),
        HERE,
        WORKERS,
    ),
    (
        "customers_clean_search_index()",
        NoRows,
        HERE,
        "those_of_the_owner_give_nothing",
    ),
    (
        "customers_refresh_statistics(bigint)",
        NoRows,
        HERE,
        "those_of_the_owner_give_nothing",
    ),
    (
        "activities_keep_months()",
        NoRows,
        HERE,
        "those_of_the_owner_give_nothing",
    ),
    (
        "reserve_customer_codes(bigint)",
        NoRows,
        HERE,
        "those_of_the_owner_give_nothing",
    ),
];

#[tokio::test]
async fn every_function_that_runs_as_somebody_else_is_listed_with_its_wall_and_the_test_of_it() {
    let db = TestDatabase::new().await;
    let found: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT p.oid::regprocedure::text, p.prosrc LIKE '%current_organization()%', p.prorettype = 'void'::regtype
         FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef",
    )
    .fetch_all(db.owner())
    .await
    .unwrap();
    let found: BTreeMap<String, (bool, bool)> = found
        .into_iter()
        .map(|(name, applies, is_void)| (name, (applies, is_void)))
        .collect();
    let listed: BTreeMap<&str, _> = DEFINERS
        .iter()
        .map(|(name, wall, file, test)| (*name, (wall, file, test)))
        .collect();
    assert_eq!(
        found.keys().map(String::as_str).collect::<Vec<_>>(),
        listed.keys().copied().collect::<Vec<_>>()
    );
    for (name, (applies, is_void)) in found {
        let (wall, file, test) = listed[name.as_str()];
        match wall {
            Applies => assert!(applies, "{name} does not apply the organization"),
            NoRows => assert!(is_void, "{name} gives something"),
            Across(why) => assert!(!applies && !why.is_empty(), "{name} looks across"),
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(
            source.contains(&format!("async fn {test}()")),
            "{file} has no test {test}"
        );
    }
}

/// Two organizations, of which the second has what the first must not hear of.
async fn two() -> (TestDatabase, Scope, Scope) {
    let db = TestDatabase::new().await;
    let (ours, theirs) = (db.organization("ours").await, db.organization("theirs").await);
    (db, ours, theirs)
}

async fn execute(pool: &PgPool, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(pool)
        .await
        .unwrap();
}

/// What a statement gives to the serving role within an organization, each row as JSON.
async fn rows(db: &TestDatabase, scope: Scope, call: &str) -> Vec<serde_json::Value> {
    let mut tx = db.begin(scope).await;
    let rows = sqlx::query_scalar(AssertSqlSafe(format!("SELECT to_jsonb(r) FROM {call} r")))
        .fetch_all(tx.conn())
        .await
        .unwrap_or_else(|error| panic!("{call}: {error}"));
    tx.commit().await.unwrap();
    rows
}

/// The names of what a row tells.
fn told(row: &serde_json::Value) -> Vec<&str> {
    let mut names: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_person_is_told_their_own_memberships_and_nobody_elses() {
    let (db, ours, theirs) = two().await;
    let (ada, bob) = (Uuid::new_v4(), Uuid::new_v4());
    for (user, name) in [(ada, "ada"), (bob, "bob")] {
        execute(
            db.owner(),
            format!("INSERT INTO users (id, email) VALUES ('{user}', '{name}@example.com')"),
        )
        .await;
    }
    for (scope, user, role, ended) in [
        (ours, ada, "agent", "NULL"),
        (theirs, bob, "owner", "NULL"),
        (theirs, ada, "viewer", "now()"),
    ] {
        let organization = scope.organization_id;
        execute(
            db.owner(),
            format!(
                "INSERT INTO memberships (organization_id, user_id, role, ended_at)
                 VALUES ('{organization}', '{user}', '{role}', {ended})"
            ),
        )
        .await;
    }
    for scope in [ours, theirs] {
        let found = rows(&db, scope, &format!("user_memberships('{ada}')")).await;
        assert_eq!(found.len(), 1, "what ended is not told: {found:?}");
        assert_eq!(told(&found[0]), ["organization_id", "role"]);
        assert_eq!(found[0]["organization_id"], ours.organization_id.to_string());
    }
    for nobody in [format!("'{}'", Uuid::new_v4()), "NULL".to_owned()] {
        let found = rows(&db, ours, &format!("user_memberships({nobody})")).await;
        assert!(found.is_empty(), "{found:?}");
    }
    // The table itself stays behind the wall.
    let members = rows(&db, ours, "memberships").await;
    assert_eq!(members.len(), 1);
    assert_eq!(members[0]["user_id"], ada.to_string());
}

#[tokio::test]
async fn an_invitation_is_found_by_its_link_alone() {
    let (db, ours, theirs) = two().await;
    let user = Uuid::new_v4();
    let id = Uuid::new_v4();
    let organization = theirs.organization_id;
    execute(
        db.owner(),
        format!(
            "INSERT INTO users (id, email) VALUES ('{user}', 'ada@example.com');
             INSERT INTO invitations (organization_id, id, user_id, email, role, token_hash, expires_at)
             VALUES ('{organization}', '{id}', '{user}', 'ada@example.com', 'agent', sha256('link'), now() + interval '1 day')"
        ),
    )
    .await;
    let found = rows(&db, ours, "invitation_by_token(sha256('link'))").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        told(&found[0]),
        ["expires_at", "id", "organization_id", "user_id"]
    );
    for wrong in [
        "sha256('lin')",
        "''::bytea",
        "NULL",
        "substr(sha256('link'), 1, 31)",
    ] {
        let found = rows(&db, ours, &format!("invitation_by_token({wrong})")).await;
        assert!(found.is_empty(), "{wrong}: {found:?}");
    }
    assert!(rows(&db, ours, "invitations").await.is_empty());
}

#[tokio::test]
async fn whose_mirror_has_something_to_do_is_told_by_the_organization_alone() {
    let (db, ours, theirs) = two().await;
    let organization = theirs.organization_id;
    execute(
        db.owner(),
        format!(
            "INSERT INTO firestore_mirrors (organization_id, project_id, database_id, collection)
               VALUES ('{organization}', 'secret', '(default)', 'customers');
             INSERT INTO firestore_progress (organization_id) VALUES ('{organization}');
             INSERT INTO firestore_credentials (organization_id, credentials, created_at) VALUES ('{organization}', 'secret', now())"
        ),
    )
    .await;
    let due = "firestore_due(10)";
    assert!(rows(&db, ours, due).await.is_empty(), "nothing is to be done");
    let change = format!(
        "INSERT INTO customer_changes (organization_id, follower, id, customer_id, changed_at)
         VALUES ('{organization}', 'firestore', gen_random_uuid(), gen_random_uuid(), now())"
    );
    execute(db.owner(), change).await;
    let found = rows(&db, ours, due).await;
    // A single column: the row is its value.
    assert_eq!(found, [serde_json::json!(organization.to_string())]);
    assert!(rows(&db, ours, "firestore_due(0)").await.is_empty());
    for busy in [
        "UPDATE firestore_progress SET worker_until = now() + interval '1 minute'",
        "UPDATE firestore_progress SET worker_until = NULL, not_before = now() + interval '1 minute'",
        "UPDATE firestore_progress SET not_before = NULL; UPDATE firestore_mirrors SET paused_at = now()",
    ] {
        execute(db.owner(), busy.to_owned()).await;
        assert!(rows(&db, ours, due).await.is_empty(), "{busy}");
    }
    for table in [
        "firestore_mirrors",
        "firestore_progress",
        "firestore_credentials",
        "customer_changes",
    ] {
        assert!(rows(&db, ours, table).await.is_empty(), "{table}");
    }
}

#[tokio::test]
async fn the_sweep_is_told_ids_and_nothing_that_is_in_use() {
    let (db, ours, theirs) = two().await;
    let organization = theirs.organization_id;
    let ids: [Uuid; 6] = std::array::from_fn(|_| Uuid::new_v4());
    let [
        old_import,
        new_import,
        done_import,
        old_export,
        new_export,
        expired,
    ] = ids;
    for (id, state, changed) in [
        (old_import, "uploaded", "now() - interval '90 days'"),
        (new_import, "applying", "now()"),
        (done_import, "done", "now() - interval '90 days'"),
    ] {
        execute(
            db.owner(),
            format!(
                "INSERT INTO imports (organization_id, id, state, file_name, file_bytes, file_sha256, format, headers,
                                      mapping, actor_kind, updated_at)
                 VALUES ('{organization}', '{id}', '{state}', 'secret.csv', 1, '', '{{}}', '[]', '{{}}', 'system', {changed})"
            ),
        )
        .await;
    }
    for (id, state, created, expires) in [
        (old_export, "running", "now() - interval '90 days'", "NULL"),
        (new_export, "done", "now()", "now() + interval '1 day'"),
        (
            expired,
            "done",
            "now() - interval '9 days'",
            "now() - interval '1 day'",
        ),
    ] {
        execute(
            db.owner(),
            format!(
                "INSERT INTO exports (organization_id, id, state, format, query, actor_kind, created_at, expires_at)
                 VALUES ('{organization}', '{id}', '{state}', 'csv', '{{}}', 'system', {created}, {expires})"
            ),
        )
        .await;
    }
    let found = rows(&db, ours, "exchange_expired(now() - interval '30 days', 100)").await;
    let mut swept: Vec<String> = Vec::new();
    for row in &found {
        assert_eq!(told(row), ["id", "organization_id", "what"]);
        swept.push(row["id"].as_str().unwrap().to_owned());
    }
    swept.sort();
    let mut wanted = [old_import, old_export, expired].map(|id| id.to_string());
    wanted.sort();
    assert_eq!(swept, wanted);

    // Gives back some of what it is given and can be asked about nothing else.
    let asked = [new_import, done_import, new_export, Uuid::new_v4()].map(|id| format!("'{id}'"));
    let call = format!("exchange_needed(ARRAY[{}]::uuid[])", asked.join(", "));
    let mut needed: Vec<String> = rows(&db, ours, &call)
        .await
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    needed.sort();
    let mut wanted = [new_import, new_export].map(|id| id.to_string());
    wanted.sort();
    assert_eq!(needed, wanted);
    for nothing in ["'{}'", "NULL"] {
        assert!(
            rows(&db, ours, &format!("exchange_needed({nothing})"))
                .await
                .is_empty()
        );
    }
    for table in ["imports", "exports"] {
        assert!(rows(&db, ours, table).await.is_empty(), "{table}");
    }
}

#[tokio::test]
async fn workers_see_the_jobs_of_all_and_touch_no_others_than_their_own() {
    let (db, ours, theirs) = two().await;
    let jobs = [ours, theirs].map(|scope| (scope, Uuid::new_v4()));
    for (scope, id) in jobs {
        let organization = scope.organization_id;
        execute(
            db.owner(),
            format!("INSERT INTO jobs (organization_id, id, kind) VALUES ('{organization}', '{id}', 'test')"),
        )
        .await;
    }
    let claim = |worker: &str| {
        format!(
            "job_claim('{worker}', NULL, 10, interval '1 minute', 10, '00000000-0000-0000-0000-000000000000')"
        )
    };
    let mut claimed: Vec<(String, String)> = rows(&db, ours, &claim("one"))
        .await
        .iter()
        .map(|row| ["organization_id", "id"].map(|name| row[name].as_str().unwrap().to_owned()))
        .map(|[organization, id]| (organization, id))
        .collect();
    claimed.sort();
    // Each with its own organization, in whose name it is run.
    let mut wanted = jobs.map(|(scope, id)| (scope.organization_id.to_string(), id.to_string()));
    wanted.sort();
    assert_eq!(claimed, wanted);
    assert!(rows(&db, ours, &claim("two")).await.is_empty(), "taken is taken");

    // Who names another worker's jobs neither hears of them nor keeps them nor writes their progress.
    let beat = |worker: &str| {
        let ids = jobs.map(|(_, id)| format!("'{id}'")).join(", ");
        format!(
            "job_heartbeat('{worker}', ARRAY[{ids}]::uuid[], ARRAY[7, 7]::bigint[], ARRAY[9, 9]::bigint[], interval '1 hour')"
        )
    };
    assert!(rows(&db, theirs, &beat("two")).await.is_empty());
    let progress = "SELECT array_agg(DISTINCT progress_done) FROM jobs";
    let done: Vec<i64> = sqlx::query_scalar(progress).fetch_one(db.owner()).await.unwrap();
    assert_eq!(done, [0]);
    let held = rows(&db, theirs, &beat("one")).await;
    assert_eq!(held.len(), 2);
    assert_eq!(told(&held[0]), ["attempt", "cancel_requested", "job_id"]);
    let done: Vec<i64> = sqlx::query_scalar(progress).fetch_one(db.owner()).await.unwrap();
    assert_eq!(done, [7]);

    let sweep = "job_sweep(interval '1 second', interval '1 minute')";
    assert!(rows(&db, ours, sweep).await.is_empty(), "their worker lives");
    let counts = rows(&db, ours, "job_counts()").await;
    assert_eq!(counts.len(), 1);
    assert_eq!(told(&counts[0]), ["dead", "queue_name", "queued", "running"]);
    assert_eq!(counts[0]["running"], 2);
    execute(
        db.owner(),
        "UPDATE jobs SET lease_until = now() - interval '1 minute'".to_owned(),
    )
    .await;
    let swept = rows(&db, ours, sweep).await;
    assert_eq!(swept.len(), 2);
    assert_eq!(told(&swept[0]), ["job_id", "job_kind", "new_state"]);

    // Whoever is no worker sees what the wall lets through.
    let seen = rows(&db, ours, "jobs").await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["id"], jobs[0].1.to_string());
}

#[tokio::test]
async fn those_of_the_owner_give_nothing() {
    let (db, ours, _) = two().await;
    let code = "SELECT last_value FROM customer_codes";
    let before: i64 = sqlx::query_scalar(code).fetch_one(db.owner()).await.unwrap();
    for call in [
        "activities_keep_months()".to_owned(),
        "customers_clean_search_index()".to_owned(),
        "customers_refresh_statistics(0)".to_owned(),
        "customers_refresh_statistics(1000000)".to_owned(),
        // Never back, and not beyond what codes can have.
        format!("reserve_customer_codes({})", before - 1),
        "reserve_customer_codes(1000000000)".to_owned(),
        "reserve_customer_codes(NULL)".to_owned(),
    ] {
        let mut tx = db.begin(ours).await;
        sqlx::query(AssertSqlSafe(format!("SELECT FROM {call}")))
            .execute(tx.conn())
            .await
            .unwrap_or_else(|error| panic!("{call}: {error}"));
        tx.commit().await.unwrap();
        let after: i64 = sqlx::query_scalar(code).fetch_one(db.owner()).await.unwrap();
        assert_eq!(after, before, "{call}");
    }
}

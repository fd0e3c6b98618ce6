//! What the command line does: it goes on where it stopped, and a dry run leaves nothing.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use regulars_exchange::{
    import::{Watch, inline::InlineOptions},
    kind::Kinds,
    model::{Import, ImportState, Mode},
    ops,
    store::alive,
    sweep,
};
use regulars_kernel::{Error, clock};
use serde_json::Value;

use crate::support::{Shop, Unwatched};

/// Says stop after so many batches.
struct StopAfter(AtomicU64);

impl Watch for StopAfter {
    fn progress(&self, _: u64, _: Option<u64>) {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
    }
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// Three batches with creates, updates and faults.
fn text() -> String {
    let mut text = "id,email,first name,city,country\n".to_owned();
    for number in 0..5_000 {
        let _ = match number % 50 {
            7 => writeln!(text, "{},,Changed{number},,", number - 3),
            9 => writeln!(text, "x{number},broken address,No,,"),
            _ => writeln!(text, "{number},person{number}@example.com,First{number},Ulm,DE"),
        };
    }
    text
}

fn files(shop: &Shop) -> Vec<String> {
    let folder = shop.path("storage").join("imports");
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

async fn count(shop: &Shop, table: &str) -> i64 {
    shop.one(&format!("SELECT count(*) FROM {table}")).await
}

/// Everybody with what they went through, in an order that does not depend on ids.
async fn people(shop: &Shop) -> Vec<String> {
    shop.one(
        "SELECT array_agg(concat_ws('|', c.email, c.first_name, c.city, c.version, e.kinds) ORDER BY c.email)
         FROM customers c LEFT JOIN (SELECT customer_id, string_agg(kind, ',' ORDER BY id) AS kinds
           FROM events GROUP BY customer_id) e ON e.customer_id = c.id",
    )
    .await
}

async fn stopped(shop: &Shop, text: &str) -> Import {
    let path = shop.file("people.csv", text);
    let watch = StopAfter(AtomicU64::new(2));
    let import = shop
        .try_run(&path, &InlineOptions::default(), &watch)
        .await
        .unwrap();
    assert_eq!(import.state, ImportState::Applying);
    assert!(
        (1..5_000).contains(&import.applied_rows),
        "{}",
        import.applied_rows
    );
    import
}

#[tokio::test]
async fn the_same_command_goes_on_where_an_earlier_run_was_stopped() {
    let text = text();
    let whole = Shop::new().await;
    let expected = whole.run("people.csv", &text, &InlineOptions::default()).await;
    assert!(files(&whole).is_empty(), "nothing of a done import is kept");
    let told: Vec<Value> = whole
        .one("SELECT array_agg(data) FROM audit_entries WHERE action = 'import.applied'")
        .await;
    assert_eq!(told, [serde_json::json!({"name": "people.csv"})]);

    let shop = Shop::new().await;
    let begun = stopped(&shop, &text).await;
    let mut tx = shop.tx().await;
    let stored = ops::imports::get(&mut tx, begun.id).await.unwrap();
    assert!(
        !ops::imports::is_busy(&mut tx, &stored).await.unwrap(),
        "nobody works on it: the page offers to go on"
    );
    drop(tx);
    assert_eq!(files(&shop).len(), 2, "the file and the plan are kept");
    // Another mode, another mapping or another file is another import.
    let other = shop.import_as("email\nother@example.com\n", Mode::Create).await;
    assert_ne!(other.id, begun.id);
    let done = shop.run("renamed.csv", &text, &InlineOptions::default()).await;
    assert_eq!(done.id, begun.id);
    assert_eq!((done.state, done.result), (ImportState::Done, expected.result));
    sqlx::query("DELETE FROM customers WHERE email = 'other@example.com'")
        .execute(shop.database.owner())
        .await
        .unwrap();
    assert_eq!(people(&whole).await, people(&shop).await);
    assert!(files(&shop).is_empty());
    // Over is over: once more is a new import, which finds nothing to do.
    let again = shop.run("people.csv", &text, &InlineOptions::default()).await;
    assert_ne!(again.id, begun.id);
    assert_eq!(again.result.unwrap().create, 0);
}

#[tokio::test]
async fn two_never_work_on_the_same_import() {
    let shop = Shop::new().await;
    let text = text();
    let begun = stopped(&shop, &text).await;
    let other = alive::hold(shop.database.database(), begun.id)
        .await
        .unwrap()
        .expect("it is free");
    let again = shop
        .try_run(&shop.path("people.csv"), &InlineOptions::default(), &Unwatched)
        .await;
    assert!(
        matches!(&again, Err(Error::Conflict(fault)) if fault.code == "import_busy"),
        "{again:?}"
    );
    let mut tx = shop.tx().await;
    let from_the_page = ops::imports::apply(&mut tx, begun.id, &Kinds::default()).await;
    assert!(matches!(from_the_page, Err(Error::Conflict(_))));
    drop(tx);
    other.release().await;

    // Nobody has it now: the page may go on, and then a job has it.
    let mut tx = shop.tx().await;
    ops::imports::apply(&mut tx, begun.id, &Kinds::default())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let again = shop
        .try_run(&shop.path("people.csv"), &InlineOptions::default(), &Unwatched)
        .await;
    assert!(matches!(again, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_half_done_import_whose_plan_is_gone_ends_and_the_file_is_imported_anew() {
    let shop = Shop::new().await;
    let text = text();
    let begun = stopped(&shop, &text).await;
    std::fs::remove_dir_all(shop.path("storage")).unwrap();
    let done = shop.run("people.csv", &text, &InlineOptions::default()).await;
    assert_ne!(done.id, begun.id);
    assert_eq!(done.state, ImportState::Done);
    let old: String = shop
        .one(&format!("SELECT state FROM imports WHERE id = '{}'", begun.id))
        .await;
    assert_eq!(old, "cancelled");
    assert_eq!(count(&shop, "customers").await, 4_800);
}

#[tokio::test]
async fn an_import_that_nobody_went_on_with_and_files_that_were_never_whole_are_swept() {
    let shop = Shop::new().await;
    let begun = stopped(&shop, &text()).await;
    let folder = shop.path("storage").join("imports");
    for (name, age) in [("old.part", 25), ("new.part", 1)] {
        let file = std::fs::File::create(folder.join(name)).unwrap();
        let then = clock::now() - chrono::TimeDelta::hours(age);
        file.set_modified(then.into()).unwrap();
    }
    let sweep = async || {
        sweep::sweep(shop.database.database(), shop.scope, &shop.path("storage"))
            .await
            .unwrap()
    };
    assert_eq!(sweep().await, 1, "what was begun today stays");
    sqlx::raw_sql(
        "ALTER TABLE imports DISABLE TRIGGER stamp; UPDATE imports SET updated_at = now() - interval '31 days'",
    )
    .execute(shop.database.owner())
    .await
    .unwrap();
    assert_eq!(sweep().await, 1);
    assert_eq!(files(&shop), ["new.part"]);
    let state: String = shop
        .one(&format!("SELECT state FROM imports WHERE id = '{}'", begun.id))
        .await;
    assert_eq!(state, "cancelled");
}

#[tokio::test]
async fn a_dry_run_leaves_nothing_behind_but_the_rows_it_refused() {
    let shop = Shop::new().await;
    let errors = shop.path("errors.csv");
    let options = InlineOptions {
        dry_run: true,
        errors: Some(errors.clone()),
        ..InlineOptions::default()
    };
    let text = "email,first name\na@example.com,Ada\nbroken,Bea\n";
    let checked = shop.run("few.csv", text, &options).await;
    assert_eq!(checked.state, ImportState::Planned);
    assert_eq!(checked.plan.unwrap().counts.create, 1);
    for table in ["imports", "import_errors", "customers"] {
        assert_eq!(count(&shop, table).await, 0, "{table}");
    }
    assert!(files(&shop).is_empty());
    let errors = std::fs::read_to_string(errors).unwrap();
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert!(
        errors.lines().nth(1).unwrap().starts_with("broken,Bea,email"),
        "the column is named: {errors}"
    );
    let events: Value = shop
        .one("SELECT coalesce(jsonb_agg(kind), '[]') FROM events WHERE kind LIKE 'import.%'")
        .await;
    assert_eq!(events, serde_json::json!([]));
    assert_eq!(count(&shop, "audit_entries").await, 0, "nobody imported anything");
}

#[tokio::test]
async fn old_files_of_nothing_are_swept_and_all_others_stay() {
    let shop = Shop::new().await;
    let begun = stopped(&shop, &text()).await;
    let done = shop.import("email\na@example.com\n").await;
    let storage = shop.path("storage");
    std::fs::create_dir_all(storage.join("exports")).unwrap();
    let of_nothing = uuid::Uuid::new_v4();
    let file = |name: String, hours: i64| {
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(storage.join(&name))
            .unwrap();
        let then = clock::now() - chrono::TimeDelta::hours(hours);
        file.set_modified(then.into()).unwrap();
        name
    };
    let stay = [
        file(format!("imports/{}.csv", begun.id), 25),
        file(format!("imports/{}.plan", begun.id), 25),
        file(format!("imports/{}.plan", uuid::Uuid::new_v4()), 23),
        file("imports/read me.txt".to_owned(), 25),
        file("exports/.unfinished-now".to_owned(), 1),
    ];
    let go = [
        file(format!("imports/{}.csv", done.id), 25),
        file(format!("imports/{of_nothing}.plan"), 25),
        file(format!("exports/{of_nothing}.jsonl"), 25),
        file("exports/.unfinished-then".to_owned(), 25),
    ];
    let swept = sweep::sweep(shop.database.database(), shop.scope, &storage)
        .await
        .unwrap();
    assert_eq!(swept, go.len() as u64);
    assert!(stay.iter().all(|name| storage.join(name).exists()));
    assert!(!go.iter().any(|name| storage.join(name).exists()));
}

#[tokio::test]
async fn a_failed_import_that_has_rows_ahead_of_a_gap_alone_is_gone_on_with_wherever_batches_begin() {
    let shop = Shop::new().await;
    let text = text();
    let begun = stopped(&shop, &text).await;
    // As if the first row had not been written, and those after it had.
    sqlx::raw_sql(
        "UPDATE imports SET state = 'failed', applied_position = 0, checkpoint = NULL,
           applied_ahead = jsonb_build_array(jsonb_build_object('first', 2, 'last', applied_position, 'checkpoint', checkpoint));
         DELETE FROM customers WHERE email = 'person0@example.com'",
    )
    .execute(shop.database.owner())
    .await
    .unwrap();
    let done = shop.run("people.csv", &text, &InlineOptions::default()).await;
    assert_eq!((done.id, done.state), (begun.id, ImportState::Done));
    assert_eq!(count(&shop, "customers").await, 4_800);
}

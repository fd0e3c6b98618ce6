//! Imports that are stopped or killed, and what changes between check and application.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use regulars_exchange::{
    import::{Ended, Watch, apply, inline},
    kind::Kinds,
    model::{ImportState, Mode, Plan},
    ops::errors::Lines,
    store::imports::{self, NewImport},
};
use regulars_kernel::ids::ImportId;

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

/// Rows that create, repeat, update and fail.
fn text() -> String {
    let mut text = "id,email,first name,last name,city,country,tags,consent.email,shoe size\n".to_owned();
    for number in 0..1_200 {
        let line = match number % 12 {
            7 => format!(
                "{},again{}@example.com,Changed,Twice,,,again,no,\n",
                number - 3,
                number - 3
            ),
            9 => format!("x{number},broken address,No,Body,,,,,\n"),
            11 => format!(
                ",again{}@example.com,First{number},\"Of, all\",Köln,DE,\"a,b\",unsubscribed,{number}\n",
                number / 2
            ),
            _ => format!(
                "{number},again{number}@example.com,First{number},Last{},Ulm,DE,vip,yes,{number}\n",
                number % 50
            ),
        };
        text.push_str(&line);
    }
    text
}

async fn upload(shop: &Shop, name: &str, text: &str) -> regulars_exchange::import::Work {
    let path = shop.file(name, text);
    let inspected =
        inline::inspect(&path, name, &Kinds::default(), None).unwrap_or_else(|error| panic!("{error}"));
    let id = ImportId::new();
    let mut tx = shop.tx().await;
    let new = NewImport {
        id,
        kind: inspected.kind,
        file_name: name,
        file_bytes: text.len() as i64,
        sha256: &[1; 32],
        format: &inspected.format,
        headers: &inspected.headers,
        mapping: &inspected.suggestion.mapping,
        mode: Mode::Upsert,
        match_by: &inline::DEFAULT_KEYS,
    };
    imports::insert(&mut tx, &new).await.unwrap();
    imports::start_inline(&mut tx, id, ImportState::Applying)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    shop.work(id, path)
}

#[tokio::test]
async fn an_import_stopped_or_killed_anywhere_goes_on_exactly_where_it_was() {
    let text = text();
    let whole = Shop::new().await;
    let work = upload(&whole, "file.csv", &text).await;
    let Ended::Done(expected) = apply::apply(&work, &Unwatched).await.unwrap() else {
        panic!("nobody stopped it")
    };
    let expected_dump = whole.dump().await;
    let errors = "SELECT jsonb_agg(jsonb_build_array(position, phase, outcome, faults, fields) ORDER BY position) FROM import_errors";
    let expected_errors: serde_json::Value = whole.one(errors).await;

    let broken = Shop::new().await;
    let work = upload(&broken, "file.csv", &text).await;
    // The file is named by its hash, so a plan of before the kill counts.
    let mut ended = Ended::Stopped;
    for step in 0..60 {
        // Dropping the future in the middle of a statement is what a kill looks like to the database.
        let wait = Duration::from_millis(40 + step * 37 % 190);
        match tokio::time::timeout(wait, apply::apply(&work, &Unwatched)).await {
            Ok(done) => {
                ended = done.unwrap();
                break;
            }
            Err(_) if step == 3 => {
                let stop = StopAfter(AtomicU64::new(3));
                assert_eq!(apply::apply(&work, &stop).await.unwrap(), Ended::Stopped);
            }
            Err(_) => {}
        }
    }
    if ended == Ended::Stopped {
        ended = apply::apply(&work, &Unwatched).await.unwrap();
    }
    assert_eq!(ended, Ended::Done(expected));
    let dump = broken.dump().await;
    let rows = expected_dump.as_array().unwrap();
    assert_eq!(dump.as_array().unwrap().len(), rows.len());
    for (one, other) in rows.iter().zip(dump.as_array().unwrap()) {
        assert_eq!(one, other);
    }
    assert_eq!(broken.one::<serde_json::Value>(errors).await, expected_errors);
    assert_eq!(
        apply::apply(&work, &Unwatched).await.unwrap(),
        Ended::Done(expected),
        "done stays done"
    );
}

#[tokio::test]
async fn what_changed_since_the_check_is_a_conflict_and_not_overwritten() {
    let shop = Shop::new().await;
    shop.import("id,email,first name\n1,a@example.com,Ada\n2,b@example.com,Bea\n3,c@example.com,Cem\n")
        .await;
    let work = upload(
        &shop,
        "next.csv",
        "id,email,first name\n1,,Anna\n2,,Berta\n3,,Carl\n4,d@example.com,Dora\n5,e@example.com,Eva\n4,,Dorothea\n",
    )
    .await;
    let mut tx = shop.tx().await;
    imports::start_inline(&mut tx, work.id, ImportState::Planning)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(
        matches!(apply::plan(&work, &Unwatched).await.unwrap(), Ended::Done(counts) if counts.update == 4 && counts.create == 2)
    );
    for change in [
        "UPDATE customers SET first_name = 'Adele' WHERE email = 'a@example.com'",
        "UPDATE customers SET deleted_at = now() WHERE email = 'b@example.com'",
    ] {
        sqlx::query(change).execute(shop.database.owner()).await.unwrap();
    }
    shop.import("email,first name\nD@example.com,Somebody else\n")
        .await;
    let mut tx = shop.tx().await;
    imports::start_inline(&mut tx, work.id, ImportState::Applying)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let Ended::Done(counts) = apply::apply(&work, &Unwatched).await.unwrap() else {
        panic!("nobody stopped it")
    };
    assert_eq!((counts.create, counts.update, counts.conflict), (1, 1, 4));
    let codes: Vec<String> = shop
        .one(
            "SELECT array_agg(faults->0->>'code' ORDER BY position) FROM import_errors WHERE phase = 'apply'",
        )
        .await;
    assert_eq!(
        codes,
        [
            "changed_meanwhile",
            "gone_meanwhile",
            "email_taken",
            "gone_meanwhile"
        ]
    );
    assert_eq!(
        shop.one::<String>("SELECT first_name FROM customers WHERE email = 'a@example.com'")
            .await,
        "Adele"
    );
    assert_eq!(
        shop.one::<String>("SELECT first_name FROM customers WHERE email = 'c@example.com'")
            .await,
        "Carl"
    );
}

#[tokio::test]
async fn a_planner_that_was_overtaken_does_not_stop_what_is_applied() {
    let shop = Shop::new().await;
    let work = upload(&shop, "file.csv", "email\na@example.com\n").await;
    let (mut tx, plan) = (shop.tx().await, Plan::default());
    let late = imports::keep_plan(&mut tx, work.id, &plan, ImportState::Planned);
    assert!(!late.await.unwrap());
    let own = imports::keep_plan(&mut tx, work.id, &plan, ImportState::Applying);
    assert!(own.await.unwrap());
}

#[tokio::test]
async fn rows_that_failed_are_given_back_in_pieces_of_bounded_size() {
    let shop = Shop::new().await;
    let remark = "x".repeat(900_000);
    let lines: Vec<String> = (0..12).map(|n| format!("broken {n},{remark}\n")).collect();
    let work = upload(&shop, "file.csv", &format!("email,remark\n{}", lines.concat())).await;
    apply::apply(&work, &Unwatched).await.unwrap();
    let mut tx = shop.tx().await;
    let headers = imports::get(&mut tx, work.id, false).await.unwrap().headers;
    drop(tx);
    let mut pieces = Lines::new(shop.database.database(), shop.scope, work.id, headers);
    let mut file = Vec::new();
    while let Some(piece) = pieces.next().await.unwrap() {
        assert!(piece.len() < 6 << 20, "{}", piece.len());
        file.extend(piece);
    }
    let text = String::from_utf8(file).unwrap();
    let firsts = text.lines().map(|line| line.split(',').next().unwrap());
    let wanted = (0..12).map(|n| format!("broken {n}"));
    assert!(firsts.eq(std::iter::once("email".to_owned()).chain(wanted)));
}

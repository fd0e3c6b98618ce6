//! Transactions whose caller goes away while they are opened or used, as a client does that hangs up.

use std::time::Duration;

use regulars_database::{Database, Scope, connect::serving_pool};
use regulars_testkit::TestDatabase;

#[tokio::test]
async fn whoever_stops_waiting_leaves_no_open_transaction_behind() {
    let test = TestDatabase::new().await;
    let scope = test.organization("one").await;
    // One connection, and one that is kept between transactions: whoever comes next gets the one that was left.
    for connections in [1, 5] {
        let database = Database::new(serving_pool(test.connect_options().1, connections));
        leaves_none(&database, scope).await;
        database.close().await;
    }
}

async fn leaves_none(database: &Database, scope: Scope) {
    for polls in (0..20).cycle().take(400) {
        give_up_after(polls, process(database, scope)).await;
        let writes = async {
            let mut tx = database.begin(scope).await.unwrap();
            sqlx::query("UPDATE customers SET note = ''")
                .execute(tx.conn())
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        // Outside a transaction everything may be written; in one for reading that was left open, nothing.
        let read_only: String = sqlx::query_scalar("SELECT current_setting('transaction_read_only')")
            .fetch_one(database.outside_organizations())
            .await
            .unwrap();
        assert_eq!(read_only, "off", "given up after {polls} polls");
        writes.await;
    }
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced() {
    let test = TestDatabase::new().await;
    let scope = test.organization("one").await;
    let database = Database::new(serving_pool(test.connect_options().1, 5));
    let first = process(&database, scope).await;
    assert_eq!(process(&database, scope).await, first, "it is kept");
    assert_eq!(database.idle_connections(), 1);
    sqlx::query("SELECT pg_terminate_backend($1)")
        .bind(first)
        .execute(test.owner())
        .await
        .unwrap();
    // From then on it is asked whether it lives.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_ne!(process(&database, scope).await, first);
    database.close().await;
}

#[tokio::test]
async fn nobody_waits_in_vain_while_connections_are_kept() {
    let test = TestDatabase::new().await;
    let scope = test.organization("one").await;
    let database = Database::new(serving_pool(test.connect_options().1, 6));
    let works = (0..40).map(|number| {
        let database = database.clone();
        tokio::spawn(async move {
            for _ in 0..25 {
                if number % 4 == 0 {
                    let _: i32 = sqlx::query_scalar("SELECT 1")
                        .fetch_one(database.outside_organizations())
                        .await
                        .unwrap();
                    continue;
                }
                let mut tx = database.begin_read(scope).await.unwrap();
                let seen: String = sqlx::query_scalar("SELECT current_setting('app.organization_id')")
                    .fetch_one(tx.conn())
                    .await
                    .unwrap();
                assert_eq!(seen, scope.organization_id.to_string());
                if number % 4 == 1 {
                    drop(tx);
                } else {
                    tx.commit().await.unwrap();
                }
            }
        })
    });
    for work in works.collect::<Vec<_>>() {
        work.await.unwrap();
    }
    // Outside a transaction no organization is set, whoever had the connection.
    let set: Option<String> =
        sqlx::query_scalar("SELECT nullif(current_setting('app.organization_id', true), '')")
            .fetch_one(database.outside_organizations())
            .await
            .unwrap();
    assert_eq!(set, None);
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn closing_waits_for_nobody_who_has_ended() {
    let test = TestDatabase::new().await;
    let scope = test.organization("one").await;
    for _ in 0..30 {
        let database = Database::new(serving_pool(test.connect_options().1, 8));
        let works: Vec<_> = (0..4)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move {
                    while let Ok(tx) = database.begin_read(scope).await {
                        tx.commit().await.unwrap();
                    }
                })
            })
            .collect();
        process(&database, scope).await;
        tokio::time::timeout(Duration::from_secs(5), database.close())
            .await
            .expect("everything is given back");
        for work in works {
            work.await.unwrap();
        }
        assert!(database.begin(scope).await.is_err(), "it is closed");
    }
}

/// The process of PostgreSQL that answers a transaction for reading.
async fn process(database: &Database, scope: Scope) -> i32 {
    let mut tx = database.begin_read(scope).await.unwrap();
    let process = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    process
}

/// Polls it so many times and drops it, wherever it is by then.
async fn give_up_after(polls: usize, work: impl Future) {
    let mut work = std::pin::pin!(work);
    for _ in 0..polls {
        if futures::poll!(&mut work).is_ready() {
            break;
        }
        tokio::task::yield_now().await;
    }
}

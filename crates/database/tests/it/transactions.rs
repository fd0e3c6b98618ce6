//! Transactions whose caller goes away while they are opened or used, as a client does that hangs up.

use regulars_database::{Database, connect::serving_pool};
use regulars_testkit::TestDatabase;

#[tokio::test]
async fn whoever_stops_waiting_leaves_no_open_transaction_behind() {
    let test = TestDatabase::new().await;
    let scope = test.organization("one").await;
    // One connection: whoever comes next gets the one that was left.
    let database = Database::new(serving_pool(test.connect_options().1, 1));
    for polls in (0..20).cycle().take(400) {
        let reads = async {
            let mut tx = database.begin_read(scope).await.unwrap();
            let count: i64 = sqlx::query_scalar("SELECT count(*) FROM customers")
                .fetch_one(tx.conn())
                .await
                .unwrap();
            tx.commit().await.unwrap();
            count
        };
        give_up_after(polls, reads).await;
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

//! Events against a real PostgreSQL.

use std::time::Duration;

use chrono::TimeDelta;
use regulars_events::{Hub, Message, NewEvent, append, append_many, hub, timeline};
use regulars_kernel::{Cursor, ids::CustomerId};
use regulars_testkit::TestDatabase;
use serde_json::json;

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), what)
        .await
        .expect("it happens soon")
}

#[tokio::test]
async fn a_timeline_is_read_page_by_page_latest_first_and_by_kind() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let customer = CustomerId::new();
    let mut tx = database.begin(scope).await;
    tx.set_request_id("request-1");
    let now = tx.now();
    let events = (0..7)
        .map(|n| {
            let kind = if n % 2 == 0 {
                "customer.updated"
            } else {
                "note.created"
            };
            // Two at a time share their moment, so that the id has to decide.
            NewEvent::new(kind)
                .customer(customer)
                .data(json!({ "n": n }))
                .at(now - TimeDelta::minutes(n / 2))
        })
        .collect();
    append_many(&mut tx, events).await.unwrap();
    append(
        &mut tx,
        NewEvent::new("customer.created").customer(CustomerId::new()),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();

    let mut tx = database.begin(scope).await;
    let mut seen = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = timeline(&mut tx, customer, None, cursor.as_ref(), 3)
            .await
            .unwrap();
        assert_eq!(page.page.total.value, 7);
        seen.extend(page.data.iter().map(|event| event.data["n"].as_i64().unwrap()));
        let Some(next) = page.page.next_cursor else { break };
        cursor = Some(Cursor::decode(&next, regulars_events::TIMELINE_ORDER).unwrap());
    }
    assert_eq!(seen, [1, 0, 3, 2, 5, 4, 6]);

    let notes = ["note.created".to_owned()];
    let page = timeline(&mut tx, customer, Some(&notes), None, 10).await.unwrap();
    assert_eq!(page.page.total.value, 3);
    assert!(
        page.data
            .iter()
            .all(|event| event.kind == "note.created" && event.actor_kind == "system")
    );
}

#[tokio::test]
async fn another_organization_sees_no_event_and_nobody_edits_one() {
    let database = TestDatabase::new().await;
    let (acme, other) = (
        database.organization("acme").await,
        database.organization("other").await,
    );
    let customer = CustomerId::new();
    let mut tx = database.begin(acme).await;
    append(&mut tx, NewEvent::new("customer.created").customer(customer))
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut tx = database.begin(other).await;
    assert!(
        timeline(&mut tx, customer, None, None, 10)
            .await
            .unwrap()
            .data
            .is_empty()
    );
    tx.rollback().await.unwrap();

    let mut tx = database.begin(acme).await;
    let edited = sqlx::query("UPDATE events SET kind = 'customer.updated'")
        .execute(tx.conn())
        .await;
    assert!(edited.unwrap_err().to_string().contains("permission denied"));
}

#[tokio::test]
async fn hints_come_after_the_commit_in_order_and_never_for_what_was_rolled_back() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let mut heard = hub().subscribe(scope.organization_id);

    let mut tx = database.begin(scope).await;
    append(&mut tx, NewEvent::new("customer.deleted")).await.unwrap();
    tx.rollback().await.unwrap();
    let mut tx = database.begin(scope).await;
    let first = append(&mut tx, NewEvent::new("customer.created")).await.unwrap();
    let second = append(&mut tx, NewEvent::new("customer.tagged")).await.unwrap();
    tx.commit().await.unwrap();

    for (id, kind) in [(first, "customer.created"), (second, "customer.tagged")] {
        let Some(Message::Happened(hint)) = soon(heard.next()).await else {
            panic!("a hint")
        };
        assert_eq!(hint.event_ids, [id]);
        assert_eq!(hint.kinds, [kind]);
    }
}

#[tokio::test]
async fn servers_tell_each_other_once_and_only_after_the_commit() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let other_server = Hub::new();
    let _ours = hub().connect(database.database()).await.unwrap();
    let _theirs = other_server.connect(database.database()).await.unwrap();
    let mut here = hub().subscribe(scope.organization_id);
    let mut there = other_server.subscribe(scope.organization_id);

    let mut tx = database.begin(scope).await;
    let customer = CustomerId::new();
    let id = append(&mut tx, NewEvent::new("customer.created").customer(customer))
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let Some(Message::Happened(hint)) = soon(there.next()).await else {
        panic!("a hint")
    };
    assert_eq!(
        (hint.event_ids.as_slice(), hint.customer_ids.as_slice()),
        (&[id][..], &[customer][..])
    );
    assert!(matches!(soon(here.next()).await, Some(Message::Happened(_))));
    let echo = tokio::time::timeout(Duration::from_millis(300), here.next()).await;
    assert!(echo.is_err(), "a server does not hear itself");
}

#[tokio::test]
async fn what_is_told_of_the_far_future_stands_first() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let customer = CustomerId::new();
    let mut tx = database.begin(scope).await;
    let now = tx.now();
    for days in [0, 4_000] {
        let event = NewEvent::new("customer.updated").customer(customer);
        append(
            &mut tx,
            event.data(json!({"days": days})).at(now + TimeDelta::days(days)),
        )
        .await
        .unwrap();
    }
    let page = timeline(&mut tx, customer, None, None, 1).await.unwrap();
    assert_eq!(page.data[0].data["days"], 4_000);
    let next = Cursor::decode(&page.page.next_cursor.unwrap(), regulars_events::TIMELINE_ORDER).unwrap();
    let page = timeline(&mut tx, customer, None, Some(&next), 1).await.unwrap();
    assert_eq!(page.data[0].data["days"], 0);
}

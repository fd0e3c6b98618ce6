//! Events and activities are one timeline, read from indexes however long it is.

use serde_json::{Value, json};

use crate::harness::{House, ago, list};

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended_over_both() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    // At the same time, in the same month and before: what stands beside each other is told apart by its id.
    let at = ago(5);
    let mut items: Vec<Value> = (0..7)
        .map(|_| json!({"kind": "page_view", "customer_id": ada, "occurred_at": at}))
        .collect();
    items
        .extend((0..7).map(
            |n| json!({"kind": "search", "customer_id": ada, "occurred_at": ago(60 * 24 * 20 * n + 9)}),
        ));
    house.tell(json!(items)).await;
    for n in 0..5 {
        house
            .post(
                &format!("/customers/{ada}/notes"),
                json!({"body": format!("note {n}")}),
            )
            .await
            .expect(201);
    }
    let all = house.timeline(&ada, "limit=200").await;
    assert_eq!(all["page"]["total"]["value"], 20);
    let ids = list(&all["data"], "id");
    let mut times = list(&all["data"], "occurred_at");
    let sorted = {
        let mut sorted = times.clone();
        sorted.sort_by(|a, b| b.cmp(a));
        sorted
    };
    assert_eq!(times, sorted);
    times.clear();
    for limit in [1, 3, 7] {
        let (mut walked, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = house
                .timeline(&ada, &format!("limit={limit}&cursor={cursor}"))
                .await;
            walked.extend(list(&page["data"], "id"));
            match page["page"]["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(walked, ids, "{limit} at a time");
    }
    let some = house.timeline(&ada, "kind=search,note.created").await;
    assert_eq!(some["page"]["total"]["value"], 12);
}

#[tokio::test]
async fn a_long_timeline_is_read_from_the_indexes() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    fill(&house, &ada).await;
    let mut tx = house.app.tx("acme").await;
    let before = scans(&mut tx).await;
    let id = ada.parse().unwrap();
    let page = regulars_events::timeline(&mut tx, id, None, None, 50)
        .await
        .unwrap();
    assert_eq!(page.data.len(), 50);
    assert_eq!(
        scans(&mut tx).await - before,
        0,
        "rows read by reading a table from end to end"
    );
    tx.rollback().await.unwrap();
}

/// Rows of tables that this transaction read from end to end.
async fn scans(tx: &mut regulars_database::Tx) -> i64 {
    sqlx::query_scalar(
        "SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(c.oid)), 0)::bigint FROM pg_class c
         WHERE c.relkind = 'r' AND (c.relname = 'events' OR c.relname LIKE 'activities_%')",
    )
    .fetch_one(tx.conn())
    .await
    .unwrap()
}

/// 50,000 activities of one customer over five months among 50,000 of others.
async fn fill(house: &House, customer: &str) {
    house
        .execute(&format!(
            "SET row_security = off;
             INSERT INTO activities (organization_id, id, occurred_at, kind, customer_id, visitor_id, url)
             SELECT o.id, gen_random_uuid(), now() - n * interval '2 minutes', 'page_view',
               CASE WHEN n % 2 = 0 THEN '{customer}'::uuid ELSE gen_random_uuid() END, 'v' || n % 100, 'https://shop.example/' || n
             FROM organizations o, generate_series(1, 100000) n WHERE o.slug = 'acme';
             ANALYZE activities;"
        ))
        .await;
}

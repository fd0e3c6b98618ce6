//! Which index answers which list, by the statements that are really sent.
//!
//! PostgreSQL counts what a transaction reads; it is asked as the role that serves, behind the wall.

use regulars_commerce::{
    ops::{metrics, orders},
    store::{self, find::Filter},
};
use regulars_database::Tx;
use regulars_kernel::{Currency, PageRequest, Scope, Sort, ids::CustomerId};
use regulars_testkit::TestDatabase;
use sqlx::AssertSqlSafe;

/// Twenty thousand orders of two thousand customers, and as many of somebody else.
async fn city() -> (TestDatabase, Scope) {
    let database = TestDatabase::new().await;
    let scope = database.organization("city").await;
    let other = database.organization("other").await;
    for organization in [scope.organization_id, other.organization_id] {
        sqlx::raw_sql(AssertSqlSafe(format!(
            "INSERT INTO customers (organization_id, id, code, email, sort_name)
             SELECT '{organization}', md5('{organization}' || n)::uuid, 'C-' || n, 'p' || n || '@example.com', 'p' || n FROM generate_series(1, 2000) n;
             INSERT INTO orders (organization_id, id, source, external_id, customer_id, is_known, number, email, currency, total, total_base, base_currency,
               placed_at, status, payment_status, counts)
             SELECT '{organization}', gen_random_uuid(), CASE WHEN n % 50 = 0 THEN 'till' ELSE 'shopify' END, n::text, md5('{organization}' || (1 + n % 2000))::uuid, true,
               '#' || n, 'p' || (1 + n % 2000) || '@example.com', 'EUR', n % 977, n % 977, 'EUR', timestamptz '2026-01-01Z' - n * interval '7 minutes',
               CASE WHEN n % 400 = 0 THEN 'returned' ELSE 'delivered' END, CASE WHEN n % 300 = 0 THEN 'failed' ELSE 'paid' END, true
             FROM generate_series(1, 20000) n;
             INSERT INTO order_lines (organization_id, order_id, position, title, quantity, current_quantity, price, total)
             SELECT organization_id, id, 0, 'x', 1, 1, 1, 1 FROM orders WHERE organization_id = '{organization}'"
        )))
        .execute(database.owner())
        .await
        .unwrap();
    }
    sqlx::raw_sql("VACUUM ANALYZE orders, order_lines, customers")
        .execute(database.owner())
        .await
        .unwrap();
    (database, scope)
}

/// Rows that this transaction has read of orders and lines: by indexes, and from end to end.
async fn read_so_far(tx: &mut Tx) -> (i64, i64) {
    sqlx::query_as(
        "SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(oid)) FILTER (WHERE relkind = 'i'), 0)::bigint,
           coalesce(sum(pg_stat_get_xact_tuples_returned(oid)) FILTER (WHERE relkind = 'r'), 0)::bigint
         FROM pg_class WHERE relname IN ('orders', 'order_lines') OR relkind = 'i' AND relname ~ '^(orders|order_lines)_'",
    )
    .fetch_one(tx.conn())
    .await
    .unwrap()
}

#[tokio::test]
async fn every_list_is_answered_by_an_index() {
    let (database, scope) = city().await;
    let customer = CustomerId(
        sqlx::query_scalar("SELECT id FROM customers WHERE organization_id = $1 AND code = 'C-77'")
            .bind(scope.organization_id.0)
            .fetch_one(database.owner())
            .await
            .unwrap(),
    );
    let one = |text: &str| vec![text.to_owned()];
    let filters = [
        ("nothing", Filter::default(), 10_400),
        (
            "a customer",
            Filter {
                customer: Some(customer),
                ..Filter::default()
            },
            100,
        ),
        (
            "a status",
            Filter {
                status: one("returned"),
                ..Filter::default()
            },
            300,
        ),
        (
            "a payment",
            Filter {
                payment_status: one("failed"),
                ..Filter::default()
            },
            400,
        ),
        (
            "a number",
            Filter {
                q: Some("#1999".into()),
                ..Filter::default()
            },
            400,
        ),
        (
            "an address",
            Filter {
                q: Some("p77@example.com".into()),
                ..Filter::default()
            },
            200,
        ),
        (
            "nobody",
            Filter {
                q: Some("nobody".into()),
                ..Filter::default()
            },
            50,
        ),
    ];
    for (name, filter, most) in filters {
        for sort in [Sort::descending("placed_at"), Sort::ascending("total")] {
            if sort.field == "total" && !matches!(name, "nothing" | "nobody") {
                continue;
            }
            let mut tx = database.begin(scope).await;
            orders::list(&mut tx, &filter, sort, &PageRequest::default())
                .await
                .unwrap();
            let (by_index, whole) = read_so_far(&mut tx).await;
            // All of them are counted up to ten thousand, by whatever is nearest.
            let counted = if name == "nothing" { 10_001 } else { 0 };
            assert!(whole <= counted, "{name}: a table was read from end to end");
            assert!(by_index <= most, "{name} {sort:?}: {by_index} rows");
        }
    }
}

#[tokio::test]
async fn a_customer_is_reckoned_from_their_own_orders_alone() {
    let (database, scope) = city().await;
    let mut tx = database.begin(scope).await;
    let ids: Vec<CustomerId> = store::metrics::next(&mut tx, uuid::Uuid::nil(), 3).await.unwrap();
    metrics::reckon(&mut tx, ids, Currency::EUR).await.unwrap();
    let (by_index, whole) = read_so_far(&mut tx).await;
    assert_eq!(whole, 0);
    assert!(by_index <= 120, "{by_index} rows");
    let mut tx = database.begin(scope).await;
    store::orders::lock(
        &mut tx,
        &[("shopify", "1"), ("shopify", "2"), ("till", "nothing")],
    )
    .await
    .unwrap();
    let (by_index, whole) = read_so_far(&mut tx).await;
    assert_eq!(whole, 0);
    assert!(by_index <= 10, "{by_index} rows");
}

//! Which index answers which list, by the statements that are really sent.
//!
//! PostgreSQL counts what a transaction reads; it is asked as the role that serves, behind the wall.

use std::collections::BTreeMap;

use regulars_commerce::{
    model::CartState,
    ops::{carts, metrics, orders},
    store::{self, carts::CartFilter, find::Filter},
};
use regulars_database::Tx;
use regulars_kernel::{PageRequest, Scope, Sort, ids::CustomerId};
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
             SELECT organization_id, id, 0, 'x', 1, 1, 1, 1 FROM orders WHERE organization_id = '{organization}';
             INSERT INTO carts (organization_id, id, source, external_id, customer_id, is_known, currency, items, last_active_at, stage)
             SELECT '{organization}', gen_random_uuid(), 'shopify', n::text, md5('{organization}' || (1 + n % 2000))::uuid, true, 'EUR', 1,
               now() - n * interval '7 minutes', CASE WHEN n % 400 = 0 THEN 'empty' WHEN n % 3 = 0 THEN 'converted' WHEN n % 3 = 1 THEN 'checkout' ELSE 'cart' END
             FROM generate_series(1, 20000) n"
        )))
        .execute(database.owner())
        .await
        .unwrap();
    }
    sqlx::raw_sql("VACUUM ANALYZE orders, order_lines, carts, customers")
        .execute(database.owner())
        .await
        .unwrap();
    (database, scope)
}

/// Rows that this connection has read of each index of the orders and lines, and of each table from end to end. What
/// transactions before read is in it until PostgreSQL adds it up, so only the difference says anything.
async fn read_so_far(tx: &mut Tx) -> BTreeMap<(bool, String), i64> {
    let rows: Vec<(bool, String, i64)> = sqlx::query_as(
        "SELECT relkind = 'i', relname::text, pg_stat_get_xact_tuples_returned(oid)
         FROM pg_class WHERE relname IN ('orders', 'order_lines', 'carts') OR relkind = 'i' AND relname ~ '^(orders|order_lines|carts)_'",
    )
    .fetch_all(tx.conn())
    .await
    .unwrap();
    rows.into_iter()
        .map(|(is_index, name, rows)| ((is_index, name), rows))
        .collect()
}

/// Fails if a table was read since, or more than so many rows of indexes.
async fn expect(tx: &mut Tx, before: &BTreeMap<(bool, String), i64>, most: i64, what: &str) {
    let now = read_so_far(tx).await;
    let read: BTreeMap<_, _> = now
        .into_iter()
        .map(|(name, rows)| (name.clone(), rows - before.get(&name).unwrap_or(&0)))
        .filter(|(_, rows)| *rows > 0)
        .collect();
    assert!(
        read.keys().all(|(is_index, _)| *is_index),
        "{what}: a table was read: {read:?}"
    );
    assert!(read.values().sum::<i64>() <= most, "{what}: {read:?}");
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
            let before = read_so_far(&mut tx).await;
            orders::list(&mut tx, &filter, sort, &PageRequest::default())
                .await
                .unwrap();
            expect(&mut tx, &before, most, &format!("{name} {sort:?}")).await;
        }
    }
    let of = |state| CartFilter {
        state: vec![state],
        ..CartFilter::default()
    };
    let theirs = CartFilter {
        customer: Some(customer),
        ..CartFilter::default()
    };
    for (filter, most) in [
        (CartFilter::default(), 10_400),
        (theirs, 100),
        (of(CartState::Open), 100),
        (of(CartState::Checkout), 100),
        (of(CartState::Empty), 200),
        (of(CartState::Converted), 7_000),
        (of(CartState::Abandoned), 20_200),
    ] {
        let mut tx = database.begin(scope).await;
        let before = read_so_far(&mut tx).await;
        let sort = Sort::descending("last_active_at");
        carts::list(&mut tx, &filter, sort, &PageRequest::default())
            .await
            .unwrap();
        expect(&mut tx, &before, most, &format!("{filter:?}")).await;
    }
}

#[tokio::test]
async fn a_customer_is_reckoned_from_their_own_orders_alone() {
    let (database, scope) = city().await;
    let mut tx = database.begin(scope).await;
    let ids: Vec<CustomerId> =
        sqlx::query_scalar("SELECT DISTINCT customer_id FROM orders ORDER BY customer_id LIMIT 3")
            .fetch_all(tx.conn())
            .await
            .unwrap();
    let before = read_so_far(&mut tx).await;
    metrics::reckon(&mut tx, ids).await.unwrap();
    expect(&mut tx, &before, 120, "figures of three").await;
    let before = read_so_far(&mut tx).await;
    let keys = [("shopify", "1"), ("shopify", "2"), ("till", "nothing")];
    store::orders::lock(&mut tx, &keys).await.unwrap();
    expect(&mut tx, &before, 10, "two by their keys").await;
}

//! Shopify's export of orders.

use regulars_exchange::model::ImportKind;
use serde_json::json;

use crate::support::{ORDERS, Shop, numbers};

#[tokio::test]
async fn shopifys_orders_come_with_lines_payments_refunds_and_the_figures_of_their_customers() {
    let shop = Shop::new().await;
    let done = shop.import(ORDERS).await;
    assert_eq!(done.kind, ImportKind::Orders, "its columns say so");
    assert_eq!(done.mapping.source, "shopify");
    assert_eq!(numbers(&done), [3, 0, 0, 0, 0], "{:?}", done.plan);
    assert_eq!(done.applied_rows, 4);

    let orders = shop
        .json(
            "SELECT jsonb_agg(jsonb_build_array(external_id, number, status, payment_status, fulfillment_status, trim_scale(total)::text, trim_scale(subtotal)::text,
               trim_scale(tax_total)::text, trim_scale(discount_total)::text, trim_scale(shipping_total)::text, trim_scale(refunded_total)::text, counts, items, source_version) ORDER BY external_id) FROM orders",
        )
        .await;
    assert_eq!(
        orders,
        json!([
            [
                "5001",
                "#1001",
                "cancelled",
                "refunded",
                "unfulfilled",
                "30",
                "30",
                "0",
                "0",
                "0",
                "30",
                false,
                1,
                "2026-02-01T12:00:00+00:00"
            ],
            [
                "5002",
                "#1002",
                "shipped",
                "partially_refunded",
                "fulfilled",
                "115.7",
                "109.8",
                "18.47",
                "10",
                "5.9",
                "20",
                true,
                3,
                "2026-02-03T08:00:00+00:00"
            ],
            [
                "5003",
                "#1003",
                "confirmed",
                "paid",
                "unfulfilled",
                "44.9",
                "40",
                "7.17",
                "0",
                "4.9",
                "0",
                true,
                2,
                "2026-03-03T09:00:05+00:00"
            ],
        ])
    );
    let lines = shop
        .json(
            "SELECT jsonb_agg(jsonb_build_array(o.number, l.title, l.sku, l.quantity, trim_scale(l.price)::text, trim_scale(l.discount)::text, trim_scale(l.total)::text, l.brand, l.requires_shipping)
               ORDER BY o.number, l.position) FROM order_lines l JOIN orders o ON o.id = l.order_id",
        )
        .await;
    assert_eq!(
        lines,
        json!([
            ["#1001", "Gift card", null, 1, "30", "0", "30", "Acme", false],
            [
                "#1002",
                "Shoes - 38 / Red",
                "SHOE-38",
                1,
                "59.9",
                "0",
                "59.9",
                "Acme",
                true
            ],
            ["#1002", "Socks", "SOCK", 2, "29.95", "10", "49.9", "Acme", true],
            [
                "#1003",
                "Tasse \"Grün\", 0,3 l",
                "MUG-GR",
                2,
                "20",
                "0",
                "40",
                "Töpferei",
                true
            ],
        ])
    );
    let rest = shop
        .json(
            "SELECT jsonb_build_array(discounts, taxes, shipping_lines, tags, channel, note, shipping_address) FROM orders WHERE number = '#1002'",
        )
        .await;
    assert_eq!(
        rest,
        json!([
            [{"name": "WELCOME10", "amount": "10"}],
            [{"name": "DE VAT 19%", "amount": "15"}, {"name": "DE VAT 7%", "amount": "3.47"}],
            [{"name": "Express", "amount": "5.9"}],
            ["vip"], "web", "Bitte klingeln\nzweimal",
            {"name": "Ada Byron", "company": "Byron GmbH", "line1": "Hauptstraße 1", "line2": "Hinterhaus", "city": "Berlin", "province": "BE", "postal_code": "10115", "country": "DE", "phone": "+49 30 123456"},
        ])
    );
    let people = shop
        .json(
            "SELECT jsonb_agg(jsonb_build_array(c.email, c.first_name, c.last_name, c.type, m.orders, trim_scale(m.net_revenue)::text) ORDER BY c.email)
             FROM customers c JOIN customer_metrics m ON m.customer_id = c.id",
        )
        .await;
    assert_eq!(
        people,
        json!([
            ["ada@example.com", "Ada", "Byron", "guest", 1, "95.7"],
            ["zoë@example.com", "Zoë", "Ångström", "guest", 1, "44.9"],
        ]),
        "what was cancelled counts not, and what was given back is taken off"
    );
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_changes_nothing() {
    let shop = Shop::new().await;
    let text = format!(
        "{ORDERS}#1004,nobody@,paid,,,,,EUR,1,0,0,x,,,,2026-01-01 00:00:00 +0000,1,A,1{}\n",
        ",".repeat(60)
    );
    let before = shop.dump().await;
    let told: i64 = shop.one("SELECT count(*) FROM events").await;
    let code: i64 = shop.one("SELECT last_value FROM customer_codes").await;
    let tried = shop.tried(&text).await;
    let next: i64 = shop.one("SELECT last_value FROM customer_codes").await;
    assert_eq!(next, code, "no code is used up");
    assert_eq!(tried, [3, 0, 0, 0, 1]);
    assert_eq!(shop.dump().await, before);
    let customers: i64 = shop.one("SELECT count(*) FROM customers").await;
    let after: i64 = shop.one("SELECT count(*) FROM events").await;
    assert_eq!(
        (customers, after),
        (0, told),
        "whom they name is not made known either"
    );
    assert_eq!(shop.counts(&text).await, tried);
}

#[tokio::test]
async fn a_second_import_of_the_same_says_nothing_new() {
    let shop = Shop::new().await;
    shop.import(ORDERS).await;
    let before = shop.dump().await;
    assert_eq!(shop.counts(ORDERS).await, [0, 0, 3, 0, 0]);
    assert_eq!(shop.dump().await, before);
}

#[tokio::test]
async fn an_order_whose_rows_stand_apart_is_refused_whole() {
    let shop = Shop::new().await;
    let mut lines: Vec<&str> = ORDERS.split_inclusive('\n').collect();
    // The last row of the second order goes to the end.
    let socks = lines.iter().position(|line| line.contains("Socks")).unwrap();
    let socks = lines.remove(socks);
    let text = format!("{}{socks}", lines.concat());
    assert_eq!(shop.tried(&text).await, [2, 0, 0, 0, 2]);
    let errors = shop.refused(&text).await;
    assert!(
        errors.contains("they begin with row 2, and again with row 4; sort the file")
            && errors.contains("they begin with row 4, and again with row 2"),
        "{errors}"
    );
    let orders: i64 = shop.one("SELECT count(*) FROM orders").await;
    assert_eq!(orders, 2, "half an order is none");
}

#[tokio::test]
async fn a_refund_that_grew_since_the_last_export_counts_and_an_older_export_takes_nothing_back() {
    let shop = Shop::new().await;
    let refunded = "SELECT trim_scale(refunded_total)::text FROM orders WHERE external_id = '5002'";
    // Nothing else of the order changes with a refund, so both exports are of one version.
    for (said, wanted) in [
        ("9.00", "9"),
        ("25.00", "25"),
        ("100.00", "100"),
        ("25.00", "100"),
    ] {
        shop.import(&ORDERS.replace("c2.1,20.00,", &format!("c2.1,{said},")))
            .await;
        assert_eq!(shop.one::<String>(refunded).await, wanted, "after {said}");
    }
}

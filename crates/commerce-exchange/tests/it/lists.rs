//! Carts and wishlists of files.

use regulars_exchange::model::ImportKind;
use serde_json::json;

use crate::support::{Shop, numbers};

const CARTS: &str =
    "Cart ID;Email;Currency;Started at;Checkout started at;Order ID;Product ID;SKU;Title;Quantity;Price
c1;ada@example.com;EUR;2026-01-30 10:00;2026-01-30 10:05;;7;SHOE-38;Schuhe;2;59,90
c1;;;;;;8;;Hut;;20,00
c2;;EUR;2026-01-31 10:00;;;7;SHOE-38;Schuhe;1;59,90
c3;eve@example.com;EUR;2026-01-31 10:00;;1001;7;SHOE-38;Schuhe;1;59,90
";

const WISHLISTS: &str = "wishlist_id,email,list,product_id,variant_id,title,price,added_at
w1,ada@example.com,Birthday,7,71,Shoes,59.90,2026-01-30
w1,ada@example.com,Birthday,8,,Hat,20.00,2026-01-31
w2,eve@example.com,,7,,Shoes,,
";

#[tokio::test]
async fn carts_come_with_what_is_in_them_and_again_they_say_nothing_new() {
    let shop = Shop::new().await;
    assert_eq!(shop.tried(CARTS).await, [3, 0, 0, 0, 0]);
    assert_eq!(shop.one::<i64>("SELECT count(*) FROM carts").await, 0);
    let done = shop.import(CARTS).await;
    assert_eq!((done.kind, numbers(&done)), (ImportKind::Carts, [3, 0, 0, 0, 0]));
    let shown = "SELECT jsonb_agg(jsonb_build_array(k.external_id, c.email, k.stage, k.items, trim_scale(k.total)::text, k.order_external_id) ORDER BY k.external_id)
        FROM carts k LEFT JOIN customers c ON c.organization_id = k.organization_id AND c.id = k.customer_id";
    assert_eq!(
        shop.json(shown).await,
        json!([
            ["c1", "ada@example.com", "checkout", 3, "139.8", null],
            ["c2", null, "cart", 1, "59.9", null],
            ["c3", "eve@example.com", "converted", 1, "59.9", "1001"],
        ])
    );
    assert_eq!(shop.counts(CARTS).await, [0, 0, 3, 0, 0]);
    let more = CARTS.replace("Schuhe;2;", "Schuhe;3;");
    assert_eq!(shop.counts(&more).await, [0, 1, 2, 0, 0]);
}

#[tokio::test]
async fn wishlists_come_with_what_is_wished_for_and_the_dry_run_makes_nobody() {
    let shop = Shop::new().await;
    assert_eq!(shop.tried(WISHLISTS).await, [2, 0, 0, 0, 0]);
    assert_eq!(shop.one::<i64>("SELECT count(*) FROM customers").await, 0);
    let done = shop.import(WISHLISTS).await;
    assert_eq!(
        (done.kind, numbers(&done)),
        (ImportKind::Wishlists, [2, 0, 0, 0, 0])
    );
    let shown = "SELECT jsonb_agg(jsonb_build_array(w.external_id, c.email, w.name, i.product_external_id, i.variant_external_id, i.title, trim_scale(i.price)::text, i.currency)
          ORDER BY w.external_id, i.position)
        FROM wishlists w JOIN customers c ON c.organization_id = w.organization_id AND c.id = w.customer_id
        JOIN wishlist_items i ON i.organization_id = w.organization_id AND i.wishlist_id = w.id";
    assert_eq!(
        shop.json(shown).await,
        json!([
            [
                "w1",
                "ada@example.com",
                "Birthday",
                "7",
                "71",
                "Shoes",
                "59.9",
                "EUR"
            ],
            ["w1", "ada@example.com", "Birthday", "8", "", "Hat", "20", "EUR"],
            ["w2", "eve@example.com", null, "7", "", "Shoes", null, null],
        ])
    );
    assert_eq!(shop.counts(WISHLISTS).await, [0, 0, 2, 0, 0]);
    let told = "SELECT count(*) FROM events WHERE kind LIKE 'wishlist.%'";
    assert_eq!(shop.one::<i64>(told).await, 2);
}

#[tokio::test]
async fn what_is_wrong_comes_back_with_its_column_and_keeps_no_other_back() {
    let shop = Shop::new().await;
    let file = "wishlist_id,email,product_id,title,price
w1,ada@example.com,7,Shoes,cheap
w2,nobody,7,Shoes,1.00
w3,eve@example.com,7,,1.00
w4,ida@example.com,7,Shoes,1.00
w4,ida@example.com,7,Shoes,1.00
w5,joe@example.com,7,Shoes,1.00
w4,ida@example.com,9,Late,1.00
";
    let refused = shop.refused(file).await;
    let lines: Vec<&str> = refused.lines().collect();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("w1") && line.contains("price")),
        "{refused}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("w2") && line.contains("email")),
        "{refused}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("w3") && line.contains("title")),
        "{refused}"
    );
    // Rows of one list that stand apart: which of them was meant to come last nobody can tell.
    assert!(
        lines.iter().filter(|line| line.starts_with("w4")).count() == 3,
        "{refused}"
    );
    assert_eq!(
        shop.json("SELECT jsonb_agg(external_id ORDER BY external_id) FROM wishlists")
            .await,
        json!(["w5"])
    );
}

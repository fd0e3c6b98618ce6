//! Products of files, and of Shopify's export.

use regulars_commerce::{model::ProductInput, ops::products};
use regulars_exchange::model::ImportKind;
use serde_json::json;

use crate::support::{PRODUCTS, Shop, numbers};

const SHOWN: &str = "SELECT jsonb_agg(jsonb_build_array(p.external_id, p.title, p.brand, p.category, p.status, p.tags, p.image_url,
    (SELECT jsonb_agg(jsonb_build_array(v.external_id, v.title, v.sku, v.barcode, trim_scale(v.price)::text, trim_scale(v.compare_at_price)::text, v.stock) ORDER BY v.position) FROM product_variants v WHERE v.product_id = p.id))
    ORDER BY p.external_id) FROM products p";

#[tokio::test]
async fn shopifys_products_come_with_their_variants() {
    let shop = Shop::new().await;
    let tried = shop.tried(PRODUCTS).await;
    let done = shop.import(PRODUCTS).await;
    assert_eq!(done.kind, ImportKind::Products);
    assert_eq!(numbers(&done), [2, 0, 0, 0, 0], "{:?}", done.plan);
    assert_eq!(tried, [2, 0, 0, 0, 0]);
    assert_eq!(
        shop.json(SHOWN).await,
        json!([
            [
                "handle:mug",
                "Mug",
                "Töpferei",
                "kitchen",
                "draft",
                [],
                null,
                [["MUG", null, "MUG", null, "20", null, null]]
            ],
            [
                "handle:shoes",
                "Schuhe „Röt“",
                "Acme",
                "shoes",
                "active",
                ["red", "summer"],
                "https://cdn.example/shoes-1.jpg",
                [
                    [
                        "SHOE-38",
                        "38 / Red",
                        "SHOE-38",
                        "4006381333931",
                        "59.9",
                        "79.9",
                        4
                    ],
                    ["SHOE-39", "39 / Red", "SHOE-39", null, "59.9", null, 0]
                ]
            ],
        ])
    );
    assert_eq!(shop.counts(PRODUCTS).await, [0, 0, 2, 0, 0]);
    let dearer = PRODUCTS
        .replace("20.00", "25,00")
        .replace(",25,00,", ",\"25,00\",");
    assert_eq!(shop.counts(&dearer).await, [0, 1, 1, 0, 0]);
}

#[tokio::test]
async fn products_of_any_file_and_what_is_wrong_with_them() {
    let shop = Shop::new().await;
    let text = "SKU,Product Id,Product Name,Brand,Price,Stock
S-38,1,Shoes,Acme,59.90,3
S-39,1,Shoes,Acme,59.90,4
M,2,Mug,Acme,cheap,1
X,3,,Acme,1,1
";
    assert_eq!(shop.tried(text).await, [1, 0, 0, 0, 2]);
    let errors = shop.refused(text).await;
    assert!(errors.contains("Price: “cheap” is not an amount"), "{errors}");
    assert!(
        errors.contains("Product Name: a product has a title") || errors.contains("a product has a title"),
        "{errors}"
    );
    let variants: i64 = shop.one("SELECT count(*) FROM product_variants").await;
    assert_eq!(variants, 2);
}

#[tokio::test]
async fn a_deleted_product_stays_deleted_and_one_that_came_twice_becomes_one() {
    let shop = Shop::new().await;
    let living = "SELECT coalesce(jsonb_agg(external_id ORDER BY external_id), '[]') FROM products WHERE deleted_at IS NULL";
    let mut tx = shop.tx().await;
    let shoes: ProductInput = serde_json::from_value(
        json!({"source": "shopify", "external_id": "7", "title": "Shoes", "handle": "shoes"}),
    )
    .unwrap();
    products::upsert_many(
        &mut tx,
        std::slice::from_ref(&shoes),
        regulars_kernel::Currency::EUR,
    )
    .await
    .unwrap();
    products::delete_by_key(&mut tx, "shopify", "7", None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    shop.import(PRODUCTS).await;
    assert_eq!(shop.json(living).await, json!(["handle:mug"]));

    // The shop told of its own while a file was read that had it by its handle: the file's gives way at the shop's next word.
    let mut tx = shop.tx().await;
    let mug: ProductInput = serde_json::from_value(
        json!({"source": "shopify", "external_id": "8", "title": "Mug", "handle": "mug"}),
    )
    .unwrap();
    products::upsert_many(
        &mut tx,
        std::slice::from_ref(&mug),
        regulars_kernel::Currency::EUR,
    )
    .await
    .unwrap();
    products::adopt(&mut tx, "shopify", "mug", "8").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shop.json(living).await, json!(["8"]));
}

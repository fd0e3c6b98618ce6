//! What Shopify says of stock by location: in any order, of tracked items, at locations that there are.

use serde_json::{Value, json};

use crate::shop::Shop;

fn at(minute: u32) -> String {
    format!("2026-05-01T10:{minute:02}:00Z")
}

/// A product whose variant is an item, its item, two locations and what is there; `N` is the product.
fn told(id: u64) -> Vec<(&'static str, String, Value)> {
    let item = id * 10;
    let level = |minute: u32, location: u64, available: Value| json!({"inventory_item_id": item, "location_id": location, "available": available, "updated_at": at(minute)});
    vec![
        (
            "products/create",
            at(1),
            json!({"id": id, "title": format!("Shoes {id}"), "updated_at": at(1), "variants": [{"id": id, "price": "1.00", "inventory_item_id": item, "inventory_quantity": 3}]}),
        ),
        (
            "inventory_items/create",
            at(1),
            json!({"id": item, "sku": "x", "tracked": false, "updated_at": at(1)}),
        ),
        (
            "inventory_items/update",
            at(2),
            json!({"id": item, "sku": "x", "tracked": true, "updated_at": at(2)}),
        ),
        (
            "locations/create",
            at(1),
            json!({"id": 1, "name": "Berlin", "active": true, "updated_at": at(1)}),
        ),
        (
            "locations/update",
            at(3),
            json!({"id": 1, "name": "Berlin Mitte", "active": true, "updated_at": at(3)}),
        ),
        ("inventory_levels/connect", at(2), level(2, 1, Value::Null)),
        ("inventory_levels/update", at(3), level(3, 1, json!(8))),
        ("inventory_levels/update", at(4), level(4, 1, json!(5))),
        ("inventory_levels/update", at(3), level(3, 2, json!(2))),
        (
            "inventory_levels/disconnect",
            at(6),
            json!({"inventory_item_id": item, "location_id": 2}),
        ),
    ]
}

async fn variant(shop: &Shop, id: u64) -> Value {
    let list = shop.get("/products?limit=200").await.expect(200).json;
    let external_id = id.to_string();
    let mut all = list["data"].as_array().unwrap().iter();
    let listed = all
        .find(|product| product["external_id"] == external_id.as_str())
        .unwrap();
    let path = format!("/products/{}", listed["id"].as_str().unwrap());
    let variant = shop.get(&path).await.expect(200).json["variants"][0].clone();
    assert_eq!(variant["stock"], listed["variants"][0]["stock"]);
    variant
}

#[tokio::test]
async fn stock_ends_the_same_whatever_the_order_and_goes_with_its_item_or_location() {
    let shop = Shop::new().await;
    for turn in 0..8 {
        let id = 100 + turn as u64;
        let mut messages = told(id);
        messages.rotate_left(turn);
        if turn % 2 == 1 {
            messages.reverse();
        }
        for (topic, at, body) in messages.iter().chain(messages.iter().take(4)) {
            shop.says(topic, at, body).await;
        }
        shop.process().await;
        let shown = variant(&shop, id).await;
        assert_eq!(
            (&shown["stock"], &shown["stock_levels"]),
            (
                &json!(5),
                &json!([{"location_external_id": "1", "location_name": "Berlin Mitte", "available": 5}])
            ),
            "{turn}"
        );
    }
    // An item that is gone stays so, and one that is not tracked is not counted.
    shop.says("inventory_items/delete", &at(10), &json!({"id": 1000}))
        .await;
    shop.process().await;
    shop.says(
        "inventory_levels/update",
        &at(11),
        &json!({"inventory_item_id": 1000, "location_id": 1, "available": 9, "updated_at": at(11)}),
    )
    .await;
    shop.says(
        "inventory_items/update",
        &at(12),
        &json!({"id": 1010, "tracked": false, "updated_at": at(12)}),
    )
    .await;
    shop.process().await;
    for id in [100, 101] {
        assert_eq!(variant(&shop, id).await["stock"], 3, "{id}");
    }
    shop.says("locations/delete", &at(13), &json!({"id": 1})).await;
    shop.process().await;
    shop.says(
        "locations/update",
        &at(14),
        &json!({"id": 1, "name": "Berlin", "updated_at": at(14)}),
    )
    .await;
    shop.process().await;
    assert_eq!(variant(&shop, 102).await["stock_levels"], json!([]));
}

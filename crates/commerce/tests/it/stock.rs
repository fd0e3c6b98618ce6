//! Stock by location: told before and after its product, newer and older, behind the wall.

use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::harness::{BASE, House, places, text};

fn level(location: &str, available: i32, more: Value) -> Value {
    let mut body = json!({"source": "till", "inventory_item_id": "SHOE-38", "location_external_id": location, "available": available});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

fn shoes() -> Value {
    json!({"source": "till", "external_id": "7", "title": "Shoes", "variants": [
        {"external_id": "71", "title": "38", "stock": 1, "inventory_item_id": "SHOE-38"}, {"external_id": "72", "title": "39", "stock": 9}]})
}

async fn variants(house: &House, id: &str) -> Value {
    house.get(&format!("/products/{id}")).await.expect(200).json["variants"].clone()
}

#[tokio::test]
async fn a_level_is_shown_by_its_variant_whichever_is_told_first() {
    let house = House::new().await;
    let first = json!([
        level("berlin", 4, json!({"location_name": "Berlin"})),
        level("amsterdam", 2, json!({}))
    ]);
    assert_eq!(
        house.post("/stock-levels", first).await.expect(200).json,
        json!({"told": 2})
    );
    let made = house.post("/products", shoes()).await.expect(201).json;
    assert_eq!(made["variants"][0]["stock"], 6);
    let id = text(&made["id"]);
    let shown = variants(&house, &id).await;
    assert_eq!(
        shown[0]["stock_levels"],
        json!([{"location_external_id": "berlin", "location_name": "Berlin", "available": 4}, {"location_external_id": "amsterdam", "location_name": null, "available": 2}])
    );
    assert_eq!(
        (&shown[1]["stock"], &shown[1]["stock_levels"]),
        (&json!(9), &json!([]))
    );
    // Told once more, with one of them twice: the last word counts; a product that is told again keeps them.
    let again = json!([
        level("berlin", 3, json!({})),
        level("berlin", -1, json!({})),
        level("amsterdam", 2, json!({"is_stocked": false}))
    ]);
    house.post("/stock-levels", again).await.expect(200);
    let same = house.post("/products", shoes()).await.expect(200).json;
    assert_eq!(
        (&same["version"], &same["variants"][0]["stock"]),
        (&json!(1), &json!(-1))
    );
    assert_eq!(
        house.get("/products").await.expect(200).json["data"][0]["variants"][0]["stock"],
        -1
    );
    // Not counted there: the product's own word counts.
    house
        .post(
            "/stock-levels",
            json!({"source": "till", "inventory_item_id": "SHOE-38", "location_external_id": "berlin"}),
        )
        .await
        .expect(200);
    assert_eq!(variants(&house, &id).await[0]["stock"], 1);
}

#[tokio::test]
async fn what_is_older_changes_nothing_and_of_two_of_one_version_the_same_wins_in_any_order() {
    let house = House::new().await;
    let made = house.post("/products", shoes()).await.expect(201).json;
    let at = |day: u32| json!({"source_version": {"at": format!("2026-01-{day:02}T00:00:00Z")}});
    for (number, order) in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]]
        .into_iter()
        .enumerate()
    {
        let told = [
            level("berlin", 5, at(3)),
            level("berlin", 7, at(3)),
            level("berlin", 9, at(2)),
        ];
        for index in order {
            let mut body = told[index].clone();
            body["location_external_id"] = json!(format!("l{number}"));
            house.post("/stock-levels", body).await.expect(200);
        }
    }
    let shown = variants(&house, &text(&made["id"])).await;
    let counts: Vec<&Value> = shown[0]["stock_levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| &level["available"])
        .collect();
    assert_eq!(counts, [7, 7, 7, 7]);
}

#[tokio::test]
async fn a_fault_refuses_all_with_its_place_and_a_stranger_reaches_nothing() {
    let house = House::new().await;
    let made = house.post("/products", shoes()).await.expect(201).json;
    let id = text(&made["id"]);
    let wrong = json!([level("berlin", 4, json!({})), {"source": "Till", "inventory_item_id": "", "location_external_id": "x\ny"}]);
    let refused = house.post("/stock-levels", wrong).await.expect(422);
    assert_eq!(
        places(&refused),
        ["/1/inventory_item_id", "/1/location_external_id", "/1/source"]
    );
    let refused = house
        .post("/stock-levels", json!({"source": "till"}))
        .await
        .expect(422);
    assert_eq!(places(&refused), ["/inventory_item_id", "/location_external_id"]);
    assert_eq!(variants(&house, &id).await[0]["stock_levels"], json!([]));
    for body in [
        json!(null),
        json!([]),
        json!([[]]),
        json!({"available": 1.5}),
        level("berlin", 1, json!({"available": 99_999_999_999_u64})),
        level("berlin", 1, json!({"location_name": "x".repeat(201)})),
        level(&"x".repeat(201), 1, json!({})),
        level(
            "'; --",
            1,
            json!({"source_version": {"at": "9999-12-31T23:59:59Z"}}),
        ),
        json!(vec![level("b", 1, json!({})); 1001]),
        level("\u{202e}😀", i32::MAX, json!({})),
        level("other", i32::MAX, json!({})),
    ] {
        let answer = house.post("/stock-levels", body).await;
        assert!(answer.status.as_u16() < 500, "{}", answer.text());
    }
    assert_eq!(variants(&house, &id).await[0]["stock"], i32::MAX);
    house.app.organization("other").await;
    let stranger = house.app.key_of("other", Role::Admin).await;
    let made = house
        .app
        .post(&format!("{BASE}/products"))
        .bearer(&stranger)
        .json(shoes())
        .await
        .expect(201)
        .json;
    let theirs = house
        .app
        .get(&format!("{BASE}/products/{}", text(&made["id"])))
        .bearer(&stranger)
        .await
        .expect(200)
        .json;
    assert_eq!(theirs["variants"][0]["stock_levels"], json!([]));
    assert_eq!(theirs["variants"][0]["stock"], 1);
}

#[tokio::test]
async fn variants_of_one_item_show_the_same_and_lists_only_how_many_there_are() {
    let house = House::new().await;
    let mut body = shoes();
    body["variants"][1]["inventory_item_id"] = json!("SHOE-38");
    let id = text(&house.post("/products", body).await.expect(201).json["id"]);
    let told = json!([level("berlin", 4, json!({})), level("amsterdam", 3, json!({}))]);
    house.post("/stock-levels", told).await.expect(200);
    let shown = variants(&house, &id).await;
    assert_eq!((&shown[0]["stock"], &shown[1]["stock"]), (&json!(7), &json!(7)));
    assert_eq!(shown[0]["stock_levels"], shown[1]["stock_levels"]);
    let listed = house.get("/products").await.expect(200).json["data"][0]["variants"][0].clone();
    assert_eq!((&listed["stock"], listed.get("stock_levels")), (&json!(7), None));
}

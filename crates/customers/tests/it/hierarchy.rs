//! Who belongs to whom, through the API.

use serde_json::json;

use crate::harness::{House, id, places};

#[tokio::test]
async fn a_hierarchy_is_added_up_and_never_closes_a_circle() {
    let house = House::new().await;
    let top = house
        .customer(json!({"kind": "company", "company_name": "Holding"}))
        .await;
    let middle = house
        .customer(json!({"kind": "company", "company_name": "Works", "parent_id": id(&top), "credit_limit": {"amount": "2500.50", "currency": "EUR"}}))
        .await;
    let bottom = house
        .customer(json!({"first_name": "Ada", "parent_id": id(&middle)}))
        .await;
    let path = |customer: &serde_json::Value| format!("/customers/{}", id(customer));
    let children = house
        .get(&format!("{}/children", path(&top)))
        .await
        .expect(200)
        .json;
    assert_eq!(children["data"][0]["full_name"], "Works");
    assert_eq!(
        children["rolled_up"],
        json!({
            "children": 1, "descendants": 2, "levels": 2, "exact": true, "by_status": {"active": 3},
            "by_kind": {"company": 2, "person": 1}, "last_active_at": null,
            "credit_limits": [{"customers": 1, "amount": "2500.50", "currency": "EUR"}],
            "metrics": {"orders": 0, "unconverted_orders": 0, "total_spent": {"amount": "0.00", "currency": "EUR"}, "refunded": {"amount": "0.00", "currency": "EUR"},
                "net_revenue": {"amount": "0.00", "currency": "EUR"}, "last_order_at": null},
        })
    );
    for (who, below) in [(&top, &bottom), (&top, &middle), (&top, &top)] {
        let refused = house
            .patch(&path(who), json!({"parent_id": id(below)}))
            .await
            .expect(422);
        assert_eq!(places(&refused), ["/parent_id"]);
        assert_eq!(refused.json["errors"][0]["code"], "hierarchy_cycle");
    }
    let shown = house
        .get(&format!("{}?include=parent,children", path(&middle)))
        .await
        .json;
    assert_eq!(
        (&shown["parent"]["id"], &shown["children"][0]["id"]),
        (&top["id"], &bottom["id"])
    );
    house
        .patch(&path(&middle), json!({"parent_id": null}))
        .await
        .expect(200);
    house
        .patch(&path(&top), json!({"parent_id": id(&bottom)}))
        .await
        .expect(200);
}

#[tokio::test]
async fn two_changes_at_once_close_no_circle() {
    let house = House::new().await;
    for _ in 0..10 {
        let (ada, grace) = (house.path_of("Ada").await, house.path_of("Grace").await);
        let last = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        let (one, other) = tokio::join!(
            house.patch(&ada, json!({"parent_id": last(&grace)})),
            house.patch(&grace, json!({"parent_id": last(&ada)})),
        );
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
    }
    // Three in a ring: whichever comes last would close it.
    for _ in 0..10 {
        let mut paths = Vec::new();
        for name in ["Ada", "Grace", "Joan"] {
            paths.push(house.path_of(name).await);
        }
        let below = |child: usize, parent: usize| {
            let parent = paths[parent].rsplit('/').next().unwrap();
            house.patch(&paths[child], json!({"parent_id": parent}))
        };
        let answers = tokio::join!(below(0, 1), below(1, 2), below(2, 0));
        let mut statuses = [answers.0, answers.1, answers.2].map(|answer| answer.status.as_u16());
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 422]);
    }
}

#[tokio::test]
async fn a_hierarchy_has_fifty_levels_at_most() {
    let house = House::new().await;
    let mut above = house.customer(json!({"first_name": "1"})).await;
    for level in 2..=50 {
        above = house
            .customer(json!({"first_name": level.to_string(), "parent_id": id(&above)}))
            .await;
    }
    let refused = house
        .post("/customers", json!({"first_name": "51", "parent_id": id(&above)}))
        .await
        .expect(422);
    assert_eq!(refused.json["errors"][0]["code"], "hierarchy_too_deep");
}

//! The numbers of the dashboard.

use chrono::TimeDelta;
use regulars_customers::ops::days;
use regulars_kernel::{Scope, TimeZone, clock};
use serde_json::{Value, json};

use crate::harness::{House, id};

async fn zone(house: &House, scope: Scope) -> TimeZone {
    let name: String = sqlx::query_scalar("SELECT time_zone FROM organizations WHERE id = $1")
        .bind(scope.organization_id.0)
        .fetch_one(house.app.test_database().owner())
        .await
        .unwrap();
    TimeZone::parse(&name).unwrap()
}

async fn note(house: &House, organization: &str) {
    let scope = house.app.organization(organization).await;
    let zone = zone(house, scope).await;
    let mut tx = house.app.database().begin(scope).await.unwrap();
    days::note(&mut tx, zone).await.unwrap();
    tx.commit().await.unwrap();
}

async fn person(house: &House, status: &str) -> String {
    id(&house
        .customer(json!({"first_name": "Ada", "status": status}))
        .await)
}

#[tokio::test]
async fn numbers_are_compared_with_those_of_thirty_days_ago() {
    let house = House::new().await;
    let first = person(&house, "vip").await;
    for status in ["active", "active", "churned"] {
        person(&house, status).await;
    }
    let overview = house.get("/analytics/overview").await.expect(200).json;
    assert_eq!(overview["total"], json!({"value": 4, "previous": null}));
    assert_eq!(overview["churn_rate"], json!({"value": 25.0, "previous": null}));
    assert_eq!(overview["compared_with"], Value::Null);

    // Noted twice, the later count of the day stays; noted by another organization, nothing changes here.
    note(&house, "acme").await;
    person(&house, "vip").await;
    note(&house, "acme").await;
    note(&house, "other").await;
    for (days, previous) in [(29, Value::Null), (1, json!(5)), (7, json!(5)), (1, Value::Null)] {
        sqlx::query("UPDATE customer_days SET day = day - $1::int")
            .bind(days)
            .execute(house.app.test_database().owner())
            .await
            .unwrap();
        let overview = house.get("/analytics/overview").await.expect(200).json;
        assert_eq!(overview["total"]["previous"], previous, "{days} more days ago");
    }
    sqlx::query("UPDATE customer_days SET day = day + 8")
        .execute(house.app.test_database().owner())
        .await
        .unwrap();
    house.delete(&format!("/customers/{first}")).await.expect(204);
    let overview = house.get("/analytics/overview").await.expect(200).json;
    assert_eq!(overview["vip"], json!({"value": 1, "previous": 2}));
    assert_eq!(overview["churn_rate"], json!({"value": 25.0, "previous": 20.0}));
    let zone = zone(&house, house.app.organization("acme").await).await;
    let day = clock::now().with_timezone(&zone.0).date_naive() - TimeDelta::days(30);
    assert_eq!(overview["compared_with"], json!(day));
}

#[tokio::test]
async fn growth_counts_by_month_where_the_organization_is() {
    let house = House::new().await;
    for _ in 0..3 {
        person(&house, "active").await;
    }
    let growth = house.get("/analytics/growth?months=2").await.expect(200).json;
    let [last, this] = [0, 1].map(|at| growth["months"][at]["month"].as_str().unwrap().to_owned());
    let year: i32 = this[..4].parse().unwrap();
    for (at, nth) in [
        (format!("{last}T12:00:00Z"), 0),
        (format!("{}-01-15T12:00:00Z", year - 5), 1),
    ] {
        sqlx::query("UPDATE customers SET created_at = $1::timestamptz WHERE id = (SELECT id FROM customers ORDER BY id OFFSET $2 LIMIT 1)")
            .bind(at.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
            .bind(nth)
            .execute(house.app.test_database().owner())
            .await
            .unwrap();
    }
    let growth = house.get("/analytics/growth?months=2").await.expect(200).json;
    assert_eq!(
        growth["months"],
        json!([{"month": last, "new": 1, "total": 2}, {"month": this, "new": 1, "total": 3}])
    );
    let growth = house.get("/analytics/growth").await.expect(200).json;
    assert_eq!(growth["months"].as_array().unwrap().len(), 12);
    for wrong in ["0", "37", "many"] {
        let refused = house
            .get(&format!("/analytics/growth?months={wrong}"))
            .await
            .expect(400)
            .json;
        assert_eq!(refused["errors"][0]["pointer"], "?months");
    }
}

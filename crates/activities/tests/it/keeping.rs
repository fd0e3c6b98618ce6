//! For how long activities are kept, and in which tables.

use regulars_activities::{model::Settings, ops};
use regulars_kernel::clock;
use serde_json::json;
use uuid::Uuid;

use crate::harness::{House, ago, places};

const DAY: i64 = 60 * 24;

#[tokio::test]
async fn each_kind_leaves_when_its_time_is_over() {
    let house = House::new().await;
    let old =
        |kind: &str, days: i64| json!({"kind": kind, "visitor_id": "v1", "occurred_at": ago(DAY * days)});
    house
        .tell(json!([
            old("page_view", 170),
            old("page_view", 3),
            old("purchase", 170),
            old("search", 40)
        ]))
        .await;
    let settings = house
        .patch(
            "/activity-settings",
            json!({"retention_days": {"page_view": 30, "search": 50}}),
        )
        .await
        .expect(200);
    assert_eq!(settings.json["retention_days"]["page_view"], 30);
    assert_eq!(settings.json["retention_days"]["purchase"], 1_096);
    let mut tx = house.app.tx("acme").await;
    let settings = ops::settings(&mut tx).await.unwrap();
    let (next, gone) = ops::forget(&mut tx, Uuid::nil(), &settings, clock::now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!((next, gone), (None, 1));
    assert_eq!(house.number("SELECT count(*) FROM activities").await, 3);
    // What would leave at once is not taken in the first place.
    house.post("/activities", old("page_view", 31)).await.expect(422);
}

#[tokio::test]
async fn settings_change_as_they_are_told_and_say_what_is_wrong() {
    let house = House::new().await;
    let before = house.get("/activity-settings").await.expect(200);
    assert_eq!(before.json["ip"], "truncated");
    assert_eq!(before.json["retention_days"]["page_view"], 180);
    let wrong = json!({"retention_days": {"dance": 3, "search": 0, "purchase": 1_097}});
    let refused = house.patch("/activity-settings", wrong).await.expect(422);
    assert_eq!(
        places(&refused.json["errors"]),
        [
            "/retention_days/dance",
            "/retention_days/purchase",
            "/retention_days/search"
        ]
    );
    house
        .patch(
            "/activity-settings",
            json!({"ip": "none", "retention_days": {"search": 5}}),
        )
        .await
        .expect(200);
    let after = house
        .patch("/activity-settings", json!({"retention_days": {"search": null}}))
        .await
        .expect(200);
    assert_eq!(
        (&after.json["ip"], &after.json["retention_days"]["search"]),
        (&json!("none"), &json!(180))
    );
    let ada = house.customer("ada@example.com").await;
    house
        .tell(json!({"kind": "page_view", "customer_id": ada, "ip": "203.0.113.77"}))
        .await;
    let page = house.timeline(&ada, "kind=page_view").await;
    assert!(page["data"][0]["data"].get("ip").is_none());
    assert_eq!(Settings::default().retention_days["page_view"], 180);
}

#[tokio::test]
async fn months_are_made_ahead_behind_the_wall_and_dropped_when_nobody_may_keep_them() {
    let house = House::new().await;
    let months = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'activities'::regclass";
    let made = house.number(months).await;
    assert!(made >= 8, "{made}");
    // Of this month and the next ones there is always one; making them again makes nothing.
    let keep = || async {
        let mut tx = house.app.tx("acme").await;
        sqlx::query("SELECT activities_keep_months()")
            .execute(tx.conn())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    keep().await;
    assert_eq!(house.number(months).await, made);
    let last = "'DROP TABLE activities_' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '3 months', 'YYYYMM')";
    house
        .execute(&format!("DO $$ BEGIN EXECUTE {last}; END $$"))
        .await;
    house
        .execute(
            "CREATE TABLE activities_200101 PARTITION OF activities FOR VALUES FROM ('2001-01-01 00:00:00+00') TO ('2001-02-01 00:00:00+00');
             CALL protect_tenant_table('activities_200101')",
        )
        .await;
    keep().await;
    assert_eq!(
        house.number(months).await,
        made,
        "the one was made and the other dropped"
    );
    assert_eq!(
        house
            .number("SELECT count(*) FROM pg_class WHERE relname = 'activities_200101'")
            .await,
        0
    );
    let open = "SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'activities'::regclass AND NOT (c.relrowsecurity AND c.relforcerowsecurity)";
    assert_eq!(house.number(open).await, 0);

    // A month whose rows came before it was made stays in the table of the others, and nothing is refused.
    let ada = house.customer("ada@example.com").await;
    house.execute("DO $$ BEGIN EXECUTE 'DROP TABLE activities_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMM'); END $$").await;
    house.tell(json!({"kind": "page_view", "customer_id": ada})).await;
    assert_eq!(house.number("SELECT count(*) FROM activities_other").await, 1);
    keep().await;
    assert_eq!(house.number(months).await, made - 1);
    assert!(house.kinds(&ada).await.contains(&"page_view".to_owned()));
}

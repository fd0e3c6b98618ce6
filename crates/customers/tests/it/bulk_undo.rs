//! Taking a bulk change back.

use regulars_customers::ops::bulk_job::{self, Step};
use regulars_jobs::JobState;
use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::{
    bulk::three,
    bulk_job::{HOME, count, crowd, finish, job_of},
    harness::{House, places},
};

/// Who they are, without what rises with every change.
async fn records(house: &House, ids: &[String]) -> Vec<Value> {
    let mut all = Vec::new();
    for id in ids {
        let mut record = house.get(&format!("/customers/{id}")).await.expect(200).json;
        for rising in ["version", "updated_at"] {
            record.as_object_mut().unwrap().remove(rising);
        }
        all.push(record);
    }
    all
}

async fn run(house: &House, body: Value) -> Value {
    house.post("/customers/bulk", body).await.expect(200).json
}

async fn undo(house: &House, done: &Value) -> Value {
    run(house, json!({"action": "undo", "bulk_id": done["bulk_id"]})).await
}

#[tokio::test]
async fn every_action_is_taken_back_and_the_taking_back_as_well() {
    let house = House::new().await;
    house
        .post(
            "/attributes",
            json!({"name": "shoe_size", "label": "Shoe size", "kind": "number"}),
        )
        .await
        .expect(201);
    let ids = three(&house).await;
    for (id, body) in [
        (
            &ids[0],
            json!({"tags": ["old"], "attributes": {"shoe_size": 38.5}, "industry": "Maths"}),
        ),
        (
            &ids[1],
            json!({"status": "churned", "birthday": "1906-12-09", "credit_limit": {"amount": "12.50", "currency": "EUR"}}),
        ),
    ] {
        house.patch(&format!("/customers/{id}"), body).await.expect(200);
    }
    let before = records(&house, &ids).await;
    for (change, changed) in [
        (json!({"action": "tag", "ids": ids, "tags": ["old", "new"]}), 3),
        (json!({"action": "untag", "ids": ids, "tags": ["old"]}), 1),
        (
            json!({"action": "update", "ids": ids, "changes": {"status": "vip", "industry": null, "birthday": "2000-01-01",
            "credit_limit": {"amount": "99.00", "currency": "EUR"}, "tags": ["only"], "attributes": {"shoe_size": 44}, "note": "Line\none"}}),
            3,
        ),
        (json!({"action": "delete", "ids": ids}), 3),
        (json!({"action": "delete", "query": null, "ids": [ids[2]]}), 1),
    ] {
        let done = run(&house, change.clone()).await;
        assert_eq!(done["changed"], changed, "{change}");
        let after = if change["action"] == "delete" {
            None
        } else {
            Some(records(&house, &ids).await)
        };
        let back = undo(&house, &done).await;
        assert_eq!(
            (&back["changed"], &back["unchanged"]),
            (&json!(changed), &json!(0)),
            "{change}"
        );
        assert_eq!(records(&house, &ids).await, before, "{change}");
        // Twice is once.
        let again = undo(&house, &done).await;
        assert_eq!(
            (&again["changed"], &again["unchanged"]),
            (&json!(0), &json!(changed)),
            "{change}"
        );
        assert_eq!(records(&house, &ids).await, before, "{change}");
        // And forward again.
        let forward = undo(&house, &back).await;
        assert_eq!(forward["changed"], changed, "{change}");
        if let Some(after) = after {
            assert_eq!(records(&house, &ids).await, after, "{change}");
        }
        assert_eq!(undo(&house, &forward).await["changed"], changed, "{change}");
        assert_eq!(records(&house, &ids).await, before, "{change}");
    }
}

#[tokio::test]
async fn what_was_changed_again_since_stays() {
    let house = House::new().await;
    let ids = three(&house).await;
    let done = run(
        &house,
        json!({"action": "update", "ids": ids, "changes": {"status": "vip", "industry": "Shoes"}}),
    )
    .await;
    let path = |number: usize| format!("/customers/{}", ids[number]);
    house
        .patch(&path(0), json!({"status": "churned"}))
        .await
        .expect(200);
    house.delete(&path(1)).await.expect(204);
    house
        .patch(&path(2), json!({"status": "churned", "industry": "Hats"}))
        .await
        .expect(200);
    let back = undo(&house, &done).await;
    // Of the first one only the industry goes back.
    assert_eq!((&back["changed"], &back["unchanged"]), (&json!(1), &json!(2)));
    let first = house.get(&path(0)).await.json;
    assert_eq!(
        (&first["status"], &first["industry"]),
        (&json!("churned"), &Value::Null)
    );
    house.get(&path(1)).await.expect(404);
    let third = house.get(&path(2)).await.json;
    assert_eq!(
        (&third["status"], &third["industry"]),
        (&json!("churned"), &json!("Hats"))
    );

    // An address that somebody else has now stays theirs.
    let done = run(&house, json!({"action": "delete", "ids": [ids[0], ids[2]]})).await;
    house.customer(json!({"email": "ada@example.com"})).await;
    let back = undo(&house, &done).await;
    assert_eq!((&back["changed"], &back["unchanged"]), (&json!(1), &json!(1)));
    house.get(&path(0)).await.expect(404);
    house.get(&path(2)).await.expect(200);
}

#[tokio::test]
async fn what_cannot_be_undone_is_said() {
    let house = House::new().await;
    let ids = three(&house).await;
    for (body, place) in [
        (json!({"action": "undo"}), "/bulk_id"),
        (json!({"action": "undo", "bulk_id": "x"}), "/bulk_id"),
        (
            json!({"action": "undo", "bulk_id": "0198c0de-0000-7000-8000-000000000000"}),
            "/bulk_id",
        ),
        (
            json!({"action": "undo", "bulk_id": "0198c0de-0000-7000-8000-000000000000", "ids": ids}),
            "/ids",
        ),
        (
            json!({"action": "undo", "bulk_id": "0198c0de-0000-7000-8000-000000000000", "query": {}}),
            "/query",
        ),
        (
            json!({"action": "delete", "ids": ids, "bulk_id": "0198c0de-0000-7000-8000-000000000000"}),
            "/bulk_id",
        ),
    ] {
        let refused = house.post("/customers/bulk", body.clone()).await.expect(422);
        assert_eq!(places(&refused), [place], "{body}");
    }
    // Another organization's change is as unknown.
    let done = run(&house, json!({"action": "tag", "ids": ids, "tags": ["new"]})).await;
    let stranger = house.app.key_of("elsewhere", Role::Owner).await;
    let theirs = json!({"action": "undo", "bulk_id": done["bulk_id"]});
    let refused = house
        .app
        .post("/api/v1/customers/bulk")
        .bearer(&stranger)
        .json(theirs);
    assert_eq!(places(&refused.await.expect(422)), ["/bulk_id"]);
    assert_eq!(count(&house, "tag=new").await, 3);
}

#[tokio::test]
async fn what_a_job_did_is_undone_by_a_job_also_where_it_was_stopped() {
    let house = House::new().await;
    let ids = crowd(&house, 450).await;
    let body = json!({"action": "update", "query": {}, "changes": {"status": "vip"}});
    let queued = house.post("/customers/bulk", body).await.expect(202);
    let job = job_of(&queued);
    // It is stopped behind its first two batches.
    for _ in 0..2 {
        let mut tx = house.app.tx(HOME).await;
        assert!(matches!(
            bulk_job::step(&mut tx, job).await.unwrap(),
            Step::On { .. }
        ));
        tx.commit().await.unwrap();
    }
    assert_eq!(count(&house, "status=vip").await, 400);
    let wanted = json!({"action": "undo", "bulk_id": job});
    let busy = house.post("/customers/bulk", wanted.clone()).await.expect(409);
    assert_eq!(places(&busy), ["/bulk_id"]);
    let mut tx = house.app.tx(HOME).await;
    let stopped = regulars_jobs::cancel(&mut tx, job).await.unwrap();
    assert_eq!(stopped.state, JobState::Cancelled);
    tx.commit().await.unwrap();
    // One has been changed again by then.
    let path = format!("/customers/{}", ids[0]);
    house.patch(&path, json!({"status": "churned"})).await.expect(200);

    let queued = house.post("/customers/bulk", wanted).await.expect(202);
    assert_eq!(queued.json["customers"], json!({"value": 400, "exact": true}));
    let undoing = job_of(&queued);
    // Killed in between, it goes on behind its last batch.
    let mut tx = house.app.tx(HOME).await;
    bulk_job::step(&mut tx, undoing).await.unwrap();
    drop(tx);
    let result = finish(&house, HOME, undoing).await;
    assert_eq!(
        result,
        json!({"action": "undo", "changed": 399, "unchanged": 0, "refused": 1})
    );
    assert_eq!(count(&house, "status=vip").await, 0);
    assert_eq!(count(&house, "status=churned").await, 1);
    assert_eq!(
        count(&house, "status=prospect").await + count(&house, "status=active").await,
        449
    );
}

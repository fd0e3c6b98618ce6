//! Taking a bulk change back.

use regulars_customers::ops::bulk_job::{self, Step};
use regulars_jobs::JobState;
use regulars_kernel::{Role, ids::UserId};
use serde_json::{Value, json};

use crate::{
    bulk::three,
    bulk_job::{HOME, count, crowd, finish, job_of},
    find_api::member,
    harness::{House, id, places},
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
    assert_eq!(queued.json["customers"], json!({"value": 400, "exact": false}));
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
    // The stopped one is not gone on with any more, and undone again it changes nobody.
    let mut tx = house.app.tx(HOME).await;
    regulars_jobs::retry(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(finish(&house, HOME, job).await["changed"], 400);
    assert_eq!(count(&house, "status=vip").await, 0);
    let body = json!({"action": " undo ", "bulk_id": job});
    let again = job_of(&house.post("/customers/bulk", body).await.expect(202));
    let busy = house.post("/customers/bulk", json!({"action": "undo", "bulk_id": job}));
    assert_eq!(places(&busy.await.expect(409)), ["/bulk_id"]);
    assert_eq!(finish(&house, HOME, again).await["changed"], 0);
    assert_eq!(count(&house, "status=churned").await, 1);
    assert_eq!(
        count(&house, "status=prospect").await + count(&house, "status=active").await,
        449
    );
}

#[tokio::test]
async fn what_is_no_more_does_not_come_back_and_keeps_nothing_else_from_it() {
    let house = House::new().await;
    let ids = three(&house).await;
    let (database, scope) = (house.app.test_database(), house.app.organization(HOME).await);
    let (left, stays) = (
        member(database, scope, Role::Agent).await.user.unwrap().id,
        member(database, scope, Role::Agent).await.user.unwrap().id,
    );
    let owned = |owner: UserId| json!({"action": "owner", "ids": ids, "owner_id": owner});
    run(&house, owned(left)).await;
    let done = run(&house, owned(stays)).await;
    sqlx::query("DELETE FROM memberships WHERE user_id = $1")
        .bind(left)
        .execute(database.owner())
        .await
        .unwrap();
    let back = undo(&house, &done).await;
    assert_eq!((&back["changed"], &back["unchanged"]), (&json!(0), &json!(3)));
    assert_eq!(records(&house, &ids).await[0]["owner_id"], json!(stays));

    // An attribute that is no more is let be; the other field goes back.
    let body = json!({"name": "size", "label": "Size", "kind": "select", "options": ["S", "M"]});
    let size = house.post("/attributes", body).await.expect(201).json;
    let set = |size: &str, status: &str| json!({"action": "update", "ids": ids, "changes": {"status": status, "attributes": {"size": size}}});
    run(&house, set("S", "active")).await;
    let done = run(&house, set("M", "vip")).await;
    let options = json!({"options": ["M"]});
    house
        .patch(&format!("/attributes/{}", id(&size)), options)
        .await
        .expect(200);
    assert_eq!(undo(&house, &done).await["changed"], 3);
    let first = &records(&house, &ids).await[0];
    assert_eq!(
        (&first["status"], &first["attributes"]["size"]),
        (&json!("active"), &json!("M"))
    );
}

#[tokio::test]
async fn tags_are_meant_whatever_they_are_called_by_now() {
    let house = House::new().await;
    let ids = three(&house).await;
    let tag = |action: &str, name: &str| json!({"action": action, "ids": ids, "tags": [name]});
    let tagged = run(&house, tag("tag", "spring")).await;
    let untagged = run(&house, tag("untag", "spring")).await;
    let all = house.get("/tags").await.expect(200).json;
    let spring = id(&all["data"][0]);
    house
        .patch(&format!("/tags/{spring}"), json!({"name": "spring 2026"}))
        .await
        .expect(200);
    assert_eq!(undo(&house, &untagged).await["changed"], 3);
    assert_eq!(count(&house, "tag=spring%202026").await, 3);
    assert_eq!(count(&house, "tag=spring").await, 0);
    // What somebody did by hand since then counts.
    let path = format!("/customers/{}", ids[0]);
    house.patch(&path, json!({"tags": []})).await.expect(200);
    house
        .patch(&path, json!({"tags": ["spring 2026"]}))
        .await
        .expect(200);
    let back = undo(&house, &tagged).await;
    assert_eq!((&back["changed"], &back["unchanged"]), (&json!(0), &json!(3)));
}

#[tokio::test]
async fn who_was_deleted_or_worked_on_again_by_hand_is_let_be() {
    let house = House::new().await;
    let ids = three(&house).await;
    let path = |number: usize| format!("/customers/{}", ids[number]);
    let deleted = run(&house, json!({"action": "delete", "ids": ids})).await;
    house
        .post(&format!("{}/restore", path(0)), json!({}))
        .await
        .expect(200);
    house.delete(&path(0)).await.expect(204);
    let back = undo(&house, &deleted).await;
    assert_eq!((&back["changed"], &back["unchanged"]), (&json!(2), &json!(1)));
    house.get(&path(0)).await.expect(404);
    // Who was brought back and is worked on stays.
    house
        .patch(&path(1), json!({"industry": "Shoes"}))
        .await
        .expect(200);
    let again = undo(&house, &back).await;
    assert_eq!((&again["changed"], &again["unchanged"]), (&json!(1), &json!(1)));
    house.get(&path(1)).await.expect(200);
    house.get(&path(2)).await.expect(404);
}

#[tokio::test]
async fn two_who_undo_the_same_at_once_undo_it_once() {
    let house = House::new().await;
    let ids = three(&house).await;
    for change in [
        json!({"action": "tag", "ids": ids, "tags": ["new"]}),
        json!({"action": "update", "ids": ids, "changes": {"status": "vip"}}),
        json!({"action": "delete", "ids": ids}),
    ] {
        let before = records(&house, &ids).await;
        let done = run(&house, change.clone()).await;
        let body = json!({"action": "undo", "bulk_id": done["bulk_id"]});
        let (one, other) = tokio::join!(
            house.post("/customers/bulk", body.clone()),
            house.post("/customers/bulk", body.clone())
        );
        let changed: i64 = [one, other]
            .into_iter()
            .map(|answer| answer.expect(200).json["changed"].as_i64().unwrap())
            .sum();
        assert_eq!(changed, 3, "{change}");
        assert_eq!(records(&house, &ids).await, before, "{change}");
    }
}

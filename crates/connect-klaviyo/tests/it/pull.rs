//! Pulls from a mock of Klaviyo's API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    account::{Account, at},
    mock::{Fault, Mock},
};

fn profiles(from: u32, to: u32) -> Vec<Value> {
    (from..to)
        .map(|n| {
            json!({"type": "profile", "id": format!("P{n}"), "attributes": {"email": format!("p{n}@example.com"), "first_name": format!("N{n}"), "updated": at(n),
                   "subscriptions": {"email": {"marketing": {"consent": "SUBSCRIBED", "consent_timestamp": at(n)}}},
                   "predictive_analytics": {"historic_number_of_orders": n, "historic_clv": 1.5}}})
        })
        .collect()
}

impl Account {
    async fn pull(&self, body: Value) -> Value {
        self.post(&format!("/connections/{}/pull", self.connection), body)
            .await
            .expect(202)
            .json
    }

    async fn last(&self) -> Value {
        self.get(&format!("/connections/{}/pull", self.connection))
            .await
            .expect(200)
            .json
    }

    /// Works on a pull until it is in one of these states.
    async fn until(&self, mock: &Mock, states: &[&str]) -> Value {
        let worker = self.worker(&mock.url);
        for _ in 0..1_000 {
            let last = self.last().await;
            if states.iter().any(|state| last["state"] == *state) {
                worker.stop(Duration::from_secs(10)).await;
                return last;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{:?} is not {states:?}", self.last().await);
    }

    async fn customers(&self) -> i64 {
        self.number("SELECT count(*) FROM customers").await
    }
}

#[tokio::test]
async fn all_profiles_are_read_and_later_only_those_that_changed() {
    let account = Account::new().await;
    let mock = Mock::start(profiles(0, 25), 10).await;
    let begun = account.pull(json!({})).await;
    assert_eq!(
        (&begun["state"], &begun["since"]),
        (&json!("queued"), &Value::Null)
    );
    let again = account.pull(json!({})).await;
    assert_eq!(again["id"], begun["id"], "it is under way");
    let done = account.until(&mock, &["done"]).await;
    assert_eq!(
        (&done["pages"], &done["seen"], &done["created"], &done["failed"]),
        (&json!(3), &json!(25), &json!(25), &json!(0))
    );
    assert_eq!(account.customers().await, 25);
    let asked = mock.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0]["page[size]"], "100");
    assert_eq!(asked[0]["sort"], "updated");
    assert!(!asked[0].contains_key("filter"));
    let one = account.customer("P7").await;
    assert_eq!(one["consents"][0]["state"], "subscribed");
    assert_eq!(one["metrics"]["told"]["klaviyo"]["orders"], 7);
    // Two have changed since, one of them in the second of the newest.
    let mut all = profiles(0, 25);
    all[3]["attributes"]["updated"] = at(40).into();
    all[3]["attributes"]["first_name"] = "New".into();
    all.push(json!({"type": "profile", "id": "P99", "attributes": {"updated": at(24)}}));
    mock.set_profiles(all);
    account.pull(json!({})).await;
    let done = account.until(&mock, &["done"]).await;
    assert_eq!((&done["seen"], &done["created"]), (&json!(3), &json!(1)));
    assert!(mock.asked()[0]["filter"].starts_with("greater-than(updated,"));
    assert_eq!(account.customer("P3").await["first_name"], "New");
    account.customer("P99").await;
    // All of it, if that is wanted.
    account.pull(json!({"everything": true})).await;
    assert_eq!(account.until(&mock, &["done"]).await["seen"], 26);
    assert_eq!(account.customers().await, 26);
}

#[tokio::test]
async fn limits_are_waited_for_and_what_passes_is_tried_again() {
    let account = Account::new().await;
    let mock = Mock::start(profiles(0, 4), 2).await;
    mock.fail_with([
        Fault::Status(429, Some(1)),
        Fault::Status(503, None),
        Fault::Status(500, None),
        Fault::Silence,
    ]);
    let begun = std::time::Instant::now();
    account.pull(json!({})).await;
    let done = account.until(&mock, &["done"]).await;
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "Retry-After was waited for"
    );
    assert_eq!(done["seen"], 4);
    assert_eq!(mock.asked().len(), 6);
    // A long wait keeps no worker: another job goes on then.
    mock.fail_with([Fault::Status(429, Some(3_600))]);
    let first = account.pull(json!({"everything": true})).await;
    let worker = account.worker(&mock.url);
    for _ in 0..500 {
        if account.last().await["job_id"] != first["job_id"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    worker.stop(Duration::from_secs(10)).await;
    let last = account.last().await;
    assert_eq!((&last["id"], &last["state"]), (&first["id"], &json!("queued")));
    assert_ne!(last["job_id"], first["job_id"]);
    assert_eq!(mock.asked().len(), 1);
}

#[tokio::test]
async fn a_pull_that_was_killed_goes_on_with_the_page_that_it_had_not_taken_over() {
    let account = Account::new().await;
    let mock = Mock::start(profiles(0, 30), 10).await;
    account.pull(json!({})).await;
    let worker = account.worker(&mock.url);
    worker.stop(Duration::from_millis(0)).await;
    // Wherever it was broken off, it ends with everybody once.
    account.pull(json!({})).await;
    account.until(&mock, &["done"]).await;
    assert_eq!(account.customers().await, 30);
}

#[tokio::test]
async fn a_pull_that_is_refused_after_a_page_goes_on_behind_it() {
    let account = Account::new().await;
    let mock = Mock::start(profiles(0, 30), 10).await;
    // The first page, then no more: the key was taken away meanwhile.
    mock.fail_with([Fault::Nothing, Fault::Status(401, None)]);
    let begun = account.pull(json!({})).await;
    let stopped = account.until(&mock, &["failed", "done"]).await;
    assert_eq!(
        (&stopped["state"], &stopped["pages"], &stopped["seen"]),
        (&json!("failed"), &json!(1), &json!(10))
    );
    assert!(
        stopped["error"].as_str().unwrap().contains("API key"),
        "{stopped}"
    );
    assert_eq!(account.customers().await, 10);
    assert_eq!(mock.asked().len(), 2);
    // It is the same pull that goes on, with the page that was refused; a limit on its way is waited for.
    mock.fail_with([Fault::Nothing, Fault::Status(429, Some(1))]);
    let resumed = account.pull(json!({})).await;
    assert_eq!(resumed["id"], begun["id"]);
    let since = std::time::Instant::now();
    let done = account.until(&mock, &["failed", "done"]).await;
    assert!(
        since.elapsed() >= Duration::from_secs(1),
        "Retry-After was waited for"
    );
    assert_eq!(
        (&done["state"], &done["pages"], &done["seen"]),
        (&json!("done"), &json!(3), &json!(30))
    );
    let cursors: Vec<_> = mock
        .asked()
        .iter()
        .map(|one| one.get("page[cursor]").cloned())
        .collect();
    let wanted = ["10", "20", "20"].map(|cursor| Some(cursor.to_owned()));
    assert_eq!(cursors, wanted);
    assert_eq!(account.customers().await, 30);
}

#[tokio::test]
async fn the_key_is_sent_nowhere_else_and_a_page_that_makes_no_sense_ends_it() {
    let account = Account::new().await;
    let mock = Mock::start(profiles(0, 3), 10).await;
    let elsewhere = Mock::start(profiles(0, 3), 10).await;
    let there = format!("{}/api/profiles", elsewhere.url);
    let some = profiles(0, 1);
    for fault in [
        Fault::Body(json!({"data": some, "links": {"next": there}})),
        Fault::Body(json!({"data": some, "links": {"next": "/api/profiles?page%5Bcursor%5D=1"}})),
        Fault::Body(json!({"data": some, "links": {"next": {"href": there}}})),
        Fault::Redirect(there.clone()),
        Fault::Status(403, None),
        Fault::Status(400, None),
        Fault::Body(json!({"errors": []})),
        Fault::Body(json!([])),
    ] {
        mock.fail_with([fault.clone()]);
        account.pull(json!({})).await;
        let last = account.until(&mock, &["failed", "done"]).await;
        assert_eq!(last["state"], "failed", "{fault:?}");
        assert!(last["error"].as_str().unwrap().contains("Klaviyo"), "{last}");
    }
    assert!(elsewhere.asked().is_empty());
    assert_eq!(account.customers().await, 0);
    account.pull(json!({})).await;
    account.until(&mock, &["done"]).await;
    assert_eq!(account.customers().await, 3);
}

#[tokio::test]
async fn a_profile_that_cannot_be_taken_over_keeps_nobody_back() {
    let account = Account::new().await;
    let mut all = profiles(0, 5);
    all[1] = json!({"type": "profile", "id": null, "attributes": {"updated": at(1)}});
    all[2] = json!({"type": "profile", "id": "P2", "attributes": {"updated": at(2), "email": {"x": 1}, "first_name": "y".repeat(100_000), "properties": null}});
    all[3] = json!({"type": "profile", "id": "P3", "attributes": {"updated": "2150-01-01T00:00:00+00:00", "last_name": "Future"}});
    let mock = Mock::start(all, 10).await;
    account.pull(json!({})).await;
    let done = account.until(&mock, &["done"]).await;
    assert_eq!(
        (&done["seen"], &done["created"], &done["failed"]),
        (&json!(5), &json!(4), &json!(1))
    );
    assert_eq!(account.customer("P3").await["last_name"], "Future");
    assert!(
        done["newest"].as_str().unwrap() < "2100",
        "no place to go on from: {done}"
    );
}

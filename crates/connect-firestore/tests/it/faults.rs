//! What networks, quotas, crashes and crowds do to a mirror.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;

use crate::{
    emulator::Emulator,
    proxy::{Answering, Cutting},
    shop::{Shop, document},
};

const RESOURCE_EXHAUSTED: u8 = 8;
const UNAVAILABLE: u8 = 14;
const DEADLINE_EXCEEDED: u8 = 4;
const UNAUTHENTICATED: u8 = 16;

#[tokio::test]
async fn a_burst_of_changes_from_many_sides_ends_equal() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let _workers = [shop.worker(&emulator.address()), shop.worker(&emulator.address())];
    let ids = shop.customers(20).await;
    let changes = (0..12).map(|side: usize| {
        let (shop, ids) = (&shop, &ids);
        async move {
            for round in 0..12 {
                let id = &ids[(side * 5 + round * 3) % ids.len()];
                shop.patch(
                    &format!("/customers/{id}"),
                    json!({"internal_note": format!("{side} {round}")}),
                )
                .await
                .expect(200);
            }
        }
    });
    futures::future::join_all(changes).await;
    shop.settled().await;
    shop.is_equal(20).await;
    assert_eq!(
        shop.number("SELECT count(*) FROM jobs WHERE state = 'dead'")
            .await,
        0
    );
}

#[tokio::test]
async fn an_emulator_that_is_killed_and_comes_back_empty_is_caught_up_with() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let _worker = shop.worker(&emulator.address());
    let ids = shop.customers(30).await;
    shop.settled().await;
    let port = emulator.kill().await;
    for id in &ids[..10] {
        shop.patch(&format!("/customers/{id}"), json!({"first_name": "Late"}))
            .await
            .expect(200);
    }
    let mirror = shop.until(30, |mirror| mirror["state"] == "failing").await;
    assert!(
        mirror["error"].as_str().unwrap().contains("reached"),
        "{mirror:#}"
    );
    assert!(
        mirror["pending"]["value"].as_i64().unwrap() >= 10 && mirror["lag_seconds"].as_f64().unwrap() > 0.0
    );
    let emulator = Emulator::again(port).await;
    shop.settled().await;
    assert_eq!(
        document(&shop.client(&emulator), &ids[0]).await["first_name"],
        "Late"
    );
    // What it had forgotten is what repairing is for.
    let found = shop.compare("repair").await;
    assert_eq!(
        (&found["equal"], &found["missing"]),
        (&json!(10), &json!(20)),
        "{found:#}"
    );
    shop.settled().await;
    shop.is_equal(30).await;
    assert_eq!(
        shop.number("SELECT count(*) FROM jobs WHERE state = 'dead'")
            .await,
        0
    );
}

#[tokio::test]
async fn connections_that_are_cut_in_the_middle_of_an_answer_lose_nothing() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let proxy = Cutting::start(emulator.address(), 4, 120).await;
    let _worker = shop.worker(&proxy.address);
    shop.customers(25).await;
    shop.settled().await;
    assert!(proxy.cuts.load(Ordering::Relaxed) <= 0, "no connection was cut");
    shop.is_equal(25).await;
}

#[tokio::test]
async fn overload_and_outage_are_waited_for_and_never_kill_a_job() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let proxy = Answering::start(emulator.address()).await;
    proxy.answers(&[RESOURCE_EXHAUSTED, UNAVAILABLE, DEADLINE_EXCEEDED, UNAVAILABLE]);
    let _worker = shop.worker(&proxy.address);
    shop.customers(5).await;
    let mirror = shop.settled().await;
    assert!(proxy.is_through());
    let log = mirror["log"].to_string();
    assert!(log.contains("trouble") && mirror["error"].is_null(), "{log}");
    shop.is_equal(5).await;
    assert_eq!(
        shop.number("SELECT count(*) FROM jobs WHERE state = 'dead'")
            .await,
        0
    );
}

#[tokio::test]
async fn a_key_that_is_not_taken_is_told_and_changing_the_settings_goes_on_at_once() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let proxy = Answering::start(emulator.address()).await;
    proxy.answers(&[UNAUTHENTICATED]);
    let _worker = shop.worker(&proxy.address);
    shop.customer(json!({"email": "ada@example.com"})).await;
    let mirror = shop.until(30, |mirror| mirror["state"] == "failing").await;
    assert!(mirror["error"].as_str().unwrap().contains("key"), "{mirror:#}");
    assert!(mirror["next_attempt_at"].is_string());
    shop.patch("/sync/firestore", json!({"writes_per_second": 400}))
        .await
        .expect(200);
    shop.settled().await;
    shop.is_equal(1).await;
}

#[tokio::test]
async fn a_document_that_is_refused_keeps_nobody_else_back() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let proxy = Answering::start(emulator.address()).await;
    proxy.refuses(Some("arsenic"));
    let worker = shop.worker(&proxy.address);
    worker.stop(Duration::from_secs(5)).await;
    let ids = shop.customers(40).await;
    for id in [&ids[7], &ids[31]] {
        shop.patch(&format!("/customers/{id}"), json!({"note": "arsenic"}))
            .await
            .expect(200);
    }
    // Larger than any document may be, which no way of ours to write it allows.
    let mut tx = shop.app.tx("acme").await;
    sqlx::query("UPDATE customers SET internal_note = repeat('x', 1500000) WHERE id = $1::uuid")
        .bind(&ids[20])
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let _worker = shop.worker(&proxy.address);
    let mirror = shop.settled().await;
    assert_eq!(mirror["refused"]["value"], 3, "{mirror:#}");
    let state = shop
        .get(&format!("/sync/firestore/customers/{}", ids[7]))
        .await
        .expect(200)
        .json;
    assert_eq!(state["state"], "refused");
    assert!(state["error"].is_string() && state["next_attempt_at"].is_string());
    let large = shop
        .get(&format!("/sync/firestore/customers/{}", ids[20]))
        .await
        .expect(200)
        .json;
    assert!(large["error"].as_str().unwrap().contains("too large"));
    let found = shop.compare("verify").await;
    assert_eq!(
        (&found["equal"], &found["missing"]),
        (&json!(37), &json!(3)),
        "{found:#}"
    );

    // A change that mends it is tried at once.
    proxy.refuses(None);
    for id in [&ids[7], &ids[20], &ids[31]] {
        shop.patch(
            &format!("/customers/{id}"),
            json!({"note": null, "internal_note": null}),
        )
        .await
        .expect(200);
    }
    shop.settled().await;
    shop.is_equal(40).await;
    assert_eq!(shop.mirror().await["refused"]["value"], 0);
}

#[tokio::test]
async fn a_worker_that_dies_in_the_middle_is_followed_by_another() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    shop.customers(30).await;
    // It has the mirror and the job, and is gone: nothing is given back.
    let mut tx = shop.app.tx("acme").await;
    sqlx::query("UPDATE firestore_progress SET worker_job = gen_random_uuid(), worker_until = now() + interval '3 seconds'")
        .execute(tx.conn())
        .await
        .unwrap();
    sqlx::query("UPDATE jobs SET state = 'running', attempts = 1, worker = 'gone', lease_until = now() + interval '2 seconds' WHERE kind = 'firestore.mirror' AND state = 'queued'")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let _worker = shop.hasty_worker(&emulator.address());
    shop.settled().await;
    shop.is_equal(30).await;
}

#[tokio::test]
async fn what_a_slow_worker_wrote_late_is_written_over() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let proxy = Answering::start(emulator.address()).await;
    let _workers = [
        shop.worker(&emulator.address()),
        shop.worker(&proxy.address),
        shop.hasty_worker(&proxy.address),
    ];
    let ids = shop.customers(5).await;
    // Whoever has the mirror loses it again and again, so that several write at a time.
    for round in 0..30 {
        let id = &ids[round % ids.len()];
        shop.patch(
            &format!("/customers/{id}"),
            json!({"internal_note": round.to_string()}),
        )
        .await
        .expect(200);
        let mut tx = shop.app.tx("acme").await;
        sqlx::query("UPDATE firestore_progress SET worker_until = NULL")
            .execute(tx.conn())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    // Whoever finds that somebody else was at the same customer marks it anew, which may be a moment after all was written.
    for _ in 0..20 {
        shop.settled().await;
        let found = shop.compare("verify").await;
        assert_eq!(
            (&found["different"], &found["missing"]),
            (&json!(0), &json!(0)),
            "{found:#}"
        );
        if found["equal"] == 5 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("it does not come to rest");
}

//! How many documents go together, how fast they go, and a first load that is broken off, as the emulator's side sees them.

use std::time::{Duration, Instant};

use regulars_connect_firestore::{Firestore, LoadJob, Run};
use regulars_jobs::{Registry, Worker, WorkerOptions};
use regulars_kernel::ids::new_uuid;
use serde_json::json;

use crate::{emulator::Emulator, proxy::Answering, shop::Shop};

/// How many writes each of these commits had, the largest first.
fn sizes(commits: &[(Instant, usize)]) -> Vec<usize> {
    let mut sizes: Vec<usize> = commits.iter().map(|(_, writes)| *writes).collect();
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    sizes
}

#[tokio::test]
async fn five_hundred_go_together_and_never_more() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::new().await;
    let proxy = Answering::start(emulator.address()).await;
    shop.crowd(1_300).await;
    shop.set_up(json!({})).await;
    let _worker = shop.worker(&proxy.address);
    shop.settled().await;
    assert_eq!(sizes(&proxy.commits()), [500, 500, 300]);
    shop.is_equal(1_300).await;
}

#[tokio::test]
async fn no_second_has_more_writes_than_the_settings_allow() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::new().await;
    let proxy = Answering::start(emulator.address()).await;
    shop.crowd(600).await;
    shop.set_up(json!({"writes_per_second": 200})).await;
    let _worker = shop.worker(&proxy.address);
    shop.settled().await;
    let commits = proxy.commits();
    assert_eq!(sizes(&commits), [200, 200, 200]);
    let took = commits.last().unwrap().0 - commits[0].0;
    // A commit may be longer on its way than the one behind it.
    let slack = Duration::from_millis(400);
    assert!(took + slack >= Duration::from_secs(2), "{took:?}");
    for (n, (from, _)) in commits.iter().enumerate() {
        for (until, _) in &commits[n + 1..] {
            let written: usize = commits
                .iter()
                .filter(|(at, _)| at > from && at <= until)
                .map(|(_, writes)| writes)
                .sum();
            let allowed = 200.0 * (*until - *from + slack).as_secs_f64();
            assert!(written as f64 <= allowed, "{written} in {:?}", *until - *from);
        }
    }
    shop.is_equal(600).await;
}

#[tokio::test]
async fn a_first_load_that_dies_between_its_steps_goes_on_where_it_was() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::new().await;
    let proxy = Answering::start(emulator.address()).await;
    shop.crowd(1_300).await;
    shop.set_up(json!({})).await;
    // It marks two steps, has no room for more, and dies with the job in its hands.
    let small = LoadJob {
        step: 100,
        most_waiting: 150,
    };
    let hasty = || WorkerOptions {
        lease: Duration::from_secs(2),
        ..WorkerOptions::default()
    };
    let database = shop.app.database();
    let worker = Worker::with_options(database.clone(), Registry::new().with(small), hasty());
    let mirror = shop.until(30, |mirror| mirror["load"]["done"] == 200).await;
    assert_eq!(
        (&mirror["state"], &mirror["load"]["total"]),
        (&json!("loading"), &json!(1_300))
    );
    worker.stop(Duration::ZERO).await;
    // What it had marked is written; of the others nobody knows yet.
    let firestore = Firestore::new(Some(&proxy.address)).unwrap();
    let run = Run {
        database: database.clone(),
        scope: shop.app.organization("acme").await,
        holder: new_uuid(),
        firestore,
    };
    assert_eq!(run.mirror(&|| false).await.unwrap().written, 200);
    let mirror = shop.mirror().await;
    assert_eq!(
        (
            &mirror["load"]["done"],
            &mirror["load"]["finished_at"],
            &mirror["pending"]["value"]
        ),
        (&json!(200), &json!(null), &json!(0))
    );
    // Another goes on behind them: nobody is written twice, and nobody is passed by.
    let _loader = Worker::with_options(database.clone(), Registry::new().with(small), hasty());
    let _worker = shop.hasty_worker(&proxy.address);
    let mirror = shop.settled().await;
    assert_eq!(
        (&mirror["load"]["done"], &mirror["load"]["total"]),
        (&json!(1_300), &json!(1_300))
    );
    assert_eq!(sizes(&proxy.commits()).iter().sum::<usize>(), 1_300);
    shop.is_equal(1_300).await;
}

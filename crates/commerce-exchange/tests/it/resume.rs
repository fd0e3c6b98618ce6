//! Imports that are killed.

use std::{fmt::Write as _, time::Duration};

use regulars_exchange::import::{Ended, Watch, apply};
use tokio::sync::Notify;

use crate::support::Shop;

/// Strikes in the second batch that it sees, each time a little later.
#[derive(Default)]
struct Killer {
    begun: Notify,
    batches: std::sync::atomic::AtomicU32,
}

impl Killer {
    async fn strikes(&self, before: u32) {
        self.begun.notified().await;
        tokio::time::sleep(Duration::from_millis(u64::from(before) * 3)).await;
    }
}

impl Watch for Killer {
    fn progress(&self, _: u64, _: Option<u64>) {
        if self.batches.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1 {
            self.begun.notify_one();
        }
    }
    fn cancelled(&self) -> bool {
        false
    }
}

fn text() -> String {
    let mut text = "order.id,order.placed_at,order.email,order.payment_status,order.total,order.refunded_total,line.title,line.quantity,line.price\n".to_owned();
    for order in 0..300 {
        let total = if order % 11 == 3 { "much" } else { "30" };
        let email = order % 70;
        for line in 0..=order % 4 {
            writeln!(
                text,
                "{order},2026-01-{:02},c{email}@example.com,paid,{total},{},Thing {line},1,10",
                1 + order % 28,
                order % 3
            )
            .unwrap();
        }
    }
    text
}

#[tokio::test]
async fn an_import_of_orders_killed_anywhere_ends_as_if_it_had_not_been() {
    let text = text();
    let whole = Shop::new().await;
    let work = whole.upload(&text).await;
    let expected = whole.finish(&work).await;
    let Ended::Done(counts) = &expected else {
        panic!("nobody stopped it")
    };
    assert_eq!((counts.create, counts.invalid), (273, 27));
    let dump = whole.dump().await;

    let broken = Shop::new().await;
    let work = broken.upload(&text).await;
    let mut killed = 0;
    let ended = loop {
        // Dropping the future in the middle of a statement is what a kill looks like to the database.
        let watch = Killer::default();
        tokio::select! {
            done = apply::apply(&work, &watch) => break done.unwrap(),
            () = watch.strikes(killed) => killed += 1,
        }
    };
    assert!(killed > 5, "it was killed {killed} times");
    assert_eq!(ended, expected);
    assert_eq!(broken.dump().await, dump);
}

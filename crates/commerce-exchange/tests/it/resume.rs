//! Imports that are killed.

use std::{fmt::Write as _, time::Instant};

use regulars_exchange::import::{Ended, apply};

use crate::support::{Shop, Unwatched};

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
    let begun = Instant::now();
    let expected = whole.finish(&work).await;
    let took = begun.elapsed();
    let Ended::Done(counts) = &expected else {
        panic!("nobody stopped it")
    };
    assert_eq!((counts.create, counts.invalid), (273, 27));
    let dump = whole.dump().await;

    let broken = Shop::new().await;
    let work = broken.upload(&text).await;
    let mut ended = Ended::Stopped;
    let mut killed = 0;
    for step in 0..7_u32 {
        // Dropping the future in the middle of a statement is what a kill looks like to the database.
        let wait = took * (1 + step) / 12;
        match tokio::time::timeout(wait, apply::apply(&work, &Unwatched)).await {
            Ok(done) => {
                ended = done.unwrap();
                break;
            }
            Err(_) => killed += 1,
        }
    }
    if ended == Ended::Stopped {
        ended = broken.finish(&work).await;
    }
    assert!(killed > 0, "it was not killed");
    assert_eq!(ended, expected);
    assert_eq!(broken.dump().await, dump);
}

//! Files of any size in bounded memory.

use std::fmt::Write as _;

use crate::support::Shop;

/// The most that the process held so far, and what it holds now, in MB.
fn held(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// `cargo nextest run -p regulars-commerce-exchange --run-ignored only`, alone, so that others' memory is not counted.
#[tokio::test]
#[ignore = "takes minutes: 100,000 rows are tried and imported"]
async fn a_hundred_thousand_rows_take_no_more_memory_than_ten_thousand() {
    let mut peaks = Vec::new();
    for rows in [10_000_u32, 100_000] {
        let shop = Shop::new().await;
        let mut text =
            "order.id,order.placed_at,order.email,order.payment_status,order.total,line.title,line.sku,line.quantity,line.price\n".to_owned();
        for row in 0..rows {
            let order = row / 2;
            writeln!(
                text,
                "{order},2026-01-{:02},c{}@example.com,paid,30,Thing {},S-{},1,15",
                1 + order % 28,
                order % 5_000,
                row % 100,
                row % 100
            )
            .unwrap();
        }
        let mut work = shop.upload(&text).await;
        work.batch_rows = 2_000;
        drop(text);
        let before = held("VmRSS");
        let begun = std::time::Instant::now();
        shop.finish(&work).await;
        let after = held("VmHWM");
        let orders: i64 = shop.one("SELECT count(*) FROM orders").await;
        assert_eq!(orders, i64::from(rows) / 2);
        eprintln!(
            "{rows} rows in {:?}; {before} MB before, {after} MB at most",
            begun.elapsed()
        );
        peaks.push(after);
    }
    assert!(peaks[1] < peaks[0] + 60, "{peaks:?} MB");
}

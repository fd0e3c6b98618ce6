//! Files of any size in bounded memory.

use std::fmt::Write as _;

use crate::support::Shop;

/// The most that the process held, in MB.
fn most_held() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// Each test is a process of its own, so that no other's memory is counted.
#[tokio::test]
async fn ten_times_the_rows_take_no_more_memory() {
    let mut peaks = Vec::new();
    for rows in [2_000_u32, 20_000] {
        let shop = Shop::new().await;
        let mut text = "order.id,order.placed_at,order.email,order.total,order.note,line.title,line.quantity,line.price\n".to_owned();
        for row in 0..rows {
            let order = row / 2;
            // Long, so that keeping the rows would be seen: ten times as many are some 30 MB more.
            let note = if row % 2 == 0 {
                "x".repeat(3_000)
            } else {
                String::new()
            };
            writeln!(
                text,
                "{order},2026-01-{:02},c{}@example.com,30,{note},Thing {},1,15",
                1 + order % 28,
                order % 500,
                row % 100
            )
            .unwrap();
        }
        let mut work = shop.upload(&text).await;
        work.batch_rows = 500;
        drop(text);
        // The file was in memory to be made: from here on the most is counted anew.
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        shop.finish(&work).await;
        let orders: i64 = shop.one("SELECT count(*) FROM orders").await;
        assert_eq!(orders, i64::from(rows) / 2);
        peaks.push(most_held());
    }
    assert!(peaks[1] < peaks[0] + 20, "{peaks:?} MB");
}

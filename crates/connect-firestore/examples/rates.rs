//! How fast a mirror fills an emulator, beside a bare loop of full batches with the same documents, in turns.
//!
//! `_JAVA_OPTIONS=-Xmx6g cargo run --release -p regulars-connect-firestore --example rates -- 10000 3`: customers and turns. The
//! emulator keeps everything in memory, and the half gigabyte that tests give it is full before the turns are over.

#![expect(clippy::unwrap_used, reason = "it says by panicking what went wrong")]

#[path = "../tests/it/emulator.rs"]
#[expect(dead_code, reason = "tests do more with it")]
mod emulator;

use std::time::Instant;

use regulars_connect_firestore::{
    Firestore, Place, Run,
    model::{MirrorInput, Settings},
    ops, wanted,
};
use regulars_kernel::{
    Patch, Scope,
    ids::{CustomerId, OrganizationId, new_uuid},
};
use regulars_testkit::TestDatabase;

use emulator::Emulator;

const FILL: &[&str] = &[
    "INSERT INTO customers (organization_id, id, code, email, first_name, last_name, phone, sort_name, search_text, attributes, note, country, city)
     SELECT current_organization(), (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid, 'R-' || n, 'person' || n || '@example.com',
       'First' || n, 'Last' || n, '+4930' || (1000000 + n), 'last' || n, ' last' || n || ' ', '{\"shoe_size\": 38, \"newsletter\": true}', 'Ask for the door code.', 'DE', 'Berlin'
     FROM generate_series(1, $1) n",
    "INSERT INTO addresses (organization_id, id, customer_id, type, is_default, name, line1, city, postal_code, country)
     SELECT organization_id, gen_random_uuid(), id, 'both', true, full_name, 'Hauptstraße 1', 'Berlin', '10117', 'DE' FROM customers WHERE $1 > 0",
    "INSERT INTO contacts (organization_id, id, customer_id, first_name, email) SELECT organization_id, gen_random_uuid(), id, 'Charles', 'charles@example.com' FROM customers WHERE $1 > 0 AND id::text LIKE '%0-0000-%'",
    "INSERT INTO customer_metrics (organization_id, customer_id, currency, orders, items, total_spent, net_revenue, average_order_value, last_order_at)
     SELECT organization_id, id, 'EUR', 3, 7, 120.50, 120.50, 40.17, now() FROM customers WHERE $1 > 0",
    "INSERT INTO events (organization_id, id, customer_id, kind, actor_kind, data) SELECT organization_id, gen_random_uuid(), id, 'customer.created', 'system', '{\"code\": \"R\"}' FROM customers WHERE $1 > 0",
    "INSERT INTO activities (organization_id, id, occurred_at, kind, customer_id, visitor_id, url)
     SELECT organization_id, gen_random_uuid(), now() - n * interval '1 hour', 'page_view', id, 'v1', 'https://shop.example/shoes/' || n
     FROM customers, generate_series(1, 3) n WHERE $1 > 0",
];

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse::<i32>().ok());
    let (count, turns) = (arguments.next().unwrap_or(20_000), arguments.next().unwrap_or(3));
    let emulator = Emulator::start().await.expect("there is an emulator");
    let db = TestDatabase::new().await;
    let scope = db.organization("rates").await;
    for sql in FILL.iter().copied() {
        let mut tx = db.begin(scope).await;
        sqlx::query(sql).bind(count).execute(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
    }
    sqlx::query("VACUUM ANALYZE").execute(db.owner()).await.unwrap();
    let firestore = Firestore::new(Some(&emulator.address())).unwrap();
    let input = MirrorInput {
        project_id: Patch::Set("rates".into()),
        ..MirrorInput::default()
    };
    let mut tx = db.begin(scope).await;
    ops::set_up(&mut tx, &input, true, |_| Ok(())).await.unwrap();
    tx.commit().await.unwrap();

    let mut ratios = Vec::new();
    for turn in 0..=turns {
        let bare = bare(&db, scope, &firestore, count, turn).await;
        let mirrored = mirrored(&db, scope, &firestore).await;
        let words = if turn == 0 { "warming up: " } else { "" };
        println!(
            "{words}bare {bare:.0}/s, mirror {mirrored:.0}/s, {:.2}",
            mirrored / bare
        );
        if turn > 0 {
            ratios.push(mirrored / bare);
        }
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{count} customers, median of {turns}: {:.2} of the bare loop",
        ratios[ratios.len() / 2]
    );
}

/// A loop of full batches, one after the other, whose documents were made before.
async fn bare(db: &TestDatabase, scope: Scope, firestore: &Firestore, count: i32, turn: i32) -> f64 {
    let settings = Settings {
        project_id: "rates".into(),
        database_id: "(default)".into(),
        collection: format!("bare{turn}"),
        writes_per_second: None,
    };
    let place: Place = settings.place();
    let client = firestore
        .client(OrganizationId::new(), place.clone(), None)
        .unwrap();
    let ids: Vec<CustomerId> = (1..=count)
        .map(|n| format!("{n:08x}-0000-7000-8000-000000000000").parse().unwrap())
        .collect();
    let mut batches = Vec::new();
    for ids in ids.chunks(500) {
        let mut tx = db.database().begin_read(scope).await.unwrap();
        let wanted = wanted(&mut tx, ids).await.unwrap();
        batches.push(wanted.iter().map(|one| one.write(&place)).collect::<Vec<_>>());
    }
    let began = Instant::now();
    for batch in batches {
        client.commit(batch).await.unwrap();
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

/// The mirror, from the changes that wait to the last of them settled.
async fn mirrored(db: &TestDatabase, scope: Scope, firestore: &Firestore) -> f64 {
    let mut tx = db.begin(scope).await;
    regulars_events::followers::changed_among(
        &mut tx,
        "SELECT id FROM customers WHERE $1::uuid IS NOT NULL",
        new_uuid(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let run = Run {
        database: db.database().clone(),
        scope,
        holder: new_uuid(),
        firestore: firestore.clone(),
    };
    let began = Instant::now();
    let done = run.mirror(&|| false).await.unwrap();
    assert_eq!(done.trouble, None);
    done.written as f64 / began.elapsed().as_secs_f64()
}

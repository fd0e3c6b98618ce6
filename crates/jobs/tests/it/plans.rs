//! The claim stays quick with many jobs waiting: its cost follows the organizations, not the jobs.

use std::time::{Duration, Instant};

use regulars_testkit::TestDatabase;

#[tokio::test]
async fn a_claim_among_a_hundred_thousand_waiting_jobs_takes_milliseconds_without_statistics() {
    let database = TestDatabase::new().await;
    sqlx::query(
        "INSERT INTO jobs (organization_id, id, queue, kind, priority, run_at)
         SELECT ('00000000-0000-0000-0000-' || lpad((n % 10)::text, 12, '0'))::uuid, gen_random_uuid(), 'default',
                'test.run', 100, now() + CASE WHEN n % 3 = 0 THEN interval '1 day' ELSE interval '-1 hour' END
         FROM generate_series(1, 100000) AS n",
    )
    .execute(database.owner())
    .await
    .unwrap();
    let pool = database.database().outside_organizations();
    let mut times = Vec::new();
    for n in 0..20 {
        let began = Instant::now();
        let claimed: Vec<uuid::Uuid> = sqlx::query_scalar(
            "SELECT organization_id FROM job_claim($1, NULL, 4, interval '30 seconds', 6,
                                                   '00000000-0000-0000-0000-000000000005')",
        )
        .bind(format!("worker-{n}"))
        .fetch_all(pool)
        .await
        .unwrap();
        times.push(began.elapsed());
        let distinct: std::collections::HashSet<_> = claimed.iter().collect();
        assert_eq!(
            (claimed.len(), distinct.len()),
            (4, 4),
            "four organizations, one job each"
        );
    }
    times.sort();
    println!("claim: median {:?}, worst {:?}", times[10], times[19]);
    assert!(times[10] < Duration::from_millis(50), "median {:?}", times[10]);
}

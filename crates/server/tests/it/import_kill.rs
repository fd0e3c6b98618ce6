//! An import that is applied while its server is killed again and again ends as if nothing had happened.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    api::Api,
    process::{Home, Server},
};

/// Unoptimised code writes too few rows a second for the whole file.
pub const ROWS: usize = if cfg!(debug_assertions) { 12_000 } else { 30_000 };
/// Rows that are written together.
const BATCH: i64 = 2_000;
const KILLS: usize = 10;

/// Customers that are there before, so that some rows of the file update.
pub fn before() -> String {
    let mut text = String::from(
        "external_id,email,first_name,last_name,city,country,tags,consent.email,consent.sms,attributes.shoe_size\n",
    );
    for number in (0..ROWS).step_by(15) {
        let _ = writeln!(
            text,
            "x{number},person{number}@example.com,Old,Name{number},Berlin,DE,before,{},subscribed,41",
            // What half of them withdrew stays withdrawn, whatever the file says.
            if number % 2 == 0 {
                "unsubscribed"
            } else {
                "subscribed"
            },
        );
    }
    text
}

/// New customers, known ones, the same ones again, and rows that are refused.
pub fn file() -> String {
    let cities = ["Berlin,DE", "Paris,FR", "London,GB", "Wien,AT", "Roma,IT"];
    let mut text = String::from(
        "external_id,email,first_name,last_name,phone,address1,zip,city,country,tags,consent.email,\
         consent.email_subscribed_at,consent.sms,attributes.shoe_size,attributes.favourite_colour\n",
    );
    for number in 0..ROWS {
        let (mut who, mut email) = (number, format!("person{number}@example.com"));
        match number % 100 {
            // The customer of an earlier row.
            40 => who = number - 7,
            41 => email = format!("not an address {number}"),
            // Another customer's address under an id of its own.
            42 => email = format!("person{}@example.com", number - 20),
            _ => {}
        }
        if who != number {
            email = format!("person{who}@example.com");
        }
        let tags = if number % 3 == 0 {
            "\"newsletter, spring\""
        } else {
            "newsletter"
        };
        let _ = writeln!(
            text,
            "x{who},{email},Given{number},Family{},+4930{:07},{number} Main Street,{:05},{},{tags},{},{},{},{}",
            number % 997,
            1_000_000 + who,
            number % 99_999,
            cities[number % cities.len()],
            [
                "subscribed,2019-02-03 04:05:06",
                "unsubscribed,",
                ",",
                "never_subscribed,"
            ][number % 4],
            ["subscribed", "unsubscribed", ""][number % 3],
            ["36", "41.5", ""][number % 3],
            ["green", "", "Łosoś 🐟", "blue", ""][number % 5],
        );
    }
    text
}

/// Uploads a file and checks it; gives the import's path.
async fn checked(api: &Api, name: &str, content: String) -> String {
    let uploaded = api.upload(name, content.into_bytes()).await.expect(201);
    let path = format!("/api/v1/imports/{}", uploaded.at("/id"));
    api.post(&format!("{path}/plan"), &json!({})).await.expect(202);
    let planned = api
        .until(&path, &["planned", "failed"], Duration::from_secs(60))
        .await;
    assert_eq!(planned.at("/state"), "planned", "{}", planned.text);
    path
}

async fn import(api: &Api, name: &str, content: String) -> Value {
    let path = checked(api, name, content).await;
    api.post(&format!("{path}/apply"), &json!({})).await.expect(202);
    let done = api
        .until(&path, &["done", "failed", "cancelled"], Duration::from_secs(60))
        .await;
    assert_eq!(done.at("/state"), "done", "{}", done.text);
    done.json["result"].clone()
}

/// Every customer with all its parts as text, without what differs by nature: ids, codes, times.
pub async fn everything(owner: &PgPool, slug: &str) -> Vec<String> {
    let statement = "
        SELECT jsonb_build_object(
          'external_ids', (SELECT jsonb_agg(s.source || ' ' || s.external_id ORDER BY s.source, s.external_id)
             FROM customer_sources s WHERE s.organization_id = c.organization_id AND s.customer_id = c.id),
          'customer', to_jsonb(c) - ARRAY['id', 'organization_id', 'code', 'created_at', 'updated_at', 'search_text'],
          'addresses', (SELECT jsonb_agg(to_jsonb(a) - ARRAY['id', 'organization_id', 'customer_id', 'created_at', 'updated_at']
             ORDER BY a.line1, a.city) FROM addresses a WHERE a.organization_id = c.organization_id AND a.customer_id = c.id),
          'tags', (SELECT jsonb_agg(t.name ORDER BY t.name) FROM customer_tags ct
             JOIN tags t ON t.organization_id = ct.organization_id AND t.id = ct.tag_id
             WHERE ct.organization_id = c.organization_id AND ct.customer_id = c.id),
          -- A day that the file tells is compared, the moment of the import is not.
          'consents', (SELECT jsonb_agg(jsonb_build_array(k.channel, k.state, k.source,
               CASE WHEN k.changed_at < c.created_at - interval '1 day' THEN k.changed_at END) ORDER BY k.channel)
             FROM customer_consents k WHERE k.organization_id = c.organization_id AND k.customer_id = c.id),
          'events', (SELECT jsonb_object_agg(e.kind, e.count) FROM (SELECT kind, count(*) FROM events
             WHERE organization_id = c.organization_id AND customer_id = c.id GROUP BY kind) e))::text
        FROM customers c JOIN organizations o ON o.id = c.organization_id WHERE o.slug = $1 ORDER BY 1";
    sqlx::query_scalar(statement)
        .bind(slug)
        .fetch_all(owner)
        .await
        .unwrap()
}

/// As if the dead worker's lease had run out long ago: the test cannot wait half a minute after each kill.
async fn forget_leases(owner: &PgPool) {
    sqlx::query("UPDATE jobs SET lease_until = now() - interval '1 minute' WHERE state = 'running'")
        .execute(owner)
        .await
        .unwrap();
}

/// The same for the pause before another attempt.
async fn forget_pauses(owner: &PgPool) {
    sqlx::query(
        "UPDATE jobs SET run_at = now() WHERE state = 'queued' AND run_at > now() AND kind LIKE 'import.%'",
    )
    .execute(owner)
    .await
    .unwrap();
}

/// Whether a worker is at the job.
async fn is_running(owner: &PgPool) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM jobs WHERE state = 'running' AND kind = 'import.apply')")
        .fetch_one(owner)
        .await
        .unwrap()
}

async fn applied(owner: &PgPool) -> (String, i64) {
    sqlx::query_as(
        "SELECT i.state, i.applied_position FROM imports i JOIN organizations o ON o.id = i.organization_id
         WHERE o.slug = 'killed' ORDER BY i.id DESC LIMIT 1",
    )
    .fetch_one(owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn killed_ten_times_an_import_ends_row_for_row_as_one_that_was_left_alone() {
    let home = Home::shared().await;
    let owner = home.database().owner().clone();
    let keys = ["whole", "killed"].map(|slug| home.organization(slug, "owner"));
    let mut server: Option<Server> = Some(home.serve());
    let api = |server: &Option<Server>, key: &str| Api::new(&server.as_ref().unwrap().url, key);
    let whole = api(&server, &keys[0]);
    let killed = api(&server, &keys[1]);
    import(&whole, "before.csv", before()).await;
    import(&killed, "before.csv", before()).await;
    let began = Instant::now();
    let counts = import(&whole, "people.csv", file()).await;
    let took = began.elapsed();
    for outcome in ["create", "update", "invalid"] {
        assert!(
            counts[outcome].as_u64().unwrap() > 0,
            "the file has something of each: {counts}"
        );
    }

    let path = checked(&killed, "people.csv", file()).await;
    killed
        .post(&format!("{path}/apply"), &json!({}))
        .await
        .expect(202);
    // Spread over the file by what is applied, and within that at a random moment: between batches, in the midst of one,
    // at its commit. Time alone would not do: how far it comes in a second depends on the machine.
    let mut points = Vec::new();
    for kill in 0..KILLS {
        let share = (ROWS * kill / KILLS * 2 / 3) as i64;
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let (state, rows) = applied(&owner).await;
            assert_eq!(
                state, "applying",
                "it ended before it could be killed: {points:?}"
            );
            if rows / BATCH >= share / BATCH && is_running(&owner).await {
                break;
            }
            forget_pauses(&owner).await;
            assert!(Instant::now() < until, "after {points:?} it does not go on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut pause = [0_u8; 1];
        getrandom(&mut pause);
        tokio::time::sleep(Duration::from_millis(u64::from(pause[0]) / 2)).await;
        server.take().unwrap().kill_nine();
        points.push(applied(&owner).await.1);
        forget_leases(&owner).await;
        server = Some(home.serve());
    }
    let until = Instant::now() + Duration::from_secs(60);
    while applied(&owner).await.0 == "applying" {
        forget_pauses(&owner).await;
        assert!(Instant::now() < until, "it does not end after {points:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("left alone it took {took:?}; killed at {points:?}");

    let end = api(&server, &keys[1]).get(&path).await.expect(200);
    assert_eq!(end.at("/state"), "done", "{}", end.text);
    assert_eq!(end.json["result"], counts);
    let (wanted, found) = (
        everything(&owner, "whole").await,
        everything(&owner, "killed").await,
    );
    assert_eq!(wanted.len(), found.len());
    for part in [
        "[\"email\", \"unsubscribed\"",
        "[\"sms\", \"subscribed\"",
        "\"2019-02-0",
        "Łosoś 🐟",
        "\"shoe_size\": \"41.5\"",
    ] {
        assert!(
            wanted.iter().any(|row| row.contains(part)),
            "nobody has {part}: {:?}",
            wanted.first()
        );
    }
    for (wanted, found) in wanted.iter().zip(&found) {
        assert_eq!(wanted, found);
    }
    // No id twice, nobody twice.
    let mut emails: Vec<String> = sqlx::query_scalar(
        "SELECT email_lowercase FROM customers c JOIN organizations o ON o.id = c.organization_id
         WHERE o.slug = 'killed' AND email IS NOT NULL",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    let all = emails.len();
    emails.sort();
    emails.dedup();
    assert_eq!(emails.len(), all);
    let errors = |key: &'static str| {
        let api = api(&server, &keys[usize::from(key == "killed")]);
        async move {
            api.get("/api/v1/imports?limit=1")
                .await
                .expect(200)
                .at("/data/0/id")
        }
    };
    let mut files = Vec::new();
    for slug in ["whole", "killed"] {
        let id = errors(slug).await;
        let api = api(&server, &keys[usize::from(slug == "killed")]);
        files.push(
            api.get(&format!("/api/v1/imports/{id}/errors.csv"))
                .await
                .expect(200)
                .text,
        );
    }
    assert_eq!(
        files[0], files[1],
        "the same rows are refused for the same reasons"
    );
}

#[tokio::test]
async fn a_killed_import_goes_on_by_itself_on_the_private_server() {
    let home = Home::private();
    let key = home.organization("acme", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    let path = checked(&api, "people.csv", file()).await;
    api.post(&format!("{path}/apply"), &json!({})).await.expect(202);
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let rows: u64 = api
            .get(&path)
            .await
            .expect(200)
            .at("/applied_rows")
            .parse()
            .unwrap();
        if rows > 0 {
            break;
        }
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut server = server;
    // Again and again: neither the lease of the dead worker nor a growing pause keeps it waiting.
    for _ in 0..4 {
        server.kill_nine();
        server = home.serve();
        let api = Api::new(&server.url, &key);
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let import = api.get(&path).await.expect(200);
            let job = api
                .get(&format!("/api/v1/jobs/{}", import.at("/job_id")))
                .await
                .expect(200);
            if job.at("/state") != "queued" || import.at("/state") != "applying" {
                break;
            }
            assert!(Instant::now() < until, "it waits: {}", job.text);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let api = Api::new(&server.url, &key);
    let done = api
        .until(&path, &["done", "failed", "cancelled"], Duration::from_secs(90))
        .await;
    assert_eq!(done.at("/state"), "done", "{}", done.text);
    assert_eq!(done.at("/applied_rows"), ROWS.to_string());
    let owner = PgPool::connect(&home.ok(&["database-url"])).await.unwrap();
    let found: i64 = sqlx::query_scalar("SELECT count(*) FROM customers")
        .fetch_one(&owner)
        .await
        .unwrap();
    assert_eq!(found.to_string(), done.at("/result/create"), "each row once");
    owner.close().await;
}

/// A few random bytes.
fn getrandom(bytes: &mut [u8]) {
    use std::io::Read as _;
    std::fs::File::open("/dev/urandom")
        .unwrap()
        .read_exact(bytes)
        .unwrap();
}

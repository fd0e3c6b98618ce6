//! The lines above the list of what goes on in the background: to whom they are shown, and for how long.

use std::time::Duration;

use regulars_jobs::{Registry, Worker, WorkerOptions};
use regulars_kernel::{Role, ids::JobId};

use crate::pages::Pages;

const TAG_ALL: [(&str, &str); 3] = [("all", "true"), ("query", ""), ("tag", "spring")];

/// The lines as the page of whoever is signed in has them.
async fn lines(pages: &Pages) -> String {
    pages.get("/customers/bulk/work").await.expect(200).text()
}

/// The latest job of the organization “acme” that changes customers.
async fn latest(pages: &Pages) -> JobId {
    let id: uuid::Uuid = sqlx::query_scalar("SELECT max(job_id::text)::uuid FROM customer_bulks")
        .fetch_one(pages.app.test_database().owner())
        .await
        .unwrap();
    JobId(id)
}

/// Works on the queue until the latest job is over.
async fn finish(pages: &Pages) -> JobId {
    let job = latest(pages).await;
    let options = WorkerOptions {
        poll: Duration::from_millis(20),
        ..WorkerOptions::default()
    };
    let registry = regulars_customers::job_handlers(Registry::new());
    let worker = Worker::with_options(pages.app.database().clone(), registry, options);
    for _ in 0..1_000 {
        let mut tx = pages.app.tx("acme").await;
        let found = regulars_jobs::get(&mut tx, job).await.unwrap();
        drop(tx);
        if found.finished_at.is_some() {
            worker.stop(Duration::from_secs(5)).await;
            assert_eq!(found.error, None);
            return job;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the job does not end");
}

/// As if it had ended so many seconds earlier.
async fn age(pages: &Pages, job: JobId, seconds: f64) {
    let aged =
        sqlx::query("UPDATE jobs SET finished_at = finished_at - make_interval(secs => $2) WHERE id = $1")
            .bind(job)
            .bind(seconds)
            .execute(pages.app.test_database().owner())
            .await
            .unwrap();
    assert_eq!(aged.rows_affected(), 1);
}

/// More customers than are changed without a job, with ids of long ago: who is made later is not meant.
async fn crowd(pages: &Pages) {
    sqlx::query(
        "INSERT INTO customers (organization_id, id, code, first_name, sort_name, search_text)
         SELECT $1, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'X-' || n, 'Ada', 'ada', ' ada ' FROM generate_series(1, 101) n",
    )
    .bind(pages.app.organization("acme").await.organization_id)
    .execute(pages.app.test_database().owner())
    .await
    .unwrap();
}

#[tokio::test]
async fn ended_work_is_shown_for_ten_minutes_to_whoever_asked_for_it_and_running_work_to_all() {
    let mut pages = Pages::new(Role::Agent).await;
    pages.customer(&[("first_name", "Ada")]).await;
    let asker = pages.cookie.clone();
    let colleague = pages.sign_in("acme", Role::Admin).await;
    pages
        .post("/customers/bulk?action=tag", &TAG_ALL)
        .await
        .expect(204);
    for cookie in [&asker, &colleague] {
        pages.cookie.clone_from(cookie);
        let lines = lines(&pages).await;
        assert!(lines.contains("waiting for a free worker"), "{lines}");
    }
    let job = finish(&pages).await;

    pages.cookie = colleague;
    for path in ["/customers/bulk/work", "/customers"] {
        let page = pages.get(path).await.expect(200).text();
        assert!(!page.contains("work-line"), "{path}: {page}");
    }
    pages.cookie = asker;
    for path in ["/customers/bulk/work", "/customers"] {
        let page = pages.get(path).await.expect(200).text();
        let undo = format!("/customers/bulk/undo?bulk={job}");
        assert!(page.contains("1 customer tagged “spring”."), "{path}: {page}");
        assert!(page.contains(&undo), "{path}: {page}");
    }
    age(&pages, job, 9.0 * 60.0).await;
    assert!(lines(&pages).await.contains("tagged “spring”"));
    age(&pages, job, 60.0).await;
    assert!(!lines(&pages).await.contains("work-line"));
}

#[tokio::test]
async fn an_undo_takes_the_place_of_what_it_undid_and_is_told_for_a_minute() {
    let mut pages = Pages::new(Role::Agent).await;
    crowd(&pages).await;
    pages
        .post("/customers/bulk?action=tag", &TAG_ALL)
        .await
        .expect(204);
    let tagged = finish(&pages).await;
    let told = lines(&pages).await;
    assert!(told.contains("101 customers tagged"), "{told}");
    pages
        .post(&format!("/customers/bulk/undo?bulk={tagged}"), &[])
        .await
        .expect(204);
    let undone = finish(&pages).await;
    assert_ne!(undone, tagged, "the undo of so many is a job");

    let told = lines(&pages).await;
    assert_eq!(told.matches("class=\"work-line\"").count(), 1, "{told}");
    assert!(told.contains("101 customers as before."), "{told}");
    assert!(
        !told.contains("/customers/bulk/undo"),
        "an undo is only told of: {told}"
    );
    let asker = pages.cookie.clone();
    pages.cookie = pages.sign_in("acme", Role::Admin).await;
    assert!(!lines(&pages).await.contains("work-line"));
    pages.cookie = asker;
    age(&pages, undone, 50.0).await;
    assert!(lines(&pages).await.contains("as before"));
    age(&pages, undone, 10.0).await;
    assert!(!lines(&pages).await.contains("work-line"));
}

#[tokio::test]
async fn a_line_of_another_organization_is_not_there_to_be_hidden_and_leaves_nothing_in_the_browser() {
    let mut pages = Pages::new(Role::Agent).await;
    pages.customer(&[("first_name", "Ada")]).await;
    pages
        .post("/customers/bulk?action=tag", &TAG_ALL)
        .await
        .expect(204);
    let job = finish(&pages).await;
    let hide = format!("/customers/bulk/{job}/hide");
    let own = pages.cookie.clone();
    pages.cookie = pages.sign_in("other", Role::Owner).await;
    let refused = pages.post(&hide, &[]).await.expect(404);
    let kept: Vec<_> = refused.headers.get_all("set-cookie").iter().collect();
    let names_it = |text: &str| text.contains(&job.to_string()) || text.contains("regulars_hidden_work");
    assert!(
        kept.iter().all(|cookie| !names_it(cookie.to_str().unwrap())),
        "{kept:?}"
    );

    pages.cookie = own.clone();
    assert!(
        lines(&pages).await.contains("tagged “spring”"),
        "it is hidden to nobody"
    );
    let hidden = pages.post(&hide, &[]).await.expect(200);
    let kept = hidden.header("set-cookie");
    assert!(
        kept.starts_with(&format!("regulars_hidden_work={job};")),
        "{kept}"
    );
    pages.cookie = format!("{own}; {}", kept.split(';').next().unwrap());
    assert!(!lines(&pages).await.contains("work-line"));
}

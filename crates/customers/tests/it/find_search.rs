//! What a search finds, that any text can be searched, and that the functions behind it keep the wall.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use regulars_customers::find;
use regulars_testkit::TestDatabase;
use sqlx::Executor as _;

use crate::{
    find::{ask, page, shop, walk},
    people::{Person, add},
};

#[tokio::test]
async fn a_search_finds_whom_a_person_means_and_the_best_first() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let people: Vec<Person> = [
        (
            "Robert",
            "Allen",
            Some("rob.allen@example.com"),
            Some("+491601234567"),
        ),
        ("Valentin", "Huber", None, None),
        ("Anna", "Smith", Some("anna@smith.example"), None),
        ("Will", "Smithson", None, None),
        ("Sue", "Blacksmith", None, None),
        ("Smilla", "Jaspersen", None, Some("+4930987654")),
        ("Zoë", "Müller-Lüdenscheidt", None, None),
        ("Robert", "Allan", None, None),
        ("Alec", "Mason", None, None),
        ("Bo", "Galen", None, None),
        ("100%", "A_B", None, None),
        ("Li", "Wei", None, None),
    ]
    .iter()
    .enumerate()
    .map(|(at, (first, last, email, phone))| Person::named(at, first, last, *email, *phone))
    .collect();
    add(&database, scope, &people).await;
    let other = database.organization("other").await;
    add(
        &database,
        other,
        &[Person::named(
            900,
            "Robert",
            "Allen",
            Some("rob.allen@example.com"),
            None,
        )],
    )
    .await;
    let mut tx = database.begin(scope).await;
    for (q, wanted) in [
        // Who forgot a letter that is doubled meant this name before others that are one letter away.
        (
            "Alen",
            &["Robert Allen", "Alec Mason", "Bo Galen", "Valentin Huber"][..],
        ),
        ("robret allen", &["Robert Allen", "Robert Allan"]),
        ("allen robert", &["Robert Allen", "Robert Allan"]),
        (
            "smi",
            &[
                "Smilla Jaspersen",
                "Anna Smith",
                "Will Smithson",
                "Sue Blacksmith",
            ],
        ),
        ("smith", &["Anna Smith", "Will Smithson", "Sue Blacksmith"]),
        ("ANNA smith", &["Anna Smith"]),
        ("rob.allen@example.com", &["Robert Allen"]),
        ("ROB.ALLEN@example.com ", &["Robert Allen"]),
        ("0160 1234567", &["Robert Allen"]),
        ("+49 (160) 123-4567", &["Robert Allen"]),
        ("00491601234567", &["Robert Allen"]),
        ("1234567", &["Robert Allen"]),
        ("c-000003", &["Will Smithson"]),
        ("muller", &["Zoë Müller-Lüdenscheidt"]),
        ("MÜLLER lüdenscheit", &["Zoë Müller-Lüdenscheidt"]),
        ("zoe", &["Zoë Müller-Lüdenscheidt"]),
        ("100%", &["100% A_B"]),
        ("a_b", &["100% A_B"]),
        ("li", &["Li Wei"]),
        ("%", &[]),
        ("\\", &[]),
        ("nobody at all", &[]),
    ] {
        let mut query = ask("q=x");
        query.q = Some(q.trim().to_owned());
        let found = find::list(&mut tx, &query).await.unwrap();
        let names: Vec<&str> = found
            .data
            .iter()
            .filter_map(|item| item.customer.full_name.as_deref())
            .collect();
        assert_eq!(names, wanted, "{q}");
        assert_eq!(
            (found.page.total.value, found.page.total.exact),
            (wanted.len() as i64, true),
            "{q}"
        );
    }
    let quick = find::quick(&mut tx, "alen", 1).await.unwrap();
    assert_eq!(quick.len(), 1);
    assert_eq!(page(&mut tx, "q=smith&status=vip").await.0.len(), 0);
    assert_eq!(walk(&mut tx, "q=smi", 1).await.len(), 4);
    assert_eq!(page(&mut tx, "q=smi&page=2&limit=3").await.0.len(), 1);
}

#[tokio::test]
async fn any_typed_text_is_answered() {
    let (database, scope, _) = shop().await;
    let mut tx = database.begin(scope).await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..120 {
        let q = "[^\0]{1,200}".new_tree(&mut runner).unwrap().current();
        for sort in [
            "",
            "&sort=full_name",
            "&deleted=with",
            "&deleted=only&sort=-last_active_at",
        ] {
            let mut query = ask(&format!("q=x{sort}"));
            query.q = Some(q.trim().to_owned()).filter(|q| !q.is_empty());
            if query.q.is_none() && query.by_relevance() {
                continue;
            }
            find::list(&mut tx, &query)
                .await
                .unwrap_or_else(|error| panic!("{q:?}: {error}"));
        }
    }
}

#[tokio::test]
async fn the_functions_behind_the_wall_show_one_organization_its_own() {
    let (database, scope, people) = shop().await;
    let empty = database.organization("empty").await;
    let mut connection = database
        .database()
        .outside_organizations()
        .acquire()
        .await
        .unwrap();
    let calls = [
        "SELECT count(*) FROM find_customers('[[\"%a%\"]]', '{\"deleted\": \"with\"}', 1000)",
        "SELECT count(*) FROM walk_customers('[[\"%a%\"]]', '{\"deleted\": \"with\"}', 1000)",
        "SELECT count(*) FROM find_customers('[]', '{\"attributes\": [[{\"plan\": \"pro\"}]], \"deleted\": \"with\"}', 1000)",
        "SELECT count(*) FROM find_customers('[]', '{\"sources\": [\"csv\"], \"deleted\": \"with\"}', 1000)",
    ];
    let with_a = people
        .iter()
        .filter(|person| person.search_text().contains('a'))
        .count() as i64;
    for call in calls {
        let count: i64 = sqlx::query_scalar(call)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(count, 0, "without an organization: {call}");
    }
    let named = "SELECT count(*) FROM named_customers($1, 1000)";
    let words: Vec<String> = people
        .iter()
        .filter(|person| person.customer.deleted_at.is_none())
        .flat_map(|person| {
            person
                .sort_name()
                .split(' ')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    let nobody: i64 = sqlx::query_scalar(named)
        .bind(&words)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(nobody, 0, "without an organization: {named}");
    for (scope, most) in [(scope, with_a), (empty, 0)] {
        let mut tx = database.begin(scope).await;
        let count: i64 = sqlx::query_scalar(named)
            .bind(&words)
            .fetch_one(tx.conn())
            .await
            .unwrap();
        assert_eq!(count == 0, most == 0, "{named}");
        for (at, call) in calls.iter().enumerate() {
            let count: i64 = sqlx::query_scalar(*call).fetch_one(tx.conn()).await.unwrap();
            assert!(
                if at < 2 { count == most } else { count <= most },
                "{call}: {count}"
            );
            assert_eq!(count == 0, most == 0, "{call}");
        }
    }
    // Nobody else may call them, and what is given to them is data.
    let mut tx = database.begin(scope).await;
    for filter in [
        serde_json::json!({"in": {"status": ["x'; DROP TABLE customers; --", "\"},{"]}}),
        serde_json::json!({"sources": ["') OR true --"], "tags": []}),
    ] {
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM find_customers('[[\"%'' OR true --%\"]]', $1, 10)")
                .bind(filter)
                .fetch_one(tx.conn())
                .await
                .unwrap();
        assert_eq!(count, 0);
    }
    let refused = tx
        .conn()
        .execute("SELECT count(*) FROM find_customers('[]', '{\"in\": {\"note\": [\"a\"]}}', 10)")
        .await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("cannot be filtered by note")
    );
}

//! Filters, orders, pages and totals against a naive reading of the same question.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRng, TestRunner},
};
use regulars_customers::{
    find::{self, Context, Query, Selection},
    model::Choice as _,
};
use regulars_database::{Scope, Tx};
use regulars_kernel::{Country, Error, TimeZone, ids::CustomerId};
use regulars_testkit::TestDatabase;
use regulars_web::Params;

use crate::people::{Person, add, now, person};

fn context() -> Context {
    Context {
        time_zone: TimeZone::parse("Europe/Berlin").unwrap(),
        country: Country::from_code("DE"),
    }
}

pub fn ask(query: &str) -> Query {
    Query::read(Params::parse(query).unwrap(), &context()).unwrap()
}

pub async fn page(tx: &mut Tx, query: &str) -> (Vec<CustomerId>, Option<String>, regulars_kernel::Total) {
    let page = find::list(tx, &ask(query))
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"));
    (
        page.data.iter().map(|item| item.customer.id).collect(),
        page.page.next_cursor,
        page.page.total,
    )
}

/// Every page from cursor to cursor.
pub async fn walk(tx: &mut Tx, query: &str, limit: usize) -> Vec<CustomerId> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let place = cursor
            .map(|cursor| format!("&cursor={cursor}"))
            .unwrap_or_default();
        let (ids, next, _) = page(tx, &format!("{query}&limit={limit}{place}")).await;
        assert!(
            next.is_none() || ids.len() == limit,
            "{query}: a page in the middle is full"
        );
        all.extend(ids);
        let Some(next) = next else { return all };
        cursor = Some(next);
    }
}

struct Case {
    query: String,
    holds: Box<dyn Fn(&Person) -> bool>,
}

fn case(query: impl Into<String>, holds: impl Fn(&Person) -> bool + 'static) -> Case {
    Case {
        query: query.into(),
        holds: Box::new(holds),
    }
}

/// Each filter on its own, with the naive reading of it.
fn cases() -> Vec<Case> {
    let day = |days: i64| now() - Duration::days(days);
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    vec![
        case("status=vip", |p| p.customer.status.as_str() == "vip"),
        case("status=vip,blocked&status=churned", |p| {
            ["vip", "blocked", "churned"].contains(&p.customer.status.as_str())
        }),
        case("type=guest", |p| p.customer.customer_type.as_str() == "guest"),
        case("type=guest,wholesale", |p| {
            ["guest", "wholesale"].contains(&p.customer.customer_type.as_str())
        }),
        case("kind=company", |p| p.customer.kind.as_str() == "company"),
        case("lifecycle_stage=loyal", |p| {
            p.customer.lifecycle_stage.as_str() == "loyal"
        }),
        case("priority=high,urgent", |p| {
            ["high", "urgent"].contains(&p.customer.priority.as_str())
        }),
        case("country=DE,Austria", |p| {
            p.customer
                .country
                .is_some_and(|c| ["DE", "AT"].contains(&c.as_str()))
        }),
        case("source=csv", |p| p.sources.contains(&"csv")),
        case("source=csv,shopify", |p| !p.sources.is_empty()),
        case("source=nobody", |_| false),
        case("tag=VIP", |p| p.tags.contains(&"vip")),
        case("tag=vip&tag=late%2C+gone", |p| {
            p.tags.contains(&"vip") || p.tags.contains(&"late, gone")
        }),
        case("tag=unheard", |_| false),
        case(format!("created_from={}", time(day(200))), move |p| {
            p.customer.created_at >= day(200)
        }),
        case(format!("created_to={}", time(day(100))), move |p| {
            p.customer.created_at <= day(100)
        }),
        case(
            format!("updated_from={}&updated_to={}", time(day(90)), time(day(20))),
            move |p| p.customer.updated_at >= day(90) && p.customer.updated_at <= day(20),
        ),
        case(format!("last_active_from={}", time(day(50))), move |p| {
            p.customer.last_active_at.is_some_and(|at| at >= day(50))
        }),
        case(format!("last_active_to={}", time(day(50))), move |p| {
            p.customer.last_active_at.is_some_and(|at| at <= day(50))
        }),
        case("has_email=true", |p| p.customer.email.is_some()),
        case("has_email=false", |p| p.customer.email.is_none()),
        case("has_phone=true", |p| p.customer.phone.is_some()),
        case("attribute.shoe_size=38", |p| {
            p.customer.attributes.get("shoe_size") == Some(&38.into())
        }),
        case("attribute.shoe_size=38,40", |p| {
            [38, 40]
                .iter()
                .any(|size| p.customer.attributes.get("shoe_size") == Some(&(*size).into()))
        }),
        case("attribute.plan=pro", |p| {
            p.customer.attributes.get("plan") == Some(&"pro".into())
        }),
        case("attribute.likes=tea", |p| {
            p.customer
                .attributes
                .get("likes")
                .and_then(|likes| likes.as_array())
                .is_some_and(|likes| likes.contains(&"tea".into()))
        }),
        case("attribute.member=true", |p| {
            p.customer.attributes.get("member") == Some(&true.into())
        }),
        case("parent=00000000-0000-7000-8000-000000000001", |_| false),
        case("q=smi", |p| p.search_text().contains("smi")),
        case("q=an+sm", |p| {
            p.search_text().contains(" an") && p.search_text().contains(" sm")
        }),
        case("q=example.com", |p| p.search_text().contains("example.com")),
        case("q=100%25", |p| p.search_text().contains("100%")),
    ]
}

fn deleted(query: &str, person: &Person) -> bool {
    if query.contains("deleted=with") {
        true
    } else {
        person.customer.deleted_at.is_some() == query.contains("deleted=only")
    }
}

const SORTS: &[&str] = &[
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "full_name",
    "-full_name",
    "last_active_at",
    "-last_active_at",
    "code",
    "-code",
    "-last_active_at,full_name",
    "last_active_at,-full_name",
    "full_name,-created_at",
    "-created_at,full_name,code",
    "-full_name,-last_active_at",
    "updated_at,last_active_at",
    "status",
    "-type",
    "country",
    "-country,full_name",
    "status,-type,-last_active_at",
    "full_name,-country",
];

/// The order as sentences of the documentation say it.
fn in_order(people: &mut [&Person], sort: &str) {
    let mut fields: Vec<(&str, bool)> = sort
        .split(',')
        .map(|field| {
            field
                .strip_prefix('-')
                .map_or((field, false), |field| (field, true))
        })
        .collect();
    let (last, down) = fields[fields.len() - 1];
    if ["status", "type", "country", "last_active_at"].contains(&last)
        && !fields.iter().any(|field| field.0 == "created_at")
    {
        fields.push(("created_at", down));
    }
    people.sort_by(|a, b| {
        let compare = |field: &str| match field {
            "created_at" => a.customer.created_at.cmp(&b.customer.created_at),
            "updated_at" => a.customer.updated_at.cmp(&b.customer.updated_at),
            "last_active_at" => a.customer.last_active_at.cmp(&b.customer.last_active_at),
            "code" => a.customer.code.cmp(&b.customer.code),
            "status" => a.customer.status.as_str().cmp(b.customer.status.as_str()),
            "type" => a
                .customer
                .customer_type
                .as_str()
                .cmp(b.customer.customer_type.as_str()),
            "country" => a
                .customer
                .country
                .map(|country| country.as_str().to_owned())
                .cmp(&b.customer.country.map(|country| country.as_str().to_owned())),
            _ => a.sort_name().cmp(&b.sort_name()),
        };
        let turn = |order: std::cmp::Ordering, down: bool| if down { order.reverse() } else { order };
        fields
            .iter()
            .fold(std::cmp::Ordering::Equal, |order, (field, down)| {
                order.then_with(|| turn(compare(field), *down))
            })
            .then_with(|| turn(a.customer.id.cmp(&b.customer.id), fields[fields.len() - 1].1))
    });
}

pub async fn shop() -> (TestDatabase, Scope, Vec<Person>) {
    let database = TestDatabase::new().await;
    let ours = database.organization("acme").await;
    let theirs = database.organization("other").await;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[7; 32]),
    );
    let people: Vec<Person> = (0..400)
        .map(|at| person(at).new_tree(&mut runner).unwrap().current())
        .collect();
    add(&database, ours, &people).await;
    let others: Vec<Person> = (1000..1100)
        .map(|at| person(at).new_tree(&mut runner).unwrap().current())
        .collect();
    add(&database, theirs, &others).await;
    (database, ours, people)
}

#[tokio::test]
async fn filters_alone_and_in_pairs_give_what_a_naive_reading_gives() {
    let (database, scope, people) = shop().await;
    let mut tx = database.begin(scope).await;
    let cases = cases();
    let mut tried = 0;
    for (at, first) in cases.iter().enumerate() {
        for (other, second) in cases.iter().enumerate().skip(at) {
            let name = |query: &str| query.split('=').next().unwrap_or_default().to_owned();
            if at != other && (name(&first.query) == name(&second.query) || (at * 31 + other) % 3 != 0) {
                continue;
            }
            let deletion = ["", "&deleted=with", "&deleted=only"][(at + other) % 3];
            let sort = SORTS[(at * 7 + other) % SORTS.len()];
            let both = if at == other {
                first.query.clone()
            } else {
                format!("{}&{}", first.query, second.query)
            };
            let query = format!("{both}{deletion}&sort={sort}");
            let mut wanted: Vec<&Person> = people
                .iter()
                .filter(|person| (first.holds)(person) && (second.holds)(person) && deleted(&query, person))
                .collect();
            in_order(&mut wanted, sort);
            let wanted: Vec<CustomerId> = wanted.iter().map(|person| person.customer.id).collect();
            let found = walk(&mut tx, &query, 61).await;
            assert_eq!(found, wanted, "{query}");
            let (_, _, total) = page(&mut tx, &format!("{query}&limit=1")).await;
            assert_eq!((total.value, total.exact), (wanted.len() as i64, true), "{query}");
            let selection = Selection::resolve(&mut tx, &ask(&query)).await.unwrap();
            let (mut all, mut after) = (BTreeSet::new(), None);
            loop {
                let ids = selection.ids_after(&mut tx, after, 50).await.unwrap();
                let Some(last) = ids.last() else { break };
                after = Some(*last);
                all.extend(ids);
            }
            assert_eq!(all, wanted.into_iter().collect(), "in batches: {query}");
            tried += 1;
        }
    }
    assert!(tried > 150, "{tried}");
}

#[tokio::test]
async fn every_order_visits_everybody_once_by_cursor_and_by_page() {
    let (database, scope, people) = shop().await;
    let mut tx = database.begin(scope).await;
    for sort in SORTS {
        for deletion in ["", "&deleted=with"] {
            let query = format!("sort={sort}{deletion}");
            let mut wanted: Vec<&Person> = people.iter().filter(|person| deleted(&query, person)).collect();
            in_order(&mut wanted, sort);
            let wanted: Vec<CustomerId> = wanted.iter().map(|person| person.customer.id).collect();
            assert_eq!(walk(&mut tx, &query, 37).await, wanted, "{query}");
            let mut by_page = Vec::new();
            for number in 1..=12 {
                by_page.extend(page(&mut tx, &format!("{query}&limit=37&page={number}")).await.0);
            }
            assert_eq!(by_page, wanted, "{query}");
        }
    }
}

#[tokio::test]
async fn a_walk_misses_nobody_while_others_are_added() {
    let (database, scope, people) = shop().await;
    for (round, sort) in [
        "-created_at",
        "full_name",
        "-last_active_at",
        "full_name,-created_at",
    ]
    .iter()
    .enumerate()
    {
        let before: BTreeSet<CustomerId> = people
            .iter()
            .filter(|person| person.customer.deleted_at.is_none())
            .map(|person| person.customer.id)
            .collect();
        let (mut seen, mut cursor, mut made) = (Vec::new(), String::new(), 0);
        loop {
            let mut tx = database.begin(scope).await;
            let (ids, next, _) = page(&mut tx, &format!("sort={sort}&limit=20{cursor}")).await;
            seen.extend(ids);
            let Some(next) = next else { break };
            cursor = format!("&cursor={next}");
            made += 1;
            let mut runner = TestRunner::deterministic();
            let added: Vec<Person> = (0..3)
                .map(|at| {
                    person(10_000 * (round + 1) + made * 3 + at)
                        .new_tree(&mut runner)
                        .unwrap()
                        .current()
                })
                .collect();
            drop(tx);
            add(&database, scope, &added).await;
        }
        let once: BTreeSet<CustomerId> = seen.iter().copied().collect();
        assert_eq!(once.len(), seen.len(), "{sort}: nobody twice");
        assert!(before.is_subset(&once), "{sort}: everybody who was there");
    }
}

#[tokio::test]
async fn names_that_only_the_database_knows_are_checked() {
    let (database, scope, _) = shop().await;
    let mut tx = database.begin(scope).await;
    let query =
        ask("attribute.shoe_sice=38&attribute.shoe_size=big&attribute.member=maybe&attribute.plan=pro");
    let Err(Error::Malformed(faults)) = find::list(&mut tx, &query).await else {
        panic!("faults expected")
    };
    let mut pointers: Vec<&str> = faults.0.iter().map(|fault| fault.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "?attribute.member",
            "?attribute.shoe_sice",
            "?attribute.shoe_size"
        ]
    );
}

//! Customers as random as real ones, for the tests of finding.

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use regulars_customers::{
    model::{Choice, Customer, Kind, LifecycleStage, Priority, Status, Type},
    store::search,
};
use regulars_database::Scope;
use regulars_kernel::{Country, Email, Phone, ids::CustomerId, symspell};
use regulars_testkit::TestDatabase;
use serde_json::{Map, Value, json};
use sqlx::Connection as _;

#[derive(Clone, Debug)]
pub struct Person {
    pub customer: Customer,
    pub tags: Vec<&'static str>,
    pub sources: Vec<&'static str>,
}

/// The moment all times in these tests are told from.
pub fn now() -> DateTime<Utc> {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

impl Person {
    pub fn search_text(&self) -> String {
        search::search_text(&self.customer)
    }

    pub fn sort_name(&self) -> String {
        search::sort_name(&self.customer)
    }

    pub fn named(at: usize, first: &str, last: &str, email: Option<&str>, phone: Option<&str>) -> Self {
        let mut customer = Customer::blank(CustomerId::new(), now());
        customer.code = format!("C-{at:06}");
        customer.first_name = Some(first.to_owned());
        customer.last_name = Some(last.to_owned());
        customer.email = email.map(|email| Email::parse(email).unwrap());
        customer.phone = phone.map(|phone| Phone::parse(phone, None).unwrap());
        Self {
            customer,
            tags: Vec::new(),
            sources: Vec::new(),
        }
    }
}

fn one_of<T: Choice + std::fmt::Debug>() -> impl Strategy<Value = T> {
    proptest::sample::select(T::ALL)
}

/// A customer with a code made of the number; times are often equal, so that ties are tried.
pub fn person(at: usize) -> impl Strategy<Value = Person> {
    let name = proptest::sample::select(
        &[
            "Anna", "Smith", "Smithson", "Allen", "Jo", "Ünal", "Li", "Ansgar", "100%", "O'Neil",
        ][..],
    );
    let names = (
        proptest::option::weighted(0.9, name.clone()),
        proptest::option::weighted(0.9, name),
    );
    let choices = (
        one_of::<Status>(),
        one_of::<Type>(),
        one_of::<Kind>(),
        one_of::<LifecycleStage>(),
        one_of::<Priority>(),
    );
    let contact = (
        any::<bool>(),
        any::<bool>(),
        proptest::option::of(proptest::sample::select(&["DE", "AT", "US"][..])),
    );
    let days = (
        0..400i64,
        0..200i64,
        proptest::option::weighted(0.6, 0..100i64),
        proptest::option::weighted(0.1, 0..9i64),
    );
    let attributes = (
        proptest::option::of(36..42i64),
        proptest::option::of(proptest::sample::select(&["pro", "basic"][..])),
        proptest::sample::subsequence(vec!["tea", "coffee", "wine"], 0..3),
        any::<bool>(),
    );
    let links = (
        proptest::sample::subsequence(vec!["vip", "late, gone", "new"], 0..3),
        proptest::sample::subsequence(vec!["csv", "shopify"], 0..2),
    );
    (names, choices, contact, days, attributes, links).prop_map(
        move |(
            (first, last),
            (status, customer_type, kind, stage, priority),
            (email, phone, country),
            days,
            held,
            links,
        )| {
            let mut customer = Customer::blank(CustomerId::new(), now());
            customer.code = format!("C-{at:06}");
            customer.first_name = first.map(str::to_owned);
            customer.last_name = last.map(str::to_owned);
            customer.email = email.then(|| Email::parse(&format!("p{at}@example.com")).unwrap());
            customer.phone = phone.then(|| Phone::parse(&format!("+49301{at:06}"), None).unwrap());
            (customer.status, customer.customer_type, customer.kind) = (status, customer_type, kind);
            (customer.lifecycle_stage, customer.priority) = (stage, priority);
            customer.country = country.and_then(Country::from_code);
            let ago = |days: i64| now() - Duration::days(days);
            (customer.created_at, customer.updated_at) = (ago(days.0), ago(days.1));
            (customer.last_active_at, customer.deleted_at) = (days.2.map(ago), days.3.map(ago));
            let mut attributes = Map::new();
            if let Some(size) = held.0 {
                attributes.insert("shoe_size".into(), size.into());
            }
            if let Some(plan) = held.1 {
                attributes.insert("plan".into(), plan.into());
            }
            if !held.2.is_empty() {
                attributes.insert("likes".into(), json!(held.2));
            }
            if held.3 {
                attributes.insert("member".into(), true.into());
            }
            customer.attributes = attributes;
            Person {
                customer,
                tags: links.0,
                sources: links.1,
            }
        },
    )
}

/// Writes them as they are, times included, which the house's own use cases would not.
pub async fn add(database: &TestDatabase, scope: Scope, people: &[Person]) {
    let mut connection = database.owner().acquire().await.unwrap();
    let mut tx = connection.begin().await.unwrap();
    sqlx::query("SET LOCAL session_replication_role = replica")
        .execute(&mut *tx)
        .await
        .unwrap();
    let organization = scope.organization_id;
    for (name, kind) in [
        ("shoe_size", "number"),
        ("plan", "text"),
        ("likes", "list"),
        ("member", "boolean"),
    ] {
        sqlx::query("INSERT INTO attribute_definitions (organization_id, id, name, label, kind) VALUES ($1, $2, $3, $3, $4) ON CONFLICT DO NOTHING")
            .bind(organization).bind(regulars_kernel::ids::new_uuid()).bind(name).bind(kind).execute(&mut *tx).await.unwrap();
    }
    for name in ["vip", "late, gone", "new"] {
        sqlx::query(
            "INSERT INTO tags (organization_id, id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(organization)
        .bind(regulars_kernel::ids::new_uuid())
        .bind(name)
        .execute(&mut *tx)
        .await
        .unwrap();
    }
    for person in people {
        let c = &person.customer;
        sqlx::query(
            "INSERT INTO customers (organization_id, id, code, kind, email, phone, first_name, last_name, status, type,
               lifecycle_stage, priority, country, attributes, created_at, updated_at, last_active_at, deleted_at, sort_name, search_text)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        )
        .bind(organization).bind(c.id).bind(&c.code).bind(c.kind.as_str())
        .bind(c.email.as_ref().map(Email::as_str)).bind(c.phone.as_ref().map(Phone::as_str))
        .bind(&c.first_name).bind(&c.last_name).bind(c.status.as_str()).bind(c.customer_type.as_str())
        .bind(c.lifecycle_stage.as_str()).bind(c.priority.as_str()).bind(c.country.map(|country| country.as_str()))
        .bind(Value::Object(c.attributes.clone())).bind(c.created_at).bind(c.updated_at).bind(c.last_active_at)
        .bind(c.deleted_at).bind(person.sort_name()).bind(person.search_text())
        .execute(&mut *tx).await.unwrap();
        for tag in &person.tags {
            sqlx::query("INSERT INTO customer_tags (organization_id, customer_id, tag_id) SELECT $1, $2, id FROM tags WHERE organization_id = $1 AND name = $3")
                .bind(organization).bind(c.id).bind(tag).execute(&mut *tx).await.unwrap();
        }
        for source in &person.sources {
            sqlx::query("INSERT INTO customer_sources (organization_id, source, external_id, customer_id) VALUES ($1, $2, $3, $4)")
                .bind(organization).bind(source).bind(c.id.to_string()).bind(c.id).execute(&mut *tx).await.unwrap();
        }
        for word in search::words(c) {
            sqlx::query("INSERT INTO name_tokens (organization_id, deletion, token) SELECT $1, d, $3 FROM unnest($2::text[]) d ON CONFLICT DO NOTHING")
                .bind(organization).bind(symspell::deletes(&word)).bind(&word).execute(&mut *tx).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

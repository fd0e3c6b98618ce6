//! Which index answers which question, and how much of it is read, by the statements that are really sent.
//!
//! PostgreSQL counts what a transaction reads; it is asked as the role that serves, behind the wall.

use std::collections::BTreeMap;

use regulars_customers::find;
use regulars_database::Tx;
use regulars_kernel::TimeZone;
use regulars_testkit::TestDatabase;

/// Thirty thousand customers in one organization, and as many of somebody else.
async fn city() -> (TestDatabase, regulars_kernel::Scope) {
    let database = TestDatabase::new().await;
    let scope = database.organization("city").await;
    let other = database.organization("other").await;
    for organization in [scope.organization_id, other.organization_id] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "INSERT INTO customers (organization_id, id, code, first_name, last_name, email, phone, kind, status, type, country, birthday, last_active_at, created_at, updated_at, sort_name, search_text, attributes)
             SELECT '{organization}', gen_random_uuid(), 'C-' || n, 'First' || n % 997, 'Last' || n % 1009, 'p' || n || '@example.com', '+4930' || 1000000 + n,
               CASE WHEN n % 40 = 0 THEN 'company' ELSE 'person' END, CASE WHEN n % 50 = 0 THEN 'vip' ELSE 'active' END,
               CASE WHEN n % 100 = 0 THEN 'guest' ELSE 'registered' END, CASE WHEN n % 400 = 0 THEN 'IS' WHEN n % 5 = 0 THEN NULL ELSE 'DE' END,
               date '1980-01-01' + n % 3650, CASE WHEN n % 3 > 0 THEN timestamptz '2026-06-01Z' - n * interval '1 minute' END,
               timestamptz '2026-06-01Z' - n * interval '1 hour', timestamptz '2026-06-01Z' - n * interval '10 minutes',
               'first' || n % 997 || ' last' || n % 1009, ' first' || n % 997 || ' last' || n % 1009 || ' p' || n || '@example.com c-' || n || ' ',
               CASE WHEN n % 3000 = 0 THEN '{{\"rare\": \"yes\"}}'::jsonb ELSE '{{}}' END
             FROM generate_series(1, 30000) n;
             INSERT INTO attribute_definitions (organization_id, id, name, label, kind) VALUES ('{organization}', gen_random_uuid(), 'rare', 'Rare', 'text');
             INSERT INTO tags (organization_id, id, name) VALUES ('{organization}', md5('{organization}')::uuid, 'rare');
             INSERT INTO customer_tags (organization_id, customer_id, tag_id)
             SELECT organization_id, id, md5('{organization}')::uuid FROM customers WHERE organization_id = '{organization}' AND code LIKE '%00';
             INSERT INTO tags (organization_id, id, name) VALUES ('{organization}', md5('c{organization}')::uuid, 'common');
             INSERT INTO customer_tags (organization_id, customer_id, tag_id)
             SELECT organization_id, id, md5('c{organization}')::uuid FROM customers WHERE organization_id = '{organization}';
             INSERT INTO customer_consents (organization_id, customer_id, channel, state, source, changed_at)
             SELECT organization_id, id, 'email', CASE WHEN code LIKE '%00' THEN 'pending' ELSE 'subscribed' END, 'import', now() FROM customers
             WHERE organization_id = '{organization}'"
        )))
        .execute(database.owner())
        .await
        .unwrap();
    }
    // A hundred persons below one company.
    sqlx::query(
        "WITH top AS (INSERT INTO customers (organization_id, id, code, kind, company_name, sort_name, created_at, birthday)
           VALUES ($1, $2, 'TOP', 'company', 'Top', 'top', '2020-01-01Z', '1980-03-03') RETURNING id)
         UPDATE customers SET parent_id = $2 FROM top WHERE organization_id = $1 AND code LIKE 'C-%7' AND kind = 'person' AND length(code) < 6",
    )
    .bind(scope.organization_id.0)
    .bind(uuid::Uuid::from_u128(1))
    .execute(database.owner())
    .await
    .unwrap();
    sqlx::raw_sql("VACUUM ANALYZE customers, customer_tags, customer_consents")
        .execute(database.owner())
        .await
        .unwrap();
    (database, scope)
}

/// What this transaction has read so far: rows of each index of the customers, their tags and contacts, and of each table from end
/// to end, as `table (all of it)`.
async fn read_so_far(tx: &mut Tx) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT CASE relkind WHEN 'r' THEN relname || ' (all of it)' ELSE relname END, pg_stat_get_xact_tuples_returned(oid)
         FROM pg_class WHERE (relname IN ('customers', 'customer_tags', 'customer_consents', 'contacts') OR relkind = 'i' AND relname ~ '^(customers|customer_tags|customer_consents|contacts)_')
           AND pg_stat_get_xact_numscans(oid) > 0",
    )
    .fetch_all(tx.conn())
    .await
    .unwrap();
    rows.into_iter().collect()
}

async fn list(tx: &mut Tx, query: &str) -> regulars_kernel::paging::Page<find::CustomerListItem> {
    let context = find::Context {
        time_zone: TimeZone::parse("UTC").unwrap(),
        country: None,
    };
    let asked = find::Query::read(regulars_web::Params::parse(query).unwrap(), &context)
        .unwrap_or_else(|error| panic!("{query}: {error}"));
    find::list(tx, &asked)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"))
}

#[tokio::test]
async fn each_question_is_answered_by_its_index() {
    let (database, scope) = city().await;
    let (half, recent) = ("2024-09-15", "2026-05-31T22:00:00Z");
    // Of each so much more is read than is shown: the page, its rows, its tags; the count up to its bound.
    for (query, index, most) in [
        (String::new(), "customers_created", 120),
        (format!("created_to={half}"), "customers_created", 170),
        ("sort=-updated_at".to_owned(), "customers_updated", 120),
        ("sort=full_name".to_owned(), "customers_name", 120),
        ("sort=-last_active_at".to_owned(), "customers_active", 120),
        ("sort=last_active_at".to_owned(), "customers_never_active", 120),
        ("sort=code".to_owned(), "customers_code", 120),
        ("sort=status,full_name".to_owned(), "customers_name", 170),
        ("sort=full_name,-created_at".to_owned(), "customers_name", 120),
        ("status=vip".to_owned(), "customers_status", 850),
        ("filter=status+%3D+vip".to_owned(), "customers_status", 850),
        (
            "filter=email_verified+%3D+false&sort=full_name".to_owned(),
            "customers_name",
            170,
        ),
        (
            "filter=country+%3D+'IS'+and+phone_verified+%3D+false&sort=full_name".to_owned(),
            "customers_country",
            500,
        ),
        ("type=guest".to_owned(), "customers_type", 550),
        ("country=IS&sort=full_name".to_owned(), "customers_country", 350),
        ("sort=country".to_owned(), "customers_unplaced", 170),
        ("kind=company&sort=full_name".to_owned(), "customers_name", 3_200),
        (
            "kind=company&has_parent=false&sort=full_name".to_owned(),
            "customers_top",
            1_600,
        ),
        (
            format!("parent={}&sort=full_name", uuid::Uuid::from_u128(1)),
            "customers_children",
            2_200,
        ),
        (
            format!("last_active_from={recent}&sort=full_name"),
            "customers_active",
            280,
        ),
        (
            format!("created_from={half}&sort=updated_at"),
            "customers_updated",
            17_000,
        ),
        (
            "birthday_from=12-24&birthday_to=12-24".to_owned(),
            "customers_birthday",
            6_000,
        ),
        ("tag=rare".to_owned(), "customer_tags_tag", 6_000),
        (
            "filter=tag+%3D+rare+or+country+%3D+DE&sort=full_name".to_owned(),
            "customers_name",
            500,
        ),
        (
            "filter=consent.email+%3D+pending".to_owned(),
            "customer_consents_state",
            6_000,
        ),
        (
            "filter=consent.email+%3D+subscribed".to_owned(),
            "customers_created",
            500,
        ),
        (
            "filter=consent.email+!%3D+pending&sort=full_name".to_owned(),
            "customers_name",
            500,
        ),
        ("attribute.rare=yes".to_owned(), "customers_attributes", 6_000),
        ("q=last777".to_owned(), "customers_search", 6_000),
        ("q=st77".to_owned(), "customers_search", 6_000),
        ("q=p777@example.com".to_owned(), "customers_email", 6_000),
    ] {
        let mut tx = database.begin(scope).await;
        // What is known for some seconds is asked for before.
        list(&mut tx, &query).await;
        let before = read_so_far(&mut tx).await;
        let page = list(&mut tx, &query).await;
        let mut read = read_so_far(&mut tx).await;
        read.retain(|name, rows| {
            *rows -= before.get(name).copied().unwrap_or(0);
            *rows > 0
        });
        assert!(!page.data.is_empty(), "{query} finds nobody, which shows nothing");
        assert!(read.contains_key(index), "{query}: {read:?}");
        assert!(
            !read.keys().any(|name| name.ends_with("(all of it)")),
            "{query}: {read:?}"
        );
        assert!(read.values().sum::<i64>() <= most, "{query}: {read:?}");
    }
}

#[tokio::test]
async fn who_has_children_is_one_look_into_their_index_for_all_rows() {
    let (database, scope) = city().await;
    let mut tx = database.begin(scope).await;
    let page = list(&mut tx, "kind=company&has_parent=false&sort=-code").await;
    let ids: Vec<_> = page.data.iter().map(|item| item.customer.id.0).collect();
    let before = read_so_far(&mut tx).await;
    let numbers = regulars_customers::store::hierarchy::numbers_of_children(&mut tx, &ids)
        .await
        .unwrap();
    let mut read = read_so_far(&mut tx).await;
    read.retain(|name, rows| {
        *rows -= before.get(name).copied().unwrap_or(0);
        *rows > 0
    });
    assert_eq!(numbers.into_values().collect::<Vec<_>>(), [100]);
    assert_eq!(
        read.keys().collect::<Vec<_>>(),
        ["customers_children"],
        "{read:?}"
    );
    assert!(read["customers_children"] <= 101, "{read:?}");
}

#[tokio::test]
async fn what_lies_below_is_added_up_from_the_index_of_children() {
    let (database, scope) = city().await;
    let mut tx = database.begin(scope).await;
    let top = regulars_kernel::ids::CustomerId(uuid::Uuid::from_u128(1));
    let all = regulars_customers::store::hierarchy::rolled_up(&mut tx, top)
        .await
        .unwrap();
    assert!(
        all.exact && all.children == 100 && all.descendants == 100,
        "{all:?}"
    );
    assert_eq!(all.by_kind["person"], 100);
    let read = read_so_far(&mut tx).await;
    assert!(!read.contains_key("customers (all of it)"), "{read:?}");
    assert!(read["customers_children"] <= all.children, "{read:?}");
}

#[tokio::test]
async fn whose_contact_somebody_is_reads_a_hundred_contacts_however_many_there_are() {
    let (database, scope) = city().await;
    sqlx::raw_sql(
        "INSERT INTO contacts (organization_id, id, customer_id, first_name, email)
         SELECT organization_id, gen_random_uuid(), id, 'Agency', CASE WHEN code LIKE '%7' THEN 'Agency@example.com' ELSE code || '@example.com' END FROM customers;
         ANALYZE contacts",
    )
    .execute(database.owner())
    .await
    .unwrap();
    for (email, wanted) in [
        ("agency@example.com", (100, true)),
        ("c-100@example.com", (1, false)),
    ] {
        let mut tx = database.begin(scope).await;
        let nobody = regulars_kernel::ids::CustomerId::new();
        let (found, is_cut) = regulars_customers::store::contacts::customers_with(&mut tx, email, nobody)
            .await
            .unwrap();
        assert_eq!((found.len(), is_cut), wanted, "{email}");
        let read = read_so_far(&mut tx).await;
        assert!(
            !read.keys().any(|name| name.ends_with("(all of it)")),
            "{email}: {read:?}"
        );
        assert!(
            (1..=100).contains(&read["contacts_email"]) && read.values().sum::<i64>() <= 200,
            "{email}: {read:?}"
        );
    }
}

#[tokio::test]
async fn large_numbers_are_estimates_and_say_so() {
    let (database, scope) = city().await;
    let mut tx = database.begin(scope).await;
    for (query, rows, exact) in [
        ("q=last777", 29, Some(29)),
        ("q=first5", 50, None),
        ("q=p777@example.com", 1, Some(1)),
        ("q=example.com", 50, None),
        ("q=example.com&sort=full_name", 50, None),
        ("q=last777&sort=full_name", 29, Some(29)),
        ("attribute.rare=yes", 10, Some(10)),
        ("status=vip&country=IS&sort=full_name", 50, Some(75)),
        ("status=active", 50, None),
        ("status=active&count=exact", 50, Some(29_401)),
    ] {
        let page = list(&mut tx, query).await;
        assert_eq!(page.data.len(), rows, "{query}");
        match exact {
            Some(count) => assert_eq!(
                (page.page.total.value, page.page.total.exact),
                (count, true),
                "{query}"
            ),
            None => assert!(
                !page.page.total.exact && page.page.total.value >= 50,
                "{query}: {:?}",
                page.page.total
            ),
        }
    }
}

//! Lists too large to be looked up and sorted: walked, taken from the first rows of an order, from a range, value by value.

use regulars_customers::store::batch_parts::settle;
use regulars_kernel::ids::CustomerId;
use regulars_testkit::TestDatabase;
use uuid::Uuid;

use crate::find::{page, walk};

/// France, then Germany, as their names stand; before them whoever has no country.
const BY_COUNTRY: &str = "CASE country WHEN 'FR' THEN 1 WHEN 'DE' THEN 2 ELSE 0 END";

/// Twelve thousand people in one organization. The later they were created the earlier they were changed, and what the
/// planner takes for independent never goes together.
async fn town() -> (TestDatabase, regulars_kernel::Scope) {
    let database = TestDatabase::new().await;
    let scope = database.organization("town").await;
    let organization = scope.organization_id;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "INSERT INTO customers (organization_id, id, code, first_name, status, type, country, last_active_at, created_at, updated_at, sort_name, search_text)
         SELECT '{organization}', md5(n::text)::uuid, 'C-' || n, 'P' || n % 97,
           (ARRAY['active', 'active', 'active', 'vip', 'churned'])[1 + n % 5], (ARRAY['registered', 'guest'])[1 + n % 2],
           (ARRAY['DE', 'DE', 'FR', NULL])[1 + n % 4], CASE WHEN n % 3 > 0 THEN timestamptz '2026-01-01' + n % 1000 * interval '1 hour' END,
           timestamptz '2025-01-01' + n * interval '1 minute', timestamptz '2026-02-01' - n * interval '1 minute',
           'p' || n % 97 || CASE n % 9 WHEN 0 THEN ' smith' ELSE ' jones' END,
           ' p' || n % 97 || CASE n % 9 WHEN 0 THEN ' smith' ELSE ' jones' END || ' c-' || n || ' '
         FROM generate_series(1, 12000) n;
         INSERT INTO name_tokens (organization_id, deletion, token)
         SELECT '{organization}', unnest(ARRAY['smith', 'smth', 'smih', 'smit', 'sith', 'mith']), 'smith';
         INSERT INTO tags (organization_id, id, name) VALUES ('{organization}', md5('t')::uuid, 'odd');
         INSERT INTO customer_tags (organization_id, customer_id, tag_id)
         SELECT '{organization}', md5(n::text)::uuid, md5('t')::uuid FROM generate_series(1, 12000, 7) n;
         ANALYZE customers; ANALYZE customer_tags"
    )))
    .execute(database.owner())
    .await
    .unwrap();
    (database, scope)
}

/// What SQL gives without any of our ways.
async fn naive(database: &TestDatabase, condition: &str, order: &str) -> Vec<CustomerId> {
    let sql = format!("SELECT id FROM customers c WHERE {condition} ORDER BY {order}");
    let ids: Vec<Uuid> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_all(database.owner())
        .await
        .unwrap();
    ids.into_iter().map(CustomerId).collect()
}

#[tokio::test]
async fn lists_of_many_give_what_a_naive_reading_gives() {
    let (database, scope) = town().await;
    let mut tx = database.begin(scope).await;
    let half = "created_at < timestamptz '2025-01-05 03:20:30Z'";
    let most = "created_at < timestamptz '2025-01-09 03:20:30Z'";
    let late = "created_at >= timestamptz '2025-01-02 03:20:30Z'";
    let odd = "EXISTS (SELECT FROM customer_tags t WHERE t.customer_id = c.id)";
    for (query, condition, order) in [
        // A time against another: the first rows of the order match, do not, or are too few.
        (
            "created_to=2025-01-09T03:20:30Z&sort=-updated_at",
            most,
            "updated_at DESC, id DESC",
        ),
        (
            "created_to=2025-01-09T03:20:30Z&sort=updated_at",
            most,
            "updated_at, id",
        ),
        (
            "created_from=2025-01-02T03:20:30Z&sort=updated_at",
            late,
            "updated_at, id",
        ),
        (
            "created_to=2025-01-05T03:20:30Z&sort=-updated_at",
            half,
            "updated_at DESC, id DESC",
        ),
        (
            "updated_from=2026-01-25T00:00:30Z&sort=-last_active_at",
            "updated_at >= timestamptz '2026-01-25 00:00:30Z'",
            "last_active_at DESC NULLS LAST, created_at DESC, id DESC",
        ),
        (
            "updated_from=2026-01-25T00:00:30Z&sort=last_active_at",
            "updated_at >= timestamptz '2026-01-25 00:00:30Z'",
            "last_active_at NULLS FIRST, created_at, id",
        ),
        (
            "created_to=2025-01-09T03:20:30Z&sort=-last_active_at",
            most,
            "last_active_at DESC NULLS LAST, created_at DESC, id DESC",
        ),
        // Several filters.
        (
            "status=active&country=DE&tag=odd",
            &format!("status = 'active' AND country = 'DE' AND {odd}"),
            "created_at DESC, id DESC",
        ),
        (
            "status=vip&country=DE&tag=odd&sort=full_name",
            &format!("status = 'vip' AND country = 'DE' AND {odd}"),
            "sort_name, id",
        ),
        (
            "status=vip&tag=odd&sort=-last_active_at",
            &format!("status = 'vip' AND {odd}"),
            "last_active_at DESC NULLS LAST, created_at DESC, id DESC",
        ),
        // Whoever was never active is in no range of activity, though the order has a place for them.
        (
            "last_active_to=2100-01-01T00:00:00Z&sort=last_active_at",
            "last_active_at IS NOT NULL",
            "last_active_at, created_at, id",
        ),
        (
            "status=vip&type=guest",
            "status = 'vip' AND type = 'guest'",
            "created_at DESC, id DESC",
        ),
        // Value by value.
        ("sort=status", "true", "status, created_at, id"),
        (
            "sort=-country,full_name",
            "true",
            &format!("{BY_COUNTRY} DESC, sort_name, id"),
        ),
        ("sort=country", "true", &format!("{BY_COUNTRY}, created_at, id")),
        // Looked up and sorted, behind another field, against its direction; the deleted as well.
        (
            "status=vip&tag=odd&sort=country",
            &format!("status = 'vip' AND {odd}"),
            &format!("{BY_COUNTRY}, created_at, id"),
        ),
        (
            "sort=last_active_at,-country,full_name",
            "true",
            &format!("last_active_at NULLS FIRST, {BY_COUNTRY} DESC, sort_name, id"),
        ),
        (
            "sort=-country&deleted=with",
            "true",
            &format!("{BY_COUNTRY} DESC, created_at DESC, id DESC"),
        ),
        (
            "sort=type,-status,-last_active_at",
            "true",
            "type, status DESC, last_active_at DESC NULLS LAST, created_at DESC, id DESC",
        ),
        (
            "sort=status,full_name&country=DE,FR&created_from=2025-01-02T03:20:30Z",
            &format!("country IS NOT NULL AND {late}"),
            "status, sort_name, id",
        ),
    ] {
        let wanted = naive(&database, condition, order).await;
        let found = walk(&mut tx, query, 200).await;
        assert_eq!(found.len(), wanted.len(), "{query}");
        assert!(found == wanted, "{query}: the order differs");
        for number in [1, 2, 7] {
            let place = format!("{query}&limit=150&page={number}");
            let wanted: Vec<_> = wanted
                .iter()
                .skip((number - 1) * 150)
                .take(150)
                .copied()
                .collect();
            assert_eq!(page(&mut tx, &place).await.0, wanted, "{place}");
        }
    }
}

#[tokio::test]
async fn a_search_of_many_shows_nobody_twice_from_page_to_page() {
    let (database, scope) = town().await;
    let mut tx = database.begin(scope).await;
    let smiths: std::collections::BTreeSet<CustomerId> = naive(&database, "sort_name LIKE '% smith'", "id")
        .await
        .into_iter()
        .collect();
    // The last word of a name, misspelt, begun; and the first word, of whom there are fewer than 250.
    for (query, least) in [("q=smith", 250), ("q=smyth", 250), ("q=smit", 250), ("q=p7", 120)] {
        let found = walk(&mut tx, query, 40).await;
        let distinct: std::collections::BTreeSet<CustomerId> = found.iter().copied().collect();
        assert_eq!(distinct.len(), found.len(), "{query}: somebody came twice");
        assert!(found.len() >= least, "{query}: {} found", found.len());
        assert!(query == "q=p7" || distinct.is_subset(&smiths), "{query}");
    }
}

#[tokio::test]
async fn the_exact_number_of_a_search_holds_those_it_means() {
    let (database, scope) = town().await;
    let organization = scope.organization_id;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "UPDATE customers SET sort_name = replace(sort_name, 'smith', 'smyth'), search_text = replace(search_text, 'smith', 'smyth')
         WHERE first_name = 'P7';
         INSERT INTO name_tokens (organization_id, deletion, token)
         SELECT '{organization}', unnest(ARRAY['smyth', 'smth', 'smyh', 'smyt', 'syth', 'myth']), 'smyth'"
    )))
    .execute(database.owner())
    .await
    .unwrap();
    let mut tx = database.begin(scope).await;
    for (question, condition) in [
        ("q=smith", "sort_name ~ ' sm[iy]th'"),
        ("q=smyth", "sort_name ~ ' sm[iy]th'"),
        ("q=smyth&status=vip", "sort_name ~ ' sm[iy]th' AND status = 'vip'"),
        // A page far down looks for typos as well, and says the same.
        ("q=smith&limit=50&page=24", "sort_name ~ ' sm[iy]th'"),
        // No name is near.
        ("q=jones", "sort_name LIKE '% jones'"),
    ] {
        let wanted = naive(&database, condition, "id").await;
        let (_, _, total) = page(&mut tx, &format!("{question}&count=exact")).await;
        assert_eq!(
            (total.value, total.exact),
            (wanted.len() as i64, true),
            "{question}"
        );
    }
}

#[tokio::test]
async fn two_imports_one_after_the_other_are_estimated_as_what_they_are() {
    let database = TestDatabase::new().await;
    let mut scopes = Vec::new();
    for (slug, rows) in [("first", 30_000_i64), ("second", 45_000)] {
        let scope = database.organization(slug).await;
        sqlx::query(
            "INSERT INTO customers (organization_id, id, code, first_name, sort_name, search_text)
             SELECT $1, gen_random_uuid(), $2 || n, 'Ada', 'ada', ' ada ' FROM generate_series(1, $3) n",
        )
        .bind(scope.organization_id)
        .bind(slug)
        .bind(rows)
        .execute(database.owner())
        .await
        .unwrap();
        let mut tx = database.begin(scope).await;
        settle(&mut tx, rows).await.unwrap();
        tx.commit().await.unwrap();
        scopes.push((scope, rows));
    }
    for (scope, rows) in scopes {
        let mut tx = database.begin(scope).await;
        let (_, _, total) = page(&mut tx, "").await;
        assert!(
            !total.exact && (total.value - rows).abs() * 50 < rows,
            "{total:?} of {rows}"
        );
    }
}

/// What is a filter of its own in an expression is one, alone, twice and beside the same filter; all orders and the search
/// take it so.
#[tokio::test]
async fn an_expression_gives_what_a_naive_reading_gives_in_every_order() {
    let (database, scope) = town().await;
    let mut tx = database.begin(scope).await;
    let odd = "EXISTS (SELECT FROM customer_tags t WHERE t.customer_id = c.id)";
    let never = "last_active_at IS NULL";
    for (written, beside, condition) in [
        (
            "status = vip and created_at >= 2025-01-03 and created_at < 2025-01-06",
            "",
            "status = 'vip' AND created_at >= '2025-01-03 00:00+01' AND created_at < '2025-01-06 00:00+01'"
                .to_owned(),
        ),
        (
            "status in (vip, churned) and status in (vip, active) and last_active_at is empty",
            "",
            format!("status = 'vip' AND {never}"),
        ),
        (
            "status in (vip, churned) and country = FR",
            "&status=vip",
            "status = 'vip' AND country = 'FR'".to_owned(),
        ),
        (
            "country is empty and last_active_at is not empty and tag = odd",
            "",
            format!("country IS NULL AND last_active_at IS NOT NULL AND {odd}"),
        ),
        (
            "country is not empty and (status = vip or tag = odd) and last_active_at < 2026-01-03",
            "&type=guest",
            format!(
                "type = 'guest' AND country IS NOT NULL AND (status = 'vip' OR {odd}) AND last_active_at < '2026-01-03 00:00+01'"
            ),
        ),
        (
            "not (last_active_at is not empty) and not (status = active) and tag = nobodys or status = vip and email is empty",
            "&created_from=2025-01-07T00:00:00Z",
            "status = 'vip' AND created_at >= '2025-01-07Z'".to_owned(),
        ),
        ("tag = nobodys", "", "false".to_owned()),
        (
            "last_active_at is empty and last_active_at >= 2026-01-03",
            "",
            "false".to_owned(),
        ),
    ] {
        let filter: String = form_urlencoded::byte_serialize(written.as_bytes()).collect();
        for (sort, order) in [
            ("-created_at", "created_at DESC, id DESC"),
            ("updated_at", "updated_at, id"),
            ("full_name", "sort_name, id"),
            (
                "-last_active_at",
                "last_active_at DESC NULLS LAST, created_at DESC, id DESC",
            ),
            ("last_active_at", "last_active_at NULLS FIRST, created_at, id"),
            (
                "status,last_active_at",
                "status, last_active_at NULLS FIRST, created_at, id",
            ),
            (
                "last_active_at,-full_name",
                "last_active_at NULLS FIRST, sort_name DESC, id DESC",
            ),
            (
                "-country",
                &format!("{BY_COUNTRY} DESC, created_at DESC, id DESC"),
            ),
            ("code", "code, id"),
        ] {
            let query = format!("filter={filter}{beside}&sort={sort}");
            let wanted = naive(&database, &condition, order).await;
            assert_eq!(walk(&mut tx, &query, 200).await, wanted, "{query}");
            let (second, _, _) = page(&mut tx, &format!("{query}&limit=30&page=2")).await;
            assert!(
                second.iter().eq(wanted.iter().skip(30).take(30)),
                "{query}, second page"
            );
        }
        let mut found = walk(&mut tx, &format!("filter={filter}{beside}&q=smith"), 200).await;
        let mut wanted = naive(
            &database,
            &format!("{condition} AND search_text LIKE '%smith%'"),
            "id",
        )
        .await;
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{written} with a search");
    }
}

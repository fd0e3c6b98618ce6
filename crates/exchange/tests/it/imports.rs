//! What an import does to customers, and what it leaves alone.

use regulars_exchange::{
    import::inline::InlineOptions,
    model::{ImportState, MatchKey, Mode, Outcome},
};
use serde_json::{Value, json};

use crate::support::Shop;

#[tokio::test]
async fn new_customers_are_created_with_all_their_parts_and_events() {
    let shop = Shop::new().await;
    let import = shop
        .import(
            "id,email,phone,first name,last name,city,country,tags,status,consent.email,consent.email_subscribed_at,shoe size,created_at\n\
             17,Ada@Example.com,+49 30 123456,Ada,Byron,Ulm,Germany,\"vip,news\",vip,yes,2019-02-03 04:05:06,38,2020-03-04 05:06:07\n\
             0018,,030 654321,Zoë,O'Brien,Berlin,DE,VIP,,no,2019-02-03 04:05:06,,\n",
        )
        .await;
    assert_eq!(import.state, ImportState::Done);
    let counts = import.result.unwrap();
    assert_eq!((counts.create, counts.total()), (2, 2), "{:?}", import.plan);
    let ada: Value = shop
        .one("SELECT to_jsonb(c) FROM customers c WHERE email_lowercase = 'ada@example.com'")
        .await;
    assert_eq!(ada["email"], "Ada@example.com");
    assert_eq!(ada["phone"], "+4930123456");
    assert_eq!(ada["full_name"], "Ada Byron");
    assert_eq!(ada["sort_name"], "ada byron");
    assert_eq!(ada["country"], "DE");
    assert_eq!(ada["city"], "Ulm");
    assert_eq!(ada["status"], "vip");
    assert_eq!(ada["attributes"], json!({"shoe_size": "38"}));
    assert!(
        ada["created_at"]
            .as_str()
            .unwrap()
            .starts_with("2020-03-04T05:06:07")
    );
    assert_eq!(shop.one::<i64>("SELECT count(*) FROM tags").await, 2);
    assert_eq!(shop.one::<i64>("SELECT count(*) FROM customer_tags").await, 3);
    assert_eq!(
        shop.one::<i64>(
            "SELECT count(*) FROM customer_sources WHERE source = 'csv' AND external_id IN ('17', '0018')"
        )
        .await,
        2
    );
    assert_eq!(
        shop.one::<String>("SELECT label FROM attribute_definitions WHERE name = 'shoe_size'")
            .await,
        "shoe size"
    );
    assert_eq!(
        shop.one::<i64>("SELECT count(*) FROM name_tokens WHERE token = 'byron'")
            .await,
        6
    );
    let kinds: Vec<String> = shop
        .one("SELECT array_agg(e.kind ORDER BY e.id) FROM events e JOIN customers c ON c.id = e.customer_id WHERE c.first_name = 'Ada'")
        .await;
    assert_eq!(kinds, ["customer.created", "consent.changed"]);
    let agreed: Value = shop
        .one("SELECT jsonb_agg(state || ' ' || (changed_at AT TIME ZONE 'UTC')::date) FROM customer_consents WHERE changed_at < '2020-01-01'")
        .await;
    assert_eq!(
        agreed,
        json!(["subscribed 2019-02-03"]),
        "the day is of who agreed alone"
    );
    assert_eq!(
        shop.one::<i64>("SELECT count(*) FROM events WHERE kind = 'import.finished'")
            .await,
        1
    );
}

#[tokio::test]
async fn the_dry_run_changes_nothing_and_tells_exactly_what_applying_does() {
    let shop = Shop::new().await;
    shop.import("id,email,first name\n1,a@example.com,Ada\n2,b@example.com,Bea\n3,c@example.com,Cem\n")
        .await;
    let before = shop.dump().await;
    let text = "id,email,first name\n\
        1,a@example.com,Ada\n\
        2,b@example.com,Beatrix\n\
        2,c@example.com,Nobody knows\n\
        9,new@example.com,Nina\n\
        9,new@example.com,Nina\n\
        ,new@example.com,Nina Maria\n\
        ,not an address,Olaf\n";
    let plan = shop.check(text).await;
    assert_eq!(shop.dump().await, before);
    let counts = plan.counts;
    assert_eq!(
        (
            counts.create,
            counts.update,
            counts.skip,
            counts.conflict,
            counts.invalid
        ),
        (1, 2, 2, 1, 1),
        "{plan:?}"
    );
    assert_eq!(plan.reasons["matches_two"], 1);
    assert_eq!(plan.reasons["email_invalid"], 1);
    assert_eq!(
        plan.samples[&Outcome::Update][0].changes,
        Some(json!({"first_name": {"from": "Bea", "to": "Beatrix"}}))
    );
    let import = shop.import(text).await;
    assert_eq!(import.result, Some(counts));
    assert_eq!(
        shop.one::<String>("SELECT first_name FROM customers WHERE email = 'new@example.com'")
            .await,
        "Nina Maria"
    );
    assert_eq!(shop.one::<i64>("SELECT count(*) FROM customers").await, 4);
    let errors: Value = shop
        .one(&format!("SELECT jsonb_agg(jsonb_build_array(position, outcome, faults->0->>'code', fields->>1) ORDER BY position) FROM import_errors WHERE import_id = '{}'", import.id))
        .await;
    assert_eq!(
        errors,
        json!([
            [3, "conflict", "matches_two", "c@example.com"],
            [7, "invalid", "email_invalid", "not an address"]
        ])
    );
    // All of it again changes nothing but what the file itself changes twice.
    let again = shop.import(text).await.result.unwrap();
    assert_eq!(
        (again.create, again.update, again.skip, again.conflict),
        (0, 2, 3, 1)
    );
}

#[tokio::test]
async fn modes_refuse_what_they_are_not_for() {
    let shop = Shop::new().await;
    shop.import("email,first name\na@example.com,Ada\n").await;
    let text = "email,first name\na@example.com,Anna\nb@example.com,Bea\n";
    let created = shop.import_as(text, Mode::Create).await;
    let counts = created.result.unwrap();
    assert_eq!((counts.create, counts.update, counts.conflict), (1, 0, 1));
    assert_eq!(created.plan.unwrap().reasons["customer_exists"], 1);
    assert_eq!(
        shop.one::<String>("SELECT first_name FROM customers WHERE email = 'a@example.com'")
            .await,
        "Ada"
    );
    let updated = shop
        .import_as(
            "email,first name\na@example.com,Anna\nc@example.com,Cem\n",
            Mode::Update,
        )
        .await;
    let counts = updated.result.unwrap();
    assert_eq!((counts.create, counts.update, counts.conflict), (0, 1, 1));
    assert_eq!(updated.plan.unwrap().reasons["customer_unknown"], 1);
    assert_eq!(shop.one::<i64>("SELECT count(*) FROM customers").await, 2);
}

#[tokio::test]
async fn what_a_file_does_not_speak_of_stays_and_empty_cells_keep_unless_asked() {
    let shop = Shop::new().await;
    shop.import("email,first name,last name,city,country,tags\na@example.com,Ada,Byron,Ulm,DE,vip\n")
        .await;
    let counts = shop
        .import("email,first name,last name,city,tags\na@example.com,Ada,,,\n")
        .await
        .result
        .unwrap();
    assert_eq!(counts.skip, 1);
    assert_eq!(
        shop.one::<String>("SELECT last_name || city FROM customers")
            .await,
        "ByronUlm"
    );
    let mut options = InlineOptions {
        mapping: Some(
            json!({"columns": {"email": "email", "last": "last_name", "city": "address.city", "tags": "tags", "status": "status"}, "clear_empty": true}),
        ),
        ..InlineOptions::default()
    };
    let counts = shop
        .run(
            "file.csv",
            "email,last,city,tags,status\na@example.com,,,,\n",
            &options,
        )
        .await
        .result
        .unwrap();
    assert_eq!(counts.update, 1);
    let row: Value = shop.one("SELECT to_jsonb(c) FROM customers c").await;
    assert_eq!(
        (
            &row["last_name"],
            &row["city"],
            &row["country"],
            &row["first_name"],
            &row["status"]
        ),
        (
            &json!(null),
            &json!(null),
            &json!("DE"),
            &json!("Ada"),
            &json!("active")
        )
    );
    assert_eq!(shop.one::<i64>("SELECT count(*) FROM customer_tags").await, 1);
    // A short row says nothing of its missing cells, even so.
    options.mapping =
        Some(json!({"columns": {"email": "email", "first": "first_name"}, "clear_empty": true}));
    let counts = shop
        .run("file.csv", "email,first\na@example.com\n", &options)
        .await
        .result
        .unwrap();
    assert_eq!(counts.skip, 1, "absent is not empty");
}

#[tokio::test]
async fn a_credit_limit_keeps_the_currency_that_the_organization_had() {
    let shop = Shop::new().await;
    shop.import("email,credit_limit\na@example.com,100.50\nb@example.com,7\n")
        .await;
    sqlx::query("UPDATE organizations SET currency = 'JPY'")
        .execute(shop.database.owner())
        .await
        .unwrap();
    shop.import("email,first_name,credit_limit\na@example.com,Ada,\nb@example.com,Bea,700\n")
        .await;
    let limits: Value = shop
        .one("SELECT jsonb_agg(credit_limit || credit_limit_currency ORDER BY email) FROM customers")
        .await;
    assert_eq!(limits, json!(["100.50EUR", "700.00JPY"]));
}

#[tokio::test]
async fn a_withdrawn_consent_is_never_loosened() {
    let shop = Shop::new().await;
    shop.import("email,consent.email,consent.sms\na@example.com,unsubscribed,no\n")
        .await;
    let import = shop
        .import("email,consent.email,consent.sms\na@example.com,subscribed,yes\n")
        .await;
    assert_eq!(import.result.unwrap().update, 1);
    let states: Value = shop
        .one("SELECT jsonb_object_agg(channel, state) FROM customer_consents")
        .await;
    assert_eq!(states, json!({"email": "unsubscribed", "sms": "subscribed"}));
    // Not by deleting and importing again either.
    sqlx::query("UPDATE customers SET deleted_at = now()")
        .execute(shop.database.owner())
        .await
        .unwrap();
    let import = shop
        .import("email,consent.email\nA@example.com,subscribed\n")
        .await;
    assert_eq!(import.result.unwrap().create, 1);
    let state: String = shop
        .one("SELECT k.state FROM customer_consents k JOIN customers c ON c.id = k.customer_id WHERE c.deleted_at IS NULL")
        .await;
    assert_eq!(state, "unsubscribed");
}

#[tokio::test]
async fn who_withdrew_and_comes_back_by_a_file_that_is_silent_of_it_has_withdrawn() {
    let shop = Shop::new().await;
    shop.import("email,consent.email\nada@example.com,unsubscribed\nbob@example.com,subscribed\n")
        .await;
    sqlx::query("UPDATE customers SET deleted_at = now() WHERE email = 'ada@example.com'")
        .execute(shop.database.owner())
        .await
        .unwrap();
    shop.import("email,first_name\nada@example.com,Ada\n").await;
    shop.import("email,consent.email\nada@example.com,subscribed\n")
        .await;
    // Nor by giving the address to somebody who had agreed with another one.
    sqlx::query("UPDATE customers SET deleted_at = now() WHERE email = 'ada@example.com'")
        .execute(shop.database.owner())
        .await
        .unwrap();
    shop.import("external_id,email\n7,bob@example.com\n").await;
    shop.import("external_id,email\n7,ada@example.com\n").await;
    let states: Value = shop
        .one(
            "SELECT jsonb_agg(k.state ORDER BY c.created_at) FROM customer_consents k
             JOIN customers c ON c.id = k.customer_id WHERE c.email = 'ada@example.com'",
        )
        .await;
    let all = states.as_array().unwrap();
    assert!(all.iter().all(|state| state == "unsubscribed"), "{states}");
    assert_eq!(all.len(), 3, "{states}");
}

#[tokio::test]
async fn who_was_known_by_phone_alone_and_withdrew_stays_withdrawn_after_deletion() {
    let shop = Shop::new().await;
    shop.import(
        "email,phone,consent.email,consent.sms\n,+4930111,,unsubscribed\nbea@example.com,+4930222,no,unsubscribed\n",
    )
    .await;
    sqlx::query("UPDATE customers SET deleted_at = now()")
        .execute(shop.database.owner())
        .await
        .unwrap();
    sqlx::query("UPDATE customer_consents SET state = 'unsubscribed'")
        .execute(shop.database.owner())
        .await
        .unwrap();
    let counts = shop
        .import(
            "email,phone,consent.email,consent.sms\n,+4930111,subscribed,subscribed\n\
             cem@example.com,+4930222,subscribed,subscribed\ndora@example.com,+4930333,subscribed,subscribed\n",
        )
        .await
        .result
        .unwrap();
    assert_eq!(counts.create, 3);
    let states: Value = shop
        .one(
            "SELECT jsonb_object_agg(c.phone || ' ' || k.channel, k.state) FROM customer_consents k
             JOIN customers c ON c.id = k.customer_id WHERE c.deleted_at IS NULL",
        )
        .await;
    assert_eq!(
        states,
        json!({
            "+4930111 sms": "unsubscribed", "+4930111 email": "subscribed",
            // Bea's number wants no messages, whoever has it now; her address is not Cem's.
            "+4930222 sms": "unsubscribed", "+4930222 email": "subscribed",
            "+4930333 sms": "subscribed", "+4930333 email": "subscribed",
        })
    );
}

#[tokio::test]
async fn a_phone_recognises_only_who_is_not_contradicted() {
    let shop = Shop::new().await;
    let text = "email,phone,first name\n\
        ,+4930111,Ada\n\
        bea@example.com,+4930222,Bea\n\
        cem@example.com,+4930222,Cem\n\
        ,+4930222,Who\n\
        ada@example.com,+4930111,Ada\n\
        eve@example.com,+4930111,Eve\n";
    let import = shop.import(text).await;
    let counts = import.result.unwrap();
    // Ada's address joins her phone; Eve, with another address, is somebody else; nobody can say who "Who" is.
    assert_eq!(
        (counts.create, counts.update, counts.conflict),
        (4, 1, 1),
        "{:?}",
        import.plan
    );
    assert_eq!(import.plan.unwrap().reasons["phone_ambiguous"], 1);
    assert_eq!(
        shop.one::<String>("SELECT first_name FROM customers WHERE email = 'ada@example.com'")
            .await,
        "Ada"
    );
    let counts = shop
        .import("email,phone,first name\n,+4930111,X\nnew@example.com,+4930222,New\n")
        .await
        .result
        .unwrap();
    assert_eq!((counts.create, counts.conflict), (1, 1));
}

#[tokio::test]
async fn keys_that_are_not_asked_for_still_may_not_be_taken() {
    let shop = Shop::new().await;
    shop.import("id,email\n1,a@example.com\n").await;
    let options = InlineOptions {
        match_by: vec![MatchKey::ExternalId],
        ..InlineOptions::default()
    };
    let import = shop
        .run("file.csv", "id,email\n2,A@EXAMPLE.com\n", &options)
        .await;
    assert_eq!(import.plan.unwrap().reasons["email_taken"], 1);
    let options = InlineOptions {
        match_by: vec![MatchKey::Email],
        ..InlineOptions::default()
    };
    let import = shop
        .run("file.csv", "id,email\n1,b@example.com\n", &options)
        .await;
    assert_eq!(import.plan.unwrap().reasons["external_id_taken"], 1);
}

#[tokio::test]
async fn an_imported_code_is_not_given_away_again() {
    let shop = Shop::new().await;
    shop.import("code,email\nC-000010,a@example.com\nVIP-1,b@example.com\n")
        .await;
    let filler: Vec<String> = (0..30).map(|number| format!("n{number}@example.com")).collect();
    let import = shop.import(&format!("email\n{}\n", filler.join("\n"))).await;
    assert_eq!(import.result.unwrap().create, 30);
    assert_eq!(
        shop.one::<i64>("SELECT count(DISTINCT code) FROM customers")
            .await,
        32
    );
    let import = shop
        .import("code,email\nC-000010,c@example.com\nC-99999999999999,d@example.com\n")
        .await;
    let plan = import.plan.unwrap();
    assert_eq!(
        (plan.reasons["code_taken"], plan.reasons["code_reserved"]),
        (1, 1)
    );
}

#[tokio::test]
async fn attributes_are_read_by_their_definitions() {
    let shop = Shop::new().await;
    for (name, kind, options) in [
        ("size", "number", "[]"),
        ("member", "boolean", "[]"),
        ("since", "date", "[]"),
        ("level", "select", "[\"Gold\", \"Silver\"]"),
        ("likes", "list", "[]"),
        ("site", "url", "[]"),
    ] {
        sqlx::query("INSERT INTO attribute_definitions (organization_id, id, name, label, kind, options) VALUES ($1, gen_random_uuid(), $2, $2, $3, $4::jsonb)")
            .bind(shop.scope.organization_id.0).bind(name).bind(kind).bind(options)
            .execute(shop.database.owner()).await.unwrap();
    }
    let head = "email,attributes.size,attributes.member,attributes.since,attributes.level,attributes.likes,attributes.site\n";
    let import = shop.import(&format!("{head}a@example.com,38.5,ja,14.03.2024,gold,\"tea,jam\",https://example.com\nb@example.com,big,maybe,3/4/2024,Bronze,,ftp://x\n")).await;
    let plan = import.plan.unwrap();
    assert!(plan.new_attributes.is_empty());
    let reasons = &plan.samples[&Outcome::Invalid][0].reasons;
    let columns: Vec<_> = reasons
        .iter()
        .map(|reason| reason.column.clone().unwrap())
        .collect();
    assert_eq!(columns.len(), 5, "{reasons:?}");
    let attributes: Value = shop.one("SELECT attributes FROM customers").await;
    assert_eq!(
        attributes,
        json!({"size": 38.5, "member": true, "since": "2024-03-14", "level": "Gold", "likes": ["tea", "jam"], "site": "https://example.com"})
    );
}

#[tokio::test]
async fn hostile_texts_come_through_unchanged_and_rows_with_faults_come_back() {
    let shop = Shop::new().await;
    let nasty = "=cmd|' /C calc'!A0";
    let import = shop
        .run(
            "file.jsonl",
            &[
                json!({"email": "a@example.com", "first_name": nasty, "tags": ["a,b", "c\"d"]}).to_string(),
                json!({"email": "b@x", "first_name": "ok"}).to_string(),
                "{broken".to_owned(),
            ]
            .join("\n"),
            &InlineOptions::default(),
        )
        .await;
    let counts = import.result.unwrap();
    assert_eq!((counts.create, counts.invalid), (1, 2), "{:?}", import.plan);
    assert_eq!(
        shop.one::<String>("SELECT first_name FROM customers").await,
        nasty
    );
    let tags: Vec<String> = shop.one("SELECT array_agg(name ORDER BY name) FROM tags").await;
    assert_eq!(tags, ["a,b", "c\"d"]);
}

#[tokio::test]
async fn the_last_activity_comes_from_the_file_and_never_goes_back() {
    let shop = Shop::new().await;
    let file = |at: &str| format!("Email,Klaviyo ID,Last Active\nada@example.com,k1,{at}\n");
    for (at, expected, changed) in [
        ("2026-03-01 10:00:00+00:00", "2026-03-01 10:00:00+00", 0),
        ("2026-01-01 10:00:00+00:00", "2026-03-01 10:00:00+00", 0),
        ("2026-05-01 10:00:00+00:00", "2026-05-01 10:00:00+00", 1),
        ("", "2026-05-01 10:00:00+00", 0),
    ] {
        let import = shop.import(&file(at)).await;
        let now: String = shop
            .one("SELECT (last_active_at AT TIME ZONE 'UTC')::text || '+00' FROM customers")
            .await;
        assert_eq!(now, expected, "after {at}");
        assert_eq!(import.result.unwrap().update, changed, "after {at}");
    }
}

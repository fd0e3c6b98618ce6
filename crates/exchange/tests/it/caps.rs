//! What there may be so many of and no more, when a file brings it.

use regulars_exchange::{import::inline::InlineOptions, model::Counts};
use serde_json::{Value, json};

use crate::support::{Shop, Unwatched};

fn tags(prefix: &str, count: usize) -> String {
    let names: Vec<String> = (0..count).map(|number| format!("{prefix}{number}")).collect();
    names.join(";")
}

/// Why rows were refused in a phase, by their codes.
async fn refused(shop: &Shop, phase: &str) -> Value {
    shop.one(&format!(
        "SELECT coalesce(jsonb_agg(faults -> 0 ->> 'code' ORDER BY position), '[]') FROM import_errors WHERE phase = '{phase}'"
    ))
    .await
}

#[tokio::test]
async fn a_row_that_gives_a_customer_too_many_tags_is_refused() {
    let shop = Shop::new().await;
    let file = format!(
        "email,first_name,tags\nada@example.com,Ada,{}\nbea@example.com,Bea,{}\nada@example.com,Eda,{}\ncem@example.com,Cem,x\n",
        tags("a", 60),
        tags("b", 101),
        tags("c", 41),
    );
    let counts = shop.import(&file).await.result.unwrap();
    let expected = Counts {
        create: 2,
        invalid: 1,
        conflict: 1,
        ..Counts::default()
    };
    assert_eq!(counts, expected);
    assert_eq!(refused(&shop, "plan").await, json!(["too_many_tags"]));
    assert_eq!(refused(&shop, "apply").await, json!(["too_many_tags"]));
    let name: String = shop
        .one("SELECT first_name FROM customers WHERE email = 'ada@example.com'")
        .await;
    assert_eq!(name, "Ada", "nothing of a refused row is done");

    let file = format!("email,tags\nada@example.com,{}\n", tags("c", 41));
    let plan = shop.check(&file).await;
    assert_eq!(plan.reasons["too_many_tags"], 1);
    // As many as one customer may have, however often the file names one of them.
    let file = format!(
        "email,tags\ndan@example.com,{};A1;a2\neve@example.com,{}\n",
        tags("a", 100),
        tags("a", 101)
    );
    let plan = shop.check(&file).await;
    assert_eq!((plan.counts.create, plan.counts.invalid), (1, 1));
    let file = format!("email,tags\nada@example.com,{}\n", tags("c", 40));
    assert_eq!(shop.import(&file).await.result.unwrap().update, 1);
    let file = "email,first_name\nada@example.com,Eda\n";
    assert_eq!(shop.import(file).await.result.unwrap().update, 1);
}

#[tokio::test]
async fn a_row_whose_new_tag_has_no_room_is_a_conflict() {
    let shop = Shop::new().await;
    shop.import("external_id,email,tags\n1,ada@example.com,first\n")
        .await;
    sqlx::query(
        "INSERT INTO tags (organization_id, id, name)
         SELECT organization_id, gen_random_uuid(), 'n' || n FROM tags, generate_series(1, 9998) AS n",
    )
    .execute(shop.database.owner())
    .await
    .unwrap();
    let file = "external_id,email,tags\n2,bea@example.com,n1\n3,cem@example.com,last1\n4,dan@example.com,last2\n\
                1,ada@example.com,last3\n";
    let counts = shop.import(file).await.result.unwrap();
    assert_eq!((counts.create, counts.update, counts.conflict), (2, 0, 2));
    let codes = refused(&shop, "apply").await;
    assert_eq!(codes, json!(["no_room_for_tag", "no_room_for_tag"]));
    let tags: i64 = shop.one("SELECT count(*) FROM tags").await;
    assert_eq!(tags, 10_000);
    let linked: i64 = shop.one("SELECT count(*) FROM customer_sources").await;
    assert_eq!(linked, 3, "nothing of a refused row is done");
}

#[tokio::test]
async fn a_file_that_brings_too_many_attributes_is_refused_as_a_whole() {
    let shop = Shop::new().await;
    shop.import("email,attributes.first\nada@example.com,1\n").await;
    sqlx::query(
        "INSERT INTO attribute_definitions (organization_id, id, name, label, kind)
         SELECT organization_id, gen_random_uuid(), 'n' || n, 'N', 'text' FROM attribute_definitions, generate_series(1, 198) AS n",
    )
    .execute(shop.database.owner())
    .await
    .unwrap();
    let path = shop.file(
        "many.csv",
        "email,attributes.x,attributes.y\nbea@example.com,1,2\n",
    );
    let refused = shop.try_run(&path, &InlineOptions::default(), &Unwatched).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("200 attributes"), "{error}");
    shop.import("email,attributes.x\nbea@example.com,1\n").await;
    let counts: Value = shop
        .one("SELECT jsonb_build_array((SELECT count(*) FROM attribute_definitions), (SELECT count(*) FROM customers))")
        .await;
    assert_eq!(counts, json!([200, 2]));
}

//! Whom the ids of a file mean, and the times of who is created and changed by one file.

use regulars_exchange::import::inline::InlineOptions;

use crate::support::Shop;

#[tokio::test]
async fn a_file_that_counts_in_its_own_way_does_not_overwrite_strangers() {
    let shop = Shop::new().await;
    shop.import(
        "external_id,first_name,last_name,email\n1,Ada,Byron,ada@example.com\n2,Bea,Smith,bea@example.com\n",
    )
    .await;
    let file = "external_id,first_name,last_name,email\n1,Carl,Diaz,carl@example.com\n2,Bea,Jones,bea@jones.example\n";
    let plan = shop.check(file).await;
    assert_eq!(
        (plan.counts.conflict, plan.counts.update),
        (1, 1),
        "{:?}",
        plan.samples
    );
    assert_eq!(plan.reasons["id_of_another"], 1);
    // With a name of its own its ids are others.
    let named = InlineOptions {
        source: Some("erp".to_owned()),
        ..InlineOptions::default()
    };
    let import = shop.run("all.csv", file, &named).await;
    assert_eq!(import.result.unwrap().create, 2);
    // A company with the id of a person, and a later row of the file that is somebody else.
    let plan = shop
        .check("external_id,company_name,email\n1,Zeta AG,zeta@example.com\n")
        .await;
    assert_eq!(plan.reasons["id_of_another"], 1);
    let file = "external_id,first_name,last_name,city\n1,Ada,Byron,Ulm\n1,Carl,Diaz,Bonn\n";
    let plan = shop.check(file).await;
    assert_eq!((plan.counts.update, plan.counts.conflict), (1, 1));
    // A typo, an initial, a new name with the old address, and whoever is named by our code: all the same person.
    let code: String = shop
        .one("SELECT code FROM customers WHERE first_name = 'Ada'")
        .await;
    for row in [
        "1,Adah,Lovelace,ada@new.example,,".to_owned(),
        "1,Carl,Diaz,ADA@example.com,,".to_owned(),
        format!("1,Carl,Diaz,carl@new.example,,{code}"),
        "1,,,ada@new.example,,".to_owned(),
        "1,Augusta,,,,".to_owned(),
    ] {
        let plan = shop
            .check(&format!(
                "external_id,first_name,last_name,email,birthday,code\n{row}\n"
            ))
            .await;
        assert_eq!(plan.counts.update, 1, "{row}: {:?}", plan.samples);
    }
    let stays = "SELECT first_name FROM customers WHERE email = 'ada@example.com'";
    assert_eq!(shop.one::<String>(stays).await, "Ada");
}

#[tokio::test]
async fn who_is_created_and_changed_by_one_file_was_not_changed_before() {
    let shop = Shop::new().await;
    let import = shop
        .import("external_id,email,city\n1,ada@example.com,Ulm\n2,ada@example.com,Bonn\n")
        .await;
    assert_eq!(import.result.unwrap().update, 1);
    let is_later = "SELECT version = 2 AND updated_at >= created_at FROM customers";
    assert!(shop.one::<bool>(is_later).await);
}

#[tokio::test]
async fn a_list_of_ids_is_several_and_a_text_with_commas_is_one() {
    let shop = Shop::new().await;
    let options = InlineOptions::default();
    let lines = "{\"email\": \"a@example.com\", \"external_id\": {\"erp\": [\"17\", \"18\", \"1,9\"]}}\n\
                 {\"email\": \"b@example.com\", \"external_id\": {\"erp\": \"A,1\"}}\n";
    shop.run("all.jsonl", lines, &options).await;
    shop.run(
        "all.csv",
        "email,external_id.erp\nc@example.com,\"\"\"20\"\",\"\"21\"\"\"\nd@example.com,\"B,2\"\n",
        &options,
    )
    .await;
    let ids = "SELECT array_agg(external_id ORDER BY external_id) FROM customer_sources WHERE source = 'erp'";
    let ids: Vec<String> = shop.one(ids).await;
    assert_eq!(ids, ["1,9", "17", "18", "20", "21", "A,1", "B,2"]);
    let import = shop
        .run(
            "one.jsonl",
            "{\"email\": \"e@example.com\", \"external_id\": [\"1\", \"2\"]}\n",
            &options,
        )
        .await;
    assert_eq!(import.plan.unwrap().reasons["ids_several"], 1);
    // Refused for something else, they come back as what they are and are mended as such.
    let errors = shop.path("errors.csv");
    let keeping = InlineOptions {
        errors: Some(errors.clone()),
        ..InlineOptions::default()
    };
    let broken = "{\"email\": \"broken\", \"external_id\": {\"erp\": [\"30\", \"31\"]}}\n";
    shop.run("broken.jsonl", broken, &keeping).await;
    let mended = std::fs::read_to_string(errors)
        .unwrap()
        .replace("broken", "f@example.com");
    shop.run("mended.csv", &mended, &options).await;
    let ids: Vec<String> = shop
        .one("SELECT array_agg(external_id ORDER BY external_id) FROM customer_sources WHERE external_id LIKE '3%'")
        .await;
    assert_eq!(ids, ["30", "31"], "{mended}");
}

#[tokio::test]
async fn a_row_that_is_refused_takes_no_id_from_its_customer_that_an_earlier_row_brought() {
    let shop = Shop::new().await;
    let file = "external_id,first_name,credit_limit,credit_limit.currency\n1,Ada,,\n1,,50,USD\n";
    let import = shop.import(file).await;
    let counts = import.result.unwrap();
    assert_eq!((counts.create, counts.conflict), (1, 1));
    let linked: i64 = shop
        .one("SELECT count(*) FROM customer_sources WHERE external_id = '1'")
        .await;
    assert_eq!(linked, 1);
    let again = shop.import("external_id,first_name\n1,Ada\n").await;
    assert_eq!(again.result.unwrap().skip, 1);
}

#[tokio::test]
async fn nobody_gets_more_ids_than_a_customer_may_have() {
    let shop = Shop::new().await;
    let ids = |from: u32, to: u32| {
        let ids: Vec<String> = (from..to).map(|id| format!("\"\"{id}\"\"")).collect();
        format!("email,external_id.erp\na@example.com,\"{}\"\n", ids.join(","))
    };
    let all = shop.check(&ids(0, 201)).await;
    assert_eq!(all.reasons["ids_too_many"], 1);
    // The plan says so too where it takes two columns to be too many.
    let several: Vec<String> = (0..110).map(|id| format!("\"\"{id}\"\"")).collect();
    let several = several.join(",");
    let two = shop
        .check(&format!(
            "email,external_id.erp,external_id.pos\nb@example.com,\"{several}\",\"{several}\"\n"
        ))
        .await;
    assert_eq!(two.reasons["too_many_sources"], 1);
    shop.import(&ids(0, 150)).await;
    let more = shop.check(&ids(150, 201)).await;
    assert_eq!(more.reasons["too_many_sources"], 1);
}

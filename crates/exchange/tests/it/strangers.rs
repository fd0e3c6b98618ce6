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

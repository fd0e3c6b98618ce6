//! The test database itself.

use regulars_testkit::TestDatabase;

#[tokio::test]
async fn letters_beyond_ascii_have_small_ones_and_are_sorted_by_their_bytes() {
    let db = TestDatabase::new().await;
    let (small, is_bytewise): (String, bool) = sqlx::query_as("SELECT lower('ÄÑŠΣ'), 'Z' < 'a'")
        .fetch_one(db.owner())
        .await
        .unwrap();
    assert_eq!((small.as_str(), is_bytewise), ("äñšσ", true));
}

#[tokio::test]
async fn a_test_database_is_migrated_and_serves_as_the_held_role() {
    let db = TestDatabase::new().await;
    let scope = db.organization("acme").await;
    let mut tx = db.begin(scope).await;
    let role: String = sqlx::query_scalar("SELECT current_user::text")
        .fetch_one(tx.conn())
        .await
        .unwrap();
    assert_eq!(role, "regulars_app");
    let organization: uuid::Uuid = sqlx::query_scalar("SELECT current_organization()")
        .fetch_one(tx.conn())
        .await
        .unwrap();
    assert_eq!(organization, scope.organization_id.0);
    assert!(regulars_database::migrate::is_current(db.owner()).await.unwrap());
}

#[tokio::test]
async fn a_filled_template_outlives_those_of_other_names() {
    for (name, is_new) in [("one", true), ("other", true), ("one", false)] {
        let name = format!("it_{name}");
        let db = TestDatabase::filled(&name, move |_| assert!(is_new, "it is filled again")).await;
        assert!(regulars_database::migrate::is_current(db.owner()).await.unwrap());
    }
}

//! The kit itself: what tests rely on without looking.

use regulars_kernel::Role;
use regulars_testkit::TestApp;

#[tokio::test]
async fn the_app_answers_keys_of_its_organizations_and_nobody_else() {
    let app = TestApp::new(regulars_accounts::api_routes(), regulars_accounts::page_routes()).await;
    let key = app.key(Role::Admin).await;
    let other = app.key_of("other", Role::Viewer).await;

    app.get("/api/v1/organization").await.expect(401);
    app.get("/api/v1/organization")
        .bearer("nonsense")
        .await
        .expect(401);
    let answer = app.get("/api/v1/organization").bearer(&key).await.expect(200);
    assert_eq!(answer.json["slug"], "acme");
    let answer = app.get("/api/v1/organization").bearer(&other).await.expect(200);
    assert_eq!(answer.json["slug"], "other");
}

#[tokio::test]
async fn a_transaction_of_the_app_is_of_the_named_organization() {
    let app = TestApp::new(regulars_accounts::api_routes(), regulars_accounts::page_routes()).await;
    let acme = app.organization("acme").await;
    let tx = app.tx("acme").await;
    assert_eq!(tx.organization_id(), acme.organization_id);
    assert_ne!(
        app.organization("other").await.organization_id,
        acme.organization_id
    );
}

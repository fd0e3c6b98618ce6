//! Set-up, signing in and out, members and keys.

use crate::{
    api::Api,
    harness::Browser,
    process::Home,
    stage::{PASSWORD, Stage},
};

#[tokio::test]
async fn the_first_owner_sets_up_signs_out_and_signs_in_again() {
    let home = Home::shared().await;
    let server = home.serve();
    let browser = Browser::open(&server.url).await;
    browser.go(&server.setup_link()).await;
    browser.fill("[name=organization]", "Maison Lumière").await;
    browser.fill("[name=name]", "Ada Byron").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", "short").await;
    browser.fill("[name=password_repeated]", "shorter").await;
    browser.press("Create organization").await;
    browser.sees("2 things to correct").await;
    let focused = browser.run("return document.activeElement.name").await;
    assert_eq!(focused, "password", "the first field that is wrong has the focus");
    assert_eq!(
        browser.value("[name=organization]").await,
        "Maison Lumière",
        "what was typed is kept"
    );
    assert_eq!(browser.value("[name=password]").await, "", "but no password");
    browser.fill("[name=password]", PASSWORD).await;
    browser.fill("[name=password_repeated]", PASSWORD).await;
    browser.press("Create organization").await;
    browser.sees_in("#sidebar", "Maison Lumière").await;
    browser.sees("No customers yet").await;

    browser.click("[popovertarget=account-menu]").await;
    browser.press("Sign out").await;
    browser
        .arrives(|address| address.starts_with("/sign-in"), "/sign-in")
        .await;
    browser.go("/customers?status=vip").await;
    browser
        .arrives(|address| address.starts_with("/sign-in?next="), "/sign-in?next=")
        .await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser
        .fill("[name=password]", "seven quiet otters read books")
        .await;
    browser.press("Sign in").await;
    browser.sees_in("[role=alert]", "is not right").await;
    assert_eq!(browser.value("[name=email]").await, "ada@example.com");
    browser.fill("[name=password]", PASSWORD).await;
    browser.press("Sign in").await;
    browser
        .arrives(
            |address| address == "/customers?status=vip",
            "where one wanted to go",
        )
        .await;

    // The link works once.
    browser.go(&server.setup_link()).await;
    browser.sees("This link does not work").await;
    browser.end().await;
}

#[tokio::test]
async fn members_are_invited_and_a_key_is_shown_once_and_revoked() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.go("/settings/members").await;
    browser.press("Invite member").await;
    browser.fill("#sheet [name=email]", "not an address").await;
    browser.press("Invite").await;
    browser.sees_in("#sheet [data-form-errors]", "correct").await;
    browser.fill("#sheet [name=email]", "grace@example.com").await;
    browser.fill("#sheet [name=name]", "Grace Hopper").await;
    browser.choose("#sheet [name=role]", "agent").await;
    browser.press("Invite").await;
    browser.sees_in("#sheet", "It is shown this once").await;
    let link = browser.value("#sheet [name=secret]").await;
    assert!(link.contains("/set-password/"), "{link}");
    browser.press("Done").await;
    browser.sees_in("#members", "Grace Hopper").await;

    browser.go("/settings/keys").await;
    browser.press("New key").await;
    browser.fill("#sheet [name=name]", "warehouse").await;
    browser.choose("#sheet [name=role]", "viewer").await;
    browser.press("Create key").await;
    browser.sees_in("#sheet", "It is shown this once").await;
    let key = browser.value("#sheet [name=secret]").await;
    let api = Api::new(&stage.server.url, &key);
    api.get("/api/v1/customers").await.expect(200);
    browser.press("Done").await;
    browser.sees_in("#keys", "warehouse").await;
    browser.go("/settings/keys").await;
    assert!(
        !browser
            .run("return document.documentElement.outerHTML")
            .await
            .to_string()
            .contains(&key),
        "only once"
    );
    browser.press("Actions for warehouse").await;
    browser.press("Revoke…").await;
    browser.press("Revoke").await;
    browser.sees("warehouse was revoked").await;
    api.get("/api/v1/customers").await.expect(401);

    browser.go("/settings/audit").await;
    browser.sees("warehouse").await;
    stage.end().await;
}

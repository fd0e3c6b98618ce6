//! People of an organization: links to choose a password, sessions, and what happens to members.

use crate::{
    harness::Browser,
    stage::{PASSWORD, Stage},
};

const OTHER: &str = "nine loud herons fold paper";

async fn choose_password(browser: &Browser, link: &str, password: &str) {
    browser.go(&link[link.find("/set-password/").unwrap()..]).await;
    browser.fill("[name=password]", password).await;
    browser.fill("[name=password_repeated]", password).await;
    browser.press("Set password and sign in").await;
    browser.find("#sidebar").await;
}

async fn sign_in(browser: &Browser, password: &str) {
    browser.go("/sign-in").await;
    browser.fill("[name=email]", "grace@example.com").await;
    browser.fill("[name=password]", password).await;
    browser.press("Sign in").await;
}

/// Invites Grace and gives the link that is shown once.
async fn invite(browser: &Browser) -> String {
    browser.go("/settings/members").await;
    browser.press("Invite member").await;
    browser.fill("#sheet [name=email]", "grace@example.com").await;
    browser.fill("#sheet [name=name]", "Grace Hopper").await;
    browser.choose("#sheet [name=role]", "agent").await;
    browser.press("Invite").await;
    browser.sees_in("#sheet", "It is shown this once").await;
    let link = browser.value("#sheet [name=secret]").await;
    browser.press("Done").await;
    browser.sees_in("#members", "Grace Hopper").await;
    link
}

#[tokio::test]
async fn a_member_sets_resets_and_changes_a_password_and_is_changed_and_removed() {
    let stage = Stage::signed_in().await;
    let owner = &stage.browser;
    let link = invite(owner).await;
    let grace = Browser::open(&stage.server.url).await;
    choose_password(&grace, &link, PASSWORD).await;
    // The link works once.
    grace.go(&link[link.find("/set-password/").unwrap()..]).await;
    grace.sees("This link does not work").await;

    // A link for a new password ends the sessions there are.
    owner.go("/settings/members").await;
    owner.press("Actions for Grace Hopper").await;
    owner.press("New password link").await;
    owner.press("Make the link").await;
    owner.sees_in("#sheet", "Password link for Grace Hopper").await;
    let reset = owner.value("#sheet [name=secret]").await;
    owner.press("Done").await;
    choose_password(&grace, &reset, OTHER).await;
    grace.click("[popovertarget=account-menu]").await;
    grace.press("Sign out").await;
    sign_in(&grace, PASSWORD).await;
    grace.sees_in("[role=alert]", "is not right").await;
    sign_in(&grace, OTHER).await;
    grace.find("#sidebar").await;

    // She changes it herself; what is wrong is said at its field.
    grace.go("/settings/sessions").await;
    grace.fill("[name=current_password]", PASSWORD).await;
    grace.fill("[name=new_password]", PASSWORD).await;
    grace.fill("[name=new_password_repeated]", PASSWORD).await;
    grace.press("Change password").await;
    grace.find("[name=current_password][aria-invalid=true]").await;
    grace.fill("[name=current_password]", OTHER).await;
    grace.fill("[name=new_password]", PASSWORD).await;
    grace.fill("[name=new_password_repeated]", PASSWORD).await;
    grace.press("Change password").await;
    grace.sees_in("#toasts", "assword").await;

    // Her role and name change; she may less at once.
    owner.go("/settings/members").await;
    owner.press("Actions for Grace Hopper").await;
    owner.press("Edit").await;
    owner.fill("#sheet [name=name]", "Grace Murray").await;
    owner.choose("#sheet [name=role]", "viewer").await;
    owner.press("Save").await;
    owner.sees_in("#members", "Grace Murray").await;
    grace.go("/customers").await;
    grace.sees("No customers yet").await;
    assert_eq!(
        grace
            .run("return document.body.textContent.includes('New customer')")
            .await,
        false
    );

    owner.press("Actions for Grace Murray").await;
    owner.press("Remove…").await;
    owner.sees_in("#confirm", "Remove Grace Murray?").await;
    owner.press("Remove").await;
    owner.sees("was removed").await;
    grace.go("/customers").await;
    grace
        .arrives(|address| address.starts_with("/sign-in"), "/sign-in")
        .await;
    grace.end().await;
    stage.end().await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_and_all_others() {
    let stage = Stage::signed_in().await;
    let owner = &stage.browser;
    let link = invite(owner).await;
    let desk = Browser::open(&stage.server.url).await;
    choose_password(&desk, &link, PASSWORD).await;
    let phone = Browser::open(&stage.server.url).await;
    sign_in(&phone, PASSWORD).await;
    phone.find("#sidebar").await;

    desk.go("/settings/sessions").await;
    desk.sees("this device").await;
    let rows = "return document.querySelectorAll('tbody tr').length";
    assert_eq!(desk.run(rows).await, 2);
    assert_eq!(desk.axe(&[]).await, Vec::<String>::new());
    desk.click("tbody form button").await;
    desk.sees_no("main", "Sign out everywhere else").await;
    assert_eq!(desk.run(rows).await, 1);
    phone.go("/customers").await;
    phone
        .arrives(|address| address.starts_with("/sign-in"), "/sign-in")
        .await;

    sign_in(&phone, PASSWORD).await;
    phone.find("#sidebar").await;
    desk.go("/settings/sessions").await;
    desk.press("Sign out everywhere else").await;
    desk.press("Sign out").await;
    desk.sees_no("main", "Sign out everywhere else").await;
    phone.go("/customers").await;
    phone
        .arrives(|address| address.starts_with("/sign-in"), "/sign-in")
        .await;
    phone.end().await;
    desk.end().await;
    stage.end().await;
}

//! The dashboard: numbers that lead to their lists, what happens as it happens, and help with expressions.

use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn numbers_lead_to_their_lists_and_what_happens_appears_by_itself() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.go("/").await;
    browser
        .arrives(|address| address == "/dashboard", "the dashboard")
        .await;
    browser.sees("No customers yet").await;
    browser
        .sees_in("#dashboard-activity", "Nothing happened yet")
        .await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());

    // Somebody else adds customers: nobody reloads this page.
    for (name, status) in [("Ada", "vip"), ("Bea", "vip"), ("Cem", "active")] {
        stage
            .customer(json!({"first_name": name, "last_name": "Sample", "status": status}))
            .await;
    }
    browser.sees_in("#dashboard-activity", "Ada Sample").await;
    browser.sees_in("#dashboard-numbers", "New this month").await;
    let cards = "return [...document.querySelectorAll('.number-card')].map((card) => card.innerText.split('\\n').slice(0, 2).join(' '))";
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let told = loop {
        let told = browser.run(cards).await;
        if told[0] == "Customers 3" || std::time::Instant::now() > until {
            break told;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!(
        told,
        json!([
            "Customers 3",
            "Active 1",
            "VIP 2",
            "Average lifetime value –",
            "Churn rate 0%",
            "New this month 3",
            "High risk –",
            "Growth –"
        ])
    );
    assert_eq!(
        browser
            .run("return document.getElementById('announcer').textContent")
            .await,
        "What is shown was updated"
    );
    browser.click(".chart-table summary").await;
    browser.sees_in(".chart-table", "3").await;
    for (width, height) in [(390, 844), (1440, 1000)] {
        browser.size(width, height).await;
        assert_eq!(browser.axe(&[]).await, Vec::<String>::new(), "at {width}");
        let wide = "return document.documentElement.scrollWidth > innerWidth";
        assert_eq!(browser.run(wide).await, false, "at {width} px");
    }
    browser.click(".number-card[href='/customers?status=vip']").await;
    browser.sees("2 customers").await;

    // A customer's page follows as well, but not while somebody types in it.
    browser.go("/dashboard").await;
    browser.sees_in("#dashboard-activity", "Ada Sample").await;
    browser.click("#dashboard-activity a").await;
    browser.sees("Cem Sample").await;
    let address = browser.address().await;
    let id = address
        .trim_start_matches("/customers/")
        .split('?')
        .next()
        .unwrap()
        .to_owned();
    stage
        .api
        .post(
            &format!("/api/v1/customers/{id}/notes"),
            &json!({"body": "Called about the blue chair"}),
        )
        .await
        .expect(201);
    browser.sees_in("#record", "Called about the blue chair").await;

    // What came while somebody opened a menu is neither drawn nor said until it is closed.
    browser
        .run(
            "document.getElementById('announcer').textContent = '';
             const real = fetch;
             window.fetch = async (...asked) => {
               const answer = await real(...asked);
               document.getElementById('account-menu').showPopover();
               window.fetch = real;
               return answer;
             }",
        )
        .await;
    stage
        .api
        .post(
            &format!("/api/v1/customers/{id}/notes"),
            &json!({"body": "Called about the red chair"}),
        )
        .await
        .expect(201);
    browser
        .holds("document.querySelector('#account-menu:popover-open') !== null")
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let drawn = "return [document.getElementById('announcer').textContent, document.body.innerText.includes('red chair')]";
    assert_eq!(browser.run(drawn).await, json!(["", false]));
    browser
        .run("document.getElementById('account-menu').hidePopover()")
        .await;
    browser.sees_in("#record", "Called about the red chair").await;
    browser
        .holds("document.getElementById('announcer').textContent === 'What is shown was updated'")
        .await;
    stage.end().await;
}

#[tokio::test]
async fn an_expression_is_completed_and_its_faults_are_shown_where_they_are() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    stage
        .customer(json!({"first_name": "Ada", "status": "vip", "tags": ["press list"]}))
        .await;
    stage
        .customer(json!({"first_name": "Bea", "status": "vip"}))
        .await;
    browser.go("/customers").await;
    browser.press("Filter").await;
    browser.press("Text").await;
    let field = "#sheet [name=text]";
    browser.click(field).await;
    browser.keys("stat").await;
    browser.sees_in("#expression-offers", "status").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.keys("\u{e007}").await;
    browser.sees_in("#expression-offers", "is one of").await;
    browser.keys("= v").await;
    browser.sees_in("#expression-offers", "vip").await;
    browser.keys("\u{e004}").await;
    assert_eq!(browser.value(field).await, "status = vip");
    browser.sees_in(".expression-said", "Understood").await;
    browser.keys(" and tag = pre").await;
    browser.sees_in("#expression-offers", "press list").await;
    browser.picture("customers-expression-offers-1440-light").await;
    // Escape closes the offers first, not the sheet.
    browser.keys("\u{e00c}").await;
    browser.find("#sheet[open]").await;
    browser.keys(" ").await;
    browser.keys("\u{e003}").await;
    browser.sees_in("#expression-offers", "press list").await;
    browser.keys("\u{e007}").await;
    assert_eq!(
        browser.value(field).await,
        "status = vip and tag = \"press list\""
    );

    browser.fill(field, "status = vip and contry = DE").await;
    browser.sees_in(".expression-said", "did you mean country?").await;
    browser.sees_in(".expression-place mark", "contry").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("customers-expression-fault-1440-light").await;
    browser.click(".expression-place").await;
    let marked = "const text = document.activeElement; return text.value.slice(text.selectionStart, text.selectionEnd)";
    assert_eq!(browser.run(marked).await, "contry");

    browser.fill(field, "status = vip and tag = 'press list'").await;
    browser.keys("\u{e009}\u{e007}").await;
    browser.sees("1 customer").await;
    browser.sees_in("#list", "Ada").await;
    stage.end().await;
}

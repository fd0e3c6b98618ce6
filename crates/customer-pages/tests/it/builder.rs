//! The form of filters: what it counts, where it leads, and that no form breaks it.

use regulars_kernel::Role;
use regulars_testkit::TestResponse;

use crate::pages::Pages;

async fn piece(pages: &Pages, path: &str) -> TestResponse {
    pages.piece(pages.app.get(path)).await
}

/// The part that says what the conditions come to.
fn said(page: &str) -> String {
    let part = page.split("id=\"builder-said\"").nth(1).unwrap();
    let part = part.split("</div>").next().unwrap();
    let text = part
        .split('<')
        .map(|part| part.split_once('>').map_or("", |(_, text)| text));
    text.collect::<Vec<_>>()
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("&quot;", "\"")
}

#[tokio::test]
async fn the_form_counts_as_it_grows_and_leads_to_the_list() {
    let pages = Pages::new(Role::Agent).await;
    for (name, email) in [("Ada", "ada@example.com"), ("Bea", "")] {
        pages
            .customer(&[("first_name", name), ("kind", "person"), ("email", email)])
            .await;
    }
    for (rows, wanted) in [
        ("", "2 customers"),
        ("field=&was=", "2 customers"),
        (
            "field=email&was=email&operator=is+not+empty",
            "email is not empty 1 customer",
        ),
        (
            "field=first_name&was=first_name&operator=%3D&value=ADA",
            "first_name = \"ADA\" 1 customer",
        ),
        // Half a row asks nothing yet; one that cannot be asks nobody.
        (
            "field=first_name&was=first_name&operator=%3D&value=",
            "2 customers",
        ),
        ("field=credit_limit&was=credit_limit&operator=%3D&value=much", ""),
        (
            "field=nonsense&was=nonsense&operator=%3D&value=x",
            "nonsense = \"x\"",
        ),
        (
            "field=owner&was=owner&operator=in&value=me",
            "owner in (\"me\") 0 customers",
        ),
    ] {
        let page = piece(
            &pages,
            &format!("/customers/filters/build?group=all&{rows}&end=1"),
        )
        .await
        .expect(200)
        .text();
        assert_eq!(said(&page), wanted, "{rows}");
    }
    let apply = |query: &str| format!("/customers/filters/apply?sort=-created_at&{query}");
    let query = apply(
        "group=all&field=status&was=status&operator=in&value=vip&value=active&field=first_name&was=first_name&operator=contains&value=a&end=1",
    );
    let answer = piece(&pages, &query).await.expect(200);
    assert_eq!(
        answer.header("hx-redirect"),
        "/customers?sort=-created_at&status=vip&status=active&filter=first_name+contains+%22a%22"
    );
    // Deeper than the top, “me” is who asks.
    let query = apply(
        "group=any&field=owner&was=owner&operator=in&value=me&field=status&was=status&operator=%3D&value=vip&end=1",
    );
    let answer = piece(&pages, &query).await.expect(200);
    let address = answer.header("hx-redirect");
    assert!(
        address.contains("filter=owner+in+%28%220") && !address.contains("me%22"),
        "{address}"
    );
    for (query, told) in [
        (
            "group=all&field=city&was=city&operator=%3D&value=&end=1",
            "Say what it is compared with",
        ),
        ("mode=text&text=status+%3D", "Character 9"),
        ("mode=text&text=contry+%3D+DE", "did you mean country?"),
        ("group=all&end=1&birthday_from=99-99", "Birthday from"),
    ] {
        let page = piece(&pages, &apply(query)).await.expect(422).text();
        assert!(page.contains(told), "{query}: {page}");
    }
}

#[tokio::test]
async fn no_form_breaks_it() {
    let pages = Pages::new(Role::Viewer).await;
    let deep = "group=any&".repeat(2_000);
    let many = "field=city&was=city&operator=in&value=x&".repeat(300);
    for query in [
        deep.as_str(),
        many.as_str(),
        "end=1&end=1&value=x&operator=%3D&was=1&when=days_ago",
        "group=all&field=created_at&was=created_at&operator=%3E%3D&value=99999999999&when=days_ago&end=1",
        "group=all&field=created_at&was=created_at&operator=%3E%3D&value=yesterday&end=1",
        "group=all&act=add:0.0.0.0&act=nest:9&end=1",
        "mode=text&text=%00",
        "mode=text&text=%7B%22all%22%3A%5B%5D%7D",
        "group=all&field=parent&was=parent&operator=in&value=nobody&end=1",
        "field=%00&was=%00&value=%00&operator=contains",
    ] {
        for path in ["", "/build", "/apply"] {
            let answer = pages.get(&format!("/customers/filters{path}?{query}")).await;
            assert!(
                answer.status.as_u16() < 500,
                "{path} {}: {}",
                query.chars().take(60).collect::<String>(),
                answer.status
            );
        }
    }
}

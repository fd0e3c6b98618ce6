//! What a form shows, and what it says.

use regulars_kernel::{clock, ids::CustomerId};
use regulars_web::pages::samples;

use super::*;
use crate::customer_fields::AttributeField;

fn offered(text: &str) -> Offered {
    let attributes =
        ["text", "number", "boolean", "date", "select", "url", "list"].map(|kind| AttributeField {
            name: kind.into(),
            label: text.into(),
            kind: kind.into(),
            options: vec![(text.into(), text.into())],
            required: kind == "text",
        });
    Offered {
        attributes: attributes.into(),
        owners: vec![(text.into(), text.into())],
        tags: vec![text.into()],
        currency: "EUR".into(),
    }
}

#[test]
fn the_form_is_harmless_and_keeps_what_was_typed() {
    for text in samples::ALL {
        let typed = TEXTS
            .iter()
            .fold(Typed::new(), |typed, name| typed.with(name, text));
        let form = CustomerForm {
            href: Some("/customers/1".into()),
            was: typed.clone(),
            faults: vec![Fault {
                pointer: "/attributes/text".into(),
                code: "x".into(),
                message: text.into(),
            }],
            existing: Some(Linked {
                id: CustomerId::new(),
                name: text.into(),
                note: text.into(),
            }),
            meanwhile: Some(vec![(text.into(), text.into(), text.into())]),
            offered: offered(text),
            begun: Some(Begun::Named(text.into())),
            typed,
        };
        samples::assert_harmless(&super::form(&form).into_string());
        samples::assert_harmless(
            &super::form(&CustomerForm {
                href: None,
                meanwhile: None,
                ..form
            })
            .into_string(),
        );
    }
}

#[test]
fn only_what_was_changed_is_sent() {
    let was = Typed::new()
        .with("first_name", "Ada")
        .with("last_name", "Byron")
        .with("attributes/number", "3")
        .with("note", "a\nb");
    let typed = was
        .clone()
        .with("last_name", "")
        .with("attributes/number", "4")
        .with("note", "a\r\nb")
        .with("credit_limit/amount", "100");
    let sent = body(&typed, Some(&was), &offered("x"));
    let wanted = json!({"last_name": null, "credit_limit": {"amount": "100", "currency": "EUR"}, "attributes": {"number": 4}});
    assert_eq!(Value::Object(sent), wanted);
}

#[test]
fn what_cannot_be_a_number_is_sent_as_typed_so_that_its_fault_can_name_it() {
    assert_eq!(attribute_value("number", " 12.5 "), json!(12.5));
    assert_eq!(attribute_value("number", "twelve"), json!("twelve"));
    assert_eq!(attribute_value("list", "a\r\n\r\n b "), json!(["a", "b"]));
    assert_eq!(attribute_value("boolean", "false"), json!(false));
}

#[test]
fn a_stale_edit_keeps_both_sides_and_names_where_they_meet() {
    let was = Typed::new()
        .with("version", 1)
        .with("first_name", "Ada")
        .with("status", "active")
        .with("email", "a@x.org");
    let mine = was.clone().with("first_name", "Adah").with("email", "b@x.org");
    let now = Typed::new()
        .with("version", 2)
        .with("first_name", "Ada")
        .with("status", "vip")
        .with("email", "c@x.org");
    let (merged, clashes) = rebased(&mine, &was, &now);
    assert_eq!(
        (
            merged.get("first_name"),
            merged.get("status"),
            merged.get("email"),
            merged.get("version")
        ),
        ("Adah", "vip", "b@x.org", "2")
    );
    assert_eq!(
        clashes,
        [("email".to_owned(), "c@x.org".to_owned(), "b@x.org".to_owned())]
    );
}

#[test]
fn a_tick_goes_with_the_address_that_it_is_about() {
    let was = Typed::parse(b"email=a@x.org&email_verified=true");
    let sent = |typed: &str| Value::Object(body(&Typed::parse(typed.as_bytes()), Some(&was), &offered("x")));
    for (typed, wanted) in [
        (
            "email=a@x.org&email_verified=false&email_verified=true",
            json!({}),
        ),
        (
            "email=a@x.org&email_verified=false",
            json!({"email_verified": false}),
        ),
        (
            "email=b@x.org&email_verified=false",
            json!({"email": "b@x.org", "email_verified": false}),
        ),
        // Ticked anew beside another address.
        (
            "email=b@x.org&email_verified=false&email_verified=true",
            json!({"email": "b@x.org", "email_verified": true}),
        ),
        (
            "email=&email_verified=false&email_verified=true",
            json!({"email": null}),
        ),
        ("email=b@x.org", json!({"email": "b@x.org"})),
    ] {
        assert_eq!(sent(typed), wanted, "{typed}");
    }

    let clash = |name: &str, theirs: &str, mine: &str| (name.to_owned(), theirs.to_owned(), mine.to_owned());
    let was = Typed::parse(b"email=a@x.org&email_verified=false");
    for (mine, now, email, tick, clashes) in [
        // They ticked the old address, I wrote another; and the other way round.
        (
            "b@x.org&email_verified=false",
            "a@x.org&email_verified=true",
            "b@x.org",
            "false",
            vec![],
        ),
        (
            "a@x.org&email_verified=true",
            "c@x.org&email_verified=false",
            "c@x.org",
            "false",
            vec![],
        ),
        (
            "a@x.org&email_verified=true",
            "a@x.org&email_verified=false",
            "a@x.org",
            "true",
            vec![],
        ),
        (
            "b@x.org&email_verified=false",
            "c@x.org&email_verified=true",
            "b@x.org",
            "false",
            vec![
                clash("email", "c@x.org", "b@x.org"),
                clash("email_verified", "true", "false"),
            ],
        ),
    ] {
        let [mine, now] = [mine, now].map(|text| Typed::parse(format!("email={text}").as_bytes()));
        let (merged, found) = rebased(&mine, &was, &now);
        assert_eq!(
            (merged.get("email"), merged.get("email_verified")),
            (email, tick),
            "{mine:?}"
        );
        assert_eq!(found, clashes, "{mine:?}");
    }
    // An address is chosen with what was seen of it, whatever was ticked besides.
    let was = Typed::parse(b"note=x&email=a@x.org&email_verified=true");
    let mine = Typed::parse(b"email=b@x.org&email_verified=false&email_verified=true");
    let now = Typed::parse(b"email=c@x.org&email_verified=false");
    let notice = stale_notice(&rebased(&mine, &was, &now).1).into_string();
    assert_eq!(notice.matches("<fieldset").count(), 1, "{notice}");
    assert!(
        notice.contains("b@x.org</b><span class=\"muted\">verified")
            && notice.contains("c@x.org</b><span class=\"muted\">not verified"),
        "{notice}"
    );
    for (choice, wanted) in [
        ("mine", json!({"email": "b@x.org", "email_verified": true})),
        ("theirs", json!({})),
    ] {
        let typed = format!(
            "email=b@x.org&email_verified=false&email_verified=true&choose/email={choice}&theirs/email=c@x.org"
        );
        let typed = chosen(Typed::parse(typed.as_bytes()), &now);
        assert_eq!(
            Value::Object(body(&typed, Some(&now), &offered("x"))),
            wanted,
            "{choice}"
        );
    }
}

#[test]
fn a_customer_fills_the_form_with_its_own_fields() {
    let mut customer = Customer::blank(CustomerId::new(), clock::now());
    customer.first_name = Some("Ada".into());
    customer.attributes.insert("list".into(), json!(["a", "b"]));
    let typed = filled(&customer);
    assert_eq!(
        (
            typed.get("first_name"),
            typed.get("attributes/list"),
            typed.get("kind")
        ),
        ("Ada", "a\nb", "person")
    );
    assert!(body(&typed, Some(&typed), &offered("x")).is_empty());
}

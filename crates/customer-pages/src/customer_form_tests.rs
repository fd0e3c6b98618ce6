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

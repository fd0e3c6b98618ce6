//! The steps with any text in them.

use regulars_kernel::{Fault, ids::CustomerId};
use regulars_web::pages::samples;

use super::{
    Step,
    draft::CompanyDraft,
    review,
    view::{self, StepView},
};
use crate::{
    customer_fields::{AttributeField, Offered},
    form::Typed,
    record::{Linked, addresses, contacts},
};

fn typed(names: &[&str], text: &str) -> Typed {
    names
        .iter()
        .fold(Typed::new(), |typed, name| typed.with(name, text))
}

fn fault(pointer: &str, text: &str) -> Fault {
    Fault {
        pointer: pointer.into(),
        code: "x".into(),
        message: text.into(),
    }
}

#[test]
fn every_step_is_harmless_with_any_text() {
    for text in samples::ALL {
        let draft = CompanyDraft {
            basics: typed(
                &[
                    "company_name",
                    "email",
                    "owner_id",
                    "tags",
                    "status",
                    "attributes/size",
                ],
                text,
            ),
            contacts: vec![typed(contacts::TEXTS, text), Typed::new()],
            addresses: vec![typed(addresses::TEXTS, text), Typed::new()],
        };
        let offered = Offered {
            attributes: vec![AttributeField {
                name: "size".into(),
                label: text.into(),
                kind: "text".into(),
                options: Vec::new(),
                required: true,
            }],
            owners: vec![(text.into(), text.into())],
            tags: vec![text.into()],
            currency: "EUR".into(),
        };
        let one = Linked {
            id: CustomerId::new(),
            name: text.into(),
            note: text.into(),
        };
        let faults = [
            fault("", text),
            fault("/parent_id", text),
            fault("/email", text),
            fault("/contacts/1", text),
            fault("/contacts/0/email", text),
            fault("/addresses/0/phone", text),
        ];
        for (draft, faults) in [(&draft, &faults[..]), (&CompanyDraft::default(), &[])] {
            let view = |step| StepView {
                step,
                begun: true,
                draft,
                faults,
                offered: &offered,
                focus: Some(0),
            };
            for page in [
                view::basics(&view(Step::Basics), Some(&one), Some(&one)),
                view::contacts(&view(Step::Contacts)),
                view::addresses(&view(Step::Addresses)),
                review::page(draft, faults, &offered, Some(&one), Some(&one)),
                view::parents(Some(&one), &[], text),
                view::start_over(true),
            ] {
                samples::assert_harmless(&page.into_string());
            }
        }
    }
}

#[test]
fn a_fault_is_put_right_in_its_step() {
    for (pointer, step) in [
        ("", Step::Basics),
        ("/email", Step::Basics),
        ("/attributes/contacts", Step::Basics),
        ("/contacts", Step::Contacts),
        ("/contacts/0/email", Step::Contacts),
        ("/contacts_of", Step::Basics),
        ("/addresses/3", Step::Addresses),
    ] {
        assert_eq!(Step::of(&fault(pointer, "x")), step, "{pointer}");
    }
}

#[test]
fn enter_goes_on_and_takes_nothing_out() {
    let draft = CompanyDraft {
        contacts: vec![Typed::new()],
        ..CompanyDraft::default()
    };
    let page = view::contacts(&StepView {
        step: Step::Contacts,
        begun: true,
        draft: &draft,
        faults: &[],
        offered: &Offered::default(),
        focus: None,
    })
    .into_string();
    let first = page.find("type=\"submit\"").unwrap();
    assert!(
        page[first..].starts_with("type=\"submit\" name=\"do\" value=\"next\""),
        "the first button is the one Enter presses"
    );
}

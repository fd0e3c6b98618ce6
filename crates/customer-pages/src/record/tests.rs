//! Renders every part of a customer's page with ordinary, absent, hostile and long texts.

use maud::{Markup, html};
use regulars_kernel::{
    clock,
    ids::{AddressId, ContactId, CustomerId, NoteId},
};
use regulars_web::pages::{Locale, Tone, samples};
use serde_json::json;

use super::{
    addresses::{self, AddressView},
    contacts::{self, ContactView},
    details::{self, AttributeValue, ConsentView, Details, SourceView},
    hierarchy,
    notes::{self, NoteVersion, NoteView},
    timeline::{self, Happening, Timeline},
    view::{self, Linked, Place, RecordView, Section},
};
use crate::form::Typed;
use regulars_customers::model::{Amount, Customer, Kind, Metrics};

fn record(text: &str, section: Section) -> RecordView {
    let some = || Some(text.to_owned());
    let mut customer = Customer::blank(CustomerId::new(), clock::now());
    customer.code = text.into();
    customer.kind = Kind::Company;
    (customer.first_name, customer.last_name, customer.full_name) = (some(), some(), some());
    (customer.company_name, customer.legal_name, customer.industry) = (some(), some(), some());
    (
        customer.tax_id,
        customer.note,
        customer.internal_note,
        customer.city,
    ) = (some(), some(), some(), some());
    let linked = || Linked {
        id: CustomerId::new(),
        name: text.into(),
        note: text.into(),
    };
    RecordView {
        name: text.into(),
        address: Some(Place {
            id: AddressId::new(),
            lines: vec![text.into(); 3],
            map: Some(format!("https://www.openstreetmap.org/?{text}")),
        }),
        consents: vec![ConsentView {
            channel: "email".into(),
            state: text.into(),
            source: text.into(),
            changed_at: clock::now(),
        }],
        main_contact: some(),
        contact_of: vec![linked()],
        more_contact_of: (3, true),
        owner: some(),
        parent: Some(linked()),
        children: vec![linked(), linked()],
        more_children: 7,
        tags: vec![(text.into(), Tone::Blue)],
        known_tags: vec![text.into()],
        counts: [1, 2, 3],
        figures: Some(figures(text)),
        lent: vec![html! { p class="form-hint" { "Elsewhere: " (text) } }],
        credit: vec![regulars_kernel::Money::parse("20.00", regulars_kernel::Currency::EUR).unwrap()],
        section,
        list: format!("q={text}"),
        beside: [Some(CustomerId::new()), Some(CustomerId::new())],
        may_write: true,
        favourite: true,
        zone: chrono_tz::Europe::Berlin,
        locale: Locale::default(),
        now: clock::now(),
        customer,
    }
}

fn figures(text: &str) -> Metrics {
    let amount = || Amount {
        amount: text.into(),
        currency: text.into(),
    };
    Metrics {
        orders: 12,
        cancelled_orders: 1,
        returned_orders: 2,
        unconverted_orders: 3,
        items: 31,
        total_spent: amount(),
        refunded: Amount {
            amount: "17.50".into(),
            currency: text.into(),
        },
        net_revenue: amount(),
        average_order_value: amount(),
        first_order_at: Some(clock::now()),
        last_order_at: Some(clock::now()),
        days_since_last_order: Some(0),
        favourite_category: Some(text.into()),
        favourite_brand: Some(text.into()),
        told: std::collections::BTreeMap::new(),
    }
}

fn open(view: &RecordView, text: &str) -> Markup {
    let now = clock::now();
    match view.section {
        Section::Timeline => {
            let happening = Happening {
                kind: "customer.updated".into(),
                data: json!({"changes": {text: {"from": text, "to": null}, "b": {}}}),
                actor: text.into(),
                at: now,
            };
            timeline::section(
                view,
                &Timeline {
                    items: vec![happening; 2],
                    group: text.into(),
                    next: Some(text.into()),
                },
            )
        }
        Section::Orders => maud::html! {},
        Section::Notes => {
            let note = NoteView {
                id: NoteId::new(),
                rewritten: true,
                body: text.into(),
                names: std::collections::HashMap::new(),
                author: text.into(),
                pinned: true,
                created_at: now,
                updated_at: now,
            };
            maud::html! { (notes::section(view, std::slice::from_ref(&note), text)) (notes::history(view, &note, &[NoteVersion { version: 1, body: text.into(), author: text.into(), at: now }], 1)) }
        }
        Section::Contacts => contacts::section(
            view,
            &[ContactView {
                id: ContactId::new(),
                name: text.into(),
                position: text.into(),
                email: Some(text.into()),
                phone: Some((text.into(), text.into())),
                primary: true,
                decides: true,
                influences: true,
                note: text.into(),
                last_contacted_at: Some(now),
            }],
        ),
        Section::Addresses => addresses::section(
            view,
            &[AddressView {
                id: AddressId::new(),
                kind: text.into(),
                default: false,
                lines: vec![text.into()],
                phone: Some(text.into()),
                time_zone: Some(text.into()),
            }],
        ),
        Section::Hierarchy => hierarchy::section(view),
        Section::Details => details::section(
            view,
            &Details {
                attributes: vec![AttributeValue {
                    label: text.into(),
                    kind: "url".into(),
                    value: text.into(),
                }],
                sources: [Some(now), None]
                    .map(|synced_at| SourceView {
                        source: text.into(),
                        external_id: text.into(),
                        state: text.into(),
                        synced_at,
                    })
                    .into(),
                consents: vec![ConsentView {
                    channel: text.into(),
                    state: text.into(),
                    source: text.into(),
                    changed_at: now,
                }],
            },
        ),
    }
}

#[test]
fn every_section_is_harmless_with_any_text() {
    for text in samples::ALL {
        for section in Section::ALL {
            let mut view = record(text, section);
            for deleted in [None, Some(clock::now())] {
                view.customer.deleted_at = deleted;
                let inside = open(&view, text);
                samples::assert_harmless(&view::content(&view, inside).into_string());
            }
        }
    }
}

#[test]
fn every_sheet_is_harmless_with_any_text() {
    for text in samples::ALL {
        let view = record(text, Section::Timeline);
        let id = view.customer.id;
        let names = [
            "body",
            "version",
            "first_name",
            "email",
            "tag",
            "line1",
            "country",
            "type",
        ];
        let typed = names
            .into_iter()
            .fold(Typed::new(), |typed, name| typed.with(name, text));
        let faults = [regulars_kernel::Fault {
            pointer: "/email".into(),
            code: "x".into(),
            message: text.into(),
        }];
        let found = [Linked {
            id,
            name: text.into(),
            note: text.into(),
        }];
        for sheet in [
            notes::form(id, None, &typed, &faults, maud::html! {}),
            contacts::form(id, Some(ContactId::new()), &typed, &faults, maud::html! {}),
            addresses::form(id, Some(AddressId::new()), &typed, &faults, maud::html! {}),
            details::linking(&view, details::Link::Parent, text, &found, &faults),
            details::linking(&view, details::Link::Child, text, &[], &faults),
            details::tagging(&view, &typed, &faults),
            details::consent_form(id, &typed, &faults),
        ] {
            samples::assert_harmless(&sheet.into_string());
        }
    }
}

#[test]
fn nothing_of_a_deleted_customer_can_be_changed_but_its_deletion() {
    let mut view = record("Ada", Section::Notes);
    view.customer.deleted_at = Some(clock::now());
    let page = view::content(&view, notes::section(&view, &[], "")).into_string();
    let posts = page.matches("hx-post").count() - page.matches("/favourite").count();
    assert_eq!(posts, 1, "{page}");
    assert!(page.contains("/restore"));
}

#[test]
fn a_viewer_sees_no_way_to_change_anything() {
    let mut view = record("Ada", Section::Details);
    view.may_write = false;
    let inside = open(&view, "Ada");
    let page = view::content(&view, inside).into_string();
    // But for their own favourites.
    let posts = page.matches("hx-post").count() - page.matches("/favourite").count();
    assert!(posts == 0 && !page.contains("Edit"), "{page}");
}

#[test]
fn each_source_shows_how_far_both_systems_agree_and_since_when() {
    let view = record("Ada", Section::Details);
    let page = |state: &str, synced_at| {
        let details = Details {
            sources: vec![SourceView {
                source: "shopify".into(),
                external_id: "7".into(),
                state: state.into(),
                synced_at,
            }],
            ..Details::default()
        };
        details::section(&view, &details).into_string()
    };
    for (state, tone) in [
        ("synced", "tone-green"),
        ("pending", "tone-violet"),
        ("failed", "tone-red"),
        ("detached", "tone-neutral"),
    ] {
        let badge = format!("<span class=\"badge {tone}\">{state}</span>");
        let at = clock::now() - chrono::TimeDelta::hours(2);
        let shown = page(state, Some(at));
        assert!(shown.contains(&badge), "{shown}");
        assert!(
            shown.contains("last synced <time") && shown.contains("2 h ago"),
            "{shown}"
        );
        assert!(page(state, None).contains("never synced"));
    }
}

#[test]
fn an_address_is_written_as_on_a_parcel() {
    let country = regulars_kernel::Country::from_code("DE");
    let lines = addresses::lines(
        [
            Some("Ada Byron"),
            None,
            Some("Chausseestraße 12"),
            None,
            Some("10115"),
            Some("Berlin"),
            None,
        ],
        country.as_ref(),
    );
    assert_eq!(
        lines,
        ["Ada Byron", "Chausseestraße 12", "10115 Berlin", "Germany"]
    );
    assert!(addresses::lines([None; 7], None).is_empty());
}

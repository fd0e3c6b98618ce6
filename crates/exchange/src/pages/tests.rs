//! Every face of the pages with full, empty and hostile contents.

use std::collections::BTreeMap;

use maud::html;
use regulars_kernel::{
    Fault, Page, Role, Total, clock,
    ids::{CustomerId, ExportId, ImportId},
};
use regulars_web::pages::{Locale, Shell, page};
use serde_json::json;

use super::{exports, map, steps, views};
use crate::{
    mapping::{ColumnMapping, Confidence, Mapping, Target},
    model::{
        Counts, Export, ExportFormat, ExportState, Import, ImportKind, ImportState, MatchKey, Mode, Outcome,
        Plan, Reason, Sample,
    },
};

const HOSTILE: &str = "\"><script>alert(1)</script>\u{202e}'";

fn import(state: ImportState, text: &str) -> Import {
    let counts = Counts {
        create: 1_234_567,
        update: 12,
        skip: 3,
        conflict: 2,
        invalid: 1,
    };
    let sample = |outcome| {
        let sample = Sample {
            position: 7,
            line: 8,
            who: text.to_owned(),
            customer_id: Some(CustomerId::new()),
            record_id: None,
            reasons: vec![Reason {
                column: Some(text.to_owned()),
                code: "email_invalid".to_owned(),
                message: text.to_owned(),
            }],
            changes: Some(
                json!({"first_name": {"from": null, "to": text}, "tags": {"from": null, "to": [text]}}),
            ),
        };
        (outcome, vec![sample])
    };
    let now = clock::now();
    Import {
        id: ImportId::new(),
        version: 3,
        kind: ImportKind::Orders,
        state,
        file_name: text.to_owned(),
        file_bytes: 52_428_800,
        file_sha256: String::new(),
        format: json!({"kind": "csv"}),
        columns: vec![text.to_owned(), "E-Mail".to_owned()],
        mapping: Mapping {
            columns: BTreeMap::from([("E-Mail".to_owned(), Target::Email)]),
            source: "csv".to_owned(),
            ..Mapping::default()
        },
        mode: Mode::Upsert,
        match_by: vec![MatchKey::Email],
        plan: Some(Plan {
            counts,
            reasons: BTreeMap::new(),
            rows: 1_234_570,
            samples: Outcome::ALL.iter().copied().map(sample).collect(),
            new_attributes: vec![text.to_owned()],
            new_tags: vec![text.to_owned()],
            digest: String::new(),
        }),
        result: Some(counts),
        applied_rows: 0,
        job_id: None,
        error: Some(text.to_owned()),
        created_at: now,
        updated_at: now,
        finished_at: Some(now),
    }
}

fn shell() -> Shell {
    Shell::new("Acme", "Mina", "mina@example.com", Role::Owner)
}

fn is_harmless(html: &str) {
    assert!(!html.contains("<script>alert"), "{html}");
    assert!(!html.contains(" style="), "no inline style");
    assert!(!html.contains(" onclick="), "no inline script");
}

#[test]
fn every_step_of_an_import_shows_full_and_hostile_contents_unharmed() {
    for text in ["Kunden März.csv", HOSTILE] {
        let columns = [ColumnMapping {
            header: text.to_owned(),
            target: Target::Attribute("shoe_size".to_owned()),
            confidence: Confidence::Guess,
            examples: vec![text.to_owned()],
        }];
        let faults = [Fault {
            pointer: "/mapping/columns".to_owned(),
            code: "nothing_tells_who".into(),
            message: text.to_owned(),
        }];
        let locale = Locale::default();
        for state in ImportState::ALL.iter().copied() {
            let import = import(state, text);
            for face in [
                map::map(&import, ImportKind::ALL, Some(&columns), &[], &faults),
                map::map(&import, &[ImportKind::Customers], None, &[], &[]),
                steps::working(&import, None, locale),
                steps::stalled(&import),
                steps::checked(&import, locale),
                steps::over(&import, locale, chrono_tz::UTC),
                steps::actions(&import),
                views::list(
                    &Page::new(vec![import.clone()], None, Total::exact(1)),
                    1,
                    50,
                    &shell(),
                ),
            ] {
                let whole = page(&shell().titled("Import"), html! {}, face).into_string();
                is_harmless(&whole);
            }
        }
    }
}

#[test]
fn an_import_that_knows_nothing_yet_has_its_faces() {
    let mut import = import(ImportState::Cancelled, "empty.csv");
    import.plan = None;
    import.result = None;
    import.error = None;
    import.columns.clear();
    let locale = Locale::default();
    assert!(
        steps::over(&import, locale, chrono_tz::UTC)
            .into_string()
            .contains("Nothing was imported")
    );
    is_harmless(&steps::checked(&import, locale).into_string());
    is_harmless(&map::map(&import, &[ImportKind::Customers], None, &[], &[]).into_string());
    let none = Page::new(Vec::new(), None, Total::exact(0));
    let empty = views::list(&none, 1, 50, &shell()).into_string();
    assert!(
        empty.contains("Nothing imported yet") && !empty.contains("No imports"),
        "said once: {empty}"
    );
    is_harmless(&views::upload(None).into_string());
}

#[test]
fn exports_show_what_was_asked_for() {
    let export = |state| Export {
        id: ExportId::new(),
        state,
        format: ExportFormat::Csv,
        query: json!({"status": ["vip", "active"], "q": HOSTILE}),
        rows: 12_345,
        bytes: 1_000_000,
        job_id: None,
        error: Some(HOSTILE.to_owned()),
        created_at: clock::now(),
        finished_at: None,
        expires_at: None,
    };
    let all: Vec<Export> = ExportState::ALL.iter().copied().map(export).collect();
    let asked = vec![format!("Search is {HOSTILE}"); all.len()];
    let html = exports::table(&Page::new(all, None, Total::exact(5)), &asked, 1, &shell()).into_string();
    is_harmless(&html);
    assert!(html.contains("Search is"));
    assert_eq!(html.matches("/download\"").count(), 1);
    let none = exports::table(&Page::new(Vec::new(), None, Total::exact(0)), &[], 1, &shell()).into_string();
    assert!(
        none.contains("No exports yet") && !none.contains("No exports<"),
        "said once: {none}"
    );
}

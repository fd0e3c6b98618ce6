//! Exports of vendors.

use std::path::{Path, PathBuf};

use chrono::{TimeZone as _, Utc};
use regulars_tabular::read::{Options, open};

use super::*;

fn fixtures() -> Option<PathBuf> {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/csv/vendor_headers"
    ));
    if folder.is_dir() {
        return Some(folder.to_owned());
    }
    println!("skipped: vendor headers needs the shared fixtures");
    None
}

type Mapped = Vec<Result<MappedRow, Vec<CellFault>>>;

fn try_map_file(path: &Path) -> (Suggestion, Mapped) {
    let mut reader = open(path, &Options::default()).unwrap();
    let headers = reader.headers().clone();
    let mut records = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        records.push(row.unwrap());
    }
    let file_name = path.file_name().unwrap().to_str().unwrap();
    let suggestion = suggest(
        &headers,
        Hints {
            file_name,
            samples: &records,
        },
    );
    suggestion.mapping.validate(&headers).unwrap();
    let mapper = Mapper::new(&suggestion.mapping, &headers);
    let rows = records.iter().map(|record| mapper.map(record)).collect();
    (suggestion, rows)
}

fn map_file(path: &Path) -> (Suggestion, Vec<MappedRow>) {
    let (suggestion, rows) = try_map_file(path);
    (suggestion, rows.into_iter().map(Result::unwrap).collect())
}

#[test]
fn every_column_of_every_vendor_has_a_certain_place_or_its_own_attribute() {
    let Some(folder) = fixtures() else { return };
    let all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&std::fs::read_to_string(folder.join("headers.json")).unwrap()).unwrap();
    let expected = [
        ("shopify_customers_export", Vendor::Shopify, "shopify", 0),
        ("shopify_customers_import_template", Vendor::Shopify, "shopify", 0),
        ("shopify_orders_export", Vendor::ShopifyOrders, "shopify", 0),
        ("klaviyo_profiles_export", Vendor::Klaviyo, "klaviyo", 21),
        ("mailchimp_audience_export", Vendor::Mailchimp, "mailchimp", 2),
        ("hubspot_contacts_export", Vendor::Hubspot, "hubspot", 6),
    ];
    assert_eq!(all.len(), expected.len());
    for (name, vendor, source, attributes) in expected {
        let headers = headers(all[name]["header"].as_str().unwrap());
        let suggestion = suggest(&headers, Hints::default());
        assert_eq!(
            (suggestion.mapping.vendor, suggestion.mapping.source.as_str()),
            (vendor, source),
            "{name}"
        );
        assert_eq!(suggestion.columns.len(), headers.len());
        let guessed: Vec<_> = suggestion
            .columns
            .iter()
            .filter(|column| column.confidence == Confidence::Guess)
            .map(|column| column.target.to_string())
            .collect();
        assert!(guessed.iter().all(|target| target.starts_with("attribute.")));
        assert_eq!(guessed.len(), attributes, "{name}: {guessed:?}");
        suggestion.mapping.validate(&headers).unwrap();
        // Nothing at all in the cells is fine everywhere.
        let blank = record(&vec![""; headers.len()]);
        map_record(&suggestion.mapping, &headers, &blank).unwrap();
    }
}

#[test]
fn the_shopify_export_maps_exactly() {
    let Some(folder) = fixtures() else { return };
    let (suggestion, rows) = map_file(&folder.join("shopify_customers_export.csv"));
    assert!(
        suggestion
            .columns
            .iter()
            .all(|column| column.confidence == Confidence::Certain)
    );
    let [jordan, nobody, zoe] = &rows[..] else {
        panic!()
    };
    assert_eq!(jordan.external_id, text("9013808660771"));
    assert_eq!(jordan.email.value().unwrap().as_str(), "jordan@example.com");
    assert_eq!(
        (&jordan.first_name, &jordan.last_name),
        (&text("Jordan"), &text("Lee"))
    );
    assert_eq!(jordan.phone.value().unwrap().as_str(), "+61412000999");
    assert_eq!(
        (jordan.consent_email, jordan.consent_sms),
        (
            Cell::Value(ConsentState::Subscribed),
            Cell::Value(ConsentState::NotSubscribed)
        )
    );
    assert_eq!(
        jordan.tags,
        Cell::Value(vec!["PS-Accepts-SMS".to_owned(), "vip".to_owned()])
    );
    assert_eq!(
        (&jordan.note, &jordan.internal_note),
        (&Cell::Absent, &text("VIP"))
    );
    assert_eq!(jordan.attributes["tax_exempt"], text("no"));
    let address = &jordan.address;
    assert_eq!(
        (&address.line1, &address.line2, &address.city),
        (&text("12 Ocean St"), &Cell::Empty, &text("Bondi"))
    );
    assert_eq!(
        (&address.province, &address.postal_code),
        (&text("NSW"), &text("2026"))
    );
    assert_eq!(address.country.value().unwrap().as_str(), "AU");
    // Written without a country code: the address says which.
    assert_eq!(address.phone.value().unwrap().as_str(), "+61412000111");

    assert_eq!((&nobody.external_id, &nobody.email), (&text("2"), &Cell::Empty));
    assert_eq!(nobody.phone.value().unwrap().as_str(), "+16305550000");
    assert_eq!(
        (nobody.consent_email, nobody.consent_sms),
        (
            Cell::Value(ConsentState::NotSubscribed),
            Cell::Value(ConsentState::Subscribed)
        )
    );
    assert!(nobody.address.is_blank());

    assert_eq!(zoe.email.value().unwrap().as_str(), "ZOE@example.com");
    assert_eq!(
        (&zoe.first_name, &zoe.last_name),
        (&text("Zoë"), &text("O'Brien-Nuñez"))
    );
    assert_eq!(zoe.address.company, text("Acme, \"Inc\""));
    assert_eq!(zoe.address.line1, text("1 Rue de l’Église"));
    assert_eq!(zoe.address.line2, text("Apt. 4\nBât. B"));
    assert_eq!(zoe.address.postal_code, text("H2X 1Y4"));
    assert_eq!(zoe.internal_note, text("line1\nline2, \"quoted\""));
    assert_eq!(zoe.tags, Cell::Value(vec!["newsletter".to_owned()]));
}

#[test]
fn the_mailchimp_export_maps_exactly() {
    let Some(folder) = fixtures() else { return };
    let (suggestion, rows) = map_file(&folder.join("mailchimp_audience_export.csv"));
    assert_eq!(
        (suggestion.mapping.vendor, suggestion.mapping.email_consent),
        (Vendor::Mailchimp, None)
    );
    let ada = &rows[0];
    assert_eq!(ada.email.value().unwrap().as_str(), "ada@lovelace.com");
    assert_eq!(
        (&ada.first_name, &ada.last_name, &ada.external_id),
        (&text("Ada"), &text("Lovelace"), &text("abc"))
    );
    assert_eq!(ada.tags, Cell::Value(vec!["VIP".to_owned(), "Blog".to_owned()]));
    assert_eq!(
        ada.created_at,
        Cell::Value(Utc.with_ymd_and_hms(2024, 3, 14, 9, 12, 31).unwrap())
    );
    assert_eq!(ada.attributes["confirm_time"], text("2024-03-14 09:14:00"));
    assert_eq!(
        (&ada.consent_email, &ada.phone, ada.address.is_blank()),
        (&Cell::Absent, &Cell::Empty, true)
    );
}

#[test]
fn mailchimps_unsubscribed_and_cleaned_files_are_never_mailable() {
    let headers =
        headers("Email Address,First Name,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON,UNSUB_REASON,LEID,EUID");
    let of = |file_name| {
        suggest(
            &headers,
            Hints {
                file_name,
                samples: &[],
            },
        )
        .mapping
    };
    let row = record(&[
        "ada@lovelace.com",
        "Ada",
        "",
        "2024-03-14 09:12:31",
        "Spam",
        "",
        "1",
        "a",
    ]);
    let mapped = map_record(&of("audience.csv"), &headers, &row).unwrap();
    assert_eq!(mapped.consent_email, Cell::Value(ConsentState::Unsubscribed));
    assert_eq!(
        mapped.attributes.keys().collect::<Vec<_>>(),
        ["unsub_reason", "unsub_reason_2"]
    );
    let row = record(&["ada@lovelace.com", "", "", "", "", "", "1", "a"]);
    for (file, state) in [
        (
            "unsubscribed_email_audience_export_1.csv",
            ConsentState::Unsubscribed,
        ),
        ("cleaned_email_audience_export_1.csv", ConsentState::Bounced),
        ("subscribed_email_audience_export_1.csv", ConsentState::Subscribed),
    ] {
        assert_eq!(
            map_record(&of(file), &headers, &row).unwrap().consent_email,
            Cell::Value(state)
        );
    }
    let mut combined = suggest(&self::headers("Email Address,Address,EUID"), Hints::default()).mapping;
    combined.source = "mailchimp".to_owned();
    let row = record(&["a@example.com", "7 Main St  Apt 3  Atlanta  GA  30303  US", "x"]);
    let address = map_record(&combined, &self::headers("Email Address,Address,EUID"), &row)
        .unwrap()
        .address;
    assert_eq!(
        (&address.line1, &address.line2, &address.city),
        (&text("7 Main St"), &text("Apt 3"), &text("Atlanta"))
    );
    assert_eq!(
        (&address.postal_code, address.country.value().unwrap().as_str()),
        (&text("30303"), "US")
    );
}

#[test]
fn klaviyo_and_hubspot_habits() {
    let line = "Email,Klaviyo ID,Organization,Email Marketing Consent,Email Suppressions,Email Suppressions Timestamp,$timezone,\
                State / Region,Predicted Number Of Orders,Shoe Size";
    let headers = headers(line);
    let mapping = suggest(&headers, Hints::default()).mapping;
    let consent = |given: &str, suppressions: &str| {
        let row = record(&[
            "a@example.com",
            "01H",
            "Acme",
            given,
            suppressions,
            "",
            "Europe/Berlin",
            "BE",
            "3",
            "38",
        ]);
        map_record(&mapping, &headers, &row).unwrap()
    };
    let row = consent("SUBSCRIBED", "");
    assert_eq!(
        (&row.external_id, &row.company_name, &row.attributes["shoe_size"]),
        (&text("01H"), &text("Acme"), &text("38"))
    );
    assert_eq!(row.time_zone.value().unwrap().as_str(), "Europe/Berlin");
    assert_eq!(row.consent_email, Cell::Value(ConsentState::Subscribed));
    assert_eq!(
        consent("NEVER_SUBSCRIBED", "").consent_email,
        Cell::Value(ConsentState::NotSubscribed)
    );
    assert_eq!(
        consent("UNSUBSCRIBED", "").consent_email,
        Cell::Value(ConsentState::Unsubscribed)
    );
    assert_eq!(
        consent("SUBSCRIBED", "HARD_BOUNCE").consent_email,
        Cell::Value(ConsentState::Bounced)
    );
    assert_eq!(
        consent("SUBSCRIBED", "['SPAM_COMPLAINT', 'USER_SUPPRESSED']").consent_email,
        Cell::Value(ConsentState::Complained)
    );
    assert_eq!(consent("", "").consent_email, Cell::Empty);

    let headers =
        self::headers("Record ID,Email,Create Date,Lifecycle Stage,Contact owner,Associated Deal IDs");
    let mapping = suggest(&headers, Hints::default()).mapping;
    assert_eq!(mapping.date_order, DateOrder::Mdy);
    let row = map_record(
        &mapping,
        &headers,
        &record(&[
            "101",
            "a@example.com",
            "3/15/2024 2:30 PM",
            "Sales Qualified Lead",
            "Max",
            "1;2",
        ]),
    )
    .unwrap();
    assert_eq!(
        row.created_at,
        Cell::Value(Utc.with_ymd_and_hms(2024, 3, 15, 14, 30, 0).unwrap())
    );
    assert_eq!(
        (row.lifecycle_stage, &row.attributes["contact_owner"]),
        (Cell::Value("prospect"), &text("Max"))
    );
}

#[test]
fn plain_files_of_people_map_by_themselves() {
    let Some(folder) = fixtures() else { return };
    for (name, count) in [("fake_1000.csv", 1_000), ("febrl3_nossid.csv", 5_000)] {
        let path = folder.join("../../duplicates").join(name);
        if !path.exists() {
            println!("skipped: plain_files_of_people_map_by_themselves needs {name} of the shared fixtures");
            continue;
        }
        let (suggestion, rows) = try_map_file(&path);
        assert_eq!(rows.len(), count, "{name}");
        assert!(
            suggestion
                .columns
                .iter()
                .all(|column| column.confidence != Confidence::Guess)
        );
        // Both files hold birthdays and addresses that were damaged on purpose; nothing else is at fault in them.
        let faulty: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
        assert!(faulty.len() * 25 < rows.len(), "{name}: {}", faulty.len());
        assert!(
            faulty
                .into_iter()
                .flatten()
                .all(|fault| matches!(fault.code, "email_invalid" | "date_invalid"))
        );
    }
}

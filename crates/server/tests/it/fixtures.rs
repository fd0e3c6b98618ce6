//! Real files in, out again, and compared with what was in them.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

use regulars_tabular::read::{self, Options};
use serde_json::json;

use crate::{api::Api, process::Home};

type Row = BTreeMap<String, String>;

/// A copy of a shared fixture: the program under test shall never have the fixture itself in its hands.
fn fixture(home: &Home, path: &str, test: &str) -> Option<PathBuf> {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures")).join(path);
    if !file.exists() {
        println!("skipped: {test} needs the shared fixtures");
        return None;
    }
    let copy = home.path().join(file.file_name().unwrap());
    fs::write(&copy, fs::read(&file).unwrap()).unwrap();
    Some(copy)
}

/// The rows of a file, empty cells left out.
fn rows(path: &Path) -> Vec<Row> {
    let mut reader = read::open(path, &Options::default()).unwrap();
    let names: Vec<String> = reader
        .headers()
        .iter()
        .map(|header| header.unique_name.clone())
        .collect();
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        let cells = names.iter().cloned().zip(row.unwrap().fields);
        rows.push(
            cells
                .filter_map(|(name, cell)| Some((name, cell.filter(|cell| !cell.is_empty())?)))
                .collect(),
        );
    }
    rows
}

/// Imports a file and gives its refused rows and everybody as exported.
fn through(home: &Home, slug: &str, file: &Path) -> (Vec<Row>, Vec<Row>) {
    let (errors, out) = (
        home.path().join(format!("{slug}-errors.csv")),
        home.path().join(format!("{slug}-out.csv")),
    );
    home.ok(&[
        "import",
        file.to_str().unwrap(),
        "--organization",
        slug,
        "--errors",
        errors.to_str().unwrap(),
    ]);
    home.ok(&[
        "export",
        "customers",
        "--organization",
        slug,
        "--output",
        out.to_str().unwrap(),
    ]);
    let refused = if fs::read_to_string(&errors).unwrap().lines().count() > 1 {
        rows(&errors)
    } else {
        Vec::new()
    };
    (refused, rows(&out))
}

/// The fixtures' columns and ours.
const COLUMNS: [(&str, &str); 10] = [
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("email", "email"),
    ("address1", "address.line1"),
    ("address2", "address.line2"),
    ("city", "address.city"),
    ("province", "address.province"),
    ("zip", "address.postal_code"),
    ("country", "address.country"),
    ("birthday", "birthday"),
];

/// What must come out: a row with the e-mail address of an earlier one adds to that; what it does not say stays.
fn wanted(all: &[Row], refused: &[Row]) -> Vec<(HashSet<String>, Row)> {
    let refused: HashSet<&str> = refused.iter().map(|row| row["external_id"].as_str()).collect();
    let mut wanted: Vec<(HashSet<String>, Row)> = Vec::new();
    for row in all
        .iter()
        .filter(|row| !refused.contains(row["external_id"].as_str()))
    {
        let email = row.get("email").map(|email| email.to_lowercase());
        let known = email.and_then(|email| {
            wanted
                .iter()
                .position(|(_, one)| one.get("email").is_some_and(|it| it.to_lowercase() == email))
        });
        let at = known.unwrap_or_else(|| {
            wanted.push((HashSet::new(), Row::new()));
            wanted.len() - 1
        });
        let (ids, one) = &mut wanted[at];
        ids.insert(row["external_id"].clone());
        for (theirs, ours) in COLUMNS {
            if let Some(cell) = row.get(theirs) {
                one.insert(ours.to_owned(), cell.clone());
            }
        }
    }
    wanted
}

fn compare(all: &[Row], refused: &[Row], exported: &[Row]) {
    let wanted = wanted(all, refused);
    assert_eq!(exported.len(), wanted.len());
    let by_ids: BTreeMap<Vec<&str>, &Row> = exported
        .iter()
        .map(|row| {
            // Several ids of one person stand in quotes.
            let ids = row["external_id.csv"].split(',');
            let mut ids: Vec<&str> = ids.map(|id| id.trim_matches('"')).collect();
            ids.sort_unstable();
            (ids, row)
        })
        .collect();
    for (ids, one) in &wanted {
        let mut all: Vec<&str> = ids.iter().map(String::as_str).collect();
        all.sort_unstable();
        let found = by_ids.get(&all);
        let found = found.unwrap_or_else(|| panic!("nobody of {all:?}"));
        for (_, ours) in COLUMNS {
            let (want, have) = (one.get(ours), found.get(ours));
            // The host of an address has no case.
            let same = if ours == "email" {
                want.map(|email| email.to_lowercase()) == have.map(|email| email.to_lowercase())
            } else {
                want.map(|text| text.trim()) == have.map(|text| text.trim())
            };
            assert!(same, "{ids:?} {ours}: {want:?} became {have:?}");
        }
    }
}

#[tokio::test]
async fn five_thousand_people_come_out_as_they_went_in() {
    let home = Home::shared().await;
    let test = "five_thousand_people_come_out_as_they_went_in";
    let Some(file) = fixture(&home, "duplicates/febrl3_nossid.csv", test) else {
        return;
    };
    home.organization("acme", "viewer");
    let (refused, exported) = through(&home, "acme", &file);
    assert!(
        refused
            .iter()
            .all(|row| row["regulars_error"].contains("is not a day of the calendar")),
        "only impossible birthdays are refused"
    );
    assert_eq!(refused.len(), 35);
    compare(&rows(&file), &refused, &exported);
}

#[tokio::test]
async fn a_thousand_people_are_imported_one_is_found_by_a_misspelt_name_edited_and_exported() {
    let home = Home::shared().await;
    let test = "a_thousand_people_are_imported_one_is_found_by_a_misspelt_name_edited_and_exported";
    let Some(file) = fixture(&home, "duplicates/fake_1000.csv", test) else {
        return;
    };
    let key = home.organization("acme", "agent");
    let (refused, exported) = through(&home, "acme", &file);
    compare(&rows(&file), &refused, &exported);

    let server = home.serve();
    let api = Api::new(&server.url, &key);
    let found = api.get("/api/v1/customers?q=Alen").await.expect(200);
    let allen = found.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .take(3)
        .find(|one| {
            one["full_name"]
                .as_str()
                .is_some_and(|name| name.contains("Allen"))
        })
        .unwrap_or_else(|| panic!("no Allen: {}", found.text));
    let id = allen["id"].as_str().unwrap().to_owned();
    let change = json!({"first_name": "Zacharias", "note": "=1+1"});
    crate::api::answer(
        api.request(reqwest::Method::PATCH, &format!("/api/v1/customers/{id}"))
            .json(&change),
    )
    .await
    .expect(200);
    let out = home.path().join("after.csv");
    home.ok(&[
        "export",
        "customers",
        "--organization",
        "acme",
        "--output",
        out.to_str().unwrap(),
    ]);
    let after = rows(&out);
    assert_eq!(after.len(), exported.len());
    let timeless = |row: &Row| -> Row {
        let mut row = row.clone();
        row.remove("updated_at");
        row
    };
    for (before, after) in exported.iter().zip(&after) {
        if before["id"] == id {
            assert_eq!(after["first_name"], "Zacharias");
            assert_eq!(after["note"], "=1+1");
            let last = before.get("last_name").cloned().unwrap_or_default();
            assert_eq!(after["full_name"], format!("Zacharias {last}").trim());
        } else {
            assert_eq!(timeless(before), timeless(after), "nobody else changed");
        }
    }
}

#[tokio::test]
async fn vendors_exports_come_out_as_they_went_in() {
    let home = Home::shared().await;
    let test = "vendors_exports_come_out_as_they_went_in";
    // For each file who is in it: column of the export and value.
    let files = [
        (
            "shopify_customers_export",
            vec![
                json!({"external_id.shopify": "9013808660771", "first_name": "Jordan", "last_name": "Lee", "email": "jordan@example.com",
                       "phone": "+61412000999", "address.line1": "12 Ocean St", "address.city": "Bondi", "address.province": "NSW",
                       "address.country": "AU", "address.postal_code": "2026", "address.phone": "+61412000111", "internal_note": "VIP",
                       "tags": "PS-Accepts-SMS,vip", "consent.email": "subscribed", "attributes.tax_exempt": "no"}),
                json!({"external_id.shopify": "2", "phone": "+16305550000", "consent.sms": "subscribed"}),
                json!({"external_id.shopify": "3", "first_name": "Zoë", "last_name": "O'Brien-Nuñez", "email": "ZOE@example.com",
                       "address.company": "Acme, \"Inc\"", "address.line1": "1 Rue de l’Église", "address.line2": "Apt. 4\nBât. B",
                       "address.city": "Montréal", "address.province": "QC", "address.country": "CA", "address.postal_code": "H2X 1Y4",
                       "internal_note": "line1\nline2, \"quoted\"", "tags": "newsletter"}),
            ],
        ),
        (
            "mailchimp_audience_export",
            vec![
                json!({"external_id.mailchimp": "abc", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@lovelace.com",
                       "tags": "Blog,VIP", "created_at": "2024-03-14T09:12:31Z"}),
            ],
        ),
    ];
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/csv/vendor_headers"
    ));
    if let Ok(entries) = fs::read_dir(folder) {
        let there: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".csv").map(str::to_owned))
            .collect();
        assert!(
            there
                .iter()
                .all(|name| files.iter().any(|(known, _)| known == name)),
            "a file that this test does not know: {there:?}"
        );
    }
    for (name, people) in files {
        let Some(file) = fixture(&home, &format!("csv/vendor_headers/{name}.csv"), test) else {
            return;
        };
        let slug = name.replace('_', "-");
        home.organization(&slug, "viewer");
        let (refused, exported) = through(&home, &slug, &file);
        assert!(refused.is_empty(), "{refused:?}");
        assert_eq!(exported.len(), people.len());
        for (person, found) in people.iter().zip(&exported) {
            for (column, value) in person.as_object().unwrap() {
                let found = found.get(column).map(String::as_str);
                assert_eq!(found, value.as_str(), "{name} {column}");
            }
        }
        // Once more changes nothing.
        let again = home.ok(&["import", file.to_str().unwrap(), "--organization", &slug]);
        assert!(again.contains("0 created, 0 updated"), "{name}: {again}");
    }
}

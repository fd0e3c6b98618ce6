//! The same table in every kind of file and every dialect, through upload, check and job: the same customers come of it.

use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
    path::Path,
    time::Duration,
};

use regulars_exchange::{UPLOADS, api_routes, job_handlers, kind::Kinds, page_routes};
use regulars_jobs::{Registry, Worker};
use regulars_kernel::Role;
use regulars_testkit::TestApp;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::support::dump;

/// A server without sockets and a worker that does its jobs.
struct House {
    app: TestApp,
    worker: Worker,
}

impl House {
    async fn new() -> Self {
        let app = TestApp::with_uploads(
            api_routes(&Kinds::default()),
            page_routes(&Kinds::default()),
            UPLOADS,
        )
        .await;
        let registry = job_handlers(Registry::new(), &app.state().config, &Kinds::default());
        let worker = Worker::start(app.database().clone(), registry, 2);
        Self { app, worker }
    }

    /// Uploads a file to an organization of its own, applies it as suggested, and gives the import as it is then.
    async fn import(&self, organization: &str, name: &str, content: Vec<u8>) -> Value {
        let key = self.app.key_of(organization, Role::Agent).await;
        let uploaded = self
            .app
            .post(&format!("/api/v1/imports?file_name={name}"))
            .bearer(&key)
            .body("application/octet-stream", content)
            .send()
            .await
            .expect(201)
            .json;
        let path = format!("/api/v1/imports/{}", uploaded["id"].as_str().unwrap());
        let apply = self.app.post(&format!("{path}/apply")).bearer(&key);
        apply.send().await.expect(202);
        for _ in 0..600 {
            let import = self.app.get(&path).bearer(&key).send().await.expect(200).json;
            if ["done", "failed"].contains(&import["state"].as_str().unwrap()) {
                assert_eq!(import["state"], "done", "{name}: {import}");
                return import;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{name} is never applied")
    }

    async fn dump(&self, organization: &str) -> Vec<Value> {
        let scope = self.app.organization(organization).await;
        let Value::Array(customers) = dump(self.app.test_database().owner(), scope).await else {
            panic!("a dump is a list")
        };
        customers
    }
}

const HEADERS: [&str; 13] = [
    "id",
    "email",
    "phone",
    "first_name",
    "last_name",
    "birthday",
    "tags",
    "status",
    "consent.email",
    "address.line1",
    "address.city",
    "address.country",
    "attributes.shoe_size",
];

/// Cells as they stand in a CSV. The second person's empty ones are absent in JSON.
const PEOPLE: [[&str; 13]; 3] = [
    [
        "17",
        "ada@example.com",
        "+4930123456",
        "Ada",
        "O’Byron & <Söhne>",
        "1990-12-31",
        "news,vip",
        "vip",
        "subscribed",
        "1 Main Street",
        "Łódź",
        "PL",
        "38",
    ],
    [
        "0018",
        "",
        "+4930654321",
        "Zoë",
        "",
        "",
        "",
        "",
        "unsubscribed",
        "",
        "",
        "",
        "",
    ],
    [
        "19",
        "not an address",
        "",
        "Olaf",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "41",
    ],
];

fn csv() -> Vec<u8> {
    let mut text = HEADERS.join(",") + "\n";
    for person in PEOPLE {
        let cells = person.map(|cell| format!("\"{cell}\""));
        writeln!(text, "{}", cells.join(",")).unwrap();
    }
    text.into_bytes()
}

/// As programs write it: numbers are numbers, lists lists, what belongs together nested, and what is not known left out.
fn objects() -> Vec<Value> {
    let mut objects = Vec::new();
    for person in PEOPLE {
        let mut object = json!({});
        for (header, cell) in HEADERS.into_iter().zip(person) {
            let value = match header {
                _ if cell.is_empty() => continue,
                "tags" => cell.split(',').map(Value::from).collect(),
                "attributes.shoe_size" => json!(cell.parse::<u8>().unwrap()),
                _ => json!(cell),
            };
            match header.split_once('.') {
                Some((outer, inner)) => object[outer][inner] = value,
                None => object[header] = value,
            }
        }
        objects.push(object);
    }
    objects
}

fn json_lines() -> Vec<u8> {
    let lines: Vec<String> = objects().iter().map(Value::to_string).collect();
    lines.join("\n").into_bytes()
}

/// As a spreadsheet keeps it: ids and sizes as numbers unless zeros lead, the birthday as days since 1899-12-30.
fn workbook() -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let mut sheet = format!("<worksheet xmlns=\"{main}\"><sheetData>");
    for (number, row) in [HEADERS].iter().chain(&PEOPLE).enumerate() {
        write!(sheet, "<row r=\"{}\">", number + 1).unwrap();
        for (column, cell) in row.iter().enumerate() {
            let place = format!("{}{}", char::from(b'A' + column as u8), number + 1);
            let number = !cell.starts_with(['0', '+']) && cell.parse::<u64>().is_ok();
            let text = cell.replace('&', "&amp;").replace('<', "&lt;");
            if *cell == "1990-12-31" {
                write!(sheet, "<c r=\"{place}\" s=\"1\"><v>33238</v></c>").unwrap();
            } else if number {
                write!(sheet, "<c r=\"{place}\"><v>{cell}</v></c>").unwrap();
            } else if !cell.is_empty() {
                let inline = format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
                sheet += &inline;
            }
        }
        sheet += "</row>";
    }
    sheet += "</sheetData></worksheet>";
    let relations = |all: &[(&str, &str)]| {
        let mut text = format!("<Relationships xmlns=\"{package}/relationships\">");
        for (kind, target) in all {
            let one = format!("<Relationship Id=\"{kind}\" Type=\"{office}/{kind}\" Target=\"{target}\"/>");
            text += &one;
        }
        text + "</Relationships>"
    };
    let parts = [
        (
            "[Content_Types].xml",
            format!("<Types xmlns=\"{package}/content-types\"/>"),
        ),
        ("_rels/.rels", relations(&[("officeDocument", "xl/workbook.xml")])),
        (
            "xl/_rels/workbook.xml.rels",
            relations(&[("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml")]),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"People\" sheetId=\"1\" r:id=\"worksheet\"/></sheets></workbook>"
            ),
        ),
        (
            // Format 14 is a date.
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_table_gives_the_same_customers_whatever_kind_of_file_it_comes_in() {
    let house = House::new().await;
    let array = serde_json::to_vec_pretty(&objects()).unwrap();
    let enveloped = serde_json::to_vec(&json!({"data": objects()})).unwrap();
    let mut wanted: Option<Vec<Value>> = None;
    for (kind, name, content) in [
        ("csv", "people.csv", csv()),
        ("xlsx", "people.xlsx", workbook()),
        ("json", "people.json", array),
        ("json", "people.json", enveloped),
        ("json_lines", "people.jsonl", json_lines()),
    ] {
        let organization = format!("{}-{}", kind.replace('_', "-"), content.len());
        let import = house.import(&organization, name, content).await;
        assert_eq!(import["format"]["kind"], kind, "{import}");
        assert_eq!(
            import["result"],
            json!({"create": 2, "update": 0, "skip": 0, "conflict": 0, "invalid": 1}),
            "{kind}: {}",
            import["plan"]
        );
        assert_eq!(import["plan"]["reasons"], json!({"email_invalid": 1}), "{kind}");
        let customers = house.dump(&organization).await;
        let Some(wanted) = &wanted else {
            // What all of them must say, looked at once.
            let ada = customers.iter().find(|one| one["first_name"] == "Ada").unwrap();
            assert_eq!(ada["last_name"], "O’Byron & <Söhne>");
            assert_eq!(ada["birthday"], "1990-12-31");
            assert_eq!(ada["tags"], json!(["news", "vip"]));
            assert_eq!(ada["address"][0]["city"], "Łódź");
            assert_eq!(ada["address"][0]["country"], "PL");
            assert_eq!(ada["consents"], json!([["email", "subscribed"]]));
            assert_eq!(ada["attributes"], json!({"shoe_size": "38"}));
            let zoe = customers.iter().find(|one| one["first_name"] == "Zoë").unwrap();
            assert_eq!(zoe["sources"], json!([["csv", "0018"]]), "zeros lead an id");
            assert_eq!(zoe["phone"], "+4930654321");
            wanted = Some(customers);
            continue;
        };
        assert_eq!(customers.len(), wanted.len(), "{kind}");
        for (found, wanted) in customers.iter().zip(wanted) {
            assert_eq!(found, wanted, "{kind}");
        }
    }
    house.worker.stop(Duration::from_secs(5)).await;
}

/// Who stands in every file of the fixtures, as e-mail, names, phone, city and note.
const GUESTS: [[&str; 6]; 6] = [
    [
        "zoe@example.com",
        "Zoë",
        "O’Brien-Nuñez",
        "+16502530000",
        "Montréal",
        "line1\nline2, \"quoted\"",
    ],
    [
        "bob+tag@example.co.uk",
        "Bob",
        "Møller; Søn",
        "+442070313000",
        "København",
        "",
    ],
    [
        "jose@example.com",
        "José",
        "García Márquez",
        "+34912345678",
        "A Coruña",
        "=1+1",
    ],
    [
        "ivan@example.com",
        "Łukasz",
        "Żółć",
        "+48221234567",
        "Łódź",
        "tab\there",
    ],
    ["null@example.com", "Null", "None", "+14155552671", "N/A", "0012"],
    [
        "x@example.com",
        "Ana",
        "d’Ávila",
        "+351212345678",
        "Évora",
        "trailing space",
    ],
];

/// What the writer of a file could not say in its encoding, or with its line ends.
fn as_written(file: &str, text: &str) -> String {
    match file {
        "05_cp1252_semicolon.csv" => text
            .replace('’', "'")
            .replace("Łukasz", "Lukasz")
            .replace("Żółć", "Zólc")
            .replace("Łódź", "Lódz"),
        "07_cr_only.csv" => text.replace('\n', " "),
        _ => text.to_owned(),
    }
}

#[tokio::test]
async fn hostile_dialects_of_one_table_are_imported_as_the_same_customers() {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/csv/nasty"
    ));
    if !folder.is_dir() {
        println!(
            "skipped: hostile_dialects_of_one_table_are_imported_as_the_same_customers needs the shared fixtures"
        );
        return;
    }
    let house = House::new().await;
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    files.sort();
    assert!(files.len() >= 9, "{files:?}");
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let organization = name[..name.len() - 4].replace('_', "-");
        let content = std::fs::read(&path).unwrap();
        let import = house.import(&organization, name, content.clone()).await;
        assert_eq!(import["result"]["create"], 6, "{name}: {}", import["plan"]);
        let customers = house.dump(&organization).await;
        assert_eq!(customers.len(), GUESTS.len(), "{name}");
        for guest in GUESTS {
            let [email, first, last, phone, city, note] = guest.map(|text| as_written(name, text));
            let found = customers.iter().find(|one| one["email"] == email);
            let found = found.unwrap_or_else(|| panic!("{name}: no {email} in {customers:?}"));
            let said = ["first_name", "last_name", "phone", "city", "note"].map(|field| found[field].clone());
            let wanted = [first, last, phone, city, note].map(|text| match text.as_str() {
                "" => Value::Null,
                _ => Value::String(text),
            });
            assert_eq!(said, wanted, "{name}");
        }
        // Once more changes nobody.
        let again = house.import(&organization, name, content).await;
        assert_eq!(again["result"]["skip"], 6, "{name}: {}", again["plan"]);
    }
    house.worker.stop(Duration::from_secs(5)).await;
}

//! Customer files in and out from the command line.

use std::fs;

use crate::{api::Api, process::Home};

const FEW: &str = "Customer ID,Email,First Name,Last Name,City,Country\n\
    c1,ada@example.com,Ada,Byron,London,GB\n\
    c2,not an address,Grace,Hopper,Arlington,US\n\
    c3,emilie@example.com,=1+1,du Châtelet,Paris,FR\n";

fn few(home: &Home) -> String {
    let path = home.path().join("few.csv");
    fs::write(&path, FEW).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_dry_run_prints_the_plan_and_changes_nothing_then_the_import_does_exactly_that() {
    let home = Home::shared().await;
    let key = home.organization("acme", "owner");
    let file = few(&home);
    let plan = home.ok(&["import", &file, "--organization", "acme", "--dry-run"]);
    assert!(plan.contains("3 rows: 2 would be created"), "{plan}");
    assert!(
        plan.contains("1 invalid\nRefused:\n  1 × not an e-mail address"),
        "{plan}"
    );
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    let total = async || {
        api.get("/api/v1/customers")
            .await
            .expect(200)
            .at("/page/total/value")
    };
    assert_eq!(total().await, "0");

    let errors = home.path().join("errors.csv");
    let done = home.ok(&[
        "import",
        &file,
        "--organization",
        "acme",
        "--errors",
        errors.to_str().unwrap(),
    ]);
    assert!(
        done.contains("3 rows: 2 created") && done.contains("1 invalid"),
        "{done}"
    );
    assert_eq!(total().await, "2");
    let errors = fs::read_to_string(errors).unwrap();
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert!(
        errors.contains("not an address") && errors.contains("Grace"),
        "{errors}"
    );
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        FEW,
        "the file is the person's: it stays as it was"
    );

    // The same file again changes nothing.
    let again = home.ok(&["import", &file, "--organization", "acme", "--json"]);
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["counts"]["create"], 0, "{again}");
    assert_eq!(again["counts"]["update"], 0, "{again}");
    assert_eq!(again["counts"]["skip"], 2, "{again}");
}

#[tokio::test]
async fn orders_of_shopify_are_imported_as_what_they_are_unless_somebody_says_otherwise() {
    let home = Home::shared().await;
    let key = home.organization("acme", "owner");
    let path = home.path().join("orders_export.csv");
    let text = include_str!("../../../commerce-exchange/tests/it/files/shopify_orders.csv");
    fs::write(&path, text).unwrap();
    let file = path.to_str().unwrap();
    let plan = home.ok(&["import", file, "--organization", "acme", "--dry-run"]);
    assert!(plan.contains("3 orders: 3 would be created"), "{plan}");
    let done = home.ok(&["import", file, "--organization", "acme", "--kind", "orders"]);
    assert!(done.contains("3 orders: 3 created"), "{done}");
    let again = home.ok(&["import", file, "--organization", "acme"]);
    assert!(again.contains("3 unchanged"), "{again}");
    let buyers = home.ok(&[
        "import",
        file,
        "--organization",
        "acme",
        "--kind",
        "customers",
        "--dry-run",
    ]);
    assert!(buyers.contains("4 rows: "), "{buyers}");
    let server = home.serve();
    let orders = Api::new(&server.url, &key)
        .get("/api/v1/orders")
        .await
        .expect(200);
    assert_eq!(orders.at("/data/0/number"), "#1003");
}

#[tokio::test]
async fn what_is_no_fault_is_told_apart_and_new_attributes_are_named_after_the_import_too() {
    let home = Home::shared().await;
    home.organization("acme", "owner");
    let path = home.path().join("shoes.csv");
    let rows =
        "email,Shoe size,Tags\nada@example.com,38,vip\nADA@example.com,39,VIP\n,40,lost\nnobody,1,lost\n";
    fs::write(&path, rows).unwrap();
    let file = path.to_str().unwrap();
    let done = home.ok(&["import", file, "--organization", "acme"]);
    assert_eq!(
        done,
        "4 rows: 1 created, 1 updated, 1 unchanged, 0 in conflict, 1 invalid\n\
         Refused:\n  \
           1 × not an e-mail address\n\
         Also:\n  \
           1 × without a name, company, e-mail address, phone or id: passed over\n  \
           1 × about the same customer as an earlier row of the file\n\
         New attributes: shoe_size\n\
         New tags: vip"
    );
    let again = home.ok(&["import", &few(&home), "--organization", "acme"]);
    let third = home.ok(&["import", &few(&home), "--organization", "acme"]);
    assert!(again.contains("1 created, 1 updated"), "{again}");
    assert!(
        third.contains("2 unchanged") && !third.contains("Also"),
        "{third}"
    );
}

#[tokio::test]
async fn faults_name_the_file_the_option_and_the_place_in_the_mapping() {
    let home = Home::shared().await;
    home.organization("acme", "owner");
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (empty, list) = (write("empty.csv", ""), write("list.json", "[]"));
    let mapping = write(
        "m.json",
        r#"{"columns": {"Email": "emial", "City": "city", "Name": "xyzzy"}}"#,
    );
    let (few, folder) = (few(&home), home.path().to_str().unwrap().to_owned());
    let said = |arguments: &[&str], wanted: &[&str]| {
        let output = home.run(&[arguments, &["--organization", "acme"]].concat());
        assert_eq!(output.status.code(), Some(1));
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        for wanted in wanted {
            assert!(words.contains(wanted), "{wanted} is not in: {words}");
        }
        assert!(!words.contains(" /file"), "{words}");
    };
    said(&["import", &empty], &[&format!("{empty}: the file is empty")]);
    said(&["import", &folder], &[&format!("{folder}: this is a folder")]);
    said(&["import", &few, "--mapping", &folder], &["this is a folder"]);
    said(
        &["import", &few, "--mapping", "[]"],
        &["the name of a file that holds the mapping"],
    );
    said(
        &["import", &few, "--mapping", &list],
        &[&format!("{list}: a mapping is an object such as")],
    );
    said(
        &["import", &few, "--mapping", &mapping],
        &[
            &format!("{mapping} at /columns/Email: “emial” is no field"),
            "did you mean “email”?",
            "did you mean “address.city”?",
            "“xyzzy” is no field that a column can fill (docs/importing.md lists them)",
        ],
    );
    said(
        &["import", &few, "--source", "No!"],
        &["--source: a source is named"],
    );
    said(
        &["export", "customers", "--filter", "statsu=vip"],
        &["--filter, statsu: "],
    );
}

#[tokio::test]
async fn an_export_comes_back_unchanged_and_its_formulas_are_harmless() {
    let home = Home::shared().await;
    home.organization("acme", "owner");
    home.organization("copy", "owner");
    home.ok(&["import", &few(&home), "--organization", "acme"]);
    let exported = home.path().join("out.csv");
    let out = exported.to_str().unwrap();
    let said = home.run(&["export", "customers", "--organization", "acme", "--output", out]);
    assert!(said.status.success());
    assert!(
        String::from_utf8_lossy(&said.stderr).contains("2 customers exported"),
        "{said:?}"
    );
    assert!(said.stdout.is_empty());
    let text = fs::read_to_string(&exported).unwrap();
    assert!(
        !text.contains(",=") && !text.contains("\"="),
        "a cell begins like a formula: {text}"
    );
    home.ok(&["import", out, "--organization", "copy"]);
    let copied = home.ok(&["export", "customers", "--organization", "copy"]);
    let without = |text: &str| -> Vec<String> {
        let mut reader = csv_lines(text);
        let header = reader.remove(0);
        let kept: Vec<_> = (0..header.len())
            .filter(|at| {
                !["id", "code", "version", "created_at", "updated_at"].contains(&header[*at].as_str())
            })
            .collect();
        let mut rows: Vec<_> = reader
            .into_iter()
            .map(|row| {
                kept.iter()
                    .map(|at| row[*at].clone())
                    .collect::<Vec<_>>()
                    .join("|")
            })
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(without(&copied), without(&text));
    let filtered = home.ok(&[
        "export",
        "customers",
        "--organization",
        "acme",
        "--format",
        "jsonl",
        "--filter",
        "country=FR",
    ]);
    assert_eq!(filtered.lines().count(), 1, "{filtered}");
    let one: serde_json::Value = serde_json::from_str(&filtered).unwrap();
    assert_eq!(one["last_name"], "du Châtelet");
}

/// Lines of a CSV file without quoted line ends.
fn csv_lines(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
        for letter in line.chars() {
            match letter {
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(std::mem::take(&mut cell)),
                other => cell.push(other),
            }
        }
        cells.push(cell);
        cells
    };
    text.trim_start_matches('\u{feff}').lines().map(cells).collect()
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_in_words_with_status_1() {
    let home = Home::shared().await;
    home.organization("acme", "owner");
    let failing = |arguments: &[&str]| {
        let output = home.run(arguments);
        assert!(output.stdout.is_empty(), "{output:?}");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, words) = failing(&["import", "/no/such/file.csv", "--organization", "acme"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("no such file"), "{words}");
    let (code, words) = failing(&["import", &few(&home), "--organization", "nobody"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("nobody"), "{words}");
    let binary = home.path().join("picture.png");
    fs::write(&binary, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    let (code, words) = failing(&["import", binary.to_str().unwrap(), "--organization", "acme"]);
    assert_eq!(code, Some(1), "{words}");
    let (code, words) = failing(&[
        "import",
        &few(&home),
        "--organization",
        "acme",
        "--mode",
        "sideways",
    ]);
    assert_eq!(code, Some(2), "a wrong usage: {words}");
}

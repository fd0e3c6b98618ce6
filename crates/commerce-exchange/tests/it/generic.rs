//! Orders of any shop.

use std::fmt::Write as _;

use proptest::prelude::*;
use regulars_commerce_exchange::kinds;
use regulars_exchange::{
    import::inline::InlineOptions,
    kind::{Kinds, RecordKind},
    mapping::{Hints, Mapping, Target},
    model::{ImportKind, Mode},
};
use regulars_tabular::read::Headers;
use serde_json::json;

use crate::support::{Shop, numbers, options};

const GERMAN: &str = "\
Bestellnummer;Bestelldatum;E-Mail;Währung;Artikel;Artikelnummer;Menge;Einzelpreis;Versandkosten;Gesamtsumme
A-1;31.01.2026;ada@example.com;EUR;Schuhe;S-38;1;1.059,90;4,90;1.124,70
A-1;31.01.2026;ada@example.com;EUR;Socken;S-1;2;29,95;4,90;1.124,70
A-2;01.02.2026;bea@example.com;EUR;Socken;S-1;1;29,95;;29,95
";

#[tokio::test]
async fn a_file_with_commas_in_its_amounts_maps_itself() {
    let shop = Shop::new().await;
    let done = shop.import(GERMAN).await;
    assert_eq!(done.kind, ImportKind::Orders);
    assert_eq!(numbers(&done), [2, 0, 0, 0, 0], "{:?}", done.plan);
    let orders = shop
        .json("SELECT jsonb_agg(jsonb_build_array(external_id, trim_scale(total)::text, trim_scale(shipping_total)::text, items, placed_at) ORDER BY external_id) FROM orders WHERE source = 'csv'")
        .await;
    assert_eq!(
        orders,
        json!([
            ["A-1", "1124.7", "4.9", 3, "2026-01-31T00:00:00+00:00"],
            ["A-2", "29.95", "0", 1, "2026-02-01T00:00:00+00:00"],
        ])
    );
    assert_eq!(shop.counts(GERMAN).await, [0, 0, 2, 0, 0]);
    let dearer = GERMAN.replace("29,95;;29,95", "29,95;;39,95");
    assert_eq!(
        shop.counts(&dearer).await,
        [0, 1, 1, 0, 0],
        "without versions what the file says counts"
    );
}

#[tokio::test]
async fn what_is_wrong_names_its_row_and_column_and_keeps_the_others_not_back() {
    let shop = Shop::new().await;
    let text = "order id,order date,email,currency,item name,quantity,price,total
1,2026-01-01,ada@example.com,EUR,Shoes,1,59.90,59.90
2,2026-01-01,ada@example.com,EUR,Shoes,one,59.90,59.90
3,2026-01-01,ada@,EUR,Shoes,1,59.90,59.90
4,2026-01-01,ada@example.com,EUR,Shoes,1,59.90,59.90
4,2026-01-01,ada@example.com,EUR,Socks,-1,9.90,59.90
5,2026-01-01,ada@example.com,EUR,Shoes,1,59.90,59.90
5,2026-01-01,ada@example.com,EUR,Socks,1,9.90,69.80
,2026-01-01,ada@example.com,EUR,Shoes,1,59.90,59.90
6,2026-01-01,ada@example.com,XYZ,Shoes,1,59.90,59.90
7,2026-01-01,ada@example.com,EUR,Shoes,1,12.345,59.90
";
    let tried = shop.tried(text).await;
    assert_eq!(tried, [1, 0, 0, 0, 7]);
    let errors = shop.refused(text).await;
    for wanted in [
        "quantity: “one” is not a whole number",
        "email: ",
        "quantity: a quantity is a whole number from 0 to",
        "belongs to what is refused for line 6",
        "total: “69.80” here, but “59.90” in line 7",
        "the row does not say which order it is of",
        "currency: ",
        "price: ",
    ] {
        assert!(errors.contains(wanted), "{wanted} in\n{errors}");
    }
    assert_eq!(
        errors.lines().count(),
        1 + 9,
        "all rows of what is refused come back"
    );
    assert_eq!(numbers(&shop.import(text).await)[4], 7);
    let orders: i64 = shop.one("SELECT count(*) FROM orders").await;
    assert_eq!(orders, 1);
}

#[tokio::test]
async fn no_order_is_cut_by_the_end_of_a_batch_and_one_that_is_too_long_is_refused_alone() {
    let shop = Shop::new().await;
    let mut text = "order.id,order.email,line.title,line.quantity,line.price\n".to_owned();
    for (order, lines) in [(1, 45), (2, 500), (3, 3_000), (4, 1), (5, 39), (6, 41)] {
        for line in 0..lines {
            writeln!(text, "{order},c{order}@example.com,Thing {line},1,0.01").unwrap();
        }
    }
    let work = shop.upload(&text).await;
    shop.finish(&work).await;
    let lines = shop
        .json("SELECT jsonb_agg(jsonb_build_array(o.external_id, trim_scale(o.total)::text, (SELECT count(*) FROM order_lines l WHERE l.order_id = o.id)) ORDER BY o.external_id) FROM orders o")
        .await;
    assert_eq!(
        lines,
        json!([
            ["1", "0.45", 45],
            ["2", "5", 500],
            ["4", "0.01", 1],
            ["5", "0.39", 39],
            ["6", "0.41", 41]
        ])
    );
    let refused: i64 = shop
        .one("SELECT count(*) FROM import_errors WHERE phase = 'plan'")
        .await;
    assert_eq!(refused, 3_000);
    let why: String = shop
        .one("SELECT faults->0->>'message' FROM import_errors WHERE phase = 'plan' LIMIT 1")
        .await;
    assert!(why.contains("at most 500"), "{why}");
}

#[tokio::test]
async fn customers_are_found_by_the_sources_id_then_the_address_then_the_phone() {
    let shop = Shop::new().await;
    let people = "external_id,email,phone,first_name\n7,ida@example.com,,Ida\n8,,+49 30 123456,Pia\n";
    let customers = InlineOptions {
        source: Some("erp".to_owned()),
        ..options(Some(ImportKind::Customers))
    };
    shop.run(people, &customers).await;
    let text = "order.id,order.customer_id,order.email,order.phone,order.total
1,7,,,10
2,,IDA@example.com,,10
3,,,+4930123456,10
4,,,+4930999999,10
5,9,new@example.com,,10
";
    let orders = InlineOptions {
        source: Some("erp".to_owned()),
        ..options(None)
    };
    assert_eq!(numbers(&shop.run(text, &orders).await), [5, 0, 0, 0, 0]);
    let whose = shop
        .json("SELECT jsonb_agg(jsonb_build_array(o.external_id, coalesce(c.first_name, c.email)) ORDER BY o.external_id) FROM orders o LEFT JOIN customers c ON c.id = o.customer_id")
        .await;
    assert_eq!(
        whose,
        json!([
            ["1", "Ida"],
            ["2", "Ida"],
            ["3", "Pia"],
            ["4", null],
            ["5", "new@example.com"]
        ])
    );
}

#[tokio::test]
async fn a_mode_keeps_to_new_or_to_known_orders() {
    let shop = Shop::new().await;
    let text = "order.id,order.total\n1,10\n2,20\n";
    let only = |mode| InlineOptions {
        mode,
        ..options(None)
    };
    assert_eq!(
        numbers(
            &shop
                .run("order.id,order.total\n1,10\n", &only(Mode::Update))
                .await
        ),
        [0, 0, 0, 1, 0]
    );
    assert_eq!(
        numbers(
            &shop
                .run("order.id,order.total\n1,10\n", &only(Mode::Create))
                .await
        ),
        [1, 0, 0, 0, 0]
    );
    assert_eq!(
        numbers(&shop.run(text, &only(Mode::Create)).await),
        [1, 0, 0, 1, 0]
    );
    let dearer = text.replace("20", "30");
    assert_eq!(
        numbers(&shop.run(&dearer, &only(Mode::Update)).await),
        [0, 1, 1, 0, 0]
    );
}

#[tokio::test]
async fn orders_of_json_lines_bring_their_lines_in_a_list() {
    let shop = Shop::new().await;
    let text = r#"{"order": {"id": "1", "email": "ada@example.com"}, "lines": [{"title": "Shoes", "quantity": 1, "price": "59.90"}, {"title": "Socks", "quantity": 2, "price": 29.95}]}
{"order": {"id": "2", "email": "ada@example.com"}, "lines": [{"title": "Socks", "quantity": "many"}]}
"#;
    let path = shop.file("orders.jsonl", text);
    let done = shop.try_run(&path, &options(None)).await.unwrap();
    assert_eq!(numbers(&done), [1, 0, 0, 0, 1], "{:?}", done.plan);
    let total: String = shop.one("SELECT trim_scale(total)::text FROM orders").await;
    assert_eq!(total, "119.8");
}

/// All kinds but customers.
fn others(kinds: &Kinds) -> Vec<&dyn RecordKind> {
    let all = kinds.all().into_iter();
    all.filter_map(|kind| kinds.get(kind).unwrap()).collect()
}

#[test]
fn every_field_stands_in_the_guide_and_is_read_as_one() {
    let guide = include_str!("../../../../docs/importing.md");
    assert_eq!(others(&kinds()).len(), 4);
    for kind in others(&kinds()) {
        for (name, label) in kind.fields() {
            let target: Target = name.parse().unwrap();
            assert_eq!((target.to_string(), label.is_empty()), (name.clone(), false));
            let is_row = [
                "order.",
                "line.",
                "product.",
                "variant.",
                "cart.",
                "wishlist.",
                "wish.",
                "ignore",
            ];
            assert!(
                guide.contains(&format!("`{name}`"))
                    || !is_row.iter().any(|part| name.starts_with(part))
                    || name == "variant.option_2",
                "{name} is not in docs/importing.md"
            );
        }
    }
}

#[test]
fn a_mapping_that_does_not_fit_says_every_fault() {
    let headers = Headers::new(["Nr", "Summe"]).unwrap();
    let mapping = |columns: serde_json::Value| Mapping::from_json(&json!({"columns": columns})).unwrap();
    let kinds = kinds();
    let orders = kinds.get(ImportKind::Orders).unwrap().unwrap();
    let faults = |mapping: &Mapping| format!("{:?}", orders.validate(mapping, &headers).unwrap_err());
    assert!(faults(&mapping(json!({"Summe": "order.total"}))).contains("nothing_tells_which"));
    assert!(faults(&mapping(json!({"Nr": "order.id", "Summe": "order.id"}))).contains("target_twice"));
    assert!(faults(&mapping(json!({"Nr": "order.id", "Summe": "order.totl"}))).contains("order.total"));
    assert!(faults(&mapping(json!({"Nr": "email"}))).contains("target_unknown"));
    assert!(faults(&mapping(json!({"Nummer": "order.id"}))).contains("column_unknown"));
    assert!(
        orders
            .validate(
                &mapping(json!({"Nr": "order.id", "Summe": "order.total"})),
                &headers
            )
            .is_ok()
    );
    assert!(
        mapping(json!({"Nr": "order.id"})).validate(&headers).is_err(),
        "it is nothing of a customer"
    );
}

proptest! {
    #[test]
    fn what_is_suggested_fits_its_file(names in proptest::collection::vec("[A-Za-zäöü ._1-5-]{0,14}|order id|Name|Total|price|sku|quantity", 1..30)) {
        let headers = Headers::new(names).unwrap();
        for kind in others(&kinds()) {
            let suggested = kind.suggest(&headers, Hints::default()).mapping;
            if let Err(error) = kind.validate(&suggested, &headers) {
                let told = format!("{error:?}");
                prop_assert!(told.contains("nothing_tells_which") && !told.contains("target_"), "{}", told);
            }
        }
    }
}

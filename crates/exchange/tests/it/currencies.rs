//! Credit limits keep their currency when they go out and come back, whatever the organization's is by then.

use regulars_exchange::{
    import::inline::InlineOptions,
    model::{Counts, ExportFormat},
};
use serde_json::{Value, json};

use crate::support::{Shop, export_all};

async fn change_currency(shop: &Shop, to: &str) {
    // As a server before migration 0013 left it for one customer: the organization says what its limit is in.
    for statement in [
        "UPDATE organizations SET credit_limit_currency = currency",
        "UPDATE customers SET credit_limit_currency = NULL WHERE email = 'old@example.com'",
        &format!("UPDATE organizations SET currency = '{to}'"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(shop.database.owner())
            .await
            .unwrap();
    }
}

async fn limits(shop: &Shop) -> Value {
    shop.one(
        "SELECT jsonb_object_agg(split_part(email, '@', 1), credit_limit || coalesce(' ' || credit_limit_currency, '')) FROM customers",
    )
    .await
}

#[tokio::test]
async fn limits_go_out_and_come_back_in_their_own_currency_after_the_organization_changed_its_own() {
    let shop = Shop::new().await;
    shop.import("email,credit limit\nada@example.com,100.50\nold@example.com,70\nnone@example.com,\n")
        .await;
    change_currency(&shop, "JPY").await;
    shop.import("email,credit limit\nyen@example.com,9000\n").await;
    let expected = json!({"ada": "100.50 EUR", "old": "70.00", "none": null, "yen": "9000.00 JPY"});
    assert_eq!(limits(&shop).await, expected);

    let lines = export_all(&shop, ExportFormat::Jsonl).await;
    let out = |email: &str| {
        let line = lines.lines().find(|line| line.contains(email)).unwrap();
        serde_json::from_str::<Value>(line).unwrap()["credit_limit"].clone()
    };
    assert_eq!(out("ada@"), json!({"amount": "100.50", "currency": "EUR"}));
    assert_eq!(out("old@"), json!({"amount": "70.00", "currency": "EUR"}));
    assert_eq!(out("yen@"), json!({"amount": "9000", "currency": "JPY"}));
    assert_eq!(out("none@"), Value::Null);
    let table = export_all(&shop, ExportFormat::Csv).await;
    assert!(table.contains(",credit_limit,credit_limit.currency,"));
    for cells in [",100.50,EUR,", ",70.00,EUR,", ",9000,JPY,"] {
        assert!(table.contains(cells), "{cells} in {table}");
    }

    // Unchanged it says nothing new, and what was written into it since is in the currency beside it.
    for (name, text) in [("out.jsonl", &lines), ("out.csv", &table)] {
        let counts = shop
            .run(name, text, &InlineOptions::default())
            .await
            .result
            .unwrap();
        assert_eq!((counts.skip, counts.total()), (4, 4), "{name}");
        let lower = text.replace("100.50", "60.25");
        let counts = shop
            .run(name, &lower, &InlineOptions::default())
            .await
            .result
            .unwrap();
        assert_eq!((counts.skip, counts.update), (3, 1), "{name}");
        assert_eq!(limits(&shop).await["ada"], "60.25 EUR");
        shop.run(name, text, &InlineOptions::default()).await;
    }
    assert_eq!(limits(&shop).await, expected);
}

#[tokio::test]
async fn what_is_said_anew_is_in_the_organizations_currency_or_the_row_is_refused() {
    let shop = Shop::new().await;
    shop.import("email,credit limit\nada@example.com,100.50\nbea@example.com,\n")
        .await;
    change_currency(&shop, "JPY").await;
    let text = "email,first_name,credit_limit,credit_limit.currency\n\
        ada@example.com,Ada,50.25,eur\n\
        bea@example.com,Bea,50.25,EUR\n\
        cem@example.com,Cem,50.25,EUR\n\
        dan@example.com,Dan,5000,JPY\n\
        dan@example.com,Don,50.25,EUR\n\
        eve@example.com,Eve,50.25,JPY\n\
        fay@example.com,Fay,1,euros\n\
        gus@example.com,Gus,,EUR\n";
    let plan = shop.check(text).await;
    let expected =
        json!({"currency_wrong": 2, "amount_invalid": 1, "currency_invalid": 1, "row_continued": 1});
    assert_eq!(json!(plan.reasons), expected);
    let counts = shop.import(text).await.result.unwrap();
    let expected = Counts {
        create: 2,
        update: 1,
        conflict: 3,
        invalid: 2,
        ..Counts::default()
    };
    assert_eq!(counts, expected);
    assert_eq!(
        limits(&shop).await,
        json!({"ada": "50.25 EUR", "bea": null, "dan": "5000.00 JPY", "gus": null})
    );
    let name: String = shop
        .one("SELECT first_name FROM customers WHERE email = 'dan@example.com'")
        .await;
    assert_eq!(name, "Dan", "nothing of a refused row is done");
}

//! What files say of whether an e-mail address or a phone reaches its customer.

use regulars_exchange::{import::inline::InlineOptions, model::ExportFormat};

use crate::support::{Shop, export_all};

async fn flags(shop: &Shop) -> Vec<String> {
    shop.one(
        "SELECT array_agg(concat_ws(' ', first_name, email, phone, email_verified, phone_verified) ORDER BY first_name)
         FROM customers",
    )
    .await
}

#[tokio::test]
async fn a_file_says_it_keeps_it_and_takes_it_away_with_the_address() {
    let shop = Shop::new().await;
    shop.import(
        "id,first name,email,Verified Email,phone,Phone verified\n\
         1,Ada,ada@example.com,yes,+4930123456,x\n\
         2,Grace,grace@example.com,nein,+4930654321,\n\
         3,Zoe,,yes,,true\n",
    )
    .await;
    let first = [
        "Ada ada@example.com +4930123456 t t",
        "Grace grace@example.com +4930654321 f f",
        "Zoe f f",
    ];
    assert_eq!(flags(&shop).await, first);
    // The same address, and no word of it; an empty cell says nothing.
    let kept = shop
        .import("id,first name,email,phone,verified_email\n1,Ada,ADA@example.com,+49 30 123456,\n")
        .await;
    assert_eq!(kept.result.unwrap().total(), 1);
    assert_eq!(flags(&shop).await[0], "Ada ADA@example.com +4930123456 t t");
    // Another address without a word, and one with it.
    shop.import(
        "id,first name,email,phone_verified,phone\n\
         1,Ada,byron@example.com,,+4930123456\n\
         2,Grace,grace@example.com,yes,+4930999999\n",
    )
    .await;
    assert_eq!(
        flags(&shop).await[..2],
        [
            "Ada byron@example.com +4930123456 f t",
            "Grace grace@example.com +4930999999 f t"
        ]
    );
    let told: Vec<String> = shop
        .one(
            "SELECT array_agg(data->'changes'->>'email_verified' ORDER BY id) FROM events
             WHERE data->'changes' ? 'email_verified'",
        )
        .await;
    assert_eq!(told, ["{\"to\": false, \"from\": true}"]);
    // A row that says neither yes nor no is refused, a column of other words is kept as it is.
    let plan = shop.check("id,email_verified\n1,perhaps\n").await;
    assert_eq!(plan.reasons.get("verified_invalid"), Some(&1));
    let plan = shop.check("id,e-mail verified\n1,2024-01-01\n").await;
    assert_eq!(plan.new_attributes, ["e_mail_verified"]);
}

#[tokio::test]
async fn an_export_read_again_is_nothing_new() {
    let shop = Shop::new().await;
    shop.import(
        "id,first name,email,email_verified,phone,phone_verified\n\
         1,Ada,ada@example.com,yes,+4930123456,no\n2,Zoe,,,+4930654321,yes\n",
    )
    .await;
    let before = flags(&shop).await;
    for (format, name, says) in [
        (ExportFormat::Csv, "out.csv", ",true,false,Ada,"),
        (
            ExportFormat::Jsonl,
            "out.jsonl",
            "\"email_verified\":true,\"phone_verified\":false",
        ),
    ] {
        let text = export_all(&shop, format).await;
        assert!(text.contains(says), "{text}");
        let again = shop.run(name, &text, &InlineOptions::default()).await;
        let counts = again.result.unwrap();
        assert_eq!((counts.skip, counts.total()), (2, 2), "{name}");
        let other = Shop::new().await;
        other.run(name, &text, &InlineOptions::default()).await;
        assert_eq!(flags(&other).await, before, "{name}");
    }
}

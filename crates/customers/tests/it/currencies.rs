//! A credit limit stays what was said when the organization changes its currency.

use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::harness::{House, id, places};

/// What a key's organization is like is remembered for a moment, so others are used after the change.
async fn change_currency(house: &mut House, to: &str) {
    sqlx::query("UPDATE organizations SET currency = $1")
        .bind(to)
        .execute(house.app.test_database().owner())
        .await
        .unwrap();
    house.key = house.app.key(Role::Agent).await;
}

fn money(amount: &str, currency: &str) -> Value {
    json!({"amount": amount, "currency": currency})
}

#[tokio::test]
async fn an_amount_is_shown_and_changed_in_the_currency_it_was_said_in() {
    let mut house = House::new().await;
    let body = json!({"first_name": "Ada", "credit_limit": money("100.50", "EUR")});
    let path = format!("/customers/{}", id(&house.customer(body).await));
    change_currency(&mut house, "JPY").await;
    let limit = || async { house.get(&path).await.expect(200).json["credit_limit"].clone() };
    assert_eq!(limit().await, money("100.50", "EUR"));
    let list = house.get("/customers").await.expect(200).json;
    assert_eq!(list["data"][0]["credit_limit"], money("100.50", "EUR"));

    // Changing something else, and giving back what was read, leave it as it is.
    house
        .patch(&path, json!({"last_name": "Byron"}))
        .await
        .expect(200);
    let whole = json!({"first_name": "Ada", "credit_limit": money("100.50", "EUR")});
    house.put(&path, whole).await.expect(200);
    assert_eq!(limit().await, money("100.50", "EUR"));
    let lower = json!({"credit_limit": money("50.25", "EUR")});
    house.patch(&path, lower).await.expect(200);
    assert_eq!(limit().await, money("50.25", "EUR"));

    // What is said anew is in the new currency.
    let other = json!({"first_name": "Ida", "credit_limit": money("1", "EUR")});
    let refused = house.post("/customers", other).await.expect(422);
    assert_eq!(places(&refused), ["/credit_limit/currency"]);
    house
        .patch(&path, json!({"credit_limit": money("9000", "JPY")}))
        .await
        .expect(200);
    assert_eq!(limit().await, money("9000", "JPY"));
    let back = json!({"credit_limit": money("1", "EUR")});
    house.patch(&path, back).await.expect(422);
    house.put(&path, json!({"first_name": "Ada"})).await.expect(200);
    assert_eq!(limit().await, Value::Null);
}

#[tokio::test]
async fn an_amount_from_before_currencies_were_kept_is_in_what_the_organization_had_then() {
    let mut house = House::new().await;
    let body = json!({"first_name": "Ada", "credit_limit": money("100.50", "EUR")});
    let path = format!("/customers/{}", id(&house.customer(body).await));
    for statement in [
        "UPDATE organizations SET credit_limit_currency = currency",
        "UPDATE customers SET credit_limit_currency = NULL",
    ] {
        sqlx::query(statement)
            .execute(house.app.test_database().owner())
            .await
            .unwrap();
    }
    change_currency(&mut house, "JPY").await;
    let read = house.get(&path).await.expect(200).json;
    assert_eq!(read["credit_limit"], money("100.50", "EUR"));
    house
        .patch(&path, json!({"last_name": "Byron"}))
        .await
        .expect(200);
    let kept: Option<String> = sqlx::query_scalar("SELECT credit_limit_currency FROM customers")
        .fetch_one(house.app.test_database().owner())
        .await
        .unwrap();
    assert_eq!(kept.as_deref(), Some("EUR"));
}

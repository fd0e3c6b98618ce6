//! Filters that ask for what is not a plain value: days of the year, whoever asks, nobody.

use regulars_kernel::Role;
use serde_json::json;

use crate::harness::{House, places};

/// The first names that a question finds, in alphabetical order.
async fn names(house: &House, query: &str) -> Vec<String> {
    let page = house
        .get(&format!("/customers?{query}&limit=100"))
        .await
        .expect(200);
    let mut names: Vec<String> = page.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["first_name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn birthdays_are_days_of_the_year_over_its_turn_as_well() {
    let house = House::new().await;
    for (name, day) in [
        ("Carol", Some("1980-12-24")),
        ("Nora", Some("1990-01-01")),
        ("Leap", Some("2000-02-29")),
        ("July", Some("1975-07-15")),
        ("Nobody", None),
    ] {
        house
            .customer(json!({"first_name": name, "last_name": "Sample", "birthday": day}))
            .await;
    }
    let ask = |query: &'static str| names(&house, query);
    assert_eq!(
        ask("birthday_from=12-24&birthday_to=01-06").await,
        ["Carol", "Nora"]
    );
    assert_eq!(ask("birthday_from=02-29&birthday_to=02-29").await, ["Leap"]);
    assert_eq!(ask("birthday_from=07-01").await, ["Carol", "July"]);
    assert_eq!(ask("birthday_to=07-15").await, ["July", "Leap", "Nora"]);
    // The same behind the wall of a search, best first and in an order.
    assert_eq!(
        ask("q=sample&birthday_from=12-01&birthday_to=01-31").await,
        ["Carol", "Nora"]
    );
    assert_eq!(
        ask("q=sample&sort=full_name&birthday_from=02-01&birthday_to=02-29").await,
        ["Leap"]
    );
    let refused = house
        .get("/customers?birthday_from=13-01&birthday_to=1990-01-01")
        .await
        .expect(400);
    assert_eq!(places(&refused), ["?birthday_from", "?birthday_to"]);
}

#[tokio::test]
async fn whoever_nobody_looks_after_is_found_and_a_key_is_nobodys_me() {
    let house = House::new().await;
    let cookie = house.app.sign_in("acme", Role::Agent).await;
    let owner: uuid::Uuid = sqlx::query_scalar("SELECT user_id FROM memberships LIMIT 1")
        .fetch_one(house.app.tx("acme").await.conn())
        .await
        .unwrap();
    house
        .customer(json!({"first_name": "Owned", "last_name": "Sample", "owner_id": owner}))
        .await;
    house
        .customer(json!({"first_name": "Free", "last_name": "Sample"}))
        .await;
    assert_eq!(names(&house, "owner=none").await, ["Free"]);
    assert_eq!(
        names(&house, &format!("owner=none,{owner}")).await,
        ["Free", "Owned"]
    );
    assert_eq!(names(&house, "q=sample&owner=none").await, ["Free"]);
    assert_eq!(
        names(&house, &format!("q=sample&owner=none,{owner}")).await,
        ["Free", "Owned"]
    );
    assert_eq!(names(&house, &format!("q=sample&owner={owner}")).await, ["Owned"]);
    let own = house
        .app
        .get("/api/v1/customers?owner=me")
        .header("cookie", &cookie)
        .await
        .expect(200);
    assert_eq!(own.json["page"]["total"]["value"], 1);
    assert_eq!(own.json["data"][0]["first_name"], "Owned");
    let refused = house.get("/customers?owner=me").await.expect(400);
    assert_eq!(places(&refused), ["?owner"]);
}

//! Lists that hang together with one customer, read to their end by cursor.

use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::harness::{House, id, places};

/// Reads a list in pages of two by cursor; checks that it is the same as the list in one page and by page number.
async fn read_through(house: &House, list: &str, key: &str) -> Vec<Value> {
    let at = |page: &Value| -> Vec<Value> {
        let rows = page["data"].as_array().unwrap();
        rows.iter().map(|row| row[key].clone()).collect()
    };
    let sign = if list.contains('?') { '&' } else { '?' };
    let whole = house
        .get(&format!("{list}{sign}limit=200"))
        .await
        .expect(200)
        .json;
    assert_eq!(whole["page"]["next_cursor"], Value::Null);
    let whole_rows = at(&whole);
    let (mut by_cursor, mut by_number) = (Vec::new(), Vec::new());
    let mut place = String::new();
    for number in 1.. {
        let page = house
            .get(&format!("{list}{sign}limit=2{place}"))
            .await
            .expect(200)
            .json;
        assert_eq!(page["page"]["total"]["value"], whole_rows.len());
        by_cursor.extend(at(&page));
        let numbered = house
            .get(&format!("{list}{sign}limit=2&page={number}"))
            .await
            .expect(200)
            .json;
        by_number.extend(at(&numbered));
        let Some(cursor) = page["page"]["next_cursor"].as_str() else {
            break;
        };
        place = format!("&cursor={cursor}");
    }
    assert_eq!(by_cursor, whole_rows, "{list} by cursor");
    assert_eq!(by_number, whole_rows, "{list} by number");
    let broken = house
        .get(&format!("{list}{sign}cursor=nonsense"))
        .await
        .expect(400);
    assert_eq!(places(&broken), ["?cursor"]);
    whole_rows
}

#[tokio::test]
async fn notes_are_read_by_cursor_past_the_pinned_ones() {
    let house = House::new().await;
    let list = format!("{}/notes", house.path_of("Ada").await);
    for number in 0..7 {
        let note = json!({"body": format!("Note {number}"), "pinned": number % 3 == 0});
        house.post(&list, note).await.expect(201);
    }
    let bodies = read_through(&house, &list, "body").await;
    let wanted = [6, 3, 0, 5, 4, 2, 1].map(|number| json!(format!("Note {number}")));
    assert_eq!(bodies, wanted);
}

#[tokio::test]
async fn a_note_tells_everything_it_ever_said() {
    let house = House::new().await;
    let list = format!("{}/notes", house.path_of("Ada").await);
    let note = house
        .post(&list, json!({"body": "Draft 0"}))
        .await
        .expect(201)
        .json;
    let one = format!("{list}/{}", id(&note));
    for number in 1..=5 {
        house
            .patch(&one, json!({"body": format!("Draft {number}")}))
            .await
            .expect(200);
    }
    let versions = read_through(&house, &format!("{one}/versions"), "version").await;
    assert_eq!(versions, [5, 4, 3, 2, 1].map(|version| json!(version)));
}

#[tokio::test]
async fn customers_below_one_are_read_by_cursor_even_with_the_same_name() {
    let house = House::new().await;
    let top = house
        .customer(json!({"kind": "company", "company_name": "Works"}))
        .await;
    for name in ["Bea", "ada", "Bea", "Cem", "Bea"] {
        house
            .customer(json!({"first_name": name, "parent_id": top["id"]}))
            .await;
    }
    let list = format!("/customers/{}/children", id(&top));
    let names = read_through(&house, &list, "full_name").await;
    assert_eq!(names, ["ada", "Bea", "Bea", "Bea", "Cem"].map(|name| json!(name)));
}

#[tokio::test]
async fn tags_are_read_by_cursor_whatever_their_case() {
    let mut house = House::new().await;
    house.key = house.app.key(Role::Admin).await;
    for name in ["vip", "Wholesale", "newsletter", "Lapsed", "über"] {
        house.post("/tags", json!({"name": name})).await.expect(201);
    }
    let names = read_through(&house, "/tags", "name").await;
    assert_eq!(names.len(), 5);
    let some = read_through(&house, "/tags?q=l", "name").await;
    assert_eq!(
        some,
        ["Lapsed", "newsletter", "Wholesale"].map(|name| json!(name))
    );
}

//! The list, the counts and the saved views over HTTP; which index answers which question.

use std::sync::Arc;

use regulars_customers::find::{self, ViewInput};
use regulars_kernel::{Actor, Currency, Error, Locale, Patch, Role, TimeZone, ids::UserId};
use regulars_testkit::TestDatabase;
use regulars_web::{Caller, CallerUser, OrganizationInfo};
use serde_json::{Value, json};

use crate::harness::{BASE, House};

fn names(answer: &Value) -> Vec<&str> {
    answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["full_name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_list_searches_filters_sorts_chooses_fields_and_includes_parts() {
    let house = House::new().await;
    let ada = house
        .customer(json!({"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "status": "vip", "tags": ["first"]}))
        .await;
    house
        .customer(json!({"first_name": "Bob", "last_name": "Allen"}))
        .await;
    house
        .customer(json!({"first_name": "Cy", "last_name": "Allan"}))
        .await;

    let all = house.get("/customers").await.expect(200).json;
    assert_eq!(names(&all), ["Cy Allan", "Bob Allen", "Ada Byron"]);
    assert_eq!(
        all["page"],
        json!({"next_cursor": null, "total": {"value": 3, "exact": true}})
    );

    let first = house
        .get("/customers?sort=full_name&limit=2")
        .await
        .expect(200)
        .json;
    assert_eq!(names(&first), ["Ada Byron", "Bob Allen"]);
    let cursor = first["page"]["next_cursor"].as_str().unwrap().to_owned();
    let rest = house
        .get(&format!("/customers?sort=full_name&limit=2&cursor={cursor}"))
        .await
        .expect(200)
        .json;
    assert_eq!(names(&rest), ["Cy Allan"]);
    let other = house
        .get(&format!("/customers?sort=code&cursor={cursor}"))
        .await
        .expect(400)
        .json;
    assert_eq!(other["errors"][0]["pointer"], "?cursor");

    assert_eq!(
        names(&house.get("/customers?q=alen").await.expect(200).json),
        ["Bob Allen"]
    );
    let few = house
        .get("/customers?status=vip&tag=FIRST&fields=email,tags")
        .await
        .expect(200)
        .json;
    assert_eq!(
        few["data"],
        json!([{"id": ada["id"], "email": "ada@example.com", "tags": ["first"]}])
    );
    let parts = house
        .get("/customers?q=ada&include=addresses,tags&fields=code")
        .await
        .expect(200)
        .json;
    assert_eq!(parts["data"][0]["addresses"], json!([]));
    assert_eq!(parts["data"][0]["tag_details"][0]["name"], "first");
    assert_eq!(parts["data"][0].get("email"), None);
}

#[tokio::test]
async fn every_fault_of_a_question_is_named_in_one_answer() {
    let house = House::new().await;
    let faulty = house
        .get("/customers?status=vipp&sort=shoe&limit=0&attribut.x=1&page=1000000")
        .await
        .expect(400)
        .json;
    let pointers: Vec<&str> = faulty["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    for pointer in ["?status", "?sort", "?limit", "?attribut.x", "?page"] {
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
    let unknown = house.get("/customers?attribute.shoe=1").await.expect(400).json;
    assert_eq!(unknown["errors"][0]["pointer"], "?attribute.shoe");
}

#[tokio::test]
async fn the_counts_say_how_many_are_what() {
    let house = House::new().await;
    for (name, status, kind) in [
        ("Ada", "vip", "registered"),
        ("Bob", "active", "guest"),
        ("Cy", "active", "registered"),
    ] {
        house
            .customer(json!({"first_name": name, "status": status, "type": kind}))
            .await;
    }
    let stats = house.get("/customers/stats").await.expect(200).json;
    assert_eq!(
        (&stats["total"], &stats["active"], &stats["vip"]),
        (&json!(3), &json!(2), &json!(1))
    );
    assert_eq!(
        (&stats["new_this_month"], &stats["growth"]),
        (&json!(3), &Value::Null)
    );
    let count = |list: &str, value: &str| {
        let shares = stats[list].as_array().unwrap();
        shares.iter().find(|share| share["value"] == value).unwrap()["count"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(
        (count("by_status", "churned"), count("by_type", "registered")),
        (0, 2)
    );
    assert!(stats["as_of"].is_string());
}

#[tokio::test]
async fn a_view_is_kept_if_it_can_be_opened() {
    let house = House::new().await;
    let made = house
        .post(
            "/views",
            json!({"name": " VIPs ", "query": {"status": ["vip"], "sort": "full_name", "columns": "email:300,code"}, "shared": true}),
        )
        .await
        .expect(201);
    let path = made.header("location").strip_prefix(BASE).unwrap().to_owned();
    assert_eq!(
        (&made.json["name"], &made.json["position"], &made.json["version"]),
        (&json!("VIPs"), &json!(0), &json!(1))
    );
    let listed = house.get("/views").await.expect(200).json;
    assert_eq!(
        listed["data"][0]["query"],
        json!({"status": ["vip"], "sort": "full_name", "columns": "email:300,code"})
    );
    let wide = json!({"name": "x", "query": {"columns": "email,".repeat(400)}, "shared": true});
    let refused = house.post("/views", wide).await.expect(422).json;
    assert_eq!(refused["errors"][0]["pointer"], "/query/columns");

    let faulty = house
        .post("/views", json!({"name": "", "query": {"status": "vipp", "cursor": "x", "limit": 5, "attribute.shoe": "1"}, "shared": true}))
        .await
        .expect(422)
        .json;
    let pointers: Vec<&str> = faulty["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    for pointer in ["/name", "/query/status", "/query/cursor", "/query/limit"] {
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
    let unknown = house
        .post("/views", json!({"name": "x", "query": {"attribute.shoe": "1"}}))
        .await
        .expect(422)
        .json;
    assert_eq!(unknown["errors"][0]["pointer"], "/query/attribute.shoe");
    assert_eq!(
        house
            .post("/views", json!({"name": "x", "query": {}, "shared": false}))
            .await
            .expect(422)
            .json["errors"][0]["pointer"],
        "/shared"
    );

    // The view has no owner, so it takes an admin to change it.
    house.patch(&path, json!({"name": "Best"})).await.expect(403);
    let admin = house.app.key(Role::Admin).await;
    let full = format!("{BASE}{path}");
    let changed = house
        .app
        .patch(&full)
        .bearer(&admin)
        .if_match(1)
        .json(json!({"name": "Best"}))
        .await
        .expect(200);
    assert_eq!(
        (changed.header("etag"), &changed.json["name"]),
        ("\"v2\"", &json!("Best"))
    );
    house
        .app
        .patch(&full)
        .bearer(&admin)
        .if_match(1)
        .json(json!({"name": "Worst"}))
        .await
        .expect(412);
    let viewer = house.app.key(Role::Viewer).await;
    house.app.get(&full).bearer(&viewer).await.expect(200);
    house
        .app
        .post(&format!("{BASE}/views"))
        .bearer(&viewer)
        .json(json!({"name": "x", "query": {}, "shared": true}))
        .await
        .expect(403);
    house.app.organization("other").await;
    let other = house.app.key_of("other", Role::Owner).await;
    house.app.get(&full).bearer(&other).await.expect(404);
    house.app.delete(&full).bearer(&other).await.expect(404);
    house.app.delete(&full).bearer(&admin).await.expect(204);
    house.get(&path).await.expect(404);
}

pub async fn member(database: &TestDatabase, scope: regulars_database::Scope, role: Role) -> Caller {
    let id = UserId::new();
    sqlx::query("INSERT INTO users (id, email) VALUES ($1, $2)")
        .bind(id)
        .bind(format!("{id}@example.com"))
        .execute(database.owner())
        .await
        .unwrap();
    sqlx::query("INSERT INTO memberships (organization_id, user_id, role) VALUES ($1, $2, $3)")
        .bind(scope.organization_id)
        .bind(id)
        .bind(role.name())
        .execute(database.owner())
        .await
        .unwrap();
    Caller {
        organization_id: scope.organization_id,
        actor: Actor::User(id),
        role,
        scopes: None,
        user: Some(CallerUser {
            id,
            name: String::new(),
            email: String::new(),
        }),
        session_id: None,
        organization: Arc::new(OrganizationInfo {
            id: scope.organization_id,
            slug: "acme".into(),
            name: "Acme".into(),
            currency: Currency::parse("EUR").unwrap(),
            time_zone: TimeZone::parse("Europe/Berlin").unwrap(),
            locale: Locale::parse("de-DE").unwrap(),
        }),
    }
}

#[tokio::test]
async fn a_private_view_is_its_owners_alone() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let (viewer, agent) = (
        member(&database, scope, Role::Viewer).await,
        member(&database, scope, Role::Agent).await,
    );
    let admin = member(&database, scope, Role::Admin).await;
    let mut tx = database.begin(scope).await;
    let input = |shared: bool| ViewInput {
        name: Patch::Set("Mine".into()),
        query: Patch::Set(serde_json::Map::new()),
        shared: if shared { Patch::Set(true) } else { Patch::Keep },
        ..ViewInput::default()
    };
    let view = find::create_view(&mut tx, &viewer, &input(false)).await.unwrap();
    assert!(!view.shared && view.owner_id == viewer.user.as_ref().map(|user| user.id));
    for other in [&agent, &admin] {
        assert!(find::views(&mut tx, other).await.unwrap().is_empty());
        assert!(matches!(
            find::delete_view(&mut tx, other, view.id, |_| Ok(())).await,
            Err(Error::NotFound(_))
        ));
    }
    assert!(matches!(
        find::create_view(&mut tx, &viewer, &input(true)).await,
        Err(Error::Forbidden(_))
    ));
    let shared = find::create_view(&mut tx, &agent, &input(true)).await.unwrap();
    assert_eq!(find::views(&mut tx, &viewer).await.unwrap().len(), 2);
    let rename = ViewInput {
        name: Patch::Set("Ours".into()),
        ..ViewInput::default()
    };
    assert!(matches!(
        find::update_view(&mut tx, &viewer, shared.id, &rename, |_| Ok(())).await,
        Err(Error::Refused(_))
    ));
    assert_eq!(
        find::update_view(&mut tx, &admin, shared.id, &rename, |_| Ok(()))
            .await
            .unwrap()
            .version,
        2
    );
}

//! The shop that pages are looked at with, and what is worth looking at in it.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::{
    looked::{Looked, look},
    orders::sold,
    stage::Stage,
};

/// `(status = vip or tag in (berlin, newsletter)) and created_at >= days_ago(900)`
const EXPRESSION: &str = "(status%20%3D%20vip%20or%20tag%20in%20(berlin%2C%20newsletter))%20and%20created_at%20%3E%3D%20days_ago(900)";

/// A shop with people in it, and its pages.
pub async fn furnished(stage: &Stage) -> Vec<Looked> {
    let people = [
        (
            "Ada",
            "Lovelace",
            "vip",
            "London",
            "GB",
            "Europe/London",
            &["wholesale", "newsletter"][..],
        ),
        (
            "Grace",
            "Hopper",
            "active",
            "Arlington",
            "US",
            "America/New_York",
            &["press"],
        ),
        (
            "Émilie",
            "du Châtelet",
            "active",
            "Paris",
            "FR",
            "Europe/Paris",
            &["vip club", "newsletter", "spring fair"],
        ),
        (
            "Sofja",
            "Kowalewskaja",
            "prospect",
            "Stockholm",
            "SE",
            "Europe/Stockholm",
            &[],
        ),
        (
            "Maria",
            "Mitchell",
            "inactive",
            "Nantucket",
            "US",
            "America/New_York",
            &["newsletter"],
        ),
        (
            "顕子",
            "湯浅",
            "active",
            "東京",
            "JP",
            "Asia/Tokyo",
            &["newsletter"],
        ),
        (
            "Lise",
            "Meitner",
            "vip",
            "Wien",
            "AT",
            "Europe/Vienna",
            &["wholesale"],
        ),
        (
            "Emmy",
            "Noether",
            "churned",
            "Erlangen",
            "DE",
            "Europe/Berlin",
            &[],
        ),
        (
            "Rosalind",
            "Franklin",
            "active",
            "Notting Hill",
            "GB",
            "Europe/London",
            &["press", "newsletter"],
        ),
        (
            "Mary",
            "Jackson",
            "blocked",
            "Hampton",
            "US",
            "America/New_York",
            &[],
        ),
    ];
    let mut first = String::new();
    for (number, (given, family, status, city, country, zone, tags)) in people.into_iter().enumerate() {
        let kind = ["registered", "wholesale", "registered", "guest", "affiliate"][number % 5];
        let id = stage
            .customer(json!({
                "first_name": given, "last_name": family, "status": status, "type": kind, "time_zone": zone, "tags": tags, "email_verified": number % 3 != 0,
                "locale": "en-GB", "consents": {"email": if number % 4 == 1 { "unsubscribed" } else { "subscribed" }},
                "email": format!("{}@example.com", ["ada", "grace", "emilie", "sofja", "maria", "akiko", "lise", "emmy", "rosalind", "mary"][number]), "phone": format!("+49301234{number:03}"),
            }))
            .await;
        let address = json!({"line1": "1 Main Street", "city": city, "country": country, "is_default": true});
        stage
            .api
            .post(&format!("/api/v1/customers/{id}/addresses"), &address)
            .await
            .expect(201);
        if number == 0 {
            first = id;
        }
    }
    let below = |part: &str| format!("/api/v1/customers/{first}/{part}");
    for body in [
        "Prefers to be called in the afternoon.",
        "Asked for the autumn catalogue; sent on Monday.",
    ] {
        stage
            .api
            .post(&below("notes"), &json!({"body": body}))
            .await
            .expect(201);
    }
    let contact = json!({"first_name": "Charles", "last_name": "Babbage", "title": "Engineer", "email": "charles@example.com",
        "is_decision_maker": true});
    stage.api.post(&below("contacts"), &contact).await.expect(201);
    let group = stage
        .customer(json!({"kind": "company", "company_name": "Northwind Group", "status": "vip", "credit_limit": {"amount": "50000.00", "currency": "EUR"}}))
        .await;
    let trading = stage
        .customer(json!({"kind": "company", "company_name": "Northwind Trading", "parent_id": group}))
        .await;
    for (name, parent) in [
        ("Northwind Retail", &group),
        ("Northwind Outlet Berlin", &trading),
    ] {
        stage
            .customer(
                json!({"kind": "company", "company_name": name, "status": "prospect", "parent_id": parent}),
            )
            .await;
    }
    let attribute = json!({"name": "shoe_size", "label": "Shoe size", "kind": "number"});
    stage.api.post("/api/v1/attributes", &attribute).await.expect(201);
    let file = "E-Mail;Vorname;Ort\nmarie@example.com;Marie;Paris\n";
    let import = stage
        .api
        .upload("kunden.csv", file.into())
        .await
        .expect(201)
        .at("/id");
    let file = "E-Mail;Vorname;Ort\nmarie@example.com;Marie;Paris\nkeine Adresse;Irène;Lyon\nada@example.com;Augusta;London\n";
    let checked = checked_import(stage, "herbst.csv", file).await;
    let file = include_str!("../../crates/commerce-exchange/tests/it/files/shopify_orders.csv");
    let orders = stage
        .api
        .upload("orders_export.csv", file.into())
        .await
        .expect(201)
        .at("/id");
    let wrong = "Order number,Email,Total,Product,Quantity,Price\n#7,keine Adresse,10,Tea,1,10\n#8,ada@example.com,30,Tea,3,10\n";
    let orders_checked = checked_import(stage, "orders.csv", wrong).await;
    let me = stage.api.get("/api/v1/users").await.expect(200).at("/data/0/id");
    let note = json!({"body": format!("@[Ada](user:{me}) could you call her back about the blue chair?")});
    stage.api.post(&below("notes"), &note).await.expect(201);
    let bare = stage.customer(json!({"first_name": "Ida"})).await;
    let deleted = stage
        .customer(json!({"first_name": "Hertha", "last_name": "Ayrton", "email": "hertha@example.com"}))
        .await;
    let gone = stage
        .api
        .request(Method::DELETE, &format!("/api/v1/customers/{deleted}"));
    assert_eq!(gone.send().await.unwrap().status(), 204);
    for (name, color) in [
        ("wholesale", "blue"),
        ("newsletter", "green"),
        ("press", "violet"),
        ("vip club", "amber"),
    ] {
        let tags = stage.api.get("/api/v1/tags").await.expect(200);
        let known = tags.json["data"].as_array().unwrap();
        let id = known.iter().find(|tag| tag["name"] == name).unwrap()["id"]
            .as_str()
            .unwrap();
        let colored = stage
            .api
            .request(Method::PATCH, &format!("/api/v1/tags/{id}"))
            .json(&json!({"color": color}));
        assert_eq!(colored.send().await.unwrap().status(), 200);
    }
    let export = stage
        .api
        .post("/api/v1/exports", &json!({"format": "csv"}))
        .await
        .expect(202)
        .at("/id");
    stage
        .api
        .until(
            &format!("/api/v1/exports/{export}"),
            &["done"],
            Duration::from_secs(30),
        )
        .await;
    let (order, product) = sold(stage, &first).await;
    let nobody = "0193e0a0-0000-7000-8000-000000000000";
    let record = |tab: &str| format!("/customers/{first}{tab}");
    let mut pages = crate::carts::looks(stage, &first).await;
    pages.extend(crate::credit::looks(stage, &first).await);
    pages.extend(crate::connections::looks(stage).await);
    pages.extend([
        look("dashboard", "/dashboard".into(), &[]),
        look("customers", "/customers".into(), &[]),
        look("customers-tree", "/customers?layout=tree".into(), &[]),
        look(
            "customers-tree-filtered",
            "/customers?layout=tree&status=vip".into(),
            &[],
        ),
        look(
            "customers-tree-nobody",
            "/customers?layout=tree&q=zzyzx".into(),
            &[],
        ),
        look(
            "customer-hierarchy",
            format!("/customers/{group}?tab=hierarchy"),
            &[],
        ),
        look("customers-nobody", "/customers?q=zzyzx".into(), &[]),
        look("customers-filter", "/customers?status=vip".into(), &["Filter"]),
        look(
            "customers-expression",
            format!("/customers?filter={EXPRESSION}"),
            &[],
        ),
        look(
            "customers-filter-page",
            format!("/customers/filters?filter={EXPRESSION}"),
            &[],
        ),
        look("customers-deleted", "/customers?deleted=only".into(), &[]),
        look("export-new", "/exports/new?status=vip&q=ada".into(), &[]),
        look("customer-new", "/customers".into(), &["New customer"]),
        look("company-new", "/customers/new/company".into(), &[]),
        look(
            "company-new-contacts",
            "/customers/new/company/contacts".into(),
            &[],
        ),
        look("customer", record(""), &[]),
        look("customer-edit", record(""), &["Edit"]),
        look("customer-edit-page", record("/edit"), &[]),
        look("customer-preview-page", record("/preview"), &[]),
        look("customer-notes", record("?tab=notes"), &[]),
        look("customer-contacts", record("?tab=contacts"), &[]),
        look("customer-addresses", record("?tab=addresses"), &[]),
        look("customer-details", record("?tab=details"), &[]),
        look("customer-tags", record("/tags"), &[]),
        look(
            "empty-customer-notes",
            format!("/customers/{bare}?tab=notes"),
            &[],
        ),
        look(
            "empty-customer-contacts",
            format!("/customers/{bare}?tab=contacts"),
            &[],
        ),
        look(
            "empty-customer-addresses",
            format!("/customers/{bare}?tab=addresses"),
            &[],
        ),
        look(
            "empty-customer-hierarchy",
            format!("/customers/{bare}?tab=hierarchy"),
            &[],
        ),
        look("customer-orders", record("?tab=orders"), &[]),
        look(
            "customer-orders-sheet",
            record("?tab=orders"),
            &["click:[data-row] [data-row-link]"],
        ),
        look(
            "empty-customer-orders",
            format!("/customers/{bare}?tab=orders"),
            &[],
        ),
        look("orders", "/orders".into(), &[]),
        look("orders-nobody", "/orders?q=zzyzx".into(), &[]),
        look(
            "orders-filter",
            "/orders?status=shipped,cancelled&total_min=10".into(),
            &["Filter"],
        ),
        look("orders-preview", "/orders".into(), &["keys:jjp"]),
        look("order", format!("/orders/{order}"), &[]),
        // Sent, and cancelled after that.
        look(
            "order-cancelled",
            "/orders?q=%231032".into(),
            &["keys:jp", "Open"],
        ),
        look("order-page-of-sheet", format!("/orders/{order}/preview"), &[]),
        look("products", "/products".into(), &[]),
        look("products-nobody", "/products?q=zzyzx".into(), &[]),
        look("product", format!("/products/{product}"), &[]),
        look("mentions", "/mentions".into(), &[]),
        look(
            "customers-palette",
            "/customers".into(),
            &["control:k", "keys:ada"],
        ),
        look("customers-shortcuts", "/customers".into(), &["keys:?"]),
        look(
            "customers-account-menu",
            "/customers".into(),
            &["sidebar:", "click:.organization"],
        ),
        look(
            "customers-row-menu",
            "/customers".into(),
            &["click:[data-row]:nth-child(3) .cell-menu button"],
        ),
        look(
            "customers-bulk",
            "/customers".into(),
            &["click:[data-select-all]"],
        ),
        look(
            "customers-bulk-delete",
            "/customers".into(),
            &["click:[data-select-all]", "Delete"],
        ),
        look(
            "customers-bulk-tag",
            "/customers".into(),
            &["click:[data-select-all]", "Tag"],
        ),
        look(
            "customers-columns",
            "/customers".into(),
            &["click:[href^='/customers/columns']"],
        ),
        look(
            "customers-save-view",
            "/customers?status=vip".into(),
            &["Save view"],
        ),
        look(
            "customers-cell",
            "/customers?status=active".into(),
            &["click:[data-row]:nth-child(2) .cell-edit"],
        ),
        look(
            "customers-tree-open",
            "/customers?layout=tree".into(),
            &["click:[data-tree-toggle]"],
        ),
        look(
            "customer-menu",
            record(""),
            &["click:[popovertarget=record-menu]"],
        ),
        look("customer-note", record(""), &["keys:o"]),
        look(
            "customer-contact",
            record("?tab=contacts"),
            &["click:.form-actions [href$='/contacts/new']"],
        ),
        look(
            "customer-address",
            record("?tab=addresses"),
            &["click:.form-actions [href$='/addresses/new']"],
        ),
        look(
            "customer-consents",
            record("?tab=details"),
            &["click:[hx-get$='/consents']"],
        ),
        look("customer-fact", record(""), &["click:[id$=-phone][data-opens]"]),
        look("customer-deleted", format!("/customers/{deleted}"), &[]),
        look("import-checked", format!("/imports/{checked}"), &[]),
        look("import-orders-map", format!("/imports/{orders}"), &[]),
        look("import-orders-checked", format!("/imports/{orders_checked}"), &[]),
        look(
            "definition-tag",
            "/settings/definitions".into(),
            &["click:[href^='/settings/definitions/tags/']"],
        ),
        look("imports", "/imports".into(), &[]),
        look("import-new", "/imports/new".into(), &[]),
        look("import-map", format!("/imports/{import}"), &[]),
        look("exports", "/exports".into(), &[]),
        look("definitions", "/settings/definitions".into(), &[]),
        look("members", "/settings/members".into(), &[]),
        look("member-invite", "/settings/members".into(), &["Invite member"]),
        look("keys", "/settings/keys".into(), &["New key"]),
        look("organization", "/settings/organization".into(), &[]),
        look("audit", "/settings/audit".into(), &[]),
        look("sessions", "/settings/sessions".into(), &[]),
        look("jobs", "/settings/jobs".into(), &[]),
        look("health", "/settings/health".into(), &[]),
        look("help", "/help".into(), &[]),
        look("help-guide", "/help/finding-people".into(), &[]),
        // What went wrong.
        look("wrong-address", "/no-such-page".into(), &[]),
        look("wrong-guide", "/help/no-such-guide".into(), &[]),
        look("wrong-customer", format!("/customers/{nobody}"), &[]),
        look("wrong-import", format!("/imports/{nobody}"), &[]),
        look(
            "wrong-filter",
            "/customers?status=shiny&created_from=yesterday".into(),
            &[],
        ),
        look("wrong-orders", "/orders?status=shiny&page=0".into(), &[]),
        look("wrong-order", format!("/orders/{nobody}"), &[]),
        look("wrong-expression", "/customers?filter=status%20%3D".into(), &[]),
        look("wrong-export", "/exports/new?status=shiny".into(), &[]),
        look(
            "wrong-new",
            "/customers".into(),
            &["New customer", "email:allen@", "Create customer"],
        ),
        look(
            "wrong-invite",
            "/settings/members".into(),
            &["Invite member", "email:allen@", "Invite"],
        ),
    ]);
    pages
}

/// A file that was uploaded and checked.
async fn checked_import(stage: &Stage, name: &str, text: &str) -> String {
    let import = stage.api.upload(name, text.into()).await.expect(201).at("/id");
    let path = format!("/api/v1/imports/{import}");
    stage
        .api
        .post(&format!("{path}/plan"), &json!({}))
        .await
        .expect(202);
    stage
        .api
        .until(&path, &["planned"], Duration::from_secs(30))
        .await;
    import
}

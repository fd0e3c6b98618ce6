//! Serves the customer pages with some two hundred invented customers on the loopback address, signed in already, to look
//! at while working on them. Its database is a test's: it is gone when this ends.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware::{self, Next, from_fn_with_state},
};
use regulars_accounts::{model::NewOrganization, ops as accounts};
use regulars_customers::{
    model::{
        AddressInput, AttributeInput, ConsentInput, ContactInput, CustomerInput, Defaults, NewCustomer,
        NoteInput, TagInput,
    },
    ops,
};
use regulars_database::Tx;
use regulars_kernel::{Actor, Country, Currency, Role, Scope, Secret, clock};
use regulars_testkit::TestDatabase;
use regulars_web::{AppState, WebConfig, app};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

const PEOPLE: &[(&str, &str, &str, &str)] = &[
    ("Ada", "Byron", "London", "GB"),
    ("José", "García Márquez", "Madrid", "ES"),
    ("Søren", "Møller", "Aarhus", "DK"),
    ("Łukasz", "Żółć", "Kraków", "PL"),
    ("Mei", "Tanaka", "Osaka", "JP"),
    ("Priya", "Raman", "Chennai", "IN"),
    ("Tom", "Becker", "Köln", "DE"),
    ("Zoë", "O’Brien", "Cork", "IE"),
    ("Fatima", "Zahra", "Rabat", "MA"),
    ("Chloé", "Dubois", "Lyon", "FR"),
    ("Giulia", "Conti", "Milano", "IT"),
    ("Kenji", "Ito", "Kyoto", "JP"),
    ("Lena", "Vogt", "Wien", "AT"),
    ("Nils", "Lindqvist", "Malmö", "SE"),
    ("Marta", "Kowalska", "Gdańsk", "PL"),
    ("Omar", "Haddad", "Marseille", "FR"),
    ("Ines", "Almeida", "Porto", "PT"),
    ("Jonas", "Weber", "Hamburg", "DE"),
    (
        "Anna-Lena",
        "Freifrau von und zu Hohenstein-Langenburg",
        "Schwäbisch Gmünd",
        "DE",
    ),
    ("Bo", "Ek", "Umeå", "SE"),
];
const COMPANIES: &[&str] = &[
    "Analytical Engines Ltd",
    "Müller & Söhne Großhandel GmbH",
    "Atelier Dubois",
    "Nordlys Kaffe A/S",
];
const TAGS: &[(&str, &str)] = &[
    ("wholesale", "amber"),
    ("newsletter", "teal"),
    ("berlin", "blue"),
    ("b2b", "violet"),
    ("returns often", "red"),
];

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().with_env_filter("warn").init();
    let database = TestDatabase::new().await;
    let state = AppState::new(
        database.database().clone(),
        WebConfig {
            rate_limit_per_minute: 0,
            ..WebConfig::default()
        },
    );
    let token = seed(&state).await;
    let authenticate = from_fn_with_state(state.clone(), regulars_accounts::authenticate);
    let pages = Router::new()
        .merge(regulars_accounts::page_routes())
        .merge(regulars_customer_pages::page_routes());
    let cookie = HeaderValue::from_str(&format!("regulars={token}")).expect("a token is plain letters");
    let signed_in = middleware::from_fn(move |mut request: Request, next: Next| {
        let cookie = cookie.clone();
        async move {
            request.headers_mut().append(header::COOKIE, cookie);
            next.run(request).await
        }
    });
    let router = app(
        OpenApiRouter::new().merge(regulars_customers::api_routes()),
        pages,
        state,
        authenticate,
    )
    .layer(signed_in);
    let port = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0_u16);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("the loopback address is there");
    println!(
        "http://{}/customers",
        listener.local_addr().expect("a bound listener has an address")
    );
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await.expect("the server ran");
}

/// An organization with an owner who is signed in, and customers. Answers the session's token.
async fn seed(state: &AppState) -> String {
    let new = NewOrganization {
        name: "Maison Lumière".to_owned(),
        slug: Some("maison".to_owned()),
        currency: Some("EUR".to_owned()),
        time_zone: Some("Europe/Berlin".to_owned()),
        locale: Some("en-DE".to_owned()),
    };
    let organization = accounts::create_organization(&state.database, &new)
        .await
        .expect("an organization");
    let invitation = accounts::create_user(&state.database, organization.id, "mina@example.com", Role::Owner)
        .await
        .expect("a member");
    let link = invitation.link.expect("a new person gets a link");
    let password = Secret::new("correct horse battery".to_owned());
    let signed_in = accounts::set_password(
        &state.database,
        link.token.expose(),
        password,
        &accounts::Device::default(),
    )
    .await
    .expect("a session");
    let scope = Scope {
        organization_id: organization.id,
        actor: Actor::User(invitation.member.id),
    };
    let mut tx = state.database.begin(scope).await.expect("a transaction");
    people(&mut tx).await;
    tx.commit().await.expect("the customers are kept");
    signed_in.token.into_inner()
}

fn input<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("input that fits")
}

async fn people(tx: &mut Tx) {
    let defaults = Defaults {
        currency: Currency::EUR,
        country: Country::from_code("DE"),
        today: clock::now().date_naive(),
    };
    for (name, color) in TAGS {
        ops::tags::create(tx, &input::<TagInput>(json!({"name": name, "color": color})))
            .await
            .expect("a tag");
    }
    for attribute in [
        json!({"name": "shoe_size", "label": "Shoe size", "kind": "number"}),
        json!({"name": "level", "label": "Club level", "kind": "select", "options": ["Bronze", "Silver", "Gold"]}),
        json!({"name": "website", "label": "Website", "kind": "url"}),
    ] {
        ops::attributes::create(tx, &input::<AttributeInput>(attribute))
            .await
            .expect("an attribute");
    }
    let mut first = None;
    for number in 0..200_usize {
        let (given, family, city, country) = PEOPLE[(number * 7) % PEOPLE.len()];
        let company = number % 11 == 3;
        let status = [
            "active", "active", "vip", "prospect", "active", "churned", "inactive", "active", "pending",
            "blocked",
        ][number % 10];
        let tags: Vec<_> = TAGS
            .iter()
            .enumerate()
            .filter(|(index, _)| (number + index * 3).is_multiple_of(4))
            .map(|(_, (tag, _))| tag)
            .collect();
        let kind_of_buyer = ["registered", "guest", "registered", "wholesale"][number % 4];
        let level = ["Bronze", "Silver", "Gold"][number % 3];
        let new = input::<NewCustomer>(json!({
            "kind": if company { "company" } else { "person" },
            "company_name": company.then(|| COMPANIES[number % COMPANIES.len()]),
            "first_name": given, "last_name": family,
            "email": format!("{}.{number}@example.com", family.split([' ', '’', '-']).next().unwrap_or("x").to_lowercase()),
            "phone": format!("+49 30 {:07}", 1_234_567 + number), "status": status,
            "type": kind_of_buyer,
            "locale": "de-DE", "time_zone": "Europe/Berlin", "tags": tags,
            "attributes": {"shoe_size": 36 + number % 10, "level": level, "website": "https://example.com"},
            "addresses": [{"line1": "Chausseestraße 12", "postal_code": "10115", "city": city, "country": country}],
            "sources": [{"source": "shopify", "external_id": format!("gid://shopify/Customer/{}", 6_000 + number)}],
            "consents": {"email": if number % 3 == 0 { "unsubscribed" } else { "subscribed" }},
        }));
        let made = ops::customers::create(tx, &new, &defaults)
            .await
            .unwrap_or_else(|error| panic!("customer {number}: {error}"));
        first = first.or(Some(made.id));
        let parent = first.filter(|first| *first != made.id && number < 6);
        if let Some(parent) = parent {
            let below = input::<CustomerInput>(json!({"parent_id": parent}));
            ops::customers::update(tx, made.id, &below, ops::UNGUARDED, &defaults)
                .await
                .expect("a child");
        }
    }
    let id = first.expect("there are customers");
    for contact in [
        json!({"first_name": "Charles", "last_name": "Babbage", "title": "Head of purchasing", "department": "Logistics", "email": "charles@example.com", "phone": "030 7654321", "is_primary": true, "is_decision_maker": true}),
        json!({"first_name": "Mary", "last_name": "Somerville", "title": "Assistant", "email": "mary@example.com", "is_influencer": true}),
    ] {
        ops::contacts::create(tx, id, &input::<ContactInput>(contact), &defaults)
            .await
            .expect("a contact");
    }
    let second = json!({"type": "shipping", "name": "Warehouse", "line1": "Hafenstraße 3", "postal_code": "20457", "city": "Hamburg", "country": "DE"});
    ops::addresses::create(tx, id, &input::<AddressInput>(second), &defaults)
        .await
        .expect("an address");
    for body in [
        "Called about the missing parcel; it was with the neighbour.\n\nShe was kind about it, send a voucher with the next order.",
        "Prefers afternoon deliveries, rings twice.",
    ] {
        ops::notes::create(tx, id, &input::<NoteInput>(json!({"body": body})))
            .await
            .expect("a note");
    }
    let changes = input::<CustomerInput>(
        json!({"status": "vip", "internal_note": "Rings twice.", "attributes": {"shoe_size": 39}}),
    );
    ops::customers::update(tx, id, &changes, ops::UNGUARDED, &defaults)
        .await
        .expect("a change");
    ops::consents::put(tx, id, &input::<ConsentInput>(json!({"sms": "subscribed"})))
        .await
        .expect("consent");
}

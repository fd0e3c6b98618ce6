//! Commands for organizations, users and keys, and where they take their settings from.

use std::fs;

use crate::{api::Api, process::Home};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_link_for_a_user_leads_to_the_public_address_and_sets_a_password() {
    let home = Home::shared().await;
    home.organization("acme", "owner");
    let public = "https://regulars.example";
    let of = |arguments: &[&str]| {
        let output = home
            .command(arguments)
            .env("REGULARS_PUBLIC_URL", public)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let first = of(&[
        "user",
        "create",
        "ada@example.com",
        "--organization",
        "acme",
        "--role",
        "agent",
    ]);
    assert!(first.starts_with(&format!("{public}/set-password/")), "{first}");
    let second = of(&["user", "link", "Ada@Example.com"]);
    assert!(second.starts_with(&format!("{public}/set-password/")), "{second}");
    let server = home.serve();
    let page = Api::new(&server.url, "");
    let path = |link: &str| link.strip_prefix(public).unwrap().to_owned();
    page.get(&path(&second)).await.expect(200);
    assert_ne!(
        page.get(&path(&first)).await.status.as_u16(),
        200,
        "the earlier link is over"
    );
    let unknown = home.run(&["user", "link", "nobody@example.com"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        said(&unknown).contains("nobody@example.com"),
        "{}",
        said(&unknown)
    );
}

#[test]
fn a_command_where_no_database_is_makes_none_and_says_where_it_looked() {
    let home = Home::private();
    let file = home.path().join("few.csv");
    fs::write(&file, "email\nada@example.com\n").unwrap();
    let file = file.to_str().unwrap();
    for arguments in [
        &["doctor"][..],
        &["database-url"],
        &["organization", "list"],
        &["user", "link", "ada@example.com"],
        &[
            "user",
            "create",
            "ada@example.com",
            "--organization",
            "acme",
            "--role",
            "agent",
        ],
        &[
            "key",
            "create",
            "--organization",
            "acme",
            "--name",
            "ci",
            "--role",
            "agent",
        ],
        &["import", file, "--organization", "acme"],
        &["export", "customers", "--organization", "acme"],
    ] {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let words = said(&output);
        let looked = format!("no database in {} yet", home.path().display());
        assert!(words.contains(&looked) && words.contains("--data-dir"), "{words}");
    }
    let left: Vec<_> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["few.csv"]);
    // Relative folders are told in whole.
    let elsewhere = std::process::Command::new(env!("CARGO_BIN_EXE_regulars"))
        .args(["doctor", "--data-dir", "nowhere"])
        .env_remove("DATABASE_URL")
        .env_remove("REGULARS_DATABASE_URL")
        .current_dir(home.path())
        .output()
        .unwrap();
    let whole = home.path().canonicalize().unwrap().join("nowhere");
    assert!(
        said(&elsewhere).contains(whole.to_str().unwrap()),
        "{}",
        said(&elsewhere)
    );

    let made = home.run(&["organization", "create", "Maison Lumière"]);
    assert!(made.status.success(), "{}", said(&made));
    let new = format!("A new database is made in {}", home.path().display());
    assert!(said(&made).contains(&new), "{}", said(&made));
    let second = home.run(&["organization", "create", "Maison Lumiere"]);
    assert_eq!(second.status.code(), Some(1));
    let words = said(&second);
    assert!(
        words.contains("“maison-lumiere” already") && words.contains("--slug"),
        "{words}"
    );
    assert!(!words.contains("A new database"), "{words}");
}

#[tokio::test]
async fn organizations_are_listed_and_named_short_after_their_names() {
    let home = Home::shared().await;
    let made = home.run(&["organization", "create", "Atelier Nord", "--currency", "CHF"]);
    assert!(
        said(&made).contains("commands know it as atelier-nord"),
        "{}",
        said(&made)
    );
    home.ok(&["organization", "create", "B", "--slug", "a-second-one"]);
    let list = home.ok(&["organization", "list"]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(
        lines[0],
        "SLUG          NAME          CURRENCY  TIME ZONE      CREATED"
    );
    assert!(
        lines[1].starts_with("a-second-one  B             EUR       Europe/Berlin  20"),
        "{list}"
    );
    assert!(
        lines[2].starts_with("atelier-nord  Atelier Nord  CHF       Europe/Berlin  20"),
        "{list}"
    );
    let all: serde_json::Value = serde_json::from_str(&home.ok(&["organization", "list", "--json"])).unwrap();
    assert_eq!(all[1]["slug"], "atelier-nord");
    let wrong = home.run(&[
        "organization",
        "create",
        " ",
        "--slug",
        "Ü",
        "--time-zone",
        "Berlin",
    ]);
    for place in ["NAME: ", "--slug: ", "--time-zone: "] {
        assert!(said(&wrong).contains(place), "{}", said(&wrong));
    }
}

#[tokio::test]
async fn a_database_url_in_a_file_of_the_environment_comes_before_the_configuration_file() {
    let home = Home::shared().await;
    let config = home.path().join("regulars.toml");
    fs::write(&config, "database_url = \"no address at all\"\n").unwrap();
    let secret = home.path().join("url");
    fs::write(&secret, home.database().url()).unwrap();
    let run = |secret: Option<&std::path::Path>| {
        let mut command = home.command(&["organization", "create", "Acme", "--slug", "acme"]);
        command.env_remove("DATABASE_URL").env("REGULARS_CONFIG", &config);
        if let Some(path) = secret {
            command.env("REGULARS_DATABASE_URL_FILE", path);
        }
        command.output().unwrap()
    };
    assert_eq!(
        run(None).status.code(),
        Some(1),
        "the file's database is not there"
    );
    let made = run(Some(&secret));
    assert!(made.status.success(), "{}", said(&made));
}

#[tokio::test]
async fn options_are_taken_from_the_environment() {
    let home = Home::shared().await;
    let named = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = home
            .command(arguments)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    named(
        &["organization", "create", "Acme"],
        &[("REGULARS_SLUG", "acme"), ("REGULARS_CURRENCY", "CHF")],
    );
    let file = home.path().join("few.csv");
    fs::write(&file, "email,phone\nada@example.com,+4930111\n,+4930111\n").unwrap();
    let path = file.to_str().unwrap();
    let acme = ("REGULARS_ORGANIZATION", "acme");
    let checked = named(
        &["import", path],
        &[acme, ("REGULARS_DRY_RUN", "true"), ("REGULARS_JSON", "1")],
    );
    let checked: serde_json::Value = serde_json::from_str(&checked).unwrap();
    assert_eq!(checked["import"]["state"], "planned");
    assert_eq!(checked["counts"]["create"], 1, "the phone says that both are one");
    let done = named(&["import", path, "--match-by", "email,code"], &[acme]);
    assert!(done.starts_with("2 rows: 2 created"), "{done}");
    let array = named(
        &["export", "customers"],
        &[
            acme,
            ("REGULARS_FORMAT", "json"),
            ("REGULARS_FILTER", "status=active"),
        ],
    );
    let array: serde_json::Value = serde_json::from_str(&array).unwrap();
    let emails: Vec<_> = array
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["email"].as_str())
        .collect();
    assert_eq!(emails.len(), 2);
    assert!(emails.contains(&Some("ada@example.com")), "{emails:?}");
    let wrong = home
        .command(&["import", path, "--match-by", "shoe_size"])
        .env(acme.0, acme.1)
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

#[tokio::test]
async fn a_demonstration_has_a_past_and_is_made_once() {
    let home = Home::shared().await;
    let owner = home.database().owner().clone();
    let said = |output: std::process::Output| {
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let made = said(home.run(&["demo", "--customers", "300"]));
    assert!(made.contains("300 customers made"), "{made}");
    let count = async |statement: &'static str| -> i64 {
        sqlx::query_scalar(statement).fetch_one(&owner).await.unwrap()
    };
    for statement in [
        "SELECT count(*) FROM contacts",
        "SELECT count(*) FROM activities WHERE customer_id IS NOT NULL",
        "SELECT count(*) FROM activities WHERE customer_id IS NULL",
        "SELECT count(*) FROM customers WHERE parent_id IS NOT NULL",
        "SELECT count(DISTINCT owner_id) - 1 FROM customers",
        "SELECT count(*) FROM notes WHERE created_at < now() - interval '30 days'",
        "SELECT count(*) FROM addresses WHERE NOT is_default",
        "SELECT count(*) FROM events WHERE kind = 'customer.updated' AND occurred_at < now() - interval '30 days'
           AND actor_kind = 'user'",
        "SELECT count(*) FROM product_variants WHERE stock > 0",
        "SELECT count(*) - 1 FROM (SELECT order_id FROM order_lines GROUP BY order_id HAVING count(*) > 1) several",
        "SELECT count(*) FROM customer_metrics WHERE orders > 3 AND total_spent > 0",
        "SELECT count(*) FROM orders WHERE cancelled_at IS NOT NULL",
        "SELECT count(*) FROM orders WHERE refunded_total > 0 AND cancelled_at IS NULL",
        "SELECT count(*) FROM events WHERE kind = 'payment.failed'",
        "SELECT count(*) FROM stock_levels WHERE available > 0",
        "SELECT count(*) FROM events WHERE kind = 'cart.converted'",
        "SELECT count(*) FROM carts WHERE stage = 'checkout' AND last_active_at < now() - interval '1 hour'",
    ] {
        assert!(count(statement).await > 0, "{statement}");
    }
    for (statement, what) in [
        (
            "SELECT count(*) FROM events e JOIN customers c ON c.organization_id = e.organization_id AND c.id = e.customer_id
             WHERE e.kind = 'customer.created' AND e.occurred_at <> c.created_at",
            "each was created when it was",
        ),
        (
            "SELECT count(*) FROM events e JOIN customers c ON c.organization_id = e.organization_id AND c.id = e.customer_id
             WHERE e.kind LIKE 'note.%' AND e.occurred_at < c.created_at",
            "nothing happened before",
        ),
        (
            "SELECT count(*) FROM orders WHERE customer_id IS NULL OR base_currency IS NULL OR placed_at > now()",
            "each order is somebody's, and its worth is known",
        ),
        (
            "SELECT count(*) - 300 FROM customers",
            "nobody was made by an order",
        ),
        ("SELECT count(*) FROM events WHERE occurred_at > now()", "nothing is yet to come"),
    ] {
        assert_eq!(count(statement).await, 0, "{what}");
    }
    let before = count("SELECT count(*) FROM events").await;
    let again = said(home.run(&["demo", "--customers", "300"]));
    assert!(again.contains("0 customers made, 0 updated"), "{again}");
    assert_eq!(
        count("SELECT count(*) FROM events WHERE customer_id IS NOT NULL").await,
        before - count("SELECT count(*) FROM events WHERE customer_id IS NULL").await + 1,
        "only the import itself was told"
    );
    // Its people are made up: the server still wants its first owner.
    let server = home.serve();
    Api::new(&server.url, "")
        .get(server.setup_link().strip_prefix(&server.url).unwrap())
        .await
        .expect(200);
}

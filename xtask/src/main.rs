//! House keeping: `cargo xtask tidy` keeps the rules that no compiler knows.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Which crate writes which tables; reading by join is everybody's.
const OWNERS: &[(&str, &[&str])] = &[
    (
        "accounts",
        &[
            "organizations",
            "users",
            "sessions",
            "user_tokens",
            "memberships",
            "invitations",
            "api_keys",
            "audit_entries",
        ],
    ),
    ("web", &["idempotency_keys"]),
    (
        "connect",
        &[
            "connections",
            "connection_secrets",
            "connection_api_keys",
            "connection_pulls",
            "webhook_events",
            "provider_entities",
        ],
    ),
    ("jobs", &["jobs", "job_schedules"]),
    ("events", &["events", "customer_followers", "customer_changes"]),
    (
        "connect-firestore",
        &[
            "firestore_mirrors",
            "firestore_credentials",
            "firestore_progress",
            "firestore_customers",
            "firestore_log",
        ],
    ),
    (
        "customers",
        &[
            "customers",
            "contacts",
            "addresses",
            "customer_sources",
            "tags",
            "customer_tags",
            "attribute_definitions",
            "notes",
            "note_versions",
            "customer_consents",
            "saved_views",
            "name_tokens",
            "customer_bulks",
            "customer_days",
            "customer_marks",
            "drafts",
            "note_mentions",
        ],
    ),
    (
        "commerce",
        &[
            "orders",
            "order_lines",
            "order_payments",
            "waiting_payments",
            "order_fulfillments",
            "order_refunds",
            "carts",
            "wishlists",
            "wishlist_items",
            "store_credit_balances",
            "store_credit_entries",
            "products",
            "product_variants",
            "inventory_items",
            "stock_locations",
            "stock_levels",
            "customer_metrics",
        ],
    ),
    ("activities", &["activities", "visitors", "activity_settings"]),
    ("exchange", &["imports", "import_errors", "exports"]),
];

const LONGEST_FILE: usize = 500;
/// Beyond this a room is split: 12,000 and their tests.
const LARGEST_CRATE: usize = 20_000;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("tidy") {
        tidy()
    } else {
        eprintln!("usage: cargo xtask tidy");
        ExitCode::from(2)
    }
}

fn tidy() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies below the root");
    let mut faults = Vec::new();
    for room in folders(&root.join("crates")) {
        check_room(root, &room, &mut faults);
    }
    check_architecture(root, &mut faults);
    for fault in &faults {
        eprintln!("{fault}");
    }
    if faults.is_empty() {
        eprintln!("tidy");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn check_room(root: &Path, folder: &Path, faults: &mut Vec<String>) {
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut lines_in_crate = 0;
    for path in files(&folder.join("src"), "rs")
        .into_iter()
        .chain(files(&folder.join("tests"), "rs"))
    {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let place = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let lines = text.lines().count();
        if place.contains("/src/") {
            lines_in_crate += lines;
        }
        if !text.trim_start().starts_with("//!") {
            faults.push(format!(
                "{place}: say on the first line what this module is for (//!)"
            ));
        }
        if lines > LONGEST_FILE {
            faults.push(format!("{place}: {lines} lines; split it before {LONGEST_FILE}"));
        }
        // Tests and the test kit may set a scene in other rooms' tables.
        if place.contains("/src/") && name != "testkit" {
            check_tables(&name, &place, &text, faults);
        }
    }
    if lines_in_crate > LARGEST_CRATE {
        faults.push(format!(
            "crates/{name}: {lines_in_crate} lines; split the room before {LARGEST_CRATE}"
        ));
    }
}

fn check_tables(room: &str, place: &str, text: &str, faults: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        for verb in ["insert into ", "update ", "delete from "] {
            let Some(rest) = lower.split(verb).nth(1) else {
                continue;
            };
            let table: String = rest
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect();
            let owner = OWNERS.iter().find(|(_, tables)| tables.contains(&table.as_str()));
            if let Some((owner, _)) = owner
                && *owner != room
                && line.trim_start().chars().next().is_some_and(|c| c != '/')
            {
                faults.push(format!(
                    "{place}:{}: {room} writes {table}, which belongs to {owner}",
                    number + 1
                ));
            }
        }
    }
}

/// Every path in backticks that ARCHITECTURE.md names must exist.
fn check_architecture(root: &Path, faults: &mut Vec<String>) {
    let Ok(text) = fs::read_to_string(root.join("ARCHITECTURE.md")) else {
        faults.push("ARCHITECTURE.md: missing".into());
        return;
    };
    for word in text.split('`').skip(1).step_by(2) {
        let looks_like_path =
            word.contains('/') && !word.contains([' ', '{', '*', '<', '…']) && !word.starts_with('/');
        let known_folder = word
            .split('/')
            .next()
            .is_some_and(|first| root.join(first).exists());
        if looks_like_path && known_folder && !root.join(word).exists() {
            faults.push(format!("ARCHITECTURE.md: names {word}, which does not exist"));
        }
    }
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn files(path: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .flat_map(|path| {
            if path.is_dir() {
                files(&path, extension)
            } else if path.extension().is_some_and(|found| found == extension) {
                vec![path]
            } else {
                Vec::new()
            }
        })
        .collect();
    found.sort();
    found
}

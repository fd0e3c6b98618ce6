//! A page that shows every part in use, to look at and to copy from. It reads nothing and changes nothing.

use chrono::TimeDelta;
use maud::{Markup, html};
use regulars_kernel::{Fault, Role, clock};

#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the style guide shows all of it")
)]
use super::*;

/// The whole style guide as a page.
pub fn style_guide() -> Markup {
    let mut shell = Shell::new("Maison Lumière", "Mina Okafor", "mina@example.com", Role::Owner)
        .crumb("Settings", "/settings/members")
        .titled("Style guide");
    shell.views = links(["Wholesale Berlin", "Slipping away", "New this week"]);
    shell.favourites = links(["Ada Byron", "Nordlicht Trading GmbH", "Zoé Lefèvre"]);
    shell.time_zone = chrono_tz::Europe::Berlin;
    page(
        &shell,
        html! { (link_button("Import", "#forms").icon(Icon::Imports)) (shell::new_button("New customer", "/settings/style-guide/sheet", "n")) },
        content(),
    )
}

fn links(names: [&str; 3]) -> Vec<SidebarLink> {
    names
        .map(|name| SidebarLink {
            name: name.into(),
            href: "#".into(),
            current: false,
        })
        .into()
}

/// The customer list in the style guide's clothes: what a finished list page looks like.
pub fn sample_list() -> Markup {
    let mut shell = Shell::new("Maison Lumière", "Mina Okafor", "mina@example.com", Role::Owner)
        .at(Nav::Customers)
        .titled("Customers");
    shell.views = links(["Wholesale Berlin", "Slipping away", "New this week"]);
    shell.favourites = links(["Ada Byron", "Nordlicht Trading GmbH", "Zoé Lefèvre"]);
    page(
        &shell,
        html! { (link_button("Import", "#").icon(Icon::Imports)) (shell::new_button("New customer", "/settings/style-guide/sheet", "n")) },
        list(),
    )
}

/// A form as it stands in the side sheet.
pub fn sample_sheet() -> Markup {
    sheet(
        "New customer",
        Some(Attributes::new().set("hx-post", "/toast").set("hx-swap", "none")),
        fields(&[]),
        sheet_footer("Create customer"),
    )
}

fn block(title: &str, body: Markup) -> Markup {
    html! { section class="column" { h2 { (title) } (body) } }
}

fn content() -> Markup {
    html! {
        (page_header("Style guide", html! { (badge("every part", Tone::Blue)) }, "Every part the pages are made of, in each of its states."))
        div class="columns" {
            div class="column" {
                (block("Buttons", buttons()))
                (block("Badges, tags, avatars", marks()))
                (block("Numbers", numbers()))
                (block("A list", list()))
                (block("Tables without rows", table_faces()))
                (block("Timeline", html! { (happened()) }))
                (block("Messages", messages()))
            }
            div class="column" {
                (block("Panels", panels()))
                (block("Icons", html! { div class="swatch-row muted" { @for icon in Icon::ALL { (icon) } } }))
            }
        }
        div class="column narrow" id="forms" {
            (block("Form", html! { form class="form" novalidate data-warn-unsaved { (fields(&faults())) div class="form-actions" { (button("Save").primary()) (button("Cancel").ghost()) } } }))
            (block("File", html! { form class="form" data-upload method="post" action="/upload" enctype="multipart/form-data" { (file_drop("file", "Drop a file here or choose one", "CSV, JSON, JSON Lines or XLSX, up to 2 GB", ".csv,.json,.jsonl,.xlsx")) (button("Upload").primary().submit()) } }))
        }
    }
}

fn buttons() -> Markup {
    let gone = confirm_attributes(
        "Delete Ada Byron?",
        "The customer leaves every list. It can be restored for 30 days.",
        "Delete customer",
        None,
    );
    let typed = confirm_attributes("Erase Ada Byron?", "This cannot be undone.", "Erase", Some("ADA"));
    html! {
        div class="swatch-row" {
            (button("Primary").primary()) (button("Outline")) (button("Ghost").ghost()) (button("Destructive").destructive()) (button("With key").key("b").icon(Icon::Note))
            (button("Disabled").disabled(true)) (button("Small").small().icon(Icon::Columns)) (icon_button(Icon::More, "More")) (copy_button("hello", "Copy"))
        }
        div class="swatch-row" {
            (button("Delete…").destructive().icon(Icon::Trash).attrs(gone)) (button("Erase…").destructive().attrs(typed))
            (menu("sample-menu", button("Menu").icon(Icon::ChevronDown), false, html! {
                (menu_link(Icon::Edit, "Edit", "#", Attributes::new())) (menu_item(Icon::Copy, "Copy link", false, Attributes::new().set("data-copy", "link")))
                (menu_divider()) (menu_item(Icon::Trash, "Delete", true, Attributes::new()))
            }))
            (link_button("Open sheet", "#").opens_sheet("/settings/style-guide/sheet"))
        }
    }
}

fn marks() -> Markup {
    html! {
        div class="swatch-row" { @for status in ["active", "vip", "prospect", "pending", "at_risk", "blocked", "inactive", "churned"] { (status_badge(status)) } }
        div class="swatch-row" { @for tone in Tone::ALL { (tag(tone.name(), tone)) } }
        div class="swatch-row" { @for name in NAMES { (avatar(name, "md")) } (avatar("Ada Byron", "lg")) (avatar("", "sm")) }
    }
}

fn numbers() -> Markup {
    html! {
        (stats(&[stat("Orders", "12", "1 cancelled"), stat("Lifetime value", "€812.40", "top 4 %"), stat("Average order", "€67.70", "shop €54.10"), stat("Last seen", "2 h ago", "product view")]))
        (progress_bar("Importing shopify.csv", 18_400, Some(50_000), "18,400 of 50,000 · 21,000 rows/s"))
        (progress_bar("Reading the file", 0, None, "…"))
    }
}

const NAMES: [&str; 9] = [
    "Ada Byron",
    "José García Márquez",
    "Søren Møller",
    "Łukasz Żółć",
    "Mei Tanaka",
    "Priya Raman",
    "Tom Becker",
    "Zoë O’Brien",
    "Fatima Zahra",
];

fn list() -> Markup {
    let rows = [
        ("active", 27, "€2,484.10", 26),
        ("vip", 1, "€162.40", 81),
        ("at_risk", 32, "€2,951.28", 42),
        ("vip", 23, "€2,132.80", 52),
        ("prospect", 0, "€0.00", 60),
        ("prospect", 0, "€0.00", 33),
        ("active", 25, "€2,293.09", 52),
        ("blocked", 28, "€2,553.85", 69),
        ("pending", 26, "€2,360.43", 48),
    ];
    let views: Vec<_> = ["All", "VIP", "Wholesale Berlin", "Slipping away"]
        .map(|label| Tab {
            label: label.into(),
            href: "#".into(),
            count: None,
            current: label == "All",
        })
        .into();
    html! {
        (page_header("Customers", view_tabs(&views), ""))
        div class="toolbar" {
            (search_box("", "Name, e-mail, phone, code", "/settings/style-guide", "#none"))
            (filter_chip("country", "is", "DE, FR, PL", "#", "#")) (filter_chip("total spent", ">", "€500", "#", "#"))
            (button("Filter").ghost().icon(Icon::Plus))
            div class="toolbar-end" { span class="tabular" { "12,345 customers" } (button("Columns").icon(Icon::Columns)) (button("Save view")) }
        }
        form data-selection {
            (people_table("Customers", html! {
                (select_all()) (sort_column("Customer", "#", None, Align::Start, false)) (sort_column("Status", "#", None, Align::Start, false))
                (column("Tags", Align::Start, true)) (sort_column("Orders", "#", None, Align::End, true)) (sort_column("Spent", "#", Some(Direction::Descending), Align::End, true))
                (column("Health", Align::End, true)) (menu_column(true))
            }, html! {
                @for (index, (name, (status, orders, spent, health))) in NAMES.iter().zip(rows).enumerate() {
                    tr data-row {
                        (row_checkbox("id", &index.to_string(), name))
                        td { (person(name, &format!("{}@example.com", initials(name).to_lowercase()), "#")) }
                        td { (status_badge(status)) }
                        td class="cell-wide" { (tag_list([("berlin", Tone::Blue), ("wholesale", Tone::Amber), ("b2b", Tone::Neutral)].into_iter().take(index % 4), 2)) }
                        td class="cell-number cell-wide" { (orders) }
                        td class="cell-number cell-wide" { (spent) }
                        td class="cell-number cell-wide" { (metric_bar(health, "Health")) }
                        td class="cell-menu cell-wide" { (menu(&format!("row-{index}"), icon_button(Icon::More, "Actions").small(), true, html! { (menu_link(Icon::Edit, "Edit", "#", Attributes::new())) })) }
                    }
                }
            }))
            (bulk_bar(html! { (button("Tag").ghost().small().icon(Icon::Tag)) (button("Status").ghost().small()) (button("Export").ghost().small()) (button("Delete").destructive().small()) }, Some("all 12,345")))
        }
        (pagination(&Page { first: 1, last: 25, total: Some(12_345), about: false, previous: None, next: Some("#".into()) }, ["customer", "customers"], Locale::default()))
    }
}

fn table_faces() -> Markup {
    let head = html! { (column("Customer", Align::Start, false)) (column("Status", Align::Start, false)) (column("Orders", Align::End, false)) };
    html! {
        (data_table("Loading", head.clone(), skeleton_rows(3, 3)))
        (data_table("Empty", head.clone(), table_empty(3, Icon::Customers, "No customers yet", "Import a file, or add the first one by hand. Everything else builds on them.", html! { (button("Import").icon(Icon::Imports)) (button("New customer").primary()) })))
        (data_table("Broken", head, table_error(3, "The server did not answer in time.", Some("#"))))
    }
}

fn happened() -> Markup {
    let now = clock::now();
    let item = |icon, tone, title: &str, text: &str, hours| TimelineItem {
        icon,
        tone,
        about: None,
        title: title.into(),
        text: text.into(),
        at: now - TimeDelta::hours(hours),
        detail: html! {},
    };
    let mut all = vec![
        item(
            Icon::Mail,
            Tone::Blue,
            "E-mail changed",
            "from ada@example.com to ada.byron@example.com · by Mina",
            2,
        ),
        item(
            Icon::Note,
            Tone::Amber,
            "Mina noted",
            "prefers afternoon deliveries, rings twice",
            30,
        ),
        item(
            Icon::Tag,
            Tone::Violet,
            "Tagged wholesale",
            "by import shopify.csv",
            400,
        ),
        item(
            Icon::Person,
            Tone::Green,
            "Created",
            "by import shopify.csv",
            9_000,
        ),
    ];
    all[1].detail = html! { (notice(Tone::Neutral, "", html! { "A longer note stands in its own box below the line." })) };
    timeline(&all, chrono_tz::Europe::Berlin)
}

fn messages() -> Markup {
    html! {
        (notice(Tone::Blue, "Keep this key now", html! { "It is shown once. " a href="#" { "How keys work" } }))
        (notice(Tone::Amber, "212 rows need a look", html! { "They are in the error file with the reason." }))
        (notice(Tone::Red, "", html! { "Signed out on this device." }))
        (notice(Tone::Green, "Imported", html! {}))
        (empty_state(Icon::Note, "No notes", "What the next person should know goes here.", html! { (button("Write a note")) }))
        (skeleton_lines(3))
    }
}

fn panels() -> Markup {
    html! {
        (card("Contact", html! { (button("Edit").ghost().small()) }, facts(&[
            ("E-mail", html! { a class="link" href="#" { "ada@example.com" } (copy_button("ada@example.com", "Copy e-mail")) }),
            ("Phone", html! { (format::phone("+4930123456")) }), ("Language", html! { "German" }), ("Website", external_link("https://example.com/")), ("Birthday", html! {}),
        ])))
        (card("Health", html! { "+6 in 30 days" }, html! { (meter("Recency", 91)) (meter("Frequency", 84)) (meter("Monetary", 78)) (meter("Engagement", 30)) }))
        (card("Tags", html! {}, tag_list([("vip", Tone::Amber), ("newsletter", Tone::Teal), ("berlin", Tone::Blue)], 9)))
        (tabs("Sections", &["Timeline", "Notes", "Details"].map(|label| Tab { label: label.into(), href: "#".into(), count: (label == "Notes").then(|| "3".into()), current: label == "Timeline" })))
    }
}

fn faults() -> Vec<Fault> {
    vec![Fault {
        pointer: "/email".into(),
        code: "email_invalid".into(),
        message: "“ada@” is not an e-mail address: nothing after the @".into(),
    }]
}

fn fields(faults: &[Fault]) -> Markup {
    let statuses = ["active", "prospect", "vip"]
        .map(|status| Choice::new(status, status))
        .into();
    html! {
        (form_errors(faults))
        div class="form-grid" {
            (text_field("first_name", "First name").value("Ada").autocomplete("off")) (text_field("last_name", "Last name").value("Byron"))
            (email_field("email", "E-mail").value("ada@").required().faults(faults).wide())
            (tel_field("phone", "Phone").hint("With country code, or as dialled in Germany")) (select_field("status", "Status", statuses).value("vip"))
            (number_field("credit_limit", "Credit limit").value("1,000")) (date_field("birthday", "Birthday").value("1990-12-10"))
            (textarea_field("note", "Note").wide()) (checkbox_field("newsletter", "May receive the newsletter", true).hint("Only what the customer said themselves.").wide())
        }
    }
}

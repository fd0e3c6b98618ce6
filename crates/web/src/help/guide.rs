//! Which guides there are, and where each stands in `docs`.

use crate::pages::Icon;

/// A guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guide {
    /// What to do first.
    FirstHour,
    /// Search, filters, expressions, columns, order.
    FindingPeople,
    /// What customers bought, and of what.
    OrdersAndProducts,
    /// Saved lists.
    Views,
    /// Files in and out.
    ImportAndExport,
    /// Every detail of files.
    Importing,
    /// Other systems, and what they send.
    Connections,
    /// Customers in Firestore.
    Firestore,
    /// What stands under “Settings”.
    Settings,
    /// Keys.
    Shortcuts,
}

/// A guide and all that is known of it.
struct Entry {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    icon: Icon,
    text: &'static str,
}

impl Guide {
    /// Every guide, in the order to read them in.
    pub(crate) const ALL: [Self; 10] = [
        Self::FirstHour,
        Self::FindingPeople,
        Self::OrdersAndProducts,
        Self::Views,
        Self::ImportAndExport,
        Self::Importing,
        Self::Connections,
        Self::Firestore,
        Self::Settings,
        Self::Shortcuts,
    ];

    fn entry(self) -> Entry {
        let (name, title, about, icon, text) = match self {
            Self::FirstHour => (
                "first-hour",
                "First hour",
                "From an empty list to customers that your team finds.",
                Icon::Star,
                include_str!("../../../../docs/guides/first-hour.md"),
            ),
            Self::FindingPeople => (
                "finding-people",
                "Finding people",
                "Search, filters, expressions, columns, order, and a customer's page.",
                Icon::Search,
                include_str!("../../../../docs/guides/finding-people.md"),
            ),
            Self::OrdersAndProducts => (
                "orders-and-products",
                "Orders and products",
                "What was ordered, paid, sent and paid back, and each customer's figures.",
                Icon::Orders,
                include_str!("../../../../docs/guides/orders-and-products.md"),
            ),
            Self::Views => (
                "views",
                "Views",
                "Keep a list under a name, for yourself or for everybody.",
                Icon::View,
                include_str!("../../../../docs/guides/views.md"),
            ),
            Self::ImportAndExport => (
                "import-and-export",
                "Import and export",
                "Bring a file in, see what it would do, take customers out again.",
                Icon::Imports,
                include_str!("../../../../docs/guides/import-and-export.md"),
            ),
            Self::Importing => (
                "importing",
                "Importing and exporting in detail",
                "Formats, fields, conflicts, ids, and the same from the command line.",
                Icon::File,
                include_str!("../../../../docs/importing.md"),
            ),
            Self::Connections => (
                "connections",
                "Connections",
                "Let a shop send what happens there, see what arrives, and mend what fails.",
                Icon::Connection,
                include_str!("../../../../docs/guides/connections.md"),
            ),
            Self::Firestore => (
                "firestore",
                "Firestore",
                "Mirror customers in your own Firestore, compare, and mend.",
                Icon::Refresh,
                include_str!("../../../../docs/guides/firestore.md"),
            ),
            Self::Settings => (
                "settings",
                "Settings",
                "Members and roles, API keys, tags and attributes, audit log, jobs, your account.",
                Icon::Settings,
                include_str!("../../../../docs/guides/settings.md"),
            ),
            Self::Shortcuts => (
                "shortcuts",
                "Shortcuts",
                "Keyboard shortcuts.",
                Icon::Help,
                include_str!("../../../../docs/guides/shortcuts.md"),
            ),
        };
        Entry {
            name,
            title,
            about,
            icon,
            text,
        }
    }

    /// The guide of a name, as addresses and files have it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|guide| guide.name() == name)
    }

    /// As addresses and files have it: `finding-people`.
    pub(crate) fn name(self) -> &'static str {
        self.entry().name
    }

    /// Its heading.
    pub(crate) fn title(self) -> &'static str {
        self.entry().title
    }

    /// A sentence about it.
    pub(crate) fn about(self) -> &'static str {
        self.entry().about
    }

    /// Its icon.
    pub(crate) fn icon(self) -> Icon {
        self.entry().icon
    }

    /// Its Markdown.
    pub(crate) fn text(self) -> &'static str {
        self.entry().text
    }

    /// Where it is shown.
    pub(crate) fn href(self) -> String {
        format!("{}/{}", super::PATH, self.name())
    }
}

//! The places of the sidebar, and who sees them.

use regulars_kernel::{Permission, Role};

use super::Icon;
use crate::help::Guide;

/// A place in the sidebar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    /// How many customers there are and what happened.
    Dashboard,
    /// The customer list and everything below it.
    Customers,
    /// Orders.
    Orders,
    /// Carts and checkouts.
    Carts,
    /// Products.
    Products,
    /// Notes that mention whoever looks.
    Mentions,
    /// Imports.
    Imports,
    /// Exports.
    Exports,
    /// The organization's settings.
    Organization,
    /// Members and their roles.
    Members,
    /// API keys.
    Keys,
    /// Tag and attribute definitions.
    Definitions,
    /// Other systems that send webhooks.
    Connections,
    /// What they sent.
    Inbox,
    /// The mirror of customers in Firestore.
    Firestore,
    /// What is owed to people who asked for their data or for erasure.
    Privacy,
    /// The audit log.
    Audit,
    /// Jobs and queues.
    Jobs,
    /// The system's health.
    Health,
    /// One's own sessions.
    Sessions,
    /// The API's documentation.
    ApiDocs,
}

impl Nav {
    /// The guide to this place, and the heading in it if the guide is about other places as well.
    pub(crate) fn guide(self) -> (Guide, Option<&'static str>) {
        match self {
            Self::Dashboard => (Guide::FirstHour, None),
            Self::Customers => (Guide::FindingPeople, None),
            Self::Orders => (Guide::OrdersAndProducts, None),
            Self::Carts => (Guide::OrdersAndProducts, Some("carts")),
            Self::Products => (Guide::OrdersAndProducts, Some("products")),
            Self::Mentions => (Guide::FindingPeople, Some("notes-and-mentions")),
            Self::Imports => (Guide::ImportAndExport, None),
            Self::Exports => (Guide::ImportAndExport, Some("exporting")),
            Self::Organization => (Guide::Settings, Some("organization")),
            Self::Members => (Guide::Settings, Some("members-and-roles")),
            Self::Keys | Self::ApiDocs => (Guide::Settings, Some("api-keys")),
            Self::Definitions => (Guide::Settings, Some("tags-and-attributes")),
            Self::Connections => (Guide::Connections, None),
            Self::Inbox => (Guide::Connections, Some("the-inbox")),
            Self::Firestore => (Guide::Firestore, None),
            Self::Privacy => (Guide::Settings, Some("privacy-duties")),
            Self::Audit => (Guide::Settings, Some("audit-log")),
            Self::Jobs => (Guide::Settings, Some("jobs")),
            Self::Health => (Guide::Settings, Some("system-health")),
            Self::Sessions => (Guide::Settings, Some("your-account")),
        }
    }
}

/// A line of the sidebar.
#[derive(Clone, Copy, Debug)]
pub struct NavItem {
    /// Which place.
    pub nav: Nav,
    /// Its name.
    pub label: &'static str,
    /// Where it is.
    pub href: &'static str,
    /// Its icon.
    pub icon: Icon,
    /// What one needs to open it; none if everybody may.
    pub permission: Option<Permission>,
    /// Whether it stands under "Settings".
    pub settings: bool,
}

const fn item(
    nav: Nav,
    label: &'static str,
    href: &'static str,
    icon: Icon,
    permission: Option<Permission>,
    settings: bool,
) -> NavItem {
    NavItem {
        nav,
        label,
        href,
        icon,
        permission,
        settings,
    }
}

/// The sidebar, in order.
pub const NAV: &[NavItem] = &[
    item(
        Nav::Dashboard,
        "Dashboard",
        "/dashboard",
        Icon::Home,
        Some(Permission::CustomersRead),
        false,
    ),
    item(
        Nav::Customers,
        "Customers",
        "/customers",
        Icon::Customers,
        Some(Permission::CustomersRead),
        false,
    ),
    item(
        Nav::Orders,
        "Orders",
        "/orders",
        Icon::Orders,
        Some(Permission::CustomersRead),
        false,
    ),
    item(
        Nav::Carts,
        "Carts",
        "/carts",
        Icon::Cart,
        Some(Permission::CustomersRead),
        false,
    ),
    item(
        Nav::Products,
        "Products",
        "/products",
        Icon::Products,
        Some(Permission::CustomersRead),
        false,
    ),
    item(
        Nav::Mentions,
        "Mentions",
        "/mentions",
        Icon::Mention,
        Some(Permission::CustomersRead),
        false,
    ),
    item(
        Nav::Imports,
        "Imports",
        "/imports",
        Icon::Imports,
        Some(Permission::ImportsWrite),
        false,
    ),
    item(
        Nav::Exports,
        "Exports",
        "/exports",
        Icon::Exports,
        Some(Permission::ExportsWrite),
        false,
    ),
    item(
        Nav::Organization,
        "Organization",
        "/settings/organization",
        Icon::Settings,
        Some(Permission::AccountsRead),
        true,
    ),
    item(
        Nav::Members,
        "Members",
        "/settings/members",
        Icon::Members,
        Some(Permission::AccountsRead),
        true,
    ),
    item(
        Nav::Keys,
        "API keys",
        "/settings/keys",
        Icon::Key,
        Some(Permission::AccountsRead),
        true,
    ),
    item(
        Nav::Definitions,
        "Tags & attributes",
        "/settings/definitions",
        Icon::Tag,
        Some(Permission::CustomersRead),
        true,
    ),
    item(
        Nav::Connections,
        "Connections",
        "/settings/connections",
        Icon::Connection,
        Some(Permission::ConnectionsRead),
        true,
    ),
    item(
        Nav::Inbox,
        "Inbox",
        "/settings/inbox",
        Icon::Inbox,
        Some(Permission::ConnectionsRead),
        true,
    ),
    item(
        Nav::Firestore,
        "Firestore",
        "/settings/firestore",
        Icon::Refresh,
        Some(Permission::ConnectionsRead),
        true,
    ),
    item(
        Nav::Privacy,
        "Privacy duties",
        "/settings/privacy",
        Icon::Shield,
        Some(Permission::PrivacyRead),
        true,
    ),
    item(
        Nav::Audit,
        "Audit log",
        "/settings/audit",
        Icon::Audit,
        Some(Permission::AccountsRead),
        true,
    ),
    item(
        Nav::Jobs,
        "Jobs",
        "/settings/jobs",
        Icon::Jobs,
        Some(Permission::JobsRead),
        true,
    ),
    item(
        Nav::Health,
        "System health",
        "/settings/health",
        Icon::Health,
        Some(Permission::AccountsRead),
        true,
    ),
    item(
        Nav::Sessions,
        "Your account",
        "/settings/sessions",
        Icon::Sessions,
        None,
        true,
    ),
    item(Nav::ApiDocs, "API docs", "/api/docs", Icon::Docs, None, true),
];

/// What a role may open.
pub(super) fn visible(role: Role) -> impl Iterator<Item = &'static NavItem> {
    NAV.iter()
        .filter(move |item| item.permission.is_none_or(|needed| role.may(needed)))
}

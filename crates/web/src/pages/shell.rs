//! The frame of every page: head, sidebar, top bar, and what floats over it. Also the bare frame of sign-in and errors.
//!
//! It decides what a role sees in the sidebar, never what it may do: each handler checks that itself.

use chrono_tz::Tz;
use maud::{DOCTYPE, Markup, html};
use regulars_kernel::Role;

use super::{
    Attributes, Flash, Icon, Locale, Nav, NavItem, assets, copy_button, icon_button, icon_link, initials,
    kbd, link_button, menu_link, nav::visible, palette_group, palette_item,
};
use crate::{
    caller::Caller,
    help::{self, Guide},
};

/// Settings of htmx. Answers that concern the whole page (signed out, not allowed, gone, our fault) are not swapped in:
/// a toast tells, and what was typed stays. 400, 409, 412 and 422 are swapped, because forms answer with their faults.
const HTMX: &str = r#"{"includeIndicatorCSS":false,"history":"reload","mode":"same-origin","extensions":"sse,no-eval","noSwap":[204,304,401,403,404,413,429,"5xx"]}"#;

/// A step of the way to this page. The last one is this page and needs no address.
#[derive(Clone, Debug)]
pub struct Crumb {
    /// Its name.
    pub label: String,
    /// Where it is.
    pub href: Option<String>,
}

/// A saved view or a favourite in the sidebar.
#[derive(Clone, Debug)]
pub struct SidebarLink {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub href: String,
    /// Whether it is what is shown.
    pub current: bool,
}

/// What the frame shows around a page's content.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The window's title; the organization's name is added.
    pub title: String,
    /// Whose pages.
    pub organization_name: String,
    /// Who is signed in.
    pub user_name: String,
    /// Their address.
    pub user_email: String,
    /// What they may do.
    pub role: Role,
    /// Which place of the sidebar this is.
    pub active: Option<Nav>,
    /// The way here.
    pub breadcrumbs: Vec<Crumb>,
    /// Saved views, private ones and shared ones.
    pub views: Vec<SidebarLink>,
    /// Customers that one keeps at hand.
    pub favourites: Vec<SidebarLink>,
    /// A message from the page before.
    pub flash: Option<Flash>,
    /// The time zone that times are shown in.
    pub time_zone: Tz,
    /// How numbers are written.
    pub locale: Locale,
}

impl Shell {
    /// The frame as a caller sees it.
    pub(crate) fn of(caller: &Caller) -> Self {
        let (name, email) = caller
            .user
            .as_ref()
            .map_or(("", ""), |user| (user.name.as_str(), user.email.as_str()));
        let name = if name.is_empty() { email } else { name };
        let mut shell = Self::new(caller.organization.name.as_str(), name, email, caller.role);
        shell.time_zone = caller.organization.time_zone.0;
        shell.locale = Locale::new(caller.organization.locale.as_str());
        shell
    }

    /// A frame for somebody; the rest is filled in by the steps below or the fields.
    pub fn new(
        organization_name: impl Into<String>,
        user_name: impl Into<String>,
        user_email: impl Into<String>,
        role: Role,
    ) -> Self {
        Self {
            title: String::new(),
            organization_name: organization_name.into(),
            user_name: user_name.into(),
            user_email: user_email.into(),
            role,
            active: None,
            breadcrumbs: Vec::new(),
            views: Vec::new(),
            favourites: Vec::new(),
            flash: None,
            time_zone: Tz::UTC,
            locale: Locale::default(),
        }
    }

    /// Names the page, which also ends the breadcrumbs.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self.breadcrumbs.push(Crumb {
            label: self.title.clone(),
            href: None,
        });
        self
    }

    /// Says where in the sidebar this is.
    #[must_use]
    pub fn at(mut self, nav: Nav) -> Self {
        self.active = Some(nav);
        self
    }

    /// Adds a step before this page; call before [`Self::titled`].
    #[must_use]
    pub fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.breadcrumbs.push(Crumb {
            label: label.into(),
            href: Some(href.into()),
        });
        self
    }
}

pub(crate) fn head(title: &str) -> Markup {
    html! {
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        meta name="htmx-config" content=(HTMX);
        title { (title) }
        link rel="icon" href=(assets::url("favicon.svg")) type="image/svg+xml";
        link rel="preload" href=(assets::url("inter-latin.woff2")) as="font" type="font/woff2" crossorigin;
        script src=(assets::url("theme.js")) {}
        link rel="stylesheet" href=(assets::url("app.css"));
        script src=(assets::url("app.js")) defer {}
    }
}

/// A whole page. `actions` stand at the end of the top bar: at most one of them is primary.
pub fn page(shell: &Shell, actions: Markup, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-time-zone=(shell.time_zone.name()) {
            head { (head(&format!("{} · {}", shell.title, shell.organization_name))) }
            body {
                a class="skip-link" href="#content" { "Skip to content" }
                div class="shell" {
                    (sidebar(shell))
                    div class="page" id="page" {
                        header class="topbar" {
                            span class="only-narrow" { (icon_button(Icon::Menu, "Open menu").attr("data-sidebar-toggle", "").attr("aria-controls", "sidebar")) }
                            span class="only-wide" { (icon_button(Icon::Sidebar, "Fold the sidebar").small().attr("data-sidebar-toggle", "").attr("aria-controls", "sidebar")) }
                            (crumbs(&shell.breadcrumbs))
                            div class="topbar-actions" { (guide_link(shell.active)) (actions) }
                        }
                        main class="content" id="content" tabindex="-1" {
                            @if let Some(flash) = &shell.flash { (flash) }
                            (content)
                        }
                    }
                }
                (floats(shell.role))
            }
        }
    }
}

/// A page without sidebar, for sign-in, set-up and errors: a name above, one card below.
pub fn bare_page(title: &str, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { (head(&format!("{title} · Regulars"))) }
            body {
                main class="bare" {
                    div class="bare-card" {
                        div class="bare-brand" { span class="organization-mark" aria-hidden="true" { "R" } "Regulars" }
                        div class="bare-body" { (content) }
                    }
                }
                (toasts())
            }
        }
    }
}

/// The way to the guide of where one is; to all of them where there is none of its own.
fn guide_link(active: Option<Nav>) -> Markup {
    let (label, href) = match active.map(Nav::guide) {
        Some((guide, place)) => {
            let place = place.map(|place| format!("#{place}")).unwrap_or_default();
            let label = format!("Guide: {}", guide.title().to_lowercase());
            (label, guide.href() + &place)
        }
        None => (help::NAME.to_owned(), help::PATH.to_owned()),
    };
    html! { (icon_link(Icon::Guide, label, href)) }
}

fn crumbs(all: &[Crumb]) -> Markup {
    html! {
        @if !all.is_empty() {
            nav class="crumbs" aria-label="Breadcrumbs" { ol { @for crumb in all {
                li { @match &crumb.href {
                    Some(href) => a href=(href) { (crumb.label) },
                    None => span aria-current="page" { (crumb.label) },
                } }
            } } }
        }
    }
}

fn sidebar(shell: &Shell) -> Markup {
    let line = |item: &NavItem| {
        html! {
            a class="nav-item" href=(item.href) title=(item.label) aria-current=[(shell.active == Some(item.nav)).then_some("page")] {
                (item.icon) span class="nav-label" { (item.label) }
                // Asked for behind the page, so that no page waits for it.
                @if item.nav == Nav::Mentions {
                    span class="count" hx-get={ (item.href) "/count" } hx-trigger="load, customersChanged from:document delay:300ms, told from:document throttle:5s" {}
                }
            }
        }
    };
    let mark: String = initials(&shell.organization_name).chars().take(1).collect();
    html! {
        div class="sidebar-backdrop" data-sidebar-close {}
        aside class="sidebar-pane" id="sidebar" aria-label="Navigation" {
            button class="organization" type="button" popovertarget="account-menu" aria-haspopup="true" aria-expanded="false" title=(shell.organization_name) {
                span class="organization-mark" aria-hidden="true" { @if mark.is_empty() { "R" } @else { (mark) } }
                span class="truncate-line" { (shell.organization_name) }
                (Icon::Expand)
            }
            (account_menu(shell))
            button class="find" type="button" data-palette-open aria-keyshortcuts="Control+K Meta+K" title="Find or do…" {
                (Icon::Search) span { "Find or do…" } kbd class="kbd" aria-hidden="true" { "⌘K" }
            }
            nav class="nav" aria-label="Main" { @for item in visible(shell.role).filter(|item| !item.settings) { (line(item)) } }
            @if !shell.views.is_empty() {
                nav class="nav nav-views" aria-label="Saved views" { (links("Views", &shell.views)) }
            }
            nav class="nav nav-views" id="favourites" aria-label="Favourites" hidden[shell.favourites.is_empty()] { (links("Favourites", &shell.favourites)) }
            nav class="nav nav-foot" aria-label="Settings" {
                div class="nav-heading" { "Settings" }
                @for item in visible(shell.role).filter(|item| item.settings) { (line(item)) }
            }
        }
    }
}

fn links(heading: &str, all: &[SidebarLink]) -> Markup {
    html! {
        div class="nav-heading" { (heading) }
        @for link in all {
            a class="nav-item" href=(link.href) title=(link.name) aria-current=[link.current.then_some("page")] {
                span class="truncate-line" { (link.name) }
            }
        }
    }
}

/// The favourites of the sidebar anew, for an answer that comes after the page.
pub fn favourites_again(all: &[SidebarLink]) -> Markup {
    html! {
        nav class="nav nav-views" id="favourites" aria-label="Favourites" hidden[all.is_empty()] hx-swap-oob="true" { (links("Favourites", all)) }
    }
}

fn account_menu(shell: &Shell) -> Markup {
    let theme = |value: &str, icon: Icon, label: &str| {
        html! { button type="button" data-theme-set=(value) aria-pressed="false" { (icon) (label) } }
    };
    html! {
        div class="menu" id="account-menu" popover="auto" {
            div class="menu-head" { b { (shell.user_name) } small { (shell.user_email) " · " (shell.role.name()) } }
            div class="segmented" role="group" aria-label="Theme" data-stay {
                (theme("light", Icon::Sun, "Light")) (theme("dark", Icon::Moon, "Dark")) (theme("system", Icon::System, "Auto"))
            }
            hr;
            // Asked for once somebody opens the menu: most people belong to one organization.
            div hx-get="/switch-organization" hx-trigger="toggle once from:#account-menu" hx-swap="outerHTML" {}
            (menu_link(Icon::Guide, help::NAME, help::PATH, Attributes::new()))
            button class="menu-item" type="button" data-shortcuts-open { (Icon::Help) span { "Keyboard shortcuts" } (kbd("?")) }
            form method="post" action="/sign-out" { button class="menu-item" type="submit" { (Icon::SignOut) span { "Sign out" } } }
        }
    }
}

fn toasts() -> Markup {
    html! {
        div id="toasts" popover="manual" role="status" aria-live="polite" aria-label="Messages" hx-morph-skip {}
        template id="toast-icon-success" { (Icon::Success) }
        template id="toast-icon-error" { (Icon::Error) }
        template id="toast-icon-info" { (Icon::Info) }
    }
}

/// Sheet, question, shortcuts, palette and toasts: once per page, filled by script.
fn floats(role: Role) -> Markup {
    html! {
        dialog class="sheet" id="sheet" aria-labelledby="sheet-title" { div id="sheet-body" {} }
        dialog class="window" id="confirm" aria-labelledby="confirm-title" aria-describedby="confirm-text" {
            form class="window-frame" method="dialog" {
                h2 id="confirm-title" data-confirm-part="title" { "Are you sure?" }
                p class="muted" id="confirm-text" data-confirm-part="text" {}
                div class="form-field" data-confirm-part="typing" hidden {
                    label for="confirm-word" { "Type " b data-confirm-part="word" {} " to go on" }
                    input class="input" type="text" id="confirm-word" autocomplete="off" spellcheck="false" data-confirm-part="input";
                }
                footer {
                    button class="btn" data-variant="outline" type="button" data-dialog-close data-confirm-part="cancel" { "Cancel" }
                    button class="btn" data-variant="destructive-solid" value="ok" data-confirm-part="ok" { "Delete" }
                }
            }
        }
        dialog class="window" id="shortcuts" aria-labelledby="shortcuts-title" data-light-dismiss {
            div class="window-frame" {
                header { h2 id="shortcuts-title" { "Keyboard shortcuts" } (icon_button(Icon::Close, "Close").small().attr("data-dialog-close", "")) }
                dl class="shortcut-list" {
                    @for (keys, label) in [(&["Ctrl", "K"][..], "Find or do anything"), (&["/"], "Search this list"), (&["J", "K"], "Next and previous row"),
                        (&["Enter"], "Open the row"), (&["P"], "Look at the row in a sheet"), (&["X"], "Choose the row"), (&["Ctrl", "Enter"], "Send a note or another long text"), (&["Esc"], "Close, or clear the selection"), (&["?"], "This list")] {
                        div { dt { @for key in keys { (kbd(key)) } } dd { (label) } }
                    }
                }
                h3 { "On this page" }
                dl class="shortcut-list" data-shortcut-list {}
            }
        }
        dialog class="palette" id="palette" aria-label="Find or do" {
            div {
                div class="palette-head" {
                    (Icon::Search)
                    input type="text" name="q" placeholder="Find a customer or type a command…" aria-label="Find or do" role="combobox" aria-expanded="true"
                        aria-controls="palette-list" aria-autocomplete="list" autocomplete="off" spellcheck="false" data-palette-input
                        hx-get="/search" hx-trigger="input changed delay:120ms, palette-open" hx-target="#palette-results" hx-sync="this:replace";
                    (kbd("Esc"))
                }
                div class="palette-list" id="palette-list" role="listbox" aria-label="Results" {
                    div id="palette-results" role="presentation" {}
                    (palette_group("Go to", html! { @for item in visible(role) {
                        div role="presentation" data-palette-slot { (palette_item(item.icon, item.label, if item.settings { "Settings" } else { "" }, item.href)) }
                    } }))
                    (palette_group(help::NAME, html! {
                        div role="presentation" data-palette-slot { (palette_item(Icon::Guide, help::NAME, "", help::PATH)) }
                        @for guide in Guide::ALL {
                            div role="presentation" data-palette-slot { (palette_item(guide.icon(), guide.title(), "Guide", &guide.href())) }
                        }
                    }))
                    p class="palette-none" data-palette-empty hidden { "Nothing found." }
                }
            }
        }
        (toasts())
        div class="sr-only" id="announcer" role="status" aria-live="polite" {}
    }
}

/// The face of an error page inside [`bare_page`]: what happened, the request id if there is one, a way on.
pub fn error_content(title: &str, text: &str, request_id: Option<&str>) -> Markup {
    html! {
        div class="empty-state" {
            span class="empty-icon" { (Icon::Warning) }
            h1 { (title) }
            p { (super::format::sentence(text)) }
            div class="empty-action" { (link_button("Back to the start", "/").primary()) }
            @if let Some(id) = request_id { p class="form-hint" { "Request " code { (id) } (copy_button(id, "Copy the request's id")) } }
        }
    }
}

/// The primary action of a list page: opens its form in the sheet, or as a page where there is no script.
pub fn new_button(label: &str, href: &str, key: &'static str) -> Markup {
    html! { (link_button(label, href).primary().icon(Icon::Plus).key(key).opens_sheet(href)) }
}

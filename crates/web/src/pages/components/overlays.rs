//! What opens over a page: menus, the sheet's inside, questions, entries of the palette.

use maud::{Markup, Render, html};

use super::{Attributes, Button, button, icon_button};
use crate::pages::Icon;

/// A menu under a button. `id` must be unique on the page; `end` aligns right edges. `items` are [`menu_link`]s,
/// [`menu_item`]s and [`menu_divider`]s, or anything else.
pub fn menu(id: &str, opener: Button, end: bool, items: Markup) -> Markup {
    html! {
        (opener.attr("popovertarget", id).attr("aria-expanded", "false").attr("aria-haspopup", "true"))
        div class="menu" id=(id) popover="auto" data-align=[end.then_some("end")] { (items) }
    }
}

/// An entry that leads somewhere.
pub fn menu_link(icon: Icon, label: &str, href: &str, attributes: Attributes) -> Markup {
    Attributes::new()
        .set("class", "menu-item")
        .set("href", href)
        .and(attributes)
        .element("a", &html! { (icon) span { (label) } })
}

/// An entry that does something: give it `hx-post` and the like, or `type=submit` with `form`.
pub fn menu_item(icon: Icon, label: &str, destructive: bool, attributes: Attributes) -> Markup {
    Attributes::new()
        .set("class", "menu-item")
        .set("type", "button")
        .set_some("data-variant", destructive.then_some("destructive"))
        .and(attributes)
        .element("button", &html! { (icon) span { (label) } })
}

/// A line between entries.
pub fn menu_divider() -> Markup {
    html! { hr; }
}

/// Attributes that ask before a button, link or form acts. `text` says what will happen, `action` names the button;
/// `word` must be typed when it cannot be undone.
pub fn confirm_attributes(title: &str, text: &str, action: &str, word: Option<&str>) -> Attributes {
    Attributes::new()
        .set("data-confirm", text)
        .set("data-confirm-title", title)
        .set("data-confirm-button", action)
        .set_some("data-confirm-type", word)
}

/// The inside of the side sheet, as an answer to `hx-target="#sheet-body"`. For a form, wrap the body's fields and
/// [`sheet_footer`] in the form: `sheet` takes the form's attributes, or none to show without one.
pub fn sheet(title: &str, form: Option<Attributes>, body: Markup, footer: Markup) -> Markup {
    let inside = html! {
        header {
            h2 id="sheet-title" { (title) }
            (icon_button(Icon::Close, "Close").attr("data-sheet-close", ""))
        }
        div class="sheet-content" { (body) }
        @if !footer.0.is_empty() { footer { (footer) } }
    };
    let attributes = Attributes::new().set("class", "sheet-frame");
    match form {
        Some(form) => attributes
            .set("novalidate", "")
            .and(form)
            .element("form", &inside),
        None => attributes.element("div", &inside),
    }
}

/// The usual end of a sheet's form: cancel, and the one action.
pub fn sheet_footer(action: &str) -> Markup {
    html! { (button("Cancel").attr("data-sheet-close", "")) (button(action).primary().submit()) }
}

/// Entries of the command palette under a heading, as an answer to `/search`.
pub fn palette_group(heading: &str, items: Markup) -> Markup {
    html! {
        @if !items.0.is_empty() {
            div role="group" aria-label=(heading) data-palette-group {
                div class="palette-heading" aria-hidden="true" { (heading) }
                (items)
            }
        }
    }
}

/// An entry of the command palette: something before the words (icon or avatar), the words, a note, and where it leads.
pub fn palette_item(before: impl Render, label: &str, note: &str, href: &str) -> Markup {
    html! {
        a class="palette-item" role="option" aria-selected="false" tabindex="-1" href=(href) {
            (before) span class="truncate-line" { (label) }
            @if !note.is_empty() { span class="muted" { (note) } }
        }
    }
}

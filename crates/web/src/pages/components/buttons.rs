//! Buttons and links that look like them.

use maud::{Markup, Render, html};

use super::Attributes;
use crate::pages::Icon;

/// How much a button asks for attention. One primary per page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Kind {
    /// The one main action.
    Primary,
    /// Everything beside it.
    #[default]
    Outline,
    /// In toolbars and rows.
    Ghost,
    /// Leads to something destructive.
    Destructive,
    /// As plain text.
    Link,
}

/// A button or link, built step by step; rendered where it is put into a page.
#[derive(Clone, Debug)]
pub struct Button {
    text: String,
    kind: Kind,
    icon: Option<Icon>,
    key: Option<&'static str>,
    only_icon: bool,
    small: bool,
    href: Option<String>,
    submit: bool,
    attributes: Attributes,
}

/// A button that does something here: `button("Save").primary().submit()`.
pub fn button(text: impl Into<String>) -> Button {
    Button {
        text: text.into(),
        kind: Kind::Outline,
        icon: None,
        key: None,
        only_icon: false,
        small: false,
        href: None,
        submit: false,
        attributes: Attributes::new(),
    }
}

/// A link that looks like a button and leads to another page.
pub fn link_button(text: impl Into<String>, href: impl Into<String>) -> Button {
    Button {
        href: Some(href.into()),
        ..button(text)
    }
}

/// A link of an icon alone; the label is read out and shown on hover.
pub fn icon_link(icon: Icon, label: impl Into<String>, href: impl Into<String>) -> Button {
    Button {
        icon: Some(icon),
        only_icon: true,
        kind: Kind::Ghost,
        ..link_button(label, href)
    }
}

/// A button of an icon alone; the label is read out and shown on hover.
pub fn icon_button(icon: Icon, label: impl Into<String>) -> Button {
    Button {
        icon: Some(icon),
        only_icon: true,
        kind: Kind::Ghost,
        ..button(label)
    }
}

/// A small button that copies a text.
pub fn copy_button(text: impl Into<String>, label: impl Into<String>) -> Button {
    icon_button(Icon::Copy, label).small().attr("data-copy", text)
}

impl Button {
    /// The one main action of the page or form.
    #[must_use]
    pub fn primary(self) -> Self {
        self.kind(Kind::Primary)
    }
    /// Without a border.
    #[must_use]
    pub fn ghost(self) -> Self {
        self.kind(Kind::Ghost)
    }
    /// In the colour of danger.
    #[must_use]
    pub fn destructive(self) -> Self {
        self.kind(Kind::Destructive)
    }
    /// Any kind.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }
    /// An icon before the words.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }
    /// The less tall one, for toolbars inside panels.
    #[must_use]
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }
    /// Pressed by this key as well, which it shows, and which the `?` dialog lists.
    #[must_use]
    pub fn key(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }
    /// Sends its form.
    #[must_use]
    pub fn submit(mut self) -> Self {
        self.submit = true;
        self
    }
    /// Not usable now.
    #[must_use]
    pub fn disabled(mut self, disabled: bool) -> Self {
        let name = if self.href.is_some() {
            "aria-disabled"
        } else {
            "disabled"
        };
        if disabled {
            self.attributes = self.attributes.set(name, "true");
        }
        self
    }
    /// Any further attribute.
    #[must_use]
    pub fn attr(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes = self.attributes.set(name, value);
        self
    }
    /// Several further attributes, such as [`super::confirm_attributes`].
    #[must_use]
    pub fn attrs(mut self, attributes: Attributes) -> Self {
        self.attributes = self.attributes.and(attributes);
        self
    }
    /// Opens the side sheet with what the address answers. As a link it still works without script.
    #[must_use]
    pub fn opens_sheet(self, url: impl Into<String>) -> Self {
        self.attr("hx-get", url).attr("hx-target", "#sheet-body")
    }
    /// Posts to the address and puts the answer into the target (a CSS selector; `none` swaps nothing).
    #[must_use]
    pub fn posts(self, url: impl Into<String>, target: &str) -> Self {
        let posting = self.attr("hx-post", url);
        if target == "none" {
            posting.attr("hx-swap", "none")
        } else {
            posting.attr("hx-target", target)
        }
    }
}

impl Render for Button {
    fn render(&self) -> Markup {
        let variant = match self.kind {
            Kind::Primary => "primary",
            Kind::Outline => "outline",
            Kind::Ghost => "ghost",
            Kind::Destructive => "destructive",
            Kind::Link => "link",
        };
        let size = match (self.only_icon, self.small) {
            (true, true) => Some("icon-sm"),
            (true, false) => Some("icon"),
            (false, true) => Some("sm"),
            (false, false) => None,
        };
        let mut attributes = Attributes::new()
            .set("class", "btn")
            .set("data-variant", variant)
            .set_some("data-size", size);
        if self.only_icon {
            attributes = attributes.set("aria-label", &self.text).set("title", &self.text);
        }
        if let Some(key) = self.key {
            attributes = attributes
                .set("data-key", key)
                .set("data-key-label", &self.text)
                .set("aria-keyshortcuts", key);
        }
        attributes = match &self.href {
            Some(href) => attributes.set("href", href),
            None => attributes.set("type", if self.submit { "submit" } else { "button" }),
        };
        let inner = html! {
            @if let Some(icon) = self.icon { (icon) }
            @if !self.only_icon { (self.text) }
            @if let Some(key) = self.key.filter(|_| !self.only_icon) {
                kbd class="kbd" aria-hidden="true" { (key.to_uppercase()) }
            }
        };
        let tag = if self.href.is_some() { "a" } else { "button" };
        attributes.and(self.attributes.clone()).element(tag, &inner)
    }
}

//! Form fields: label, control, hint and fault, tied together for assistive technology.

use maud::{Markup, Render, html};
use regulars_kernel::Fault;

use super::Attributes;
use crate::pages::Icon;

/// One option of a select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
        }
    }
}

#[derive(Clone, Debug)]
enum Control {
    Input(&'static str),
    Area,
    Select(Vec<Choice>),
    Check(bool),
}

/// A field, built step by step: `text_field("name", "Name").value(name).required()`. Its name is the pointer of its
/// faults without the first slash, as in `attributes/shoe_size`.
#[derive(Clone, Debug)]
pub struct Field {
    name: String,
    label: String,
    control: Control,
    value: String,
    hint: Option<String>,
    errors: Vec<String>,
    required: bool,
    prefix: String,
    wide: bool,
    attributes: Attributes,
}

fn field(name: impl Into<String>, label: impl Into<String>, control: Control) -> Field {
    Field {
        name: name.into(),
        label: label.into(),
        control,
        value: String::new(),
        hint: None,
        errors: Vec::new(),
        required: false,
        prefix: "field".to_owned(),
        wide: false,
        attributes: Attributes::new(),
    }
}

/// One line of text.
pub fn text_field(name: impl Into<String>, label: impl Into<String>) -> Field {
    field(name, label, Control::Input("text"))
}
/// An e-mail address. The server judges it, so the browser's own check is left out of forms with `novalidate`.
pub fn email_field(name: impl Into<String>, label: impl Into<String>) -> Field {
    field(name, label, Control::Input("email"))
}
/// A password; say with `autocomplete` whether it is the current or a new one.
pub fn password_field(name: impl Into<String>, label: impl Into<String>) -> Field {
    field(name, label, Control::Input("password"))
}
/// A phone number.
pub fn tel_field(name: impl Into<String>, label: impl Into<String>) -> Field {
    field(name, label, Control::Input("tel"))
}
/// A web address.
pub fn url_field(name: impl Into<String>, label: impl Into<String>) -> Field {
    field(name, label, Control::Input("url"))
}
/// A number, as text with a numeric keyboard, so that what was typed always reaches the server unchanged.
pub fn number_field(name: impl Into<String>, label: impl Into<String>) -> Field {
    field(name, label, Control::Input("text")).attr("inputmode", "decimal")
}
/// A date.
pub fn date_field(name: impl Into<String>, label: impl Into<String>) -> Field {
    field(name, label, Control::Input("date"))
}
/// Several lines of text.
pub fn textarea_field(name: impl Into<String>, label: impl Into<String>) -> Field {
    field(name, label, Control::Area)
}
/// One of several choices.
pub fn select_field(name: impl Into<String>, label: impl Into<String>, choices: Vec<Choice>) -> Field {
    field(name, label, Control::Select(choices))
}
/// Yes or no; sends `true` when ticked and nothing otherwise.
pub fn checkbox_field(name: impl Into<String>, label: impl Into<String>, checked: bool) -> Field {
    field(name, label, Control::Check(checked))
}

impl Field {
    /// What it holds now.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }
    /// A sentence of help below it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// What is wrong with it, if anything.
    #[must_use]
    pub fn error(mut self, error: Option<impl Into<String>>) -> Self {
        self.errors.extend(error.map(Into::into));
        self
    }
    /// Takes what concerns it from all faults: those whose pointer is `/name`.
    #[must_use]
    pub fn faults(mut self, faults: &[Fault]) -> Self {
        let ours = faults
            .iter()
            .filter(|fault| fault.pointer.strip_prefix('/') == Some(self.name.as_str()));
        self.errors.extend(ours.map(|fault| fault.message.clone()));
        self
    }
    /// Must be filled in.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }
    /// What the browser may fill in, as in `autocomplete="current-password"`.
    #[must_use]
    pub fn autocomplete(self, value: &str) -> Self {
        self.attr("autocomplete", value)
    }
    /// Has the focus when its page or sheet opens.
    #[must_use]
    pub fn autofocus(mut self) -> Self {
        self.attributes = self.attributes.flag("autofocus", true);
        self
    }
    /// Spans both columns of a `form-grid`.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }
    /// Distinguishes ids where the same name appears twice on a page.
    #[must_use]
    pub fn in_form(mut self, form: impl Into<String>) -> Self {
        self.prefix = form.into();
        self
    }
    /// Any further attribute of the control.
    #[must_use]
    pub fn attr(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes = self.attributes.set(name, value);
        self
    }

    fn id(&self) -> String {
        format!("{}-{}", self.prefix, self.name.replace('/', "-"))
    }

    fn control(&self) -> Markup {
        let id = self.id();
        let described: Vec<_> = [
            (!self.errors.is_empty()).then(|| format!("{id}-error")),
            self.hint.as_ref().map(|_| format!("{id}-hint")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let base = Attributes::new()
            .set("id", &id)
            .set("name", &self.name)
            .flag("required", self.required)
            .set_some("aria-invalid", (!self.errors.is_empty()).then_some("true"))
            .set_some(
                "aria-describedby",
                (!described.is_empty()).then(|| described.join(" ")),
            )
            .and(self.attributes.clone());
        match &self.control {
            Control::Input(kind) => base
                .set("type", *kind)
                .set("class", "input")
                .set("value", &self.value)
                .void_element("input"),
            // The leading line break is dropped by the parser; without it a value starting with one would lose it.
            Control::Area => base
                .set("class", "textarea")
                .set("rows", "3")
                .element("textarea", &html! { "\n" (self.value) }),
            Control::Select(choices) => base.set("class", "select").element(
                "select",
                &html! { @for choice in choices {
                    option value=(choice.value) selected[choice.value == self.value] { (choice.label) }
                } },
            ),
            Control::Check(checked) => base
                .set("type", "checkbox")
                .set("class", "input")
                .set("value", "true")
                .flag("checked", *checked)
                .void_element("input"),
        }
    }
}

impl Render for Field {
    fn render(&self) -> Markup {
        let id = self.id();
        let mark = html! { @if self.required { span class="required" aria-hidden="true" { "*" } } };
        let below = html! {
            @if !self.errors.is_empty() {
                p class="form-error" id={ (id) "-error" } { (Icon::Error) span { (self.errors.join(" ")) } }
            }
            @if let Some(hint) = &self.hint { p class="form-hint" id={ (id) "-hint" } { (hint) } }
        };
        if matches!(self.control, Control::Check(_)) {
            return html! {
                div class={ "form-check" @if self.wide { " span-all" } } {
                    (self.control()) label for=(id) { (self.label) (mark) } (below)
                }
            };
        }
        html! {
            div class={ "form-field" @if self.wide { " span-all" } } {
                label for=(id) { (self.label) (mark) } (self.control()) (below)
            }
        }
    }
}

/// Every fault of a form above it, each leading to its field; takes the focus when it appears. Nothing without faults.
pub fn form_errors(faults: &[Fault]) -> Markup {
    html! {
        @if !faults.is_empty() {
            div class="notice tone-red" role="alert" tabindex="-1" data-form-errors {
                (Icon::Error)
                strong { @if faults.len() == 1 { "Please correct one thing" } @else { (faults.len()) " things to correct" } }
                ul { @for fault in faults {
                    li { @match fault.pointer.strip_prefix('/').filter(|name| !name.is_empty()) {
                        Some(name) => a href={ "#field-" (name.replace('/', "-")) } { (fault.message) },
                        None => (fault.message),
                    } }
                } }
            }
        }
    }
}

/// A place to drop or choose a file, for use inside `<form data-upload method="post" enctype="multipart/form-data">`,
/// with progress and status below it.
pub fn file_drop(name: &str, label: &str, hint: &str, accept: &str) -> Markup {
    html! {
        label class="dropzone" data-dropzone {
            (Icon::Imports)
            b { (label) }
            span class="form-hint" { (hint) }
            span data-upload-name {}
            input type="file" name=(name) accept=(accept) required;
        }
        progress class="bar" data-upload-progress hidden value="0" max="1" aria-label="Upload" {}
        p class="form-hint" data-upload-status role="status" {}
        div data-upload-answer {}
    }
}

//! The fields of a customer, in groups: the sheet and the steps of a company show the same.

use maud::{Markup, html};
use regulars_kernel::Fault;
use regulars_web::pages::{
    Choice, Field, Tone, checkbox_field, date_field, email_field, notice, number_field, select_field,
    tel_field, text_field, textarea_field, url_field,
};

use super::{
    form::{Typed, short},
    record::Linked,
    words,
};
use regulars_customers::model::Choice as Values;

/// An attribute as a field of a form.
#[derive(Clone, Debug)]
pub(crate) struct AttributeField {
    pub name: String,
    pub label: String,
    /// `text`, `number`, `boolean`, `date`, `select`, `url` or `list`.
    pub kind: String,
    pub options: Vec<(String, String)>,
    pub required: bool,
}

impl AttributeField {
    pub(crate) fn field(&self) -> String {
        format!("attributes/{}", self.name)
    }
}

/// What the form offers besides its fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offered {
    pub attributes: Vec<AttributeField>,
    /// Members: id and name.
    pub owners: Vec<(String, String)>,
    pub tags: Vec<String>,
    pub currency: String,
}

/// The fields with what was typed and what is wrong with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    pub typed: &'a Typed,
    pub faults: &'a [Fault],
    pub offered: &'a Offered,
}

impl Fields<'_> {
    /// With what was typed in it.
    pub(crate) fn fill(&self, field: Field, name: &str) -> Field {
        field
            .value(self.typed.get(name))
            .faults(self.faults)
            .autocomplete("off")
    }

    /// One line of text.
    pub(crate) fn text(&self, name: &'static str, label: &str) -> Field {
        self.fill(text_field(name, label), name)
    }

    /// One of the values that there are.
    pub(crate) fn select<T: Values>(&self, name: &'static str) -> Field {
        let choices = T::ALL
            .iter()
            .map(|choice| Choice::new(choice.as_str(), words::sentence(choice.as_str())))
            .collect();
        select_field(name, words::field(name), choices)
            .value(self.typed.get(name))
            .faults(self.faults)
    }

    /// Their address.
    pub(crate) fn email(&self) -> Field {
        self.fill(email_field("email", "E-mail"), "email")
    }

    /// Their number.
    pub(crate) fn phone(&self) -> Field {
        self.fill(tel_field("phone", "Phone"), "phone")
            .hint("With country code, or as dialled in the country of the address.")
    }

    /// Whether they were shown to be reached there. The script takes the tick away when the field it is about is written anew.
    pub(crate) fn verified(&self, name: &'static str, about: &str) -> Markup {
        html! {
            input type="hidden" name=(name) value="false";
            (checkbox_field(name, words::field(name), self.typed.ticked(name)).faults(self.faults).attr("data-about", about).wide())
        }
    }

    /// Who looks after them; nothing where nobody could.
    pub(crate) fn owner(&self) -> Markup {
        html! { @if !self.offered.owners.is_empty() { (self.fill(select_field("owner_id", "Owner", options(&self.offered.owners)), "owner_id")) } }
    }

    /// The tags of somebody new.
    pub(crate) fn tags(&self) -> Markup {
        html! {
            (self.text("tags", "Tags").hint("With commas between several.").attr("list", "form-tags").wide())
            datalist id="form-tags" { @for tag in &self.offered.tags { option value=(tag) {} } }
        }
    }

    /// What staff should know.
    pub(crate) fn internal_note(&self) -> Field {
        self.fill(textarea_field("internal_note", "Note for staff"), "internal_note")
            .wide()
    }

    /// The organization's own fields; nothing where it has none.
    pub(crate) fn attributes(&self) -> Markup {
        html! {
            @if !self.offered.attributes.is_empty() {
                h3 class="form-section" { "Your own fields" }
                div class="form-grid" { @for attribute in &self.offered.attributes { (self.attribute(attribute)) } }
            }
        }
    }

    fn attribute(&self, attribute: &AttributeField) -> Field {
        let name = attribute.field();
        let label = attribute.label.as_str();
        let yes_no = [
            ("true".to_owned(), "Yes".to_owned()),
            ("false".to_owned(), "No".to_owned()),
        ];
        let field = match attribute.kind.as_str() {
            "number" => number_field(name.clone(), label),
            "boolean" => select_field(name.clone(), label, options(&yes_no)),
            "date" => date_field(name.clone(), label),
            "select" => select_field(
                name.clone(),
                label,
                options(&with_current(&attribute.options, self.typed.get(&name))),
            ),
            "url" => url_field(name.clone(), label).wide(),
            "list" if attribute.options.is_empty() => textarea_field(name.clone(), label)
                .hint("One on each line.")
                .wide(),
            "list" => {
                let possible: Vec<_> = attribute
                    .options
                    .iter()
                    .map(|(value, _)| value.as_str())
                    .collect();
                let hint = format!("One on each line, of: {}.", short(&possible.join(", "), 300));
                textarea_field(name.clone(), label).hint(hint).wide()
            }
            _ => text_field(name.clone(), label).wide(),
        };
        let field = field
            .value(self.typed.get(&name))
            .faults(self.faults)
            .autocomplete("off");
        if attribute.required {
            field.required()
        } else {
            field
        }
    }
}

/// Whose the address is already, with the way there.
pub(crate) fn already(existing: &Linked) -> Markup {
    let href = format!("/customers/{}", existing.id);
    notice(
        Tone::Blue,
        "Already a customer",
        html! { "The address belongs to " a href=(href) { (existing.name) } ". " a href=(href) { "Use this one" } },
    )
}

fn options(pairs: &[(String, String)]) -> Vec<Choice> {
    [Choice::new("", "–")]
        .into_iter()
        .chain(pairs.iter().map(|(value, label)| Choice::new(value, label)))
        .collect()
}

/// The options and the value as it is, which may be none of them any more: saving must not lose it silently.
fn with_current(all: &[(String, String)], current: &str) -> Vec<(String, String)> {
    let mut all = all.to_vec();
    if !current.is_empty() && !all.iter().any(|(value, _)| value == current) {
        all.push((current.to_owned(), current.to_owned()));
    }
    all
}

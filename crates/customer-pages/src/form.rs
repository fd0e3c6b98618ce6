//! What a person typed, kept as it was typed: forms are drawn from it, so that a refused one comes back unchanged.

use axum::extract::{FromRequest, Request};
use maud::{Markup, html};
use regulars_kernel::Fault;
use regulars_web::{
    AppState, FormBody, PageError,
    pages::{Attributes, form_errors, sheet, sheet_footer},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The sheet of a form that is sent to `url` by its one button, with the version that it was drawn from.
pub(crate) fn sheet_form(
    title: &str,
    url: &str,
    button: &str,
    typed: &Typed,
    faults: &[Fault],
    fields: Markup,
) -> Markup {
    sheet_form_with(title, url, button, typed, faults, Attributes::new(), fields)
}

/// The same with attributes of its form.
pub(crate) fn sheet_form_with(
    title: &str,
    url: &str,
    button: &str,
    typed: &Typed,
    faults: &[Fault],
    attributes: Attributes,
    fields: Markup,
) -> Markup {
    let version = typed.get("version");
    sheet(
        title,
        Some(
            Attributes::new()
                .set("method", "post")
                .set("action", url)
                .set("hx-post", url)
                .set("hx-target", "#sheet-body")
                .and(attributes),
        ),
        html! {
            (form_errors(faults))
            @if !version.is_empty() { input type="hidden" name="version" value=(version); }
            (fields)
        },
        sheet_footer(button),
    )
}

/// How a choice between two values of a field is named, and how their value.
pub(crate) const CHOOSE: &str = "choose/";
pub(crate) const THEIRS: &str = "theirs/";

/// The fields of a form by name; several of one name are kept in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Typed(Vec<(String, String)>);

impl Typed {
    /// Nothing typed yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Reads `application/x-www-form-urlencoded`.
    pub(crate) fn parse(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self(pairs.collect())
    }

    /// Sets a field that a record has a value for.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// With their value in each field where somebody, asked which of two stays, chose theirs.
    #[must_use]
    pub(crate) fn chosen(self) -> Self {
        let theirs: Vec<(String, String)> = self
            .names()
            .filter_map(|name| name.strip_prefix(CHOOSE))
            .filter(|name| self.get(&format!("{CHOOSE}{name}")) == "theirs")
            .map(|name| (name.to_owned(), self.get(&format!("{THEIRS}{name}")).to_owned()))
            .collect();
        theirs
            .iter()
            .fold(self, |typed, (name, value)| typed.with(name, value))
    }

    /// Sets a field if there is a value.
    #[must_use]
    pub(crate) fn with_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A field as typed, empty if it is not there. The last of a name counts, so that a checkbox may follow its hidden default.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// All values of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The names of all fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// As the body of a form, to be carried in a hidden field.
    pub(crate) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }

    /// Whether a field was sent at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Whether a checkbox is ticked.
    pub(crate) fn ticked(&self, name: &str) -> bool {
        self.get(name) == "true"
    }

    /// The version that the form was drawn from.
    pub(crate) fn version(&self) -> Option<i32> {
        self.get("version").parse().ok()
    }

    /// The named fields as the body that the API takes: text trimmed of nothing, an empty field as null.
    pub(crate) fn texts(&self, names: &[&str]) -> Map<String, Value> {
        names
            .iter()
            .filter(|name| self.has(name))
            .map(|name| {
                let value = self.get(name);
                let value = if value.trim().is_empty() {
                    Value::Null
                } else {
                    Value::from(value.replace("\r\n", "\n"))
                };
                ((*name).to_owned(), value)
            })
            .collect()
    }
}

impl FromRequest<AppState> for Typed {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, PageError> {
        let FormBody(bytes) = FormBody::from_request(request, state).await?;
        Ok(Self::parse(&bytes))
    }
}

/// A text in one line and at most so many letters, for messages.
pub(crate) fn short(value: &str, most: usize) -> String {
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back_as_it_was() {
        let typed =
            Typed::parse("email=+Ada%40Example.com&note=a%0D%0Ab&tag=x&tag=y&empty=&primary=true".as_bytes());
        assert_eq!(typed.get("email"), " Ada@Example.com");
        assert_eq!(typed.all("tag").collect::<Vec<_>>(), ["x", "y"]);
        assert!(typed.ticked("primary"));
        let body = typed.texts(&["note", "empty", "absent"]);
        assert_eq!(
            Value::Object(body),
            serde_json::json!({"note": "a\nb", "empty": null})
        );
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        assert_eq!(short("Straße nach Süden", 8), "Straße…");
        assert_eq!(short("a\r\n b", 8), "a b");
    }
}

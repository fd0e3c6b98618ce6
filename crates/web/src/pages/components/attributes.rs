//! Extra attributes of a part (htmx, data), because maud's own syntax only takes names known while compiling.

use maud::{Markup, PreEscaped, html};

/// Attributes in the order they were added. Names are literals of ours; values are escaped when written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<(&'static str, Option<String>)>);

impl Attributes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces `name="value"`.
    #[must_use]
    pub fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.put(name, Some(value.into()));
        self
    }

    /// Adds `name="value"` if there is a value.
    #[must_use]
    pub fn set_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Adds a bare `name` when the condition holds.
    #[must_use]
    pub fn flag(mut self, name: &'static str, on: bool) -> Self {
        if on {
            self.put(name, None);
        }
        self
    }

    fn put(&mut self, name: &'static str, value: Option<String>) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// Adds all of another's.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (name, value) in other.0 {
            self.put(name, value);
        }
        self
    }

    fn write(&self, out: &mut String) {
        for (name, value) in &self.0 {
            out.push(' ');
            out.push_str(name);
            if let Some(value) = value {
                out.push_str("=\"");
                out.push_str(&html! { (value) }.into_string());
                out.push('"');
            }
        }
    }

    /// `<tag …>inner</tag>`.
    pub fn element(&self, tag: &'static str, inner: &Markup) -> Markup {
        let mut out = format!("<{tag}");
        self.write(&mut out);
        out.push('>');
        out.push_str(&inner.0);
        out.push_str("</");
        out.push_str(tag);
        out.push('>');
        PreEscaped(out)
    }

    /// `<tag …>` for elements without content, such as `input`.
    pub fn void_element(&self, tag: &'static str) -> Markup {
        let mut out = format!("<{tag}");
        self.write(&mut out);
        out.push('>');
        PreEscaped(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_names_are_written_once() {
        let attributes = Attributes::new()
            .set("title", "a")
            .set("title", "\"><script>")
            .flag("hidden", true);
        assert_eq!(
            attributes.element("p", &html! { "x" }).into_string(),
            "<p title=\"&quot;&gt;&lt;script&gt;\" hidden>x</p>"
        );
    }
}

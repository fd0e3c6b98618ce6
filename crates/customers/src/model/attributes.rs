//! Custom attributes: fields that an organization adds, each with a type, and the check of values against it.
//!
//! A number is kept as JSON number; one that would lose digits there (more than 15) is refused, so that what comes
//! back is what was given.

use chrono::{DateTime, NaiveDate, Utc};
use regulars_kernel::{Faults, Patch, ids::AttributeId, text};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::{
    Choice,
    choices::choices,
    defaults::{choice, line},
};

choices! {
    /// What values an attribute holds.
    AttributeKind {
        Text = "text", Number = "number", Boolean = "boolean", Date = "date", Select = "select", Url = "url",
        List = "list",
    }
}

/// A field that the organization added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttributeDefinition {
    /// Its id.
    pub id: AttributeId,
    /// Rises with each change; the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// Its key in `attributes`; never changes.
    #[schema(example = "shoe_size")]
    pub name: String,
    /// What people read.
    #[schema(example = "Shoe size")]
    pub label: String,
    /// What values it holds; never changes.
    pub kind: AttributeKind,
    /// For `select` and `list`: the possible values. A list without options takes any words.
    #[schema(example = json!([]))]
    pub options: Vec<String>,
    /// Whether every customer that is created or replaced needs a value.
    pub required: bool,
    /// Where it stands among the others, from the smallest number.
    #[schema(example = 10)]
    pub position: i32,
    /// Since when it takes no new values.
    #[schema(example = json!(null))]
    pub archived_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a definition should be, as a merge patch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"name": "shoe_size", "label": "Shoe size", "kind": "number"}))]
pub struct AttributeInput {
    /// Its key: lower case letters, digits and `_`, at most 60. Only when it is made.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, pattern = "^[a-z][a-z0-9_]{0,59}$")]
    pub name: Patch<String>,
    /// What people read; made of the name where it is not said.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 100)]
    pub label: Patch<String>,
    /// What values it holds. Only when it is made.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<AttributeKind>)]
    pub kind: Patch<String>,
    /// For `select` and `list`: the possible values.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<String>>)]
    pub options: Patch<Vec<String>>,
    /// Whether every customer that is created or replaced needs a value.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub required: Patch<bool>,
    /// Where it stands among the others.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<i32>)]
    pub position: Patch<i32>,
    /// Whether it takes no new values.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub archived: Patch<bool>,
}

/// Most options of one definition.
const MAX_OPTIONS: usize = 200;
/// Longest text value, in characters.
const MAX_TEXT: usize = 2_000;

impl AttributeDefinition {
    /// A definition that says nothing yet.
    pub fn blank(now: DateTime<Utc>) -> Self {
        Self {
            id: AttributeId::new(),
            version: 1,
            name: String::new(),
            label: String::new(),
            kind: AttributeKind::Text,
            options: Vec::new(),
            required: false,
            position: 0,
            archived_at: None,
            created_at: now,
            updated_at: now,
        }
    }
}

impl AttributeInput {
    /// Takes it over into a definition; `new` says whether it is just being made.
    pub fn apply(&self, to: &mut AttributeDefinition, new: bool, now: DateTime<Utc>, faults: &mut Faults) {
        if new {
            let given = self.name.clone().value().unwrap_or_default();
            if is_name(&given) {
                to.name = given;
            } else {
                let message =
                    "a name has lower case letters, digits and _, begins with a letter and has at most 60";
                faults.add("/name", "name_invalid", message);
            }
            if self.kind.is_keep() {
                faults.add("/kind", "missing", "say what values it holds");
            }
            choice(&mut to.kind, &self.kind, "/kind", faults);
        } else {
            if matches!(&self.name, Patch::Set(name) if *name != to.name) || self.name == Patch::Clear {
                faults.add(
                    "/name",
                    "not_changeable",
                    "the name of an attribute never changes; change its label",
                );
            }
            if matches!(&self.kind, Patch::Set(kind) if kind != to.kind.as_str()) || self.kind == Patch::Clear
            {
                faults.add(
                    "/kind",
                    "not_changeable",
                    "the kind of an attribute never changes; make another one",
                );
            }
        }
        if !self.label.is_keep() || to.label.is_empty() {
            let mut label = None;
            line(&mut label, &self.label, 100, "/label", faults);
            to.label = label.unwrap_or_else(|| label_of(&to.name));
        }
        match &self.options {
            Patch::Keep => {}
            Patch::Clear => to.options.clear(),
            Patch::Set(options) => to.options = check_options(options, faults),
        }
        match (to.kind, to.options.is_empty()) {
            (AttributeKind::Select, true)
                if !faults.0.iter().any(|fault| fault.pointer.starts_with("/options")) =>
            {
                faults.add("/options", "missing", "a select needs at least one option");
            }
            (AttributeKind::Select | AttributeKind::List, _) | (_, true) => {}
            (kind, false) => faults.add("/options", "not_possible", format!("a {kind} has no options")),
        }
        match self.required {
            Patch::Keep => {}
            Patch::Clear => to.required = false,
            Patch::Set(required) => to.required = required,
        }
        match self.position {
            Patch::Keep => {}
            Patch::Clear => to.position = 0,
            Patch::Set(position) => to.position = position,
        }
        match self.archived {
            Patch::Keep => {}
            Patch::Set(true) => to.archived_at = to.archived_at.or(Some(now)),
            Patch::Clear | Patch::Set(false) => to.archived_at = None,
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= 60
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// `shoe_size` reads “Shoe size”.
fn label_of(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(
        || "?".to_owned(),
        |first| first.to_uppercase().chain(letters).collect(),
    )
}

fn check_options(given: &[String], faults: &mut Faults) -> Vec<String> {
    if given.len() > MAX_OPTIONS {
        faults.add("/options", "too_many", format!("at most {MAX_OPTIONS} options"));
        return Vec::new();
    }
    let mut options: Vec<String> = Vec::with_capacity(given.len());
    for (index, option) in given.iter().enumerate() {
        let place = format!("/options/{index}");
        match text::clean_line(option, 200) {
            Ok(option) if option.is_empty() => faults.add(place, "missing", "an option needs some text"),
            Ok(option) if options.contains(&option) => {
                faults.add(place, "repeated", "this option is there twice");
            }
            Ok(option) => options.push(option),
            Err(error) => faults.add(place, error.code(), error.to_string()),
        }
    }
    options
}

/// The definitions of an organization.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Definitions(pub Vec<AttributeDefinition>);

impl Definitions {
    /// The definition of this name.
    pub fn get(&self, name: &str) -> Option<&AttributeDefinition> {
        self.0.iter().find(|definition| definition.name == name)
    }

    /// Merges values into attributes: null clears, unknown names and wrong values are faults at `/attributes/NAME`.
    pub fn merge(&self, into: &mut Map<String, Value>, values: &Map<String, Value>, faults: &mut Faults) {
        for (name, value) in values {
            let place = || format!("/attributes/{}", name.replace('~', "~0").replace('/', "~1"));
            if value.is_null() {
                into.shift_remove(name);
                continue;
            }
            let Some(definition) = self.get(name) else {
                let shown: String = name.chars().take(60).collect();
                faults.add(
                    place(),
                    "attribute_unknown",
                    format!("there is no attribute “{shown}”; define it first"),
                );
                continue;
            };
            if into.get(name) == Some(value) {
                continue;
            }
            if definition.archived_at.is_some() {
                faults.add(
                    place(),
                    "attribute_archived",
                    format!("“{}” takes no new values", definition.label),
                );
                continue;
            }
            match definition.check(value) {
                Ok(value) => {
                    into.insert(name.clone(), value);
                }
                Err(message) => faults.add(place(), "attribute_invalid", message),
            }
        }
    }

    /// Notes every required attribute that has no value.
    pub fn check_required(&self, values: &Map<String, Value>, faults: &mut Faults) {
        for definition in self
            .0
            .iter()
            .filter(|one| one.required && one.archived_at.is_none())
        {
            if !values.contains_key(&definition.name) {
                missing(&definition.name, faults);
            }
        }
    }
}

/// Notes that a required attribute has no value.
pub fn missing(name: &str, faults: &mut Faults) {
    let place = format!("/attributes/{name}");
    if !faults.0.iter().any(|fault| fault.pointer == place) {
        faults.add(place, "missing", format!("the attribute “{name}” needs a value"));
    }
}

impl AttributeDefinition {
    /// The value as it is kept, or why it cannot be.
    pub fn check(&self, value: &Value) -> Result<Value, String> {
        match (self.kind, value) {
            (AttributeKind::Text, Value::String(given)) => clean(given, MAX_TEXT),
            (AttributeKind::Number, Value::Number(number)) => exact(&number.to_string()).map(Value::Number),
            (AttributeKind::Number, Value::String(text)) => exact(text.trim()).map(Value::Number),
            (AttributeKind::Boolean, Value::Bool(_)) => Ok(value.clone()),
            (AttributeKind::Date, Value::String(text)) => NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d")
                .ok()
                .filter(|_| text.trim().len() == 10)
                .map(|date| Value::String(date.to_string()))
                .ok_or_else(|| "this is not a date; write it as 2026-12-31".to_owned()),
            (AttributeKind::Select, Value::String(option)) => self.option(option).map(Value::String),
            (AttributeKind::Url, Value::String(url)) => check_url(url),
            (AttributeKind::List, Value::Array(items)) => self.check_list(items),
            (kind, _) => Err(match kind {
                AttributeKind::Text => "text is wanted",
                AttributeKind::Number => "a number is wanted",
                AttributeKind::Boolean => "true or false is wanted",
                AttributeKind::Date => "a date such as \"2026-12-31\" is wanted",
                AttributeKind::Select => "one of the options is wanted, as text",
                AttributeKind::Url => "an address such as \"https://example.com\" is wanted",
                AttributeKind::List => "a list of texts is wanted",
            }
            .to_owned()),
        }
    }

    /// The value that a text means, as files and forms write it; blank text is no value.
    pub fn parse_text(&self, text: &str) -> Result<Option<Value>, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let value = match self.kind {
            AttributeKind::Boolean => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "y" | "1" | "on" => Value::Bool(true),
                "false" | "no" | "n" | "0" | "off" => Value::Bool(false),
                _ => return Err("yes or no is wanted".to_owned()),
            },
            AttributeKind::List => {
                let separator = if text.contains(';') { ';' } else { ',' };
                text.split(separator)
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(|item| Value::String(item.to_owned()))
                    .collect()
            }
            _ => Value::String(text.to_owned()),
        };
        self.check(&value).map(Some)
    }

    fn option(&self, given: &str) -> Result<String, String> {
        let given = given.trim();
        self.options
            .iter()
            .find(|option| *option == given)
            .cloned()
            .ok_or_else(|| {
                let shown: String = given.chars().take(60).collect();
                format!(
                    "“{shown}” is not an option; use one of {}",
                    self.options.join(", ")
                )
            })
    }

    fn check_list(&self, items: &[Value]) -> Result<Value, String> {
        if items.len() > MAX_OPTIONS {
            return Err(format!("at most {MAX_OPTIONS} items"));
        }
        let check = |item: &Value| match item {
            Value::String(text) if self.options.is_empty() => clean(text, 200),
            Value::String(text) => self.option(text).map(Value::String),
            _ => Err("a list of texts is wanted".to_owned()),
        };
        items
            .iter()
            .map(check)
            .collect::<Result<Vec<_>, _>>()
            .map(Value::Array)
    }
}

fn clean(given: &str, max: usize) -> Result<Value, String> {
    text::clean(given, max)
        .map(Value::String)
        .map_err(|error| error.to_string())
}

/// The number, if it is the same after a reader took it for a double.
fn exact(text: &str) -> Result<Number, String> {
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(whole.into());
    }
    let refused = || "a number with at most 15 digits is wanted".to_owned();
    let decimal: Decimal = text
        .parse()
        .or_else(|_| Decimal::from_scientific(text))
        .map_err(|_| refused())?;
    let decimal = decimal.normalize();
    if decimal.mantissa().unsigned_abs() >= 1_000_000_000_000_000 {
        return Err(refused());
    }
    decimal
        .to_string()
        .parse::<f64>()
        .ok()
        .and_then(Number::from_f64)
        .ok_or_else(refused)
}

fn check_url(given: &str) -> Result<Value, String> {
    let url = given.trim();
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let host = rest
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    if host.is_empty() || url.len() > MAX_TEXT || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("an address that begins with https:// or http:// is wanted".to_owned());
    }
    Ok(Value::String(url.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(kind: AttributeKind, options: &[&str]) -> AttributeDefinition {
        AttributeDefinition {
            kind,
            options: options.iter().map(|&option| option.to_owned()).collect(),
            ..AttributeDefinition::blank(DateTime::UNIX_EPOCH)
        }
    }

    #[test]
    fn values_fit_their_kind_or_are_refused() {
        let number = of(AttributeKind::Number, &[]);
        assert_eq!(number.check(&json!(38)), Ok(json!(38)));
        assert_eq!(number.check(&json!("12.50")), Ok(json!(12.5)));
        assert_eq!(number.check(&json!(i64::MAX)), Ok(json!(i64::MAX)));
        assert!(number.check(&json!("1234567890.1234567")).is_err());
        assert!(number.check(&json!("many")).is_err());
        assert!(number.check(&json!(true)).is_err());
        assert!(of(AttributeKind::Boolean, &[]).check(&json!("true")).is_err());
        assert_eq!(
            of(AttributeKind::Date, &[]).check(&json!("2024-02-29")),
            Ok(json!("2024-02-29"))
        );
        assert!(of(AttributeKind::Date, &[]).check(&json!("2023-02-29")).is_err());
        assert!(of(AttributeKind::Select, &["a", "b"]).check(&json!("c")).is_err());
        assert_eq!(
            of(AttributeKind::List, &[]).check(&json!(["x", "y"])),
            Ok(json!(["x", "y"]))
        );
        assert!(of(AttributeKind::List, &["x"]).check(&json!(["x", "y"])).is_err());
        assert!(
            of(AttributeKind::Url, &[])
                .check(&json!("javascript:alert(1)"))
                .is_err()
        );
    }

    #[test]
    fn text_of_a_file_is_understood_by_kind() {
        assert_eq!(
            of(AttributeKind::Boolean, &[]).parse_text("Yes"),
            Ok(Some(json!(true)))
        );
        assert_eq!(
            of(AttributeKind::List, &[]).parse_text("a; b,c"),
            Ok(Some(json!(["a", "b,c"])))
        );
        assert_eq!(
            of(AttributeKind::Number, &[]).parse_text(" 3.5 "),
            Ok(Some(json!(3.5)))
        );
        assert_eq!(of(AttributeKind::Number, &[]).parse_text("  "), Ok(None));
    }
}

//! `fields=id,email`: only what was asked for.

use regulars_kernel::Faults;
use serde::Serialize;
use serde_json::Value;

use crate::find::FIELDS;

/// Names of parts that `include` adds; they are shown whenever they are included.
const PARTS: &[&str] = &[
    "addresses",
    "contacts",
    "sources",
    "tag_details",
    "notes",
    "consents",
    "parent",
    "children",
];

/// The figures, which one customer has and the rows of a list have not.
const METRICS: &str = "metrics";

/// The fields that were asked for; none means all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<String>);

impl Fields {
    /// From the query parameter; faults are at `?fields`.
    pub(crate) fn parse(names: Vec<String>, faults: &mut Faults) -> Self {
        for name in &names {
            if !FIELDS.contains(&name.as_str()) && name != METRICS {
                let name: String = name.chars().take(60).collect();
                let message = format!(
                    "a customer has no field “{name}”; there are {}, {METRICS}",
                    FIELDS.join(", ")
                );
                faults.add("?fields", "field_unknown", message);
            }
        }
        Self(names)
    }

    /// Only those fields of an object; its id and the parts stay.
    pub(crate) fn pick<T: Serialize>(&self, body: &T) -> serde_json::Result<Value> {
        let mut value = serde_json::to_value(body)?;
        if let Value::Object(map) = &mut value
            && !self.0.is_empty()
        {
            map.retain(|name, _| {
                name == "id" || PARTS.contains(&name.as_str()) || self.0.iter().any(|wanted| wanted == name)
            });
        }
        Ok(value)
    }

    /// Whether everything is wanted.
    pub(crate) fn is_everything(&self) -> bool {
        self.0.is_empty()
    }
}

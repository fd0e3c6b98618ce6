//! The filters `attribute.NAME`: what each must contain, by the kind of its definition.
//!
//! What it never does: look at customers.

use regulars_database::Tx;
use regulars_kernel::{Error, Faults, Result};
use serde_json::{Value, json};

use crate::model::AttributeKind;

/// What `attributes` must contain, by the kind of each definition.
pub(super) async fn attributes(tx: &mut Tx, wanted: &[(String, Vec<String>)]) -> Result<Vec<Vec<Value>>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = wanted.iter().map(|(name, _)| name.clone()).collect();
    let kinds = sqlx::query!(
        r#"SELECT name, kind AS "kind: AttributeKind" FROM attribute_definitions WHERE name = ANY ($1)"#,
        &names
    )
    .fetch_all(tx.conn())
    .await?;
    let mut faults = Faults::new();
    let mut contents = Vec::with_capacity(wanted.len());
    for (name, values) in wanted {
        let shown: String = name.chars().take(60).collect();
        let Some(kind) = kinds
            .iter()
            .find(|known| known.name == *name)
            .map(|known| known.kind)
        else {
            let message = format!("no attribute is named “{shown}”; GET /attributes lists them");
            faults.add(format!("?attribute.{shown}"), "attribute_unknown", message);
            continue;
        };
        let mut alternatives = Vec::new();
        for value in values {
            match attribute_value(kind, value) {
                Some(value) => alternatives.push(json!({ name.as_str(): value })),
                // The whole of a list of numbers is no number, its parts are.
                None if value.contains(',') => {}
                None => {
                    let given: String = value.chars().take(60).collect();
                    let message = format!("“{given}” is no value of the {kind} “{shown}”");
                    faults.add(format!("?attribute.{shown}"), "attribute_invalid", message);
                }
            }
        }
        contents.push(alternatives);
    }
    if faults.0.is_empty() {
        Ok(contents)
    } else {
        Err(Error::Malformed(faults))
    }
}

fn attribute_value(kind: AttributeKind, text: &str) -> Option<Value> {
    match kind {
        AttributeKind::Number => text.parse::<i64>().map(Value::from).ok().or_else(|| {
            text.parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .map(Value::from)
        }),
        AttributeKind::Boolean => match text {
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            _ => None,
        },
        AttributeKind::Date => text
            .parse::<chrono::NaiveDate>()
            .ok()
            .map(|date| date.to_string().into()),
        AttributeKind::List => Some(json!([text])),
        AttributeKind::Text | AttributeKind::Select | AttributeKind::Url => Some(text.into()),
    }
}

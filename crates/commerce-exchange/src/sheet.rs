//! The rows of one record, read by a mapping: what they say of the record, and what each says of its own line or variant.
//!
//! What it never does: drop a cell that it does not understand: the record is refused with every cell that is wrong.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use regulars_exchange::model::Reason;
use regulars_kernel::{Country, TimeZone};
use regulars_mapping::{DateOrder, Mapping, Target, Vendor, value};
use regulars_tabular::read::{Headers, Record};
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::{Value, json};

use crate::fields::{Field, Holds, Schema};

/// How the text of cells is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    order: DateOrder,
    zone: Tz,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            order: DateOrder::Dmy,
            zone: Tz::UTC,
        }
    }
}

impl Reading {
    /// What a text is, as what is told has it; or why it is nothing of that kind, with a code.
    pub fn value(self, holds: Holds, text: &str) -> Result<Value, (&'static str, String)> {
        let coded = |code: &'static str| move |message: String| (code, message);
        Ok(match holds {
            Holds::Text => json!(text),
            Holds::Id => json!(text.strip_prefix('\'').unwrap_or(text)),
            Holds::Amount => {
                let amount = value::decimal(text).map_err(coded("amount_invalid"))?;
                json!(amount.normalize().to_string())
            }
            Holds::Count => {
                let number = value::decimal(text)
                    .ok()
                    .filter(rust_decimal::Decimal::is_integer);
                let number = number.and_then(|number| number.to_i32());
                let message = || format!("“{}” is not a whole number", value::excerpt(text));
                json!(number.ok_or_else(|| ("quantity_invalid", message()))?)
            }
            Holds::Flag => json!(value::yes_or_no(text).map_err(coded("flag_invalid"))?),
            Holds::Time => {
                let at = value::moment(text, self.order, self.zone).map_err(coded("time_invalid"))?;
                json!(at)
            }
            Holds::Tags => json!(value::split_list(text)),
            Holds::Country => {
                let country = Country::parse(text).map_err(|why| ("country_invalid", why.to_string()))?;
                json!(country.as_str())
            }
            Holds::Word(known) => {
                let word = value::words(text);
                let found = known.iter().find(|(name, _)| *name == word);
                let (_, ours) = found.ok_or_else(|| {
                    let mut names: Vec<&str> = known.iter().map(|(_, ours)| *ours).collect();
                    names.dedup();
                    let message = format!("“{}” is none of {}", value::excerpt(text), names.join(", "));
                    ("choice_unknown", message)
                })?;
                json!(ours)
            }
            Holds::List => serde_json::from_str::<Vec<Value>>(text)
                .map(|list| list.into_iter().map(with_amounts_as_text).collect())
                .map_err(|_| ("list_invalid", "this is no JSON list of objects".to_owned()))?,
        })
    }
}

/// JSON of other systems often has amounts as numbers.
fn with_amounts_as_text(mut one: Value) -> Value {
    for name in ["price", "discount", "tax", "total", "compare_at_price"] {
        if let Some(amount) = one.get_mut(name)
            && let Value::Number(number) = amount
        {
            *amount = Value::String(number.to_string());
        }
    }
    one
}

struct Column {
    position: usize,
    header: String,
    field: &'static Field,
    is_part: bool,
}

/// A mapping made ready for the rows of one file.
pub struct Sheet {
    columns: Vec<Column>,
    schema: &'static Schema,
    reading: Reading,
    clears: bool,
    /// Where ids come from.
    pub source: String,
    /// Whether it is an export of Shopify.
    pub is_shopify: bool,
}

/// Why a record cannot be understood: each with its row, from 0.
pub type Reasons = Vec<(Option<usize>, Reason)>;

/// What the rows of one record say.
#[derive(Debug, Default)]
pub struct Said {
    /// Of the record: field → value, null where a cell empties it.
    pub whole: BTreeMap<&'static str, Value>,
    /// Of its parts: the row from 0, and field → value.
    pub parts: Vec<(usize, BTreeMap<&'static str, Value>)>,
    /// Which row said what of the record.
    pub rows: BTreeMap<&'static str, usize>,
}

impl Said {
    /// What was said of the record, unless it was emptied.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.whole.get(field).filter(|value| !value.is_null())
    }

    /// A text that was said of the record.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.get(field)?.as_str()
    }

    /// A time that was said of the record.
    pub fn time(&self, field: &str) -> Option<DateTime<Utc>> {
        self.text(field)?.parse().ok()
    }
}

impl Sheet {
    /// By a mapping that fits the headers.
    pub fn new(schema: &'static Schema, mapping: &Mapping, headers: &Headers) -> Self {
        let mut columns: Vec<Column> = mapping
            .columns
            .iter()
            .filter_map(|(header, target)| {
                let Target::Field(name) = target else { return None };
                let field = schema.field(name)?;
                Some(Column {
                    position: headers.position(header)?,
                    header: header.clone(),
                    field,
                    is_part: schema.is_part(field),
                })
            })
            .collect();
        columns.sort_by_key(|column| column.position);
        let zone = mapping.time_zone.as_deref();
        Self {
            columns,
            schema,
            reading: Reading {
                order: mapping.date_order,
                zone: zone
                    .and_then(|zone| TimeZone::parse(zone).ok())
                    .map_or(Tz::UTC, |zone| zone.0),
            },
            clears: mapping.clear_empty,
            source: mapping.source.clone(),
            is_shopify: matches!(mapping.vendor, Vendor::ShopifyOrders | Vendor::ShopifyProducts),
        }
    }

    /// The text of a field in a row, if there is any.
    pub fn text<'a>(&self, row: &'a Record, field: &str) -> Option<&'a str> {
        let column = self.columns.iter().find(|column| column.field.name == field)?;
        let text = row.get(column.position)?.trim();
        let text = match column.field.holds {
            Holds::Id => text.strip_prefix('\'').unwrap_or(text),
            _ => text,
        };
        (!text.is_empty()).then_some(text)
    }

    /// The column of a field.
    pub fn header(&self, field: &str) -> Option<&str> {
        let column = self.columns.iter().find(|column| column.field.name == field)?;
        Some(&column.header)
    }

    /// Whether some column is of a line or variant.
    pub fn has_parts(&self) -> bool {
        self.columns.iter().any(|column| column.is_part)
    }

    /// What the rows say; or every cell that is wrong.
    pub fn read(&self, rows: &[Record]) -> Result<Said, Reasons> {
        let mut said = Said::default();
        let mut faults = Vec::new();
        let mut seen: BTreeMap<&'static str, &str> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            let mut part = BTreeMap::new();
            for column in &self.columns {
                let Some(text) = row.get(column.position).map(str::trim) else {
                    continue;
                };
                let name = column.field.name;
                if text.is_empty() {
                    if self.clears && !column.is_part && index == 0 {
                        said.whole.entry(name).or_insert(Value::Null);
                    }
                    continue;
                }
                if !column.is_part
                    && let Some(first) = seen.get(name)
                {
                    if *first != text && !self.schema.first_wins.contains(&name) {
                        let line = said.rows.get(name).map_or(0, |row| rows[*row].line);
                        let message = format!(
                            "“{}” here, but “{}” in line {line}, which is of the same record",
                            value::excerpt(text),
                            value::excerpt(first)
                        );
                        faults.push((Some(index), fault(column, "record_differs", message)));
                    }
                    continue;
                }
                match self.reading.value(column.field.holds, text) {
                    Ok(value) if column.is_part => {
                        part.insert(name, value);
                    }
                    Ok(value) => {
                        said.whole.insert(name, value);
                    }
                    Err((code, message)) => faults.push((Some(index), fault(column, code, message))),
                }
                if !column.is_part {
                    seen.insert(name, text);
                    said.rows.insert(name, index);
                }
            }
            if !part.is_empty() {
                said.parts.push((index, part));
            }
        }
        if faults.is_empty() { Ok(said) } else { Err(faults) }
    }
}

fn fault(column: &Column, code: &str, message: String) -> Reason {
    Reason {
        column: Some(column.header.clone()),
        code: code.to_owned(),
        message,
    }
}

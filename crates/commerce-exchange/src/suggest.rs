//! A first mapping for a file of orders or products, and whether a mapping fits its file.
//!
//! What it never does: look at more than the headers and the first rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use regulars_kernel::{Error, Faults, Result, symspell};
use regulars_mapping::{
    ColumnMapping, Confidence, DateOrder, Hints, Mapping, Suggestion, Target, Vendor, escape, examples,
    name::words,
};
use regulars_tabular::read::{Headers, Record};

use crate::{
    fields::{Field, Holds, Schema},
    sheet,
};

/// What a header is said to be, by one of the ways to tell.
type Claim<'a> = dyn Fn(&str) -> Option<(&'static Field, Confidence)> + 'a;

/// Suggests what every column is.
pub fn suggest(schema: &Schema, own: Vendor, headers: &Headers, hints: Hints<'_>) -> Suggestion {
    let is_shopify = own != Vendor::Generic
        && Vendor::detect(headers.iter().map(|header| header.unique_name.as_str())) == own;
    let mut taken: HashSet<&'static str> = HashSet::new();
    let mut columns: Vec<Option<(&'static Field, Confidence)>> = vec![None; headers.len()];
    let named = |table: &[(&str, &'static str)], header: &str| {
        let found = table.iter().find(|(name, _)| *name == header);
        found.and_then(|(_, field)| schema.field(field))
    };
    let claims: [&Claim<'_>; 3] = [
        &|header| {
            let header = header.trim().to_lowercase();
            let field = named(schema.shopify, &header).filter(|_| is_shopify)?;
            Some((field, Confidence::Certain))
        },
        &|header| Some((schema.field(header.trim())?, Confidence::Certain)),
        &|header| Some((named(schema.synonyms, &words(header, true))?, Confidence::Likely)),
    ];
    // What the vendor defines is all that its files have; other names in them mean other things.
    let claims = if is_shopify { &claims[..1] } else { &claims[1..] };
    for claim in claims {
        for (column, header) in columns.iter_mut().zip(headers.iter()) {
            if column.is_none()
                && let Some((field, confidence)) = claim(&header.unique_name)
                && taken.insert(field.name)
            {
                *column = Some((field, confidence));
            }
        }
    }
    let order = date_order(&columns, hints.samples);
    for (at, column) in columns.iter_mut().enumerate() {
        if let Some((field, Confidence::Likely)) = column
            && !fits(field, at, hints.samples)
        {
            *column = None;
        }
    }
    let columns: Vec<ColumnMapping> = columns
        .into_iter()
        .zip(headers.iter())
        .enumerate()
        .map(|(at, (column, header))| {
            let (target, confidence) = match column {
                Some((field, confidence)) => (Target::Field(field.name.to_owned()), confidence),
                None if is_shopify => (Target::Ignore, Confidence::Certain),
                None => (Target::Ignore, Confidence::Likely),
            };
            ColumnMapping {
                header: header.unique_name.clone(),
                target,
                confidence,
                examples: examples(hints.samples, at),
            }
        })
        .collect();
    let vendor = if is_shopify { own } else { Vendor::Generic };
    let mapping = Mapping {
        columns: columns
            .iter()
            .map(|column| (column.header.clone(), column.target.clone()))
            .collect::<BTreeMap<_, _>>(),
        source: vendor.source().to_owned(),
        vendor,
        date_order: order,
        ..Mapping::default()
    };
    Suggestion { columns, mapping }
}

/// Whether the first rows hold what the field does: a "status" in somebody's file is often not ours.
fn fits(field: &Field, at: usize, samples: &[Record]) -> bool {
    if !matches!(field.holds, Holds::Word(_) | Holds::Flag | Holds::List) {
        return true;
    }
    samples
        .iter()
        .filter_map(|record| record.get(at))
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .all(|text| sheet::Reading::default().value(field.holds, text).is_ok())
}

/// By the first rows, if they show it.
fn date_order(columns: &[Option<(&'static Field, Confidence)>], samples: &[Record]) -> DateOrder {
    let times = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.is_some_and(|(field, _)| field.holds == Holds::Time));
    for (at, _) in times {
        for text in samples.iter().filter_map(|record| record.get(at)) {
            let numbers: Vec<u32> = text
                .splitn(3, ['/', '-'])
                .take(2)
                .filter_map(|part| part.trim().parse().ok())
                .collect();
            match numbers[..] {
                [first @ 13..=31, second] if first <= 31 && second <= 12 => return DateOrder::Dmy,
                [first, 13..=31] if first <= 12 => return DateOrder::Mdy,
                _ => {}
            }
        }
    }
    DateOrder::Certain
}

/// Checks a mapping against the columns of its file and reports every fault (422; pointers are into the mapping).
pub fn validate(schema: &Schema, mapping: &Mapping, headers: &Headers) -> Result<()> {
    let mut faults = Faults::new();
    let mut used: HashMap<&str, &str> = HashMap::new();
    for (header, target) in &mapping.columns {
        let pointer = format!("/columns/{}", escape(header));
        if headers.position(header).is_none() {
            let message = format!("the file has no column “{header}”");
            faults.add(pointer, "column_unknown", message);
            continue;
        }
        match target {
            Target::Ignore => {}
            Target::Field(name) if schema.field(name).is_some() => {
                if let Some(other) = used.insert(name, header) {
                    let message = format!("“{other}” and “{header}” cannot both be {name}");
                    faults.add(pointer, "target_twice", message);
                }
            }
            other => {
                let name = other.to_string();
                let near = nearest(schema, &name)
                    .map_or_else(String::new, |name| format!("; did you mean “{name}”?"));
                let message = format!(
                    "“{name}” is no field that these columns can fill{near} (docs/importing.md lists them)"
                );
                faults.add(pointer, "target_unknown", message);
            }
        }
    }
    if !schema.keys.iter().any(|key| used.contains_key(key)) {
        let message = format!(
            "no column says which record a row is of: map one to {}",
            schema.keys.join(" or ")
        );
        faults.add("/columns", "nothing_tells_which", message);
    }
    mapping.check_settings(&mut faults);
    if faults.0.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(faults))
    }
}

fn nearest(schema: &Schema, text: &str) -> Option<&'static str> {
    let names = || schema.fields.iter().map(|field| field.name);
    let by_part = names().find(|name| name.split_once('.').is_some_and(|(_, last)| last == text));
    let distance = |name: &&str| symspell::distance(name, text);
    by_part.or_else(|| {
        names()
            .min_by_key(distance)
            .filter(|name| distance(name) <= (name.len() / 4).max(1))
    })
}

//! A fetched batch as lines of a file.
//!
//! What it never does: decide what is in the batch.

use std::{borrow::Cow, iter::Peekable, str::Lines};

use regulars_customers::store::row::credit;
use regulars_kernel::{Currency, Error, Money, Result};
use regulars_tabular::write::neutralise;
use serde_json::{Map, Value};

use super::copy::{ADDRESS, CUSTOMER, Parts, Raw, field};
use crate::{mapping, model::ExportFormat};

/// What a column of the customer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// An amount, whose currency is the next column.
    Money,
    Currency,
    Time,
    Flag,
}

/// Where the attributes stand among the fetched columns: the last.
const ATTRIBUTES: usize = CUSTOMER.len() - 1;

/// How lines are written.
#[derive(Debug)]
pub struct Layout {
    format: ExportFormat,
    sources: Vec<String>,
    attributes: Vec<String>,
    kinds: Vec<Kind>,
    /// Which parts to fetch.
    pub parts: Parts,
}

/// The parts of one customer.
#[derive(Default)]
struct Below<'a> {
    tags: Vec<Cow<'a, str>>,
    address: Vec<&'a str>,
    email: Option<Cow<'a, str>>,
    sms: Option<Cow<'a, str>>,
    sources: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl Layout {
    /// Lines of customers with these sources and attributes.
    pub fn new(format: ExportFormat, sources: Vec<String>, attributes: Vec<String>, parts: Parts) -> Self {
        let kinds = CUSTOMER.iter().map(|name| match *name {
            "credit_limit" => Kind::Money,
            "credit_limit.currency" => Kind::Currency,
            "email_verified" | "phone_verified" => Kind::Flag,
            "created_at" | "updated_at" | "last_active_at" | "deleted_at" => Kind::Time,
            _ => Kind::Text,
        });
        Self {
            format,
            sources,
            attributes,
            kinds: kinds.collect(),
            parts,
        }
    }

    /// What stands before the first customer.
    pub fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.format == ExportFormat::Jsonl {
            return out;
        }
        let mut names: Vec<String> = CUSTOMER[..ATTRIBUTES]
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        names.push("tags".to_owned());
        names.extend(ADDRESS.iter().map(|name| format!("address.{name}")));
        names.push("consent.email".to_owned());
        names.push("consent.sms".to_owned());
        names.extend(self.sources.iter().map(|source| format!("external_id.{source}")));
        names.extend(self.attributes.iter().map(|name| format!("attributes.{name}")));
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_csv(&mut out, name);
        }
        out.push(b'\n');
        out
    }

    /// Writes a batch. Answers how many customers it has.
    pub fn write(&self, raw: &Raw, out: &mut Vec<u8>) -> Result<u64> {
        let mut tags = raw.tags.lines().peekable();
        let mut addresses = raw.addresses.lines().peekable();
        let mut consents = raw.consents.lines().peekable();
        let mut sources = raw.sources.lines().peekable();
        let mut fields: Vec<&str> = Vec::with_capacity(CUSTOMER.len());
        let mut rows = 0;
        for line in raw.customers.lines() {
            fields.clear();
            let mut begin = 0;
            for tab in memchr::memchr_iter(b'\t', line.as_bytes()) {
                fields.push(&line[begin..tab]);
                begin = tab + 1;
            }
            fields.push(&line[begin..]);
            if fields.len() != CUSTOMER.len() {
                return Err(Error::internal("the database sent a row of another shape"));
            }
            let id = fields[0];
            let mut below = Below::default();
            each(&mut tags, id, |part| below.tags.extend(field(part[1])));
            each(&mut addresses, id, |part| below.address = part[1..].to_vec());
            each(&mut consents, id, |part| match part[1] {
                "email" => below.email = field(part[2]),
                _ => below.sms = field(part[2]),
            });
            each(&mut sources, id, |part| {
                if let (Some(source), Some(external)) = (field(part[1]), field(part[2])) {
                    below.sources.push((source, external));
                }
            });
            match self.format {
                ExportFormat::Csv => self.csv(&fields, &below, out)?,
                ExportFormat::Jsonl => self.json(&fields, &below, out)?,
            }
            rows += 1;
        }
        Ok(rows)
    }

    fn csv(&self, fields: &[&str], below: &Below<'_>, out: &mut Vec<u8>) -> Result<()> {
        for (at, (raw, kind)) in fields[..ATTRIBUTES].iter().zip(&self.kinds).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            if let Some(text) = field(raw) {
                match kind {
                    Kind::Time => push_time(out, &text),
                    Kind::Flag => out.extend_from_slice(flag(&text)),
                    Kind::Text | Kind::Currency => push_csv(out, &text),
                    Kind::Money => push_csv(out, &money(raw, fields[at + 1])?.amount().to_string()),
                }
            }
        }
        out.push(b',');
        push_csv(out, &join(&below.tags));
        for at in 0..ADDRESS.len() {
            out.push(b',');
            if let Some(text) = below.address.get(at).and_then(|raw| field(raw)) {
                push_csv(out, &text);
            }
        }
        for consent in [&below.email, &below.sms] {
            out.push(b',');
            push_csv(out, consent.as_deref().unwrap_or_default());
        }
        for source in &self.sources {
            out.push(b',');
            let ids = below.sources.iter().filter(|(name, _)| name == source);
            push_csv(out, &mapping::join_ids(ids.map(|(_, id)| id.as_ref())));
        }
        let attributes = attributes(fields[ATTRIBUTES])?;
        for name in &self.attributes {
            out.push(b',');
            if let Some(value) = attributes.get(name) {
                push_csv(out, &attribute(value));
            }
        }
        out.push(b'\n');
        Ok(())
    }

    fn json(&self, fields: &[&str], below: &Below<'_>, out: &mut Vec<u8>) -> Result<()> {
        for (at, (raw, kind)) in fields[..ATTRIBUTES].iter().zip(&self.kinds).enumerate() {
            // An amount is two columns for whoever reads this; null would be a third. Its currency is written with it.
            if *kind == Kind::Currency || (*kind == Kind::Money && *raw == "\\N") {
                continue;
            }
            out.extend_from_slice(if at == 0 { b"{\"" } else { b",\"" });
            out.extend_from_slice(CUSTOMER[at].as_bytes());
            out.extend_from_slice(b"\":");
            match (field(raw), kind) {
                (None, _) | (_, Kind::Currency) => out.extend_from_slice(b"null"),
                (Some(text), Kind::Text) => push_json(out, &text)?,
                (Some(text), Kind::Flag) => out.extend_from_slice(flag(&text)),
                (Some(text), Kind::Time) => {
                    out.push(b'"');
                    push_time(out, &text);
                    out.push(b'"');
                }
                (Some(_), Kind::Money) => serde_json::to_writer(&mut *out, &money(raw, fields[at + 1])?)?,
            }
        }
        out.extend_from_slice(b",\"tags\":[");
        for (at, tag) in below.tags.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_json(out, tag)?;
        }
        out.push(b']');
        if !below.address.is_empty() {
            out.extend_from_slice(b",\"address\":{");
            for (at, name) in ADDRESS.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                out.push(b'"');
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":");
                match below.address.get(at).and_then(|raw| field(raw)) {
                    None => out.extend_from_slice(b"null"),
                    // Degrees are numbers as they stand.
                    Some(text) if name.ends_with("itude") => out.extend_from_slice(text.as_bytes()),
                    Some(text) => push_json(out, &text)?,
                }
            }
            out.push(b'}');
        }
        let consents = [("email", &below.email), ("sms", &below.sms)];
        let consents = consents
            .iter()
            .filter_map(|(channel, state)| Some((Cow::Borrowed(*channel), Cow::Borrowed(state.as_deref()?))));
        push_map(out, "consent", consents)?;
        push_ids(out, &below.sources)?;
        if let Some(attributes) = field(fields[ATTRIBUTES]).filter(|text| text != "{}") {
            out.extend_from_slice(b",\"attributes\":");
            out.extend_from_slice(attributes.as_bytes());
        }
        out.extend_from_slice(b"}\n");
        Ok(())
    }
}

/// Hands over the parts of one customer, and passes those of customers that are not in the batch.
fn each<'a>(lines: &mut Peekable<Lines<'a>>, id: &str, mut take: impl FnMut(&[&'a str])) {
    while let Some(line) = lines.peek() {
        let owner = line.split('\t').next().unwrap_or_default();
        if owner > id {
            return;
        }
        if owner == id {
            let parts: Vec<&'a str> = line.split('\t').collect();
            if parts.len() > 1 {
                take(&parts);
            }
        }
        lines.next();
    }
}

/// An amount and its currency, as the record shows them.
fn money(amount: &str, currency: &str) -> Result<Money> {
    let known = amount.parse().ok().zip(Currency::parse(currency).ok());
    known
        .and_then(|(amount, currency)| credit(amount, currency))
        .ok_or_else(|| Error::internal("the database sent an amount that is none"))
}

fn attributes(raw: &str) -> Result<Map<String, Value>> {
    match field(raw).as_deref() {
        None | Some("{}") => Ok(Map::new()),
        Some(json) => Ok(serde_json::from_str(json)?),
    }
}

/// A value in one cell, as the importer reads it.
fn attribute(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(items) => {
            let texts: Vec<Cow<'_, str>> = items.iter().map(attribute).collect();
            Cow::Owned(join(&texts))
        }
        other => Cow::Owned(other.to_string()),
    }
}

/// A list in one cell: with commas, items quoted as in CSV where they would be cut.
fn join(items: &[Cow<'_, str>]) -> String {
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        if item.contains([',', '"', ';', '|', '\n', '\r']) || item.trim() != item {
            text.push('"');
            text.push_str(&item.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(item);
        }
    }
    text
}

fn push_csv(out: &mut Vec<u8>, text: &str) {
    if text.is_empty() {
        return;
    }
    let text = neutralise(text);
    let needs_quotes = text
        .bytes()
        .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
        || text.starts_with(' ')
        || text.ends_with(' ');
    if needs_quotes {
        out.push(b'"');
        for byte in text.bytes() {
            if byte == b'"' {
                out.push(b'"');
            }
            out.push(byte);
        }
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

/// PostgreSQL's `t` and `f` in whole words.
fn flag(text: &str) -> &'static [u8] {
    if text == "t" { b"true" } else { b"false" }
}

/// PostgreSQL's `2024-03-14 09:12:31.5+00` as RFC 3339.
fn push_time(out: &mut Vec<u8>, text: &str) {
    let text = text.strip_suffix("+00").unwrap_or(text);
    match text.split_once(' ') {
        Some((day, time)) => {
            out.extend_from_slice(day.as_bytes());
            out.push(b'T');
            out.extend_from_slice(time.as_bytes());
            out.push(b'Z');
        }
        None => out.extend_from_slice(text.as_bytes()),
    }
}

fn push_json(out: &mut Vec<u8>, text: &str) -> Result<()> {
    if text
        .bytes()
        .any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\'))
    {
        serde_json::to_writer(&mut *out, text)?;
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
    Ok(())
}

/// Every id of every source: `"external_id":{"csv":["17","0018"]}`. The pairs are sorted by source.
fn push_ids(out: &mut Vec<u8>, sources: &[(Cow<'_, str>, Cow<'_, str>)]) -> Result<()> {
    for (at, ids) in sources.chunk_by(|one, next| one.0 == next.0).enumerate() {
        out.extend_from_slice(if at == 0 { b",\"external_id\":{" } else { b"," });
        push_json(out, &ids[0].0)?;
        for (at, (_, id)) in ids.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b":[" } else { b"," });
            push_json(out, id)?;
        }
        out.push(b']');
    }
    if !sources.is_empty() {
        out.push(b'}');
    }
    Ok(())
}

fn push_map<'a>(
    out: &mut Vec<u8>,
    name: &str,
    pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
) -> Result<()> {
    let mut is_empty = true;
    for (key, value) in pairs {
        if is_empty {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":{");
        } else {
            out.push(b',');
        }
        is_empty = false;
        push_json(out, &key)?;
        out.push(b':');
        push_json(out, &value)?;
    }
    if !is_empty {
        out.push(b'}');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_times_and_fields_are_written_as_the_importer_reads_them() {
        let items = ["plain", "a,b", "say \"x\"", "a|b", " c"].map(Cow::Borrowed);
        let text = join(&items);
        assert_eq!(
            crate::mapping::split_list(&text),
            ["plain", "a,b", "say \"x\"", "a|b", "c"]
        );
        for ids in [&["17"][..], &["a,b"], &["\"x\"", "y,z"], &["\"17"], &["1", "2"]] {
            let text = mapping::join_ids(ids.iter().copied());
            for is_list in [false, true] {
                assert_eq!(mapping::split_ids(&text, is_list), ids, "{text}");
            }
        }
        let mut out = Vec::new();
        push_time(&mut out, "2024-03-14 09:12:31.25+00");
        out.push(b' ');
        push_csv(&mut out, "=1+1,\"x\"");
        out.push(b' ');
        push_csv(&mut out, "+4930123");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "2024-03-14T09:12:31.25Z \"'=1+1,\"\"x\"\"\" '+4930123"
        );
    }
}

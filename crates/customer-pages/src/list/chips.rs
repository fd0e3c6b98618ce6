//! Filters in force, in words: the chips of the list, and what an export says it takes.

use regulars_database::Tx;
use regulars_expression::{Expression, read};
use regulars_kernel::{Country, Fault, Result, ids::UserId};
use regulars_web::pages::format;

use super::{
    filters,
    view::{Chip, PATH},
};
use crate::{builder::Group, state::ListState, words};
use regulars_customers::{ops, store::captions};

/// Each filter in force, with the address of the list without it.
pub(super) async fn chips(tx: &mut Tx, state: &ListState) -> Result<Vec<Chip>> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in state.filters() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let ids: Vec<_> = state
        .all("owner")
        .filter_map(|id| id.parse::<UserId>().ok())
        .map(|id| id.0)
        .collect();
    let owners = captions::owners(tx, &ids).await?;
    let definitions = if names.iter().any(|name| name.starts_with("attribute.")) {
        ops::attributes::list(tx).await?
    } else {
        Vec::new()
    };
    let chip = |name: &str| {
        let attribute = name.strip_prefix("attribute.");
        let label = attribute
            .and_then(|name| definitions.iter().find(|known| known.name == name))
            .map(|known| known.label.clone());
        let values: Vec<String> = state
            .all(name)
            .map(|value| match name {
                "owner" if value == "me" => "me".to_owned(),
                "owner" if value == "none" => "nobody".to_owned(),
                "has_parent" => if value == "true" { "set" } else { "not set" }.to_owned(),
                "has_email" | "has_phone" => if value == "true" { "known" } else { "missing" }.to_owned(),
                "deleted" => if value == "only" { "only" } else { "too" }.to_owned(),
                "owner" => value
                    .parse::<UserId>()
                    .ok()
                    .and_then(|id| owners.get(&id.0).cloned())
                    .unwrap_or_else(|| value.to_owned()),
                "country" => Country::parse(value)
                    .map_or_else(|_| value.to_owned(), |country| country.name().to_owned()),
                "source" => words::source(value),
                "tag" => value.to_owned(),
                _ if attribute.is_some() || name.ends_with("_from") || name.ends_with("_to") => {
                    value.to_owned()
                }
                _ if value == "vip" => words::sentence(value),
                _ => words::sentence(value).to_lowercase(),
            })
            .collect();
        let (label, relation) = match name {
            "has_email" => ("E-mail".to_owned(), "is"),
            "has_phone" => ("Phone".to_owned(), "is"),
            "has_parent" => ("Belongs to".to_owned(), "is"),
            "deleted" => ("Deleted".to_owned(), ""),
            _ => field(name, attribute, label),
        };
        Chip {
            name: label,
            relation,
            value: values.join(", "),
            without: state.without(name).href(PATH),
        }
    };
    let mut all = Vec::new();
    for name in names {
        match name {
            "filter" => all.extend(conditions(tx, state).await?),
            name => all.push(chip(name)),
        }
    }
    Ok(all)
}

/// The parts of the expression, each of which can be taken out.
async fn conditions(tx: &mut Tx, state: &ListState) -> Result<Vec<Chip>> {
    let Ok(expression) = read(state.get("filter")) else {
        return Ok(vec![Chip {
            name: "Expression".to_owned(),
            relation: "is",
            value: state.get("filter").to_owned(),
            without: state.without("filter").href(PATH),
        }]);
    };
    let words = filters::words_of(tx, &Group::of(&expression)).await?;
    let parts = match expression {
        Expression::All(parts) => parts,
        one => vec![one],
    };
    let chip = |(index, part): (usize, &Expression)| {
        let (name, relation, value) = match part {
            Expression::Test(test) => words.test(test),
            other => (words.phrase(other), "", String::new()),
        };
        let mut rest = parts.clone();
        rest.remove(index);
        let without = match rest.len() {
            0 => state.without("filter"),
            1 => state.with("filter", &rest[0].to_string()),
            _ => state.with("filter", &Expression::All(rest).to_string()),
        };
        Chip {
            name,
            relation,
            value,
            without: without.href(PATH),
        }
    };
    Ok(parts.iter().enumerate().map(chip).collect())
}

/// What a filter is called, and how it stands to its values.
fn field(name: &str, attribute: Option<&str>, label: Option<String>) -> (String, &'static str) {
    match name.strip_suffix("_from").or_else(|| name.strip_suffix("_to")) {
        Some("updated") => ("Changed".to_owned(), end(name)),
        Some(field) => (words::sentence(field), end(name)),
        None if name == "filter" => ("Expression".to_owned(), "is"),
        None => (
            label.unwrap_or_else(|| words::field(attribute.unwrap_or(name))),
            "is",
        ),
    }
}

fn end(name: &str) -> &'static str {
    if name.ends_with("_from") { "from" } else { "until" }
}

/// What is wrong with an address of the list, without the names that only programs use.
pub fn fault_in_words(fault: &Fault) -> String {
    let name = fault.pointer.strip_prefix('?').unwrap_or_default();
    let attribute = name.strip_prefix("attribute.");
    let label = match name {
        "q" => "Search".to_owned(),
        "has_email" | "has_phone" | "deleted" => words::field(name.trim_start_matches("has_")),
        _ => {
            let (label, relation) = field(name, attribute, None);
            if matches!(relation, "from" | "until") {
                format!("{label} {relation}")
            } else {
                label
            }
        }
    };
    match (&*fault.code, name) {
        ("parameter_unknown", _) => format!("There is no filter “{name}”."),
        ("attribute_unknown", _) => format!("There is no attribute “{}”.", attribute.unwrap_or(name)),
        ("sort_unknown" | "sort_repeated" | "sort_alone" | "sort_direction", _) => {
            "The list cannot be sorted like this.".to_owned()
        }
        ("range_empty", _) => format!("{label}: this lies before the beginning."),
        ("boolean_invalid", _) => format!("{label}: this is neither known nor missing."),
        ("choice_unknown", "deleted") => {
            "Deleted customers are left out, shown too or shown alone.".to_owned()
        }
        ("choice_unknown", _) => {
            // Of what is possible people know the labels.
            let (given, possible) = fault
                .message
                .split_once("; use one of ")
                .unwrap_or((&fault.message, ""));
            let possible: Vec<String> = possible.split(", ").map(words::sentence).collect();
            match possible.as_slice() {
                [only] if only.is_empty() => format!("{label}: {given}."),
                several => format!("{label}: {given}. Possible are {}.", several.join(", ")),
            }
        }
        (_, "") => format::sentence(&fault.message),
        _ => format!("{label}: {}", format::sentence(&fault.message)),
    }
}

/// What an address of the list asks for, a phrase for each part: “Status is VIP”. Nothing if it asks for everybody.
pub async fn in_words(tx: &mut Tx, query: &str) -> Result<Vec<String>> {
    let state = ListState::parse(query);
    let mut phrases = Vec::new();
    if !state.get("q").is_empty() {
        phrases.push(format!("Search is {}", state.get("q")));
    }
    for chip in chips(tx, &state).await? {
        let phrase = [chip.name.as_str(), chip.relation, &chip.value]
            .into_iter()
            .filter(|part| !part.is_empty());
        phrases.push(phrase.collect::<Vec<_>>().join(" "));
    }
    Ok(phrases)
}

//! Filters in force, in words: the chips of the list, and what an export says it takes.

use regulars_database::Tx;
use regulars_kernel::{Country, Result, ids::UserId};

use super::view::{Chip, PATH};
use crate::{
    ops,
    pages::{state::ListState, words},
    store::captions,
};

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
    let owners = captions::names(tx, &ids).await?;
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
                _ => words::sentence(value).to_lowercase(),
            })
            .collect();
        let (label, relation) = match name.strip_suffix("_from").or_else(|| name.strip_suffix("_to")) {
            Some(field) => (
                words::sentence(field),
                if name.ends_with("_from") { "from" } else { "until" },
            ),
            None => (
                label.unwrap_or_else(|| words::field(attribute.unwrap_or(name))),
                "is",
            ),
        };
        Chip {
            name: label,
            relation,
            value: values.join(", "),
            without: state.without(name).href(PATH),
        }
    };
    Ok(names.into_iter().map(chip).collect())
}

/// What an address of the list asks for, a phrase for each part: “Status is vip”. Nothing if it asks for everybody.
pub async fn in_words(tx: &mut Tx, query: &str) -> Result<Vec<String>> {
    let state = ListState::parse(query);
    let mut phrases = Vec::new();
    if !state.get("q").is_empty() {
        phrases.push(format!("Search is {}", state.get("q")));
    }
    for chip in chips(tx, &state).await? {
        phrases.push(format!("{} {} {}", chip.name, chip.relation, chip.value));
    }
    Ok(phrases)
}

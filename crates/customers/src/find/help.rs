//! Help for whoever writes an expression or puts one together: what may stand where, and what is wrong.

use regulars_database::Tx;
use regulars_expression::{Awaits, Fault, Offer, Writing, offers, writing};
use regulars_kernel::{Country, Result};

use super::expression::{Written, fields, judge};
use crate::store;

/// What helps whoever writes an expression.
#[derive(Clone, Debug)]
pub struct Help {
    /// What is being written; none if nothing can be offered there.
    pub writing: Option<Writing>,
    /// What may be meant by it.
    pub offers: Vec<Offer>,
    /// What is wrong with the whole.
    pub faults: Vec<Fault>,
}

/// Helps to write an expression, the cursor being behind so many characters.
pub async fn help(tx: &mut Tx, written: &Written, cursor: usize) -> Result<Help> {
    let catalog = fields(tx).await?;
    let faults = if written.text.trim().is_empty() {
        Vec::new()
    } else {
        judge(tx, written, &catalog).err().unwrap_or_default()
    };
    let writing = writing(&written.text, cursor);
    let offers = match &writing {
        Some(writing) => {
            let known = match &writing.awaits {
                Awaits::Value { field, .. } => values(tx, &field.to_lowercase()).await?,
                _ => Vec::new(),
            };
            offers(writing, &catalog, &known)
        }
        None => Vec::new(),
    };
    Ok(Help {
        writing,
        offers,
        faults,
    })
}

/// The values of a field, with what people call them, where there are few enough to choose from.
pub async fn values(tx: &mut Tx, field: &str) -> Result<Vec<(String, String)>> {
    let same = |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect();
    Ok(match field {
        "tag" => same(store::captions::tags(tx).await?),
        "source" => same(store::captions::sources(tx).await?),
        "owner" => {
            let members = store::captions::members(tx).await?.into_iter();
            members.map(|(id, name)| (id.to_string(), name)).collect()
        }
        "country" => Country::by_name()
            .into_iter()
            .map(|country| (country.as_str().to_owned(), country.name().to_owned()))
            .collect(),
        _ => Vec::new(),
    })
}

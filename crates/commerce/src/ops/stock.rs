//! Stock: levels, locations and inventory items, each told by its own key and in any order.

use std::collections::BTreeMap;

use regulars_database::Tx;
use regulars_kernel::{Currency, Error, Faults, Result};

use super::MOST;
use crate::{
    model::{Item, Level, Location, Product, StockLevelInput, Variant},
    store,
};

/// Tells of levels: all of them, or none if there is a fault in any; faults are at `/index/field`.
pub async fn tell(tx: &mut Tx, inputs: &[StockLevelInput], base: Currency) -> Result<()> {
    if inputs.len() > MOST {
        let message = format!("at most {MOST} are told at once; these are {}", inputs.len());
        return Err(Error::invalid("", "too_many", message));
    }
    let (mut levels, mut all) = (Vec::new(), Faults::new());
    let mut locations: Vec<Location> = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let mut faults = Faults::new();
        let (level, location) = input.check(base, &mut faults);
        all.0.extend(faults.0.into_iter().map(|mut fault| {
            fault.pointer = format!("/{index}{}", fault.pointer);
            fault
        }));
        levels.push(level);
        // Many levels are of few locations: what was just told of one is not told again.
        let last = |known: &&Location| {
            location
                .as_ref()
                .is_some_and(|one| (&one.source, &one.external_id) == (&known.source, &known.external_id))
        };
        if locations.iter().rev().find(last) != location.as_ref() {
            locations.extend(location);
        }
    }
    all.check()?;
    put_locations(tx, locations).await?;
    put_levels(tx, levels).await
}

/// Writes levels, as far as nothing newer is known of each.
pub async fn put_levels(tx: &mut Tx, levels: Vec<Level>) -> Result<()> {
    let one_of = |level: &Level| {
        let key = (
            &level.source,
            &level.inventory_item_id,
            &level.location_external_id,
        );
        format!("{key:?}")
    };
    for round in rounds(levels, one_of) {
        store::stock::put_levels(tx, &round).await?;
    }
    Ok(())
}

/// Writes locations, as far as nothing newer is known of each.
pub async fn put_locations(tx: &mut Tx, locations: Vec<Location>) -> Result<()> {
    let one_of = |location: &Location| format!("{:?}", (&location.source, &location.external_id));
    for round in rounds(locations, one_of) {
        store::stock::put_locations(tx, &round).await?;
    }
    Ok(())
}

/// Writes what an inventory item is, if nothing newer is known.
pub async fn put_item(tx: &mut Tx, item: &Item) -> Result<()> {
    store::stock::put_item(tx, item).await
}

/// Deletes an inventory item for ever, with its levels; what arrives of them later is not shown.
pub async fn delete_item(tx: &mut Tx, source: &str, external_id: &str) -> Result<()> {
    store::stock::delete_item(tx, source, external_id).await
}

/// Deletes a location for ever, with its levels; what arrives of them later is not shown.
pub async fn delete_location(tx: &mut Tx, source: &str, external_id: &str) -> Result<()> {
    store::stock::delete_location(tx, source, external_id).await
}

/// Brings products how many there are of each of their variants.
pub async fn count(tx: &mut Tx, products: &mut [Product]) -> Result<()> {
    for (source, items) in items(products) {
        let counted = store::stock::counted(tx, &source, &items).await?;
        for (item, variant) in of_source(products, &source) {
            variant.counted = counted.get(&item).copied();
        }
    }
    Ok(())
}

/// Brings a product, beside that, how many are where.
pub async fn complete(tx: &mut Tx, product: &mut Product) -> Result<()> {
    let product = std::slice::from_mut(product);
    count(tx, product).await?;
    for one in product.iter_mut().flat_map(|product| &mut product.variants) {
        one.levels = Some(Vec::new());
    }
    for (source, items) in items(product) {
        let levels = store::stock::levels(tx, &source, &items).await?;
        for (item, variant) in of_source(product, &source) {
            variant.levels = Some(levels.get(&item).cloned().unwrap_or_default());
        }
    }
    Ok(())
}

/// What the variants are in the stock, by the source that says so.
fn items(products: &[Product]) -> BTreeMap<String, Vec<String>> {
    let mut items: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for product in products {
        let of_it: Vec<String> = product
            .variants
            .iter()
            .filter_map(|one| one.inventory_item_id.clone())
            .collect();
        if !of_it.is_empty() {
            items.entry(product.source.clone()).or_default().extend(of_it);
        }
    }
    items
}

fn of_source<'a>(
    products: &'a mut [Product],
    source: &'a str,
) -> impl Iterator<Item = (String, &'a mut Variant)> {
    products
        .iter_mut()
        .filter(move |product| product.source == source)
        .flat_map(|product| &mut product.variants)
        .filter_map(|variant| Some((variant.inventory_item_id.clone()?, variant)))
}

/// One statement writes a row once: what is told of the same thing again comes in a round of its own, in the order of
/// telling. Each round is in the order of its keys, so that two do not wait for each other.
fn rounds<T>(all: Vec<T>, key: impl Fn(&T) -> String) -> Vec<Vec<T>> {
    let mut rounds: Vec<BTreeMap<String, T>> = Vec::new();
    for one in all {
        let key = key(&one);
        match rounds.iter_mut().find(|round| !round.contains_key(&key)) {
            Some(round) => {
                round.insert(key, one);
            }
            None => rounds.push(BTreeMap::from([(key, one)])),
        }
    }
    rounds
        .into_iter()
        .map(|round| round.into_values().collect())
        .collect()
}

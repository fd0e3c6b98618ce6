//! Products: told one or many at a time, deleted, listed.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Currency, Cursor, Error, Faults, Page, PageRequest, Result, Sort, ids::ProductId, text,
};
use serde_json::json;

use super::{ByKey, Outcome, batch::as_they_are, orders::Guard, stock};
pub use crate::store::products::ByHandle;
use crate::{
    jobs,
    model::{Product, ProductInput, ProductJson},
    paging::{self, COUNTED},
    store,
};

/// Reads a product.
pub async fn get(tx: &mut Tx, id: ProductId) -> Result<Product> {
    let mut product = store::products::get(tx, id)
        .await?
        .filter(|product| product.deleted_at.is_none())
        .ok_or(Error::NotFound("product"))?;
    stock::complete(tx, &mut product).await?;
    Ok(product)
}

/// The order of the list.
pub const ORDER: &[Sort] = &[Sort::ascending("title")];
/// A page of products by title: those whose title begins so, if `q` says how.
pub async fn list(tx: &mut Tx, q: &str, page: &PageRequest) -> Result<Page<ProductJson>> {
    let prefix = text::fold(q);
    let mut found =
        store::products::list(tx, &prefix, page.cursor(), page.offset(), paging::most(page)).await?;
    let total = paging::total(store::products::count(tx, &prefix, COUNTED + 1).await?);
    let next = paging::cut(&mut found, page, |last| {
        Cursor::new(ORDER, vec![json!(last.sort_title)], last.id.0)
    });
    stock::count(tx, &mut found).await?;
    let shown = found.iter().map(Product::show).collect();
    Ok(Page::new(shown, next, total))
}

/// How often others may tell of the same new products meanwhile.
const TRIES: usize = 5;

/// Tells of many products; what is refused changes nothing and keeps none of the others back.
pub async fn upsert_many(
    tx: &mut Tx,
    inputs: &[ProductInput],
    base: Currency,
) -> Result<Vec<Outcome<Product>>> {
    for _ in 0..TRIES {
        let keys: Vec<(&str, &str)> = inputs
            .iter()
            .map(|input| (input.source.trim(), input.external_id.trim()))
            .collect();
        let before: ByKey<Product> = store::products::lock(tx, &keys)
            .await?
            .into_iter()
            .map(|product| ((product.source.clone(), product.external_id.clone()), product))
            .collect();
        let mut after = before.clone();
        let outcomes: Vec<Outcome<Product>> = inputs
            .iter()
            .map(|input| tell(tx, input, base, &mut after))
            .collect();
        if write(tx, &before, &mut after).await? {
            return Ok(as_they_are(outcomes, &after, key));
        }
    }
    Err(busy())
}

/// What would become of many products if they were told of; nothing is written.
pub async fn try_many(tx: &mut Tx, inputs: &[ProductInput], base: Currency) -> Result<Vec<Outcome<Product>>> {
    let keys: Vec<(&str, &str)> = inputs
        .iter()
        .map(|input| (input.source.trim(), input.external_id.trim()))
        .collect();
    let mut after: ByKey<Product> = store::products::lock(tx, &keys)
        .await?
        .into_iter()
        .map(|product| ((product.source.clone(), product.external_id.clone()), product))
        .collect();
    let outcomes: Vec<_> = inputs
        .iter()
        .map(|input| tell(tx, input, base, &mut after))
        .collect();
    Ok(as_they_are(outcomes, &after, key))
}

/// What the ids of products begin with of which a file knew only the name in addresses.
pub const BY_HANDLE: &str = "handle:";

/// Which of these handles are those of products that their shop itself has told of, by an id of its own.
pub async fn by_handles(tx: &mut Tx, source: &str, handles: &[&str]) -> Result<Vec<ByHandle>> {
    store::products::by_handles(tx, source, handles).await
}

/// Gives the product that a file brought by its handle alone the id that its shop knows it by, unless that is known already.
pub async fn adopt(tx: &mut Tx, source: &str, handle: &str, external_id: &str) -> Result<()> {
    store::products::rename(tx, source, &format!("{BY_HANDLE}{handle}"), external_id).await
}

fn tell(tx: &Tx, input: &ProductInput, base: Currency, all: &mut ByKey<Product>) -> Outcome<Product> {
    let mut faults = Faults::new();
    let key = input.key(base, &mut faults);
    let known = all.get(&key);
    if known.is_some_and(|product| product.deleted_at.is_some()) && input.source_version.is_none() {
        let message = "this product was deleted; it stays so";
        return Outcome::Refused(Error::conflict("/external_id", "product_deleted", message));
    }
    let blank;
    let before = if let Some(product) = known {
        product
    } else {
        blank = Product::blank(&key.0, &key.1, tx.now());
        &blank
    };
    let after = before.merged(input, base, &mut faults);
    if let Err(error) = faults.check() {
        return Outcome::Refused(error);
    }
    if known.is_none() {
        all.insert(key, after.clone());
        return Outcome::Created(after);
    }
    if *before == after {
        return Outcome::Unchanged(after);
    }
    all.insert(key, after.clone());
    Outcome::Updated(after)
}

/// Writes what differs. False if others have told of a new product meanwhile: then nothing is written.
async fn write(tx: &mut Tx, before: &ByKey<Product>, after: &mut ByKey<Product>) -> Result<bool> {
    use sqlx::Executor as _;
    let new: Vec<&Product> = after
        .iter()
        .filter(|(key, _)| !before.contains_key(*key))
        .map(|(_, product)| product)
        .collect();
    let changed: Vec<&Product> = after
        .iter()
        .filter(|(key, product)| before.get(*key).is_some_and(|before| before != *product))
        .map(|(_, product)| product)
        .collect();
    if !new.is_empty() {
        tx.conn().execute("SAVEPOINT new_products").await?;
        if store::products::insert(tx, &new).await? < new.len() {
            tx.conn().execute("ROLLBACK TO SAVEPOINT new_products").await?;
            return Ok(false);
        }
    }
    let versions = if changed.is_empty() {
        Vec::new()
    } else {
        store::products::update(tx, &changed).await?
    };
    let regrouped: Vec<(String, String)> = new
        .iter()
        .chain(&changed)
        .filter(|product| {
            let key = (product.source.clone(), product.external_id.clone());
            let old = before
                .get(&key)
                .map_or((&None, &None), |old| (&old.brand, &old.category));
            old != (&product.brand, &product.category)
        })
        .map(|product| (product.source.clone(), product.external_id.clone()))
        .collect();
    if !regrouped.is_empty() {
        regulars_jobs::enqueue(tx, jobs::regroup(regrouped)).await?;
    }
    let written: Vec<&Product> = new.iter().chain(&changed).copied().collect();
    if !written.is_empty() {
        store::products::replace_variants(tx, &written).await?;
    }
    for (id, version, at) in versions {
        if let Some(product) = after.values_mut().find(|product| product.id.0 == id) {
            (product.version, product.updated_at) = (version, at);
        }
    }
    Ok(true)
}

/// Deletes the product with this id.
pub async fn delete(tx: &mut Tx, id: ProductId, guard: Guard<'_>) -> Result<()> {
    let product = store::products::get(tx, id)
        .await?
        .ok_or(Error::NotFound("product"))?;
    let locked = store::products::lock(tx, &[(&product.source, &product.external_id)]).await?;
    let product = locked
        .first()
        .filter(|product| product.deleted_at.is_none())
        .ok_or(Error::NotFound("product"))?;
    guard(product.version)?;
    delete_by_key(tx, &product.source, &product.external_id, None).await
}

/// Deletes a product for ever. What arrives of it later, or before, still says what kind of thing was bought, so that the
/// order of arrival makes no difference to anybody's figures; one that was never told of leaves a mark for that.
pub async fn delete_by_key(
    tx: &mut Tx,
    source: &str,
    external_id: &str,
    at: Option<DateTime<Utc>>,
) -> Result<()> {
    let deleted_at = Some(at.unwrap_or(tx.now()));
    for _ in 0..TRIES {
        let Some(before) = store::products::lock(tx, &[(source, external_id)]).await?.pop() else {
            let product = Product {
                deleted_at,
                ..Product::blank(source, external_id, tx.now())
            };
            if store::products::insert(tx, &[&product]).await? == 1 {
                return Ok(());
            }
            continue;
        };
        if before.deleted_at.is_none() {
            let after = Product { deleted_at, ..before };
            store::products::update(tx, &[&after]).await?;
        }
        return Ok(());
    }
    Err(busy())
}

fn busy() -> Error {
    Error::Unavailable("others tell of the same products at once; try again".into())
}

fn key(product: &Product) -> (String, String) {
    (product.source.clone(), product.external_id.clone())
}

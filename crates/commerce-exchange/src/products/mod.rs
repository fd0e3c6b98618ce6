//! Products by file: several rows that follow each other, each a variant, are one product.
//!
//! Shopify's export names no ids, only the product's name in addresses (`Handle`). A product that the shop itself has told of is
//! found by that, and left as the shop tells it, whose word has ids and comes with each change. One that is not known yet gets
//! the id `handle:…`, which becomes the shop's own once the shop tells of it.

mod build;
mod fields;

use std::sync::Arc;

use async_trait::async_trait;
use regulars_commerce::{model::ProductInput, ops::products};
use regulars_database::Tx;
use regulars_exchange::{
    kind::{Records, Told},
    model::{ImportKind, Outcome},
};
use regulars_kernel::{Currency, Result};
use regulars_mapping::{Vendor, name::words};
use regulars_tabular::read::{Headers, Record};

use self::fields::SCHEMA;
use crate::{
    kind::Kind,
    settle::{by_id, plain, settle, unchanged},
    sheet::{Said, Sheet},
};

/// Products.
pub const KIND: Kind = Kind {
    of: ImportKind::Products,
    schema: &SCHEMA,
    vendor: Vendor::ShopifyProducts,
    recognises,
    reader: |sheet, base| Arc::new(Reader { sheet, base }),
};

/// Shopify's export; columns with our own names; what only products have.
fn recognises(headers: &Headers) -> bool {
    let names = || headers.iter().map(|header| header.unique_name.as_str());
    let has = |list: &[&str]| names().any(|name| list.contains(&words(name, true).as_str()));
    Vendor::detect(names()) == Vendor::ShopifyProducts
        || names().any(|name| matches!(name.trim(), "product.id" | "product.handle"))
        || (has(&["product id", "sku", "product name", "artikelnummer"])
            && has(&["price", "regular price", "preis"])
            && !has(&[
                "quantity",
                "qty",
                "menge",
                "email",
                "e mail",
                "order id",
                "order number",
            ]))
}

struct Reader {
    sheet: Sheet,
    base: Currency,
}

#[async_trait]
impl Records for Reader {
    fn key(&self, row: &Record, _: Option<(&str, &Record)>) -> Option<String> {
        let text = |field| self.sheet.text(row, field);
        // Shopify writes the handle on each row.
        let key = if self.sheet.is_shopify {
            text("product.handle").or_else(|| text("product.id"))
        } else {
            text("product.id").or_else(|| text("product.handle"))
        };
        key.map(str::to_owned)
    }

    fn name(&self, rows: &[Record]) -> String {
        let Some(first) = rows.first() else {
            return String::new();
        };
        let text = |field| self.sheet.text(first, field);
        let name = text("product.title")
            .or_else(|| text("product.handle"))
            .or_else(|| text("product.id"));
        name.unwrap_or_default().to_owned()
    }

    async fn tell(&self, tx: &mut Tx, records: &[&[Record]], is_trial: bool) -> Result<Vec<Told>> {
        let mut told: Vec<Option<Told>> = Vec::with_capacity(records.len());
        let (mut inputs, mut all): (Vec<ProductInput>, Vec<Said>) = (Vec::new(), Vec::new());
        let read: Vec<_> = records
            .iter()
            .map(|rows| {
                self.sheet
                    .read(rows)
                    .and_then(|said| build::product(&self.sheet, said))
            })
            .collect();
        let handles: Vec<&str> = read
            .iter()
            .flatten()
            .filter_map(|(input, _)| build::handle_of(input))
            .collect();
        let known = if handles.is_empty() {
            Vec::new()
        } else {
            products::by_handles(tx, &self.sheet.source, &handles).await?
        };
        for made in read {
            told.push(match made {
                Ok((input, said)) => {
                    let handle = build::handle_of(&input);
                    let own = handle.and_then(|handle| known.iter().find(|one| one.handle == handle));
                    if let Some(own) = own {
                        Some(unchanged(own.id.0))
                    } else {
                        inputs.push(input);
                        all.push(said);
                        None
                    }
                }
                Err(reasons) => Some(Told {
                    reasons,
                    ..plain(Outcome::Invalid, None)
                }),
            });
        }
        let became = if is_trial {
            products::try_many(tx, &inputs, self.base).await?
        } else {
            products::upsert_many(tx, &inputs, self.base).await?
        };
        settle(
            told,
            by_id(became, |product| product.id.0),
            all,
            &SCHEMA,
            &self.sheet,
            "/variants/",
        )
    }
}

//! Orders by file: several rows that follow each other, each a line, are one order.

mod build;
mod fields;
mod phones;

use std::sync::Arc;

use async_trait::async_trait;
use regulars_commerce::{model::OrderInput, ops::orders};
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
    settle::{by_id, plain, settle},
    sheet::{Said, Sheet},
};

/// Orders.
pub const KIND: Kind = Kind {
    of: ImportKind::Orders,
    schema: &SCHEMA,
    vendor: Vendor::ShopifyOrders,
    recognises,
    reader: |sheet, base| Arc::new(Reader { sheet, base }),
};

/// Shopify's export; columns with our own names; an order's number beside what only lines have.
fn recognises(headers: &Headers) -> bool {
    let names = || headers.iter().map(|header| header.unique_name.as_str());
    let has = |list: &[&str]| names().any(|name| list.contains(&words(name, true).as_str()));
    Vendor::detect(names()) == Vendor::ShopifyOrders
        || names().any(|name| matches!(name.trim(), "order.id" | "order.number"))
        || (has(&[
            "order id",
            "order number",
            "orderid",
            "bestellnummer",
            "auftragsnummer",
        ]) && has(&[
            "quantity",
            "qty",
            "menge",
            "order total",
            "total",
            "grand total",
            "order date",
            "line items",
            "lines",
            "bestelldatum",
            "gesamtsumme",
            "gesamtbetrag",
        ]))
}

struct Reader {
    sheet: Sheet,
    base: Currency,
}

/// An order that was read, with what its rows say.
type Read = (OrderInput, Said);

#[async_trait]
impl Records for Reader {
    fn key(&self, row: &Record, before: Option<(&str, &Record)>) -> Option<String> {
        let number = self.sheet.text(row, "order.number");
        let id = self.sheet.text(row, "order.id");
        // Shopify writes the id of an order on its first row alone, the number on each.
        if self.sheet.is_shopify || self.sheet.header("order.id").is_none() {
            return number.or(id).map(str::to_owned);
        }
        if let Some(id) = id {
            return Some(id.to_owned());
        }
        let (key, first) = before?;
        (number.is_some() && self.sheet.text(first, "order.number") == number).then(|| key.to_owned())
    }

    fn name(&self, rows: &[Record]) -> String {
        let Some(first) = rows.first() else {
            return String::new();
        };
        let text = |field| self.sheet.text(first, field);
        let mut parts: Vec<&str> = Vec::new();
        parts.extend(text("order.number").or_else(|| text("order.id")));
        parts.extend(text("billing.name").or_else(|| text("shipping.name")));
        parts.extend(text("order.email"));
        parts.join(", ")
    }

    async fn tell(&self, tx: &mut Tx, records: &[&[Record]], is_trial: bool) -> Result<Vec<Told>> {
        let mut told: Vec<Option<Told>> = Vec::with_capacity(records.len());
        let mut read: Vec<Read> = Vec::new();
        for rows in records {
            let made = self
                .sheet
                .read(rows)
                .and_then(|said| build::order(&self.sheet, said));
            told.push(match made {
                Ok(order) => {
                    read.push(order);
                    None
                }
                Err(reasons) => Some(Told {
                    reasons,
                    ..plain(Outcome::Invalid, None)
                }),
            });
        }
        phones::name_customers(tx, read.iter_mut().map(|(input, _)| input)).await?;
        let (inputs, said): (Vec<OrderInput>, Vec<Said>) = read.into_iter().unzip();
        let became = if is_trial {
            orders::try_many(tx, &inputs, self.base).await?
        } else {
            orders::upsert_many(tx, &inputs, self.base, orders::UNGUARDED).await?
        };
        settle(
            told,
            by_id(became, |order| order.id.0),
            said,
            &SCHEMA,
            &self.sheet,
            "/lines/",
        )
    }
}

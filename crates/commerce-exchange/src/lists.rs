//! Carts and wishlists by file: rows that follow each other, each a thing in it, are one of them. No shop's export is known
//! that has them, so columns are found by their names alone.

use std::sync::Arc;

use async_trait::async_trait;
use regulars_commerce::{
    model::{CartInput, SourceVersion, WishlistInput},
    ops::{carts, orders::UNGUARDED, wishlists},
};
use regulars_database::Tx;
use regulars_exchange::{
    kind::{Records, Told},
    model::{ImportKind, Outcome, Reason},
};
use regulars_kernel::{Currency, Result};
use regulars_mapping::{Vendor, name::words};
use regulars_tabular::read::{Headers, Record};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{
    fields::{Field, Holds as H, Schema},
    kind::Kind,
    settle::{by_id, plain, settle},
    sheet::{Reasons, Said, Sheet},
};

const fn field(name: &'static str, label: &'static str, at: &'static str, holds: H) -> Field {
    Field::new(name, label, at, holds)
}

static CART: Schema = Schema {
    part: "line.",
    keys: &["cart.id"],
    first_wins: &[],
    fields: &[
        field("cart.id", "Cart: id in the source", "/external_id", H::Id),
        field(
            "cart.customer_id",
            "Cart: customer's id in the source",
            "/customer",
            H::Id,
        ),
        field("cart.email", "Cart: customer's e-mail", "/email", H::Text),
        field("cart.currency", "Cart: currency", "/currency", H::Text),
        field("cart.total", "Cart: total", "/total", H::Amount),
        field("cart.started_at", "Cart: begun at", "/started_at", H::Time),
        field(
            "cart.checkout_started_at",
            "Cart: reached the checkout at",
            "/checkout_started_at",
            H::Time,
        ),
        field(
            "cart.completed_at",
            "Cart: became an order at",
            "/completed_at",
            H::Time,
        ),
        field(
            "cart.order_id",
            "Cart: id of the order it became",
            "/order_external_id",
            H::Id,
        ),
        field(
            "cart.updated_at",
            "Cart: last changed at",
            "/last_active_at",
            H::Time,
        ),
        field(
            "cart.recovery_url",
            "Cart: where the buyer goes on",
            "/recovery_url",
            H::Text,
        ),
        field(
            "line.product_id",
            "Line: product's id in the source",
            "product_external_id",
            H::Id,
        ),
        field(
            "line.variant_id",
            "Line: variant's id in the source",
            "variant_external_id",
            H::Id,
        ),
        field("line.sku", "Line: SKU", "sku", H::Id),
        field("line.title", "Line: title", "title", H::Text),
        field(
            "line.variant_title",
            "Line: which of it",
            "variant_title",
            H::Text,
        ),
        field("line.quantity", "Line: how many", "quantity", H::Count),
        field("line.price", "Line: price of one", "price", H::Amount),
        field("line.total", "Line: price of all", "total", H::Amount),
    ],
    synonyms: &[
        ("cart id", "cart.id"),
        ("cart token", "cart.id"),
        ("checkout id", "cart.id"),
        ("warenkorb", "cart.id"),
        ("warenkorbnummer", "cart.id"),
        ("customer id", "cart.customer_id"),
        ("kundennummer", "cart.customer_id"),
        ("email", "cart.email"),
        ("e mail", "cart.email"),
        ("customer email", "cart.email"),
        ("currency", "cart.currency"),
        ("cart total", "cart.total"),
        ("created at", "cart.started_at"),
        ("started at", "cart.started_at"),
        ("checkout started at", "cart.checkout_started_at"),
        ("completed at", "cart.completed_at"),
        ("order id", "cart.order_id"),
        ("updated at", "cart.updated_at"),
        ("abandoned checkout url", "cart.recovery_url"),
        ("recovery url", "cart.recovery_url"),
        ("product id", "line.product_id"),
        ("artikelnummer", "line.product_id"),
        ("variant id", "line.variant_id"),
        ("sku", "line.sku"),
        ("title", "line.title"),
        ("product", "line.title"),
        ("product name", "line.title"),
        ("artikel", "line.title"),
        ("variant", "line.variant_title"),
        ("quantity", "line.quantity"),
        ("qty", "line.quantity"),
        ("menge", "line.quantity"),
        ("price", "line.price"),
        ("preis", "line.price"),
        ("line total", "line.total"),
    ],
    shopify: &[],
};

static WISHLIST: Schema = Schema {
    part: "wish.",
    keys: &["wishlist.id"],
    first_wins: &[],
    fields: &[
        field("wishlist.id", "Wishlist: id in the source", "/external_id", H::Id),
        field(
            "wishlist.customer_id",
            "Wishlist: customer's id in the source",
            "/customer",
            H::Id,
        ),
        field("wishlist.email", "Wishlist: customer's e-mail", "/email", H::Text),
        field("wishlist.name", "Wishlist: name", "/name", H::Text),
        field(
            "wishlist.updated_at",
            "Wishlist: last changed at",
            "/source_version",
            H::Time,
        ),
        field(
            "wishlist.currency",
            "Wishlist: currency of its prices",
            "",
            H::Text,
        ),
        field(
            "wish.product_id",
            "Wish: product's id in the source",
            "product_external_id",
            H::Id,
        ),
        field(
            "wish.variant_id",
            "Wish: variant's id in the source",
            "variant_external_id",
            H::Id,
        ),
        field("wish.sku", "Wish: SKU", "sku", H::Id),
        field("wish.title", "Wish: title", "title", H::Text),
        field(
            "wish.variant_title",
            "Wish: which of it",
            "variant_title",
            H::Text,
        ),
        field("wish.price", "Wish: price then", "price", H::Amount),
        field("wish.added_at", "Wish: since when", "added_at", H::Time),
    ],
    synonyms: &[
        ("wishlist id", "wishlist.id"),
        ("wish list id", "wishlist.id"),
        ("wunschliste", "wishlist.id"),
        ("customer id", "wishlist.customer_id"),
        ("kundennummer", "wishlist.customer_id"),
        ("email", "wishlist.email"),
        ("e mail", "wishlist.email"),
        ("customer email", "wishlist.email"),
        ("wishlist name", "wishlist.name"),
        ("list", "wishlist.name"),
        ("updated at", "wishlist.updated_at"),
        ("currency", "wishlist.currency"),
        ("product id", "wish.product_id"),
        ("artikelnummer", "wish.product_id"),
        ("variant id", "wish.variant_id"),
        ("sku", "wish.sku"),
        ("title", "wish.title"),
        ("product", "wish.title"),
        ("product name", "wish.title"),
        ("artikel", "wish.title"),
        ("variant", "wish.variant_title"),
        ("price", "wish.price"),
        ("preis", "wish.price"),
        ("added at", "wish.added_at"),
        ("added on", "wish.added_at"),
        ("hinzugefugt am", "wish.added_at"),
    ],
    shopify: &[],
};

/// Carts.
pub const CARTS: Kind = kind(List::Carts);

/// Wishlists.
pub const WISHLISTS: Kind = kind(List::Wishlists);

/// Carts or wishlists.
#[derive(Clone, Copy)]
enum List {
    Carts,
    Wishlists,
}

const fn kind(list: List) -> Kind {
    match list {
        List::Carts => Kind {
            of: ImportKind::Carts,
            schema: &CART,
            vendor: Vendor::Generic,
            recognises: |headers| {
                recognises(
                    headers,
                    CART.keys[0],
                    &["cart id", "cart token", "warenkorb", "warenkorbnummer"],
                )
            },
            reader: |sheet, base| {
                Arc::new(Reader {
                    list: List::Carts,
                    sheet,
                    base,
                })
            },
        },
        List::Wishlists => Kind {
            of: ImportKind::Wishlists,
            schema: &WISHLIST,
            vendor: Vendor::Generic,
            recognises: |headers| {
                recognises(
                    headers,
                    WISHLIST.keys[0],
                    &["wishlist id", "wish list id", "wunschliste"],
                )
            },
            reader: |sheet, base| {
                Arc::new(Reader {
                    list: List::Wishlists,
                    sheet,
                    base,
                })
            },
        },
    }
}

impl List {
    fn schema(self) -> &'static Schema {
        match self {
            Self::Carts => &CART,
            Self::Wishlists => &WISHLIST,
        }
    }
}

/// Our own name of the id, or what only these files call it.
fn recognises(headers: &Headers, own: &str, others: &[&str]) -> bool {
    headers.iter().any(|header| {
        let name = header.unique_name.as_str();
        name.trim() == own || others.contains(&words(name, true).as_str())
    })
}

struct Reader {
    list: List,
    sheet: Sheet,
    base: Currency,
}

#[async_trait]
impl Records for Reader {
    fn key(&self, row: &Record, _: Option<(&str, &Record)>) -> Option<String> {
        self.sheet
            .text(row, self.list.schema().keys[0])
            .map(str::to_owned)
    }

    fn name(&self, rows: &[Record]) -> String {
        let Some(first) = rows.first() else {
            return String::new();
        };
        let fields = match self.list {
            List::Carts => ["cart.id", "cart.email"],
            List::Wishlists => ["wishlist.name", "wishlist.email"],
        };
        let parts = fields.iter().filter_map(|field| self.sheet.text(first, field));
        parts.collect::<Vec<_>>().join(", ")
    }

    async fn tell(&self, tx: &mut Tx, records: &[&[Record]], is_trial: bool) -> Result<Vec<Told>> {
        let (told, inputs, said) = self.read(records);
        match self.list {
            List::Carts => {
                let inputs = inputs
                    .into_iter()
                    .map(as_input)
                    .collect::<Result<Vec<CartInput>>>()?;
                let became = if is_trial {
                    carts::try_many(tx, &inputs, self.base).await?
                } else {
                    carts::upsert_many(tx, &inputs, self.base, UNGUARDED).await?
                };
                settle(
                    told,
                    by_id(became, |cart| cart.id.0),
                    said,
                    &CART,
                    &self.sheet,
                    "/lines/",
                )
            }
            List::Wishlists => {
                let inputs = inputs
                    .into_iter()
                    .map(as_input)
                    .collect::<Result<Vec<WishlistInput>>>()?;
                let became = if is_trial {
                    wishlists::try_many(tx, &inputs, self.base).await?
                } else {
                    wishlists::upsert_many(tx, &inputs, self.base, UNGUARDED).await?
                };
                settle(
                    told,
                    by_id(became, |list| list.id.0),
                    said,
                    &WISHLIST,
                    &self.sheet,
                    "/items/",
                )
            }
        }
    }
}

/// What is made of the cells fits what is told: each is of its field's kind.
fn as_input<T: DeserializeOwned>(ours: Value) -> Result<T> {
    Ok(serde_json::from_value(ours)?)
}

impl Reader {
    /// What each record comes to if it cannot be read; of the others what is told, and what their rows say.
    fn read(&self, records: &[&[Record]]) -> (Vec<Option<Told>>, Vec<Value>, Vec<Said>) {
        let (mut told, mut inputs, mut all) = (Vec::with_capacity(records.len()), Vec::new(), Vec::new());
        for rows in records {
            let made = self
                .sheet
                .read(rows)
                .and_then(|said| Ok((self.input(&said)?, said)));
            told.push(match made {
                Ok((input, said)) => {
                    inputs.push(input);
                    all.push(said);
                    None
                }
                Err(reasons) => Some(Told {
                    reasons,
                    ..plain(Outcome::Invalid, None)
                }),
            });
        }
        (told, inputs, all)
    }

    fn input(&self, said: &Said) -> Result<Value, Reasons> {
        let schema = self.list.schema();
        let id = schema.keys[0];
        if said.get(id).is_none() {
            let reason = Reason {
                column: self.sheet.header(id).map(str::to_owned),
                code: "id_missing".to_owned(),
                message: "the row does not say of which it is".to_owned(),
            };
            return Err(vec![(Some(0), reason)]);
        }
        let mut ours = Map::new();
        ours.insert("source".to_owned(), json!(self.sheet.source));
        for (name, value) in &said.whole {
            let at = schema
                .field(name)
                .map_or("", |field| field.at)
                .trim_start_matches('/');
            // Times are told or not, and an id that is emptied names nobody.
            let is_lasting = value.is_null()
                && (name.ends_with("_at") || name.ends_with("id") || name.ends_with("currency"));
            let value = match (at, value) {
                ("", _) => continue,
                _ if is_lasting => continue,
                ("customer", id) => json!({"external_id": id}),
                ("source_version", at) => match said.time("wishlist.updated_at") {
                    Some(time) => json!(SourceVersion::new(time, "")),
                    None => at.clone(),
                },
                (_, value) => value.clone(),
            };
            ours.insert(at.to_owned(), value);
        }
        if self.sheet.has_parts() {
            let parts: Vec<Value> = said.parts.iter().map(|(_, part)| self.part(part, said)).collect();
            let at = match self.list {
                List::Carts => "lines",
                List::Wishlists => "items",
            };
            ours.insert(at.to_owned(), json!(parts));
        }
        Ok(Value::Object(ours))
    }

    fn part(&self, part: &std::collections::BTreeMap<&'static str, Value>, said: &Said) -> Value {
        let mut ours = Map::new();
        if matches!(self.list, List::Carts) {
            // A row is one thing, unless it says how many.
            ours.insert("quantity".to_owned(), json!(1));
        }
        let currency = said.text("wishlist.currency");
        for (name, value) in part {
            let Some(field) = self.list.schema().field(name) else {
                continue;
            };
            let value = match currency.filter(|_| field.at == "price") {
                Some(currency) => json!({"amount": value, "currency": currency}),
                None => value.clone(),
            };
            ours.insert(field.at.to_owned(), value);
        }
        Value::Object(ours)
    }
}

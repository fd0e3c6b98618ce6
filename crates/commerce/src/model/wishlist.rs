//! Wishlists: what somebody would like to have, as kept, told, put together and shown.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Currency, Email, Faults, Money, Patch, clock,
    ids::{CustomerId, WishlistId},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    AmountInput, CustomerKey, SourceVersion, Whose,
    check::Check,
    merge::rounded,
    order::Core,
    reading::{email_of, whose_of},
    version::replaces,
};

/// Most things on one list.
const MOST_ITEMS: usize = 1_000;

/// A wishlist, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Wishlist {
    pub id: WishlistId,
    pub version: i32,
    pub source: String,
    pub external_id: String,
    pub source_version: Option<DateTime<Utc>>,
    pub source_sequence: Option<String>,
    pub customer_id: Option<CustomerId>,
    pub name: Option<String>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    #[sqlx(skip)]
    pub items: Vec<Wish>,
}

/// A thing on a wishlist, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Wish {
    pub product_external_id: String,
    pub variant_external_id: String,
    pub sku: Option<String>,
    pub title: String,
    pub variant_title: Option<String>,
    pub price: Option<Decimal>,
    pub currency: Option<Currency>,
    pub added_at: DateTime<Utc>,
}

/// What is told of a thing on a wishlist.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"product_external_id": "7", "variant_external_id": "71", "title": "Shoes", "price": "59.90", "added_at": "2026-01-31T12:00:00Z"}))]
pub struct WishInput {
    /// The product's id in the source; with the variant's the key on the list.
    #[schema(example = "7", min_length = 1, max_length = 200)]
    pub product_external_id: String,
    /// The variant's id in the source; any variant of the product, if absent.
    #[schema(example = "71")]
    pub variant_external_id: Option<String>,
    /// Stock keeping unit.
    #[schema(example = "SHOE-38")]
    pub sku: Option<String>,
    /// What it is.
    #[schema(example = "Shoes")]
    pub title: String,
    /// Which of it.
    #[schema(example = "38")]
    pub variant_title: Option<String>,
    /// What it cost when it was wished for; in the organization's currency, if none is named.
    pub price: Option<AmountInput>,
    /// When it was wished for. If it is absent: as known, else at the time of the version, else now.
    pub added_at: Option<DateTime<Utc>>,
}

/// What is told of a wishlist. What is absent stays as it is; null empties.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({
    "source": "shop", "external_id": "w-7", "email": "ada@example.com", "name": "Birthday",
    "items": [{"product_external_id": "7", "title": "Shoes", "price": "59.90"}]
}))]
pub struct WishlistInput {
    /// The shop it is from: lower case letters, digits and `_`.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$")]
    pub source: String,
    /// Its id there; with the source the key by which it is created or changed.
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: String,
    /// Its version there. What is older than what is known changes nothing; who gives versions tells the whole list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_version: Option<SourceVersion>,
    /// Whose it is. Without it `customer`, then `email` tells; who is not known yet becomes a guest.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<CustomerId>)]
    pub customer_id: Patch<CustomerId>,
    /// Whose it is, by an id in another system.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<CustomerKey>)]
    pub customer: Patch<CustomerKey>,
    /// Whose it is, by address. It is only looked up, and kept with the guest.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub email: Patch<String>,
    /// What it is called.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub name: Patch<String>,
    /// All of them, replacing those there are.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<WishInput>>, max_items = 1000)]
    pub items: Patch<Vec<WishInput>>,
}

/// What is told of a wishlist, checked.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the input")]
pub struct WishlistChange {
    pub source: String,
    pub external_id: String,
    pub version: Option<SourceVersion>,
    pub whose: Whose,
    pub name: Patch<String>,
    /// Each with the time that was told, if any.
    pub items: Option<Vec<(Wish, Option<DateTime<Utc>>)>>,
}

/// A wishlist, as the API gives it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Wishlist)]
pub struct WishlistJson {
    /// Its id here.
    pub id: WishlistId,
    /// Grows with each change.
    #[schema(example = 1)]
    pub version: i32,
    /// The shop it is from.
    #[schema(example = "shop")]
    pub source: String,
    /// Its id there.
    #[schema(example = "w-7")]
    pub external_id: String,
    /// Whose it is.
    pub customer_id: Option<CustomerId>,
    /// What it is called.
    #[schema(example = "Birthday")]
    pub name: Option<String>,
    /// What is wished for, in the list's order.
    pub items: Vec<WishJson>,
    /// When it was first told of.
    #[serde(serialize_with = "clock::serialize")]
    pub created_at: DateTime<Utc>,
    /// When it last changed here.
    #[serde(serialize_with = "clock::serialize")]
    pub updated_at: DateTime<Utc>,
}

/// A thing on a wishlist, as the API gives it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Wish)]
pub struct WishJson {
    /// The product's id in the source.
    #[schema(example = "7")]
    pub product_external_id: String,
    /// The variant's id in the source; null: any variant.
    #[schema(example = "71")]
    pub variant_external_id: Option<String>,
    /// Stock keeping unit.
    #[schema(example = "SHOE-38")]
    pub sku: Option<String>,
    /// What it is.
    #[schema(example = "Shoes")]
    pub title: String,
    /// Which of it.
    #[schema(example = "38")]
    pub variant_title: Option<String>,
    /// What it cost when it was wished for.
    pub price: Option<Money>,
    /// When it was wished for.
    #[serde(serialize_with = "clock::serialize")]
    pub added_at: DateTime<Utc>,
}

impl WishlistInput {
    /// Cleans it. Every fault is noted with its place.
    pub fn check(&self, base: Currency, faults: &mut Faults) -> WishlistChange {
        let mut check = Check {
            faults,
            currency: None,
            base,
        };
        let source = check.source("/source", &self.source);
        // Noted here if it is none; who it is, is read below.
        let _: Patch<Email> = email_of(&self.email, &mut check);
        WishlistChange {
            whose: whose_of(self.customer_id, &self.customer, &self.email, &source, &mut check),
            source,
            external_id: check.id("/external_id", &self.external_id),
            version: check.version("/source_version", self.source_version.as_ref()),
            name: check.patch("/name", &self.name, 200),
            items: self.items(&mut check),
        }
    }

    fn items(&self, check: &mut Check<'_>) -> Option<Vec<(Wish, Option<DateTime<Utc>>)>> {
        let given = match &self.items {
            Patch::Keep => return None,
            Patch::Clear => return Some(Vec::new()),
            Patch::Set(items) => items,
        };
        if !check.room("/items", given.len(), MOST_ITEMS) {
            return None;
        }
        let mut seen = BTreeSet::new();
        let items = given.iter().enumerate().map(|(index, one)| {
            let pointer = format!("/items/{index}");
            let wish = wish_of(&pointer, one, check);
            if !seen.insert(wish.0.key()) {
                let message = "this product and variant stand on the list already";
                check
                    .faults
                    .add(format!("{pointer}/product_external_id"), "duplicate", message);
            }
            wish
        });
        Some(items.collect())
    }
}

fn wish_of(pointer: &str, given: &WishInput, check: &mut Check<'_>) -> (Wish, Option<DateTime<Utc>>) {
    let at = |name: &str| format!("{pointer}/{name}");
    let title = check.line(&at("title"), &given.title, 500);
    if title.is_none() {
        check
            .faults
            .add(at("title"), "missing", "what is wished for has a title");
    }
    let price = given
        .price
        .as_ref()
        .and_then(|price| check.money(&at("price"), price, true));
    let added_at = check.maybe_time(&at("added_at"), given.added_at);
    let mut text = |name: &str, given: &Option<String>, most| check.maybe(&at(name), given.as_ref(), most);
    let wish = Wish {
        variant_external_id: text("variant_external_id", &given.variant_external_id, 200).unwrap_or_default(),
        sku: text("sku", &given.sku, 200),
        variant_title: text("variant_title", &given.variant_title, 500),
        title: title.unwrap_or_default(),
        currency: price.map(|(_, currency)| currency.unwrap_or(check.base)),
        price: price.map(|(amount, _)| amount),
        product_external_id: check.id(&at("product_external_id"), &given.product_external_id),
        added_at: DateTime::UNIX_EPOCH,
    };
    (wish, added_at)
}

impl Wish {
    /// By what it is one on its list.
    pub fn key(&self) -> (String, String) {
        (self.product_external_id.clone(), self.variant_external_id.clone())
    }

    /// Gives the price the digits that it needs, as those have that are told.
    pub fn normalize(&mut self) {
        if let (Some(price), Some(currency)) = (self.price, self.currency) {
            self.price = Some(rounded(price, currency.digits()));
        }
    }

    fn show(&self) -> WishJson {
        WishJson {
            product_external_id: self.product_external_id.clone(),
            variant_external_id: Some(self.variant_external_id.clone()).filter(|id| !id.is_empty()),
            sku: self.sku.clone(),
            title: self.title.clone(),
            variant_title: self.variant_title.clone(),
            price: self
                .price
                .zip(self.currency)
                .map(|(price, currency)| Core::blank(currency).money(price)),
            added_at: self.added_at,
        }
    }
}

impl Wishlist {
    /// One of which nothing is known yet.
    pub fn blank(source: &str, external_id: &str, now: DateTime<Utc>) -> Self {
        Self {
            id: WishlistId::new(),
            version: 1,
            source: source.to_owned(),
            external_id: external_id.to_owned(),
            source_version: None,
            source_sequence: None,
            customer_id: None,
            name: None,
            deleted_at: None,
            created_at: now,
            updated_at: now,
            items: Vec::new(),
        }
    }

    /// What becomes of it by what is told; itself, if that is older than what is known or it is deleted.
    #[must_use]
    pub fn merged(&self, change: &WishlistChange, customer: Patch<CustomerId>, now: DateTime<Utc>) -> Self {
        let mut after = self.clone();
        change.name.clone().apply(&mut after.name);
        customer.apply(&mut after.customer_id);
        if let Some(items) = &change.items {
            let known: HashMap<_, _> = self.items.iter().map(|one| (one.key(), one.added_at)).collect();
            let default = change
                .version
                .as_ref()
                .map_or(SourceVersion::new(now, "").at, |version| version.at);
            after.items = items
                .iter()
                .map(|(wish, at)| Wish {
                    added_at: at.or_else(|| known.get(&wish.key()).copied()).unwrap_or(default),
                    ..wish.clone()
                })
                .collect();
        }
        if let Some(version) = &change.version {
            after.source_version = Some(version.at);
            after.source_sequence = Some(version.sequence.clone());
        }
        let old = SourceVersion::from_columns(self.source_version, self.source_sequence.clone());
        let content = |one: &Self| serde_json::to_string(&(one, &one.items)).unwrap_or_default();
        let is_newer = replaces(change.version.as_ref(), old.as_ref(), || {
            (content(&after), content(self))
        });
        if self.deleted_at.is_some() || !is_newer {
            return self.clone();
        }
        after
    }

    /// What stands on this one that does not stand on the other.
    pub fn beyond<'a>(&'a self, other: &Self) -> Vec<&'a Wish> {
        let there: BTreeSet<_> = other.items.iter().map(Wish::key).collect();
        self.items
            .iter()
            .filter(|wish| !there.contains(&wish.key()))
            .collect()
    }

    /// What an event tells of some of its things: the first few of them, and how many they are.
    pub fn describe(&self, wishes: &[&Wish]) -> Value {
        let products: Vec<Value> = wishes
            .iter()
            .take(TOLD)
            .map(|wish| {
                json!({
                    "product_external_id": wish.product_external_id, "variant_external_id": wish.show().variant_external_id,
                    "title": wish.title.chars().take(80).collect::<String>(),
                })
            })
            .collect();
        json!({
            "wishlist_id": self.id, "source": self.source, "external_id": self.external_id, "name": self.name,
            "products": products, "count": wishes.len(),
        })
    }

    /// As the API gives it.
    pub fn show(&self) -> WishlistJson {
        WishlistJson {
            id: self.id,
            version: self.version,
            source: self.source.clone(),
            external_id: self.external_id.clone(),
            customer_id: self.customer_id,
            name: self.name.clone(),
            items: self.items.iter().map(Wish::show).collect(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// How many things an event names.
const TOLD: usize = 10;

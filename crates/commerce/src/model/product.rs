//! Products and their variants, as kept, told and shown.

use chrono::{DateTime, Utc};
use regulars_customers::choices;
use regulars_kernel::{Currency, Faults, Money, Patch, clock, ids::ProductId, text};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    AmountInput, SourceVersion, StockLevel, check::Check, order::Core, reading::tags, version::replaces,
};

choices! {
    /// Whether a product is for sale.
    ProductStatus { Active = "active", Draft = "draft", Archived = "archived" }
}

/// A product, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Product {
    pub id: ProductId,
    pub version: i32,
    pub source: String,
    pub external_id: String,
    pub source_version: Option<DateTime<Utc>>,
    pub source_sequence: Option<String>,
    pub title: String,
    pub sort_title: String,
    pub handle: Option<String>,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub status: ProductStatus,
    pub tags: Vec<String>,
    pub image_url: Option<String>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    #[sqlx(skip)]
    pub variants: Vec<Variant>,
}

/// A variant, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Variant {
    pub external_id: String,
    pub position: i32,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    pub title: Option<String>,
    pub price: Option<Decimal>,
    pub compare_at_price: Option<Decimal>,
    pub currency: Currency,
    pub stock: Option<i32>,
    pub inventory_item_id: Option<String>,
    /// How many there are at all locations together, where they are counted; brought by `ops::stock::count`.
    #[serde(skip)]
    #[sqlx(skip)]
    pub counted: Option<i32>,
    /// Where how many are; brought by `ops::stock::complete`.
    #[serde(skip)]
    #[sqlx(skip)]
    pub levels: Option<Vec<StockLevel>>,
}

/// What is told of a product. What is absent stays as it is; null empties.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({
    "source": "till", "external_id": "7", "title": "Shoes", "brand": "Acme", "category": "shoes",
    "variants": [{"external_id": "71", "sku": "SHOE-38", "title": "38", "price": "59.90"}]
}))]
#[expect(missing_docs, reason = "the names say it; what they do not say stands there")]
pub struct ProductInput {
    /// The shop it is from: lower case letters, digits and `_`.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$")]
    pub source: String,
    /// Its id there.
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: String,
    /// Its version there: what is older than what is known changes nothing. Who gives versions tells the product whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_version: Option<SourceVersion>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub title: Patch<String>,
    /// Its name in addresses of the shop.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub handle: Patch<String>,
    /// Who makes it.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub brand: Patch<String>,
    /// What kind of thing it is.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub category: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<ProductStatus>)]
    pub status: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<String>>)]
    pub tags: Patch<Vec<String>>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub image_url: Patch<String>,
    /// All of them, replacing those there are.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<VariantInput>>, max_items = 500)]
    pub variants: Patch<Vec<VariantInput>>,
}

/// What is told of a variant.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"external_id": "71", "sku": "SHOE-38", "title": "38", "price": "59.90"}))]
#[expect(missing_docs, reason = "the names say it; what they do not say stands there")]
pub struct VariantInput {
    /// Its id in the source.
    pub external_id: String,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    pub title: Option<String>,
    /// In the organization's currency, unless it says another.
    pub price: Option<AmountInput>,
    pub compare_at_price: Option<AmountInput>,
    /// How many there are; none if they are not counted. Where stock is told by location, that counts.
    pub stock: Option<i32>,
    /// Which thing of the stock it is, by its id in the source: levels at locations are told of that.
    pub inventory_item_id: Option<String>,
}

/// A product with its variants.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Product)]
#[expect(missing_docs, reason = "the fields are those of the input")]
pub struct ProductJson {
    pub id: ProductId,
    /// Rises with each change; the ETag.
    #[schema(example = 3)]
    pub version: i32,
    #[schema(example = "till")]
    pub source: String,
    #[schema(example = "1")]
    pub external_id: String,
    pub source_version: Option<SourceVersion>,
    #[schema(example = "Shoes")]
    pub title: String,
    #[schema(example = "shoes")]
    pub handle: Option<String>,
    #[schema(example = "Acme")]
    pub brand: Option<String>,
    #[schema(example = "shoes")]
    pub category: Option<String>,
    pub status: ProductStatus,
    #[schema(example = json!(["gift"]))]
    pub tags: Vec<String>,
    #[schema(example = "https://shop.example/shoes.jpg")]
    pub image_url: Option<String>,
    pub variants: Vec<VariantJson>,
    #[serde(serialize_with = "clock::serialize")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "clock::serialize")]
    pub updated_at: DateTime<Utc>,
}

/// A variant of a product.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ProductVariant)]
pub struct VariantJson {
    #[schema(example = "1")]
    pub external_id: String,
    #[schema(example = "SHOE-38")]
    pub sku: Option<String>,
    #[schema(example = "4006381333931")]
    pub barcode: Option<String>,
    #[schema(example = "Shoes")]
    pub title: Option<String>,
    pub price: Option<Money>,
    pub compare_at_price: Option<Money>,
    /// How many there are: at all locations together, where levels are known.
    #[schema(example = 4)]
    pub stock: Option<i32>,
    #[schema(example = "SHOE-38")]
    pub inventory_item_id: Option<String>,
    /// How many there are where, as far as that was told. Lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<StockLevel>, required = false)]
    pub stock_levels: Option<Vec<StockLevel>>,
}

/// Most variants of a product.
const MOST_VARIANTS: usize = 500;

impl ProductInput {
    /// The key by which it is known.
    pub fn key(&self, base: Currency, faults: &mut Faults) -> (String, String) {
        let mut check = Check {
            faults,
            currency: None,
            base,
        };
        let source = check.source("/source", &self.source);
        (source, check.id("/external_id", &self.external_id))
    }
}

impl Product {
    /// A product of which nothing was told yet.
    pub fn blank(source: &str, external_id: &str, now: DateTime<Utc>) -> Self {
        Self {
            id: ProductId::new(),
            version: 1,
            source: source.to_owned(),
            external_id: external_id.to_owned(),
            source_version: None,
            source_sequence: None,
            title: String::new(),
            sort_title: String::new(),
            handle: None,
            brand: None,
            category: None,
            status: ProductStatus::Active,
            tags: Vec::new(),
            image_url: None,
            deleted_at: None,
            created_at: now,
            updated_at: now,
            variants: Vec::new(),
        }
    }

    /// The product after this was told of it.
    #[must_use]
    pub fn merged(&self, input: &ProductInput, base: Currency, faults: &mut Faults) -> Self {
        let mut check = Check {
            faults,
            currency: None,
            base,
        };
        let mut after = self.clone();
        let version = check.version("/source_version", input.source_version.as_ref());
        let mut title = Some(after.title).filter(|title| !title.is_empty());
        check.patch("/title", &input.title, 500).apply(&mut title);
        if title.is_none() {
            check.faults.add("/title", "missing", "a product has a title");
        }
        after.title = title.unwrap_or_default();
        after.sort_title = text::fold(&after.title);
        check
            .patch("/handle", &input.handle, 300)
            .apply(&mut after.handle);
        check.patch("/brand", &input.brand, 200).apply(&mut after.brand);
        check
            .patch("/category", &input.category, 200)
            .apply(&mut after.category);
        check
            .patch("/image_url", &input.image_url, 2000)
            .apply(&mut after.image_url);
        match check.choices("/status", &input.status) {
            Patch::Keep => {}
            Patch::Clear => after.status = ProductStatus::Active,
            Patch::Set(status) => after.status = status,
        }
        match tags("/tags", &input.tags, &mut check) {
            Patch::Keep => {}
            Patch::Clear => after.tags = Vec::new(),
            Patch::Set(tags) => after.tags = tags,
        }
        match &input.variants {
            Patch::Keep => {}
            Patch::Clear => after.variants = Vec::new(),
            Patch::Set(given) => after.variants = variants(given, &mut check),
        }
        if let Some(version) = &version {
            after.source_version = Some(version.at);
            after.source_sequence = Some(version.sequence.clone());
        }
        let old = SourceVersion::from_columns(self.source_version, self.source_sequence.clone());
        let content = |one: &Self| serde_json::to_string(&(one, &one.variants)).unwrap_or_default();
        let is_newer = replaces(version.as_ref(), old.as_ref(), || {
            (content(&after), content(self))
        });
        if is_newer { after } else { self.clone() }
    }

    /// Gives amounts that were read the digits that they need.
    pub fn normalize(&mut self) {
        for variant in &mut self.variants {
            for amount in [&mut variant.price, &mut variant.compare_at_price] {
                *amount = amount.map(|amount| amount.normalize());
            }
        }
    }

    /// As the API gives it.
    pub fn show(&self) -> ProductJson {
        ProductJson {
            id: self.id,
            version: self.version,
            source: self.source.clone(),
            external_id: self.external_id.clone(),
            source_version: SourceVersion::from_columns(self.source_version, self.source_sequence.clone()),
            title: self.title.clone(),
            handle: self.handle.clone(),
            brand: self.brand.clone(),
            category: self.category.clone(),
            status: self.status,
            tags: self.tags.clone(),
            image_url: self.image_url.clone(),
            variants: self.variants.iter().map(Variant::show).collect(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl Variant {
    fn show(&self) -> VariantJson {
        let money = |amount| Core::blank(self.currency).money(amount);
        VariantJson {
            external_id: self.external_id.clone(),
            sku: self.sku.clone(),
            barcode: self.barcode.clone(),
            title: self.title.clone(),
            price: self.price.map(money),
            compare_at_price: self.compare_at_price.map(money),
            stock: self.in_stock(),
            inventory_item_id: self.inventory_item_id.clone(),
            stock_levels: self.levels.clone(),
        }
    }

    /// How many there are: by location, where they are counted there, else as the product says.
    pub fn in_stock(&self) -> Option<i32> {
        self.counted.or(self.stock)
    }
}

fn variants(given: &[VariantInput], check: &mut Check<'_>) -> Vec<Variant> {
    check.room("/variants", given.len(), MOST_VARIANTS);
    let mut all: Vec<Variant> = Vec::new();
    for (index, one) in given.iter().take(MOST_VARIANTS).enumerate() {
        let at = |name: &str| format!("/variants/{index}/{name}");
        let external_id = check.id(&at("external_id"), &one.external_id);
        if !external_id.is_empty() && all.iter().any(|other| other.external_id == external_id) {
            let message = "this id stands further up already";
            check.faults.add(at("external_id"), "repeated", message);
        }
        let mut money = |name: &str, given: &Option<AmountInput>| {
            given
                .as_ref()
                .and_then(|given| check.money(&at(name), given, true))
        };
        let price = money("price", &one.price);
        let compare = money("compare_at_price", &one.compare_at_price);
        let currency = [price, compare]
            .into_iter()
            .flatten()
            .find_map(|(_, named)| named);
        all.push(Variant {
            external_id,
            position: i32::try_from(index).unwrap_or(i32::MAX),
            sku: check.maybe(&at("sku"), one.sku.as_ref(), 200),
            barcode: check.maybe(&at("barcode"), one.barcode.as_ref(), 200),
            title: check.maybe(&at("title"), one.title.as_ref(), 500),
            price: price.map(|(amount, _)| amount),
            compare_at_price: compare.map(|(amount, _)| amount),
            currency: currency.unwrap_or(check.base),
            stock: one.stock,
            inventory_item_id: check.maybe(&at("inventory_item_id"), one.inventory_item_id.as_ref(), 200),
            counted: None,
            levels: None,
        });
    }
    all
}

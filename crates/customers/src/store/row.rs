//! Reads a row of `customers` as a [`Customer`].

use regulars_kernel::{Currency, Money};
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::{FromRow, Row, postgres::PgRow, types::Json};

use crate::model::Customer;

macro_rules! credit_limit_currency {
    () => {
        "CASE WHEN c.credit_limit IS NOT NULL THEN coalesce(c.credit_limit_currency, \
              (SELECT coalesce(o.credit_limit_currency, o.currency) FROM organizations o WHERE o.id = c.organization_id)) \
              END"
    };
}

/// The currency of the credit limit of a customer from `customers c`.
pub const CREDIT_LIMIT_CURRENCY: &str = credit_limit_currency!();

/// The columns of a customer from `customers c`, as a literal for `concat!`. Tags come by sub-select, and so does the
/// currency of a credit limit from before currencies were kept with it, so one statement is enough.
macro_rules! customer_columns {
    () => {
        concat!("c.id, c.version, c.code, c.kind, c.email, c.phone, c.email_verified, c.phone_verified, c.first_name, c.last_name, c.full_name, c.birthday, \
         c.company_name, c.legal_name, c.industry, c.tax_id, c.status, c.type, c.lifecycle_stage, c.parent_id, \
         c.owner_id, c.priority, c.service_level, c.locale, c.time_zone, c.attributes, c.note, c.internal_note, \
         c.country, c.city, c.last_active_at, c.created_at, c.updated_at, c.deleted_at, \
         ARRAY(SELECT t.name FROM customer_tags ct \
               JOIN tags t ON t.organization_id = ct.organization_id AND t.id = ct.tag_id \
               WHERE ct.organization_id = c.organization_id AND ct.customer_id = c.id) AS tags, \
         c.credit_limit, ", $crate::store::row::credit_limit_currency!(), " AS currency")
    };
}
pub(crate) use {credit_limit_currency, customer_columns};

/// The columns of a customer from `customers c`; decode with `Customer: FromRow`.
pub const CUSTOMER_COLUMNS: &str = customer_columns!();

impl FromRow<'_, PgRow> for Customer {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        // By place, in the order of `customer_columns`, which stand first in every statement: looking up some thirty names
        // for each row of a list costs more than decoding them. Without comparing each one's type with the Rust type:
        // the statement is ours, and they are equal in every row.
        let mut place = 0usize..;
        macro_rules! next {
            () => {
                row.try_get_unchecked(place.next().unwrap_or_default())?
            };
        }
        let mut customer = Self {
            id: next!(),
            version: next!(),
            code: next!(),
            kind: next!(),
            email: next!(),
            phone: next!(),
            email_verified: next!(),
            phone_verified: next!(),
            first_name: next!(),
            last_name: next!(),
            full_name: next!(),
            birthday: next!(),
            company_name: next!(),
            legal_name: next!(),
            industry: next!(),
            tax_id: next!(),
            status: next!(),
            customer_type: next!(),
            lifecycle_stage: next!(),
            parent_id: next!(),
            owner_id: next!(),
            priority: next!(),
            service_level: next!(),
            credit_limit: None,
            locale: next!(),
            time_zone: next!(),
            attributes: match next!() {
                Json(Value::Object(map)) => map,
                Json(_) => serde_json::Map::new(),
            },
            note: next!(),
            internal_note: next!(),
            country: next!(),
            city: next!(),
            last_active_at: next!(),
            created_at: next!(),
            updated_at: next!(),
            deleted_at: next!(),
            tags: next!(),
        };
        let amount: Option<Decimal> = next!();
        let currency: Option<Currency> = next!();
        customer.credit_limit = amount
            .zip(currency)
            .and_then(|(amount, currency)| credit(amount, currency));
        if customer.tags.len() > 1 {
            customer.tags.sort_by_cached_key(|name| name.to_lowercase());
        }
        Ok(customer)
    }
}

/// A credit limit as it is kept: with two decimals. One from before currencies were kept with it may have more than its
/// currency has.
pub fn credit(amount: Decimal, currency: Currency) -> Option<Money> {
    Money::new(amount.round_dp(currency.digits()), currency).ok()
}

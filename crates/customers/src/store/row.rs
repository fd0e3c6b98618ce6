//! Reads a row of `customers` as a [`Customer`].

use regulars_kernel::{Currency, Money};
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::{FromRow, Row, postgres::PgRow, types::Json};

use crate::model::Customer;

/// The columns of a customer from `customers c`, as a literal for `concat!`. Tags and the currency of the credit limit
/// come by sub-select, so one statement is enough.
macro_rules! customer_columns {
    () => {
        "c.id, c.version, c.code, c.kind, c.email, c.phone, c.first_name, c.last_name, c.full_name, c.birthday, \
         c.company_name, c.legal_name, c.industry, c.tax_id, c.status, c.type, c.lifecycle_stage, c.parent_id, \
         c.owner_id, c.priority, c.service_level, c.credit_limit, c.locale, c.time_zone, c.attributes, c.note, \
         c.internal_note, c.country, c.city, c.last_active_at, c.created_at, c.updated_at, c.deleted_at, \
         ARRAY(SELECT t.name FROM customer_tags ct \
               JOIN tags t ON t.organization_id = ct.organization_id AND t.id = ct.tag_id \
               WHERE ct.organization_id = c.organization_id AND ct.customer_id = c.id \
               ORDER BY t.name_lowercase) AS tags, \
         CASE WHEN c.credit_limit IS NOT NULL \
              THEN (SELECT o.currency FROM organizations o WHERE o.id = c.organization_id) END AS currency"
    };
}
pub(crate) use customer_columns;

/// The columns of a customer from `customers c`; decode with `Customer: FromRow`.
pub const CUSTOMER_COLUMNS: &str = customer_columns!();

impl FromRow<'_, PgRow> for Customer {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let amount: Option<Decimal> = row.try_get("credit_limit")?;
        let currency: Option<Currency> = row.try_get("currency")?;
        let attributes = match row.try_get::<Json<Value>, _>("attributes")?.0 {
            Value::Object(map) => map,
            _ => serde_json::Map::new(),
        };
        Ok(Self {
            id: row.try_get("id")?,
            version: row.try_get("version")?,
            code: row.try_get("code")?,
            kind: row.try_get("kind")?,
            email: row.try_get("email")?,
            phone: row.try_get("phone")?,
            first_name: row.try_get("first_name")?,
            last_name: row.try_get("last_name")?,
            full_name: row.try_get("full_name")?,
            birthday: row.try_get("birthday")?,
            company_name: row.try_get("company_name")?,
            legal_name: row.try_get("legal_name")?,
            industry: row.try_get("industry")?,
            tax_id: row.try_get("tax_id")?,
            status: row.try_get("status")?,
            customer_type: row.try_get("type")?,
            lifecycle_stage: row.try_get("lifecycle_stage")?,
            parent_id: row.try_get("parent_id")?,
            owner_id: row.try_get("owner_id")?,
            priority: row.try_get("priority")?,
            service_level: row.try_get("service_level")?,
            credit_limit: amount
                .zip(currency)
                .and_then(|(amount, currency)| credit(amount, currency)),
            locale: row.try_get("locale")?,
            time_zone: row.try_get("time_zone")?,
            tags: row.try_get("tags")?,
            attributes,
            note: row.try_get("note")?,
            internal_note: row.try_get("internal_note")?,
            country: row.try_get("country")?,
            city: row.try_get("city")?,
            last_active_at: row.try_get("last_active_at")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            deleted_at: row.try_get("deleted_at")?,
        })
    }
}

/// The column keeps two decimals; the organization's currency may have fewer since it was changed.
fn credit(amount: Decimal, currency: Currency) -> Option<Money> {
    Money::new(amount.round_dp(currency.digits()), currency).ok()
}

//! Many customers with one statement each: looking up by keys, reading what a file can change, inserting, updating.
//!
//! What it never does: decide what becomes of a row; that is `model::import`. It writes no events.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Country, Email, Locale, Phone, Result, TimeZone,
    ids::{AddressId, CustomerId},
};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use super::{customers::credit_limit_currency, row::CUSTOMER_COLUMNS, search};
use crate::model::{
    Choice, Customer,
    import::{Current, CurrentAddress},
};

/// Who has these keys now.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// By e-mail address in lower case; living customers only.
    pub emails: HashMap<String, CustomerId>,
    /// By code; deleted customers too.
    pub codes: HashMap<String, CustomerId>,
    /// By source and external id; deleted customers too.
    pub sources: HashMap<(String, String), CustomerId>,
    /// By phone, with what else identifies each of them; living customers only.
    pub phones: HashMap<String, Vec<PhoneOwner>>,
    /// Which of the above are deleted.
    pub deleted: HashSet<CustomerId>,
}

/// A customer with a certain phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneOwner {
    /// Who.
    pub id: CustomerId,
    /// Whether they have an e-mail address.
    pub has_email: bool,
    /// The sources that know them.
    pub sources: Vec<String>,
}

/// The keys of some rows.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "as in Owners")]
pub struct Keys {
    pub emails: Vec<String>,
    pub codes: Vec<String>,
    pub sources: Vec<(String, String)>,
    pub phones: Vec<String>,
}

/// Finds who has these keys.
pub async fn owners(tx: &mut Tx, keys: &Keys) -> Result<Owners> {
    let mut owners = Owners::default();
    if !keys.emails.is_empty() {
        let rows = sqlx::query!(
            r#"SELECT email_lowercase AS "email!", id AS "id: CustomerId" FROM customers
               WHERE email_lowercase = ANY($1) AND deleted_at IS NULL"#,
            &keys.emails
        )
        .fetch_all(tx.conn())
        .await?;
        owners.emails = rows.into_iter().map(|row| (row.email, row.id)).collect();
    }
    if !keys.codes.is_empty() {
        let rows = sqlx::query!(
            r#"SELECT code, id AS "id: CustomerId", deleted_at IS NOT NULL AS "deleted!" FROM customers
               WHERE code = ANY($1)"#,
            &keys.codes
        )
        .fetch_all(tx.conn())
        .await?;
        for row in rows {
            if row.deleted {
                owners.deleted.insert(row.id);
            }
            owners.codes.insert(row.code, row.id);
        }
    }
    for (source, ids) in by_source(&keys.sources) {
        let rows = sqlx::query!(
            r#"SELECT s.external_id, s.customer_id AS "id: CustomerId", c.deleted_at IS NOT NULL AS "deleted!"
               FROM customer_sources s
               JOIN customers c ON c.organization_id = s.organization_id AND c.id = s.customer_id
               WHERE s.source = $1 AND s.external_id = ANY($2)"#,
            source,
            &ids as &[&str]
        )
        .fetch_all(tx.conn())
        .await?;
        for row in rows {
            if row.deleted {
                owners.deleted.insert(row.id);
            }
            owners
                .sources
                .insert((source.to_owned(), row.external_id), row.id);
        }
    }
    if !keys.phones.is_empty() {
        let rows = sqlx::query!(
            r#"SELECT phone AS "phone!", id AS "id: CustomerId", email IS NOT NULL AS "has_email!",
                      ARRAY(SELECT s.source FROM customer_sources s
                            WHERE s.organization_id = c.organization_id AND s.customer_id = c.id) AS "sources!"
               FROM customers c WHERE phone = ANY($1) AND deleted_at IS NULL"#,
            &keys.phones
        )
        .fetch_all(tx.conn())
        .await?;
        for row in rows {
            owners.phones.entry(row.phone).or_default().push(PhoneOwner {
                id: row.id,
                has_email: row.has_email,
                sources: row.sources,
            });
        }
    }
    Ok(owners)
}

fn by_source(sources: &[(String, String)]) -> HashMap<&str, Vec<&str>> {
    let mut grouped: HashMap<&str, Vec<&str>> = HashMap::new();
    for (source, id) in sources {
        grouped.entry(source).or_default().push(id);
    }
    grouped
}

/// Of these addresses (in lower case) and phones those whose deleted owner had withdrawn consent, with the channel and
/// when it was withdrawn last. What was withdrawn by e-mail counts for a phone only if its owner had no address: a family
/// may share a phone.
pub async fn withdrawn_before(
    tx: &mut Tx,
    emails: &[String],
    phones: &[String],
) -> Result<HashMap<(String, String), DateTime<Utc>>> {
    if emails.is_empty() && phones.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"SELECT c.email_lowercase AS "key!", k.channel AS "channel!", k.changed_at AS "at!" FROM customers c
           JOIN customer_consents k ON k.organization_id = c.organization_id AND k.customer_id = c.id
           WHERE c.email_lowercase = ANY($1) AND c.deleted_at IS NOT NULL AND k.state = 'unsubscribed'
           UNION ALL
           SELECT c.phone, k.channel, k.changed_at FROM customers c
           JOIN customer_consents k ON k.organization_id = c.organization_id AND k.customer_id = c.id
           WHERE c.phone = ANY($2) AND c.deleted_at IS NOT NULL AND k.state = 'unsubscribed'
             AND (k.channel = 'sms' OR c.email IS NULL)
           ORDER BY 3"#,
        emails,
        phones
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.key, row.channel), row.at))
        .collect())
}

/// Reads customers with the parts that a file can change, deleted ones too; locks them if asked.
pub async fn current(tx: &mut Tx, ids: &[CustomerId], lock: bool) -> Result<HashMap<CustomerId, Current>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut select = sqlx::QueryBuilder::new("SELECT ");
    select.push(CUSTOMER_COLUMNS);
    select.push(" FROM customers c WHERE c.id = ANY(");
    select.push_bind(&ids);
    // In the order of ids, so that two that lock the same customers wait for each other instead of for ever.
    select.push(") ORDER BY c.id");
    if lock {
        select.push(" FOR NO KEY UPDATE OF c");
    }
    let customers: Vec<Customer> = select.build_query_as().fetch_all(tx.conn()).await?;
    let mut found: HashMap<CustomerId, Current> = customers
        .into_iter()
        .map(|customer| {
            let current = Current {
                customer,
                address: None,
                consents: Vec::new(),
                sources: Vec::new(),
            };
            (current.customer.id, current)
        })
        .collect();
    let addresses = sqlx::query!(
        r#"SELECT customer_id AS "customer_id: CustomerId", id AS "id: AddressId", name, company, line1, line2, city,
                  province, postal_code, country AS "country: Country", phone AS "phone: Phone", latitude, longitude
           FROM addresses WHERE customer_id = ANY($1) AND is_default"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    for row in addresses {
        if let Some(current) = found.get_mut(&row.customer_id) {
            current.address = Some(CurrentAddress {
                id: row.id,
                name: row.name,
                company: row.company,
                line1: row.line1,
                line2: row.line2,
                city: row.city,
                province: row.province,
                postal_code: row.postal_code,
                country: row.country,
                phone: row.phone,
                latitude: row.latitude,
                longitude: row.longitude,
            });
        }
    }
    let consents = sqlx::query!(
        r#"SELECT customer_id AS "customer_id: CustomerId", channel, state FROM customer_consents
           WHERE customer_id = ANY($1)"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    for row in consents {
        if let Some(current) = found.get_mut(&row.customer_id) {
            current.consents.push((row.channel, row.state));
        }
    }
    let sources = sqlx::query!(
        r#"SELECT customer_id AS "customer_id: CustomerId", source, external_id FROM customer_sources
           WHERE customer_id = ANY($1)"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    for row in sources {
        if let Some(current) = found.get_mut(&row.customer_id) {
            current.sources.push((row.source, row.external_id));
        }
    }
    Ok(found)
}

/// Fresh codes, as the column's default gives them, without those that somebody gave by hand.
pub async fn new_codes(tx: &mut Tx, count: usize) -> Result<Vec<String>> {
    let mut codes = Vec::with_capacity(count);
    let mut at_least = 1;
    while codes.len() < count {
        let missing = i32::try_from(count - codes.len())
            .unwrap_or(i32::MAX)
            .max(at_least);
        // A long stretch of given codes takes some turns, not one for each of them.
        at_least = 1_000;
        let free = sqlx::query_scalar!(
            r#"SELECT n.code AS "code!" FROM (
                 SELECT 'C-' || to_char(nextval('customer_codes'), 'FM999999999000000') AS code FROM generate_series(1, $1::int)
               ) AS n WHERE NOT EXISTS (SELECT FROM customers c WHERE c.code = n.code)"#,
            missing
        )
        .fetch_all(tx.conn())
        .await?;
        codes.extend(free);
    }
    codes.truncate(count);
    Ok(codes)
}

/// Columns of many customers.
#[derive(Default)]
struct Columns<'a> {
    ids: Vec<Uuid>,
    codes: Vec<&'a str>,
    kinds: Vec<&'static str>,
    emails: Vec<Option<&'a str>>,
    phones: Vec<Option<&'a str>>,
    emails_verified: Vec<bool>,
    phones_verified: Vec<bool>,
    first_names: Vec<Option<&'a str>>,
    last_names: Vec<Option<&'a str>>,
    birthdays: Vec<Option<NaiveDate>>,
    company_names: Vec<Option<&'a str>>,
    legal_names: Vec<Option<&'a str>>,
    industries: Vec<Option<&'a str>>,
    tax_ids: Vec<Option<&'a str>>,
    statuses: Vec<&'static str>,
    types: Vec<&'static str>,
    stages: Vec<&'static str>,
    priorities: Vec<&'static str>,
    service_levels: Vec<&'static str>,
    credit_limits: Vec<Option<Decimal>>,
    limit_currencies: Vec<Option<&'static str>>,
    locales: Vec<Option<&'a str>>,
    time_zones: Vec<Option<&'a str>>,
    attributes: Vec<Value>,
    notes: Vec<Option<&'a str>>,
    internal_notes: Vec<Option<&'a str>>,
    countries: Vec<Option<&'a str>>,
    cities: Vec<Option<&'a str>>,
    created: Vec<DateTime<Utc>>,
    last_active: Vec<Option<DateTime<Utc>>>,
    sort_names: Vec<String>,
    search_texts: Vec<String>,
}

impl<'a> Columns<'a> {
    fn of(customers: impl Iterator<Item = &'a Customer>) -> Self {
        let mut all = Self::default();
        for customer in customers {
            all.ids.push(customer.id.0);
            all.codes.push(&customer.code);
            all.kinds.push(customer.kind.as_str());
            all.emails.push(customer.email.as_ref().map(Email::as_str));
            all.phones.push(customer.phone.as_ref().map(Phone::as_str));
            all.emails_verified.push(customer.email_verified);
            all.phones_verified.push(customer.phone_verified);
            all.first_names.push(customer.first_name.as_deref());
            all.last_names.push(customer.last_name.as_deref());
            all.birthdays.push(customer.birthday);
            all.company_names.push(customer.company_name.as_deref());
            all.legal_names.push(customer.legal_name.as_deref());
            all.industries.push(customer.industry.as_deref());
            all.tax_ids.push(customer.tax_id.as_deref());
            all.statuses.push(customer.status.as_str());
            all.types.push(customer.customer_type.as_str());
            all.stages.push(customer.lifecycle_stage.as_str());
            all.priorities.push(customer.priority.as_str());
            all.service_levels.push(customer.service_level.as_str());
            all.credit_limits
                .push(customer.credit_limit.map(|money| money.amount()));
            all.limit_currencies.push(credit_limit_currency(customer));
            all.locales.push(customer.locale.as_ref().map(Locale::as_str));
            all.time_zones
                .push(customer.time_zone.as_ref().map(TimeZone::as_str));
            all.attributes.push(Value::Object(customer.attributes.clone()));
            all.notes.push(customer.note.as_deref());
            all.internal_notes.push(customer.internal_note.as_deref());
            all.countries.push(customer.country.as_ref().map(Country::as_str));
            all.cities.push(customer.city.as_deref());
            all.created.push(customer.created_at);
            all.last_active.push(customer.last_active_at);
            all.sort_names.push(search::sort_name(customer));
            all.search_texts.push(search::search_text(customer));
        }
        all
    }
}

/// Inserts customers and answers the ids of those that could be: one whose id, code or e-mail address is taken is left out.
pub async fn insert(tx: &mut Tx, customers: &[&Customer]) -> Result<HashSet<CustomerId>> {
    let all = Columns::of(customers.iter().copied());
    let ids = sqlx::query_scalar!(
        r#"INSERT INTO customers (organization_id, id, code, kind, email, phone, first_name, last_name, birthday, company_name,
             legal_name, industry, tax_id, status, type, lifecycle_stage, priority, service_level, credit_limit, locale,
             time_zone, attributes, note, internal_note, country, city, created_at, updated_at, sort_name, search_text,
             last_active_at, credit_limit_currency, email_verified, phone_verified)
           SELECT $1, n.id, n.code, n.kind, n.email, n.phone, n.first_name, n.last_name, n.birthday, n.company_name,
             n.legal_name, n.industry, n.tax_id, n.status, n.type, n.lifecycle_stage, n.priority, n.service_level, n.credit_limit,
             n.locale, n.time_zone, n.attributes, n.note, n.internal_note, n.country, n.city, n.created_at, $2, n.sort_name,
             n.search_text, n.last_active_at, n.limit_currency, n.email_verified, n.phone_verified
           FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::date[],
             $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],
             $19::text[], $20::numeric[], $21::text[], $22::text[], $23::jsonb[], $24::text[], $25::text[], $26::text[],
             $27::text[], $28::timestamptz[], $29::text[], $30::text[], $31::timestamptz[], $32::text[], $33::bool[], $34::bool[])
             AS n (id, code, kind, email, phone, first_name, last_name, birthday, company_name, legal_name, industry, tax_id,
                   status, type, lifecycle_stage, priority, service_level, credit_limit, locale, time_zone, attributes, note,
                   internal_note, country, city, created_at, sort_name, search_text, last_active_at, limit_currency,
                   email_verified, phone_verified)
           ON CONFLICT DO NOTHING
           RETURNING id AS "id: CustomerId""#,
        tx.organization_id().0,
        tx.now(),
        &all.ids,
        &all.codes as &[&str],
        &all.kinds as &[&str],
        &all.emails as &[Option<&str>],
        &all.phones as &[Option<&str>],
        &all.first_names as &[Option<&str>],
        &all.last_names as &[Option<&str>],
        &all.birthdays as &[Option<NaiveDate>],
        &all.company_names as &[Option<&str>],
        &all.legal_names as &[Option<&str>],
        &all.industries as &[Option<&str>],
        &all.tax_ids as &[Option<&str>],
        &all.statuses as &[&str],
        &all.types as &[&str],
        &all.stages as &[&str],
        &all.priorities as &[&str],
        &all.service_levels as &[&str],
        &all.credit_limits as &[Option<Decimal>],
        &all.locales as &[Option<&str>],
        &all.time_zones as &[Option<&str>],
        &all.attributes,
        &all.notes as &[Option<&str>],
        &all.internal_notes as &[Option<&str>],
        &all.countries as &[Option<&str>],
        &all.cities as &[Option<&str>],
        &all.created,
        &all.sort_names,
        &all.search_texts,
        &all.last_active as &[Option<DateTime<Utc>>],
        &all.limit_currencies as &[Option<&str>],
        &all.emails_verified,
        &all.phones_verified,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().collect())
}

/// Takes back customers that were just inserted and have nothing below them yet.
pub async fn take_back(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    sqlx::query!("DELETE FROM customers WHERE id = ANY($1)", ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes the changeable columns of customers that the transaction has locked. Each gets a new version, changed or not.
pub async fn update(tx: &mut Tx, customers: &[&Customer]) -> Result<()> {
    if customers.is_empty() {
        return Ok(());
    }
    let all = Columns::of(customers.iter().copied());
    sqlx::query!(
        "UPDATE customers c SET kind = n.kind, email = n.email, phone = n.phone, first_name = n.first_name,
           last_name = n.last_name, birthday = n.birthday, company_name = n.company_name, legal_name = n.legal_name,
           industry = n.industry, tax_id = n.tax_id, status = n.status, type = n.type, lifecycle_stage = n.lifecycle_stage,
           priority = n.priority, service_level = n.service_level, credit_limit = n.credit_limit, locale = n.locale,
           time_zone = n.time_zone, attributes = n.attributes, note = n.note, internal_note = n.internal_note,
           country = n.country, city = n.city, sort_name = n.sort_name, search_text = n.search_text,
           last_active_at = greatest(c.last_active_at, n.last_active_at), credit_limit_currency = n.limit_currency,
           email_verified = n.email_verified, phone_verified = n.phone_verified
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[],
           $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
           $17::numeric[], $18::text[], $19::text[], $20::jsonb[], $21::text[], $22::text[], $23::text[], $24::text[],
           $25::text[], $26::text[], $27::timestamptz[], $28::text[], $29::bool[], $30::bool[])
           AS n (id, kind, email, phone, first_name, last_name, birthday, company_name, legal_name, industry, tax_id,
                 status, type, lifecycle_stage, priority, service_level, credit_limit, locale, time_zone, attributes, note,
                 internal_note, country, city, sort_name, search_text, last_active_at, limit_currency, email_verified,
                 phone_verified)
         WHERE c.id = n.id",
        &all.ids,
        &all.kinds as &[&str],
        &all.emails as &[Option<&str>],
        &all.phones as &[Option<&str>],
        &all.first_names as &[Option<&str>],
        &all.last_names as &[Option<&str>],
        &all.birthdays as &[Option<NaiveDate>],
        &all.company_names as &[Option<&str>],
        &all.legal_names as &[Option<&str>],
        &all.industries as &[Option<&str>],
        &all.tax_ids as &[Option<&str>],
        &all.statuses as &[&str],
        &all.types as &[&str],
        &all.stages as &[&str],
        &all.priorities as &[&str],
        &all.service_levels as &[&str],
        &all.credit_limits as &[Option<Decimal>],
        &all.locales as &[Option<&str>],
        &all.time_zones as &[Option<&str>],
        &all.attributes,
        &all.notes as &[Option<&str>],
        &all.internal_notes as &[Option<&str>],
        &all.countries as &[Option<&str>],
        &all.cities as &[Option<&str>],
        &all.sort_names,
        &all.search_texts,
        &all.last_active as &[Option<DateTime<Utc>>],
        &all.limit_currencies as &[Option<&str>],
        &all.emails_verified,
        &all.phones_verified,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

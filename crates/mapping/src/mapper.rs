//! Rows into customer fields by a mapping.
//!
//! What it never does: change a value it does not understand: the row is refused with every cell that is wrong.

mod address;

use chrono_tz::Tz;
use regulars_customers::{
    model::{MAX_TAGS, tag::MAX_TAG},
    ops::import::MOST_SOURCES,
};
use regulars_kernel::{Country, Currency, Email, Locale, Phone, TimeZone, email::EmailError, text};
use regulars_tabular::read::{Headers, Record};
use rust_decimal::Decimal;

use super::{
    ConsentState, Mapping, Target, Vendor,
    row::{Cell, CellFault, KINDS, LIFECYCLE_STAGES, MappedRow, PRIORITIES, SERVICE_LEVELS, STATUSES, TYPES},
    value,
};

/// Characters in one line: names, cities, ids.
const MAX_LINE: usize = 255;
/// Characters in an external id.
const MAX_ID: usize = 200;
/// Characters in a note or an attribute.
const MAX_TEXT: usize = 20_000;

/// A mapping made ready for the rows of one file.
#[derive(Clone, Debug)]
pub struct Mapper {
    columns: Vec<(usize, String, Target)>,
    vendor: Vendor,
    order: value::DateOrder,
    zone: Tz,
    default_country: Option<Country>,
    email_consent: Option<ConsentState>,
}

/// Faults of one row, and phones that wait for the country.
#[derive(Default)]
struct Work {
    row: MappedRow,
    full_name: Option<String>,
    phone: Option<(String, String)>,
    address_phone: Option<(String, String)>,
    faults: Vec<CellFault>,
}

impl Mapper {
    /// Prepares a mapping that [`Mapping::validate`] passed. Columns the file does not have are passed over.
    pub fn new(mapping: &Mapping, headers: &Headers) -> Self {
        let mut columns: Vec<(usize, String, Target)> = mapping
            .columns
            .iter()
            .filter(|(_, target)| **target != Target::Ignore)
            .filter_map(|(header, target)| Some((headers.position(header)?, header.clone(), target.clone())))
            .collect();
        // In the order of the file, because columns with one target are joined in that order.
        columns.sort_by_key(|(position, _, _)| *position);
        Self {
            columns,
            vendor: mapping.vendor,
            order: mapping.date_order,
            zone: mapping
                .time_zone
                .as_deref()
                .and_then(|zone| TimeZone::parse(zone).ok())
                .map_or(Tz::UTC, |zone| zone.0),
            default_country: mapping.default_country.as_deref().and_then(Country::from_code),
            email_consent: mapping.email_consent,
        }
    }

    /// The texts of a record as a CSV file would have them, where they alone do not tell a list of ids from an id with commas.
    pub fn cells(&self, record: Record) -> Vec<Option<String>> {
        let mut fields = record.fields;
        for (position, _, target) in &self.columns {
            if record.lists.contains(position)
                && matches!(target, Target::ExternalId | Target::ExternalIdIn(_))
                && let Some(Some(text)) = fields.get_mut(*position)
            {
                let ids = value::split_ids(text, true);
                *text = value::join_ids(ids.iter().map(String::as_str)).into_owned();
            }
        }
        fields
    }

    /// Maps one record. Reports every cell that is wrong.
    pub fn map(&self, record: &Record) -> Result<MappedRow, Vec<CellFault>> {
        let mut work = Work {
            row: MappedRow {
                position: record.position,
                line: record.line,
                ..MappedRow::default()
            },
            ..Work::default()
        };
        for (position, header, target) in &self.columns {
            if let Some(text) = record.get(*position) {
                let is_list = record.is_list(*position);
                self.take(&mut work, header, target, text.trim(), is_list);
            }
        }
        self.finish(&mut work);
        if work.faults.is_empty() {
            Ok(work.row)
        } else {
            Err(work.faults)
        }
    }

    fn take(&self, work: &mut Work, header: &str, target: &Target, text: &str, is_list: bool) {
        let Work { row, faults, .. } = work;
        let mut cell = In { header, text, faults };
        match target {
            Target::ExternalId => {
                // Shopify writes an apostrophe before ids so that spreadsheets keep their digits.
                cell.text = if self.vendor == Vendor::Shopify {
                    text.strip_prefix('\'').unwrap_or(text)
                } else {
                    text
                };
                let ids = if is_list {
                    value::split_ids(cell.text, true)
                } else {
                    vec![cell.text.to_owned()]
                };
                match &ids[..] {
                    [id] => {
                        cell.text = id;
                        cell.id(&mut row.external_id);
                    }
                    _ => cell.fault(
                        "ids_several",
                        "this is a list; several ids of one customer belong in a column such as external_id.shop".to_owned(),
                    ),
                }
            }
            Target::ExternalIdIn(source) => {
                let ids = value::split_ids(text, is_list);
                if ids.len() > MOST_SOURCES {
                    let message = format!(
                        "a customer can have at most {MOST_SOURCES} ids; here are {}",
                        ids.len()
                    );
                    return cell.fault("ids_too_many", message);
                }
                let known = row.other_ids.entry(source.clone()).or_default();
                for text in &ids {
                    cell.text = text;
                    let mut id = Cell::Absent;
                    cell.id(&mut id);
                    known.extend(id.into_value());
                }
            }
            Target::Code => cell.line(&mut row.code),
            Target::Kind => cell.choice(&mut row.kind, "kind_invalid", kind),
            Target::Email => cell.parse(&mut row.email, "email_invalid", |text| {
                Email::parse(text).map_err(|why: EmailError| why.to_string())
            }),
            Target::Phone => cell.later(&mut row.phone, &mut work.phone),
            Target::EmailVerified => {
                cell.parse(&mut row.email_verified, "verified_invalid", value::yes_or_no);
            }
            Target::PhoneVerified => {
                cell.parse(&mut row.phone_verified, "verified_invalid", value::yes_or_no);
            }
            Target::FirstName => cell.line(&mut row.first_name),
            Target::LastName => cell.line(&mut row.last_name),
            Target::FullName => {
                let mut name = Cell::Absent;
                cell.line(&mut name);
                work.full_name = name.into_value();
            }
            Target::CompanyName => cell.line(&mut row.company_name),
            Target::LegalName => cell.line(&mut row.legal_name),
            Target::Industry => cell.line(&mut row.industry),
            Target::TaxId => cell.line(&mut row.tax_id),
            Target::Birthday => cell.parse(&mut row.birthday, "date_invalid", |text| {
                value::birthday(text, self.order)
            }),
            Target::Status => cell.choice(&mut row.status, "status_invalid", |text| {
                value::choice(text, STATUSES)
            }),
            Target::Type => cell.choice(&mut row.customer_type, "type_invalid", |text| {
                value::choice(text, TYPES)
            }),
            Target::LifecycleStage => {
                cell.choice(&mut row.lifecycle_stage, "lifecycle_stage_invalid", |text| {
                    lifecycle_stage(text, self.vendor)
                });
            }
            Target::Priority => cell.choice(&mut row.priority, "priority_invalid", |text| {
                value::choice(text, PRIORITIES)
            }),
            Target::ServiceLevel => {
                cell.choice(&mut row.service_level, "service_level_invalid", |text| {
                    value::choice(text, SERVICE_LEVELS)
                });
            }
            Target::CreditLimit => cell.parse(&mut row.credit_limit, "amount_invalid", amount),
            Target::CreditLimitCurrency => {
                cell.parse(&mut row.credit_limit_currency, "currency_invalid", |text| {
                    Currency::parse(text).map_err(|why| why.to_string())
                });
            }
            Target::Locale => cell.parse(&mut row.locale, "locale_invalid", |text| {
                Locale::parse(text).map_err(|why| why.to_string())
            }),
            Target::TimeZone => cell.parse(&mut row.time_zone, "time_zone_invalid", |text| {
                TimeZone::parse(text).map_err(|why| why.to_string())
            }),
            Target::Tags => cell.tags(&mut row.tags),
            Target::Note => cell.joined(&mut row.note, "\n", MAX_TEXT),
            Target::InternalNote => cell.joined(&mut row.internal_note, "\n", MAX_TEXT),
            Target::CreatedAt => cell.parse(&mut row.created_at, "time_invalid", |text| {
                value::moment(text, self.order, self.zone)
            }),
            Target::LastActiveAt => cell.parse(&mut row.last_active_at, "time_invalid", |text| {
                value::moment(text, self.order, self.zone)
            }),
            Target::Address(field) => address::take_address(work, header, *field, text),
            Target::ConsentEmail => cell.consent(&mut row.consent_email, "email"),
            Target::ConsentSms => cell.consent(&mut row.consent_sms, "sms"),
            Target::EmailSubscribedAt => {
                cell.parse(&mut row.email_subscribed_at, "time_invalid", |text| {
                    value::moment(text, self.order, self.zone)
                });
            }
            Target::EmailUnsubscribedAt => {
                cell.parse(&mut row.email_unsubscribed_at, "time_invalid", |text| {
                    value::moment(text, self.order, self.zone)
                });
            }
            Target::Attribute(name) => {
                let mut attribute = Cell::Absent;
                cell.text(&mut attribute, MAX_TEXT);
                row.attributes.insert(name.clone(), attribute);
            }
            Target::Field(_) | Target::Ignore => {}
        }
    }

    /// What needs the whole row: phones by the country, names by the kind, consent by all that was said.
    fn finish(&self, work: &mut Work) {
        let Work {
            row,
            full_name,
            phone,
            address_phone,
            faults,
        } = work;
        let country = row.address.country.value().copied().or(self.default_country);
        let mut parse_phone = |waiting: &mut Option<(String, String)>, cell: &mut Cell<Phone>| {
            let Some((header, text)) = waiting.take() else {
                return;
            };
            In {
                header: &header,
                text: &text,
                faults,
            }
            .parse(cell, "phone_invalid", |text| {
                Phone::parse(text, country.as_ref()).map_err(|why| why.to_string())
            });
        };
        parse_phone(phone, &mut row.phone);
        parse_phone(address_phone, &mut row.address.phone);
        if let Some(name) = full_name.take() {
            let has_names = row.first_name.value().is_some() || row.last_name.value().is_some();
            if row.kind == Cell::Value("company") {
                row.company_name.fill(name);
            } else if !has_names {
                let (first, last) = value::split_name(&name);
                row.first_name = first.map_or(Cell::Empty, Cell::Value);
                row.last_name = last.map_or(Cell::Empty, Cell::Value);
            }
        }
        if row.email_subscribed_at.value().is_some() {
            stricter(&mut row.consent_email, ConsentState::Subscribed);
        }
        if row.email_unsubscribed_at.value().is_some() {
            stricter(&mut row.consent_email, ConsentState::Unsubscribed);
        }
        if let Some(state) = self.email_consent
            && row.email.value().is_some()
        {
            stricter(&mut row.consent_email, state);
        }
    }
}

fn stricter(cell: &mut Cell<ConsentState>, state: ConsentState) {
    *cell = Cell::Value(cell.value().map_or(state, |known| state.max(*known)));
}

/// One cell on its way into a field.
struct In<'a> {
    header: &'a str,
    text: &'a str,
    faults: &'a mut Vec<CellFault>,
}

impl In<'_> {
    fn fault(&mut self, code: &'static str, message: String) {
        self.faults.push(CellFault {
            column: self.header.to_owned(),
            code,
            message,
        });
    }

    fn parse<T>(
        &mut self,
        cell: &mut Cell<T>,
        code: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) {
        if self.text.is_empty() {
            *cell = Cell::Empty;
            return;
        }
        match parse(self.text) {
            Ok(value) => *cell = Cell::Value(value),
            Err(message) => self.fault(code, message),
        }
    }

    fn choice(
        &mut self,
        cell: &mut Cell<&'static str>,
        code: &'static str,
        parse: impl FnOnce(&str) -> Result<&'static str, String>,
    ) {
        self.parse(cell, code, parse);
    }

    fn checked(&mut self, cell: &mut Cell<String>, checked: Result<String, text::TextError>) {
        match checked {
            Ok(text) if text.is_empty() => *cell = Cell::Empty,
            Ok(text) => *cell = Cell::Value(text),
            Err(why) => self.fault(why.code(), why.to_string()),
        }
    }

    fn line(&mut self, cell: &mut Cell<String>) {
        self.checked(cell, text::clean_line(self.text, MAX_LINE));
    }

    fn id(&mut self, cell: &mut Cell<String>) {
        self.checked(cell, text::clean_line(self.text, MAX_ID));
    }

    fn text(&mut self, cell: &mut Cell<String>, limit: usize) {
        self.checked(cell, text::clean(self.text, limit));
    }

    /// Adds to what other columns gave.
    fn joined(&mut self, cell: &mut Cell<String>, between: &str, limit: usize) {
        match cell.value() {
            Some(_) if self.text.is_empty() => {}
            Some(before) => {
                let whole = format!("{before}{between}{}", self.text);
                self.checked(cell, text::clean(&whole, limit));
            }
            None => self.text(cell, limit),
        }
    }

    fn later<T>(&mut self, cell: &mut Cell<T>, waiting: &mut Option<(String, String)>) {
        if self.text.is_empty() {
            *cell = Cell::Empty;
        } else {
            *waiting = Some((self.header.to_owned(), self.text.to_owned()));
        }
    }

    fn tags(&mut self, cell: &mut Cell<Vec<String>>) {
        let mut tags = std::mem::take(cell).into_value().unwrap_or_default();
        for tag in value::split_list(self.text) {
            match text::clean_line(&tag, MAX_TAG) {
                Ok(tag)
                    if tags
                        .iter()
                        .any(|known| known.to_lowercase() == tag.to_lowercase()) => {}
                Ok(tag) => tags.push(tag),
                Err(why) => self.fault(
                    why.code(),
                    format!("the tag “{}” cannot be used: {why}", value::excerpt(&tag)),
                ),
            }
        }
        if tags.len() > MAX_TAGS {
            self.fault(
                "too_many_tags",
                format!(
                    "a customer can have at most {MAX_TAGS} tags; here are {}",
                    tags.len()
                ),
            );
        }
        *cell = if tags.is_empty() {
            Cell::Empty
        } else {
            Cell::Value(tags)
        };
    }

    fn consent(&mut self, cell: &mut Cell<ConsentState>, channel: &str) {
        let mut said = Cell::Absent;
        self.parse(&mut said, "consent_invalid", |text| value::consent(text, channel));
        match (said, &cell) {
            (Cell::Value(state), _) => stricter(cell, state),
            (Cell::Empty, Cell::Absent) => *cell = Cell::Empty,
            _ => {}
        }
    }
}

fn kind(text: &str) -> Result<&'static str, String> {
    match value::words(text).as_str() {
        "individual" | "private" | "b2c" | "privat" | "privatperson" => Ok("person"),
        "organization" | "organisation" | "business" | "b2b" | "firma" => Ok("company"),
        _ => value::choice(text, KINDS),
    }
}

/// HubSpot's stages are those of a sale; what comes before the first purchase is a prospect.
fn lifecycle_stage(text: &str, vendor: Vendor) -> Result<&'static str, String> {
    if vendor == Vendor::Hubspot {
        match value::words(text).replace('_', "").as_str() {
            "subscriber"
            | "lead"
            | "marketingqualifiedlead"
            | "salesqualifiedlead"
            | "opportunity"
            | "other" => return Ok("prospect"),
            "customer" => return Ok("active"),
            "evangelist" => return Ok("loyal"),
            _ => {}
        }
    }
    value::choice(text, LIFECYCLE_STAGES)
}

fn amount(text: &str) -> Result<Decimal, String> {
    let amount = value::decimal(text)?;
    if amount.is_sign_negative() && !amount.is_zero() {
        Err(format!("{amount} is below zero"))
    } else {
        Ok(amount)
    }
}

fn country(text: &str) -> Result<Country, String> {
    Country::parse(text).map_err(|why| why.to_string())
}

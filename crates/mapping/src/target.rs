//! The fields that a column can fill: those of customers by their names, those of other records as texts.
//!
//! What it never does: parse values.

use std::{fmt, str::FromStr};

use regulars_kernel::symspell;
use serde::{Deserialize, Serialize};

/// A customer field, written in JSON as in `email`, `address.city`, `consent.email`, `attribute.shoe_size`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// Its id in the source that the mapping names.
    ExternalId,
    /// Its id in the source named here, as in `external_id.shopify`.
    ExternalIdIn(String),
    /// Our own short code.
    Code,
    /// `person` or `company`.
    Kind,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// Whether the customer was shown to receive mail there: yes or no.
    EmailVerified,
    /// Whether the customer was shown to receive calls or messages there: yes or no.
    PhoneVerified,
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// Both names in one cell; split.
    FullName,
    /// Company.
    CompanyName,
    /// The company's name in the register.
    LegalName,
    /// Industry.
    Industry,
    /// Tax or VAT id.
    TaxId,
    /// Day of birth.
    Birthday,
    /// `active`, `prospect`, …
    Status,
    /// `guest`, `registered`, …
    Type,
    /// `new`, `loyal`, …
    LifecycleStage,
    /// `low`, `normal`, …
    Priority,
    /// `standard`, `gold`, …
    ServiceLevel,
    /// A decimal amount, in the organization's currency unless another column names it.
    CreditLimit,
    /// The ISO 4217 currency of the credit limit.
    CreditLimitCurrency,
    /// BCP 47 tag.
    Locale,
    /// IANA zone.
    TimeZone,
    /// A list of tags.
    Tags,
    /// Note that the customer may see.
    Note,
    /// Note for staff.
    InternalNote,
    /// When they became a customer.
    CreatedAt,
    /// When they last did something.
    LastActiveAt,
    /// A part of the address.
    Address(AddressField),
    /// What they said about marketing by e-mail.
    ConsentEmail,
    /// When they subscribed to e-mail, or confirmed it; a time here means that they did.
    EmailSubscribedAt,
    /// When they unsubscribed from e-mail; a time here means that they did.
    EmailUnsubscribedAt,
    /// What they said about marketing by SMS.
    ConsentSms,
    /// A custom attribute by name.
    Attribute(String),
    /// A field of another kind of record than customers, as in `order.total`; whose import it is knows it.
    Field(String),
    /// Nothing: the column is not imported.
    Ignore,
}

/// What the names of fields begin with that are not those of customers.
const OTHER_PARTS: &[&str] = &[
    "order", "line", "billing", "shipping", "tax_1", "tax_2", "tax_3", "tax_4", "tax_5", "product",
    "variant", "cart", "wishlist", "wish",
];

/// A part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AddressField {
    /// Whoever receives there.
    Name,
    /// Company at the address.
    Company,
    /// Street and house number.
    Line1,
    /// Apartment, building.
    Line2,
    /// City.
    City,
    /// Province, state or region: name or code.
    Province,
    /// Postal code.
    PostalCode,
    /// Country: code or name.
    Country,
    /// Phone at the address.
    Phone,
    /// Degrees north.
    Latitude,
    /// Degrees east.
    Longitude,
    /// The whole address in one cell, its parts separated by two spaces (as Mailchimp writes it).
    Combined,
}

/// What is known about a person's will to get marketing on a channel, from free to strict: of two statements about one
/// person the stricter one counts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Agreed.
    Subscribed,
    /// Never agreed.
    NotSubscribed,
    /// Asked, not yet confirmed.
    Pending,
    /// Agreed once, then withdrew.
    Unsubscribed,
    /// Must not be written to, for another reason.
    Suppressed,
    /// The mailbox does not exist.
    Bounced,
    /// Reported a message as spam.
    Complained,
}

impl ConsentState {
    /// As written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribed => "subscribed",
            Self::NotSubscribed => "not_subscribed",
            Self::Pending => "pending",
            Self::Unsubscribed => "unsubscribed",
            Self::Suppressed => "suppressed",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }
}

/// Every target without a name of its own, with a label for people, in the order in which a page offers them.
const NAMED: &[(Target, &str, &str)] = &[
    (Target::Ignore, "ignore", "Do not import"),
    (Target::ExternalId, "external_id", "Id in the source"),
    (Target::Code, "code", "Code"),
    (Target::Kind, "kind", "Person or company"),
    (Target::Email, "email", "E-mail"),
    (Target::Phone, "phone", "Phone"),
    (Target::EmailVerified, "email_verified", "E-mail verified"),
    (Target::PhoneVerified, "phone_verified", "Phone verified"),
    (Target::FirstName, "first_name", "First name"),
    (Target::LastName, "last_name", "Last name"),
    (Target::FullName, "full_name", "Full name (is split)"),
    (Target::CompanyName, "company_name", "Company"),
    (Target::LegalName, "legal_name", "Legal name"),
    (Target::Industry, "industry", "Industry"),
    (Target::TaxId, "tax_id", "Tax id"),
    (Target::Birthday, "birthday", "Birthday"),
    (Target::Status, "status", "Status"),
    (Target::Type, "type", "Type"),
    (Target::LifecycleStage, "lifecycle_stage", "Lifecycle stage"),
    (Target::Priority, "priority", "Priority"),
    (Target::ServiceLevel, "service_level", "Service level"),
    (Target::CreditLimit, "credit_limit", "Credit limit"),
    (
        Target::CreditLimitCurrency,
        "credit_limit.currency",
        "Credit limit: currency",
    ),
    (Target::Locale, "locale", "Language"),
    (Target::TimeZone, "time_zone", "Time zone"),
    (Target::Tags, "tags", "Tags"),
    (Target::Note, "note", "Note (the customer may see it)"),
    (
        Target::InternalNote,
        "internal_note",
        "Internal note (staff only)",
    ),
    (Target::CreatedAt, "created_at", "Customer since"),
    (Target::LastActiveAt, "last_active_at", "Last active"),
    (
        Target::Address(AddressField::Name),
        "address.name",
        "Address: name",
    ),
    (
        Target::Address(AddressField::Company),
        "address.company",
        "Address: company",
    ),
    (
        Target::Address(AddressField::Line1),
        "address.line1",
        "Address: street and number",
    ),
    (
        Target::Address(AddressField::Line2),
        "address.line2",
        "Address: second line",
    ),
    (
        Target::Address(AddressField::City),
        "address.city",
        "Address: city",
    ),
    (
        Target::Address(AddressField::Province),
        "address.province",
        "Address: province or state",
    ),
    (
        Target::Address(AddressField::PostalCode),
        "address.postal_code",
        "Address: postal code",
    ),
    (
        Target::Address(AddressField::Country),
        "address.country",
        "Address: country",
    ),
    (
        Target::Address(AddressField::Phone),
        "address.phone",
        "Address: phone",
    ),
    (
        Target::Address(AddressField::Latitude),
        "address.latitude",
        "Address: latitude",
    ),
    (
        Target::Address(AddressField::Longitude),
        "address.longitude",
        "Address: longitude",
    ),
    (
        Target::Address(AddressField::Combined),
        "address.combined",
        "Address: all in one cell",
    ),
    (Target::ConsentEmail, "consent.email", "E-mail marketing consent"),
    (
        Target::EmailSubscribedAt,
        "consent.email_subscribed_at",
        "Subscribed to e-mail at",
    ),
    (
        Target::EmailUnsubscribedAt,
        "consent.email_unsubscribed_at",
        "Unsubscribed from e-mail at",
    ),
    (Target::ConsentSms, "consent.sms", "SMS marketing consent"),
];

impl Target {
    /// Every target except attributes: (name, label), in the order in which a page offers them.
    pub fn choices() -> impl Iterator<Item = (&'static str, &'static str)> {
        NAMED.iter().map(|(_, name, label)| (*name, *label))
    }

    /// Whether several columns can fill it together: lines and notes are joined, lists united, the strictest consent counts.
    pub fn takes_several(&self) -> bool {
        use AddressField::{Line1, Line2};
        matches!(
            self,
            Self::Tags
                | Self::Note
                | Self::InternalNote
                | Self::ConsentEmail
                | Self::ConsentSms
                | Self::Address(Line1 | Line2)
        )
    }

    /// Whether it says who a customer is.
    pub fn tells_who(&self) -> bool {
        matches!(
            self,
            Self::ExternalId
                | Self::ExternalIdIn(_)
                | Self::Code
                | Self::Email
                | Self::Phone
                | Self::FirstName
                | Self::LastName
                | Self::FullName
                | Self::CompanyName
                | Self::LegalName
        )
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(name) => write!(f, "attribute.{name}"),
            Self::ExternalIdIn(source) => write!(f, "external_id.{source}"),
            Self::Field(name) => f.write_str(name),
            _ => f.write_str(
                NAMED
                    .iter()
                    .find(|(target, _, _)| target == self)
                    .map_or("ignore", |(_, name, _)| name),
            ),
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("attribute.") {
            return Ok(Self::Attribute(name.to_owned()));
        }
        if let Some(source) = text.strip_prefix("external_id.") {
            return Ok(Self::ExternalIdIn(source.to_owned()));
        }
        if text
            .split_once('.')
            .is_some_and(|(part, _)| OTHER_PARTS.contains(&part))
        {
            return Ok(Self::Field(text.to_owned()));
        }
        let found = NAMED.iter().find(|(_, name, _)| *name == text);
        found.map(|(target, _, _)| target.clone()).ok_or_else(|| {
            let near = nearest(text).map_or_else(String::new, |name| format!("; did you mean “{name}”?"));
            format!("“{text}” is no field that a column can fill{near} (docs/importing.md lists them)")
        })
    }
}

/// The field that somebody probably meant: another spelling of it, or its last part.
fn nearest(text: &str) -> Option<&'static str> {
    let text = text.trim().to_lowercase().replace(['-', ' '], "_");
    let names = || Target::choices().map(|(name, _)| name);
    let by_part = || names().find(|name| name.rsplit('.').next() == Some(text.as_str()));
    let by_letters = || {
        let distance = |name: &&str| symspell::distance(name, &text);
        names()
            .min_by_key(distance)
            .filter(|name| distance(name) <= (name.len() / 4).max(1))
    };
    names()
        .find(|name| *name == text)
        .or_else(by_part)
        .or_else(by_letters)
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

//! Contact persons of a customer, who mostly is a company. At most one is the primary one.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Email, Faults, Patch, Phone,
    ids::{ContactId, CustomerId},
};
use serde::{Deserialize, Serialize};

use super::defaults::{Defaults, MAX_NAME, MAX_NOTE, line, lines, parsed, phone};

/// A contact person.
#[derive(Clone, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Of which customer.
    pub customer_id: CustomerId,
    /// Rises with each change; the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// Given name.
    #[schema(example = "Grace")]
    pub first_name: Option<String>,
    /// Family name.
    #[schema(example = "Hopper")]
    pub last_name: Option<String>,
    /// Both.
    #[schema(example = "Grace Hopper")]
    pub full_name: Option<String>,
    /// E-mail address.
    #[serde(deserialize_with = "super::defaults::stored_email")]
    pub email: Option<Email>,
    /// In E.164.
    #[serde(deserialize_with = "super::defaults::stored_phone")]
    pub phone: Option<Phone>,
    /// What the person is there.
    #[schema(example = "Head of purchasing")]
    pub title: Option<String>,
    /// In which department.
    #[schema(example = "Purchasing")]
    pub department: Option<String>,
    /// Whether this is the one to turn to first.
    pub is_primary: bool,
    /// Whether this person decides.
    pub is_decision_maker: bool,
    /// Whether this person is heard by those who decide.
    pub is_influencer: bool,
    /// A note for staff.
    #[schema(example = "Call before noon.")]
    pub note: Option<String>,
    /// When somebody last spoke with this person.
    pub last_contacted_at: Option<DateTime<Utc>>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contact")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What a contact should be, as a merge patch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"first_name": "Grace", "last_name": "Hopper", "title": "Head of purchasing", "is_primary": true}))]
pub struct ContactInput {
    /// Given name.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub first_name: Patch<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub last_name: Patch<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 254)]
    pub email: Patch<String>,
    /// As people write it.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub phone: Patch<String>,
    /// What the person is there.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub title: Patch<String>,
    /// In which department.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub department: Patch<String>,
    /// Whether this is the one to turn to first; the one that was is no longer.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub is_primary: Patch<bool>,
    /// Whether this person decides.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub is_decision_maker: Patch<bool>,
    /// Whether this person is heard by those who decide.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub is_influencer: Patch<bool>,
    /// A note for staff.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 10000)]
    pub note: Patch<String>,
    /// When somebody last spoke with this person.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub last_contacted_at: Patch<DateTime<Utc>>,
}

impl Contact {
    /// A contact that says nothing yet.
    pub fn blank(customer_id: CustomerId, now: DateTime<Utc>) -> Self {
        Self {
            id: ContactId::new(),
            customer_id,
            version: 1,
            first_name: None,
            last_name: None,
            full_name: None,
            email: None,
            phone: None,
            title: None,
            department: None,
            is_primary: false,
            is_decision_maker: false,
            is_influencer: false,
            note: None,
            last_contacted_at: None,
            created_at: now,
            updated_at: now,
        }
    }
}

impl ContactInput {
    /// Takes it over into a contact; faults are below `pointer`.
    pub fn apply(&self, to: &mut Contact, pointer: &str, defaults: &Defaults, faults: &mut Faults) {
        let at = |name: &str| format!("{pointer}/{name}");
        let told = faults.0.len();
        for (field, patch, name) in [
            (&mut to.first_name, &self.first_name, "first_name"),
            (&mut to.last_name, &self.last_name, "last_name"),
            (&mut to.title, &self.title, "title"),
            (&mut to.department, &self.department, "department"),
        ] {
            line(field, patch, MAX_NAME, &at(name), faults);
        }
        parsed(
            &mut to.email,
            &self.email,
            &at("email"),
            "email_invalid",
            faults,
            Email::parse,
        );
        phone(
            &mut to.phone,
            &self.phone,
            defaults.country.as_ref(),
            &at("phone"),
            faults,
        );
        for (field, patch) in [
            (&mut to.is_primary, self.is_primary),
            (&mut to.is_decision_maker, self.is_decision_maker),
            (&mut to.is_influencer, self.is_influencer),
        ] {
            match patch {
                Patch::Keep => {}
                Patch::Clear => *field = false,
                Patch::Set(value) => *field = value,
            }
        }
        lines(&mut to.note, &self.note, MAX_NOTE, &at("note"), faults);
        match self.last_contacted_at {
            Patch::Set(time) if !sensible(time) => {
                faults.add(
                    at("last_contacted_at"),
                    "time_invalid",
                    "a time between the years 1900 and 2200 is wanted",
                );
            }
            other => {
                other.apply(&mut to.last_contacted_at);
            }
        }
        to.full_name = super::full_name(
            super::Kind::Person,
            to.first_name.as_deref(),
            to.last_name.as_deref(),
            None,
            None,
        );
        if to.full_name.is_none() && to.email.is_none() && to.phone.is_none() && faults.0.len() == told {
            faults.add(
                pointer,
                "contact_empty",
                "a contact needs a name, an e-mail address or a phone number",
            );
        }
    }
}

/// PostgreSQL and people both lose their way with years of five digits.
fn sensible(time: DateTime<Utc>) -> bool {
    use chrono::Datelike;
    (1900..2200).contains(&time.year())
}

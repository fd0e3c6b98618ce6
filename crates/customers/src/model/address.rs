//! Postal addresses of a customer. One is the default; its country and city stand in the directory.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Country, Faults, Patch, Phone, TimeZone,
    ids::{AddressId, CustomerId},
};
use serde::{Deserialize, Serialize};

use super::{
    choices::choices,
    defaults::{Defaults, MAX_NAME, choice, line, parsed, phone},
};

choices! {
    /// What an address is used for.
    AddressType { Both = "both", Shipping = "shipping", Billing = "billing" }
}

/// A postal address.
#[derive(Clone, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// Whose.
    pub customer_id: CustomerId,
    /// Rises with each change; the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// What it is used for.
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    pub address_type: AddressType,
    /// Whether it is the customer's default.
    pub is_default: bool,
    /// Who receives there.
    #[schema(example = "Ada Byron")]
    pub name: Option<String>,
    /// At which company.
    #[schema(example = json!(null))]
    pub company: Option<String>,
    /// Street and number.
    #[schema(example = "Hauptstraße 1")]
    pub line1: Option<String>,
    /// Flat, floor and the like.
    #[schema(example = "Aufgang B")]
    pub line2: Option<String>,
    /// City.
    #[schema(example = "Berlin")]
    pub city: Option<String>,
    /// Province or state.
    #[schema(example = json!(null))]
    pub province: Option<String>,
    /// Postal code.
    #[schema(example = "10117")]
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<Country>,
    /// A phone there.
    #[serde(deserialize_with = "super::defaults::stored_phone")]
    pub phone: Option<Phone>,
    /// Degrees north.
    #[schema(example = 52.517)]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[schema(example = 13.389)]
    pub longitude: Option<f64>,
    /// Time zone there.
    pub time_zone: Option<TimeZone>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Address")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What an address should be, as a merge patch.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"line1": "Unter den Linden 1", "postal_code": "10117", "city": "Berlin", "country": "DE"}))]
pub struct AddressInput {
    /// What it is used for.
    #[serde(rename = "type", skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<AddressType>)]
    pub address_type: Patch<String>,
    /// Whether it is the customer's default; the one that was is no longer.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub is_default: Patch<bool>,
    /// Who receives there.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub name: Patch<String>,
    /// At which company.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub company: Patch<String>,
    /// Street and number.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub line1: Patch<String>,
    /// Flat, floor and the like.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub line2: Patch<String>,
    /// City.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub city: Patch<String>,
    /// Province or state.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub province: Patch<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 40)]
    pub postal_code: Patch<String>,
    /// Country: ISO 3166 code or English name.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, example = "DE")]
    pub country: Patch<String>,
    /// A phone there; the country is the hint.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub phone: Patch<String>,
    /// Degrees north, -90 to 90.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<f64>, minimum = -90, maximum = 90)]
    pub latitude: Patch<f64>,
    /// Degrees east, -180 to 180.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<f64>, minimum = -180, maximum = 180)]
    pub longitude: Patch<f64>,
    /// Time zone there.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    pub time_zone: Patch<String>,
}

impl Address {
    /// An address that says nothing yet.
    pub fn blank(customer_id: CustomerId, now: DateTime<Utc>) -> Self {
        Self {
            id: AddressId::new(),
            customer_id,
            version: 1,
            address_type: AddressType::default(),
            is_default: false,
            name: None,
            company: None,
            line1: None,
            line2: None,
            city: None,
            province: None,
            postal_code: None,
            country: None,
            phone: None,
            latitude: None,
            longitude: None,
            time_zone: None,
            created_at: now,
            updated_at: now,
        }
    }
}

impl AddressInput {
    /// Takes it over into an address; faults are below `pointer`. Whether it is the default, the use case decides.
    pub fn apply(&self, to: &mut Address, pointer: &str, defaults: &Defaults, faults: &mut Faults) {
        let at = |name: &str| format!("{pointer}/{name}");
        choice(&mut to.address_type, &self.address_type, &at("type"), faults);
        for (field, patch, name) in [
            (&mut to.name, &self.name, "name"),
            (&mut to.company, &self.company, "company"),
            (&mut to.line1, &self.line1, "line1"),
            (&mut to.line2, &self.line2, "line2"),
            (&mut to.city, &self.city, "city"),
            (&mut to.province, &self.province, "province"),
        ] {
            line(field, patch, MAX_NAME, &at(name), faults);
        }
        line(
            &mut to.postal_code,
            &self.postal_code,
            40,
            &at("postal_code"),
            faults,
        );
        parsed(
            &mut to.country,
            &self.country,
            &at("country"),
            "country_invalid",
            faults,
            Country::parse,
        );
        let hint = to.country.or(defaults.country);
        phone(&mut to.phone, &self.phone, hint.as_ref(), &at("phone"), faults);
        for (field, patch, name, most) in [
            (&mut to.latitude, self.latitude, "latitude", 90.0),
            (&mut to.longitude, self.longitude, "longitude", 180.0),
        ] {
            match patch {
                Patch::Set(degrees) if !(-most..=most).contains(&degrees) => {
                    faults.add(
                        at(name),
                        "out_of_range",
                        format!("a {name} is from -{most} to {most}"),
                    );
                }
                other => {
                    other.apply(field);
                }
            }
        }
        parsed(
            &mut to.time_zone,
            &self.time_zone,
            &at("time_zone"),
            "time_zone_invalid",
            faults,
            TimeZone::parse,
        );
    }
}

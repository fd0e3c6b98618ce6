//! What each column of a file means, and turning rows into customer fields by it.
//!
//! A [`Mapping`] is suggested from the headers ([`suggest`]), edited by a person as JSON, checked against the file
//! ([`Mapping::validate`]) and applied row by row ([`Mapper`]).
//!
//! What it never does: touch the database, guess at run time (the mapping says everything), or drop a value it does
//! not understand: that is a fault of its cell.

mod mapper;
pub mod name;
pub mod row;
mod suggest;
mod synonyms;
mod target;
pub mod value;
mod vendor;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use regulars_kernel::{Country, Error, Faults, Result, TimeZone};
use regulars_tabular::read::{Headers, Record};
use serde::{Deserialize, Serialize};

pub use mapper::Mapper;
pub use row::{Cell, CellFault, MappedAddress, MappedRow};
pub use suggest::{ColumnMapping, Confidence, Hints, Suggestion, examples, suggest};
pub use target::{AddressField, ConsentState, Target};
pub use value::{DateOrder, join_ids, split_ids, split_list, split_name};
pub use vendor::Vendor;

/// What the columns of a file mean, and how to read what is ambiguous in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Unique header → field. A column that is not named is ignored.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"E-Mail": "email", "Ort": "address.city"}))]
    pub columns: BTreeMap<String, Target>,
    /// Where the external ids come from, as in `shopify` or `csv`.
    #[serde(default = "default_source")]
    #[schema(example = "shopify")]
    pub source: String,
    /// Whose export it is, for habits of values that no option names.
    #[serde(default)]
    pub vendor: Vendor,
    /// How to read dates such as 3/4/2024.
    #[serde(default)]
    pub date_order: DateOrder,
    /// For phones without a country of their own: ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "DE")]
    pub default_country: Option<String>,
    /// For times without a zone of their own; UTC if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Berlin")]
    pub time_zone: Option<String>,
    /// Whether an empty cell empties the field. Otherwise it leaves the field alone.
    #[serde(default)]
    pub clear_empty: bool,
    /// What the whole file says about e-mail consent, as Mailchimp's `unsubscribed_…` files do. A column that says
    /// something stricter wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_consent: Option<ConsentState>,
}

fn default_source() -> String {
    "csv".to_owned()
}

impl Mapping {
    /// Reads a mapping that a person or program wrote. Reports every column whose target does not exist, and with it
    /// whatever else is wrong (422; pointers are into the mapping).
    pub fn from_json(value: &serde_json::Value) -> Result<Self> {
        if !value.is_object() {
            let message = "a mapping is an object such as {\"columns\": {\"E-Mail\": \"email\"}}";
            return Err(Error::invalid("", "mapping_malformed", message));
        }
        let mut faults = Faults::new();
        let mut value = value.clone();
        if let Some(columns) = value
            .get_mut("columns")
            .and_then(serde_json::Value::as_object_mut)
        {
            columns.retain(|header, target| {
                let problem = match target.as_str() {
                    Some(text) => text.parse::<Target>().err(),
                    None => Some("a target is a text such as \"email\"".to_owned()),
                };
                let Some(problem) = problem else { return true };
                faults.add(format!("/columns/{}", escape(header)), "target_unknown", problem);
                false
            });
        }
        match serde_path_to_error::deserialize(value) {
            Ok(mapping) if faults.0.is_empty() => Ok(mapping),
            Ok(_) => Err(Error::Invalid(faults)),
            Err(error) => {
                let mut place = String::new();
                for segment in error.path() {
                    place.push('/');
                    place.push_str(&escape(&segment.to_string()));
                }
                faults.add(
                    place,
                    "mapping_malformed",
                    format!("the mapping cannot be understood: {}", error.inner()),
                );
                Err(Error::Invalid(faults))
            }
        }
    }

    /// Checks the mapping against the columns of its file and reports every fault (422; pointers are into the mapping).
    pub fn validate(&self, headers: &Headers) -> Result<()> {
        let mut faults = Faults::new();
        let mut used: HashMap<&Target, &str> = HashMap::new();
        for (header, target) in &self.columns {
            let pointer = format!("/columns/{}", escape(header));
            if headers.position(header).is_none() {
                faults.add(
                    pointer,
                    "column_unknown",
                    format!("the file has no column “{header}”"),
                );
                continue;
            }
            if let Target::Field(name) = target {
                faults.add(
                    pointer,
                    "target_unknown",
                    format!("“{name}” is no field of a customer; say with kind what the file brings"),
                );
                continue;
            }
            if let Target::Attribute(name) = target
                && !name::is_attribute_name(name)
            {
                faults.add(
                    pointer,
                    "attribute_name_invalid",
                    format!("“{name}” is no attribute name: use a–z, 0–9 and _, a letter first, 60 characters at most"),
                );
                continue;
            }
            if let Target::ExternalIdIn(source) = target
                && !name::is_source_name(source)
            {
                faults.add(
                    pointer,
                    "source_invalid",
                    format!("“{source}” is no name of a source: use a–z, 0–9 and _, a letter first, 40 characters at most"),
                );
                continue;
            }
            if *target == Target::Ignore || target.takes_several() {
                used.entry(target).or_insert(header);
            } else if let Some(other) = used.insert(target, header) {
                let message = format!("“{other}” and “{header}” cannot both be {target}");
                faults.add(pointer, "target_twice", message);
            }
        }
        if !used.keys().any(|target| target.tells_who()) {
            faults.add(
                "/columns",
                "nothing_tells_who",
                "no column says who the customer is: map at least one to external_id, code, email, phone or a name",
            );
        }
        self.check_settings(&mut faults);
        faults.check()
    }

    /// Checks what does not speak of columns.
    pub fn check_settings(&self, faults: &mut Faults) {
        if !name::is_source_name(&self.source) {
            faults.add(
                "/source",
                "source_invalid",
                "a source is named with a–z, 0–9 and _, a letter first, 40 characters at most",
            );
        }
        if let Some(country) = &self.default_country
            && Country::from_code(country).is_none()
        {
            faults.add(
                "/default_country",
                "country_invalid",
                format!("“{country}” is no ISO 3166-1 alpha-2 country code such as DE"),
            );
        }
        if let Some(zone) = &self.time_zone {
            faults.take("/time_zone", "time_zone_invalid", TimeZone::parse(zone));
        }
    }
}

/// Maps one record; for many of one file, keep a [`Mapper`].
pub fn map_record(
    mapping: &Mapping,
    headers: &Headers,
    record: &Record,
) -> Result<MappedRow, Vec<CellFault>> {
    Mapper::new(mapping, headers).map(record)
}

/// A part of a pointer (RFC 6901).
pub fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

//! A first mapping for a file, from its headers, its name and its first rows.
//!
//! What it never does: decide. A person sees and edits what is suggested here.

use regulars_tabular::read::{Headers, Record};

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::{
    AddressField, ConsentState, DateOrder, Mapper, Mapping, Target, Vendor,
    name::{attribute_name, words},
    synonyms,
};

/// Values shown beside a column.
const EXAMPLES: usize = 3;

/// What helps to suggest, beside the headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// The name the file was uploaded under; Mailchimp says there what its contacts agreed to.
    pub file_name: &'a str,
    /// Some first records.
    pub samples: &'a [Record],
}

/// How sure a suggestion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The vendor defines it so, or the column has our own name.
    Certain,
    /// It is what such columns usually are.
    Likely,
    /// Nothing known: kept as an attribute so that it is not lost.
    Guess,
}

/// What one column is suggested to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ColumnMapping {
    /// The unique header.
    #[schema(example = "Ort")]
    pub header: String,
    /// The field it fills.
    #[schema(value_type = String, example = "address.city")]
    pub target: Target,
    /// How sure that is.
    pub confidence: Confidence,
    /// Up to three values from the first rows.
    #[schema(example = json!(["Berlin", "Wien"]))]
    pub examples: Vec<String>,
}

/// A mapping for a file, with the reasons a person needs to judge it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Suggestion {
    /// Every column, in the file's order.
    pub columns: Vec<ColumnMapping>,
    /// The same as a mapping, ready to be edited and used.
    pub mapping: Mapping,
}

/// What a header is said to be, by one of the ways to tell.
type Claim<'a> = dyn Fn(&str) -> Option<(Target, Confidence)> + 'a;

/// Suggests what every column is.
pub fn suggest(headers: &Headers, hints: Hints<'_>) -> Suggestion {
    let vendor = Vendor::detect(headers.iter().map(|header| header.unique_name.as_str()));
    let mut taken = HashSet::new();
    let mut columns: Vec<Option<(Target, Confidence)>> = vec![None; headers.len()];
    // Surer claims go first, so that "Mail" does not take from a later "email" what is its own.
    let claims: [&Claim<'_>; 4] = [
        &|header| Some((vendor.target(header)?, Confidence::Certain)),
        &|header| Some((own_name(header)?, Confidence::Certain)),
        &|header| Some((synonyms::lookup(&words(header, true))?, Confidence::Likely)),
        &|header| {
            Some((
                synonyms::lookup_address(&words(header, true))?,
                Confidence::Likely,
            ))
        },
    ];
    for claim in claims {
        for (column, header) in columns.iter_mut().zip(headers.iter()) {
            if column.is_some() {
                continue;
            }
            if let Some((target, confidence)) = claim(&header.unique_name)
                && may_take(&mut taken, &target, confidence)
            {
                *column = Some((target, confidence));
            }
        }
    }
    join_house_number(&mut columns, headers);
    distrust_choices(&mut columns, headers, hints.samples);

    let mut attributes: HashSet<String> = columns
        .iter()
        .flatten()
        .filter_map(|(target, _)| {
            if let Target::Attribute(name) = target {
                Some(name.clone())
            } else {
                None
            }
        })
        .collect();
    let columns: Vec<ColumnMapping> = columns
        .into_iter()
        .zip(headers.iter())
        .enumerate()
        .map(|(at, (column, header))| {
            let (target, confidence) = column.unwrap_or_else(|| {
                let name = free_name(&mut attributes, attribute_name(&header.unique_name, at + 1));
                (Target::Attribute(name), Confidence::Guess)
            });
            ColumnMapping {
                header: header.unique_name.clone(),
                target,
                confidence,
                examples: examples(hints.samples, at),
            }
        })
        .collect();

    let mapping = Mapping {
        columns: columns
            .iter()
            .map(|column| (column.header.clone(), column.target.clone()))
            .collect::<BTreeMap<_, _>>(),
        source: vendor.source().to_owned(),
        vendor,
        date_order: date_order(&columns, headers, hints.samples, vendor),
        email_consent: if vendor == Vendor::Mailchimp {
            mailchimp_consent(hints.file_name)
        } else {
            None
        },
        ..Mapping::default()
    };
    Suggestion { columns, mapping }
}

/// A column that has one of our own names: `address.city`, `attribute.shoe_size`, or `attributes.shoe_size` as in our JSON.
fn own_name(header: &str) -> Option<Target> {
    let attribute = header
        .strip_prefix("attributes.")
        .or_else(|| header.strip_prefix("attribute."));
    if let Some(name) = attribute {
        return super::name::is_attribute_name(name).then(|| Target::Attribute(name.to_owned()));
    }
    header
        .parse()
        .ok()
        .filter(|target| !matches!(target, Target::Field(_)))
}

/// Whether a target is still free. Joining columns is left to vendors and people, tags and consents aside.
fn may_take(taken: &mut HashSet<Target>, target: &Target, confidence: Confidence) -> bool {
    let is_joined = matches!(target, Target::Tags | Target::ConsentEmail | Target::ConsentSms)
        || (confidence == Confidence::Certain && target.takes_several());
    *target == Target::Ignore || taken.insert(target.clone()) || is_joined
}

/// A house number beside a street becomes part of the same line, in the file's order.
fn join_house_number(columns: &mut [Option<(Target, Confidence)>], headers: &Headers) {
    let line1 = Target::Address(AddressField::Line1);
    if !columns.iter().flatten().any(|(target, _)| *target == line1) {
        return;
    }
    for (column, header) in columns.iter_mut().zip(headers.iter()) {
        if column.is_none() && synonyms::HOUSE_NUMBERS.contains(&words(&header.unique_name, true).as_str()) {
            *column = Some((line1.clone(), Confidence::Likely));
            return;
        }
    }
}

/// "Status" in somebody's file is often not our status. If the first rows hold words that the field does not know, the
/// column is kept as an attribute instead.
fn distrust_choices(columns: &mut [Option<(Target, Confidence)>], headers: &Headers, samples: &[Record]) {
    for (at, column) in columns.iter_mut().enumerate() {
        let Some((target, Confidence::Likely)) = column else {
            continue;
        };
        let is_strict = matches!(
            target,
            Target::Kind
                | Target::EmailVerified
                | Target::PhoneVerified
                | Target::Status
                | Target::Type
                | Target::LifecycleStage
                | Target::Priority
                | Target::ServiceLevel
                | Target::Locale
                | Target::TimeZone
                | Target::CreditLimit
                | Target::ConsentEmail
                | Target::ConsentSms
        );
        if !is_strict {
            continue;
        }
        let Some(header) = headers.get(at) else { continue };
        let alone = Mapping {
            columns: BTreeMap::from([(header.unique_name.clone(), target.clone())]),
            ..Mapping::default()
        };
        let mapper = Mapper::new(&alone, headers);
        if samples.iter().any(|record| mapper.map(record).is_err()) {
            *column = None;
        }
    }
}

fn free_name(taken: &mut HashSet<String>, base: String) -> String {
    let mut name = base.clone();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{base}_{number}");
        number += 1;
    }
    name
}

/// Up to three values of a column, as the first rows have them.
pub fn examples(samples: &[Record], column: usize) -> Vec<String> {
    let texts = samples
        .iter()
        .filter_map(|record| record.get(column))
        .map(str::trim)
        .filter(|text| !text.is_empty());
    texts.take(EXAMPLES).map(super::value::excerpt).collect()
}

/// By the first rows if they show it, else by the vendor or the language of the headers.
fn date_order(columns: &[ColumnMapping], headers: &Headers, samples: &[Record], vendor: Vendor) -> DateOrder {
    let date_columns = columns.iter().enumerate().filter(|(_, column)| {
        matches!(
            column.target,
            Target::Birthday
                | Target::CreatedAt
                | Target::LastActiveAt
                | Target::EmailSubscribedAt
                | Target::EmailUnsubscribedAt
        )
    });
    for (at, _) in date_columns {
        for text in samples.iter().filter_map(|record| record.get(at)) {
            let numbers: Vec<u32> = text
                .splitn(3, ['/', '-'])
                .take(2)
                .filter_map(|part| part.trim().parse().ok())
                .collect();
            match numbers[..] {
                [first @ 13..=31, second] if first <= 31 && second <= 12 => return DateOrder::Dmy,
                [first, 13..=31] if first <= 12 => return DateOrder::Mdy,
                _ => {}
            }
        }
    }
    let is_day_first = |header: &str| synonyms::DAY_FIRST.contains(&words(header, true).as_str());
    if vendor == Vendor::Hubspot {
        DateOrder::Mdy
    } else if vendor == Vendor::Generic && headers.iter().any(|header| is_day_first(&header.unique_name)) {
        DateOrder::Dmy
    } else {
        DateOrder::Certain
    }
}

/// Mailchimp exports one file for each state and says which in the file's name.
fn mailchimp_consent(file_name: &str) -> Option<ConsentState> {
    let name = file_name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let states = [
        ("unsubscribed", ConsentState::Unsubscribed),
        ("nonsubscribed", ConsentState::NotSubscribed),
        ("cleaned", ConsentState::Bounced),
        ("pending", ConsentState::Pending),
        ("subscribed", ConsentState::Subscribed),
    ];
    states
        .into_iter()
        .find(|(prefix, _)| name.starts_with(prefix))
        .map(|(_, state)| state)
}

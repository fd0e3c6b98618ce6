//! What narrows the customer list, read from query parameters.
//!
//! What it never does: touch the database. Names that only the database knows are checked by [`super::Selection`].

use chrono::{DateTime, Datelike as _, Duration, LocalResult, NaiveDate, NaiveTime, TimeZone as _, Utc};
use regulars_kernel::{
    Country, Faults, TimeZone,
    ids::{CustomerId, UserId},
};
use regulars_web::Params;

use super::{
    expression::{Written, told},
    query::Context,
};
use crate::model::{Choice, Kind, LifecycleStage, Priority, Status, Type};

/// Most values of one filter.
const MAX_VALUES: usize = 200;
/// Most characters of one value: the longest text an attribute may have.
const LONGEST_VALUE: usize = 2_000;

/// Which customers, by whether they are deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Deleted {
    /// Only the living.
    #[default]
    Without,
    /// Both.
    With,
    /// Only the deleted.
    Only,
}

/// A stretch of time, its end excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Range {
    /// The first moment in it.
    pub from: Option<DateTime<Utc>>,
    /// The first moment after it.
    pub until: Option<DateTime<Utc>>,
}

/// Days of the year, both ends included; over the turn of the year if the first is the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Birthdays {
    /// The first: month and day as one number, 1224 for Christmas Eve.
    pub from: i16,
    /// The last.
    pub until: i16,
}

/// What narrows a list: any value of one filter, and every filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filters {
    /// `status`
    pub status: Vec<Status>,
    /// `type`
    pub customer_type: Vec<Type>,
    /// `kind`
    pub kind: Vec<Kind>,
    /// `lifecycle_stage`
    pub lifecycle_stage: Vec<LifecycleStage>,
    /// `priority`
    pub priority: Vec<Priority>,
    /// `country`, of the default address.
    pub country: Vec<Country>,
    /// `source`: linked to one of these.
    pub source: Vec<String>,
    /// `tag`: names, whatever their case, or ids.
    pub tag: Vec<String>,
    /// `owner`: these members.
    pub owner: Vec<UserId>,
    /// `owner=me`: whoever asks.
    pub owner_me: bool,
    /// `owner=none`: whoever nobody looks after.
    pub owner_none: bool,
    /// `parent`: directly below one of these.
    pub parent: Vec<CustomerId>,
    /// `created_from`, `created_to`
    pub created: Range,
    /// `updated_from`, `updated_to`
    pub updated: Range,
    /// `last_active_from`, `last_active_to`
    pub last_active: Range,
    /// `birthday_from`, `birthday_to`
    pub birthday: Option<Birthdays>,
    /// `has_email`
    pub has_email: Option<bool>,
    /// `has_phone`
    pub has_phone: Option<bool>,
    /// `has_parent`: whether it stands below another.
    pub has_parent: Option<bool>,
    /// `attribute.NAME`: values as they are written.
    pub attributes: Vec<(String, Vec<String>)>,
    /// `filter`: an expression.
    pub expression: Option<Written>,
    /// `deleted`
    pub deleted: Deleted,
}

impl Filters {
    /// How many filters narrow the list.
    pub fn count(&self) -> usize {
        let lists = [
            self.status.is_empty(),
            self.customer_type.is_empty(),
            self.kind.is_empty(),
            self.lifecycle_stage.is_empty(),
            self.priority.is_empty(),
            self.country.is_empty(),
            self.source.is_empty(),
            self.tag.is_empty(),
            self.owner.is_empty() && !self.owner_me && !self.owner_none,
            self.parent.is_empty(),
            self.created == Range::default(),
            self.updated == Range::default(),
            self.last_active == Range::default(),
            self.birthday.is_none(),
            self.has_email.is_none(),
            self.has_phone.is_none(),
            self.has_parent.is_none(),
            self.expression.is_none(),
        ];
        lists.iter().filter(|empty| !**empty).count() + self.attributes.len()
    }
}

impl Filters {
    pub(super) fn take(params: &mut Params, context: &Context, faults: &mut Faults) -> Self {
        let mut attributes: Vec<(String, Vec<String>)> = Vec::new();
        for (name, value) in params.prefixed("attribute.") {
            if value.is_empty() {
                continue;
            }
            let values = with_parts(&value);
            match attributes.iter_mut().find(|known| known.0 == name) {
                Some(known) => known.1.extend(values),
                None => attributes.push((name, values)),
            }
        }
        for (name, values) in &attributes {
            check_values(&format!("attribute.{name}"), values, faults);
        }
        // A tag may have a comma in its name, so the whole counts as well as its parts.
        let tag: Vec<String> = params
            .all("tag")
            .iter()
            .flat_map(|value| with_parts(value))
            .collect();
        check_values("tag", &tag, faults);
        let source = params.list("source");
        check_values("source", &source, faults);
        let owners = values(params, "owner", "id_invalid", faults, |text| match text {
            "me" => Ok(Owner::Me),
            "none" => Ok(Owner::Nobody),
            id => id
                .parse()
                .map(Owner::Member)
                .map_err(|_| "use the id of a member, me or none"),
        });
        Self {
            status: choices(params, "status", faults),
            customer_type: choices(params, "type", faults),
            kind: choices(params, "kind", faults),
            lifecycle_stage: choices(params, "lifecycle_stage", faults),
            priority: choices(params, "priority", faults),
            country: values(params, "country", "country_invalid", faults, Country::parse),
            source,
            tag,
            owner_me: owners.contains(&Owner::Me),
            owner_none: owners.contains(&Owner::Nobody),
            owner: owners
                .into_iter()
                .filter_map(|owner| match owner {
                    Owner::Member(id) => Some(id),
                    Owner::Me | Owner::Nobody => None,
                })
                .collect(),
            parent: values(params, "parent", "id_invalid", faults, |text| {
                text.parse().map_err(|_| "this is not an id")
            }),
            created: range(params, "created", context, faults),
            updated: range(params, "updated", context, faults),
            last_active: range(params, "last_active", context, faults),
            birthday: birthdays(params, faults),
            has_email: yes_or_no(params, "has_email", faults),
            has_phone: yes_or_no(params, "has_phone", faults),
            has_parent: yes_or_no(params, "has_parent", faults),
            attributes,
            expression: expression(params, context, faults),
            deleted: match params.one("deleted", faults).as_deref() {
                None | Some("without") => Deleted::Without,
                Some("with") => Deleted::With,
                Some("only") => Deleted::Only,
                Some(_) => {
                    faults.add("?deleted", "choice_unknown", "use with or only");
                    Deleted::Without
                }
            },
        }
    }
}

/// An expression that is one; whether its fields exist only the database knows.
fn expression(params: &mut Params, context: &Context, faults: &mut Faults) -> Option<Written> {
    let text = params
        .one("filter", faults)
        .filter(|text| !text.trim().is_empty())?;
    match regulars_expression::read(&text) {
        Ok(_) => Some(Written {
            text,
            zone: context.time_zone,
        }),
        Err(fault) => {
            faults.add("?filter", fault.code, told(&fault));
            None
        }
    }
}

/// A value of `owner`.
#[derive(PartialEq)]
enum Owner {
    Me,
    Nobody,
    Member(UserId),
}

/// The parts between commas, and the whole if there are several.
fn with_parts(value: &str) -> Vec<String> {
    let mut parts: Vec<String> = value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    if value.contains(',') {
        parts.push(value.trim().to_owned());
    }
    parts
}

fn too_many(name: &str, count: usize, faults: &mut Faults) {
    if count > MAX_VALUES {
        faults.add(
            format!("?{name}"),
            "too_many",
            format!("at most {MAX_VALUES} values of one filter"),
        );
    }
}

/// Values that are text of any kind: neither too many nor longer than what they are compared with.
fn check_values(name: &str, values: &[String], faults: &mut Faults) {
    too_many(name, values.len(), faults);
    if values.iter().any(|value| value.chars().count() > LONGEST_VALUE) {
        faults.add(
            format!("?{name}"),
            "too_long",
            format!("a value of a filter may have {LONGEST_VALUE} characters"),
        );
    }
}

fn values<T: PartialEq, E: std::fmt::Display>(
    params: &mut Params,
    name: &str,
    code: &'static str,
    faults: &mut Faults,
    parse: impl Fn(&str) -> std::result::Result<T, E>,
) -> Vec<T> {
    let texts = params.list(name);
    too_many(name, texts.len(), faults);
    let mut values = Vec::new();
    for text in texts.iter().take(MAX_VALUES) {
        if let Some(value) = faults.take(&format!("?{name}"), code, parse(text))
            && !values.contains(&value)
        {
            values.push(value);
        }
    }
    values
}

fn choices<T: Choice + PartialEq>(params: &mut Params, name: &str, faults: &mut Faults) -> Vec<T> {
    values(params, name, "choice_unknown", faults, T::parse)
}

fn yes_or_no(params: &mut Params, name: &str, faults: &mut Faults) -> Option<bool> {
    match params.one(name, faults)?.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => {
            faults.add(format!("?{name}"), "boolean_invalid", "use true or false");
            None
        }
    }
}

fn range(params: &mut Params, name: &str, context: &Context, faults: &mut Faults) -> Range {
    let range = Range {
        from: time(params, &format!("{name}_from"), context, false, faults),
        until: time(params, &format!("{name}_to"), context, true, faults),
    };
    if let (Some(from), Some(until)) = (range.from, range.until)
        && from >= until
    {
        faults.add(
            format!("?{name}_to"),
            "range_empty",
            format!("{name}_to lies before {name}_from"),
        );
    }
    range
}

/// A day without a year, such as 12-24. One end alone means from then on, or until then, within the year.
fn birthdays(params: &mut Params, faults: &mut Faults) -> Option<Birthdays> {
    let mut day = |name: &str| {
        let text = params.one(name, faults)?;
        // A leap year, so that the 29th of February is a day.
        if let Ok(date) = NaiveDate::parse_from_str(&format!("2024-{text}"), "%Y-%m-%d") {
            return Some((date.month() * 100 + date.day()) as i16);
        }
        let shown: String = text.chars().take(40).collect();
        let message = format!("“{shown}” is no month and day; write 12-24");
        faults.add(format!("?{name}"), "birthday_invalid", message);
        None
    };
    let (from, until) = (day("birthday_from"), day("birthday_to"));
    (from.is_some() || until.is_some()).then(|| Birthdays {
        from: from.unwrap_or(101),
        until: until.unwrap_or(1231),
    })
}

/// A date means its whole day in the organization's time zone; a time means that moment. An end is included, so the
/// first moment after it is given: PostgreSQL keeps microseconds.
fn time(
    params: &mut Params,
    name: &str,
    context: &Context,
    end: bool,
    faults: &mut Faults,
) -> Option<DateTime<Utc>> {
    let text = params.one(name, faults)?;
    let fault = |faults: &mut Faults| {
        let shown: String = text.chars().take(40).collect();
        faults.add(
            format!("?{name}"),
            "time_invalid",
            format!("“{shown}” is neither a date (2026-01-31) nor a time (2026-01-31T12:00:00Z)"),
        );
    };
    let moment = if let Ok(date) = text.parse::<NaiveDate>() {
        let date = if end { date.succ_opt() } else { Some(date) };
        date.and_then(|date| start_of_day(date, context.time_zone))
    } else {
        DateTime::parse_from_rfc3339(&text).ok().and_then(|time| {
            time.with_timezone(&Utc)
                .checked_add_signed(Duration::microseconds(i64::from(end)))
        })
    };
    // What PostgreSQL can hold, with a wide margin.
    let possible = moment.filter(|time| (-4000..=9999).contains(&time.year()));
    if possible.is_none() {
        fault(faults);
    }
    possible
}

/// The first moment of a day in a zone; where clocks skip midnight, the first moment that exists.
pub fn start_of_day(date: NaiveDate, zone: TimeZone) -> Option<DateTime<Utc>> {
    (0..=6).find_map(|half_hours| {
        let time = date.and_time(NaiveTime::MIN) + Duration::minutes(30 * half_hours);
        match zone.0.from_local_datetime(&time) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.with_timezone(&Utc)),
            LocalResult::None => None,
        }
    })
}

//! What an expression asks of which fields: names looked up, values read by the field's kind, times counted from now.
//!
//! Every test is true or false, never unknown: what is not known is not equal to anything, not less and not more. So
//! `country != "DE"` holds for whoever has no country, and `not (…)` is the opposite of what stands in it.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, TimeZone as _, Utc};
use regulars_kernel::{TimeZone, symspell, text::fold};
use rust_decimal::Decimal;

use crate::{
    Fault,
    tree::{Call, Expression, Function, Operator, Test, Value},
};

/// The fields that may be asked for.
#[derive(Clone, Debug, Default)]
pub struct Catalog(pub Vec<Field>);

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name in expressions.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it holds.
    pub kind: Kind,
}

/// What a field holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Text, compared without regard to case.
    Text,
    /// One of these.
    Choice(Vec<String>),
    /// Values that are written in one way: what they are, for people, and how one is read.
    Code(&'static str, fn(&str) -> Option<String>),
    /// Any number of names, such as tags.
    Names,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A moment.
    Time,
    /// A day.
    Date,
}

impl Kind {
    /// What may be asked.
    pub fn operators(&self) -> &'static [Operator] {
        use Operator::{
            AtLeast, AtMost, Contains, Empty, Equal, In, Less, More, NotContains, NotEmpty, NotEqual, NotIn,
            StartsWith,
        };
        match self {
            Self::Text => &[
                Equal,
                NotEqual,
                In,
                NotIn,
                Contains,
                NotContains,
                StartsWith,
                Empty,
                NotEmpty,
            ],
            Self::Choice(_) | Self::Code(..) | Self::Names => &[Equal, NotEqual, In, NotIn, Empty, NotEmpty],
            Self::Number => &[
                Equal, NotEqual, Less, AtMost, More, AtLeast, In, NotIn, Empty, NotEmpty,
            ],
            Self::Boolean => &[Equal, NotEqual, Empty, NotEmpty],
            Self::Time | Self::Date => &[Equal, NotEqual, Less, AtMost, More, AtLeast, Empty, NotEmpty],
        }
    }

    /// What it is, in a word.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Choice(_) | Self::Code(..) => "choice",
            Self::Names => "any of several",
            Self::Number => "number",
            Self::Boolean => "yes or no",
            Self::Time => "time",
            Self::Date => "day",
        }
    }

    fn expects(&self) -> String {
        match self {
            Self::Text | Self::Names => "a text".to_owned(),
            Self::Choice(choices) => format!("one of {}", choices.join(", ")),
            Self::Code(what, _) => (*what).to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Time => {
                "a day or moment, as in 2026-01-31, “2026-01-31T10:00:00Z” or days_ago(90)".to_owned()
            }
            Self::Date => "a day, as in 2026-01-31 or days_ago(90)".to_owned(),
        }
    }
}

impl Catalog {
    /// The field of this name.
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.0.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The name that was probably meant.
    fn nearest(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        self.0
            .iter()
            .map(|field| (symspell::distance(&name, &field.name), field.name.as_str()))
            .filter(|(distance, known)| *distance <= 2 || known.ends_with(&format!("_{name}")))
            .min()
            .map(|(_, known)| known)
    }
}

/// From when times are counted, and where days begin.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Now.
    pub now: DateTime<Utc>,
    /// Where the organization is.
    pub zone: TimeZone,
}

impl Clock {
    fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.zone.0).date_naive()
    }

    /// When a day begins; where clocks jump over midnight, when it is there first.
    fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        (0..=4)
            .find_map(|half_hours| {
                self.zone
                    .0
                    .from_local_datetime(&(midnight + TimeDelta::minutes(30 * half_hours)))
                    .earliest()
            })
            .map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc))
    }
}

/// A checked expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Checked {
    /// Everything holds.
    All(Vec<Self>),
    /// Something holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// The field is so.
    Is {
        /// The field's name, as the catalog has it.
        field: String,
        /// How.
        condition: Condition,
    },
}

/// What a field must be. All of them are false where the field is not known.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Something is known.
    Known,
    /// It is one of these; a field of several names has one of them.
    OneOf(Vec<String>),
    /// It has this somewhere.
    Contains(String),
    /// It begins so.
    StartsWith(String),
    /// It is yes.
    True,
    /// It is one of these.
    NumberIn(Vec<Decimal>),
    /// It is in between, each end in or out.
    Number {
        /// The least, and whether that is out.
        from: Option<(Decimal, bool)>,
        /// The most, and whether that is out.
        to: Option<(Decimal, bool)>,
    },
    /// From the one moment on, before the other.
    Time {
        /// The first.
        from: Option<DateTime<Utc>>,
        /// The first after it.
        to: Option<DateTime<Utc>>,
    },
    /// From the one day on, before the other.
    Date {
        /// The first.
        from: Option<NaiveDate>,
        /// The first after it.
        to: Option<NaiveDate>,
    },
}

/// Checks an expression, and names everything that is wrong with it.
pub fn check(expression: &Expression, catalog: &Catalog, clock: &Clock) -> Result<Checked, Vec<Fault>> {
    let mut faults = Vec::new();
    let checked = walk(expression, catalog, clock, &mut faults);
    match checked {
        Some(checked) if faults.is_empty() => Ok(checked),
        _ => Err(faults),
    }
}

fn walk(
    expression: &Expression,
    catalog: &Catalog,
    clock: &Clock,
    faults: &mut Vec<Fault>,
) -> Option<Checked> {
    let mut each = |items: &[Expression]| -> Vec<Checked> {
        items
            .iter()
            .filter_map(|item| walk(item, catalog, clock, faults))
            .collect()
    };
    match expression {
        Expression::All(every) => Some(Checked::All(each(every))),
        Expression::Any(some) => Some(Checked::Any(each(some))),
        Expression::Not(inside) => Some(Checked::Not(Box::new(walk(inside, catalog, clock, faults)?))),
        Expression::Test(test) => match checked_test(test, catalog, clock) {
            Ok(checked) => Some(checked),
            Err(fault) => {
                faults.push(fault);
                None
            }
        },
    }
}

fn checked_test(test: &Test, catalog: &Catalog, clock: &Clock) -> Result<Checked, Fault> {
    let Some(field) = catalog.get(&test.field) else {
        let message = match catalog.nearest(&test.field) {
            Some(near) => format!("there is no field “{}”; did you mean {near}?", test.field),
            None => format!("there is no field “{}”", test.field),
        };
        return Err(Fault::new(test.field_at.clone(), "field_unknown", message));
    };
    if !field.kind.operators().contains(&test.operator) {
        let possible: Vec<&str> = field
            .kind
            .operators()
            .iter()
            .map(|operator| operator.text())
            .collect();
        let message = format!("{} can be asked with {}", field.name, possible.join(", "));
        return Err(Fault::new(
            test.operator_at.clone(),
            "operator_not_possible",
            message,
        ));
    }
    let is = |condition| Checked::Is {
        field: field.name.clone(),
        condition,
    };
    let not = |checked| Checked::Not(Box::new(checked));
    let wrong = |at: usize| {
        let place = test.values_at.get(at).unwrap_or(&test.operator_at).clone();
        Fault::new(
            place,
            "value_invalid",
            format!("{} expects {}", field.name, field.kind.expects()),
        )
    };
    let is_negative = matches!(
        test.operator,
        Operator::NotEqual | Operator::NotIn | Operator::NotContains | Operator::Empty
    );
    let condition = match (test.operator, &field.kind) {
        (Operator::Empty | Operator::NotEmpty, _) => Condition::Known,
        (operator, Kind::Text) => {
            let texts = texts(test).map_err(wrong)?;
            match (operator, texts.first()) {
                (Operator::Contains | Operator::NotContains, Some(part)) => Condition::Contains(part.clone()),
                (Operator::StartsWith, Some(begin)) => Condition::StartsWith(begin.clone()),
                _ => Condition::OneOf(texts),
            }
        }
        (_, Kind::Names) => Condition::OneOf(texts(test).map_err(wrong)?),
        (_, Kind::Choice(choices)) => {
            let mut chosen = Vec::new();
            for (at, text) in texts(test).map_err(wrong)?.iter().enumerate() {
                let choice = choices.iter().find(|choice| fold(choice) == fold(text));
                chosen.push(choice.ok_or_else(|| wrong(at))?.clone());
            }
            Condition::OneOf(chosen)
        }
        (_, Kind::Code(_, read)) => {
            let mut codes = Vec::new();
            for (at, text) in texts(test).map_err(wrong)?.iter().enumerate() {
                codes.push(read(text).ok_or_else(|| wrong(at))?);
            }
            Condition::OneOf(codes)
        }
        (operator, Kind::Number) => {
            let mut numbers = Vec::new();
            for (at, value) in test.values.iter().enumerate() {
                match value {
                    Value::Number(number) => numbers.push(*number),
                    _ => return Err(wrong(at)),
                }
            }
            let first = *numbers.first().ok_or_else(|| wrong(0))?;
            match operator {
                Operator::Less => Condition::Number {
                    from: None,
                    to: Some((first, true)),
                },
                Operator::AtMost => Condition::Number {
                    from: None,
                    to: Some((first, false)),
                },
                Operator::More => Condition::Number {
                    from: Some((first, true)),
                    to: None,
                },
                Operator::AtLeast => Condition::Number {
                    from: Some((first, false)),
                    to: None,
                },
                _ => Condition::NumberIn(numbers),
            }
        }
        (_, Kind::Boolean) => match test.values.first() {
            Some(Value::Boolean(true)) => Condition::True,
            // Known and not yes.
            Some(Value::Boolean(false)) => {
                let checked = Checked::All(vec![is(Condition::Known), not(is(Condition::True))]);
                return Ok(if is_negative { not(checked) } else { checked });
            }
            _ => return Err(wrong(0)),
        },
        (operator, Kind::Time) => {
            let (from, to) = match test.values.first().and_then(|value| moment(value, clock)) {
                Some(Moment::Day(day)) => {
                    let next = day.succ_opt().unwrap_or(day);
                    range(operator, clock.start_of(day), clock.start_of(next))
                }
                Some(Moment::Instant(instant)) => {
                    range(operator, instant, instant + TimeDelta::microseconds(1))
                }
                None => return Err(wrong(0)),
            };
            Condition::Time { from, to }
        }
        (operator, Kind::Date) => {
            let Some(Moment::Day(day)) = test.values.first().and_then(|value| moment(value, clock)) else {
                return Err(wrong(0));
            };
            let (from, to) = range(operator, day, day.succ_opt().unwrap_or(day));
            Condition::Date { from, to }
        }
    };
    let checked = is(condition);
    Ok(if is_negative { not(checked) } else { checked })
}

/// The values as texts; else which of them is none. Numbers are taken for the texts that they are written as.
fn texts(test: &Test) -> Result<Vec<String>, usize> {
    let mut texts = Vec::with_capacity(test.values.len());
    for (at, value) in test.values.iter().enumerate() {
        match value {
            Value::Text(written) if !written.contains('\0') => texts.push(written.clone()),
            Value::Number(number) => texts.push(number.to_string()),
            _ => return Err(at),
        }
    }
    Ok(texts)
}

/// The ends of what an operator means, where `=` means from `start` up to `end`.
fn range<T>(operator: Operator, start: T, end: T) -> (Option<T>, Option<T>) {
    match operator {
        Operator::Less => (None, Some(start)),
        Operator::AtMost => (None, Some(end)),
        Operator::More => (Some(end), None),
        Operator::AtLeast => (Some(start), None),
        _ => (Some(start), Some(end)),
    }
}

enum Moment {
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

fn moment(value: &Value, clock: &Clock) -> Option<Moment> {
    match value {
        Value::Text(text) => {
            // Times are kept from the year 1 to 9999.
            let is_kept = |year: i32| (1..=9999).contains(&year);
            if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
                return is_kept(day.year()).then_some(Moment::Day(day));
            }
            let instant = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
            is_kept(instant.year()).then_some(Moment::Instant(instant))
        }
        Value::Call(call) => call_moment(*call, clock),
        Value::Number(_) | Value::Boolean(_) => None,
    }
}

fn call_moment(Call { function, number }: Call, clock: &Clock) -> Option<Moment> {
    let today = clock.today();
    let day = match function {
        Function::Now => return Some(Moment::Instant(clock.now)),
        Function::HoursAgo => return Some(Moment::Instant(clock.now - TimeDelta::hours(number.into()))),
        Function::Today => Some(today),
        Function::DaysAgo => today.checked_sub_days(Days::new(number.into())),
        Function::WeeksAgo => today.checked_sub_days(Days::new(u64::from(number) * 7)),
        Function::MonthsAgo => today.checked_sub_months(Months::new(number)),
        Function::YearsAgo => today.checked_sub_months(Months::new(number * 12)),
        Function::DaysFromNow => today.checked_add_days(Days::new(number.into())),
        Function::StartOfMonth => today.with_day(1),
        Function::StartOfYear => today.with_ordinal(1),
    };
    // Nobody was there before the year 1, nor will be after 9999.
    let (first, last) = (
        NaiveDate::from_ymd_opt(1, 1, 1)?,
        NaiveDate::from_ymd_opt(9999, 12, 31)?,
    );
    Some(Moment::Day(day.unwrap_or(first).clamp(first, last)))
}

//! The tree of an expression as it was written, before anybody asked whether its fields exist.

use std::fmt;

use rust_decimal::Decimal;

/// Who is meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// Everything holds.
    All(Vec<Self>),
    /// Something holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A test of one field.
    Test(Test),
}

/// A test of one field.
#[derive(Clone, Debug)]
pub struct Test {
    /// The field's name.
    pub field: String,
    /// What is asked of it.
    pub operator: Operator,
    /// With what it is compared: nothing, one value, or the values of a list.
    pub values: Vec<Value>,
    /// Where the field stands.
    pub field_at: Place,
    /// Where the operator stands.
    pub operator_at: Place,
    /// Where each value stands.
    pub values_at: Vec<Place>,
}

/// Where it stands tells nothing about what it says.
impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        self.field == other.field && self.operator == other.operator && self.values == other.values
    }
}

/// A place in what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Characters of a text, from 0, the end left out.
    Text {
        /// The first.
        start: usize,
        /// The one after the last.
        end: usize,
    },
    /// A JSON pointer.
    Pointer(String),
}

impl Place {
    /// The first character and the one after the last, if it is a place in a text.
    pub fn characters(&self) -> Option<(usize, usize)> {
        match self {
            Self::Text { start, end } => Some((*start, *end)),
            Self::Pointer(_) => None,
        }
    }
}

/// What is asked of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Is it; of a field of several values: has it.
    Equal,
    /// Is not it, or not known.
    NotEqual,
    /// Is known and less.
    Less,
    /// Is known and at most so much.
    AtMost,
    /// Is known and more.
    More,
    /// Is known and at least so much.
    AtLeast,
    /// Is one of them.
    In,
    /// Is none of them, or not known.
    NotIn,
    /// Has the text somewhere.
    Contains,
    /// Has it nowhere, or is not known.
    NotContains,
    /// Begins with the text.
    StartsWith,
    /// Is not known.
    Empty,
    /// Is known.
    NotEmpty,
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::AtMost,
        Self::More,
        Self::AtLeast,
        Self::In,
        Self::NotIn,
        Self::Contains,
        Self::NotContains,
        Self::StartsWith,
        Self::Empty,
        Self::NotEmpty,
    ];

    /// As it is written, in text as in JSON.
    pub fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Contains => "contains",
            Self::NotContains => "not contains",
            Self::StartsWith => "starts with",
            Self::Empty => "is empty",
            Self::NotEmpty => "is not empty",
        }
    }

    /// As people say it; of times with the words for them.
    pub fn words(self, of_time: bool) -> &'static str {
        match (self, of_time) {
            (Self::Equal, false) => "is",
            (Self::Equal, true) => "on",
            (Self::NotEqual, false) => "is not",
            (Self::NotEqual, true) => "not on",
            (Self::Less, false) => "less than",
            (Self::Less, true) => "before",
            (Self::AtMost, false) => "at most",
            (Self::AtMost, true) => "until",
            (Self::More, false) => "more than",
            (Self::More, true) => "after",
            (Self::AtLeast, false) => "at least",
            (Self::AtLeast, true) => "since",
            (Self::In, _) => "is one of",
            (Self::NotIn, _) => "is none of",
            (Self::Contains, _) => "contains",
            (Self::NotContains, _) => "does not contain",
            (Self::StartsWith, _) => "starts with",
            (Self::Empty, _) => "is not known",
            (Self::NotEmpty, _) => "is known",
        }
    }

    /// How many values it takes.
    pub fn takes(self) -> Takes {
        match self {
            Self::Empty | Self::NotEmpty => Takes::Nothing,
            Self::In | Self::NotIn => Takes::Several,
            _ => Takes::One,
        }
    }
}

/// How many values an operator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// None.
    Nothing,
    /// One.
    One,
    /// A list.
    Several,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text, in quotes or a bare word.
    Text(String),
    /// A number.
    Number(Decimal),
    /// Yes or no.
    Boolean(bool),
    /// A time said from now, such as `days_ago(90)`.
    Call(Call),
}

impl Value {
    /// A number as it is written; of more than 15 digits JSON would lose some.
    pub fn read_number(text: &str) -> Option<Self> {
        let number: Decimal = text.parse().ok()?;
        (number.mantissa().unsigned_abs() < 1_000_000_000_000_000).then_some(Self::Number(number))
    }
}

/// A time said from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which.
    pub function: Function,
    /// Its number; 0 where it takes none.
    pub number: u32,
}

/// What says a time from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// This moment.
    Now,
    /// The day.
    Today,
    /// The day so many days ago.
    DaysAgo,
    /// The day so many weeks ago.
    WeeksAgo,
    /// The same day so many months ago, or the last of that month.
    MonthsAgo,
    /// The same day so many years ago.
    YearsAgo,
    /// The moment so many hours ago.
    HoursAgo,
    /// The day in so many days.
    DaysFromNow,
    /// The first day of the month.
    StartOfMonth,
    /// The first day of the year.
    StartOfYear,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Now,
        Self::Today,
        Self::DaysAgo,
        Self::WeeksAgo,
        Self::MonthsAgo,
        Self::YearsAgo,
        Self::HoursAgo,
        Self::DaysFromNow,
        Self::StartOfMonth,
        Self::StartOfYear,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Today => "today",
            Self::DaysAgo => "days_ago",
            Self::WeeksAgo => "weeks_ago",
            Self::MonthsAgo => "months_ago",
            Self::YearsAgo => "years_ago",
            Self::HoursAgo => "hours_ago",
            Self::DaysFromNow => "days_from_now",
            Self::StartOfMonth => "start_of_month",
            Self::StartOfYear => "start_of_year",
        }
    }

    /// What it says, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Now => "this moment",
            Self::Today => "this day",
            Self::DaysAgo => "so many days ago",
            Self::WeeksAgo => "so many weeks ago",
            Self::MonthsAgo => "so many months ago",
            Self::YearsAgo => "so many years ago",
            Self::HoursAgo => "so many hours ago",
            Self::DaysFromNow => "in so many days",
            Self::StartOfMonth => "the first day of this month",
            Self::StartOfYear => "the first day of this year",
        }
    }

    /// Whether it is a moment, not a day.
    pub fn is_moment(self) -> bool {
        matches!(self, Self::Now | Self::HoursAgo)
    }

    /// A number to begin with; 0 where it takes none.
    pub fn usual(self) -> u32 {
        match self {
            Self::DaysAgo => 30,
            Self::WeeksAgo | Self::DaysFromNow => 7,
            Self::MonthsAgo => 3,
            Self::HoursAgo => 24,
            Self::YearsAgo => 1,
            Self::Now | Self::Today | Self::StartOfMonth | Self::StartOfYear => 0,
        }
    }

    /// Whether it takes a number.
    pub fn takes_number(self) -> bool {
        !matches!(
            self,
            Self::Now | Self::Today | Self::StartOfMonth | Self::StartOfYear
        )
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }
}

/// As it is written.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.function.takes_number() {
            write!(f, "{}({})", self.function.name(), self.number)
        } else {
            write!(f, "{}()", self.function.name())
        }
    }
}

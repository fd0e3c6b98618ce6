//! Cleans what is told, field by field, and notes each fault with its place.

use chrono::{DateTime, Datelike as _, SubsecRound as _, Utc};
use regulars_customers::model::Choice;
use regulars_kernel::{Currency, Faults, Money, Patch, text};
use rust_decimal::Decimal;

use super::{AmountInput, SourceVersion};

/// Where a check is, and what it found.
pub(super) struct Check<'a> {
    pub faults: &'a mut Faults,
    /// The currency that the input names.
    pub currency: Option<Currency>,
    /// The organization's, which amounts are in that are told without any.
    pub base: Currency,
}

/// What an amount must stay below, so that sums and conversions of it fit.
pub(super) const MOST: i64 = 100_000_000_000_000;
pub(super) const MOST_QUANTITY: i32 = 1_000_000;

impl Check<'_> {
    /// A line of text; none if nothing is left of it.
    pub fn line(&mut self, pointer: &str, given: &str, most: usize) -> Option<String> {
        match text::clean_line(given, most) {
            Ok(text) => Some(text).filter(|text| !text.is_empty()),
            Err(error) => {
                self.faults.add(pointer, error.code(), error.to_string());
                None
            }
        }
    }

    /// A line of text, or none.
    pub fn maybe(&mut self, pointer: &str, given: Option<&String>, most: usize) -> Option<String> {
        given.and_then(|given| self.line(pointer, given, most))
    }

    /// A field that is a line of text.
    pub fn patch(&mut self, pointer: &str, given: &Patch<String>, most: usize) -> Patch<String> {
        match given {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(given) => self.line(pointer, given, most).into(),
        }
    }

    /// A field that is text of several lines.
    pub fn text(&mut self, pointer: &str, given: &Patch<String>, most: usize) -> Patch<String> {
        let Patch::Set(given) = given else {
            return given.clone();
        };
        match text::clean(given, most) {
            Ok(text) => Some(text).filter(|text| !text.is_empty()).into(),
            Err(error) => {
                self.faults.add(pointer, error.code(), error.to_string());
                Patch::Keep
            }
        }
    }

    /// An id of another system.
    pub fn id(&mut self, pointer: &str, given: &str) -> String {
        let found = self.faults.0.len();
        let id = self.line(pointer, given, 200);
        if id.is_none() && self.faults.0.len() == found {
            self.faults
                .add(pointer, "missing", "the id in the other system is missing");
        }
        id.unwrap_or_default()
    }

    /// The name of another system.
    pub fn source(&mut self, pointer: &str, given: &str) -> String {
        let source = given.trim();
        let named = source.len() <= 40
            && source.starts_with(|c: char| c.is_ascii_lowercase())
            && source
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !named {
            let message =
                "a source is named by lower case letters, digits and _, at most 40, such as shopify";
            self.faults.add(pointer, "source_invalid", message);
        }
        source.to_owned()
    }

    /// A value out of a fixed set.
    pub fn choice<T: Choice>(&mut self, pointer: &str, given: &str) -> Option<T> {
        self.faults
            .take(pointer, "choice_unknown", T::parse(given.trim()))
    }

    /// A field out of a fixed set.
    pub fn choices<T: Choice>(&mut self, pointer: &str, given: &Patch<String>) -> Patch<T> {
        match given {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(text) => self.choice(pointer, text).map_or(Patch::Keep, Patch::Set),
        }
    }

    /// A time that people sold things at, to the microsecond.
    pub fn time(&mut self, pointer: &str, time: DateTime<Utc>) -> DateTime<Utc> {
        if !(1970..=2200).contains(&time.year()) {
            self.faults.add(
                pointer,
                "time_invalid",
                "the time must be in the years 1970 to 2200",
            );
        }
        time.trunc_subsecs(6)
    }

    /// A time, or none.
    pub fn maybe_time(&mut self, pointer: &str, time: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        time.map(|time| self.time(pointer, time))
    }

    /// A version, as kept.
    pub fn version(&mut self, pointer: &str, given: Option<&SourceVersion>) -> Option<SourceVersion> {
        let given = given?;
        let at = self.time(&format!("{pointer}/at"), given.at);
        let sequence = self.line(&format!("{pointer}/sequence"), &given.sequence, 100);
        Some(SourceVersion {
            at,
            sequence: sequence.unwrap_or_default(),
        })
    }

    /// An amount of the order's currency.
    pub fn amount(&mut self, pointer: &str, given: &AmountInput) -> Decimal {
        self.money(pointer, given, false)
            .map_or(Decimal::ZERO, |(amount, _)| amount)
    }

    /// An amount, and its currency if it or the order names one.
    pub fn money(
        &mut self,
        pointer: &str,
        given: &AmountInput,
        any_currency: bool,
    ) -> Option<(Decimal, Option<Currency>)> {
        let (text, named) = match given {
            AmountInput::Text(text) => (text, None),
            AmountInput::Money(money) => {
                let named = self.faults.take(
                    &format!("{pointer}/currency"),
                    "currency_invalid",
                    Currency::parse(&money.currency),
                )?;
                let wanted = self.currency.unwrap_or(self.base);
                if named != wanted && !any_currency {
                    let message = format!("all amounts are in one currency, which is {wanted} here");
                    self.faults
                        .add(format!("{pointer}/currency"), "currency_mismatch", message);
                }
                (&money.amount, Some(named))
            }
        };
        let currency = named.or(self.currency);
        let amount = match currency {
            Some(currency) => Money::parse(text.trim(), currency)
                .map(|money| money.amount())
                .map_err(|error| error.to_string()),
            None => plain(text.trim()),
        };
        let amount = self.faults.take(pointer, "amount_invalid", amount)?;
        if amount.is_sign_negative() && !amount.is_zero() {
            self.faults
                .add(pointer, "amount_invalid", "an amount here is never below zero");
            return None;
        }
        Some((amount.normalize(), currency))
    }

    /// How many.
    pub fn quantity(&mut self, pointer: &str, quantity: i32) -> i32 {
        if !(0..=MOST_QUANTITY).contains(&quantity) {
            let message = format!("a quantity is a whole number from 0 to {MOST_QUANTITY}");
            self.faults.add(pointer, "quantity_invalid", message);
        }
        quantity
    }

    /// Whether a list has room.
    pub fn room(&mut self, pointer: &str, count: usize, most: usize) -> bool {
        if count > most {
            self.faults
                .add(pointer, "too_many", format!("at most {most} are possible here"));
        }
        count <= most
    }
}

/// Digits with a point, of any currency.
fn plain(text: &str) -> Result<Decimal, String> {
    let wrong = || {
        let shown: String = text.chars().take(40).collect();
        format!("“{shown}” is not an amount; write it as digits with a point, such as 12.30")
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !numeric(whole) || !numeric(fraction) || fraction.trim_end_matches('0').len() > 4 {
        return Err(wrong());
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > 14 {
        return Err("the amount must be below 100,000,000,000,000".to_owned());
    }
    format!("0{whole}.{}0", fraction.trim_end_matches('0'))
        .parse()
        .map_err(|_| wrong())
}

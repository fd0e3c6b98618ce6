//! Money: an exact decimal amount and its ISO 4217 currency.
//!
//! Never a float, never rounded silently, never converted between currencies.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

use crate::{error::Faults, value::text_value};

/// A currency that people pay in (ISO 4217 without funds, metals and test codes).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = String, example = "EUR", pattern = "^[A-Z]{3}$")]
pub struct Currency(iso_currency::Currency);

text_value!(Currency, CurrencyError);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);

    /// Understands an alphabetic code, in any case. Currencies that have been replaced are understood too: old
    /// orders were paid in them.
    pub fn parse(text: &str) -> Result<Self, CurrencyError> {
        let text = text.trim();
        iso_currency::Currency::from_code(&text.to_ascii_uppercase())
            .filter(|currency| currency.exponent().is_some() && !currency.is_fund() && !currency.is_special())
            .map(Self)
            .ok_or_else(|| CurrencyError(text.chars().take(20).collect()))
    }

    /// The alphabetic code.
    pub fn as_str(&self) -> &'static str {
        self.0.code()
    }

    /// The English name.
    pub fn name(&self) -> String {
        self.0.name().to_owned()
    }

    /// The usual sign, as in €.
    pub fn symbol(&self) -> String {
        self.0.symbol().symbol
    }

    /// Digits after the point: 2 for the euro, 0 for the yen.
    pub fn digits(&self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(2))
    }
}

/// Why a text is not a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencyError(String);

impl fmt::Display for CurrencyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "“{}” is not a currency; use a three-letter ISO 4217 code such as EUR",
            self.0
        )
    }
}

impl std::error::Error for CurrencyError {}

/// An amount of a currency: below 100 trillion and with no more digits after the point than the currency has, so
/// that its minor units always fit an `i64`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, utoipa::ToSchema)]
#[schema(example = json!({"amount": "12.30", "currency": "EUR"}))]
pub struct Money {
    /// The amount, with the currency's digits after the point.
    #[schema(value_type = String, example = "12.30", pattern = r"^-?[0-9]{1,14}(\.[0-9]{1,4})?$")]
    amount: Decimal,
    /// ISO 4217 code.
    currency: Currency,
}

/// Digits before the point.
const MAX_WHOLE_DIGITS: usize = 14;

impl Money {
    /// An amount that fits the currency exactly.
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let mut amount = amount.normalize();
        if amount.scale() > currency.digits() {
            return Err(MoneyError::TooFine {
                digits: currency.digits(),
                currency,
            });
        }
        if amount.abs() >= Decimal::from(10_i64.pow(MAX_WHOLE_DIGITS as u32)) {
            return Err(MoneyError::TooLarge);
        }
        if amount.is_zero() {
            amount = Decimal::ZERO; // there is no minus zero
        }
        amount.rescale(currency.digits());
        Ok(Self { amount, currency })
    }

    /// Understands digits with a point: `12`, `12.3`, `-12.30`. No thousands separators, no comma, no exponent, no
    /// plus sign: what is ambiguous between countries is refused.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, MoneyError> {
        let digits = amount.strip_prefix('-').unwrap_or(amount);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !numeric(whole) || !numeric(fraction) {
            return Err(MoneyError::NotAnAmount(amount.chars().take(40).collect()));
        }
        if whole.trim_start_matches('0').len() > MAX_WHOLE_DIGITS {
            return Err(MoneyError::TooLarge);
        }
        if fraction.trim_end_matches('0').len() > currency.digits() as usize {
            return Err(MoneyError::TooFine {
                digits: currency.digits(),
                currency,
            });
        }
        // Zeros without end would overflow the decimal while adding nothing.
        let plain = format!(
            "0{}.{}0",
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0')
        );
        let value: Decimal = plain
            .parse()
            .map_err(|_| MoneyError::NotAnAmount(amount.chars().take(40).collect()))?;
        Self::new(if amount.starts_with('-') { -value } else { value }, currency)
    }

    /// Nothing.
    pub fn zero(currency: Currency) -> Self {
        Self {
            amount: Decimal::new(0, currency.digits()),
            currency,
        }
    }

    /// From minor units (cents).
    pub fn from_minor_units(units: i64, currency: Currency) -> Result<Self, MoneyError> {
        Self::new(Decimal::new(units, currency.digits()), currency)
    }

    /// In minor units (cents).
    pub fn minor_units(&self) -> i64 {
        // The amount has exactly the currency's scale and is below 10^18 units, so its mantissa is the answer.
        self.amount.mantissa() as i64
    }

    /// The amount.
    pub fn amount(&self) -> Decimal {
        self.amount
    }

    /// The currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }
}

/// `12.30 EUR`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Money", 2)?;
        object.serialize_field("amount", &self.amount.to_string())?;
        object.serialize_field("currency", &self.currency)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let input = MoneyInput::deserialize(deserializer)?;
        let currency = Currency::parse(&input.currency).map_err(serde::de::Error::custom)?;
        Self::parse(&input.amount, currency).map_err(serde::de::Error::custom)
    }
}

/// Money as it stands in a request, to be checked with the place of each fault.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Money, example = json!({"amount": "12.30", "currency": "EUR"}))]
pub struct MoneyInput {
    /// The amount, as text.
    #[schema(example = "12.30", pattern = r"^-?[0-9]{1,14}(\.[0-9]{1,4})?$")]
    pub amount: String,
    /// ISO 4217 code.
    #[schema(example = "EUR", pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

impl MoneyInput {
    /// The money, or faults at `{pointer}/amount` and `{pointer}/currency`.
    pub fn check(&self, pointer: &str, faults: &mut Faults) -> Option<Money> {
        let currency = faults.take(
            &format!("{pointer}/currency"),
            "currency_invalid",
            Currency::parse(&self.currency),
        )?;
        faults.take(
            &format!("{pointer}/amount"),
            "amount_invalid",
            Money::parse(&self.amount, currency),
        )
    }
}

/// Why an amount is not money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoneyError {
    /// Not digits with a point.
    NotAnAmount(String),
    /// More digits after the point than the currency has.
    TooFine {
        /// Digits after the point that the currency has.
        digits: u32,
        /// The currency.
        currency: Currency,
    },
    /// 100 trillion or more.
    TooLarge,
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnAmount(given) => write!(
                f,
                "“{given}” is not an amount; write it as digits with a point, such as 12.30"
            ),
            Self::TooFine { digits: 0, currency } => write!(f, "{currency} has no digits after the point"),
            Self::TooFine { digits, currency } => {
                write!(f, "{currency} has only {digits} digits after the point")
            }
            Self::TooLarge => f.write_str("the amount must be below 100,000,000,000,000"),
        }
    }
}

impl std::error::Error for MoneyError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn money_is_written_with_the_digits_of_its_currency() {
        for (amount, code, json) in [
            ("12.3", "EUR", r#"{"amount":"12.30","currency":"EUR"}"#),
            ("-0.00", "EUR", r#"{"amount":"0.00","currency":"EUR"}"#),
            ("007", "JPY", r#"{"amount":"7","currency":"JPY"}"#),
            (
                "12.30000000000000000000000000000000000",
                "usd",
                r#"{"amount":"12.30","currency":"USD"}"#,
            ),
            ("1.234", "KWD", r#"{"amount":"1.234","currency":"KWD"}"#),
            (
                "99999999999999.99",
                "EUR",
                r#"{"amount":"99999999999999.99","currency":"EUR"}"#,
            ),
        ] {
            let money = Money::parse(amount, currency(code)).unwrap();
            assert_eq!(serde_json::to_string(&money).unwrap(), json);
            assert_eq!(serde_json::from_str::<Money>(json).unwrap(), money);
        }
    }

    #[test]
    fn what_is_not_an_exact_amount_is_refused() {
        for (amount, code) in [
            ("", "EUR"),
            ("-", "EUR"),
            ("12,30", "EUR"),
            ("1,000.00", "EUR"),
            ("1e3", "EUR"),
            ("+1", "EUR"),
            (" 1", "EUR"),
            (".5", "EUR"),
            ("5.", "EUR"),
            ("1_0", "EUR"),
            ("١٢", "EUR"),
            ("1.234", "EUR"),
            ("1.5", "JPY"),
            ("100000000000000", "EUR"),
        ] {
            assert!(Money::parse(amount, currency(code)).is_err(), "{amount} {code}");
        }
        assert!(serde_json::from_str::<Money>(r#"{"amount":12.3,"currency":"EUR"}"#).is_err());
        assert!(serde_json::from_str::<Money>(r#"{"amount":"1","currency":"EUR","x":1}"#).is_err());
    }

    #[test]
    fn funds_metals_and_test_codes_are_no_currencies() {
        for code in ["XXX", "XTS", "XAU", "BOV", "EURO", "", "€"] {
            assert!(Currency::parse(code).is_err(), "{code}");
        }
    }

    #[test]
    fn faults_name_their_place() {
        let mut faults = Faults::new();
        let input = |amount: &str, currency: &str| MoneyInput {
            amount: amount.into(),
            currency: currency.into(),
        };
        assert!(
            input("1.234", "EUR")
                .check("/credit_limit", &mut faults)
                .is_none()
        );
        assert!(input("1", "XXX").check("/credit_limit", &mut faults).is_none());
        let places: Vec<_> = faults.0.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/credit_limit/amount", "/credit_limit/currency"]);
        assert_eq!(faults.0[0].message, "EUR has only 2 digits after the point");
    }

    proptest! {
        #[test]
        fn minor_units_survive_a_round_trip(units in -999_999_999_999_999_i64..=999_999_999_999_999, code in "EUR|JPY|KWD|USD") {
            if let Ok(money) = Money::from_minor_units(units, currency(&code)) {
                prop_assert_eq!(money.minor_units(), units);
                prop_assert_eq!(Money::parse(&money.amount().to_string(), currency(&code)), Ok(money));
                let json = serde_json::to_string(&money).unwrap();
                prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
            }
        }

        #[test]
        fn any_text_is_answered(text in ".{0,60}", digits in "-?[0-9]{0,40}\\.?[0-9]{0,40}") {
            let _ = Money::parse(&text, Currency::EUR);
            let _ = Money::parse(&digits, Currency::EUR);
            let _ = Currency::parse(&text);
        }
    }
}

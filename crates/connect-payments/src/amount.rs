//! Amounts in minor units. How many digits those have is each provider's own word, which is not always that of ISO 4217.

use regulars_connect::Failure;
use regulars_kernel::Currency;
use rust_decimal::Decimal;
use serde_json::Value;

/// Whose minor units.
#[derive(Clone, Copy, Debug)]
pub enum Units {
    /// <https://docs.stripe.com/currencies#minor-units>
    Stripe,
    /// <https://docs.adyen.com/development-resources/currency-codes>
    Adyen,
}

impl Units {
    fn digits(self, currency: Currency) -> u32 {
        match (self, currency.as_str()) {
            // Króna and shilling have no smaller coin any more; Stripe goes on to write two digits, of which both are 0.
            (Self::Stripe, "ISK" | "UGX") | (Self::Adyen, "CLP" | "ISK") => 2,
            (Self::Stripe, "MGA") | (Self::Adyen, "CVE" | "IDR") => 0,
            _ => currency.digits(),
        }
    }

    /// An amount with its currency.
    pub fn read(self, amount: &Value, currency: &Value) -> Result<(Decimal, Currency), Failure> {
        let currency = currency
            .as_str()
            .and_then(|code| Currency::parse(&code.to_ascii_uppercase()).ok())
            .ok_or_else(|| Failure::Fatal("its currency is not known here".into()))?;
        let units = amount
            .as_i64()
            .filter(|units| *units >= 0)
            .ok_or_else(|| Failure::Fatal("its amount is no whole number of minor units".into()))?;
        let amount = Decimal::new(units, self.digits(currency)).round_dp(currency.digits());
        Ok((amount.normalize(), currency))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn minor_units_have_the_digits_that_their_provider_gives_them() {
        let read = |units: Units, amount: i64, currency: &str| {
            let (amount, currency) = units.read(&json!(amount), &json!(currency)).unwrap();
            format!("{amount} {}", currency.as_str())
        };
        for (units, amount, currency, expected) in [
            (Units::Stripe, 1099, "usd", "10.99 USD"),
            (Units::Stripe, 500, "jpy", "500 JPY"),
            (Units::Stripe, 5120, "kwd", "5.12 KWD"),
            (Units::Stripe, 50_000, "isk", "500 ISK"),
            (Units::Stripe, 500, "mga", "500 MGA"),
            (Units::Adyen, 10_100, "EUR", "101 EUR"),
            (Units::Adyen, 500, "JPY", "500 JPY"),
            (Units::Adyen, 1234, "BHD", "1.234 BHD"),
            (Units::Adyen, 500_000, "IDR", "500000 IDR"),
            (Units::Adyen, 50_000, "CLP", "500 CLP"),
        ] {
            assert_eq!(read(units, amount, currency), expected);
        }
        for (amount, currency) in [
            (json!(-1), json!("eur")),
            (json!(1.5), json!("eur")),
            (json!("1"), json!("eur")),
            (json!(1), json!("zzz")),
            (json!(1), json!(null)),
            (json!(u64::MAX), json!("eur")),
        ] {
            assert!(
                Units::Stripe.read(&amount, &currency).is_err(),
                "{amount} {currency}"
            );
        }
    }
}

//! What Klaviyo reckons of a customer: what they bought there, and what it expects of them.

use std::str::FromStr;

use regulars_connect::Said;
use regulars_customers::model::{Amount, Expected, ToldMetrics};
use regulars_kernel::Currency;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::json;

/// Channels that are told at most.
const MOST_CHANNELS: usize = 10;

/// What a profile's `predictive_analytics` tell. None where Klaviyo knows too little to say even how often they bought.
pub fn told(analytics: &Value, currency: Currency, said: &Said) -> Option<ToldMetrics> {
    let number = |name: &str| analytics[name].as_f64().filter(|number| number.is_finite());
    let amount = |name: &str| -> Option<Amount> {
        // By its digits: what is money is never a float.
        let digits = analytics[name].as_number()?.to_string();
        let amount = Decimal::from_str(&digits)
            .or_else(|_| Decimal::from_scientific(&digits))
            .ok()?;
        let amount = amount.round_dp(currency.digits());
        Some(Amount {
            amount: format!("{:.*}", currency.digits() as usize, amount),
            currency: currency.as_str().to_owned(),
        })
    };
    let orders = number("historic_number_of_orders").filter(|orders| (0.0..1e9).contains(orders))?;
    let channels = analytics["ranked_channel_affinity"].as_array();
    let expected = Expected {
        orders: number("predicted_number_of_orders"),
        value: amount("predicted_clv"),
        total_value: amount("total_clv"),
        churn_probability: number("churn_probability").filter(|share| (0.0..=1.0).contains(share)),
        days_between_orders: number("average_days_between_orders"),
        next_order_at: json::time(&analytics["expected_date_of_next_order"]),
        channels: channels
            .into_iter()
            .flatten()
            .filter_map(|name| json::line(name, 40))
            .take(MOST_CHANNELS)
            .collect(),
    };
    Some(ToldMetrics {
        orders: orders as i64,
        total_spent: amount("historic_clv"),
        last_order: None,
        said_at: said.0,
        average_order_value: amount("average_order_value"),
        expected: Some(expected).filter(|expected| *expected != Expected::default()),
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_number_is_left_out_and_what_nobody_knows_is_not_told() {
        let said = Said(DateTime::UNIX_EPOCH, String::new());
        let euro = Currency::parse("EUR").unwrap();
        for nothing in [
            json!(null),
            json!({}),
            json!({"historic_number_of_orders": "2"}),
            json!([1]),
        ] {
            assert_eq!(told(&nothing, euro, &said), None, "{nothing}");
        }
        let some = json!({"historic_number_of_orders": 2, "historic_clv": 93.87, "predicted_clv": "x", "churn_probability": 7, "ranked_channel_affinity": ["sms", 1]});
        let told = told(&some, euro, &said).unwrap();
        assert_eq!(told.orders, 2);
        assert_eq!(told.total_spent.unwrap().amount, "93.87");
        let expected = told.expected.unwrap();
        assert_eq!((expected.value, expected.churn_probability), (None, None));
        assert_eq!(expected.channels, ["sms"]);
    }
}

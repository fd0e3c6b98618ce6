//! What a program tells of a customer's figures that live in another system.

use chrono::{DateTime, Utc};
use regulars_customers::model::{Amount, Expected, ToldMetrics};
use regulars_kernel::{Currency, Faults};
use serde::{Deserialize, Serialize};

use super::{AmountInput, check::Check, order::Core};

/// Most orders that somebody can have placed elsewhere.
const MOST_ORDERS: i64 = 1_000_000_000;
/// Most channels that are named.
const MOST_CHANNELS: usize = 10;

/// What another system says that a customer bought there, and what it expects of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ToldMetricsInput, example = json!({"source": "erp", "orders": 12, "total_spent": "812.40", "expected": {"churn_probability": 0.07}}))]
pub struct ToldMetricsInput {
    /// The system: lower case letters, digits and `_`.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$", example = "erp")]
    pub source: String,
    /// How many orders it knows of.
    #[schema(minimum = 0, maximum = 1_000_000_000, required = true)]
    pub orders: Option<i64>,
    /// What they were worth.
    pub total_spent: Option<AmountInput>,
    /// What one order was worth.
    pub average_order_value: Option<AmountInput>,
    /// Its id of the last order.
    #[schema(max_length = 200, example = "820982911946154508")]
    pub last_order: Option<String>,
    /// When it says so; now, if absent. What is older than what is known changes nothing.
    pub said_at: Option<DateTime<Utc>>,
    /// What it expects of them.
    pub expected: Option<ExpectedInput>,
}

/// What another system expects of a customer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedInput {
    /// How many orders are still to come within the time that it looks ahead.
    #[schema(minimum = 0, example = 0.54)]
    pub orders: Option<f64>,
    /// What these will be worth.
    pub value: Option<AmountInput>,
    /// What they bought and will have bought by then.
    pub total_value: Option<AmountInput>,
    /// How likely it is that they do not come back.
    #[schema(minimum = 0, maximum = 1, example = 0.07)]
    pub churn_probability: Option<f64>,
    /// Days from one order to the next.
    #[schema(minimum = 0, example = 30.0)]
    pub days_between_orders: Option<f64>,
    /// When the next order is due.
    pub next_order_at: Option<DateTime<Utc>>,
    /// Over which channels they are best reached, the best first.
    #[schema(max_items = 10, example = json!(["sms", "email"]))]
    pub channels: Vec<String>,
}

impl ToldMetricsInput {
    /// Cleans it, with the name of the system. Every fault is noted with its place.
    pub fn check(&self, base: Currency, now: DateTime<Utc>, faults: &mut Faults) -> (String, ToldMetrics) {
        let mut check = Check {
            faults,
            currency: Some(base),
            base,
        };
        let source = check.source("/source", &self.source);
        let orders = self.orders.unwrap_or_else(|| {
            check
                .faults
                .add("/orders", "missing", "say how many orders there are");
            0
        });
        if !(0..=MOST_ORDERS).contains(&orders) {
            let message = format!("how many orders there are is a whole number from 0 to {MOST_ORDERS}");
            check.faults.add("/orders", "quantity_invalid", message);
        }
        let told = ToldMetrics {
            orders,
            total_spent: amount("/total_spent", self.total_spent.as_ref(), &mut check),
            average_order_value: amount(
                "/average_order_value",
                self.average_order_value.as_ref(),
                &mut check,
            ),
            last_order: check.maybe("/last_order", self.last_order.as_ref(), 200),
            said_at: check.maybe_time("/said_at", self.said_at).unwrap_or(now),
            expected: self.expected.as_ref().map(|expected| expected.check(&mut check)),
        };
        (source, told)
    }
}

impl ExpectedInput {
    fn check(&self, check: &mut Check<'_>) -> Expected {
        let mut number = |name: &str, given: Option<f64>, most: f64| {
            let wrong = given.is_some_and(|number| !(0.0..=most).contains(&number));
            if wrong {
                let message = format!("this is a number from 0 to {most}");
                check
                    .faults
                    .add(format!("/expected/{name}"), "number_invalid", message);
            }
            given
        };
        let orders = number("orders", self.orders, 1e9);
        let churn_probability = number("churn_probability", self.churn_probability, 1.0);
        let days_between_orders = number("days_between_orders", self.days_between_orders, 1e6);
        let room = check.room("/expected/channels", self.channels.len(), MOST_CHANNELS);
        let channels = self
            .channels
            .iter()
            .enumerate()
            .filter(|_| room)
            .filter_map(|(index, channel)| check.line(&format!("/expected/channels/{index}"), channel, 40));
        Expected {
            channels: channels.collect(),
            orders,
            value: amount("/expected/value", self.value.as_ref(), check),
            total_value: amount("/expected/total_value", self.total_value.as_ref(), check),
            churn_probability,
            days_between_orders,
            next_order_at: check.maybe_time("/expected/next_order_at", self.next_order_at),
        }
    }
}

fn amount(pointer: &str, given: Option<&AmountInput>, check: &mut Check<'_>) -> Option<Amount> {
    let (amount, currency) = check.money(pointer, given?, true)?;
    let money = Core::blank(currency.unwrap_or(check.base)).money(amount);
    Some(Amount {
        amount: format!("{:.*}", money.currency().digits() as usize, money.amount()),
        currency: money.currency().as_str().to_owned(),
    })
}

//! Which object is answered by what.

use async_trait::async_trait;
use regulars_connect::{Applied, Failure, Processor, Received};
use regulars_database::Tx;
use serde_json::{Map, Value};

use super::{invoices, objects};
use crate::{Stripe, json, settle::Tests};

/// An event, and what is to be known of it.
pub struct Event<'a> {
    pub message: &'a Received,
    /// What it is about, as it was then.
    pub object: &'a Value,
    /// Whether its payment is marked as a test.
    pub is_test: bool,
}

impl Event<'_> {
    /// Whether it is on this topic.
    pub fn is_on(&self, topic: &str) -> bool {
        self.message.topic == topic
    }

    /// What an object's metadata says of the order.
    pub fn names(&self, object: &Value) -> Vec<String> {
        names(&self.message.settings, &object["metadata"])
    }
}

/// The values of the keys that name an order, which the connection's settings may have.
fn names(settings: &Map<String, Value>, metadata: &Value) -> Vec<String> {
    let keys = settings
        .get("order_key")
        .and_then(Value::as_str)
        .unwrap_or("order_id, order_number");
    keys.split(',')
        .filter_map(|key| json::reference(&metadata[key.trim()]))
        .collect()
}

#[async_trait]
impl Processor for Stripe {
    async fn apply(&self, tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
        let body = json::parse(message)?;
        if body["object"] != "event" {
            return Ok(Applied::Ignored("it is no event of Stripe's".into()));
        }
        let wanted = message.settings.get("account").and_then(Value::as_str);
        if wanted.is_some_and(|wanted| body["account"].as_str().is_some_and(|of| of != wanted.trim())) {
            return Ok(Applied::Ignored("it is of another account".into()));
        }
        let tests = Tests::of(&message.settings);
        let is_test = body["livemode"] == false;
        if is_test && tests == Tests::Ignore {
            return Ok(Applied::Ignored(
                "it is of test mode, which this connection ignores".into(),
            ));
        }
        let event = Event {
            message,
            object: &body["data"]["object"],
            is_test: is_test && tests == Tests::Show,
        };
        if event.object["deleted"] == true {
            return Ok(Applied::Ignored(
                "it is gone there, and nothing here answers to that".into(),
            ));
        }
        match event.object["object"].as_str() {
            Some("payment_intent") => objects::intent(tx, &event).await,
            Some("charge") => objects::charge(tx, &event).await,
            Some("refund") => objects::refund(tx, &event).await,
            Some("dispute") => objects::dispute(tx, &event).await,
            Some("invoice") => invoices::invoice(tx, &event).await,
            Some("invoice_payment") => invoices::link(tx, &event).await,
            Some("checkout.session") => invoices::session(tx, &event).await,
            _ => Ok(Applied::Ignored("nothing here answers to this topic".into())),
        }
    }
}

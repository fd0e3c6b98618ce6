//! From a ledger to the order: found, told, or waited for.

use chrono::{DateTime, Utc};
use regulars_commerce::{
    model::{OrderInput, SourceVersion},
    ops::{self, Outcome, payments::Named},
};
use regulars_connect::{Entity, Failure, Received};
use regulars_database::Tx;
use serde_json::{Map, Value, json};

use crate::ledger::Ledger;

const KIND: &str = "payment";

/// How payments that were made for trying are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tests {
    /// Shown on the order, marked, and not counted.
    Show,
    /// As if they were real.
    Count,
    /// Not at all.
    Ignore,
}

impl Tests {
    /// As the connection's settings have it.
    pub fn of(settings: &Map<String, Value>) -> Self {
        match settings.get("test_payments").and_then(Value::as_str) {
            Some("count") => Self::Count,
            Some("ignore") => Self::Ignore,
            _ => Self::Show,
        }
    }
}

/// Notes what a message says of a payment and tells its order. Answers what came of it.
pub async fn tell(
    tx: &mut Tx,
    provider: &'static str,
    id: &str,
    message: &Received,
    note: impl FnOnce(&mut Ledger),
) -> Result<(Value, Ledger), Failure> {
    let (entity, mut ledger) = open(tx, provider, id).await?;
    let before = ledger.clone();
    note(&mut ledger);
    if let Some(source) = message.settings.get("order_source").and_then(Value::as_str) {
        ledger.order_source = Some(source.trim().to_owned());
    }
    let is_news = ledger != before;
    if is_news {
        ledger.revision += 1;
    }
    let done = settle(tx, provider, entity, &mut ledger, message.said_at).await?;
    Ok((done, ledger))
}

/// Looks again for the order of a payment that waits for it.
pub async fn tell_again(tx: &mut Tx, provider: &'static str, id: &str) -> Result<(), Failure> {
    let (entity, mut ledger) = open(tx, provider, id).await?;
    let now = tx.now();
    settle(tx, provider, entity, &mut ledger, now).await?;
    Ok(())
}

async fn open(tx: &mut Tx, provider: &'static str, id: &str) -> Result<(Entity, Ledger), Failure> {
    let entity = Entity::lock(tx, provider, KIND, id).await?;
    let ledger = if entity.data.is_empty() {
        Ledger::default()
    } else {
        serde_json::from_value(Value::Object(entity.data.clone())).map_err(|_| unreadable())?
    };
    Ok((entity, ledger))
}

fn unreadable() -> Failure {
    Failure::Fatal("what is kept of this payment cannot be read".into())
}

async fn settle(
    tx: &mut Tx,
    provider: &'static str,
    mut entity: Entity,
    ledger: &mut Ledger,
    said_at: DateTime<Utc>,
) -> Result<Value, Failure> {
    let mut why = "unnamed";
    if ledger.order.is_none() {
        for references in ledger.references().iter().filter(|list| !list.is_empty()) {
            match ops::payments::find_order(tx, ledger.order_source.as_deref(), references).await? {
                Named::Order(key) => ledger.order = Some(key),
                Named::Nothing if why != "ambiguous" => why = "unknown",
                Named::Nothing => {}
                Named::Several => why = "ambiguous",
            }
            if ledger.order.is_some() {
                break;
            }
        }
    }
    match serde_json::to_value(&*ledger) {
        Ok(Value::Object(data)) => entity.data = data,
        _ => return Err(unreadable()),
    }
    entity.save(tx).await?;
    let id = entity.external_id();
    let Some((source, external_id)) = ledger.order.clone() else {
        let references = ledger.references().concat();
        if !references.is_empty() {
            ops::payments::wait(tx, provider, id, &references).await?;
        }
        return Ok(json!({"payment": id, "order": why}));
    };
    ops::payments::forget(tx, provider, id).await?;
    let payments = ledger.payments(provider);
    if payments.is_empty() {
        return Ok(json!({"payment": id}));
    }
    let input = OrderInput {
        source,
        external_id,
        source_version: Some(SourceVersion::new(said_at, "")),
        payments,
        ..OrderInput::default()
    };
    let base = regulars_accounts::ops::get_organization(tx).await?.currency;
    let (order, what) = match ops::orders::upsert(tx, &input, base, ops::orders::UNGUARDED).await? {
        Outcome::Created(order) | Outcome::Updated(order) => (order, "changed"),
        Outcome::Unchanged(order) => (order, "unchanged"),
        Outcome::Refused(error) => return Err(error.into()),
    };
    Ok(json!({"payment": id, "order": what, "order_id": order.id}))
}

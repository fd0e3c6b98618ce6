//! Payment intents, charges, refunds and disputes.
//!
//! A payment is known by its payment intent; a charge that has none is a payment of its own. Every event has its object as it
//! was then, so the newest event on a line says what it is.

use regulars_connect::{Applied, Failure};
use regulars_database::Tx;
use serde_json::Value;

use super::{SOURCE, invoices, process::Event};
use crate::{
    amount::Units,
    json,
    ledger::{Ledger, Line, Why, Word},
    settle,
};

pub fn no_id() -> Failure {
    Failure::Fatal("it has no id".into())
}

/// The line with what all kinds of lines have.
pub fn line(
    event: &Event<'_>,
    kind: &str,
    state: &str,
    amount: &Value,
    currency: &Value,
) -> Result<Line, Failure> {
    let (amount, currency) = Units::Stripe.read(amount, currency)?;
    Ok(Line {
        kind: kind.to_owned(),
        state: state.to_owned(),
        amount,
        currency: currency.as_str().to_owned(),
        method: None,
        failure_code: None,
        failure_reason: None,
        at: Some(event.message.said_at),
        reference: None,
    })
}

/// Notes what an event says of a payment, and tells its order.
pub async fn tell(
    tx: &mut Tx,
    event: &Event<'_>,
    id: &str,
    note: impl FnOnce(&mut Ledger),
) -> Result<Applied, Failure> {
    let (done, _) = settle::tell(tx, SOURCE, id, event.message, |ledger| {
        ledger.is_test |= event.is_test;
        note(ledger);
    })
    .await?;
    Ok(Applied::Done(done))
}

/// `payment_intent.*`
pub async fn intent(tx: &mut Tx, event: &Event<'_>) -> Result<Applied, Failure> {
    let intent = event.object;
    let id = json::id(&intent["id"]).ok_or_else(no_id)?;
    let is_manual = intent["capture_method"] == "manual";
    let latest = json::id(&intent["latest_charge"]);
    let (kind, state, amount, rank, is_final) = match intent["status"].as_str() {
        Some("succeeded") => ("sale", "succeeded", &intent["amount_received"], 3, true),
        Some("canceled") if is_manual && latest.is_some() => {
            ("void", "succeeded", &intent["amount"], 2, true)
        }
        Some("canceled") => ("sale", "cancelled", &intent["amount"], 2, true),
        Some("requires_capture") => ("authorization", "succeeded", &intent["amount"], 1, false),
        _ if is_manual => ("authorization", "pending", &intent["amount"], 0, false),
        _ => ("sale", "pending", &intent["amount"], 0, false),
    };
    let mut main = line(event, kind, state, amount, &intent["currency"])?;
    main.reference = latest.map(str::to_owned);
    main.method = json::text(&intent["payment_method_types"][0], 200);
    let error = &intent["last_payment_error"];
    let has_failed = event.is_on("payment_intent.payment_failed");
    // The charge names the attempt, of which Stripe tells by itself, too. Not every attempt comes as far as a charge.
    let charge = json::id(&error["charge"]).or(latest.filter(|_| has_failed));
    let attempt = if has_failed || json::id(&error["charge"]).is_some() {
        let mut attempt = line(
            event,
            &main.kind,
            "failed",
            &intent["amount"],
            &intent["currency"],
        )?;
        let why = why_of_error(error);
        (attempt.failure_code, attempt.failure_reason) = (why.code, why.reason);
        attempt.reference = charge.map(str::to_owned);
        attempt.method = json::text(&error["payment_method"]["card"]["brand"], 200)
            .or_else(|| json::text(&error["payment_method"]["type"], 200));
        let name = charge.map_or_else(
            || format!("{id}/{}", event.message.said_at.timestamp()),
            str::to_owned,
        );
        Some((name, attempt))
    } else {
        None
    };
    let names = event.names(intent);
    let beside: Vec<String> = [&intent["payment_details"]["order_reference"], &intent["invoice"]]
        .into_iter()
        .filter_map(json::reference)
        .collect();
    if let Some((name, attempt)) = &attempt {
        invoices::explain(tx, event, name, attempt).await?;
    }
    let word = Word::of(event.message, rank, is_final);
    tell(tx, event, id, |ledger| {
        ledger.put(id, word.clone(), main);
        if let Some((name, attempt)) = attempt {
            ledger.put(&name, Word::of(event.message, 0, false), attempt);
        }
        let word = Word::of(event.message, 0, false);
        ledger.name(id, word.clone(), true, names);
        ledger.name(&format!("{id}/beside"), word, false, beside);
    })
    .await
}

/// Why, with the most exact code that there is.
fn why_of_error(error: &Value) -> Why {
    Why {
        code: ["decline_code", "code", "type"]
            .iter()
            .find_map(|field| json::text(&error[*field], 200)),
        reason: json::text(&error["message"], 1_000),
    }
}

/// `charge.*`
pub async fn charge(tx: &mut Tx, event: &Event<'_>) -> Result<Applied, Failure> {
    let charge = event.object;
    let own = json::id(&charge["id"]).ok_or_else(no_id)?;
    let intent = json::id(&charge["payment_intent"]);
    let id = intent.unwrap_or(own);
    let is_captured = charge["captured"] == true;
    let is_released = !is_captured && (charge["refunded"] == true || event.is_on("charge.expired"));
    let captured = match &charge["amount_captured"] {
        Value::Null => &charge["amount"],
        amount => amount,
    };
    let (kind, state, amount, rank, is_final) = match charge["status"].as_str() {
        Some("failed") => ("sale", "failed", &charge["amount"], 0, false),
        Some("pending") => ("sale", "pending", &charge["amount"], 0, false),
        _ if is_captured => ("sale", "succeeded", captured, 3, true),
        _ if is_released => ("void", "succeeded", &charge["amount"], 2, true),
        _ => ("authorization", "succeeded", &charge["amount"], 1, false),
    };
    let mut main = line(event, kind, state, amount, &charge["currency"])?;
    main.at = json::seconds(&charge["created"]).or(main.at);
    main.reference = Some(own.to_owned());
    let details = &charge["payment_method_details"];
    main.method = json::text(&details["card"]["brand"], 200).or_else(|| json::text(&details["type"], 200));
    if state == "failed" {
        let declined = charge["failure_code"] == "card_declined";
        main.failure_code = json::text(&charge["outcome"]["reason"], 200)
            .filter(|_| declined)
            .or_else(|| json::text(&charge["failure_code"], 200));
        main.failure_reason = json::text(&charge["failure_message"], 1_000);
    }
    let mut refunds = Vec::new();
    if is_captured {
        for refund in charge["refunds"]["data"].as_array().into_iter().flatten() {
            if let Some(refund_id) = json::id(&refund["id"]) {
                refunds.push((refund_id.to_owned(), refund_line(event, refund)?));
            }
        }
    }
    let paid_back = match charge["amount_refunded"].as_i64() {
        Some(units) if units > 0 && is_captured => Some(line(
            event,
            "refund",
            "succeeded",
            &charge["amount_refunded"],
            &charge["currency"],
        )?),
        _ => None,
    };
    let names = event.names(charge);
    tell(tx, event, id, |ledger| {
        let word = Word::of(event.message, rank, is_final);
        // An attempt that failed is a line of its own: the payment may yet succeed.
        let name = if state == "failed" { own } else { id };
        ledger.put(name, word, main);
        for (refund_id, (line, rank)) in refunds {
            ledger.put(&refund_id, Word::of(event.message, rank, false), line);
        }
        if let Some(line) = paid_back {
            ledger.put_paid_back(own, Word::of(event.message, 0, false), line);
        }
        ledger.name(own, Word::of(event.message, 0, false), true, names);
    })
    .await
}

/// `refund.*` and `charge.refund.updated`
pub async fn refund(tx: &mut Tx, event: &Event<'_>) -> Result<Applied, Failure> {
    let refund = event.object;
    let own = json::id(&refund["id"]).ok_or_else(no_id)?;
    let id = json::id(&refund["payment_intent"])
        .or_else(|| json::id(&refund["charge"]))
        .ok_or_else(no_payment)?;
    let (line, rank) = refund_line(event, refund)?;
    let names = event.names(refund);
    tell(tx, event, id, |ledger| {
        ledger.put(own, Word::of(event.message, rank, false), line);
        ledger.name(own, Word::of(event.message, 0, false), false, names);
    })
    .await
}

fn no_payment() -> Failure {
    Failure::Fatal("it names no payment".into())
}

/// A refund, and how far it is: it may fail after it succeeded.
fn refund_line(event: &Event<'_>, refund: &Value) -> Result<(Line, u8), Failure> {
    let (state, rank) = match refund["status"].as_str() {
        Some("pending" | "requires_action") => ("pending", 0),
        Some("failed") => ("failed", 2),
        Some("canceled") => ("cancelled", 2),
        _ => ("succeeded", 1),
    };
    let mut ours = line(event, "refund", state, &refund["amount"], &refund["currency"])?;
    ours.at = json::seconds(&refund["created"]).or(ours.at);
    ours.reference = json::id(&refund["id"]).map(str::to_owned);
    ours.failure_code = json::text(&refund["failure_reason"], 200);
    ours.failure_reason = json::text(&refund["reason"], 1_000);
    Ok((ours, rank))
}

/// `charge.dispute.*`
pub async fn dispute(tx: &mut Tx, event: &Event<'_>) -> Result<Applied, Failure> {
    let dispute = event.object;
    let own = json::id(&dispute["id"]).ok_or_else(no_id)?;
    let id = json::id(&dispute["payment_intent"])
        .or_else(|| json::id(&dispute["charge"]))
        .ok_or_else(no_payment)?;
    let (state, is_final) = match dispute["status"].as_str() {
        Some("lost") => ("succeeded", true),
        Some("won" | "warning_closed" | "prevented" | "charge_refunded") => ("cancelled", true),
        _ => ("pending", false),
    };
    let mut ours = line(
        event,
        "chargeback",
        state,
        &dispute["amount"],
        &dispute["currency"],
    )?;
    ours.reference = Some(own.to_owned());
    ours.failure_reason = json::text(&dispute["reason"], 1_000);
    tell(tx, event, id, |ledger| {
        ledger.put(own, Word::of(event.message, 0, is_final), ours);
    })
    .await
}

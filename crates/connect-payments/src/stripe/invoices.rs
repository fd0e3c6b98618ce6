//! Invoices and checkout sessions: what names the order of a payment.
//!
//! Older versions of Stripe's API name the payment intent or the charge in the invoice; there the payment tells of the money.
//! Newer ones (since 2025-03-31) do not, and say which payment it was only once it is paid: there the invoice tells of the
//! money and of attempts that failed, and the payment of what was paid back and disputed. Why a card was declined stands in no
//! invoice (`last_finalization_error` is about making the invoice final), but in the payment intent of the attempt, which names
//! the invoice as its `payment_details.order_reference`.

use regulars_connect::{Applied, Failure};
use regulars_database::Tx;
use serde_json::Value;

use super::{
    SOURCE,
    objects::{line, no_id, tell},
    process::Event,
};
use crate::{
    json,
    ledger::{Ledger, Line, Why, Word},
    settle,
};

/// `invoice.*`
pub async fn invoice(tx: &mut Tx, event: &Event<'_>) -> Result<Applied, Failure> {
    let invoice = event.object;
    let Some(id) = json::id(&invoice["id"]) else {
        return Ok(Applied::Ignored("it is an invoice that is not made yet".into()));
    };
    let mut names = event.names(invoice);
    for details in [
        &invoice["parent"]["subscription_details"],
        &invoice["subscription_details"],
    ] {
        names.extend(event.names(details));
    }
    let beside: Vec<String> = [&invoice["number"], &invoice["id"]]
        .into_iter()
        .filter_map(json::reference)
        .collect();
    let name = |ledger: &mut Ledger| {
        let word = Word::of(event.message, 0, false);
        ledger.name(id, word.clone(), true, names.clone());
        ledger.name(&format!("{id}/beside"), word, false, beside.clone());
    };
    if let Some(payment) = json::id(&invoice["payment_intent"]).or_else(|| json::id(&invoice["charge"])) {
        return tell(tx, event, payment, name).await;
    }
    let (state, amount, rank, is_final) = match invoice["status"].as_str() {
        Some("paid") => ("succeeded", &invoice["amount_paid"], 3, true),
        Some("void" | "uncollectible") => ("cancelled", &invoice["amount_due"], 2, false),
        _ => ("pending", &invoice["amount_due"], 0, false),
    };
    let main = line(event, "sale", state, amount, &invoice["currency"])?;
    let attempt = if event.is_on("invoice.payment_failed") {
        let attempt = line(
            event,
            "sale",
            "failed",
            &invoice["amount_due"],
            &invoice["currency"],
        )?;
        Some((invoice["attempt_count"].as_u64().unwrap_or_default(), attempt))
    } else {
        None
    };
    let (done, ledger) = settle::tell(tx, SOURCE, id, event.message, |ledger| {
        ledger.is_test |= event.is_test;
        name(ledger);
        // A draft is nothing that is to be paid yet.
        if invoice["status"] != "draft" {
            ledger.put(id, Word::of(event.message, rank, is_final), main);
        }
        if let Some((count, attempt)) = attempt {
            ledger.put(
                &format!("{id}/{count}"),
                Word::of(event.message, 0, false),
                attempt,
            );
        }
    })
    .await?;
    if let Some(intent) = &ledger.paid_by {
        tell(tx, event, intent, name).await?;
    }
    Ok(Applied::Done(done))
}

/// Says of the invoice that a payment intent was made for why its attempt failed.
pub async fn explain(tx: &mut Tx, event: &Event<'_>, name: &str, attempt: &Line) -> Result<(), Failure> {
    let intent = event.object;
    let invoice = json::id(&intent["payment_details"]["order_reference"]);
    // Where the payment intent names its invoice in the former way, it tells of the attempt itself.
    let Some(invoice) = invoice.filter(|id| id.starts_with("in_") && intent["invoice"].is_null()) else {
        return Ok(());
    };
    let why = Why {
        code: attempt.failure_code.clone(),
        reason: attempt.failure_reason.clone(),
    };
    settle::tell(tx, SOURCE, invoice, event.message, |ledger| {
        ledger.put_failure(name, Word::of(event.message, 0, false), why);
    })
    .await?;
    Ok(())
}

/// `invoice_payment.*`: which payment pays an invoice.
pub async fn link(tx: &mut Tx, event: &Event<'_>) -> Result<Applied, Failure> {
    let told = event.object;
    let invoice = json::id(&told["invoice"]).ok_or_else(no_id)?;
    let Some(intent) = json::id(&told["payment"]["payment_intent"]) else {
        return Ok(Applied::Ignored("it is paid by no payment intent".into()));
    };
    let (_, ledger) = settle::tell(tx, SOURCE, invoice, event.message, |ledger| {
        ledger.is_test |= event.is_test;
        ledger.paid_by = Some(intent.to_owned());
    })
    .await?;
    tell(tx, event, intent, |payment| {
        payment.is_billed = true;
        payment.take_names(&ledger);
    })
    .await
}

/// `checkout.session.*`: what a shop gave along with the checkout.
pub async fn session(tx: &mut Tx, event: &Event<'_>) -> Result<Applied, Failure> {
    let session = event.object;
    let id = json::id(&session["id"]).ok_or_else(no_id)?;
    let Some(intent) = json::id(&session["payment_intent"]) else {
        return Ok(Applied::Ignored("it has no payment intent".into()));
    };
    let mut names = event.names(session);
    names.extend(
        Some(&session["client_reference_id"])
            .filter(|value| **value != Value::Null)
            .and_then(json::reference),
    );
    tell(tx, event, intent, |ledger| {
        ledger.name(id, Word::of(event.message, 0, false), true, names);
    })
    .await
}

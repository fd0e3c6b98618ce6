//! Invoices and checkout sessions: what names the order of a payment.
//!
//! Older versions of Stripe's API name the payment intent in the invoice; there the payment tells of the money. Newer ones do
//! not, and say which payment it was only once it is paid: there the invoice tells of the money and of attempts that failed,
//! and the payment of what was paid back and disputed.

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
    ledger::{Ledger, Word},
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
    if let Some(intent) = json::id(&invoice["payment_intent"]) {
        return tell(tx, event, intent, name).await;
    }
    let (state, amount, rank, is_final) = match invoice["status"].as_str() {
        Some("paid") => ("succeeded", &invoice["amount_paid"], 3, true),
        Some("void" | "uncollectible") => ("cancelled", &invoice["amount_due"], 2, false),
        _ => ("pending", &invoice["amount_due"], 0, false),
    };
    let main = line(event, "sale", state, amount, &invoice["currency"])?;
    let attempt = if event.is_on("invoice.payment_failed") {
        let mut attempt = line(
            event,
            "sale",
            "failed",
            &invoice["amount_due"],
            &invoice["currency"],
        )?;
        let error = &invoice["last_finalization_error"];
        attempt.failure_code = json::text(&error["code"], 200);
        attempt.failure_reason = json::text(&error["message"], 1_000);
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

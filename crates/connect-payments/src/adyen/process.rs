//! What Adyen's events change.
//!
//! A payment is known by the reference of its authorisation, which what follows names as the original one. Each of those has a
//! reference of its own and is a line of its own.

use async_trait::async_trait;
use regulars_connect::{Applied, Failure, Processor, Received};
use regulars_database::Tx;
use serde_json::Value;

use super::{SOURCE, receive::is_true};
use crate::{
    Adyen,
    amount::Units,
    json,
    ledger::{Line, Word},
    settle::{self, Tests},
};

/// What an event says of a line.
struct Meaning {
    /// What stands behind the payment's reference where the line is one for all of its kind; else the line is the event's own.
    shared: Option<&'static str>,
    kind: &'static str,
    state: &'static str,
    rank: u8,
    is_final: bool,
}

/// What an event means; none for those that change no payment.
fn meaning(item: &Value, captures: bool) -> Option<Meaning> {
    let is_success = is_true(&item["success"]);
    let outcome = if is_success { "succeeded" } else { "failed" };
    let shared = |shared, kind, state, rank| Meaning {
        shared: Some(shared),
        kind,
        state,
        rank,
        is_final: false,
    };
    let own = |kind, state, rank| Meaning {
        shared: None,
        kind,
        state,
        rank,
        is_final: false,
    };
    let reverses = item["additionalData"]["modification.action"].as_str() == Some("refund");
    Some(match item["eventCode"].as_str()? {
        // An authorisation that failed may yet succeed; one that succeeded does not fail any more.
        "AUTHORISATION" => Meaning {
            is_final: is_success,
            ..shared("", if captures { "sale" } else { "authorization" }, outcome, 2)
        },
        "PENDING" => shared("", if captures { "sale" } else { "authorization" }, "pending", 0),
        "OFFER_CLOSED" => shared(
            "",
            if captures { "sale" } else { "authorization" },
            "cancelled",
            1,
        ),
        "CAPTURE" if captures => return None,
        "CAPTURE" => own("capture", outcome, 1),
        "CAPTURE_FAILED" => own("capture", "failed", 2),
        "CANCEL_OR_REFUND" if reverses => own("refund", outcome, 1),
        "CANCELLATION" | "CANCEL_OR_REFUND" | "TECHNICAL_CANCEL" | "EXPIRE" | "VOID_PENDING_REFUND" => {
            own("void", outcome, 1)
        }
        "REFUND" | "REFUND_WITH_DATA" => own("refund", outcome, 1),
        "REFUND_FAILED" | "REFUNDED_REVERSED" => own("refund", "failed", 2),
        // A `NOTIFICATION_OF_FRAUD` is what a card scheme suspects: no money moves, and no dispute begins.
        "NOTIFICATION_OF_CHARGEBACK" | "REQUEST_FOR_INFORMATION" => {
            shared("/chargeback", "chargeback", "pending", 0)
        }
        "CHARGEBACK" => shared("/chargeback", "chargeback", "succeeded", 1),
        "CHARGEBACK_REVERSED" | "PREARBITRATION_WON" => shared("/chargeback", "chargeback", "cancelled", 2),
        "SECOND_CHARGEBACK" | "PREARBITRATION_LOST" => shared("/chargeback", "chargeback", "succeeded", 3),
        _ => return None,
    })
}

#[async_trait]
impl Processor for Adyen {
    async fn apply(&self, tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
        let item = json::parse(message)?;
        let setting = |name: &str| message.settings.get(name).and_then(Value::as_str).map(str::trim);
        let account = &item["merchantAccountCode"];
        if setting("merchant_account").is_some_and(|wanted| account.as_str().is_some_and(|of| of != wanted)) {
            return Ok(Applied::Ignored("it is of another merchant account".into()));
        }
        let tests = Tests::of(&message.settings);
        let is_test = message.about["live"] != true;
        if is_test && tests == Tests::Ignore {
            return Ok(Applied::Ignored(
                "it is a test, which this connection ignores".into(),
            ));
        }
        let Some(meaning) = meaning(&item, setting("capture") == Some("automatic")) else {
            return Ok(Applied::Ignored("nothing here answers to this event".into()));
        };
        let no_id = || Failure::Fatal("it has no pspReference".into());
        let own = json::id(&item["pspReference"]).ok_or_else(no_id)?;
        let payment = json::id(&item["originalReference"]).unwrap_or(own);
        let (amount, currency) = Units::Adyen.read(&item["amount"]["value"], &item["amount"]["currency"])?;
        let reason = json::text(&item["reason"], 1_000);
        let has_failed = meaning.state == "failed";
        let line = Line {
            kind: meaning.kind.to_owned(),
            state: meaning.state.to_owned(),
            amount,
            currency: currency.as_str().to_owned(),
            method: json::text(&item["paymentMethod"], 200),
            failure_code: json::text(&item["additionalData"]["refusalReasonRaw"], 200)
                .or_else(|| reason.clone().map(|text| text.chars().take(200).collect()))
                .filter(|_| has_failed),
            failure_reason: reason.filter(|_| has_failed || meaning.kind == "chargeback"),
            at: Some(message.said_at),
            reference: Some(own.to_owned()),
        };
        let id = match meaning.shared {
            Some(suffix) => format!("{payment}{suffix}"),
            None => format!("{own}/{}", meaning.kind),
        };
        let names: Vec<String> = json::reference(&item["merchantReference"]).into_iter().collect();
        let (done, _) = settle::tell(tx, SOURCE, payment, message, |ledger| {
            ledger.is_test |= is_test && tests == Tests::Show;
            ledger.put(&id, Word::of(message, meaning.rank, meaning.is_final), line);
            // What follows may have a reference of its own.
            let by = format!("{own}/{}", meaning.kind);
            ledger.name(&by, Word::of(message, 0, false), own == payment, names);
        })
        .await?;
        Ok(Applied::Done(done))
    }
}

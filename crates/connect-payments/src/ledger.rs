//! What was said of one payment, and the payments of an order that come of it. No SQL.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use regulars_commerce::model::{AmountInput, PaymentInput, SourceVersion};
use regulars_connect::Received;
use regulars_kernel::MoneyInput;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Lines of one payment at most, which is what an order takes at a time.
const MOST_LINES: usize = 200;
/// References of one payment at most.
const MOST_REFERENCES: usize = 20;
/// What stands behind the id of the line that says how much was paid back in all.
const PAID_BACK: &str = "/refunded";
/// How far an attempt and what is said elsewhere of why it failed may be apart.
const SAME_ATTEMPT: TimeDelta = TimeDelta::hours(1);

/// How new something that was said is. Compared in the order of the fields: what is final is never taken back by what is not,
/// the later is newer, what a person mended is newer than what it was, and words of the same second are told apart by how
/// far they are, at last by their content, so that every order of arrival ends in the same state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Word {
    is_final: bool,
    at: DateTime<Utc>,
    is_mended: bool,
    rank: u8,
    tie: Vec<u8>,
}

impl Word {
    /// What this message says.
    pub fn of(message: &Received, rank: u8, is_final: bool) -> Self {
        Self {
            is_final,
            at: message.said_at,
            is_mended: message.is_mended,
            rank,
            tie: message.content.iter().copied().take(8).collect(),
        }
    }
}

/// Something, and how new it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Told<T> {
    word: Word,
    value: T,
}

fn put<T>(known: &mut BTreeMap<String, Told<T>>, id: &str, word: Word, value: T) {
    if known.get(id).is_none_or(|old| word >= old.word) {
        known.insert(id.to_owned(), Told { word, value });
    }
}

/// A payment of an order, as the payment provider tells it. Kind and state are those of [`PaymentInput`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub kind: String,
    pub state: String,
    pub amount: Decimal,
    pub currency: String,
    pub method: Option<String>,
    pub failure_code: Option<String>,
    pub failure_reason: Option<String>,
    pub at: Option<DateTime<Utc>>,
    pub reference: Option<String>,
}

/// Why an attempt failed, as it is said beside the line of the attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Why {
    pub code: Option<String>,
    pub reason: Option<String>,
}

/// What may name the order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Names {
    /// Of the payment itself; what is said beside it counts where that names nothing.
    is_own: bool,
    texts: Vec<String>,
}

/// All that was said of one payment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    lines: BTreeMap<String, Told<Line>>,
    names: BTreeMap<String, Told<Names>>,
    /// Why attempts failed, where that is not said with them.
    failures: BTreeMap<String, Told<Why>>,
    /// Whether it was made for trying.
    pub is_test: bool,
    /// Whether an invoice tells of its money, so that it must not.
    pub is_billed: bool,
    /// The payment that pays this invoice.
    pub paid_by: Option<String>,
    /// Of which source its order is.
    pub order_source: Option<String>,
    /// Its order.
    pub order: Option<(String, String)>,
    /// Grows with every change.
    pub revision: u32,
}

impl Ledger {
    /// Tells of a line.
    pub fn put(&mut self, id: &str, word: Word, line: Line) {
        if self.lines.contains_key(id) || self.lines.len() < MOST_LINES {
            put(&mut self.lines, id, word, line);
        }
    }

    /// Tells why an attempt failed of which the line does not say it.
    pub fn put_failure(&mut self, attempt: &str, word: Word, why: Why) {
        if self.failures.contains_key(attempt) || self.failures.len() < MOST_LINES {
            put(&mut self.failures, attempt, word, why);
        }
    }

    /// Why a line failed: as it says itself, else as was said at about the same time.
    fn failure<'a>(&'a self, line: &'a Line) -> (Option<&'a String>, Option<&'a String>) {
        let own = (line.failure_code.as_ref(), line.failure_reason.as_ref());
        let (Some(at), "failed", (None, None)) = (line.at, line.state.as_str(), own) else {
            return own;
        };
        self.failures
            .values()
            .map(|told| ((told.word.at - at).abs(), &told.value))
            .filter(|(apart, _)| *apart <= SAME_ATTEMPT)
            .min_by_key(|(apart, _)| *apart)
            .map_or(own, |(_, why)| (why.code.as_ref(), why.reason.as_ref()))
    }

    /// Tells how much was paid back in all, of which single refunds may be known or not.
    pub fn put_paid_back(&mut self, id: &str, word: Word, line: Line) {
        self.put(&format!("{id}{PAID_BACK}"), word, line);
    }

    /// Tells what may name the order, in the words of one of the provider's objects.
    pub fn name(&mut self, by: &str, word: Word, is_own: bool, texts: Vec<String>) {
        if !texts.is_empty() && (self.names.contains_key(by) || self.names.len() < MOST_REFERENCES) {
            put(&mut self.names, by, word, Names { is_own, texts });
        }
    }

    /// Takes over what may name the order of another payment, which is the same.
    pub fn take_names(&mut self, other: &Self) {
        for (by, told) in &other.names {
            if self.names.contains_key(by) || self.names.len() < MOST_REFERENCES {
                put(&mut self.names, by, told.word.clone(), told.value.clone());
            }
        }
    }

    /// What may name the order, first what the payment says itself.
    pub fn references(&self) -> [Vec<String>; 2] {
        [true, false].map(|is_own| {
            let texts: BTreeSet<String> = self
                .names
                .values()
                .filter(|told| told.value.is_own == is_own)
                .flat_map(|told| told.value.texts.iter().cloned())
                .collect();
            texts.into_iter().take(MOST_REFERENCES).collect()
        })
    }

    /// The payments that come of it.
    pub fn payments(&self, told_by: &str) -> Vec<PaymentInput> {
        self.lines
            .iter()
            .map(|(id, told)| {
                let line = &told.value;
                let (amount, state) = self.counted(id, line);
                let (failure_code, failure_reason) = self.failure(line);
                PaymentInput {
                    external_id: format!("{told_by}:{id}"),
                    source_version: Some(SourceVersion::new(
                        DateTime::UNIX_EPOCH,
                        format!("{:010}", self.revision),
                    )),
                    kind: line.kind.clone(),
                    state: state.to_owned(),
                    amount: AmountInput::Money(MoneyInput {
                        amount: amount.to_string(),
                        currency: line.currency.clone(),
                    }),
                    gateway: Some(told_by.to_owned()),
                    method: line.method.clone(),
                    failure_code: failure_code.cloned(),
                    failure_reason: failure_reason.cloned(),
                    processed_at: line.at,
                    told_by: Some(told_by.to_owned()),
                    reference: line.reference.clone(),
                    is_test: self.is_test,
                }
            })
            .collect()
    }

    /// How much of a line counts, and what became of it.
    fn counted<'a>(&self, id: &str, line: &'a Line) -> (Decimal, &'a str) {
        if id.ends_with(PAID_BACK) {
            // What single refunds tell is not told again.
            let single: Decimal = self
                .lines
                .iter()
                .filter(|(other, told)| {
                    !other.ends_with(PAID_BACK)
                        && told.value.kind == "refund"
                        && matches!(told.value.state.as_str(), "succeeded" | "pending")
                        && told.value.currency == line.currency
                })
                .map(|(_, told)| told.value.amount)
                .sum();
            let rest = (line.amount - single).max(Decimal::ZERO);
            let state = if rest.is_zero() { "cancelled" } else { "succeeded" };
            return (rest, state);
        }
        let takes_money = matches!(line.kind.as_str(), "sale" | "authorization" | "capture" | "void");
        if takes_money && self.is_billed {
            return (line.amount, "cancelled");
        }
        (line.amount, line.state.as_str())
    }
}

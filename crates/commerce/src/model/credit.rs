//! Store credit: what a shop owes a customer, as a ledger of what was given and taken.

use chrono::{DateTime, Utc};
use regulars_customers::choices;
use regulars_kernel::{
    Currency, Faults, Money, clock,
    ids::{CustomerId, StoreCreditEntryId},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{AmountInput, check::Check, merge::rounded, order::Core};

choices! {
    /// What became of store credit.
    CreditKind {
        Issued = "issued", Refunded = "refunded", Spent = "spent", Expired = "expired", Withdrawn = "withdrawn",
    }
}

impl CreditKind {
    /// Whether there is more after it.
    pub fn is_more(self) -> bool {
        matches!(self, Self::Issued | Self::Refunded)
    }
}

/// A line of the ledger, as kept.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct CreditEntry {
    pub id: StoreCreditEntryId,
    pub customer_id: CustomerId,
    pub kind: CreditKind,
    pub amount: Decimal,
    pub currency: Currency,
    pub balance: Decimal,
    pub note: Option<String>,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub order_external_id: Option<String>,
    pub occurred_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// What a customer has in one currency.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of the table")]
pub struct CreditBalance {
    pub currency: Currency,
    pub balance: Decimal,
}

/// What is told of store credit.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = StoreCreditInput, example = json!({"kind": "issued", "amount": "20.00", "note": "For the late parcel"}))]
pub struct CreditInput {
    /// `issued` and `refunded` are more; `spent`, `expired` and `withdrawn` are less.
    #[schema(example = "issued", pattern = "^(issued|refunded|spent|expired|withdrawn)$")]
    pub kind: String,
    /// How much; above zero. In the organization's currency, if none is named.
    #[schema(required = true)]
    pub amount: Option<AmountInput>,
    /// Why.
    #[schema(example = "For the late parcel", max_length = 500)]
    pub note: Option<String>,
    /// The system that knows this entry, if it is told from outside.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$", example = "shop")]
    pub source: Option<String>,
    /// Its id there: told again, it counts once.
    #[schema(max_length = 200, example = "credit-7")]
    pub external_id: Option<String>,
    /// The order that it was spent on or given back for, by its id in the source.
    #[schema(max_length = 200, example = "1001")]
    pub order_external_id: Option<String>,
    /// When it happened; now, if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// What is told of store credit, checked.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the input")]
pub struct CreditChange {
    pub kind: CreditKind,
    pub amount: Decimal,
    pub currency: Currency,
    pub note: Option<String>,
    pub key: Option<(String, String)>,
    pub order_external_id: Option<String>,
    pub occurred_at: Option<DateTime<Utc>>,
}

/// A line of the ledger, as the API gives it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = StoreCreditEntry)]
pub struct CreditEntryJson {
    /// Its id.
    pub id: StoreCreditEntryId,
    /// What became of the credit.
    pub kind: CreditKind,
    /// How much; the kind says whether it is more or less.
    pub amount: Money,
    /// What there was after it, in this currency.
    pub balance: Money,
    /// Why.
    #[schema(example = "For the late parcel")]
    pub note: Option<String>,
    /// The system that told it.
    #[schema(example = "shop")]
    pub source: Option<String>,
    /// Its id there.
    #[schema(example = "credit-7")]
    pub external_id: Option<String>,
    /// The order that it was spent on or given back for.
    #[schema(example = "1001")]
    pub order_external_id: Option<String>,
    /// When it happened.
    #[serde(serialize_with = "clock::serialize")]
    pub occurred_at: DateTime<Utc>,
    /// When it was written down here.
    #[serde(serialize_with = "clock::serialize")]
    pub created_at: DateTime<Utc>,
}

impl CreditInput {
    /// Cleans it. Every fault is noted with its place; none of it if there are any.
    pub fn check(&self, base: Currency, faults: &mut Faults) -> Option<CreditChange> {
        let found = faults.0.len();
        let mut check = Check {
            faults,
            currency: Some(base),
            base,
        };
        let kind = check.choice::<CreditKind>("/kind", &self.kind);
        if self.amount.is_none() {
            check.faults.add("/amount", "missing", "say how much");
        }
        let money = self
            .amount
            .as_ref()
            .and_then(|amount| check.money("/amount", amount, true));
        if money.is_some_and(|(amount, _)| amount.is_zero()) {
            let message = "the amount must be above zero; the kind says whether it is more or less";
            check.faults.add("/amount", "amount_invalid", message);
        }
        let note = check.maybe("/note", self.note.as_ref(), 500);
        let key = match (&self.source, &self.external_id) {
            (None, None) => None,
            (Some(source), Some(id)) => Some((check.source("/source", source), check.id("/external_id", id))),
            (Some(_), None) => {
                let message = "the id in the other system is missing";
                check.faults.add("/external_id", "missing", message);
                None
            }
            (None, Some(_)) => {
                let message = "say which system this id is from";
                check.faults.add("/source", "missing", message);
                None
            }
        };
        let order_external_id = check.maybe("/order_external_id", self.order_external_id.as_ref(), 200);
        let occurred_at = check.maybe_time("/occurred_at", self.occurred_at);
        if check.faults.0.len() > found {
            return None;
        }
        let (amount, currency) = money?;
        Some(CreditChange {
            kind: kind?,
            amount,
            currency: currency.unwrap_or(base),
            note,
            key,
            order_external_id,
            occurred_at,
        })
    }
}

impl CreditChange {
    /// Whether an entry that is known by the same key says this.
    pub fn is(&self, entry: &CreditEntry, customer: CustomerId) -> bool {
        entry.customer_id == customer
            && entry.kind == self.kind
            && entry.amount == self.amount
            && entry.currency == self.currency
    }
}

impl CreditBalance {
    /// As money.
    pub fn show(&self) -> Money {
        Core::blank(self.currency).money(self.balance)
    }
}

impl CreditEntry {
    /// Gives amounts that were read the digits that they need, as those have that are told.
    pub fn normalize(&mut self) {
        let digits = self.currency.digits();
        self.amount = rounded(self.amount, digits);
        self.balance = rounded(self.balance, digits);
    }

    fn money(&self, amount: Decimal) -> Money {
        Core::blank(self.currency).money(amount)
    }

    /// The kind of its event.
    pub fn event(&self) -> &'static str {
        match self.kind {
            CreditKind::Issued => "store_credit.issued",
            CreditKind::Refunded => "store_credit.refunded",
            CreditKind::Spent => "store_credit.spent",
            CreditKind::Expired => "store_credit.expired",
            CreditKind::Withdrawn => "store_credit.withdrawn",
        }
    }

    /// What its event tells. The note may name people, and stays in the ledger.
    pub fn describe(&self) -> Value {
        json!({
            "entry_id": self.id, "amount": self.money(self.amount), "balance": self.money(self.balance),
            "order_external_id": self.order_external_id,
        })
    }

    /// As the API gives it.
    pub fn show(&self) -> CreditEntryJson {
        CreditEntryJson {
            id: self.id,
            kind: self.kind,
            amount: self.money(self.amount),
            balance: self.money(self.balance),
            note: self.note.clone(),
            source: self.source.clone(),
            external_id: self.external_id.clone(),
            order_external_id: self.order_external_id.clone(),
            occurred_at: self.occurred_at,
            created_at: self.created_at,
        }
    }
}

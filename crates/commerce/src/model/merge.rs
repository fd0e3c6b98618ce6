//! How what is told meets what is known: a join, so that any order of arrival ends in the same order.
//!
//! An order's own fields and lines are one register of one version; each payment, fulfilment and refund is a register of
//! its own, and none of them is ever taken away by what does not name it. A deleted order stays deleted.

use chrono::{DateTime, Utc};
use regulars_customers::model::Choice as _;
use regulars_kernel::{Actor, Currency, Email, Patch, ids::CustomerId};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use super::{
    Address, Core, Fulfillment, FulfillmentStatus, Line, NamedAmount, Order, OrderStatus, Part, Payment,
    PaymentStatus, Refund, SourceVersion, Stated, check::MOST, version::replaces,
};

/// Whose an order is, as far as it was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Whose {
    /// Nothing was said.
    Unsaid,
    /// That nobody is known.
    Nobody,
    /// This customer.
    Id(CustomerId),
    /// Who has this id elsewhere, else this address; somebody new if nobody has.
    Known {
        /// Source and external id.
        key: Option<(String, String)>,
        /// E-mail address.
        email: Option<Email>,
    },
}

/// What is told of an order, checked.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the input")]
pub struct Change {
    pub source: String,
    pub external_id: String,
    pub version: Option<SourceVersion>,
    pub whose: Whose,
    pub core: CorePatch,
    pub lines: Option<Vec<Line>>,
    /// And whether it says its currency; else it is in the order's.
    pub payments: Vec<(Payment, bool)>,
    pub fulfillments: Vec<Fulfillment>,
    pub refunds: Vec<Refund>,
    /// The cart that it came of, by its id in the source.
    pub cart: Option<String>,
}

/// Who tells, and when.
#[derive(Clone, Copy, Debug)]
pub struct Speaker {
    /// On whose behalf.
    pub actor: Actor,
    /// When.
    pub now: DateTime<Utc>,
}

macro_rules! core_patch {
    (optional { $($optional:ident: $type:ty,)+ } always { $($always:ident: $always_type:ty,)+ }) => {
        /// What is told of an order's own fields.
        #[derive(Clone, Debug, Default, PartialEq)]
        #[expect(missing_docs, reason = "the fields are those of the input")]
        pub struct CorePatch {
            $(pub $optional: Patch<$type>,)+
            $(pub $always: Patch<$always_type>,)+
            pub currency: Patch<Currency>,
        }

        impl CorePatch {
            /// Whether nothing is told.
            pub fn is_silent(&self) -> bool {
                $(self.$optional.is_keep() &&)+ $(self.$always.is_keep() &&)+ self.currency.is_keep()
            }

            fn apply(&self, core: &mut Core) {
                $(self.$optional.clone().apply(&mut core.$optional);)+
                $(match &self.$always {
                    Patch::Keep => {}
                    Patch::Clear => core.$always = Default::default(),
                    Patch::Set(value) => core.$always = value.clone(),
                })+
                if let Patch::Set(currency) = self.currency {
                    core.currency = currency;
                }
            }
        }
    };
}

core_patch! {
    optional {
        number: String, email: String, phone: String, note: String, channel: String, exchange_rate: Decimal,
        billing_address: Address, shipping_address: Address, placed_at: DateTime<Utc>, cancelled_at: DateTime<Utc>,
        cancel_reason: String, closed_at: DateTime<Utc>, stated_status: OrderStatus,
        stated_payment_status: PaymentStatus, stated_fulfillment_status: FulfillmentStatus,
    }
    always {
        tags: Vec<String>, is_test: bool, subtotal: Decimal, discount_total: Decimal, shipping_total: Decimal,
        tax_total: Decimal, total: Decimal, discounts: Vec<NamedAmount>, taxes: Vec<NamedAmount>,
        shipping_lines: Vec<NamedAmount>,
    }
}

impl Change {
    /// Whether it tells of the order itself, and not only of its parts. Who gives no version always does.
    pub fn tells_of_order(&self) -> bool {
        self.version.is_none()
            || self.lines.is_some()
            || self.whose != Whose::Unsaid
            || !self.core.is_silent()
    }

    /// When what it tells was so.
    pub(super) fn at(&self, speaker: Speaker) -> DateTime<Utc> {
        self.version.as_ref().map_or(speaker.now, |version| version.at)
    }
}

/// What the order is after this was told of it. `customer` is whose it is, as far as that was said.
pub fn merge(
    before: &Order,
    change: &Change,
    customer: Patch<CustomerId>,
    base: Currency,
    speaker: Speaker,
) -> Order {
    let mut after = before.clone();
    if before.deleted_at.is_some() {
        return after;
    }
    if change.tells_of_order() {
        let told = told(before, change, customer, speaker);
        let old = before.core_version().filter(|_| before.is_known);
        let is_first = !before.is_known;
        if is_first
            || replaces(change.version.as_ref(), old.as_ref(), || {
                (content(&told), content(before))
            })
        {
            after = told;
        }
        state(&mut after, before, change, speaker);
    }
    let currency = after.core.currency;
    let payments = change.payments.iter().map(|(payment, has_currency)| {
        let mut payment = payment.clone();
        if !has_currency {
            payment.currency = currency;
        }
        payment
    });
    put(&mut after.payments, payments, change.version.as_ref());
    put(
        &mut after.fulfillments,
        change.fulfillments.iter().cloned(),
        change.version.as_ref(),
    );
    put(
        &mut after.refunds,
        change.refunds.iter().cloned(),
        change.version.as_ref(),
    );
    after.round();
    after.derive(base);
    after
}

/// The order if what is told of itself counts.
fn told(before: &Order, change: &Change, customer: Patch<CustomerId>, speaker: Speaker) -> Order {
    let mut told = before.clone();
    let at = change.at(speaker);
    change.core.apply(&mut told.core);
    let core = &mut told.core;
    if let Patch::Set(status) = change.core.stated_status {
        if status == OrderStatus::Cancelled {
            core.cancelled_at.get_or_insert(at);
        } else if status.progress().is_some() && change.core.cancelled_at.is_keep() {
            core.cancelled_at = None;
        }
    }
    if let Some(lines) = &change.lines {
        told.lines.clone_from(lines);
        if change.core.subtotal.is_keep() {
            core.subtotal = lines.iter().map(|line| line.total).sum();
        }
        if change.core.discount_total.is_keep() {
            core.discount_total = lines.iter().map(|line| line.discount).sum();
        }
        if change.core.tax_total.is_keep() {
            core.tax_total = lines.iter().map(|line| line.tax).sum();
        }
        if change.core.total.is_keep() {
            core.total = core.subtotal + core.shipping_total + core.tax_total;
        }
    }
    core.placed_at.get_or_insert(at);
    customer.apply(&mut told.customer_id);
    if let Some(version) = &change.version {
        told.source_version = Some(version.at);
        told.source_sequence = Some(version.sequence.clone());
    }
    told.is_known = true;
    told.round();
    told
}

/// Keeps a status that was said: also one that arrives late, for the history.
fn state(after: &mut Order, before: &Order, change: &Change, speaker: Speaker) {
    let Patch::Set(status) = change.core.stated_status else {
        return;
    };
    // Told again it is nothing new, wherever its parts have brought it since.
    let is_again = before.derived.status == status || before.core.stated_status == Some(status);
    if change.version.is_none() && before.is_known && is_again {
        return;
    }
    let at = change.at(speaker);
    let status = status.as_str().to_owned();
    let known = |one: &Stated| one.at == at && one.status == status;
    if after.stated_changes.iter().any(known) || after.stated_changes.len() >= MOST_STATED {
        return;
    }
    after.stated_changes.push(Stated {
        at,
        status,
        actor_kind: speaker.actor.kind().to_owned(),
        actor_id: speaker.actor.id(),
    });
    after
        .stated_changes
        .sort_by(|one, other| (one.at, &one.status).cmp(&(other.at, &other.status)));
}

/// Most statuses of an order that were said and are kept.
const MOST_STATED: usize = 200;

/// Puts parts where they belong, each by its own version.
fn put<P: Part>(known: &mut Vec<P>, told: impl Iterator<Item = P>, version: Option<&SourceVersion>) {
    for mut part in told {
        let new = part.version().or_else(|| version.cloned());
        part.set_version(new.clone());
        match known
            .iter_mut()
            .find(|one| one.external_id() == part.external_id())
        {
            None => known.push(part),
            Some(old) => {
                let version = old.version();
                if replaces(new.as_ref(), version.as_ref(), || (claim(&part), claim(old))) {
                    if new.is_none() {
                        part.set_version(version);
                    }
                    *old = part;
                }
            }
        }
    }
    known.sort_by(|one, other| one.external_id().cmp(other.external_id()));
}

/// What two that claim to be the same version are compared by.
fn content(order: &Order) -> String {
    json(&(&order.core, &order.lines))
}

/// The same of parts: sums first, in so many digits that they sort as numbers.
fn claim<P: Part>(part: &P) -> String {
    let sum = part.sum_of_file().map(|sum| format!("{sum:030.4}"));
    sum.unwrap_or_default() + &json(part)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Half to even, at most so many digits.
pub(super) fn rounded(amount: Decimal, digits: u32) -> Decimal {
    amount
        .round_dp_with_strategy(digits, RoundingStrategy::MidpointNearestEven)
        .normalize()
}

/// An amount in the organization's currency; none if that is too much to be kept.
pub fn total_in_base(amount: Decimal, rate: Decimal, base: Currency) -> Option<Decimal> {
    amount
        .checked_mul(rate)
        .map(|amount| rounded(amount, base.digits()))
        .filter(|amount| *amount < Decimal::from(MOST))
}

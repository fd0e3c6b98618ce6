//! An order as kept, and what follows from its parts: where it stands, and what it adds to its customer's figures.

use chrono::{DateTime, Utc};
use regulars_customers::model::Choice as _;
use regulars_kernel::{
    Currency,
    ids::{CustomerId, OrderId},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Address, BY_FILE, Fulfillment, FulfillmentState, FulfillmentStatus, Line, NamedAmount, OrderStatus,
    Payment, PaymentKind, PaymentState, PaymentStatus, Refund, SourceVersion,
    merge::{rounded, total_in_base},
    status::further,
};

/// An order.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Order {
    pub id: OrderId,
    pub version: i32,
    pub source: String,
    pub external_id: String,
    pub customer_id: Option<CustomerId>,
    pub is_known: bool,
    pub source_version: Option<DateTime<Utc>>,
    pub source_sequence: Option<String>,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub core: Core,
    #[sqlx(json)]
    pub stated_changes: Vec<Stated>,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub derived: Derived,
    pub told: Vec<String>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    #[sqlx(skip)]
    pub lines: Vec<Line>,
    #[serde(skip)]
    #[sqlx(skip)]
    pub payments: Vec<Payment>,
    #[serde(skip)]
    #[sqlx(skip)]
    pub fulfillments: Vec<Fulfillment>,
    #[serde(skip)]
    #[sqlx(skip)]
    pub refunds: Vec<Refund>,
}

/// Its own fields: with its lines one group, of one version.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Core {
    pub number: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub note: Option<String>,
    pub tags: Vec<String>,
    pub channel: Option<String>,
    pub is_test: bool,
    pub currency: Currency,
    pub exchange_rate: Option<Decimal>,
    pub subtotal: Decimal,
    pub discount_total: Decimal,
    pub shipping_total: Decimal,
    pub tax_total: Decimal,
    pub total: Decimal,
    #[sqlx(json)]
    pub discounts: Vec<NamedAmount>,
    #[sqlx(json)]
    pub taxes: Vec<NamedAmount>,
    #[sqlx(json)]
    pub shipping_lines: Vec<NamedAmount>,
    #[sqlx(json(nullable))]
    pub billing_address: Option<Address>,
    #[sqlx(json(nullable))]
    pub shipping_address: Option<Address>,
    pub placed_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub cancel_reason: Option<String>,
    pub closed_at: Option<DateTime<Utc>>,
    pub stated_status: Option<OrderStatus>,
    pub stated_payment_status: Option<PaymentStatus>,
    pub stated_fulfillment_status: Option<FulfillmentStatus>,
}

impl Core {
    /// Nothing yet.
    pub fn blank(currency: Currency) -> Self {
        Self {
            number: None,
            email: None,
            phone: None,
            note: None,
            tags: Vec::new(),
            channel: None,
            is_test: false,
            currency,
            exchange_rate: None,
            subtotal: Decimal::ZERO,
            discount_total: Decimal::ZERO,
            shipping_total: Decimal::ZERO,
            tax_total: Decimal::ZERO,
            total: Decimal::ZERO,
            discounts: Vec::new(),
            taxes: Vec::new(),
            shipping_lines: Vec::new(),
            billing_address: None,
            shipping_address: None,
            placed_at: None,
            cancelled_at: None,
            cancel_reason: None,
            closed_at: None,
            stated_status: None,
            stated_payment_status: None,
            stated_fulfillment_status: None,
        }
    }
}

/// A status that was said outright.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "who said what, and when")]
pub struct Stated {
    pub at: DateTime<Utc>,
    pub status: String,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
}

/// What follows from the rest.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Derived {
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    pub fulfillment_status: FulfillmentStatus,
    pub counts: bool,
    pub items: i32,
    pub refunded_total: Decimal,
    pub base_currency: Option<Currency>,
    pub total_base: Option<Decimal>,
    pub refunded_base: Option<Decimal>,
}

impl Derived {
    fn blank() -> Self {
        Self {
            status: OrderStatus::Pending,
            payment_status: PaymentStatus::Pending,
            fulfillment_status: FulfillmentStatus::Unfulfilled,
            counts: false,
            items: 0,
            refunded_total: Decimal::ZERO,
            base_currency: None,
            total_base: None,
            refunded_base: None,
        }
    }
}

impl Order {
    /// An order of which nothing was told yet.
    pub fn blank(source: &str, external_id: &str, base: Currency, now: DateTime<Utc>) -> Self {
        Self {
            id: OrderId::new(),
            version: 1,
            source: source.to_owned(),
            external_id: external_id.to_owned(),
            customer_id: None,
            is_known: false,
            source_version: None,
            source_sequence: None,
            core: Core::blank(base),
            stated_changes: Vec::new(),
            derived: Derived::blank(),
            told: Vec::new(),
            deleted_at: None,
            created_at: now,
            updated_at: now,
            lines: Vec::new(),
            payments: Vec::new(),
            fulfillments: Vec::new(),
            refunds: Vec::new(),
        }
    }

    /// The version that its own fields are from.
    pub fn core_version(&self) -> Option<SourceVersion> {
        SourceVersion::from_columns(self.source_version, self.source_sequence.clone())
    }

    /// Leaves of a deleted order no more than that it was deleted, so that what arrives before or after makes no difference.
    pub fn bury(&mut self, base: Currency, at: DateTime<Utc>) {
        let blank = Self::blank(&self.source, &self.external_id, base, self.created_at);
        *self = Self {
            id: self.id,
            version: self.version,
            updated_at: self.updated_at,
            deleted_at: Some(at),
            ..blank
        };
    }

    /// Reckons what follows from the rest, in the organization's currency.
    pub fn derive(&mut self, base: Currency) {
        let refunded = self.refunded();
        let payment_status = further(
            self.paid_so_far(refunded),
            self.core.stated_payment_status,
            PaymentStatus::ALL,
        );
        let fulfillment_status = further(
            self.sent_so_far(),
            self.core.stated_fulfillment_status,
            FulfillmentStatus::ALL,
        );
        let rate = if self.core.currency == base {
            Some(Decimal::ONE)
        } else {
            self.core.exchange_rate
        };
        let in_base = |amount| rate.and_then(|rate| total_in_base(amount, rate, base));
        let (total_base, refunded_base) = match (in_base(self.core.total), in_base(refunded)) {
            (Some(total), Some(refunded)) => (Some(total), Some(refunded)),
            _ => (None, None),
        };
        self.derived = Derived {
            status: self.status(payment_status, fulfillment_status, refunded),
            payment_status,
            fulfillment_status,
            counts: self.is_known
                && !self.core.is_test
                && self.core.cancelled_at.is_none()
                && self.deleted_at.is_none(),
            items: self
                .lines
                .iter()
                .fold(0, |sum: i32, line| sum.saturating_add(line.current_quantity)),
            refunded_total: refunded,
            base_currency: total_base.map(|_| base),
            total_base,
            refunded_base,
        };
    }

    /// Refunds, or what was paid back where no refund says so.
    fn refunded(&self) -> Decimal {
        let refunds: Decimal = self.refunds.iter().map(|refund| refund.amount).sum();
        rounded(
            refunds.max(self.paid_by(&[PaymentKind::Refund, PaymentKind::Chargeback])),
            self.core.currency.digits(),
        )
    }

    /// Its payments without tests, unless it is one itself.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Payment> {
        self.payments
            .iter()
            .filter(|payment| !payment.is_test || self.core.is_test)
    }

    /// What succeeded of these kinds, in the order's currency. The order's source, its files and payment providers may tell
    /// of the same money, so they are summed apart.
    pub(super) fn paid_by(&self, kinds: &[PaymentKind]) -> Decimal {
        let (mut own, mut file, mut others) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for payment in self
            .counted()
            .filter(|payment| payment.state == PaymentState::Succeeded && kinds.contains(&payment.kind))
            .filter(|payment| payment.currency == self.core.currency)
        {
            *match payment.told_by.as_deref() {
                None => &mut own,
                Some(BY_FILE) => &mut file,
                Some(_) => &mut others,
            } += payment.amount;
        }
        own.max(file).max(others)
    }

    fn paid_so_far(&self, refunded: Decimal) -> PaymentStatus {
        let captured = self.paid_by(&[PaymentKind::Sale, PaymentKind::Capture]);
        let succeeded = |kind| {
            self.counted()
                .any(|payment| payment.kind == kind && payment.state == PaymentState::Succeeded)
        };
        let total = self.core.total;
        if refunded > Decimal::ZERO && refunded >= if total > Decimal::ZERO { total } else { captured } {
            PaymentStatus::Refunded
        } else if refunded > Decimal::ZERO {
            PaymentStatus::PartiallyRefunded
        } else if captured > Decimal::ZERO && captured >= total {
            PaymentStatus::Paid
        } else if captured > Decimal::ZERO {
            PaymentStatus::PartiallyPaid
        } else if succeeded(PaymentKind::Void) {
            PaymentStatus::Voided
        } else if succeeded(PaymentKind::Authorization) {
            PaymentStatus::Authorized
        } else if self
            .counted()
            .any(|payment| payment.state == PaymentState::Failed && payment.is_payment())
        {
            PaymentStatus::Failed
        } else {
            PaymentStatus::Pending
        }
    }

    fn sent_so_far(&self) -> FulfillmentStatus {
        let sent: Vec<_> = self.fulfillments.iter().filter(|one| one.is_sent()).collect();
        if sent.is_empty() {
            return FulfillmentStatus::Unfulfilled;
        }
        let wanted: i64 = self
            .lines
            .iter()
            .filter(|line| line.requires_shipping)
            .map(|line| i64::from(line.current_quantity))
            .sum();
        let counted: i64 = sent
            .iter()
            .flat_map(|one| &one.lines)
            .map(|line| i64::from(line.quantity))
            .sum();
        if counted >= wanted || sent.iter().any(|one| one.lines.is_empty()) {
            FulfillmentStatus::Fulfilled
        } else {
            FulfillmentStatus::Partial
        }
    }

    fn status(
        &self,
        payment: PaymentStatus,
        fulfillment: FulfillmentStatus,
        refunded: Decimal,
    ) -> OrderStatus {
        let stated = self.core.stated_status;
        if self.core.cancelled_at.is_some() {
            return match stated {
                Some(OrderStatus::Refunded) => OrderStatus::Refunded,
                _ => OrderStatus::Cancelled,
            };
        }
        if let Some(end) = stated.filter(|status| status.progress().is_none()) {
            return end;
        }
        if self.core.total > Decimal::ZERO && refunded >= self.core.total {
            return OrderStatus::Refunded;
        }
        let all_there = self
            .fulfillments
            .iter()
            .filter(|one| one.is_sent())
            .all(|one| one.state == FulfillmentState::Delivered);
        let follows = if self.core.closed_at.is_some() {
            OrderStatus::Completed
        } else {
            match fulfillment {
                FulfillmentStatus::Fulfilled if all_there && !self.fulfillments.is_empty() => {
                    OrderStatus::Delivered
                }
                FulfillmentStatus::Fulfilled => OrderStatus::Shipped,
                FulfillmentStatus::Partial => OrderStatus::PartiallyShipped,
                FulfillmentStatus::Unfulfilled
                    if payment.was_paid() || payment == PaymentStatus::Authorized =>
                {
                    OrderStatus::Confirmed
                }
                FulfillmentStatus::Unfulfilled => OrderStatus::Pending,
            }
        };
        further(follows, stated, OrderStatus::ALL)
    }

    /// Gives amounts that were read the digits that they need, as those have that are told: contents are compared.
    pub fn normalize(&mut self) {
        self.round();
        self.core.exchange_rate = self.core.exchange_rate.map(|rate| rate.normalize());
        for payment in &mut self.payments {
            payment.amount = payment.amount.normalize();
        }
        for refund in &mut self.refunds {
            refund.amount = refund.amount.normalize();
        }
    }

    /// Rounds what was told in a currency of fewer digits.
    pub(super) fn round(&mut self) {
        let digits = self.core.currency.digits();
        let core = &mut self.core;
        for amount in [
            &mut core.subtotal,
            &mut core.discount_total,
            &mut core.shipping_total,
            &mut core.tax_total,
            &mut core.total,
        ] {
            *amount = rounded(*amount, digits);
        }
        for list in [&mut core.discounts, &mut core.taxes, &mut core.shipping_lines] {
            for named in list {
                named.amount = rounded(named.amount, digits);
            }
        }
        for line in &mut self.lines {
            for amount in [
                &mut line.price,
                &mut line.discount,
                &mut line.tax,
                &mut line.total,
            ] {
                *amount = rounded(*amount, digits);
            }
        }
    }
}

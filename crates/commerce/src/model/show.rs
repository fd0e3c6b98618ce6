//! An order as the API gives it: in a list, and whole with its history.

use chrono::{DateTime, Utc};
use regulars_customers::model::Choice as _;
use regulars_kernel::{
    Money, clock,
    ids::{CustomerId, OrderId},
};
use rust_decimal::Decimal;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Address, Amounts, Fulfillment, FulfillmentState, FulfillmentStatus, LineQuantity, NamedAmount, Order,
    OrderStatus, Part as _, PaymentKind, PaymentState, PaymentStatus, SourceVersion, order::Core,
};

/// An order in a list.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = OrderRow)]
pub struct OrderRow {
    /// Its id.
    pub id: OrderId,
    /// Rises with each change; the ETag.
    #[schema(example = 3)]
    pub version: i32,
    /// The shop it is from.
    #[schema(example = "shopify")]
    pub source: String,
    /// Its id there.
    #[schema(example = "450789469")]
    pub external_id: String,
    /// What people call it.
    #[schema(example = "#1001")]
    pub number: Option<String>,
    /// Whose it is, if that is known.
    pub customer_id: Option<CustomerId>,
    /// As it was given with the order.
    #[schema(example = "ada@example.com")]
    pub email: Option<String>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its payment stands.
    pub payment_status: PaymentStatus,
    /// How much of it was sent.
    pub fulfillment_status: FulfillmentStatus,
    /// What is to be paid.
    pub total: Money,
    /// What was paid back.
    pub refunded: Money,
    /// The total in the organization's currency, if the rate is known.
    pub total_in_base: Option<Money>,
    /// How many things, without those that were taken off or came back.
    #[schema(example = 2)]
    pub items: i32,
    /// A test counts nowhere.
    pub is_test: bool,
    /// When it was ordered.
    pub placed_at: Option<DateTime<Utc>>,
    /// When it was cancelled.
    #[schema(example = json!(null))]
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When it was first told of here.
    #[serde(serialize_with = "clock::serialize")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed here.
    #[serde(serialize_with = "clock::serialize")]
    pub updated_at: DateTime<Utc>,
}

/// An order with everything that hangs on it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Order)]
#[expect(missing_docs, reason = "the names say it; what they do not say stands there")]
pub struct OrderJson {
    #[serde(flatten)]
    pub row: OrderRow,
    /// The version of its source that its own fields are from.
    pub source_version: Option<SourceVersion>,
    #[schema(example = "+4930123456")]
    pub phone: Option<String>,
    #[schema(example = "Ring twice.")]
    pub note: Option<String>,
    #[schema(example = json!(["gift"]))]
    pub tags: Vec<String>,
    /// Where it was sold.
    #[schema(example = "web")]
    pub channel: Option<String>,
    /// What one of its currency is worth in the organization's.
    #[schema(example = json!(null))]
    pub exchange_rate: Option<String>,
    pub subtotal: Money,
    pub discount_total: Money,
    pub shipping_total: Money,
    pub tax_total: Money,
    pub discounts: Vec<Amounts>,
    pub taxes: Vec<Amounts>,
    pub shipping_lines: Vec<Amounts>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    #[schema(example = json!(null))]
    pub cancel_reason: Option<String>,
    /// When nothing was left to do.
    #[schema(example = json!(null))]
    pub closed_at: Option<DateTime<Utc>>,
    pub lines: Vec<LineJson>,
    pub payments: Vec<PaymentJson>,
    pub fulfillments: Vec<FulfillmentJson>,
    pub refunds: Vec<RefundJson>,
    /// Where it stood, and since when.
    pub history: Vec<StatusChange>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = OrderLine)]
pub struct LineJson {
    #[schema(example = "1")]
    pub external_id: Option<String>,
    #[schema(example = "7")]
    pub product_external_id: Option<String>,
    #[schema(example = "71")]
    pub variant_external_id: Option<String>,
    #[schema(example = "SHOE-38")]
    pub sku: Option<String>,
    #[schema(example = "Shoes")]
    pub title: String,
    #[schema(example = "38")]
    pub variant_title: Option<String>,
    #[schema(example = "Acme")]
    pub brand: Option<String>,
    #[schema(example = "shoes")]
    pub category: Option<String>,
    #[schema(example = 1)]
    pub quantity: i32,
    #[schema(example = 1)]
    pub current_quantity: i32,
    pub price: Money,
    pub discount: Money,
    pub tax: Money,
    pub total: Money,
    pub gift_card: bool,
    pub requires_shipping: bool,
}

/// A payment of an order.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = OrderPayment)]
pub struct PaymentJson {
    #[schema(example = "1")]
    pub external_id: String,
    pub source_version: Option<SourceVersion>,
    pub kind: PaymentKind,
    pub state: PaymentState,
    pub amount: Money,
    #[schema(example = "stripe")]
    pub gateway: Option<String>,
    #[schema(example = "visa")]
    pub method: Option<String>,
    #[schema(example = json!(null))]
    pub failure_code: Option<String>,
    #[schema(example = json!(null))]
    pub failure_reason: Option<String>,
    pub processed_at: Option<DateTime<Utc>>,
    /// The payment provider that says so; null: the order's own source.
    #[schema(example = json!(null))]
    pub told_by: Option<String>,
    /// The payment provider's own id of it.
    #[schema(example = json!(null))]
    pub reference: Option<String>,
    /// A test counts on orders alone that are tests.
    pub is_test: bool,
}

/// A fulfilment of an order.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = OrderFulfillment)]
pub struct FulfillmentJson {
    #[schema(example = "1")]
    pub external_id: String,
    pub source_version: Option<SourceVersion>,
    pub state: FulfillmentState,
    #[schema(example = "DHL")]
    pub tracking_company: Option<String>,
    #[schema(example = json!(["00340434161094042557"]))]
    pub tracking_numbers: Vec<String>,
    #[schema(example = json!([]))]
    pub tracking_urls: Vec<String>,
    pub shipped_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub lines: Vec<LineQuantity>,
}

/// A refund of an order.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = OrderRefund)]
pub struct RefundJson {
    #[schema(example = "1")]
    pub external_id: String,
    pub source_version: Option<SourceVersion>,
    pub amount: Money,
    #[schema(example = "too small")]
    pub reason: Option<String>,
    pub restock: bool,
    /// The ids of the payments by which the money went back, as far as that was told.
    #[schema(example = json!(["389404469"]))]
    pub payments: Vec<String>,
    pub refunded_at: Option<DateTime<Utc>>,
    pub lines: Vec<LineQuantity>,
}

/// Where an order stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = OrderStatusChange)]
pub struct StatusChange {
    /// Where it was before; none at the beginning.
    pub from: Option<OrderStatus>,
    /// Where it went.
    pub to: OrderStatus,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it is no move that orders usually make; that of another system is taken all the same.
    pub unusual: bool,
    /// Who said so: `user`, `key` or `system`; null where it follows from payments, fulfilments or refunds.
    #[schema(example = "key")]
    pub actor_kind: Option<String>,
    /// Which user or key.
    pub actor_id: Option<Uuid>,
}

/// When an order was where, and who said so outright.
type Moment = (DateTime<Utc>, OrderStatus, Option<(String, Option<Uuid>)>);

impl Core {
    /// Money of the order's currency: amounts that are kept always are.
    pub(super) fn money(&self, amount: Decimal) -> Money {
        Money::new(
            super::merge::rounded(amount, self.currency.digits()),
            self.currency,
        )
        .unwrap_or_else(|_| Money::zero(self.currency))
    }
}

impl Order {
    /// As it stands in a list.
    pub fn row(&self) -> OrderRow {
        let (core, derived) = (&self.core, &self.derived);
        OrderRow {
            id: self.id,
            version: self.version,
            source: self.source.clone(),
            external_id: self.external_id.clone(),
            number: core.number.clone(),
            customer_id: self.customer_id,
            email: core.email.clone(),
            status: derived.status,
            payment_status: derived.payment_status,
            fulfillment_status: derived.fulfillment_status,
            total: core.money(core.total),
            refunded: core.money(derived.refunded_total),
            total_in_base: derived
                .total_base
                .zip(derived.base_currency)
                .and_then(|(amount, currency)| Money::new(amount, currency).ok()),
            items: derived.items,
            is_test: core.is_test,
            placed_at: core.placed_at,
            cancelled_at: core.cancelled_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// As it stands alone.
    pub fn show(&self) -> OrderJson {
        let core = &self.core;
        let money = |amount| core.money(amount);
        let amounts = |list: &[NamedAmount]| {
            list.iter()
                .map(|one| Amounts {
                    name: one.name.clone(),
                    amount: money(one.amount),
                })
                .collect()
        };
        OrderJson {
            row: self.row(),
            source_version: self.core_version(),
            phone: core.phone.clone(),
            note: core.note.clone(),
            tags: core.tags.clone(),
            channel: core.channel.clone(),
            exchange_rate: core.exchange_rate.map(|rate| rate.normalize().to_string()),
            subtotal: money(core.subtotal),
            discount_total: money(core.discount_total),
            shipping_total: money(core.shipping_total),
            tax_total: money(core.tax_total),
            discounts: amounts(&core.discounts),
            taxes: amounts(&core.taxes),
            shipping_lines: amounts(&core.shipping_lines),
            billing_address: core.billing_address.clone(),
            shipping_address: core.shipping_address.clone(),
            cancel_reason: core.cancel_reason.clone(),
            closed_at: core.closed_at,
            lines: self.show_lines(),
            payments: self.show_payments(),
            fulfillments: self.fulfillments.iter().map(show_fulfillment).collect(),
            refunds: self
                .refunds
                .iter()
                .map(|one| RefundJson {
                    external_id: one.external_id.clone(),
                    source_version: one.version(),
                    amount: money(one.amount),
                    reason: one.reason.clone(),
                    restock: one.restock,
                    payments: one.payments.clone(),
                    refunded_at: one.refunded_at,
                    lines: one.lines.clone(),
                })
                .collect(),
            history: self.history(),
        }
    }

    fn show_lines(&self) -> Vec<LineJson> {
        let money = |amount| self.core.money(amount);
        let show = |one: &super::Line| LineJson {
            external_id: one.external_id.clone(),
            product_external_id: one.product_external_id.clone(),
            variant_external_id: one.variant_external_id.clone(),
            sku: one.sku.clone(),
            title: one.title.clone(),
            variant_title: one.variant_title.clone(),
            brand: one.brand.clone(),
            category: one.category.clone(),
            quantity: one.quantity,
            current_quantity: one.current_quantity,
            price: money(one.price),
            discount: money(one.discount),
            tax: money(one.tax),
            total: money(one.total),
            gift_card: one.gift_card,
            requires_shipping: one.requires_shipping,
        };
        self.lines.iter().map(show).collect()
    }

    fn show_payments(&self) -> Vec<PaymentJson> {
        let show = |one: &super::Payment| PaymentJson {
            external_id: one.external_id.clone(),
            source_version: one.version(),
            kind: one.kind,
            state: one.state,
            amount: Core::blank(one.currency).money(one.amount),
            gateway: one.gateway.clone(),
            method: one.method.clone(),
            failure_code: one.failure_code.clone(),
            failure_reason: one.failure_reason.clone(),
            processed_at: one.processed_at,
            told_by: one.told_by.clone(),
            reference: one.reference.clone(),
            is_test: one.is_test,
        };
        self.payments.iter().map(show).collect()
    }

    /// Where it stood, from what is known of when things happened and not from when they were told.
    pub fn history(&self) -> Vec<StatusChange> {
        let mut moments: Vec<Moment> = Vec::new();
        let mut add = |at: Option<DateTime<Utc>>, status| {
            moments.extend(at.map(|at| (at, status, None)));
        };
        add(self.core.placed_at, OrderStatus::Pending);
        add(self.paid_at(), OrderStatus::Confirmed);
        let mut sent: Vec<_> = self.fulfillments.iter().filter(|one| one.is_sent()).collect();
        sent.sort_by_key(|one| one.shipped_at);
        let all = self.derived.fulfillment_status == FulfillmentStatus::Fulfilled;
        for (index, one) in sent.iter().enumerate() {
            let last = all && index + 1 == sent.len();
            let status = if last {
                OrderStatus::Shipped
            } else {
                OrderStatus::PartiallyShipped
            };
            add(one.shipped_at, status);
        }
        if all && sent.iter().all(|one| one.state == FulfillmentState::Delivered) {
            add(
                sent.iter().filter_map(|one| one.delivered_at).max(),
                OrderStatus::Delivered,
            );
        }
        add(self.core.closed_at, OrderStatus::Completed);
        add(self.core.cancelled_at, OrderStatus::Cancelled);
        if self.derived.status == OrderStatus::Refunded {
            add(
                self.refunds.iter().filter_map(|one| one.refunded_at).max(),
                OrderStatus::Refunded,
            );
        }
        for stated in &self.stated_changes {
            if let Ok(status) = OrderStatus::parse(&stated.status) {
                moments.push((
                    stated.at,
                    status,
                    Some((stated.actor_kind.clone(), stated.actor_id)),
                ));
            }
        }
        moments.sort_by_key(|(at, status, _)| (*at, status.progress().unwrap_or(usize::MAX)));
        let mut history: Vec<StatusChange> = Vec::new();
        // How far the parts alone had brought it.
        let mut followed: Option<OrderStatus> = None;
        for (at, to, who) in moments {
            let is_behind = |other: OrderStatus| matches!((to.progress(), other.progress()), (Some(to), Some(other)) if to < other);
            let to = match (&who, followed) {
                // What is said does not take back what its parts show; see `Order::status`.
                (Some(_), Some(parts)) if is_behind(parts) => parts,
                (None, parts) if !parts.is_some_and(is_behind) => {
                    followed = Some(to);
                    to
                }
                _ => to,
            };
            let from = history.last().map(|change: &StatusChange| change.to);
            let back = |from: OrderStatus| match (from.progress(), to.progress()) {
                (Some(from), Some(to)) => to <= from,
                (None, Some(_)) => true,
                (_, None) => from == to,
            };
            // What only follows never leads back; what was said may, as far as it says something new.
            if from == Some(to) || (who.is_none() && from.is_some_and(back)) {
                continue;
            }
            // What only follows leaves out steps of which no time is known, such as when it was paid: to go on past them is not unusual.
            let leaves_out = |from: OrderStatus| {
                let goes_on = from.progress().is_some() && to.progress().is_some();
                who.is_none() && (goes_on || from == OrderStatus::Pending)
            };
            history.push(StatusChange {
                from,
                to,
                at,
                unusual: from.is_some_and(|from| !from.may_become(to) && !leaves_out(from)),
                actor_kind: who.as_ref().map(|(kind, _)| kind.clone()),
                actor_id: who.and_then(|(_, id)| id),
            });
        }
        history
    }
}

fn show_fulfillment(one: &Fulfillment) -> FulfillmentJson {
    FulfillmentJson {
        external_id: one.external_id.clone(),
        source_version: one.version(),
        state: one.state,
        tracking_company: one.tracking_company.clone(),
        tracking_numbers: one.tracking_numbers.clone(),
        tracking_urls: one.tracking_urls.clone(),
        shipped_at: one.shipped_at,
        delivered_at: one.delivered_at,
        lines: one.lines.clone(),
    }
}

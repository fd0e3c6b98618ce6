//! What statuses, amounts and sources of orders and carts are called and how they are coloured.

use maud::{Markup, html};
use regulars_commerce::model::{
    CartState, FulfillmentState, FulfillmentStatus, OrderStatus, PaymentKind, PaymentState, PaymentStatus,
    ProductStatus,
};
use regulars_customers::model::Choice;
use regulars_kernel::{Currency, Money};
use regulars_web::pages::{Locale, Tone, badge, format};
use rust_decimal::Decimal;

/// Where an order stands.
pub fn order_status(status: OrderStatus) -> Markup {
    let tone = match status {
        OrderStatus::Pending => Tone::Violet,
        OrderStatus::Confirmed | OrderStatus::Processing => Tone::Blue,
        OrderStatus::PartiallyShipped | OrderStatus::Shipped => Tone::Teal,
        OrderStatus::Delivered | OrderStatus::Completed => Tone::Green,
        OrderStatus::Cancelled => Tone::Red,
        OrderStatus::Returned => Tone::Orange,
        OrderStatus::Refunded => Tone::Neutral,
    };
    badge(&plain(status), tone)
}

/// Where its payment stands.
pub fn payment_status(status: PaymentStatus) -> Markup {
    let tone = match status {
        PaymentStatus::Pending => Tone::Violet,
        PaymentStatus::Failed => Tone::Red,
        PaymentStatus::Authorized => Tone::Blue,
        PaymentStatus::PartiallyPaid => Tone::Amber,
        PaymentStatus::Paid => Tone::Green,
        PaymentStatus::PartiallyRefunded => Tone::Orange,
        PaymentStatus::Voided | PaymentStatus::Refunded => Tone::Neutral,
    };
    badge(&payment_words(status), tone)
}

/// The same as text: beside an order's status it must say what is pending or failed.
fn payment_words(status: PaymentStatus) -> String {
    match status {
        PaymentStatus::Pending => "payment pending".to_owned(),
        PaymentStatus::Failed => "payment failed".to_owned(),
        PaymentStatus::Voided => "payment voided".to_owned(),
        other => plain(other),
    }
}

/// How much of it was sent.
pub fn fulfillment_status(status: FulfillmentStatus) -> Markup {
    let (words, tone) = match status {
        FulfillmentStatus::Unfulfilled => ("unfulfilled", Tone::Amber),
        FulfillmentStatus::Partial => ("partly fulfilled", Tone::Blue),
        FulfillmentStatus::Fulfilled => ("fulfilled", Tone::Green),
    };
    badge(words, tone)
}

/// What became of a payment.
pub(crate) fn payment_state(state: PaymentState) -> Markup {
    let tone = match state {
        PaymentState::Pending => Tone::Violet,
        PaymentState::Succeeded => Tone::Green,
        PaymentState::Failed => Tone::Red,
        PaymentState::Cancelled => Tone::Neutral,
    };
    badge(&plain(state), tone)
}

/// What a payment does.
pub(crate) fn payment_kind(kind: PaymentKind) -> &'static str {
    match kind {
        PaymentKind::Sale => "Payment",
        PaymentKind::Authorization => "Authorization",
        PaymentKind::Capture => "Capture",
        PaymentKind::Void => "Void",
        PaymentKind::Refund => "Refund",
        PaymentKind::Chargeback => "Dispute",
    }
}

/// What became of a fulfilment.
pub(crate) fn fulfillment_state(state: FulfillmentState) -> Markup {
    let tone = match state {
        FulfillmentState::Pending => Tone::Violet,
        FulfillmentState::Shipped => Tone::Teal,
        FulfillmentState::Delivered => Tone::Green,
        FulfillmentState::Failed => Tone::Red,
        FulfillmentState::Cancelled => Tone::Neutral,
    };
    badge(&plain(state), tone)
}

/// Where a cart stands.
pub(crate) fn cart_state(state: CartState) -> Markup {
    let (words, tone) = match state {
        CartState::Open => ("open", Tone::Blue),
        CartState::Empty => ("empty", Tone::Neutral),
        CartState::Checkout => ("at the checkout", Tone::Violet),
        CartState::Abandoned => ("abandoned", Tone::Amber),
        CartState::Converted => ("became an order", Tone::Green),
    };
    badge(words, tone)
}

/// Whether a product is for sale.
pub(crate) fn product_status(status: ProductStatus) -> Markup {
    let tone = match status {
        ProductStatus::Active => Tone::Green,
        ProductStatus::Draft => Tone::Violet,
        ProductStatus::Archived => Tone::Neutral,
    };
    badge(status.as_str(), tone)
}

/// `partially_paid` reads "partially paid".
pub(crate) fn plain(choice: impl Choice) -> String {
    choice.as_str().replace('_', " ")
}

/// `partially_paid` reads "Partially paid", `shopify` "Shopify".
pub fn sentence(name: &str) -> String {
    format::capitalized(&name.replace(['_', '.'], " "))
}

/// Money, as people of the organization write it.
pub fn money(money: &Money, locale: Locale) -> String {
    amount(money.amount(), money.currency(), locale)
}

/// An amount of a currency.
pub(crate) fn amount(amount: Decimal, currency: Currency, locale: Locale) -> String {
    format::money(amount, currency.as_str(), locale)
}

/// "1 item", "12 items".
pub(crate) fn counted(count: i64, one: &str, several: &str, locale: Locale) -> String {
    let noun = if count == 1 { one } else { several };
    format!("{} {noun}", format::integer(count, locale))
}

/// What an order is called: its number, or its id where it came from.
pub(crate) fn name<'a>(number: Option<&'a str>, external_id: &'a str) -> &'a str {
    number.filter(|number| !number.is_empty()).unwrap_or(external_id)
}

/// That it is no real order.
pub(crate) fn test_mark(is_test: bool) -> Markup {
    html! { @if is_test { (badge("test", Tone::Amber)) } }
}

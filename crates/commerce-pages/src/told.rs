//! What happened to orders, carts, wishlists and store credit, in words for a timeline.

use maud::{Markup, html};
use regulars_kernel::Currency;
use regulars_web::pages::{Icon, Locale, Tone, external_link};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use crate::words;

/// How an event of an order, a cart, a wishlist or store credit is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// A picture.
    pub icon: Icon,
    /// Its colour.
    pub tone: Tone,
    /// What it is called, and its page unless it is deleted.
    pub order: (String, Option<String>),
    /// What became of it: "was paid".
    pub title: String,
    /// More about it.
    pub text: String,
    /// Ways to follow a shipment.
    pub detail: Markup,
}

/// Tells an event by its kind and data, if it is one of these.
pub fn tell(kind: &str, data: &Value, locale: Locale) -> Option<Told> {
    if kind.starts_with("cart.") || kind == "checkout.started" {
        return tell_cart(kind, data, locale);
    }
    if kind.starts_with("wishlist.") {
        return tell_wishes(kind, data);
    }
    if kind.starts_with("store_credit.") {
        return tell_credit(kind, data, locale);
    }
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let money = |name: &str| amount(&data[name], locale);
    let (icon, tone, title, more) = match kind {
        "order.placed" => (
            Icon::Orders,
            Tone::Blue,
            "placed",
            vec![money("total"), text("title")],
        ),
        "order.paid" => (Icon::Payment, Tone::Green, "paid", vec![money("total")]),
        "order.shipped" => (Icon::Shipment, Tone::Teal, "shipped", vec![shipment(data)]),
        "order.delivered" => (Icon::Check, Tone::Green, "delivered", vec![shipment(data)]),
        "order.cancelled" => (
            Icon::Close,
            Tone::Red,
            "cancelled",
            vec![money("total"), text("reason")],
        ),
        "order.refunded" => (
            Icon::Refund,
            Tone::Orange,
            "refunded",
            vec![money("amount"), text("reason")],
        ),
        "order.updated" => (Icon::Edit, Tone::Blue, "changed", Vec::new()),
        "order.deleted" => (Icon::Trash, Tone::Red, "deleted", vec![money("total")]),
        "payment.failed" => {
            let reason = Some(text("reason")).filter(|reason| !reason.is_empty());
            let more = vec![money("amount"), reason.unwrap_or_else(|| text("code"))];
            (Icon::Payment, Tone::Red, "payment failed", more)
        }
        "payment.refunded" => (
            Icon::Refund,
            Tone::Orange,
            "paid back",
            vec![money("amount"), text("reason")],
        ),
        "payment.refund_failed" => (
            Icon::Refund,
            Tone::Red,
            "refund failed",
            vec![money("amount"), text("reason")],
        ),
        "payment.disputed" => {
            let title = match data["outcome"].as_str() {
                Some("won") => "dispute won",
                Some("lost") => "dispute lost",
                _ => "payment disputed",
            };
            (
                Icon::Payment,
                Tone::Red,
                title,
                vec![money("amount"), text("reason")],
            )
        }
        _ => return None,
    };
    let (number, id) = (text("number"), text("external_id"));
    let name = words::name(Some(&number), &id);
    let href = text("order_id")
        .parse::<Uuid>()
        .ok()
        .filter(|_| kind != "order.deleted")
        .map(|id| format!("/orders/{id}"));
    let more: Vec<String> = more.into_iter().filter(|part| !part.is_empty()).collect();
    Some(Told {
        icon,
        tone,
        order: (format!("Order {name}").trim_end().to_owned(), href),
        title: title.to_owned(),
        text: more.join(" · "),
        detail: if kind == "order.shipped" {
            tracking(data)
        } else {
            html! {}
        },
    })
}

fn tell_cart(kind: &str, data: &Value, locale: Locale) -> Option<Told> {
    let (icon, tone, title) = match kind {
        "cart.created" => (Icon::Cart, Tone::Blue, "begun"),
        "checkout.started" => (Icon::Payment, Tone::Violet, "reached the checkout"),
        "cart.converted" => (Icon::Orders, Tone::Green, "became an order"),
        "cart.deleted" => (Icon::Trash, Tone::Red, "deleted"),
        _ => return None,
    };
    let id = data["cart_id"].as_str().and_then(|id| id.parse::<Uuid>().ok());
    let href = id
        .filter(|_| kind != "cart.deleted")
        .map(|id| format!("/carts/{id}"));
    let more = [
        amount(&data["total"], locale),
        data["title"].as_str().unwrap_or_default().to_owned(),
    ];
    let more: Vec<String> = more.into_iter().filter(|part| !part.is_empty()).collect();
    Some(Told {
        icon,
        tone,
        order: ("Cart".to_owned(), href),
        title: title.to_owned(),
        text: more.join(" · "),
        detail: html! {},
    })
}

fn tell_wishes(kind: &str, data: &Value) -> Option<Told> {
    let (icon, tone, title) = match kind {
        "wishlist.added" => (Icon::Star, Tone::Violet, "grew"),
        "wishlist.removed" => (Icon::Star, Tone::Neutral, "got shorter"),
        _ => return None,
    };
    let titles: Vec<&str> = data["products"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|product| product["title"].as_str())
        .take(3)
        .collect();
    let count = data["count"]
        .as_u64()
        .and_then(|count| usize::try_from(count).ok())
        .unwrap_or_default();
    let mut text = titles.join(", ");
    if count > titles.len() {
        text = format!("{text} and {} more", count - titles.len());
    }
    let name = data["name"]
        .as_str()
        .map(|name| format!(" “{name}”"))
        .unwrap_or_default();
    Some(Told {
        icon,
        tone,
        order: (format!("Wishlist{name}"), None),
        title: title.to_owned(),
        text,
        detail: html! {},
    })
}

fn tell_credit(kind: &str, data: &Value, locale: Locale) -> Option<Told> {
    let (icon, tone, title) = match kind {
        "store_credit.issued" => (Icon::Payment, Tone::Green, "given"),
        "store_credit.refunded" => (Icon::Refund, Tone::Orange, "given for a refund"),
        "store_credit.spent" => (Icon::Payment, Tone::Blue, "spent"),
        "store_credit.expired" => (Icon::Payment, Tone::Neutral, "expired"),
        "store_credit.withdrawn" => (Icon::Payment, Tone::Red, "taken back"),
        _ => return None,
    };
    let left = Some(amount(&data["balance"], locale)).filter(|left| !left.is_empty());
    let more = [
        amount(&data["amount"], locale),
        left.map(|left| format!("{left} left")).unwrap_or_default(),
    ];
    let more: Vec<String> = more.into_iter().filter(|part| !part.is_empty()).collect();
    Some(Told {
        icon,
        tone,
        order: ("Store credit".to_owned(), None),
        title: title.to_owned(),
        text: more.join(" · "),
        detail: html! {},
    })
}

/// `{"amount": "12.50", "currency": "EUR"}` as people write it; nothing for anything else.
fn amount(value: &Value, locale: Locale) -> String {
    let (Some(amount), Some(currency)) = (value["amount"].as_str(), value["currency"].as_str()) else {
        return String::new();
    };
    match (amount.parse::<Decimal>(), currency.parse::<Currency>()) {
        (Ok(amount), Ok(currency)) => words::amount(amount, currency, locale),
        _ => String::new(),
    }
}

fn texts<'a>(data: &'a Value, name: &str) -> Vec<&'a str> {
    data[name]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Who carries it, under which numbers.
fn shipment(data: &Value) -> String {
    let company = data["tracking_company"].as_str();
    let all: Vec<&str> = company
        .into_iter()
        .chain(texts(data, "tracking_numbers"))
        .filter(|text| !text.is_empty())
        .collect();
    if all.is_empty() {
        String::new()
    } else {
        format!("with {}", all.join(" "))
    }
}

fn tracking(data: &Value) -> Markup {
    html! { @for url in texts(data, "tracking_urls").into_iter().take(3) { p { (external_link(url)) } } }
}

#[cfg(test)]
mod tests {
    use regulars_web::pages::samples;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_step_is_told_with_its_amount_and_leads_to_the_order() {
        let id = Uuid::from_u128(7);
        let data = json!({"order_id": id, "number": "#1001", "external_id": "1", "total": {"amount": "59.90", "currency": "EUR"},
            "title": "Shoes and 2 more", "amount": {"amount": "10.00", "currency": "EUR"}, "reason": "too small",
            "tracking_company": "DHL", "tracking_numbers": ["0034"], "tracking_urls": ["https://dhl.example/0034"]});
        let told = |kind| tell(kind, &data, Locale::default()).unwrap();
        let placed = told("order.placed");
        assert_eq!(
            placed.order,
            ("Order #1001".to_owned(), Some(format!("/orders/{id}")))
        );
        assert_eq!(
            (placed.title.as_str(), placed.text.as_str()),
            ("placed", "€59.90 · Shoes and 2 more")
        );
        assert_eq!(told("payment.failed").text, "€10.00 · too small");
        assert_eq!(told("order.shipped").text, "with DHL 0034");
        assert!(
            told("order.shipped")
                .detail
                .0
                .contains("href=\"https://dhl.example/0034\"")
        );
        assert_eq!(told("order.deleted").order.1, None);
        assert!(tell("customer.created", &data, Locale::default()).is_none());
        let cart = json!({"cart_id": id, "total": {"amount": "59.90", "currency": "EUR"}, "title": "Shoes"});
        let told = tell("checkout.started", &cart, Locale::default()).unwrap();
        assert_eq!(told.order, ("Cart".to_owned(), Some(format!("/carts/{id}"))));
        assert_eq!(
            (told.title.as_str(), told.text.as_str()),
            ("reached the checkout", "€59.90 · Shoes")
        );
        let wishes =
            json!({"name": "Birthday", "products": [{"title": "Shoes"}, {"title": "Hat"}], "count": 5});
        let told = tell("wishlist.added", &wishes, Locale::default()).unwrap();
        assert_eq!(
            (told.order.0.as_str(), told.title.as_str(), told.text.as_str()),
            ("Wishlist “Birthday”", "grew", "Shoes, Hat and 3 more")
        );
        let credit = json!({"amount": {"amount": "5.50", "currency": "EUR"}, "balance": {"amount": "14.50", "currency": "EUR"}});
        let told = tell("store_credit.spent", &credit, Locale::default()).unwrap();
        assert_eq!(
            (told.order.0.as_str(), told.title.as_str(), told.text.as_str()),
            ("Store credit", "spent", "€5.50 · €14.50 left")
        );
    }

    #[test]
    fn any_data_can_be_told_harmlessly() {
        for text in samples::ALL {
            for kind in [
                "order.placed",
                "order.shipped",
                "payment.failed",
                "order.deleted",
                "cart.created",
                "cart.deleted",
                "wishlist.added",
                "store_credit.spent",
            ] {
                for data in [
                    json!(text),
                    json!({"order_id": text, "number": text, "title": text, "reason": text, "total": {"amount": text, "currency": text},
                        "name": text, "products": [{"title": text}], "count": 7, "balance": text, "tracking_company": text, "tracking_numbers": [text, 1], "tracking_urls": [text, null]}),
                ] {
                    let told = tell(kind, &data, Locale::default()).unwrap();
                    samples::assert_harmless(
                        &html! { (told.order.0) (told.title) (told.text) (told.detail) }.into_string(),
                    );
                }
            }
        }
    }
}

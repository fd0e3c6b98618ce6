//! What people need to know of each provider: how to set it up there, which topics to subscribe to, what to enter here.
//! A provider that is new has its words here, and its settings in the model.

use crate::model::Provider;

/// A setting of a connection.
pub struct Setting {
    /// Its name in the settings.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// A sentence of help.
    pub hint: &'static str,
}

/// The words of a provider.
pub struct Guidance {
    /// What the secret is called there, and where it stands.
    pub secret: &'static str,
    /// The settings.
    pub settings: &'static [Setting],
    /// What to do there, one thing after the other; the address to enter stands above them.
    pub steps: &'static [&'static str],
    /// How what was before the connection comes here, if files bring it; a link to the imports stands below.
    pub past: &'static [&'static str],
    /// Topics to subscribe to, and what they do here.
    pub topics: &'static [(&'static str, &'static str)],
    /// What becomes of all others.
    pub others: &'static str,
}

/// The words of this provider.
pub fn guidance(provider: Provider) -> &'static Guidance {
    match provider {
        Provider::Shopify => &SHOPIFY,
        Provider::Stripe => &STRIPE,
        Provider::Adyen => &ADYEN,
        Provider::Klaviyo => &KLAVIYO,
    }
}

/// The topics to subscribe to; `*` stands for any end.
pub fn topics_to_subscribe_to(provider: Provider) -> impl Iterator<Item = &'static str> {
    guidance(provider)
        .topics
        .iter()
        .flat_map(|(topics, _)| topics.split(", "))
}

const IGNORED: &str = "Every other topic is acknowledged, kept and marked ignored.";

const SHOPIFY: Guidance = Guidance {
    secret: "The client secret of your Shopify app, or the one below the list at Settings → Notifications → Webhooks.",
    settings: &[
        Setting {
            name: "shop",
            label: "Shop domain",
            hint: "As in acme.myshopify.com. Only messages of this shop are taken. Left empty: those of every shop that your app signs for.",
        },
        Setting {
            name: "currency",
            label: "Currency",
            hint: "The shop's, as in SEK, in which the prices of its products are. Left empty: the organization's. Orders say theirs.",
        },
    ],
    steps: &[
        "In the Shopify admin, open Settings → Notifications → Webhooks. With an app of your own, subscribe through it instead.",
        "Create a webhook for each topic below: format JSON, the newest API version that Shopify offers, and the address above.",
        "Compare the secret that Shopify shows below the list with the one given here. If it is another, add it under Secrets.",
        "Send a test notification from the list. It stands here under “Arrived last” a moment later.",
    ],
    past: &[
        "In the Shopify admin, open Customers → Export, choose all customers and “CSV for Excel, Numbers, or other spreadsheet programs”.",
        "Open Orders → Export, choose all orders, “CSV for Excel, Numbers, or other spreadsheet programs” and “Export orders”. Products → Export likewise.",
        "Import the files one after the other: customers, orders, products. Shopify's columns map themselves, and an order that came by webhook, too, stays one order.",
    ],
    others: IGNORED,
    topics: &[
        (
            "customers/create, customers/update, customers/enable, customers/disable",
            "The customer with names, address book, note and whether they have an account",
        ),
        (
            "customers/delete",
            "The link is detached; who is known from nowhere else is deleted, and can be restored",
        ),
        ("customers/merge", "Who is left has the orders of both"),
        (
            "customers/purchasing_summary",
            "What Shopify says that they bought, beside the figures of the orders here",
        ),
        (
            "customers/data_request, customers/redact, shop/redact",
            "Duties of privacy, due in 30 days",
        ),
        ("customer.tags_added, customer.tags_removed", "Tags"),
        (
            "customers_email_marketing_consent/update, customers_marketing_consent/update",
            "What was agreed for e-mail and text messages, and when",
        ),
        (
            "orders/create, orders/updated, orders/paid, orders/cancelled, orders/fulfilled, orders/partially_fulfilled, orders/delete",
            "The order with its lines, and the customer in it",
        ),
        (
            "fulfillments/create, fulfillments/update, refunds/create, order_transactions/create",
            "Deliveries, refunds and payments",
        ),
        (
            "carts/create, carts/update, checkouts/create, checkouts/update, checkouts/delete",
            "The cart with what is in it, and who is at it; the order that it becomes",
        ),
        (
            "products/create, products/update, products/delete",
            "The product with its variants",
        ),
        (
            "inventory_items/create, inventory_items/update, inventory_items/delete, inventory_levels/connect, inventory_levels/update, inventory_levels/disconnect",
            "How much of a variant is in stock, by location",
        ),
        (
            "locations/create, locations/update, locations/activate, locations/deactivate, locations/delete",
            "The locations of the stock",
        ),
    ],
};

const ORDER_SOURCE: Setting = Setting {
    name: "order_source",
    label: "Source of the orders",
    hint: "As in shopify: payments are looked for among the orders of this source. Left empty: among all.",
};
const TEST_PAYMENTS: Setting = Setting {
    name: "test_payments",
    label: "Test payments",
    hint: "show: on the order, marked, in no figure. count: as if they were real. ignore: not at all. Left empty: show.",
};

const STRIPE: Guidance = Guidance {
    secret: "The signing secret of the webhook endpoint in Stripe's Dashboard; it begins with whsec_.",
    settings: &[
        Setting {
            name: "account",
            label: "Connected account",
            hint: "As in acct_1032D8. Messages of other connected accounts are ignored. Left empty: all are taken.",
        },
        Setting {
            name: "order_key",
            label: "Metadata with the order",
            hint: "Under which name payments carry the number or id of their order. Several with commas. Left empty: order_id, order_number.",
        },
        ORDER_SOURCE,
        TEST_PAYMENTS,
    ],
    steps: &[
        "In Stripe's Dashboard, open Developers → Webhooks and add an endpoint with the address above.",
        "Choose the events below. With Stripe Billing add the invoices, with Checkout the sessions.",
        "Compare its signing secret with the one given here. If it is another, add it under Secrets.",
        "Send a test event. It stands here under “Arrived last” a moment later.",
    ],
    past: &[],
    others: IGNORED,
    topics: &[
        (
            "payment_intent.*, charge.*",
            "Payments with their state, and why they failed",
        ),
        ("refund.*, charge.dispute.*", "What was paid back, and disputes"),
        (
            "invoice.*, invoice_payment.*, checkout.session.*",
            "Which order a payment belongs to",
        ),
    ],
};

const ADYEN: Guidance = Guidance {
    secret: "The HMAC key of the standard webhook in Adyen's Customer Area: hexadecimal digits.",
    settings: &[
        Setting {
            name: "merchant_account",
            label: "Merchant account",
            hint: "Notifications of other merchant accounts are ignored. Left empty: all are taken.",
        },
        ORDER_SOURCE,
        Setting {
            name: "capture",
            label: "Capture",
            hint: "manual: an order is paid when a capture comes. automatic: when it is authorised. Left empty: manual.",
        },
        TEST_PAYMENTS,
    ],
    steps: &[
        "In Adyen's Customer Area, open Developers → Webhooks and add a standard webhook with the address above, format JSON.",
        "Generate its HMAC key there. If it is another than the one given here, add it under Secrets.",
        "Send a test notification. It stands here under “Arrived last” a moment later.",
    ],
    past: &[],
    others: IGNORED,
    topics: &[
        (
            "AUTHORISATION, PENDING, OFFER_CLOSED, CAPTURE, CAPTURE_FAILED, CANCELLATION, TECHNICAL_CANCEL, EXPIRE",
            "Payments with their state, and why they failed",
        ),
        (
            "REFUND, REFUND_WITH_DATA, REFUND_FAILED, REFUNDED_REVERSED, CANCEL_OR_REFUND, VOID_PENDING_REFUND",
            "What was paid back, or is not to be",
        ),
        (
            "REQUEST_FOR_INFORMATION, NOTIFICATION_OF_FRAUD_DISPUTE, NOTIFICATION_OF_CHARGEBACK, CHARGEBACK, CHARGEBACK_REVERSED, SECOND_CHARGEBACK, PREARBITRATION_WON, PREARBITRATION_LOST",
            "Disputes, and how they end",
        ),
    ],
};

const KLAVIYO: Guidance = Guidance {
    secret: "The secret key that you chose for the webhook in Klaviyo.",
    settings: &[Setting {
        name: "currency",
        label: "Currency",
        hint: "That of your Klaviyo account, as in USD, in which it tells what somebody is worth. Left empty: the organization's.",
    }],
    steps: &[
        "In Klaviyo, create a system webhook with the address above and the secret given here: on its page of webhooks, where your plan has one, or by its API. The webhooks of flows are not signed and cannot be taken.",
        "Choose the topics below, or all: what has no place of its own stands on the customer's timeline under its name.",
        "Create a private API key with read access to profiles, at Settings → API keys. Give it here below API key.",
        "Pull the profiles: it takes over who there is already. Pull again at times: Klaviyo's webhooks tell of events, not of changed profiles.",
    ],
    past: &[],
    others: "Every other topic stands on the customer's timeline under its name.",
    topics: &[
        (
            "event:klaviyo.received_email, event:klaviyo.opened_email, event:klaviyo.clicked_email, event:klaviyo.bounced_email",
            "On the customer's timeline",
        ),
        (
            "event:klaviyo.dropped_email, event:klaviyo.marked_email_as_spam",
            "On the timeline; who marks as spam has withdrawn",
        ),
        (
            "event:klaviyo.subscribed_to_email_marketing, event:klaviyo.unsubscribed_from_email_marketing",
            "What was agreed for e-mail, and when",
        ),
        (
            "event:klaviyo.subscribed_to_sms_marketing, event:klaviyo.unsubscribed_from_sms_marketing",
            "What was agreed for text messages, and when",
        ),
        (
            "event:klaviyo.sent_sms, event:klaviyo.received_sms, event:klaviyo.clicked_sms",
            "On the timeline",
        ),
        (
            "event:klaviyo.subscribed_to_list, event:klaviyo.unsubscribed_from_list",
            "On the timeline: the list was joined or left; where a tag has its name, it is put on or taken off",
        ),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::known_settings;

    #[test]
    fn every_setting_of_every_provider_has_its_words() {
        for provider in Provider::ALL {
            let words = guidance(*provider);
            let told: Vec<_> = words.settings.iter().map(|setting| setting.name).collect();
            let known: Vec<_> = known_settings(*provider).iter().map(|(name, _)| *name).collect();
            assert_eq!(told, known, "{}", provider.title());
            assert!(!words.steps.is_empty() && !words.topics.is_empty() && !words.secret.is_empty());
        }
    }
}

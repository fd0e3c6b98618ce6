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
    /// Topics to subscribe to, and what they do here.
    pub topics: &'static [(&'static str, &'static str)],
}

/// The words of this provider.
pub fn guidance(provider: Provider) -> &'static Guidance {
    match provider {
        Provider::Shopify => &SHOPIFY,
    }
}

const SHOPIFY: Guidance = Guidance {
    secret: "The client secret of your Shopify app, or the one below the list at Settings → Notifications → Webhooks.",
    settings: &[Setting {
        name: "shop",
        label: "Shop domain",
        hint: "As in acme.myshopify.com. Only messages of this shop are taken. Left empty: those of every shop that your app signs for.",
    }],
    steps: &[
        "In the Shopify admin, open Settings → Notifications → Webhooks. With an app of your own, subscribe through it instead.",
        "Create a webhook for each topic below: format JSON, the newest API version that Shopify offers, and the address above.",
        "Compare the secret that Shopify shows below the list with the one given here. If it is another, add it under Secrets.",
        "Send a test notification from the list. It stands here under “Arrived last” a moment later.",
    ],
    topics: &[
        (
            "customers/create, customers/update, customers/enable, customers/disable",
            "The customer with names, address book, note and whether they have an account",
        ),
        (
            "customers/delete",
            "The link is detached; who is known from nowhere else is deleted, and can be restored",
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
            "products/create, products/update",
            "The product with its variants",
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
            assert_eq!(told, known_settings(*provider), "{}", provider.title());
            assert!(!words.steps.is_empty() && !words.topics.is_empty() && !words.secret.is_empty());
        }
    }
}

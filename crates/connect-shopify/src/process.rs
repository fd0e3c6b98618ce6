//! Which topic is answered by what.

use std::{collections::HashMap, sync::LazyLock};

use async_trait::async_trait;
use regulars_connect::{Applied, Failure, Processor, Received};
use regulars_customers::model::Channel;
use regulars_database::Tx;
use regulars_privacy::model::DutyKind;

use crate::{
    Shopify, carts, customers, merging,
    orders::{self, About},
    privacy, products, stock,
};

/// What a topic asks for.
#[derive(Clone, Copy)]
enum Action {
    PutCustomer,
    DeleteCustomer,
    MergeCustomers,
    SumUp,
    AddTags,
    RemoveTags,
    Consent(Channel),
    PutOrder(About),
    DeleteOrder,
    PutProduct,
    DeleteProduct,
    PutCart,
    PutCheckout,
    DeleteCheckout,
    PutItem,
    DeleteItem,
    PutLevel,
    EndLevel,
    PutLocation,
    DeleteLocation,
    Duty(DutyKind),
}

/// Every topic that is answered, with what it asks for. The words of the connection's page list the same.
///
/// What `orders/edited` changes is told by `orders/updated`; what `variants/in_stock` and `variants/out_of_stock` say, inventory
/// levels tell by location and number; of WhatsApp there is no channel to agree to.
const ANSWERED: &[(&str, Action)] = &[
    ("customers/create", Action::PutCustomer),
    ("customers/update", Action::PutCustomer),
    ("customers/enable", Action::PutCustomer),
    ("customers/disable", Action::PutCustomer),
    ("customers/delete", Action::DeleteCustomer),
    ("customers/merge", Action::MergeCustomers),
    ("customers/purchasing_summary", Action::SumUp),
    ("customer.tags_added", Action::AddTags),
    ("customer.tags_removed", Action::RemoveTags),
    (
        "customers_email_marketing_consent/update",
        Action::Consent(Channel::Email),
    ),
    (
        "customers_marketing_consent/update",
        Action::Consent(Channel::Sms),
    ),
    ("orders/create", Action::PutOrder(About::Order)),
    ("orders/updated", Action::PutOrder(About::Order)),
    ("orders/paid", Action::PutOrder(About::Order)),
    ("orders/cancelled", Action::PutOrder(About::Order)),
    ("orders/fulfilled", Action::PutOrder(About::Order)),
    ("orders/partially_fulfilled", Action::PutOrder(About::Order)),
    ("orders/delete", Action::DeleteOrder),
    ("fulfillments/create", Action::PutOrder(About::Fulfillment)),
    ("fulfillments/update", Action::PutOrder(About::Fulfillment)),
    ("refunds/create", Action::PutOrder(About::Refund)),
    ("order_transactions/create", Action::PutOrder(About::Transaction)),
    ("products/create", Action::PutProduct),
    ("products/update", Action::PutProduct),
    ("products/delete", Action::DeleteProduct),
    ("carts/create", Action::PutCart),
    ("carts/update", Action::PutCart),
    ("checkouts/create", Action::PutCheckout),
    ("checkouts/update", Action::PutCheckout),
    ("checkouts/delete", Action::DeleteCheckout),
    ("inventory_items/create", Action::PutItem),
    ("inventory_items/update", Action::PutItem),
    ("inventory_items/delete", Action::DeleteItem),
    ("inventory_levels/connect", Action::PutLevel),
    ("inventory_levels/update", Action::PutLevel),
    ("inventory_levels/disconnect", Action::EndLevel),
    ("locations/create", Action::PutLocation),
    ("locations/update", Action::PutLocation),
    ("locations/activate", Action::PutLocation),
    ("locations/deactivate", Action::PutLocation),
    ("locations/delete", Action::DeleteLocation),
    ("customers/data_request", Action::Duty(DutyKind::Access)),
    ("customers/redact", Action::Duty(DutyKind::Erasure)),
    ("shop/redact", Action::Duty(DutyKind::ShopErasure)),
];

/// The same, looked up.
static ACTIONS: LazyLock<HashMap<&str, Action>> = LazyLock::new(|| ANSWERED.iter().copied().collect());

fn action(topic: &str) -> Option<Action> {
    // The names of these two differ from the pattern of the others; written by it they mean the same.
    let topic = match topic {
        "customers/tags_added" => "customer.tags_added",
        "customers/tags_removed" => "customer.tags_removed",
        topic => topic,
    };
    ACTIONS.get(topic).copied()
}

#[async_trait]
impl Processor for Shopify {
    fn answers(&self, topic: &str) -> bool {
        action(topic).is_some()
    }

    fn together(&self, topic: &str) -> Option<&'static str> {
        matches!(action(topic), Some(Action::PutOrder(_))).then_some("orders")
    }

    async fn apply_together(
        &self,
        tx: &mut Tx,
        messages: &[&Received],
    ) -> Result<Option<Vec<Applied>>, Failure> {
        let orders = messages
            .iter()
            .filter_map(|message| match action(&message.topic) {
                Some(Action::PutOrder(about)) => Some((about, *message)),
                _ => None,
            });
        orders::put_together(tx, orders).await
    }

    async fn apply(&self, tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
        let Some(action) = action(&message.topic) else {
            return Ok(Applied::unanswered());
        };
        match action {
            Action::PutCustomer => customers::put(tx, message).await,
            Action::DeleteCustomer => customers::delete(tx, message).await,
            Action::MergeCustomers => merging::merge(tx, message).await,
            Action::SumUp => customers::sum_up(tx, message).await,
            Action::AddTags => customers::change_tags(tx, message, true).await,
            Action::RemoveTags => customers::change_tags(tx, message, false).await,
            Action::Consent(channel) => customers::change_consent(tx, message, channel).await,
            Action::PutOrder(about) => orders::put(tx, about, message).await,
            Action::DeleteOrder => orders::delete(tx, message).await,
            Action::DeleteProduct => products::delete(tx, message).await,
            Action::PutProduct => products::put(tx, message).await,
            Action::PutCart => carts::put(tx, message).await,
            Action::PutCheckout => carts::put_checkout(tx, message).await,
            Action::DeleteCheckout => carts::delete_checkout(tx, message).await,
            Action::PutItem => stock::put_item(tx, message).await,
            Action::DeleteItem => stock::delete_item(tx, message).await,
            Action::PutLevel => stock::put_level(tx, message, true).await,
            Action::EndLevel => stock::put_level(tx, message, false).await,
            Action::PutLocation => stock::put_location(tx, message).await,
            Action::DeleteLocation => stock::delete_location(tx, message).await,
            Action::Duty(kind) => privacy::record(tx, message, kind).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regulars_connect::{Provider, topics_to_subscribe_to};

    use super::*;

    #[test]
    fn the_page_and_the_document_list_every_topic_that_is_answered_and_no_other() {
        let answered: BTreeSet<&str> = ANSWERED.iter().map(|(topic, _)| *topic).collect();
        assert_eq!(answered.len(), ANSWERED.len(), "a topic stands there twice");
        let listed: Vec<&str> = topics_to_subscribe_to(Provider::Shopify).collect();
        assert_eq!(
            listed.len(),
            answered.len(),
            "a topic is listed twice, or not at all"
        );
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), answered);

        let document = include_str!("../../../docs/connecting.md");
        let (_, shopify) = document.split_once("\n## Shopify\n").unwrap();
        let (shopify, _) = shopify.split_once("\n## ").unwrap();
        let mut documented = Vec::new();
        for row in shopify.lines().filter(|line| line.starts_with("| `")) {
            let topics = row.split('|').nth(1).unwrap();
            let mut thing = "";
            for topic in topics.split('`').skip(1).step_by(2) {
                // `orders/create`, `updated`: the second is of the same thing.
                match topic.split_once('/') {
                    Some((of, _)) => {
                        thing = of;
                        documented.push(topic.to_owned());
                    }
                    None if topic.contains('.') => documented.push(topic.to_owned()),
                    None => documented.push(format!("{thing}/{topic}")),
                }
            }
        }
        documented.sort_unstable();
        assert_eq!(documented, answered.into_iter().collect::<Vec<_>>());
    }
}

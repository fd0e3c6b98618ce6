//! Which topic is answered by what.

use async_trait::async_trait;
use regulars_connect::{Applied, Failure, Processor, Received};
use regulars_customers::model::Channel;
use regulars_database::Tx;
use regulars_privacy::model::DutyKind;

use crate::{
    Shopify, carts, customers,
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

fn action(topic: &str) -> Option<Action> {
    Some(match topic {
        "customers/create" | "customers/update" | "customers/enable" | "customers/disable" => {
            Action::PutCustomer
        }
        "customers/delete" => Action::DeleteCustomer,
        "customers/merge" => Action::MergeCustomers,
        "customers/purchasing_summary" => Action::SumUp,
        "customer.tags_added" | "customers/tags_added" => Action::AddTags,
        "customer.tags_removed" | "customers/tags_removed" => Action::RemoveTags,
        "customers_email_marketing_consent/update" => Action::Consent(Channel::Email),
        "customers_marketing_consent/update" => Action::Consent(Channel::Sms),
        // What `orders/edited` changes is told by `orders/updated`.
        "orders/create"
        | "orders/updated"
        | "orders/paid"
        | "orders/cancelled"
        | "orders/fulfilled"
        | "orders/partially_fulfilled" => Action::PutOrder(About::Order),
        "orders/delete" => Action::DeleteOrder,
        "fulfillments/create" | "fulfillments/update" => Action::PutOrder(About::Fulfillment),
        "refunds/create" => Action::PutOrder(About::Refund),
        "order_transactions/create" => Action::PutOrder(About::Transaction),
        "products/create" | "products/update" => Action::PutProduct,
        // What `variants/in_stock` and `variants/out_of_stock` say, inventory levels tell by location and number.
        "products/delete" => Action::DeleteProduct,
        "carts/create" | "carts/update" => Action::PutCart,
        "checkouts/create" | "checkouts/update" => Action::PutCheckout,
        "checkouts/delete" => Action::DeleteCheckout,
        "inventory_items/create" | "inventory_items/update" => Action::PutItem,
        "inventory_items/delete" => Action::DeleteItem,
        "inventory_levels/connect" | "inventory_levels/update" => Action::PutLevel,
        "inventory_levels/disconnect" => Action::EndLevel,
        "locations/create" | "locations/update" | "locations/activate" | "locations/deactivate" => {
            Action::PutLocation
        }
        "locations/delete" => Action::DeleteLocation,
        "customers/data_request" => Action::Duty(DutyKind::Access),
        "customers/redact" => Action::Duty(DutyKind::Erasure),
        "shop/redact" => Action::Duty(DutyKind::ShopErasure),
        _ => return None,
    })
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
            Action::MergeCustomers => customers::merge(tx, message).await,
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

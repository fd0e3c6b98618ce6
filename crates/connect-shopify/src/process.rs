//! Which topic is answered by what.

use async_trait::async_trait;
use regulars_connect::{Applied, Failure, Processor, Received};
use regulars_customers::model::Channel;
use regulars_database::Tx;
use regulars_privacy::model::DutyKind;

use crate::{Shopify, customers, orders, privacy, products};

#[async_trait]
impl Processor for Shopify {
    async fn apply(&self, tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
        match message.topic.as_str() {
            "customers/create" | "customers/update" | "customers/enable" | "customers/disable" => {
                customers::put(tx, message).await
            }
            "customers/merge" => customers::merge(tx, message).await,
            "customers/purchasing_summary" => customers::sum_up(tx, message).await,
            "customers/delete" => customers::delete(tx, message).await,
            "customer.tags_added" | "customers/tags_added" => customers::change_tags(tx, message, true).await,
            "customer.tags_removed" | "customers/tags_removed" => {
                customers::change_tags(tx, message, false).await
            }
            "customers_email_marketing_consent/update" => {
                customers::change_consent(tx, message, Channel::Email).await
            }
            "customers_marketing_consent/update" => {
                customers::change_consent(tx, message, Channel::Sms).await
            }
            "orders/create"
            | "orders/updated"
            | "orders/paid"
            | "orders/cancelled"
            | "orders/fulfilled"
            | "orders/partially_fulfilled" => orders::put(tx, message).await,
            "orders/delete" => orders::delete(tx, message).await,
            "fulfillments/create" | "fulfillments/update" => orders::put_fulfillment(tx, message).await,
            "refunds/create" => orders::put_refund(tx, message).await,
            "order_transactions/create" => orders::put_transaction(tx, message).await,
            "products/create" | "products/update" => products::put(tx, message).await,
            "customers/data_request" => privacy::record(tx, message, DutyKind::Access).await,
            "customers/redact" => privacy::record(tx, message, DutyKind::Erasure).await,
            "shop/redact" => privacy::record(tx, message, DutyKind::ShopErasure).await,
            "orders/edited" => Ok(Applied::Ignored(
                "what it changes is told by orders/updated".into(),
            )),
            _ => Ok(Applied::Ignored("nothing here answers to this topic".into())),
        }
    }
}

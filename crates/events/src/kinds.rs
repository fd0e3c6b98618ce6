//! The kinds of events, `noun.verb`, and how each is headed on a timeline.

/// Every kind there is, with its heading.
pub const KINDS: &[(&str, &str)] = &[
    ("customer.created", "Customer created"),
    ("customer.updated", "Details changed"),
    ("customer.deleted", "Customer deleted"),
    ("customer.restored", "Customer restored"),
    ("customer.tagged", "Tag added"),
    ("customer.untagged", "Tag removed"),
    ("address.created", "Address added"),
    ("address.updated", "Address changed"),
    ("address.deleted", "Address removed"),
    ("contact.created", "Contact added"),
    ("contact.updated", "Contact changed"),
    ("contact.deleted", "Contact removed"),
    ("note.created", "Note written"),
    ("note.updated", "Note changed"),
    ("note.deleted", "Note removed"),
    ("note.pinned", "Note pinned"),
    ("note.unpinned", "Note unpinned"),
    ("source.linked", "Source linked"),
    ("source.updated", "Source changed"),
    ("source.unlinked", "Source unlinked"),
    ("consent.changed", "Consent changed"),
    ("tag.created", "Tag created"),
    ("tag.updated", "Tag changed"),
    ("tag.deleted", "Tag deleted"),
    ("tag.merged", "Tags merged"),
    ("attribute.created", "Attribute created"),
    ("attribute.updated", "Attribute changed"),
    ("attribute.deleted", "Attribute deleted"),
    ("import.finished", "Import finished"),
    ("import.failed", "Import failed"),
    ("import.cancelled", "Import cancelled"),
    ("export.finished", "Export finished"),
    ("order.placed", "Order placed"),
    ("order.updated", "Order changed"),
    ("order.paid", "Order paid"),
    ("order.shipped", "Order shipped"),
    ("order.delivered", "Order delivered"),
    ("order.cancelled", "Order cancelled"),
    ("order.refunded", "Order refunded"),
    ("order.deleted", "Order deleted"),
    ("cart.created", "Cart begun"),
    ("checkout.started", "Checkout started"),
    ("cart.converted", "Cart became an order"),
    ("cart.deleted", "Cart deleted"),
    ("wishlist.added", "Wished for"),
    ("wishlist.removed", "Wished for no more"),
    ("store_credit.issued", "Store credit given"),
    ("store_credit.refunded", "Refunded as store credit"),
    ("store_credit.spent", "Store credit spent"),
    ("store_credit.expired", "Store credit expired"),
    ("store_credit.withdrawn", "Store credit taken back"),
    ("payment.failed", "Payment failed"),
    ("payment.refunded", "Payment refunded"),
    ("payment.refund_failed", "Refund failed"),
    ("payment.disputed", "Payment disputed"),
];

/// The kinds of activities, which stand on the same timeline, with their headings (`regulars_activities::model::Kind`).
pub const ACTIVITY_KINDS: &[(&str, &str)] = &[
    ("page_view", "Page viewed"),
    ("product_view", "Product viewed"),
    ("search", "Searched"),
    ("add_to_cart", "Added to cart"),
    ("checkout_started", "Checkout started"),
    ("purchase", "Purchase"),
    ("email_sent", "E-mail sent"),
    ("email_delivered", "E-mail delivered"),
    ("email_opened", "E-mail opened"),
    ("email_clicked", "Link in an e-mail followed"),
    ("email_bounced", "E-mail came back"),
    ("email_unsubscribed", "Unsubscribed by e-mail"),
    ("identify", "Said who they are"),
    ("custom", "Activity"),
];

/// The heading of a kind. One that is not listed (an older or newer server wrote it) heads itself.
pub fn title(kind: &str) -> &str {
    KINDS
        .iter()
        .chain(ACTIVITY_KINDS)
        .find(|(name, _)| *name == kind)
        .map_or(kind, |(_, title)| title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_listed_once_as_noun_and_verb() {
        let mut names: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
        assert!(
            names
                .iter()
                .all(|name| name.split('.').filter(|part| !part.is_empty()).count() == 2)
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
        assert_eq!(title("customer.created"), "Customer created");
        assert_eq!(title("order.lost"), "order.lost");
    }
}

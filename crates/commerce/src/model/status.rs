//! Where an order stands: the words, how far each is, and which moves are possible.

use regulars_customers::{choices, model::Choice as _};

choices! {
    /// Where an order stands.
    OrderStatus {
        Pending = "pending", Confirmed = "confirmed", Processing = "processing", PartiallyShipped = "partially_shipped",
        Shipped = "shipped", Delivered = "delivered", Completed = "completed", Cancelled = "cancelled",
        Returned = "returned", Refunded = "refunded",
    }
    /// Where its payment stands.
    PaymentStatus {
        Pending = "pending", Failed = "failed", Authorized = "authorized", Voided = "voided",
        PartiallyPaid = "partially_paid", Paid = "paid", PartiallyRefunded = "partially_refunded", Refunded = "refunded",
    }
    /// How much of it was sent.
    FulfillmentStatus { Unfulfilled = "unfulfilled", Partial = "partial", Fulfilled = "fulfilled" }
}

impl OrderStatus {
    /// How far it is, for those that come one after another; none for the ends that something else leads to.
    pub(super) fn progress(self) -> Option<usize> {
        let ends = matches!(self, Self::Cancelled | Self::Returned | Self::Refunded);
        (!ends).then(|| place(self, Self::ALL))
    }

    /// Where an order can go from here.
    pub fn moves(self) -> &'static [Self] {
        use OrderStatus as S;
        match self {
            S::Pending => &[S::Confirmed, S::Processing, S::Cancelled],
            S::Confirmed => &[
                S::Processing,
                S::PartiallyShipped,
                S::Shipped,
                S::Completed,
                S::Cancelled,
                S::Refunded,
            ],
            S::Processing => &[
                S::PartiallyShipped,
                S::Shipped,
                S::Completed,
                S::Cancelled,
                S::Refunded,
            ],
            S::PartiallyShipped => &[S::Shipped, S::Delivered, S::Cancelled, S::Returned, S::Refunded],
            S::Shipped => &[S::Delivered, S::Completed, S::Returned, S::Refunded],
            S::Delivered => &[S::Completed, S::Returned, S::Refunded],
            S::Completed => &[S::Returned, S::Refunded],
            S::Cancelled | S::Returned => &[S::Refunded],
            S::Refunded => &[],
        }
    }

    /// Whether an order can go there; to stay is no move.
    pub fn may_become(self, next: Self) -> bool {
        self == next || self.moves().contains(&next)
    }

    /// The sentence for whoever wants a move that is none.
    pub fn no_move(self, next: Self) -> String {
        let moves: Vec<&str> = self.moves().iter().map(|status| status.as_str()).collect();
        match moves.as_slice() {
            [] => format!("an order that is {self} stays so; it cannot become {next}"),
            moves => format!(
                "an order that is {self} cannot become {next}; it can become {}",
                moves.join(", ")
            ),
        }
    }
}

impl PaymentStatus {
    /// Whether all of it was paid once.
    pub fn was_paid(self) -> bool {
        matches!(self, Self::Paid | Self::PartiallyRefunded | Self::Refunded)
    }
}

/// The one that is further.
pub(super) fn further<T: Copy + PartialEq>(one: T, other: Option<T>, all: &[T]) -> T {
    match other {
        Some(other) if place(other, all) > place(one, all) => other,
        _ => one,
    }
}

fn place<T: PartialEq>(one: T, all: &[T]) -> usize {
    all.iter().position(|other| *other == one).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_move_leads_back_and_the_end_is_the_end() {
        for from in OrderStatus::ALL {
            for to in from.moves() {
                assert_ne!(from, to);
                if let (Some(from), Some(to)) = (from.progress(), to.progress()) {
                    assert!(from < to);
                }
                assert!(!to.may_become(*from), "{to} leads back to {from}");
            }
        }
        assert!(OrderStatus::Refunded.moves().is_empty());
        assert!(OrderStatus::Shipped.may_become(OrderStatus::Shipped));
        assert_eq!(
            OrderStatus::Delivered.no_move(OrderStatus::Pending),
            "an order that is delivered cannot become pending; it can become completed, returned, refunded"
        );
    }
}

//! The kinds of activities, and for how long each is kept.

use serde::{Deserialize, Serialize};

/// The longest that any kind is kept, in days; migration 0036 drops months that are older.
pub const LONGEST_DAYS: u16 = 1_096;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $days:literal, $acts:literal;)+) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = ActivityKind)]
        pub enum Kind {$(
            $(#[doc = $doc])+
            $name,
        )+}

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name used in JSON and in the database.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// For how many days it is kept, unless the organization says otherwise.
            pub fn days(self) -> u16 {
                match self { $(Self::$name => $days),+ }
            }

            /// Whether the customer did it: what is sent to them is no activity of theirs.
            pub fn is_theirs(self) -> bool {
                match self { $(Self::$name => $acts),+ }
            }
        }
    };
}

kinds! {
    /// A page was looked at.
    PageView = "page_view", 180, true;
    /// A product was looked at.
    ProductView = "product_view", 365, true;
    /// Something was searched for.
    Search = "search", 180, true;
    /// Something was put into the cart.
    AddToCart = "add_to_cart", 365, true;
    /// The checkout was begun.
    CheckoutStarted = "checkout_started", 365, true;
    /// Something was bought.
    Purchase = "purchase", 1_096, true;
    /// An e-mail was sent to them.
    EmailSent = "email_sent", 365, false;
    /// An e-mail reached them.
    EmailDelivered = "email_delivered", 180, false;
    /// An e-mail was opened.
    EmailOpened = "email_opened", 365, true;
    /// A link of an e-mail was followed.
    EmailClicked = "email_clicked", 365, true;
    /// An e-mail came back.
    EmailBounced = "email_bounced", 365, false;
    /// They unsubscribed by a link of an e-mail.
    EmailUnsubscribed = "email_unsubscribed", 1_096, true;
    /// A visitor said who they are.
    Identify = "identify", 365, true;
    /// Something else, which has a name.
    Custom = "custom", 365, true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_and_kept_by_one_name() {
        assert_eq!(Kind::ALL.len(), regulars_events::ACTIVITY_KINDS.len());
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert!((1..=LONGEST_DAYS).contains(&kind.days()), "{}", kind.name());
            assert_ne!(
                regulars_events::title(kind.name()),
                kind.name(),
                "it has a heading"
            );
        }
    }
}

//! Typed ids. Each wraps a version 7 UUID (RFC 9562), so ids sort by the time they were made.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A fresh version 7 UUID.
#[expect(clippy::disallowed_methods, reason = "this is where ids are made")]
pub fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes a new id.
            #[expect(clippy::new_without_default, reason = "an id is made on purpose, never by default")]
            pub fn new() -> Self { Self(new_uuid()) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::parse_str(text).map(Self) }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self { Self(id) }
        }
    )+};
}

ids! {
    /// One shop: the wall between tenants.
    OrganizationId,
    /// A person who signs in.
    UserId,
    /// A sign-in of a user on one device.
    SessionId,
    /// An API key.
    KeyId,
    /// A customer, person or company.
    CustomerId,
    /// A contact person of a company.
    ContactId,
    /// A postal address of a customer.
    AddressId,
    /// A tag definition.
    TagId,
    /// A custom attribute definition.
    AttributeId,
    /// A note on a customer.
    NoteId,
    /// A saved view of a list.
    ViewId,
    /// Something that happened.
    EventId,
    /// A unit of queued work.
    JobId,
    /// An import.
    ImportId,
    /// An export.
    ExportId,
    /// A connection to another system.
    ConnectionId,
    /// A pull of what another system has.
    PullId,
    /// Something owed to a person who asked for their data or for erasure.
    PrivacyDutyId,
    /// A message of another system.
    WebhookEventId,
    /// An order.
    OrderId,
    /// A cart, which may have reached the checkout.
    CartId,
    /// A product.
    ProductId,
    /// A wishlist.
    WishlistId,
    /// A line of the ledger of store credit.
    StoreCreditEntryId,
}

//! Why a row of a file was not done to a customer.
//!
//! What it never does: ask the database.

use crate::{
    model::{
        MAX_TAGS,
        import::{Changes, Current},
    },
    ops::customers::MOST_PARTS,
};

/// External ids of one customer.
pub const MOST_SOURCES: usize = MOST_PARTS as usize;

/// Why a row was not done. The sentence is for the person who gets the row back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another living customer has the e-mail address.
    EmailTaken,
    /// Another customer has the code.
    CodeTaken,
    /// Another customer has the external id.
    ExternalIdTaken,
    /// Somebody changed the customer since the decision.
    Changed,
    /// The customer was deleted or never created.
    Gone,
    /// The customer would have more tags than one may have.
    TooManyTags,
    /// The organization has no room for another tag.
    NoRoomForTag,
    /// The customer would have more external ids than one may have.
    TooManySources,
    /// The credit limit is in a currency that is neither the organization's nor the customer's own.
    CurrencyWrong,
}

impl Refusal {
    /// Why a customer may not become what a row makes of it, as far as it alone can tell.
    pub fn of(current: &Current, changes: &Changes) -> Option<Self> {
        if !changes.tags.is_empty() && current.customer.tags.len() > MAX_TAGS {
            Some(Self::TooManyTags)
        } else if !changes.sources.is_empty() && current.sources.len() > MOST_SOURCES {
            Some(Self::TooManySources)
        } else {
            changes.is_foreign_limit.then_some(Self::CurrencyWrong)
        }
    }

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::EmailTaken => "email_taken",
            Self::CodeTaken => "code_taken",
            Self::ExternalIdTaken => "external_id_taken",
            Self::Changed => "changed_meanwhile",
            Self::Gone => "gone_meanwhile",
            Self::TooManyTags => "too_many_tags",
            Self::NoRoomForTag => "no_room_for_tag",
            Self::TooManySources => "too_many_sources",
            Self::CurrencyWrong => "currency_wrong",
        }
    }

    /// A sentence for a person.
    pub fn message(self) -> &'static str {
        match self {
            Self::EmailTaken => "another customer has this e-mail address",
            Self::CodeTaken => "another customer has this code",
            Self::ExternalIdTaken => "another customer has this external id",
            Self::Changed => "the customer was changed after the file was checked",
            Self::Gone => "the customer is no longer there, or was not created",
            Self::TooManyTags => "the customer would have more than 100 tags",
            Self::NoRoomForTag => "it brings a new tag, and the organization has 10,000 already",
            Self::TooManySources => "the customer would have more than 200 external ids",
            Self::CurrencyWrong => {
                "the credit limit is in another currency than the organization's, and the customer has none in it"
            }
        }
    }
}

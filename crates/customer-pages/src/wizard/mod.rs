//! A company in four steps: basics, contacts, addresses, review.
//!
//! What is typed is kept as a draft of the member who types it, by a moment's rest and by each button, so it outlives the
//! page, the browser and the server. Steps are gone to in any order; going on from one shows what is wrong in it, and
//! creating shows what is wrong in any. What it never does: judge for itself. The faults are those of the use case that
//! creates the customer.

mod draft;
mod handlers;
mod review;
#[cfg(test)]
mod tests;
mod view;

use axum::{
    Router,
    routing::{get, post},
};
use regulars_kernel::Fault;
use regulars_web::AppState;

pub(crate) use handlers::begun;

/// Where the steps are; the first one.
pub(crate) const PATH: &str = "/customers/new/company";

/// Whether a company was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// There is no draft.
    Nothing,
    /// There is one, with the name typed so far.
    Named(String),
}

/// One page of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// The company itself.
    Basics,
    /// The people to speak to.
    Contacts,
    /// Where parcels and bills go.
    Addresses,
    /// All of it, to be created.
    Review,
}

impl Step {
    /// All, in order.
    pub(crate) const ALL: [Self; 4] = [Self::Basics, Self::Contacts, Self::Addresses, Self::Review];

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Basics => "Basics",
            Self::Contacts => "Contacts",
            Self::Addresses => "Addresses",
            Self::Review => "Review",
        }
    }

    /// Its page.
    pub(crate) fn href(self) -> &'static str {
        match self {
            Self::Basics => PATH,
            Self::Contacts => "/customers/new/company/contacts",
            Self::Addresses => "/customers/new/company/addresses",
            Self::Review => "/customers/new/company/review",
        }
    }

    /// Its page with what is wrong there.
    pub(crate) fn checked(self) -> String {
        format!("{}?check=1", self.href())
    }

    /// The one after it; the last leads to itself.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Basics => Self::Contacts,
            Self::Contacts => Self::Addresses,
            Self::Addresses | Self::Review => Self::Review,
        }
    }

    /// The one before it; the first leads to itself.
    pub(crate) fn back(self) -> Self {
        match self {
            Self::Basics | Self::Contacts => Self::Basics,
            Self::Addresses => Self::Contacts,
            Self::Review => Self::Addresses,
        }
    }

    /// In which step a fault is put right.
    pub(crate) fn of(fault: &Fault) -> Self {
        let below = |place: &str| {
            let after = fault.pointer.strip_prefix(place);
            after.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if below("/contacts") {
            Self::Contacts
        } else if below("/addresses") {
            Self::Addresses
        } else {
            Self::Basics
        }
    }

    /// Of all faults those that are put right here.
    pub(crate) fn faults(self, all: &[Fault]) -> Vec<Fault> {
        all.iter()
            .filter(|fault| Self::of(fault) == self)
            .cloned()
            .collect()
    }
}

/// The routes of the steps.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/customers/new/company",
            get(handlers::basics).post(handlers::keep_basics),
        )
        .route(
            "/customers/new/company/contacts",
            get(handlers::contacts).post(handlers::keep_contacts),
        )
        .route(
            "/customers/new/company/addresses",
            get(handlers::addresses).post(handlers::keep_addresses),
        )
        .route(
            "/customers/new/company/review",
            get(handlers::review).post(handlers::create),
        )
        .route("/customers/new/company/parents", get(handlers::parents))
        .route("/customers/new/company/discard", post(handlers::discard))
}

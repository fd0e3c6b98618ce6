//! The admin pages of customers: the dashboard, the list, a customer's page, a company in steps, the palette's answers,
//! tags and attributes.
//!
//! Handlers read through the same use cases as the API and turn the result into HTML. What they never do: SQL, or
//! decide what is right; a refused form comes back as it was typed, with each fault at its field.

mod builder;
mod customer_fields;
mod customer_form;
mod dashboard;
mod definitions;
mod face;
mod form;
mod list;
mod marks;
mod mentions;
mod palette;
mod record;
mod wizard;
mod words;

pub use list::{fault_in_words, in_words};

use axum::{Router, routing::get};
use regulars_web::{AppState, pages::state};

/// The routes of these pages.
pub fn page_routes() -> Router<AppState> {
    Router::new()
        .route("/search", get(palette::search))
        .merge(dashboard::routes())
        .merge(list::routes())
        .merge(mentions::routes())
        .merge(record::routes())
        .merge(wizard::routes())
        .merge(definitions::routes())
}

//! One customer's page: what happened, notes, people, places, everything known, and the sheets to change it.

pub(crate) mod addresses;
mod change;
pub(crate) mod contacts;
mod credit;
mod details;
mod figures;
mod hierarchy;
mod links;
mod load;
mod notes;
mod orders;
pub(crate) mod parts;
mod preview;
mod show;
mod side;
mod similar;
#[cfg(test)]
mod tests;
mod timeline;
mod view;
mod writing;

use axum::{
    Router,
    routing::{get, post},
};
use regulars_web::AppState;

pub(crate) use change::{create, existing, offered};
pub(crate) use load::{actor, linked_whole};
pub(crate) use show::name_ids;
pub(crate) use view::{Linked, place, removing, shown_name, tone_class};
pub(crate) use writing::tell_ends;

/// The routes of a customer's page.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/customers/new", get(change::new))
        .route("/customers/{id}", get(show::show).post(change::save))
        .route("/customers/{id}/edit", get(change::edit))
        .route("/customers/{id}/timeline", get(show::more))
        .route("/customers/{id}/orders", get(orders::more))
        .route("/customers/similar", get(similar::similar))
        .route("/customers/{id}/hierarchy", get(hierarchy::show))
        .route("/customers/{id}/preview", get(preview::preview))
        .route("/customers/{id}/favourite", post(crate::marks::favour))
        .route("/customers/{id}/delete", post(change::delete))
        .route("/customers/{id}/restore", post(change::restore))
        .route("/customers/{id}/tags", get(change::tagging).post(change::tag))
        .route("/customers/{id}/tags/remove", post(change::untag))
        .route(
            "/customers/{id}/parent",
            get(links::parent_sheet).post(links::set_parent),
        )
        .route(
            "/customers/{id}/children",
            get(links::child_sheet).post(links::add_child),
        )
        .route(
            "/customers/{id}/children/{child}/remove",
            post(links::remove_child),
        )
        .route(
            "/customers/{id}/consents",
            get(change::consent_sheet).post(change::save_consents),
        )
        .route(
            "/customers/{id}/store-credit",
            get(credit::show).post(credit::tell),
        )
        .route("/customers/{id}/sources/new", get(links::new_source))
        .route("/customers/{id}/sources", post(links::link_source))
        .route(
            "/customers/{id}/sources/{source}/{external_id}/unlink",
            post(links::unlink),
        )
        .route("/customers/{id}/notes/new", get(parts::new_note))
        .route("/customers/{id}/notes", post(parts::add_note))
        .route("/customers/{id}/notes/draft", post(writing::draft))
        .route("/customers/{id}/notes/draft/discard", post(writing::discard))
        .route("/customers/{id}/notes/{note}", post(parts::save_note))
        .route("/customers/{id}/notes/{note}/autosave", post(writing::revise))
        .route("/customers/{id}/notes/{note}/edit", get(parts::edit_note))
        .route("/customers/{id}/notes/{note}/pin", post(parts::pin_note))
        .route("/customers/{id}/notes/{note}/delete", post(parts::delete_note))
        .route("/customers/{id}/notes/{note}/history", get(writing::note_history))
        .route("/customers/{id}/contacts/new", get(parts::new_contact))
        .route("/customers/{id}/contacts", post(parts::add_contact))
        .route("/customers/{id}/contacts/{contact}", post(parts::save_contact))
        .route(
            "/customers/{id}/contacts/{contact}/edit",
            get(parts::edit_contact),
        )
        .route(
            "/customers/{id}/contacts/{contact}/delete",
            post(parts::delete_contact),
        )
        .route("/customers/{id}/addresses/new", get(parts::new_address))
        .route("/customers/{id}/addresses", post(parts::add_address))
        .route("/customers/{id}/addresses/{address}", post(parts::save_address))
        .route(
            "/customers/{id}/addresses/{address}/edit",
            get(parts::edit_address),
        )
        .route(
            "/customers/{id}/addresses/{address}/default",
            post(parts::default_address),
        )
        .route(
            "/customers/{id}/addresses/{address}/delete",
            post(parts::delete_address),
        )
}

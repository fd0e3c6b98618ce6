//! The API of customers: handlers that turn a request into one use case and its result into JSON.
//!
//! What it never does: SQL, or decide what is right.

mod activities;
mod addresses;
mod analytics;
mod attributes;
mod bulk;
mod children;
mod consents;
mod contacts;
mod customers;
mod fields;
mod list;
mod notes;
mod sources;
mod tags;
mod views;

use regulars_kernel::{Cursor, Faults, Page, PageRequest, Sort, Total, clock};
use regulars_web::{
    AppState, Call, Params,
    problem::{Constraint, register_constraints},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::model::Defaults;

/// The room's routes, relative to `/api/v1`.
pub fn routes() -> OpenApiRouter<AppState> {
    register_constraints(CONSTRAINTS);
    OpenApiRouter::new()
        .merge(list::routes())
        .routes(routes!(customers::create_customer))
        .routes(routes!(
            customers::get_customer,
            customers::update_customer,
            customers::replace_customer,
            customers::delete_customer
        ))
        .routes(routes!(customers::restore_customer))
        .routes(routes!(customers::get_by_email))
        .routes(routes!(customers::get_by_external_id))
        .routes(routes!(bulk::change_customers))
        .routes(routes!(addresses::list_addresses, addresses::create_address))
        .routes(routes!(
            addresses::get_address,
            addresses::update_address,
            addresses::delete_address
        ))
        .routes(routes!(contacts::list_contacts, contacts::create_contact))
        .routes(routes!(
            contacts::get_contact,
            contacts::update_contact,
            contacts::delete_contact
        ))
        .routes(routes!(notes::list_notes, notes::create_note))
        .routes(routes!(notes::get_note, notes::update_note, notes::delete_note))
        .routes(routes!(notes::list_note_versions))
        .routes(routes!(sources::list_sources, sources::link_source))
        .routes(routes!(
            sources::get_source,
            sources::update_source,
            sources::unlink_source
        ))
        .routes(routes!(
            tags::list_customer_tags,
            tags::add_customer_tags,
            tags::replace_customer_tags
        ))
        .routes(routes!(tags::remove_customer_tag))
        .routes(routes!(consents::list_consents, consents::set_consents))
        .routes(routes!(children::list_children))
        .routes(routes!(activities::list_activities))
        .routes(routes!(analytics::get_overview))
        .routes(routes!(analytics::get_growth))
        .routes(routes!(tags::list_tags, tags::create_tag))
        .routes(routes!(tags::get_tag, tags::update_tag, tags::delete_tag))
        .routes(routes!(tags::merge_tag))
        .routes(routes!(attributes::list_attributes, attributes::create_attribute))
        .routes(routes!(
            attributes::get_attribute,
            attributes::update_attribute,
            attributes::delete_attribute
        ))
}

/// What breaking a constraint of the schema means for the caller.
const CONSTRAINTS: &[Constraint] = &[
    Constraint {
        name: "customers_email",
        pointer: "/email",
        code: "email_taken",
        message: "another customer has this e-mail address",
    },
    Constraint {
        name: "customers_code",
        pointer: "/code",
        code: "code_taken",
        message: "another customer has this code",
    },
    Constraint {
        name: "customers_parent",
        pointer: "/parent_id",
        code: "parent_unknown",
        message: "there is no customer with this id",
    },
    Constraint {
        name: "customers_owner",
        pointer: "/owner_id",
        code: "owner_unknown",
        message: "nobody in the organization has this id",
    },
    Constraint {
        name: "customer_sources_pkey",
        pointer: "/external_id",
        code: "external_id_taken",
        message: "another customer has this id of that source",
    },
    Constraint {
        name: "tags_name",
        pointer: "/name",
        code: "name_taken",
        message: "there is a tag of this name",
    },
    Constraint {
        name: "attribute_definitions_name",
        pointer: "/name",
        code: "name_taken",
        message: "there is an attribute of this name",
    },
];

/// What inputs of a call are read with.
fn defaults(call: &Call) -> Defaults {
    let organization = &call.caller.organization;
    Defaults::new(
        organization.currency,
        &organization.locale,
        clock::now().date_naive(),
    )
}

/// `limit`, `cursor` and `page`.
fn page_request(params: &mut Params, sorts: &[Sort], faults: &mut Faults) -> PageRequest {
    let limit = params.one("limit", faults);
    let cursor = params.one("cursor", faults);
    let page = params.one("page", faults);
    PageRequest::parse(
        limit.as_deref(),
        cursor.as_deref(),
        page.as_deref(),
        sorts,
        faults,
    )
}

/// A list that is short enough to be given whole.
fn whole<T: ToSchema>(data: Vec<T>) -> Page<T> {
    let total = Total::exact(data.len() as i64);
    Page::new(data, None::<Cursor>, total)
}

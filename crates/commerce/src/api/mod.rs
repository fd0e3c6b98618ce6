//! The API of orders, carts, wishlists, products and store credit: handlers that turn a request into one use case and its result into JSON.
//!
//! What it never does: SQL, or decide what is right.

mod batch;
mod carts;
mod credit;
pub(crate) mod filter;
mod metrics;
mod orders;
mod products;
mod stock;
mod wishlists;

use regulars_kernel::{Faults, PageRequest, Sort};
use regulars_web::{
    AppState, Params,
    problem::{Constraint, register_constraints},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The room's routes, relative to `/api/v1`.
pub fn routes() -> OpenApiRouter<AppState> {
    register_constraints(CONSTRAINTS);
    OpenApiRouter::new()
        .routes(routes!(orders::list_orders, orders::tell_orders))
        .routes(routes!(orders::get_order, orders::delete_order))
        .routes(routes!(orders::list_customer_orders))
        .routes(routes!(carts::list_carts, carts::tell_carts))
        .routes(routes!(carts::get_cart, carts::delete_cart))
        .routes(routes!(wishlists::list_wishlists, wishlists::tell_wishlists))
        .routes(routes!(wishlists::get_wishlist, wishlists::delete_wishlist))
        .routes(routes!(wishlists::list_customer_wishlists))
        .routes(routes!(credit::get_store_credit, credit::tell_store_credit))
        .routes(routes!(credit::get_store_credit_entry))
        .routes(routes!(metrics::tell_metrics))
        .routes(routes!(products::list_products, products::tell_products))
        .routes(routes!(products::get_product, products::delete_product))
        .routes(routes!(stock::tell_stock))
}

/// What breaking a constraint of the schema means for the caller.
const CONSTRAINTS: &[Constraint] = &[
    Constraint {
        name: "orders_customer",
        pointer: "/customer_id",
        code: "customer_unknown",
        message: "there is no customer with this id",
    },
    Constraint {
        name: "carts_customer",
        pointer: "/customer_id",
        code: "customer_unknown",
        message: "there is no customer with this id",
    },
    Constraint {
        name: "wishlists_customer",
        pointer: "/customer_id",
        code: "customer_unknown",
        message: "there is no customer with this id",
    },
    Constraint {
        name: "store_credit_entries_external",
        pointer: "/external_id",
        code: "entry_known",
        message: "this entry was told of another customer or in another currency",
    },
];

/// `limit`, `cursor` and `page`.
pub fn page_request(params: &mut Params, sorts: &[Sort], faults: &mut Faults) -> PageRequest {
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

//! Orders, products, carts and wishlists by file: what their columns mean, how several rows are one of them, and telling commerce of them.
//!
//! The file, its batches, its dry run and its errors are the exchange room's; what becomes of an order or a product is the
//! commerce room's, as if it had been told by the API. What this room never does: SQL, or decide which of two facts is newer.

mod fields;
mod kind;
mod lists;
mod orders;
mod places;
mod products;
mod settle;
mod sheet;
mod suggest;

use regulars_exchange::kind::Kinds;

/// The kinds of records of commerce that files can bring.
pub fn kinds() -> Kinds {
    // What is in a cart and what is wished for have the columns of orders and products, too, so their ids are looked for first.
    Kinds::new(vec![
        Box::new(lists::CARTS),
        Box::new(lists::WISHLISTS),
        Box::new(orders::KIND),
        Box::new(products::KIND),
    ])
}

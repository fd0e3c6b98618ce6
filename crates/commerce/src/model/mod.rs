//! The words of this room: orders, carts, wishlists, products, stock and store credit, how input is understood, and how what arrives is put together.
//!
//! What it never does: SQL, HTTP, reading the clock.

mod cart;
mod cart_input;
mod cart_merge;
#[cfg(test)]
mod cart_tests;
mod check;
mod credit;
mod facts;
mod input;
mod merge;
#[cfg(test)]
mod merge_tests;
mod order;
mod parts;
mod product;
mod reading;
mod show;
mod status;
mod stock;
mod told_metrics;
mod version;
mod wishlist;

pub use cart::{ABANDONED_AFTER, Cart, CartJson, CartLine, CartLineJson, CartRow, CartStage, CartState};
pub use cart_input::{CartChange, CartInput, CartLineInput};
pub use cart_merge::{Conversion, convert_cart, merge_cart};
pub use credit::{CreditBalance, CreditChange, CreditEntry, CreditEntryJson, CreditInput, CreditKind};
pub use facts::{Fact, changes, describe, facts};
pub use input::{AmountInput, CustomerKey, LineInput, OrderInput};
pub use merge::{Change, CorePatch, Speaker, Whose, merge, total_in_base};
pub use order::{Core, Derived, Order, Stated};
pub use parts::{
    Address, AddressInput, Amounts, BY_FILE, Fulfillment, FulfillmentInput, FulfillmentState, Line,
    LineQuantity, NamedAmount, NamedAmountInput, Part, Payment, PaymentInput, PaymentKind, PaymentState,
    Refund, RefundInput,
};
pub use product::{Product, ProductInput, ProductJson, ProductStatus, Variant, VariantInput};
pub use show::{OrderJson, OrderRow, StatusChange};
pub use status::{FulfillmentStatus, OrderStatus, PaymentStatus};
pub use stock::{Item, Level, Location, StockLevel, StockLevelInput};
pub use told_metrics::{ExpectedInput, ToldMetricsInput};
pub use version::SourceVersion;
pub use wishlist::{Wish, WishInput, Wishlist, WishlistChange, WishlistInput, WishlistJson};

//! Everything between Regulars and PostgreSQL: the private server, pools, [`Tx`], migrations.
//!
//! What it never does: know a domain table. The one way to tenant data is a [`Tx`] opened for a [`Scope`]; row-level
//! security holds even where code forgets.

mod tx;

pub use tx::{Database, Tx};
pub use regulars_kernel::Scope;

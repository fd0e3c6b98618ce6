//! Everything between Regulars and PostgreSQL: the private server, pools, [`Tx`], migrations.
//!
//! What it never does: know a domain table. The one way to tenant data is a [`Tx`] opened for a [`Scope`]; row-level
//! security holds even where code forgets.
//!
//! Its own statements ask the catalogue, before there may be a schema, so they are not checked at compile time as
//! everyone else's are.

pub mod binaries;
pub mod cluster;
pub mod connect;
pub mod doctor;
mod kept;
pub mod migrate;
pub mod private;
mod settings;
mod tie;
mod tx;
pub mod version;

pub use connect::{Opened, Settings, open};
pub use private::PrivateServer;
pub use regulars_kernel::Scope;
pub use tx::{Database, Tx};

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

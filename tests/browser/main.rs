//! The pages in a real Chromium, each flow as a person goes through it.
//!
//! Any error on the browser's console fails a test: a script or style that the policy refuses, a file that is missing.

#![expect(
    clippy::unwrap_used,
    clippy::duration_suboptimal_units,
    clippy::manual_assert,
    reason = "this is a test: what is not there fails it"
)]

#[path = "../../crates/server/tests/it/api.rs"]
mod api;
#[path = "../../crates/server/tests/it/process.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of the binary, which need more of it"
)]
mod process;

#[path = "../../crates/server/tests/it/strangers.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of the binary, which need more of it"
)]
mod strangers;

mod harness;
mod shop;
mod stage;

mod accounts;
mod budgets;
mod bulk;
mod carts;
mod columns;
mod connections;
mod crowd;
mod customers;
mod dashboard;
mod definitions;
mod exports;
mod filters;
mod help;
mod imports;
mod keyboard;
mod look;
mod looked;
mod members;
mod notes;
mod orders;
mod privacy;
mod record;
mod settings;
mod side;
mod tracking;
mod tree;
mod trouble;
mod wizard;

//! The whole program: the binary with its sockets, its files and its PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::duration_suboptimal_units,
    clippy::manual_assert,
    reason = "this is a test: what is not there fails it"
)]

mod api;
mod cli;
mod commands;
mod connection_pages;
mod document;
mod fixtures;
mod import_command;
mod import_kill;
mod interface;
mod metrics_command;
mod naughty;
mod page_routes;
mod pages;
mod permissions;
mod process;
mod routes;
mod senders;
mod serve;
mod stopping;
mod strangers;
mod sync_command;

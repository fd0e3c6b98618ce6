//! The whole program: the binary with its sockets, its files and its PostgreSQL.

mod api;
mod cli;
mod document;
mod import_kill;
mod process;
mod routes;
mod serve;

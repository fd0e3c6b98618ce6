//! The whole program: the binary with its sockets, its files and its PostgreSQL.

mod api;
mod document;
mod process;
mod routes;
mod serve;

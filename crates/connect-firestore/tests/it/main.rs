//! The mirror against a real Firestore emulator and a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what went wrong")]

mod comparing;
mod emulator;
mod faults;
mod mirroring;
mod pages;
mod proxy;
mod rates;
mod settings;
mod shop;

//! The mirror against a real Firestore emulator and a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what went wrong")]

mod emulator;
mod mirroring;
mod shop;

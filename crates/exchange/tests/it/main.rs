//! Imports and exports against a real database.

mod exports;
mod http;
mod imports;
mod resume;
mod support;

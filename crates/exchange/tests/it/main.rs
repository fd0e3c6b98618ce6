//! Imports and exports against a real database.

mod imports;
mod resume;
mod support;

//! Exports: rows of `exports`.

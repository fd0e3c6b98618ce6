//! The customers' room against a real PostgreSQL, through the same edge as the server's.

#![expect(
    clippy::unwrap_used,
    reason = "a test that finds something missing shall panic"
)]

mod analytics;
mod audited;
mod bulk;
mod bulk_job;
mod bulk_undo;
mod caps;
mod currencies;
mod cursors;
mod find;
mod find_api;
mod find_expression;
mod find_filters;
mod find_many;
mod find_plans;
mod find_search;
mod harness;
mod hierarchy;
mod letting_go;
mod marks;
mod merging;
mod parts;
mod people;
mod records;
mod sources;
mod tenancy;
mod verified;
mod withdrawals;
mod words;
mod writing;

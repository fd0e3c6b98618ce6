//! The database room against a real PostgreSQL.

mod testkit;

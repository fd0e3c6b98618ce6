//! The queue against a real PostgreSQL.

mod interface;
mod plans;
mod schedules;
mod support;
mod work;

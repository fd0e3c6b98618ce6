//! The pages of orders and products on real PostgreSQL.

mod pages;

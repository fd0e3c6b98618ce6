//! The inbox over HTTP, against a real PostgreSQL.

//! The edge as a client sees it: a small room of our own behind the real composition.

mod bodies;
mod edge;
mod help;
mod idempotency;
mod room;

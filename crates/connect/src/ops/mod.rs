//! Use cases: connections and their secrets; looking at what came, and playing it again.

mod connections;
mod events;
mod inbox;
pub mod pulls;

pub use connections::{
    add_secret, connection_name, connection_names, create_connection, delete_connection, end_secret,
    get_connection, list_connections, update_connection,
};
pub use events::{
    discard_event, discard_events, forget, get_event, list_events, replay_event, replay_events, wake,
};
pub use inbox::{
    count, counts, discard_matching, failures, list_dead_first, newest, replay_matching, topics,
};

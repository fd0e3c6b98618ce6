//! Use cases: connections and their secrets; looking at what came, and playing it again.

mod connections;
mod events;

pub use connections::{
    add_secret, create_connection, delete_connection, get_connection, list_connections, update_connection,
};
pub use events::{discard_event, forget, get_event, list_events, replay_event, replay_events, wake};

//! Tables as files: any file of rows in (`read`: CSV in every dialect and encoding, JSON, JSON Lines, XLSX), and rows out
//! as files that spreadsheets may open (`write`).
//!
//! What this room never does: know what a column means or what a customer is, touch a database or the network, hold a file
//! in memory, or change a text without saying so.

pub mod read;
pub mod write;

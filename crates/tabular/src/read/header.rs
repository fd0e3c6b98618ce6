//! The columns of a file and the names they go by.
//!
//! What it never does: say what a column means.

use std::collections::HashMap;

use super::{MAX_COLUMNS, ReadError};

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Header {
    /// As it stands in the file.
    pub name: String,
    /// How mappings and faults call it: trimmed, "Column 3" if that leaves nothing, " (2)" added to a second one.
    pub unique_name: String,
}

/// The columns, in the file's order, found by unique name.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "Vec<Header>", into = "Vec<Header>")]
pub struct Headers {
    list: Vec<Header>,
    by_name: HashMap<String, usize>,
}

impl Headers {
    /// Gives each name its unique name. Fails with more than a thousand.
    pub fn new<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Result<Self, ReadError> {
        let mut headers = Self::default();
        for name in names {
            if headers.list.len() == MAX_COLUMNS {
                return Err(ReadError::file(
                    "too_many_columns",
                    format!("the file has more than {MAX_COLUMNS} columns"),
                ));
            }
            headers.push(name.into());
        }
        Ok(headers)
    }

    fn push(&mut self, name: String) {
        let trimmed = name.trim();
        let base = if trimmed.is_empty() {
            format!("Column {}", self.list.len() + 1)
        } else {
            trimmed.to_owned()
        };
        let mut unique_name = base.clone();
        let mut number = 2;
        while self.by_name.contains_key(&unique_name) {
            unique_name = format!("{base} ({number})");
            number += 1;
        }
        self.by_name.insert(unique_name.clone(), self.list.len());
        self.list.push(Header { name, unique_name });
    }

    /// Where the column with this unique name stands, from 0.
    pub fn position(&self, unique_name: &str) -> Option<usize> {
        self.by_name.get(unique_name).copied()
    }
}

impl std::ops::Deref for Headers {
    type Target = [Header];

    fn deref(&self) -> &[Header] {
        &self.list
    }
}

impl From<Vec<Header>> for Headers {
    fn from(list: Vec<Header>) -> Self {
        let by_name = list
            .iter()
            .enumerate()
            .map(|(at, header)| (header.unique_name.clone(), at))
            .collect();
        Self { list, by_name }
    }
}

impl From<Headers> for Vec<Header> {
    fn from(headers: Headers) -> Self {
        headers.list
    }
}

//! Lists: how many, from where, in which order, and how many there are.
//!
//! Knows nothing of SQL: a store turns a [`Sort`] into columns from its own list and a [`Cursor`] into bound values.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use crate::error::Faults;

/// Rows on a page unless asked otherwise.
pub const DEFAULT_LIMIT: u32 = 50;
/// Most rows on a page.
pub const MAX_LIMIT: u32 = 200;
/// Last page that can be asked for by number; beyond it cursors are the way.
pub const MAX_PAGE: u32 = 1_000_000;
const MAX_CURSOR: usize = 8192;

/// One column of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The field, out of the list's allowed ones.
    pub field: &'static str,
    /// Largest or latest first.
    pub descending: bool,
}

impl Sort {
    /// Smallest or earliest first.
    pub const fn ascending(field: &'static str) -> Self {
        Self {
            field,
            descending: false,
        }
    }

    /// Largest or latest first.
    pub const fn descending(field: &'static str) -> Self {
        Self {
            field,
            descending: true,
        }
    }

    /// Understands `-created_at,full_name`; nothing gives the default. Faults are at `?sort`.
    pub fn parse_list(
        text: Option<&str>,
        allowed: &[&'static str],
        default: &[Self],
        faults: &mut Faults,
    ) -> Vec<Self> {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return default.to_vec();
        };
        let mut sorts: Vec<Self> = Vec::new();
        for item in text.split(',') {
            let item = item.trim();
            let (name, descending) = item.strip_prefix('-').map_or((item, false), |name| (name, true));
            let Some(&field) = allowed.iter().find(|field| **field == name) else {
                let name: String = name.chars().take(60).collect();
                faults.add(
                    "?sort",
                    "sort_unknown",
                    format!("“{name}” is not a field to sort by; use {}", allowed.join(", ")),
                );
                continue;
            };
            if sorts.iter().any(|sort| sort.field == field) {
                faults.add("?sort", "sort_repeated", format!("“{field}” is named twice"));
                continue;
            }
            sorts.push(Self { field, descending });
        }
        if sorts.is_empty() { default.to_vec() } else { sorts }
    }

    /// The order as `parse_list` understands it.
    pub fn write_list(sorts: &[Self]) -> String {
        let items: Vec<_> = sorts
            .iter()
            .map(|sort| format!("{}{}", if sort.descending { "-" } else { "" }, sort.field))
            .collect();
        items.join(",")
    }
}

/// A place in a list: the sort values and the id of the last row seen. Opaque to callers: base64url of JSON with a
/// checksum, which finds damage, not malice. It needs no secret: it only says where to go on in one's own list.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    sort: String,
    values: Vec<Value>,
    /// The last row seen.
    pub id: Uuid,
}

impl Cursor {
    /// After the row with this id and these values of the sorted fields, one for each.
    pub fn new(sorts: &[Sort], values: Vec<Value>, id: impl Into<Uuid>) -> Self {
        debug_assert_eq!(
            sorts.len(),
            values.len(),
            "a cursor has one value for each sorted field"
        );
        Self {
            sort: Sort::write_list(sorts),
            values,
            id: id.into(),
        }
    }

    /// The text for `next_cursor`.
    pub fn encode(&self) -> String {
        let mut bytes = Value::from(vec![
            Value::from(self.sort.as_str()),
            Value::from(self.values.clone()),
            Value::from(self.id.to_string()),
        ])
        .to_string()
        .into_bytes();
        bytes.extend(checksum(&bytes).to_le_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Understands what `encode` wrote for the same order.
    pub fn decode(text: &str, sorts: &[Sort]) -> Result<Self, CursorError> {
        if text.len() > MAX_CURSOR {
            return Err(CursorError::Broken);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Broken)?;
        let (json, sum) = bytes.split_last_chunk::<4>().ok_or(CursorError::Broken)?;
        if checksum(json).to_le_bytes() != *sum {
            return Err(CursorError::Broken);
        }
        let (sort, values, id): (String, Vec<Value>, Uuid) =
            serde_json::from_slice(json).map_err(|_| CursorError::Broken)?;
        if sort != Sort::write_list(sorts) {
            return Err(CursorError::OtherOrder);
        }
        if values.len() != sorts.len() {
            return Err(CursorError::Broken);
        }
        Ok(Self { sort, values, id })
    }

    /// The value of the sorted field at this place, as its type.
    pub fn value<T: DeserializeOwned>(&self, at: usize) -> Result<T, CursorError> {
        self.values
            .get(at)
            .and_then(|value| T::deserialize(value).ok())
            .ok_or(CursorError::Broken)
    }
}

/// FNV-1a, 32 bits (Fowler, Noll, Vo).
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// Why a cursor is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorError {
    /// Not what we gave out.
    Broken,
    /// Given out for another `sort`.
    OtherOrder,
}

impl fmt::Display for CursorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken => "the cursor is damaged; use next_cursor exactly as it was given",
            Self::OtherOrder => {
                "the cursor belongs to another order; keep sort the same or start without a cursor"
            }
        })
    }
}

impl std::error::Error for CursorError {}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// At the beginning.
    First,
    /// After a row.
    After(Cursor),
    /// At a page by number, from 1.
    Page(u32),
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRequest {
    /// Rows wanted, 1 to 200.
    pub limit: u32,
    /// Where to begin.
    pub start: Start,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self {
            limit: DEFAULT_LIMIT,
            start: Start::First,
        }
    }
}

impl PageRequest {
    /// Understands the query parameters `limit`, `cursor` and `page`. Faults are at `?limit`, `?cursor`, `?page`;
    /// what is faulty counts as not given.
    pub fn parse(
        limit: Option<&str>,
        cursor: Option<&str>,
        page: Option<&str>,
        sorts: &[Sort],
        faults: &mut Faults,
    ) -> Self {
        let limit = number("limit", limit, MAX_LIMIT, faults).unwrap_or(DEFAULT_LIMIT);
        let page_number = number("page", page, MAX_PAGE, faults);
        let cursor = cursor.filter(|text| !text.is_empty());
        if cursor.is_some() && page.is_some() {
            faults.add("?page", "page_and_cursor", "use either page or cursor, not both");
        }
        let start = match (cursor, page_number) {
            (Some(text), _) => faults
                .take("?cursor", "cursor_invalid", Cursor::decode(text, sorts))
                .map_or(Start::First, Start::After),
            (None, Some(page)) => Start::Page(page),
            (None, None) => Start::First,
        };
        Self { limit, start }
    }

    /// Rows to skip, where the page is asked for by number.
    pub fn offset(&self) -> i64 {
        match self.start {
            Start::Page(page) => i64::from(page.saturating_sub(1)) * i64::from(self.limit),
            Start::First | Start::After(_) => 0,
        }
    }

    /// The place to go on from, if one was given.
    pub fn cursor(&self) -> Option<&Cursor> {
        if let Start::After(cursor) = &self.start {
            Some(cursor)
        } else {
            None
        }
    }
}

fn number(name: &str, text: Option<&str>, max: u32, faults: &mut Faults) -> Option<u32> {
    let text = text?;
    let value = text.parse().ok().filter(|value| (1..=max).contains(value));
    if value.is_none() {
        let text: String = text.chars().take(20).collect();
        faults.add(
            format!("?{name}"),
            format!("{name}_invalid"),
            format!("“{text}” is not a {name}; use a whole number from 1 to {max}"),
        );
    }
    value
}

/// How many rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Total {
    /// The number.
    #[schema(example = 1234)]
    pub value: i64,
    /// Whether it was counted; otherwise it is an estimate.
    pub exact: bool,
}

impl Total {
    /// Counted.
    pub const fn exact(value: i64) -> Self {
        Self { value, exact: true }
    }

    /// Estimated.
    pub const fn about(value: i64) -> Self {
        Self { value, exact: false }
    }
}

/// Where a page stands in its list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PageInfo {
    /// What to pass as `cursor` for the rows after these; null at the end.
    #[schema(example = "WyItY3JlYXRlZF9hdCIsWyIyMDI2LTAxLTMxVDEyOjAwOjAwWiJdXQ")]
    pub next_cursor: Option<String>,
    /// How many rows the whole list has.
    pub total: Total,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T: utoipa::ToSchema> {
    /// The rows.
    pub data: Vec<T>,
    /// Where they stand.
    pub page: PageInfo,
}

impl<T: utoipa::ToSchema> Page<T> {
    /// A page; without a cursor it is the last one.
    pub fn new(data: Vec<T>, next: Option<Cursor>, total: Total) -> Self {
        Self {
            data,
            page: PageInfo {
                next_cursor: next.map(|cursor| cursor.encode()),
                total,
            },
        }
    }

    /// The same page with its rows turned into something else.
    pub fn map<U: utoipa::ToSchema>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page {
            data: self.data.into_iter().map(turn).collect(),
            page: self.page,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ALLOWED: &[&str] = &["created_at", "full_name"];
    const NEWEST: &[Sort] = &[Sort::descending("created_at")];

    #[test]
    fn an_order_is_understood() {
        let mut faults = Faults::new();
        let sorts = Sort::parse_list(Some("-created_at,full_name"), ALLOWED, &[], &mut faults);
        assert_eq!(
            sorts,
            [Sort::descending("created_at"), Sort::ascending("full_name")]
        );
        assert_eq!(Sort::write_list(&sorts), "-created_at,full_name");
        assert_eq!(Sort::parse_list(None, ALLOWED, NEWEST, &mut faults), NEWEST);
        assert_eq!(faults, Faults::new());
    }

    #[test]
    fn every_fault_of_an_order_is_named() {
        let mut faults = Faults::new();
        Sort::parse_list(
            Some("password,full_name,-full_name,"),
            ALLOWED,
            NEWEST,
            &mut faults,
        );
        let codes: Vec<_> = faults
            .0
            .iter()
            .map(|fault| (fault.pointer.as_str(), &*fault.code))
            .collect();
        assert_eq!(
            codes,
            [
                ("?sort", "sort_unknown"),
                ("?sort", "sort_repeated"),
                ("?sort", "sort_unknown")
            ]
        );
        assert_eq!(
            faults.0[0].message,
            "“password” is not a field to sort by; use created_at, full_name"
        );
    }

    #[test]
    fn a_page_request_has_limits() {
        let mut faults = Faults::new();
        let request = PageRequest::parse(Some("200"), None, Some("3"), NEWEST, &mut faults);
        assert_eq!((request.limit, request.offset()), (200, 400));
        assert_eq!(
            PageRequest::parse(None, None, None, NEWEST, &mut faults),
            PageRequest::default()
        );
        assert_eq!(faults, Faults::new());
        PageRequest::parse(Some("201"), Some("x"), Some("0"), NEWEST, &mut faults);
        let places: Vec<_> = faults.0.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["?limit", "?page", "?page", "?cursor"]);
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let text = Cursor::new(NEWEST, vec![json!("2026-01-01")], Uuid::nil()).encode();
        assert_eq!(
            Cursor::decode(&text, &[Sort::ascending("created_at")]),
            Err(CursorError::OtherOrder)
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let cursor = Cursor::new(NEWEST, vec![json!("x")], Uuid::nil());
        assert_eq!(cursor.value::<String>(0).as_deref(), Ok("x"));
        assert_eq!(cursor.value::<i64>(0), Err(CursorError::Broken));
        assert_eq!(cursor.value::<String>(1), Err(CursorError::Broken));
    }

    #[test]
    fn a_page_is_written_as_the_interface_says() {
        let page = Page::new(vec![1, 2], None, Total::exact(2)).map(|row| row + 1);
        let written =
            json!({"data": [2, 3], "page": {"next_cursor": null, "total": {"value": 2, "exact": true}}});
        assert_eq!(serde_json::to_value(page).unwrap(), written);
    }

    proptest! {
        #[test]
        fn a_cursor_survives_a_round_trip(text in ".{0,40}", number: i64, id: [u8; 16]) {
            let sorts = [Sort::ascending("full_name"), Sort::descending("created_at"), Sort::ascending("birthday")];
            let cursor = Cursor::new(&sorts, vec![json!(text), json!(number), json!(null)], Uuid::from_bytes(id));
            let read = Cursor::decode(&cursor.encode(), &sorts).unwrap();
            prop_assert_eq!(read.value::<String>(0), Ok(text));
            prop_assert_eq!(read.value::<i64>(1), Ok(number));
            prop_assert_eq!(read.value::<Option<String>>(2), Ok(None));
            prop_assert_eq!(read, cursor);
        }

        #[test]
        fn a_changed_cursor_is_refused(at in 0usize..200, letter in "[A-Za-z0-9_-]") {
            let text = Cursor::new(NEWEST, vec![json!("2026-01-01T00:00:00Z")], Uuid::nil()).encode();
            let at = at % text.len();
            let changed = format!("{}{letter}{}", &text[..at], &text[at + 1..]);
            if changed != text {
                prop_assert_eq!(Cursor::decode(&changed, NEWEST), Err(CursorError::Broken));
            }
            prop_assert_eq!(Cursor::decode(&text[..at], NEWEST), Err(CursorError::Broken));
        }

        #[test]
        fn any_text_is_answered(text in ".{0,60}") {
            let mut faults = Faults::new();
            Sort::parse_list(Some(&text), ALLOWED, NEWEST, &mut faults);
            PageRequest::parse(Some(&text), Some(&text), Some(&text), NEWEST, &mut faults);
        }
    }
}

//! Orders as SQL, and the places in them that cursors name.
//!
//! Ties go by id, in the direction of the last field. Who was never active counts as active before everybody else:
//! last in `-last_active_at`, first in `last_active_at`; so does whoever has no country. Nulls cannot be part of a row
//! comparison, so something less than every value stands for them; where the field leads, they are a list of their own
//! (see `groups`), since no index condition is made of `coalesce` behind the wall.
//!
//! Countries stand by their names, as people read them: what is compared is a place among those.
//!
//! Fields that many share (`status`, `type`, `country`, and being never active) are followed by `created_at`, see
//! [`settled`]: an order within them that means something and that an index has.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Country,
    paging::{Cursor, CursorError, Sort},
};
use sqlx::{Postgres, QueryBuilder};

use super::{countries, query::RELEVANCE};

/// `last_active_at` of those who have one.
pub(super) const ACTIVE: &str = "active";

/// A value of a sorted field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Key {
    Time(DateTime<Utc>),
    Text(String),
    Country(Country),
    /// No value, and what stands for it where it is compared.
    Nothing(&'static str),
}

impl Key {
    fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Self::Time(time) => sql.push_bind(*time),
            Self::Text(text) => sql.push_bind(text.clone()),
            Self::Country(country) => sql.push_bind(countries::rank(country.as_str())),
            Self::Nothing(least) => sql.push(*least),
        };
    }

    fn json(&self) -> serde_json::Value {
        match self {
            Self::Time(time) => serde_json::json!(time),
            Self::Text(text) => text.as_str().into(),
            Self::Country(country) => country.as_str().into(),
            Self::Nothing(_) => serde_json::Value::Null,
        }
    }

    /// The group that it is in: the text itself, of times all in one, nothing for no value.
    pub(super) fn group(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Country(country) => Some(country.as_str()),
            Self::Time(_) => Some(ACTIVE),
            Self::Nothing(_) => None,
        }
    }
}

/// The order with what must follow it.
pub(super) fn settled(mut sorts: Vec<Sort>) -> Vec<Sort> {
    let shared = ["status", "type", "country", "last_active_at"];
    if let Some(last) = sorts.last().copied()
        && shared.contains(&last.field)
        && !sorts.iter().any(|sort| sort.field == "created_at")
    {
        sorts.push(Sort {
            field: "created_at",
            ..last
        });
    }
    sorts
}

/// The column behind a field.
fn column(field: &str) -> &'static str {
    match field {
        "updated_at" => "c.updated_at",
        "full_name" => "c.sort_name",
        "last_active_at" | ACTIVE => "c.last_active_at",
        "code" => "c.code",
        "status" => "c.status",
        "type" => "c.type",
        "country" => "c.country",
        _ => "c.created_at",
    }
}

/// What stands for no value of a field that may have none.
fn least(field: &str) -> Option<&'static str> {
    match field {
        "last_active_at" => Some("'-infinity'::timestamptz"),
        "country" => Some("0"),
        _ => None,
    }
}

/// What is compared.
fn expression(field: &str) -> String {
    let compared = match field {
        "country" => countries::RANK.as_str(),
        _ => column(field),
    };
    match least(field) {
        Some(least) => format!("coalesce({compared}, {least})"),
        None => compared.to_owned(),
    }
}

/// Pushes ` ORDER BY …`.
pub(super) fn push_order(sql: &mut QueryBuilder<Postgres>, sorts: &[Sort]) {
    sql.push(" ORDER BY ");
    for sort in sorts {
        sql.push(expression(sort.field));
        sql.push(if sort.descending { " DESC, " } else { ", " });
    }
    sql.push(if ends_descending(sorts) {
        "c.id DESC"
    } else {
        "c.id"
    });
}

fn ends_descending(sorts: &[Sort]) -> bool {
    sorts.last().is_some_and(|sort| sort.descending)
}

/// Pushes the conditions that begin after the cursor, each with ` AND ` before it.
pub(super) fn push_place(
    sql: &mut QueryBuilder<Postgres>,
    sorts: &[Sort],
    after: Option<&(Vec<Key>, uuid::Uuid)>,
) {
    let Some((keys, id)) = after else { return };
    let mut rest: Vec<(String, bool, Option<&Key>)> = sorts
        .iter()
        .zip(keys)
        .map(|(sort, key)| (expression(sort.field), sort.descending, Some(key)))
        .collect();
    let descending = ends_descending(sorts);
    rest.push(("c.id".to_owned(), descending, None));
    let push_value = |sql: &mut QueryBuilder<Postgres>, key: Option<&Key>| match key {
        Some(key) => key.push(sql),
        None => {
            sql.push_bind(*id);
        }
    };
    sql.push(" AND ");
    if rest.iter().all(|field| field.1 == descending) {
        let columns: Vec<&str> = rest.iter().map(|field| field.0.as_str()).collect();
        sql.push(format!(
            "({}) {} (",
            columns.join(", "),
            if descending { "<" } else { ">" }
        ));
        for (at, field) in rest.iter().enumerate() {
            if at > 0 {
                sql.push(", ");
            }
            push_value(sql, field.2);
        }
        sql.push(")");
        return;
    }
    // Directions differ: the first bound lets the index begin at the right place, the rest is exact.
    let (column, down, key) = &rest[0];
    sql.push(format!("{column} {} ", if *down { "<=" } else { ">=" }));
    push_value(sql, *key);
    sql.push(" AND (");
    for (at, (column, down, key)) in rest.iter().enumerate() {
        sql.push(format!("{column} {} ", if *down { "<" } else { ">" }));
        push_value(sql, *key);
        if at + 1 < rest.len() {
            sql.push(format!(" OR ({column} = "));
            push_value(sql, *key);
            sql.push(" AND (");
        }
    }
    sql.push("))".repeat(rest.len() - 1));
    sql.push(")");
}

/// The sort columns, to be selected beside `c.id`.
pub(super) fn columns(sorts: &[Sort]) -> String {
    let mut columns: Vec<&str> = sorts.iter().map(|sort| column(sort.field)).collect();
    columns.dedup();
    columns
        .iter()
        .fold(String::new(), |text, column| text + ", " + column)
}

/// The values that a cursor holds.
pub(super) fn keys(sorts: &[Sort], cursor: &Cursor) -> Result<Vec<Key>, CursorError> {
    sorts
        .iter()
        .enumerate()
        .map(|(at, sort)| match sort.field {
            "full_name" | "code" | "status" | "type" => {
                let text: String = cursor.value(at)?;
                if text.contains('\0') {
                    return Err(CursorError::Broken);
                }
                Ok(Key::Text(text))
            }
            field @ "country" => {
                let code: Option<String> = cursor.value(at)?;
                match (code, least(field)) {
                    (Some(code), _) => Country::from_code(&code)
                        .map(Key::Country)
                        .ok_or(CursorError::Broken),
                    (None, Some(least)) => Ok(Key::Nothing(least)),
                    (None, None) => Err(CursorError::Broken),
                }
            }
            field => {
                let time: Option<DateTime<Utc>> = cursor.value(at)?;
                match (time, least(field)) {
                    (Some(time), _) => possible(time),
                    (None, Some(least)) => Ok(Key::Nothing(least)),
                    (None, None) => Err(CursorError::Broken),
                }
            }
        })
        .collect()
}

/// PostgreSQL holds less than chrono does.
fn possible(time: DateTime<Utc>) -> Result<Key, CursorError> {
    if (-4000..=200_000).contains(&chrono::Datelike::year(&time)) {
        Ok(Key::Time(time))
    } else {
        Err(CursorError::Broken)
    }
}

/// Whether the cursor's values are those of the order.
pub(super) fn check(sorts: &[Sort], cursor: &Cursor) -> Result<(), CursorError> {
    if sorts.first().is_some_and(|sort| sort.field == RELEVANCE) {
        return cursor.value::<u32>(0).map(|_| ());
    }
    keys(sorts, cursor).map(|_| ())
}

/// The cursor of a row.
pub(super) fn cursor(sorts: &[Sort], customer: &crate::model::Customer, sort_name: &str) -> Cursor {
    let keys = sorts.iter().map(|sort| {
        let none = || Key::Nothing(least(sort.field).unwrap_or_default());
        match sort.field {
            "full_name" => Key::Text(sort_name.to_owned()),
            "code" => Key::Text(customer.code.clone()),
            "status" => Key::Text(customer.status.to_string()),
            "type" => Key::Text(customer.customer_type.to_string()),
            "country" => customer.country.map_or_else(none, Key::Country),
            "updated_at" => Key::Time(customer.updated_at),
            "last_active_at" => customer.last_active_at.map_or_else(none, Key::Time),
            _ => Key::Time(customer.created_at),
        }
        .json()
    });
    Cursor::new(sorts, keys.collect(), customer.id.0)
}

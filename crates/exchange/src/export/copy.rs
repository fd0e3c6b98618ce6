//! Fetching a batch by `COPY … TO STDOUT`, the quickest way out of PostgreSQL, and reading its text format
//! (PostgreSQL documentation, COPY, "Text Format").
//!
//! COPY takes no parameters, so the ids of the batch stand in its text. They are typed ids: hexadecimal and dashes,
//! nothing that anybody typed. Everything that people ask for was bound before, when the ids were looked up.
//!
//! What it never does: keep more than some bytes of a batch, whatever the customers hold, or leave a COPY half read, except
//! where the whole work is dropped.

use std::{borrow::Cow, fmt::Write as _};

use futures::TryStreamExt as _;
use regulars_customers::store::row::CREDIT_LIMIT_CURRENCY;
use regulars_database::Tx;
use regulars_kernel::{Error, Result, ids::CustomerId};

/// The customers of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// Who, in order; at least one.
    pub list: Vec<CustomerId>,
    /// The id before the first (the nil id before anybody), if these are all who live between that and the last: then they
    /// need not be named.
    pub all_after: Option<CustomerId>,
}

impl Ids {
    /// The same in parts of `rows`.
    pub fn split(&self, rows: usize) -> Vec<Self> {
        let mut before = self.all_after;
        let parts = self.list.chunks(rows.max(1)).map(|list| {
            let part = Self {
                list: list.to_vec(),
                all_after: before,
            };
            before = before.and(list.last().copied());
            part
        });
        parts.collect()
    }

    fn condition(&self, column: &str) -> String {
        if let (Some(after), Some(last)) = (self.all_after, self.list.last()) {
            return format!("{column} > '{after}' AND {column} <= '{last}'");
        }
        let mut text = String::with_capacity(self.list.len() * 37 + 64);
        let _ = write!(text, "{column} = ANY ('{{");
        for (at, id) in self.list.iter().enumerate() {
            let _ = write!(text, "{}{id}", if at == 0 { "" } else { "," });
        }
        text.push_str("}'::uuid[])");
        text
    }
}

/// What came of fetching a batch.
#[derive(Debug)]
pub enum Fetched {
    /// It, whole.
    Whole(Raw),
    /// It has too many bytes; so many rows may fit.
    TooLarge(usize),
}

/// Which parts anybody of the organization has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    pub tags: bool,
    pub addresses: bool,
    pub consents: bool,
    pub sources: bool,
}

/// A batch as PostgreSQL wrote it: one line a row, ordered by the customer's id.
#[derive(Debug, Default)]
pub struct Raw {
    pub customers: String,
    pub tags: String,
    pub addresses: String,
    pub consents: String,
    pub sources: String,
}

/// What is fetched of `customers`, in this order: its columns and the currency of one; `lines` names them by their place.
pub const CUSTOMER: &[&str] = &[
    "id",
    "code",
    "kind",
    "email",
    "phone",
    "email_verified",
    "phone_verified",
    "first_name",
    "last_name",
    "full_name",
    "birthday",
    "company_name",
    "legal_name",
    "industry",
    "tax_id",
    "status",
    "type",
    "lifecycle_stage",
    "priority",
    "service_level",
    "credit_limit",
    "credit_limit.currency",
    "locale",
    "time_zone",
    "note",
    "internal_note",
    "parent_id",
    "owner_id",
    "created_at",
    "updated_at",
    "last_active_at",
    "deleted_at",
    "attributes",
];

/// The columns of `addresses` that are fetched, after the customer's id.
pub const ADDRESS: &[&str] = &[
    "name",
    "company",
    "line1",
    "line2",
    "city",
    "province",
    "postal_code",
    "country",
    "phone",
    "latitude",
    "longitude",
];

/// Finds out which parts there are at all, to ask for no others.
pub async fn parts(tx: &mut Tx) -> Result<Parts> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM customer_tags) AS "tags!", EXISTS (SELECT FROM addresses WHERE is_default) AS "addresses!",
                  EXISTS (SELECT FROM customer_consents) AS "consents!", EXISTS (SELECT FROM customer_sources) AS "sources!""#
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Parts {
        tags: row.tags,
        addresses: row.addresses,
        consents: row.consents,
        sources: row.sources,
    })
}

/// The names of the sources, hopping from one to the next in the primary key.
pub async fn sources(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"WITH RECURSIVE hops (source) AS (
             (SELECT source FROM customer_sources ORDER BY source LIMIT 1)
             UNION ALL
             SELECT (SELECT s.source FROM customer_sources s WHERE s.source > h.source ORDER BY s.source LIMIT 1)
             FROM hops h WHERE h.source IS NOT NULL
           )
           SELECT source AS "source!" FROM hops WHERE source IS NOT NULL"#
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Fetches the customers of a batch and the parts that there are, unless they have more than `most` bytes. A single customer
/// is fetched whatever they have.
pub async fn fetch(tx: &mut Tx, ids: &Ids, parts: &Parts, most: usize) -> Result<Fetched> {
    let mut room = Room {
        left: if ids.list.len() > 1 { most } else { usize::MAX },
        rows: ids.list.len(),
    };
    // Times are written by the session's zone and style.
    sqlx::query("SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true)")
        .execute(tx.conn())
        .await?;
    let living = if ids.all_after.is_some() {
        " AND c.deleted_at IS NULL"
    } else {
        ""
    };
    let columns = CUSTOMER.iter().map(|column| match *column {
        "credit_limit.currency" => CREDIT_LIMIT_CURRENCY.to_owned(),
        column => format!("c.{column}"),
    });
    let columns: Vec<String> = columns.collect();
    let statement = format!(
        "COPY (SELECT {} FROM customers c WHERE {}{living} ORDER BY c.id) TO STDOUT",
        columns.join(", "),
        ids.condition("c.id")
    );
    let mut raw = Raw::default();
    let condition = ids.condition("x.customer_id");
    let mut wanted = vec![(&mut raw.customers, statement)];
    if parts.tags {
        let statement = format!(
            "COPY (SELECT x.customer_id, t.name FROM customer_tags x \
             JOIN tags t ON t.organization_id = x.organization_id AND t.id = x.tag_id \
             WHERE {condition} ORDER BY x.customer_id, t.name_lowercase) TO STDOUT"
        );
        wanted.push((&mut raw.tags, statement));
    }
    if parts.addresses {
        let columns: Vec<String> = ADDRESS.iter().map(|column| format!("x.{column}")).collect();
        let statement = format!(
            "COPY (SELECT x.customer_id, {} FROM addresses x WHERE x.is_default AND {condition} \
             ORDER BY x.customer_id) TO STDOUT",
            columns.join(", ")
        );
        wanted.push((&mut raw.addresses, statement));
    }
    if parts.consents {
        let statement = format!(
            "COPY (SELECT x.customer_id, x.channel, x.state FROM customer_consents x WHERE {condition} \
             ORDER BY x.customer_id) TO STDOUT"
        );
        wanted.push((&mut raw.consents, statement));
    }
    if parts.sources {
        let statement = format!(
            "COPY (SELECT x.customer_id, x.source, x.external_id FROM customer_sources x WHERE {condition} \
             ORDER BY x.customer_id, x.source, x.external_id) TO STDOUT"
        );
        wanted.push((&mut raw.sources, statement));
    }
    for (part, statement) in wanted {
        match copy(tx, &statement, &mut room).await? {
            Some(text) => *part = text,
            None => return Ok(Fetched::TooLarge(room.rows)),
        }
    }
    Ok(Fetched::Whole(raw))
}

/// Bytes that may still be kept of a batch, and how many of its rows would have fitted when they are used up.
struct Room {
    left: usize,
    rows: usize,
}

/// The lines of a COPY; none if there is no room for them, in which case the rest was read and not kept.
async fn copy(tx: &mut Tx, statement: &str, room: &mut Room) -> Result<Option<String>> {
    let mut stream = tx.conn().copy_out_raw(statement).await?;
    let mut bytes = Vec::new();
    let mut lines = 0;
    let mut is_cut = false;
    while let Some(chunk) = stream.try_next().await? {
        is_cut = is_cut || chunk.len() > room.left;
        if is_cut {
            bytes = Vec::new();
            continue;
        }
        // PostgreSQL sends a line at a time.
        lines += 1;
        room.left -= chunk.len();
        bytes.extend_from_slice(&chunk);
    }
    if is_cut {
        // Half at most, because the lines of a part are not those of customers.
        room.rows = lines.clamp(1, room.rows.div_ceil(2));
        return Ok(None);
    }
    let text = String::from_utf8(bytes);
    Ok(Some(text.map_err(|_| {
        Error::internal("the database sent text that is not UTF-8")
    })?))
}

/// A field of a line: none if it is null.
pub fn field(raw: &str) -> Option<Cow<'_, str>> {
    if raw == "\\N" {
        return None;
    }
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return Some(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut letters = raw.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        text.push(match letters.next() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\u{b}',
            Some(other) => other,
            None => '\\',
        });
    }
    Some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_copy_writes_them() {
        assert_eq!(field("\\N"), None);
        assert_eq!(field(""), Some("".into()));
        assert_eq!(field("a\\tb\\\\N\\nc"), Some("a\tb\\N\nc".into()));
    }

    #[test]
    fn ids_stand_in_the_text_as_ids_only() {
        let id = CustomerId(uuid::Uuid::nil());
        assert_eq!(
            ids(vec![id, id], None).condition("x.id"),
            format!("x.id = ANY ('{{{id},{id}}}'::uuid[])")
        );
        assert_eq!(
            ids(vec![id], Some(id)).condition("x.id"),
            format!("x.id > '{id}' AND x.id <= '{id}'")
        );
    }

    fn ids(list: Vec<CustomerId>, all_after: Option<CustomerId>) -> Ids {
        Ids { list, all_after }
    }

    #[test]
    fn a_batch_that_is_too_large_is_split_without_a_gap() {
        let all: Vec<CustomerId> = (0..5).map(|_| CustomerId::new()).collect();
        let before = CustomerId::new();
        assert_eq!(
            ids(all.clone(), Some(before)).split(2),
            [
                ids(all[..2].to_vec(), Some(before)),
                ids(all[2..4].to_vec(), Some(all[1])),
                ids(all[4..].to_vec(), Some(all[3])),
            ]
        );
        assert_eq!(
            ids(all.clone(), None).split(3),
            [ids(all[..3].to_vec(), None), ids(all[3..].to_vec(), None)]
        );
        // Nothing fits: one by one, and one is never split.
        assert_eq!(ids(all, None).split(0).len(), 5);
    }
}

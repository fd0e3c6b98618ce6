//! Saved views: questions to the list that are kept under a name, for oneself or for everybody.
//!
//! A private view is seen by its owner alone; a shared one by everybody, changed by its owner or an admin. What is kept is
//! read by the same parser as the list's own parameters, so a view that is saved can be opened.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Error, Fault, Faults, Patch, Permission, Result, Role,
    ids::{UserId, ViewId},
    text,
};
use regulars_web::{Caller, Params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{
    query::{Context, Query},
    selection::Selection,
};

/// Most views of one person, and most shared ones.
const MOST: i64 = 200;
/// Most bytes of a question, written as an address.
const LONGEST: usize = 8 << 10;
/// Bytes of a question that is short enough to stand in a link to it.
const SHORT: i32 = 500;
/// What the admin's list shows, which is kept with the question and asked of nobody.
const COLUMNS: &str = "columns";
/// How a list is laid out, which the pages alone know as well.
const LAYOUT: &str = "layout";
/// Most characters of it.
const LONGEST_COLUMNS: usize = 2_000;
/// Parameters that say where in a list one is, which no view keeps.
const PLACE: [&str; 3] = ["cursor", "page", "limit"];

/// A question to the list, kept under a name.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = SavedView)]
pub struct View {
    /// Its id.
    pub id: ViewId,
    /// Rises with each change; the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// What people read.
    #[schema(example = "Sleeping VIPs")]
    pub name: String,
    /// Whether everybody sees it.
    pub shared: bool,
    /// Whose it is; none if a key made it.
    pub owner_id: Option<UserId>,
    /// The parameters of `GET /customers` that it stands for: text, or a list of texts.
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"status": ["vip"], "last_active_to": "2026-01-31", "sort": "-last_active_at"}))]
    pub query: Json<Map<String, Value>>,
    /// Where it stands among the others, from the smallest number.
    #[schema(example = 10)]
    pub position: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a view should be, as a merge patch.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SavedViewInput, example = json!({"name": "VIPs in Austria", "query": {"status": "vip", "country": "AT"}, "shared": true}))]
pub struct ViewInput {
    /// What people read, at most 80 characters. Needed when it is made.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 80)]
    pub name: Patch<String>,
    /// Whether everybody sees it; needs `customers:write`. What a key makes is always shared.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub shared: Patch<bool>,
    /// Parameters of `GET /customers`, except `cursor`, `page` and `limit`; and `columns`, the names of what the admin's
    /// list shows, each with its width in pixels behind a colon if it was made wider. Needed when it is made.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Object>)]
    pub query: Patch<Map<String, Value>>,
    /// Where it stands among the others; at the end unless said.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<i32>)]
    pub position: Patch<i32>,
}

/// A view as a line of a list: what is too long to stand in a link is looked up when the link is followed.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewLine {
    /// Its id.
    pub id: ViewId,
    /// What people read.
    pub name: String,
    /// Whether everybody sees it.
    pub shared: bool,
    /// Whose it is; none if a key made it.
    pub owner_id: Option<UserId>,
    /// Its question, if it is short.
    pub query: Option<Json<Map<String, Value>>>,
}

impl ViewLine {
    /// The view as the part of an address behind `?`, if it is short.
    pub fn query_string(&self) -> Option<String> {
        self.query.as_ref().map(|query| query_string(query))
    }
}

impl View {
    /// The view as the part of an address behind `?`.
    pub fn query_string(&self) -> String {
        query_string(&self.query)
    }
}

/// A question as it is kept: one value as text, several as a list.
pub fn query_of(pairs: impl IntoIterator<Item = (String, String)>) -> Map<String, Value> {
    let mut query = Map::new();
    for (name, value) in pairs {
        if PLACE.contains(&name.as_str()) {
            continue;
        }
        match query.get_mut(&name) {
            None => {
                query.insert(name, value.into());
            }
            Some(Value::Array(values)) => values.push(value.into()),
            Some(known) => *known = Value::Array(vec![known.take(), value.into()]),
        }
    }
    query
}

/// The views that the caller sees, in their order.
pub async fn views(tx: &mut Tx, caller: &Caller) -> Result<Vec<View>> {
    Ok(sqlx::query_as!(
        View,
        r#"SELECT id AS "id: ViewId", version, name, shared, owner_id AS "owner_id: UserId", query AS "query: Json<Map<String, Value>>", position, created_at, updated_at
           FROM saved_views WHERE shared OR owner_id = $1 ORDER BY position, name, id LIMIT 400"#,
        user(caller).map(|id| id.0)
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The same views as lines.
pub async fn view_lines(tx: &mut Tx, caller: &Caller) -> Result<Vec<ViewLine>> {
    Ok(sqlx::query_as!(
        ViewLine,
        r#"SELECT id AS "id: ViewId", name, shared, owner_id AS "owner_id: UserId",
                  CASE WHEN octet_length(query::text) <= $2 THEN query END AS "query: Json<Map<String, Value>>"
           FROM saved_views WHERE shared OR owner_id = $1 ORDER BY position, name, id LIMIT 400"#,
        user(caller).map(|id| id.0),
        SHORT
    )
    .fetch_all(tx.conn())
    .await?)
}

/// A view that the caller sees.
pub async fn view(tx: &mut Tx, caller: &Caller, id: ViewId) -> Result<View> {
    sqlx::query_as!(
        View,
        r#"SELECT id AS "id: ViewId", version, name, shared, owner_id AS "owner_id: UserId", query AS "query: Json<Map<String, Value>>", position, created_at, updated_at
           FROM saved_views WHERE id = $1 AND (shared OR owner_id = $2)"#,
        id.0,
        user(caller).map(|id| id.0)
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound("view"))
}

/// Keeps a new view.
pub async fn create_view(tx: &mut Tx, caller: &Caller, input: &ViewInput) -> Result<View> {
    caller.require(Permission::ViewsWrite)?;
    let owner_id = user(caller);
    let mut view = View {
        id: ViewId::new(),
        version: 1,
        name: String::new(),
        shared: owner_id.is_none(),
        owner_id,
        query: Json(Map::new()),
        position: next_position(tx).await?,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    let mut faults = Faults::new();
    if input.name.is_keep() {
        faults.add("/name", "missing", "a view needs a name");
    }
    if input.query.is_keep() {
        faults.add("/query", "missing", "a view needs a query; {} means everybody");
    }
    apply(tx, caller, input, &mut view, faults).await?;
    let kept = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM saved_views WHERE shared = $1 AND (shared OR owner_id = $2)"#,
        view.shared,
        owner_id.map(|id| id.0)
    )
    .fetch_one(tx.conn())
    .await?;
    if kept >= MOST {
        return Err(Error::conflict(
            "",
            "too_many",
            format!("there are {MOST} views already; delete one first"),
        ));
    }
    let organization_id = tx.organization_id();
    Ok(sqlx::query_as!(
        View,
        r#"INSERT INTO saved_views (organization_id, id, name, shared, owner_id, query, position, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
           RETURNING id AS "id: ViewId", version, name, shared, owner_id AS "owner_id: UserId", query AS "query: Json<Map<String, Value>>", position, created_at, updated_at"#,
        organization_id.0,
        view.id.0,
        view.name,
        view.shared,
        view.owner_id.map(|id| id.0),
        view.query as Json<Map<String, Value>>,
        view.position,
        view.created_at
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Changes a view; `expected` refuses a version that is not meant.
pub async fn update_view(
    tx: &mut Tx,
    caller: &Caller,
    id: ViewId,
    input: &ViewInput,
    expected: impl FnOnce(i32) -> Result<()> + Send,
) -> Result<View> {
    let mut view = changeable(tx, caller, id).await?;
    expected(view.version)?;
    let before = view.clone();
    apply(tx, caller, input, &mut view, Faults::new()).await?;
    if view == before {
        return Ok(view);
    }
    Ok(sqlx::query_as!(
        View,
        r#"UPDATE saved_views SET name = $2, shared = $3, query = $4, position = $5 WHERE id = $1
           RETURNING id AS "id: ViewId", version, name, shared, owner_id AS "owner_id: UserId", query AS "query: Json<Map<String, Value>>", position, created_at, updated_at"#,
        id.0,
        view.name,
        view.shared,
        view.query as Json<Map<String, Value>>,
        view.position
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Deletes a view.
pub async fn delete_view(
    tx: &mut Tx,
    caller: &Caller,
    id: ViewId,
    expected: impl FnOnce(i32) -> Result<()> + Send,
) -> Result<()> {
    let view = changeable(tx, caller, id).await?;
    expected(view.version)?;
    sqlx::query!("DELETE FROM saved_views WHERE id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Locks a view that the caller may change.
async fn changeable(tx: &mut Tx, caller: &Caller, id: ViewId) -> Result<View> {
    caller.require(Permission::ViewsWrite)?;
    sqlx::query_scalar!("SELECT id FROM saved_views WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(tx.conn())
        .await?;
    let view = view(tx, caller, id).await?;
    let own = view.owner_id.is_some() && view.owner_id == user(caller);
    if own || caller.role >= Role::Admin {
        Ok(view)
    } else {
        Err(Error::Refused(
            "only its owner or an admin changes a shared view".into(),
        ))
    }
}

async fn apply(
    tx: &mut Tx,
    caller: &Caller,
    input: &ViewInput,
    view: &mut View,
    mut faults: Faults,
) -> Result<()> {
    match &input.name {
        Patch::Keep => {}
        Patch::Clear => faults.add("/name", "missing", "a view needs a name"),
        Patch::Set(name) => match text::clean_line(name, 80) {
            Ok(name) if name.is_empty() => faults.add("/name", "missing", "a view needs a name"),
            Ok(name) => view.name = name,
            Err(error) => faults.add("/name", error.code(), error.to_string()),
        },
    }
    match input.shared {
        Patch::Keep => {}
        Patch::Clear => view.shared = view.owner_id.is_none(),
        Patch::Set(shared) => view.shared = shared,
    }
    if !view.shared && view.owner_id.is_none() {
        faults.add(
            "/shared",
            "owner_missing",
            "a key has no views of its own: share it",
        );
    } else if view.shared && !matches!(input.shared, Patch::Keep) {
        caller.require(Permission::CustomersWrite)?;
    }
    match &input.query {
        Patch::Keep => {}
        Patch::Clear => view.query = Json(Map::new()),
        Patch::Set(query) => {
            check(tx, caller, query, &mut faults).await?;
            view.query = Json(query.clone());
        }
    }
    match input.position {
        Patch::Keep => {}
        Patch::Clear => view.position = next_position(tx).await?,
        Patch::Set(position) => view.position = position,
    }
    faults.check()
}

/// Reads the question as the list would; its faults are at `/query/NAME`.
async fn check(tx: &mut Tx, caller: &Caller, query: &Map<String, Value>, faults: &mut Faults) -> Result<()> {
    for (name, value) in query {
        let fits = match value {
            Value::String(_) => true,
            Value::Array(items) => items.iter().all(Value::is_string),
            _ => false,
        };
        if !fits {
            faults.add(pointer(name), "type_wrong", "use text or a list of texts");
        }
        if PLACE.contains(&name.as_str()) {
            faults.add(
                pointer(name),
                "parameter_unknown",
                "a view keeps no place in the list",
            );
        }
    }
    let written = query_string(query);
    if written.len() > LONGEST {
        faults.add(
            "/query",
            "too_long",
            format!("a view may have {LONGEST} bytes, written as an address"),
        );
        return Ok(());
    }
    let columns = query.get(COLUMNS).and_then(Value::as_str).unwrap_or_default();
    if columns.chars().count() > LONGEST_COLUMNS || columns.contains(char::is_control) {
        let message = format!("use names with commas, at most {LONGEST_COLUMNS} characters");
        faults.add(pointer(COLUMNS), "columns_invalid", message);
    }
    let mut asked = query.clone();
    asked.remove(COLUMNS);
    if asked
        .remove(LAYOUT)
        .is_some_and(|layout| layout != "table" && layout != "tree")
    {
        faults.add(pointer(LAYOUT), "choice_unknown", "use table or tree");
    }
    let read = match Params::parse(&query_string(&asked)) {
        Ok(params) => Query::read(params, &Context::of(&caller.organization)),
        Err(error) => Err(error),
    };
    let resolved = match read {
        Ok(query) => Selection::of_filters(tx, &query.filters).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match resolved {
        Ok(()) => Ok(()),
        Err(Error::Malformed(found) | Error::Invalid(found)) => {
            for Fault {
                pointer: at,
                code,
                message,
            } in found.0
            {
                let at = pointer(at.strip_prefix('?').unwrap_or(&at));
                if !faults.0.iter().any(|known| known.pointer == at) {
                    faults.add(at, code, message);
                }
            }
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn pointer(name: &str) -> String {
    format!("/query/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A kept question as the part of an address behind `?`.
pub(crate) fn query_string(query: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (name, value) in query {
        let values = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values.iter().filter_map(Value::as_str) {
            let and = if text.is_empty() { "" } else { "&" };
            let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let _ = write!(text, "{and}{}={}", encode(name), encode(value));
        }
    }
    text
}

async fn next_position(tx: &mut Tx) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        r#"SELECT least(coalesce(max(position)::bigint + 1, 0), 2147483647)::integer AS "position!" FROM saved_views"#
    )
    .fetch_one(tx.conn())
    .await?)
}

fn user(caller: &Caller) -> Option<UserId> {
    caller.user.as_ref().map(|user| user.id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_question_is_kept_as_it_was_asked() {
        let pairs = [("q", "a&b=c"), ("tag", "x"), ("tag", "y,z"), ("page", "3")];
        let query = query_of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(
            Value::from(query.clone()),
            json!({"q": "a&b=c", "tag": ["x", "y,z"]})
        );
        assert_eq!(query_string(&query), "q=a%26b%3Dc&tag=x&tag=y%2Cz");
    }
}

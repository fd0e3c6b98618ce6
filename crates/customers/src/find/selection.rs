//! The customers that a question means, as SQL: what exports, bulk work and counts go through, and what the list sorts.
//!
//! Every value is bound. It runs inside the wall of the transaction's organization; only text and attributes are looked
//! up by functions that apply the organization themselves (migration 0005).

use regulars_database::Tx;
use regulars_expression::Checked;
use regulars_kernel::{Actor, Boxed, Country, Error, Result, ids::CustomerId};
use serde_json::{Map, Value, json};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    attributes::attributes,
    expression,
    filters::{Deleted, Filters, Range},
    hoist::{Known, hoist},
    near,
    query::Query,
    sample::Profile,
    words::Words,
};
use crate::model::Choice;

/// So many ids at most are looked up one by one; beyond it walking the order is quicker.
const RARE: i32 = 4_000;

/// A question whose names are known to be right.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    filters: Filters,
    tag_ids: Option<Vec<Uuid>>,
    /// Of each attribute the possible contents.
    attributes: Vec<Vec<Value>>,
    /// Of each word the possible patterns.
    patterns: Vec<Vec<String>>,
    /// Whoever has the words and attributes, where they are few.
    ids: Option<Vec<Uuid>>,
    /// Only those with a country or without, who were ever active or never.
    known: Known,
    /// `filter`, checked.
    expression: Option<Checked>,
}

impl Selection {
    /// Looks up the names in a question: an attribute that nobody defined is a fault, a tag that nobody made or a
    /// source that nobody named selects nothing. A search selects whoever has every word in their text; if nobody has,
    /// whoever is meant by a typo in one of them.
    pub fn resolve<'a>(tx: &'a mut Tx, query: &'a Query) -> Boxed<'a, Self> {
        Box::pin(Self::resolve_here(tx, query))
    }

    async fn resolve_here(tx: &mut Tx, query: &Query) -> Result<Self> {
        let mut selection = Self::of_filters(tx, &query.filters).await?;
        if let Some(q) = &query.q {
            selection
                .search(tx, &Words::parse(q, query.phone_country.as_ref()))
                .await?;
        }
        Ok(selection)
    }

    /// What its search meant, to be asked for again in the same sense by [`Self::resolve_pinned`].
    pub fn pinned(&self) -> Value {
        json!(self.patterns)
    }

    /// A question whose search was resolved before: that nobody has its words any more makes no typo of them.
    pub async fn resolve_pinned(tx: &mut Tx, query: &Query, pinned: &Value) -> Result<Self> {
        let mut selection = Self::of_filters(tx, &query.filters).await?;
        selection.patterns = serde_json::from_value(pinned.clone())?;
        Ok(selection)
    }

    /// How many there are, exactly.
    pub async fn count(&self, tx: &mut Tx) -> Result<i64> {
        Ok(super::total::total(tx, self, true).await?.value)
    }

    pub(super) async fn of_filters(tx: &mut Tx, filters: &Filters) -> Result<Self> {
        let attributes = attributes(tx, &filters.attributes).await?;
        let mut filters = filters.clone();
        if std::mem::take(&mut filters.owner_me) {
            let Actor::User(me) = tx.actor() else {
                let message = "owner=me is for people; a key names members by their ids";
                return Err(Error::malformed("?owner", "owner_me", message));
            };
            if !filters.owner.contains(&me) {
                filters.owner.push(me);
            }
        }
        let mut known = Known::default();
        let mut expression = None;
        if let Some(written) = filters.expression.take() {
            let checked = expression::checked(tx, &written).await?;
            expression = hoist(&mut filters, &mut known, checked);
            filters.expression = expression.is_some().then_some(written);
        }
        let tag_ids = if filters.tag.is_empty() {
            None
        } else {
            Some(tag_ids(tx, &filters.tag).await?)
        };
        Ok(Self {
            filters,
            tag_ids,
            attributes,
            known,
            expression,
            ..Self::default()
        })
    }

    async fn search(&mut self, tx: &mut Tx, words: &Words) -> Result<()> {
        let patterns = words.infix();
        if near::any(tx, &patterns, self.filters.deleted).await? {
            self.patterns = patterns;
        } else {
            self.patterns = near::misspelt(tx, words, None).await?.all_patterns();
        }
        Ok(())
    }

    /// Text and attributes that are rare in the organization become a list of ids: their indexes are out of reach
    /// behind the wall, and walking a million customers for a handful is what must not happen.
    pub(super) async fn narrow(&mut self, tx: &mut Tx, profile: &Profile) -> Result<()> {
        if !self.looks_inside() || profile.is_small() {
            return Ok(());
        }
        if profile.share(&self.patterns, &self.attributes) * profile.size() > f64::from(RARE) * 2.0 {
            return Ok(());
        }
        let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM find_customers($1, $2, $3)")
            .bind(json!(self.patterns))
            .bind(self.as_json())
            .bind(RARE + 1)
            .fetch_all(tx.conn())
            .await?;
        if ids.len() <= RARE as usize {
            self.ids = Some(ids);
        }
        Ok(())
    }

    /// Whether it surely selects nobody.
    pub fn is_empty(&self) -> bool {
        self.ids.as_ref().is_some_and(Vec::is_empty) || self.tag_ids.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether it was narrowed to a list of ids.
    pub(super) fn is_list(&self) -> bool {
        self.ids.is_some()
    }

    /// Whether text or attributes are looked into, of which the planner knows nothing.
    pub(super) fn looks_inside(&self) -> bool {
        self.ids.is_none() && !(self.patterns.is_empty() && self.attributes.is_empty())
    }

    /// The rest of it.
    pub(super) fn without_looking_inside(&self) -> Self {
        Self {
            patterns: Vec::new(),
            attributes: Vec::new(),
            ..self.clone()
        }
    }

    /// Those of it that have this value of a field, nothing for none of it; `None` if they are surely nobody.
    pub(super) fn with(&self, field: &str, value: Option<&str>) -> Option<Self> {
        fn keep<T: Choice + PartialEq>(wanted: &mut Vec<T>, value: Option<&str>) -> Option<()> {
            let value = T::parse(value?).ok()?;
            (wanted.is_empty() || wanted.contains(&value)).then(|| *wanted = vec![value])
        }
        let mut group = self.clone();
        let filters = &mut group.filters;
        match (field, value) {
            ("status", value) => keep(&mut filters.status, value)?,
            ("type", value) => keep(&mut filters.customer_type, value)?,
            ("country", Some(code)) if self.known.country != Some(false) => {
                let country = Country::from_code(code)?;
                if !filters.country.is_empty() && !filters.country.contains(&country) {
                    return None;
                }
                filters.country = vec![country];
            }
            ("country", None) if filters.country.is_empty() && self.known.country != Some(true) => {
                group.known.country = Some(false);
            }
            ("last_active_at", Some(_)) if self.known.active != Some(false) => {
                group.known.active = Some(true);
            }
            ("last_active_at", None)
                if filters.last_active == Range::default() && self.known.active != Some(true) =>
            {
                group.known.active = Some(false);
            }
            _ => return None,
        }
        Some(group)
    }

    /// The times of which a stretch is wanted.
    pub(super) fn times(&self) -> impl Iterator<Item = &'static str> + use<> {
        let ranges = self.ranges().into_iter();
        ranges
            .filter(|range| range.1 != Range::default())
            .map(|range| range.0)
    }

    /// How many filters the planner can judge.
    pub(super) fn filters_left(&self) -> usize {
        self.filters.count() - self.filters.attributes.len() + self.attributes.len()
    }

    /// What narrows it besides the search.
    pub(super) fn filters(&self) -> &Filters {
        &self.filters
    }

    pub(super) fn patterns(&self) -> &[Vec<String>] {
        &self.patterns
    }

    pub(super) fn attributes(&self) -> &[Vec<Value>] {
        &self.attributes
    }

    /// Pushes the whole condition on `customers c`, to stand behind `WHERE` or `AND`.
    pub fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        self.push_deleted(sql);
        self.push_columns(sql);
        self.push_linked(sql);
        if let Some(ids) = &self.ids {
            sql.push(" AND c.id = ANY (").push_bind(ids.clone()).push(")");
            return;
        }
        self.push_inside(sql);
    }

    /// Pushes whether the deleted are meant, to stand behind `WHERE` or `AND`.
    pub(super) fn push_deleted(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(match self.filters.deleted {
            Deleted::Without => "c.deleted_at IS NULL",
            Deleted::Only => "c.deleted_at IS NOT NULL",
            Deleted::With => "true",
        });
    }

    /// Pushes what the other columns of `customers c` tell, each with ` AND ` before it.
    pub(super) fn push_columns(&self, sql: &mut QueryBuilder<Postgres>) {
        let filters = &self.filters;
        for (column, texts) in self.lists() {
            push_any(sql, column, texts);
        }
        match (filters.owner_none, filters.owner.is_empty()) {
            (true, true) => {
                sql.push(" AND c.owner_id IS NULL");
            }
            (true, false) => {
                let ids: Vec<Uuid> = filters.owner.iter().map(|id| id.0).collect();
                sql.push(" AND (c.owner_id IS NULL OR c.owner_id = ANY (")
                    .push_bind(ids)
                    .push("))");
            }
            (false, false) => push_any(sql, "owner_id", filters.owner.iter().map(|id| id.0).collect()),
            (false, true) => {}
        }
        if !filters.parent.is_empty() {
            push_any(sql, "parent_id", filters.parent.iter().map(|id| id.0).collect());
        }
        for (column, range) in self.ranges() {
            if let Some(from) = range.from {
                sql.push(format!(" AND c.{column} >= ")).push_bind(from);
            }
            if let Some(until) = range.until {
                sql.push(format!(" AND c.{column} < ")).push_bind(until);
            }
        }
        if let Some(days) = filters.birthday {
            let over_new_year = days.from > days.until;
            sql.push(" AND (c.birthday_day >= ").push_bind(days.from);
            sql.push(if over_new_year { " OR " } else { " AND " });
            sql.push("c.birthday_day <= ").push_bind(days.until).push(")");
        }
        for (column, has) in known_or_not(filters) {
            push_known(sql, column, has);
        }
        for (column, known) in [
            ("country", self.known.country),
            ("last_active_at", self.known.active),
        ] {
            push_known(sql, column, known);
        }
    }

    /// Pushes what other tables and the expression tell of `customers c`, each with ` AND ` before it.
    pub(super) fn push_linked(&self, sql: &mut QueryBuilder<Postgres>) {
        self.push_linked_for(sql, false);
    }

    /// The same; of few customers each is asked for its tags and sources.
    pub(super) fn push_linked_for(&self, sql: &mut QueryBuilder<Postgres>, few: bool) {
        let filters = &self.filters;
        if let Some(ids) = &self.tag_ids {
            sql.push(" AND EXISTS (SELECT FROM customer_tags ct WHERE ct.organization_id = c.organization_id AND ct.customer_id = c.id AND ct.tag_id = ANY (");
            sql.push_bind(ids.clone()).push("))");
        }
        if !filters.source.is_empty() {
            sql.push(" AND EXISTS (SELECT FROM customer_sources cs WHERE cs.organization_id = c.organization_id AND cs.customer_id = c.id AND cs.source = ANY (");
            sql.push_bind(filters.source.clone()).push("))");
        }
        if let Some(checked) = &self.expression {
            sql.push(" AND ");
            expression::push(sql, checked, few);
        }
    }

    /// Whether more than its own columns narrow it.
    pub(super) fn is_linked(&self) -> bool {
        self.tag_ids.is_some() || !self.filters.source.is_empty() || self.has_expression()
    }

    /// Whether an expression narrows it.
    pub(super) fn has_expression(&self) -> bool {
        self.expression.is_some()
    }

    /// Pushes the conditions on text and attributes alone, each with ` AND ` before it.
    pub(super) fn push_inside(&self, sql: &mut QueryBuilder<Postgres>) {
        for alternatives in &self.attributes {
            sql.push(" AND (false");
            for value in alternatives {
                sql.push(" OR c.attributes @> ").push_bind(value.clone());
            }
            sql.push(")");
        }
        for alternatives in &self.patterns {
            sql.push(" AND (false");
            for pattern in alternatives {
                sql.push(" OR c.search_text LIKE ").push_bind(pattern.clone());
            }
            sql.push(")");
        }
    }

    /// The ids after one, in their order: how exports and bulk work go through everything, a batch at a time.
    pub async fn ids_after(
        &self,
        tx: &mut Tx,
        after: Option<CustomerId>,
        limit: i64,
    ) -> Result<Vec<CustomerId>> {
        let mut sql = QueryBuilder::new("SELECT c.id FROM customers c WHERE ");
        self.push(&mut sql);
        if let Some(after) = after {
            sql.push(" AND c.id > ").push_bind(after);
        }
        sql.push(" ORDER BY c.id LIMIT ").push_bind(limit);
        Ok(sql
            .build_query_scalar()
            .persistent(false)
            .fetch_all(tx.conn())
            .await?)
    }

    /// The filters as the functions of migration 0005 take them.
    pub(super) fn as_json(&self) -> Value {
        let filters = &self.filters;
        let mut any = Map::new();
        for (column, texts) in self.lists() {
            any.insert(column.to_owned(), json!(texts));
        }
        if !filters.owner.is_empty() {
            any.insert("owner_id".to_owned(), json!(filters.owner));
        }
        if !filters.parent.is_empty() {
            any.insert("parent_id".to_owned(), json!(filters.parent));
        }
        let (mut from, mut until, mut set) = (Map::new(), Map::new(), Map::new());
        for (column, range) in self.ranges() {
            if let Some(time) = range.from {
                from.insert(column.to_owned(), json!(time));
            }
            if let Some(time) = range.until {
                until.insert(column.to_owned(), json!(time));
            }
        }
        for (column, has) in known_or_not(filters) {
            if let Some(has) = has {
                set.insert(column.to_owned(), has.into());
            }
        }
        let mut all = Map::new();
        for (name, part) in [("in", any), ("from", from), ("until", until), ("set", set)] {
            if !part.is_empty() {
                all.insert(name.to_owned(), part.into());
            }
        }
        if filters.owner_none {
            all.insert("unowned".to_owned(), true.into());
        }
        if let Some(days) = filters.birthday {
            all.insert("birthday".to_owned(), json!([days.from, days.until]));
        }
        if let Some(ids) = &self.tag_ids {
            all.insert("tags".to_owned(), json!(ids));
        }
        if !filters.source.is_empty() {
            all.insert("sources".to_owned(), json!(filters.source));
        }
        if !self.attributes.is_empty() {
            all.insert("attributes".to_owned(), json!(self.attributes));
        }
        let deleted = match filters.deleted {
            Deleted::Without => "without",
            Deleted::With => "with",
            Deleted::Only => "only",
        };
        all.insert("deleted".to_owned(), deleted.into());
        all.into()
    }

    fn lists(&self) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> + use<> {
        fn texts<T: Choice>(choices: &[T]) -> Vec<&'static str> {
            choices.iter().map(|choice| choice.as_str()).collect()
        }
        let filters = &self.filters;
        [
            ("status", texts(&filters.status)),
            ("type", texts(&filters.customer_type)),
            ("kind", texts(&filters.kind)),
            ("lifecycle_stage", texts(&filters.lifecycle_stage)),
            ("priority", texts(&filters.priority)),
            ("country", filters.country.iter().map(Country::as_str).collect()),
        ]
        .into_iter()
        .filter(|list| !list.1.is_empty())
    }

    fn ranges(&self) -> [(&'static str, Range); 3] {
        let filters = &self.filters;
        [
            ("created_at", filters.created),
            ("updated_at", filters.updated),
            ("last_active_at", filters.last_active),
        ]
    }
}

/// Whether there is a value.
/// Columns of which it is asked whether there is anything.
fn known_or_not(filters: &Filters) -> [(&'static str, Option<bool>); 3] {
    [
        ("email", filters.has_email),
        ("phone", filters.has_phone),
        ("parent_id", filters.has_parent),
    ]
}

fn push_known(sql: &mut QueryBuilder<Postgres>, column: &str, known: Option<bool>) {
    if let Some(known) = known {
        let is = if known { "IS NOT NULL" } else { "IS NULL" };
        sql.push(format!(" AND c.{column} {is}"));
    }
}

/// One value by `=`: then the index gives the order as well.
fn push_any<T>(sql: &mut QueryBuilder<Postgres>, column: &str, mut values: Vec<T>)
where
    T: Send + 'static + for<'q> sqlx::Encode<'q, Postgres> + sqlx::Type<Postgres>,
    Vec<T>: Send + for<'q> sqlx::Encode<'q, Postgres> + sqlx::Type<Postgres>,
{
    if values.len() == 1
        && let Some(value) = values.pop()
    {
        sql.push(format!(" AND c.{column} = ")).push_bind(value);
    } else {
        sql.push(format!(" AND c.{column} = ANY ("))
            .push_bind(values)
            .push(")");
    }
}

async fn tag_ids(tx: &mut Tx, names: &[String]) -> Result<Vec<Uuid>> {
    let ids: Vec<Uuid> = names
        .iter()
        .filter_map(|name| Uuid::parse_str(name).ok())
        .collect();
    Ok(sqlx::query_scalar!(
        "SELECT id FROM tags WHERE name_lowercase = ANY (SELECT lower(name) FROM unnest($1::text[]) AS name) OR id = ANY ($2)",
        names,
        &ids
    )
    .fetch_all(tx.conn())
    .await?)
}

//! `filter=`: an expression over the fields of a customer. Which fields there are, and the SQL of each test.
//!
//! All of it runs inside the wall. What PostgreSQL may not look up there (text, attributes) is looked at customer by
//! customer while an order is walked; columns with an index are looked up as by the filters.
//!
//! What it never does: build SQL from what was typed. Names of columns come from here, values are bound.

use regulars_database::Tx;
use regulars_expression::{
    Catalog, Checked, Clock, Condition, Expression, Fault, Field, Kind as Holds, Place, check, read,
};
use regulars_kernel::{Country, Error, Faults, Result, TimeZone};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::values::{push_attribute, push_consent, push_text, push_value};
use crate::{
    model::{
        AttributeKind, Channel, Choice, ConsentState, Definitions, Kind, LifecycleStage, Priority,
        ServiceLevel, Status, Type,
    },
    store,
};

/// An expression as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Written {
    /// Its text, which is one.
    pub text: String,
    /// Where days begin.
    pub zone: TimeZone,
}

/// Where a field is kept, which says what it holds.
#[derive(Clone, Copy)]
enum Column {
    /// Text that people write.
    Text(&'static str),
    /// A value that is written in one way.
    Exact(&'static str, fn() -> Holds),
    Number(&'static str),
    Time(&'static str),
    Date(&'static str),
    Boolean(&'static str),
    Tags,
    Sources,
    /// What was agreed on a channel.
    Consent(Channel),
}

impl Column {
    fn holds(self) -> Holds {
        match self {
            Self::Text(_) => Holds::Text,
            Self::Exact(_, holds) => holds(),
            Self::Number(_) => Holds::Number,
            Self::Time(_) => Holds::Time,
            Self::Date(_) => Holds::Date,
            Self::Boolean(_) => Holds::Boolean,
            Self::Tags | Self::Sources => Holds::Names,
            Self::Consent(_) => choices::<ConsentState>(),
        }
    }
}

/// The fields of every customer: name, label, column.
const FIELDS: &[(&str, &str, Column)] = &[
    ("status", "Status", Column::Exact("status", choices::<Status>)),
    ("type", "Type", Column::Exact("type", choices::<Type>)),
    ("kind", "Kind", Column::Exact("kind", choices::<Kind>)),
    (
        "lifecycle_stage",
        "Lifecycle stage",
        Column::Exact("lifecycle_stage", choices::<LifecycleStage>),
    ),
    (
        "priority",
        "Priority",
        Column::Exact("priority", choices::<Priority>),
    ),
    (
        "service_level",
        "Service level",
        Column::Exact("service_level", choices::<ServiceLevel>),
    ),
    ("tag", "Tag", Column::Tags),
    ("source", "Source", Column::Sources),
    ("code", "Code", Column::Text("code")),
    ("email", "E-mail", Column::Text("email")),
    ("phone", "Phone", Column::Text("phone")),
    (
        "email_verified",
        "E-mail verified",
        Column::Boolean("email_verified"),
    ),
    (
        "phone_verified",
        "Phone verified",
        Column::Boolean("phone_verified"),
    ),
    ("consent.email", "E-mail consent", Column::Consent(Channel::Email)),
    ("consent.sms", "SMS consent", Column::Consent(Channel::Sms)),
    ("first_name", "First name", Column::Text("first_name")),
    ("last_name", "Last name", Column::Text("last_name")),
    ("full_name", "Name", Column::Text("full_name")),
    ("company_name", "Company", Column::Text("company_name")),
    ("legal_name", "Legal name", Column::Text("legal_name")),
    ("industry", "Industry", Column::Text("industry")),
    ("tax_id", "Tax number", Column::Text("tax_id")),
    ("city", "City", Column::Text("city")),
    (
        "country",
        "Country",
        Column::Exact("country", || {
            Holds::Code("a country, as in DE or Germany", country)
        }),
    ),
    (
        "owner",
        "Owner",
        Column::Exact("owner_id", || Holds::Code("the id of a member", id)),
    ),
    (
        "parent",
        "Part of",
        Column::Exact("parent_id", || Holds::Code("the id of a customer", id)),
    ),
    ("locale", "Language", Column::Text("locale")),
    ("time_zone", "Time zone", Column::Text("time_zone")),
    ("note", "Note", Column::Text("note")),
    ("internal_note", "Internal note", Column::Text("internal_note")),
    ("credit_limit", "Credit limit", Column::Number("credit_limit")),
    ("birthday", "Birthday", Column::Date("birthday")),
    ("created_at", "Created", Column::Time("created_at")),
    ("updated_at", "Changed", Column::Time("updated_at")),
    ("last_active_at", "Last active", Column::Time("last_active_at")),
];

/// The prefix of the organization's own fields.
const ATTRIBUTE: &str = "attribute.";

fn choices<T: Choice>() -> Holds {
    Holds::Choice(T::ALL.iter().map(|choice| choice.as_str().to_owned()).collect())
}

fn country(text: &str) -> Option<String> {
    Country::parse(text)
        .ok()
        .map(|country| country.as_str().to_owned())
}

fn id(text: &str) -> Option<String> {
    Uuid::parse_str(text).ok().map(|id| id.to_string())
}

/// The fields that an organization can ask for: those of every customer, and its own, archived ones as well.
fn catalog(definitions: &Definitions) -> Catalog {
    let known = FIELDS.iter().map(|(name, label, column)| Field {
        name: (*name).to_owned(),
        label: (*label).to_owned(),
        kind: column.holds(),
    });
    let own = definitions.0.iter().map(|definition| Field {
        name: format!("{ATTRIBUTE}{}", definition.name),
        label: definition.label.clone(),
        kind: match definition.kind {
            AttributeKind::Number => Holds::Number,
            AttributeKind::Boolean => Holds::Boolean,
            AttributeKind::Date => Holds::Date,
            AttributeKind::List => Holds::Names,
            AttributeKind::Select => Holds::Choice(definition.options.clone()),
            AttributeKind::Text | AttributeKind::Url => Holds::Text,
        },
    });
    Catalog(known.chain(own).collect())
}

/// Checks an expression against the fields that there are.
pub(super) async fn checked(tx: &mut Tx, written: &Written) -> Result<Checked> {
    let definitions = if written.text.contains(ATTRIBUTE) {
        store::attributes::all(tx).await?
    } else {
        Definitions::default()
    };
    judge(tx, written, &catalog(&definitions)).map_err(|wrong| {
        let mut faults = Faults::new();
        for fault in wrong {
            faults.add("?filter", fault.code, told(&fault));
        }
        Error::Malformed(faults)
    })
}

pub(super) fn judge(
    tx: &Tx,
    written: &Written,
    catalog: &Catalog,
) -> std::result::Result<Checked, Vec<Fault>> {
    let expression = read(&written.text).map_err(|fault| vec![fault])?;
    check(&expression, catalog, &clock(tx, written.zone))
}

/// The fields that an expression can ask for here.
pub async fn fields(tx: &mut Tx) -> Result<Catalog> {
    Ok(catalog(&store::attributes::all(tx).await?))
}

/// What is wrong with an expression.
pub fn faults(tx: &Tx, expression: &Expression, catalog: &Catalog, zone: TimeZone) -> Vec<Fault> {
    check(expression, catalog, &clock(tx, zone))
        .err()
        .unwrap_or_default()
}

fn clock(tx: &Tx, zone: TimeZone) -> Clock {
    Clock { now: tx.now(), zone }
}

/// What is wrong and where, counted as people count.
pub(super) fn told(fault: &Fault) -> String {
    match &fault.place {
        Place::Text { start, .. } => format!("character {}: {}", start + 1, fault.message),
        Place::Pointer(pointer) if pointer.is_empty() => fault.message.clone(),
        Place::Pointer(pointer) => format!("{pointer}: {}", fault.message),
    }
}

/// Pushes the condition on `customers c`, in parentheses. Where something is not known it is false or NULL; below a `NOT`
/// NULL is taken for false, so that every test holds or does not.
///
/// Beside `or` the planner reads all rows of a tag into memory, which is right for many customers; where it is asked of
/// `few`, their own rows are looked up.
pub(super) fn push(sql: &mut QueryBuilder<Postgres>, checked: &Checked, few: bool) {
    match checked {
        Checked::All(every) => push_joined(sql, every, " AND ", few),
        Checked::Any(some) => push_joined(sql, some, " OR ", few),
        Checked::Not(inside) => {
            sql.push("(");
            push(sql, inside, few);
            sql.push(" IS NOT TRUE)");
        }
        Checked::Is { field, condition } => {
            sql.push("(");
            match field.strip_prefix(ATTRIBUTE) {
                Some(name) => push_attribute(sql, name, condition),
                None => {
                    if let Some((_, _, column)) = FIELDS.iter().find(|known| known.0 == field) {
                        push_column(sql, *column, condition, few);
                    }
                }
            }
            sql.push(")");
        }
    }
}

fn push_joined(sql: &mut QueryBuilder<Postgres>, items: &[Checked], between: &str, few: bool) {
    sql.push("(");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            sql.push(between);
        }
        push(sql, item, few);
    }
    sql.push(")");
}

fn push_column(sql: &mut QueryBuilder<Postgres>, column: Column, condition: &Condition, few: bool) {
    // OFFSET: a subquery that has one is not read as a whole.
    let end = if few { " OFFSET 0)" } else { ")" };
    match (column, condition) {
        (Column::Tags, condition) => {
            sql.push("EXISTS (SELECT FROM customer_tags ct WHERE ct.organization_id = c.organization_id AND ct.customer_id = c.id");
            if let Condition::OneOf(names) = condition {
                sql.push(" AND ct.tag_id = ANY (ARRAY(SELECT t.id FROM tags t WHERE t.name_lowercase = ANY (ARRAY(SELECT lower(n) FROM unnest(");
                sql.push_bind(names.clone()).push("::text[]) AS n))))");
            }
            sql.push(end);
        }
        (Column::Sources, condition) => {
            sql.push("EXISTS (SELECT FROM customer_sources cs WHERE cs.organization_id = c.organization_id AND cs.customer_id = c.id");
            if let Condition::OneOf(names) = condition {
                sql.push(" AND cs.source = ANY (")
                    .push_bind(names.clone())
                    .push(")");
            }
            sql.push(end);
        }
        (Column::Consent(channel), condition) => push_consent(sql, channel, condition, end),
        (Column::Exact(name, _), Condition::OneOf(values)) => {
            let ids: Option<Vec<Uuid>> = values.iter().map(|value| Uuid::parse_str(value).ok()).collect();
            match (ids.filter(|_| name.ends_with("_id")), values.as_slice()) {
                (Some(ids), _) => {
                    sql.push(format!("c.{name} = ANY (")).push_bind(ids).push(")");
                }
                // One value by `=`: then the index gives the order as well.
                (None, [only]) => {
                    sql.push(format!("c.{name} = ")).push_bind(only.clone());
                }
                (None, several) => {
                    sql.push(format!("c.{name} = ANY ("))
                        .push_bind(several.to_vec())
                        .push(")");
                }
            }
        }
        // What an index is there for is looked up by it.
        (Column::Text("email"), condition) => push_text(sql, "c.email_lowercase", condition),
        (Column::Text(name), condition) => push_text(sql, &format!("lower(c.{name})"), condition),
        (
            Column::Exact(name, _)
            | Column::Number(name)
            | Column::Time(name)
            | Column::Date(name)
            | Column::Boolean(name),
            condition,
        ) => {
            push_value(
                sql,
                |sql| {
                    sql.push(format!("c.{name}"));
                },
                condition,
            );
        }
    }
}

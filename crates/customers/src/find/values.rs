//! The SQL of one test of one value: of a text, an attribute, a number, a time, of what was agreed.
//!
//! What it never does: build SQL from what was typed. What is compared comes from the caller, values are bound.

use regulars_expression::Condition;
use rust_decimal::Decimal;
use sqlx::{Postgres, QueryBuilder};

use crate::model::{Channel, Choice as _, ConsentState};

/// Of what was agreed on a channel. Nobody who was never asked has agreed to anything: most of them have no row.
pub(super) fn push_consent(
    sql: &mut QueryBuilder<Postgres>,
    channel: Channel,
    condition: &Condition,
    end: &'static str,
) {
    let never = ConsentState::NeverSubscribed.as_str();
    let (begin, states) = match condition {
        Condition::OneOf(states) if states.iter().any(|state| state == never) => {
            let others = ConsentState::ALL.iter().map(|state| state.as_str().to_owned());
            (
                "NOT EXISTS",
                others.filter(|state| !states.contains(state)).collect(),
            )
        }
        Condition::OneOf(states) => ("EXISTS", states.clone()),
        // A choice is known, or one of some.
        _ => {
            let others = ConsentState::ALL.iter().map(|state| state.as_str().to_owned());
            ("EXISTS", others.filter(|state| state != never).collect())
        }
    };
    sql.push(begin)
        .push(" (SELECT FROM customer_consents cc WHERE cc.organization_id = c.organization_id AND cc.customer_id = c.id AND cc.channel = ")
        .push_bind(channel.as_str())
        .push(" AND cc.state = ANY (")
        .push_bind(states)
        .push(")")
        .push(end);
}

/// Of a text in lower case.
pub(super) fn push_text(sql: &mut QueryBuilder<Postgres>, text: &str, condition: &Condition) {
    match condition {
        Condition::OneOf(values) => {
            sql.push(format!("{text} = ANY (ARRAY(SELECT lower(v) FROM unnest("));
            sql.push_bind(values.clone()).push("::text[]) AS v))");
        }
        Condition::Contains(part) => {
            sql.push("strpos(").push(text).push(", lower(");
            sql.push_bind(part.clone()).push(")) > 0");
        }
        Condition::StartsWith(begin) => {
            sql.push("starts_with(").push(text).push(", lower(");
            sql.push_bind(begin.clone()).push("))");
        }
        other => push_value(
            sql,
            |sql| {
                sql.push(text);
            },
            other,
        ),
    }
}

/// Of an attribute: a value of another kind than its definition, from before that was changed, is not known.
pub(super) fn push_attribute(sql: &mut QueryBuilder<Postgres>, name: &str, condition: &Condition) {
    let member = |sql: &mut QueryBuilder<Postgres>, arrow: &str| {
        sql.push(format!("c.attributes {arrow} "))
            .push_bind(name.to_owned());
    };
    match condition {
        Condition::Known => {
            sql.push("jsonb_exists(c.attributes, ")
                .push_bind(name.to_owned())
                .push(")");
        }
        Condition::True => {
            member(sql, "->");
            sql.push(" = 'true'::jsonb");
        }
        Condition::OneOf(values) => {
            // A list has one of them, a text is one of them.
            sql.push("CASE jsonb_typeof(");
            member(sql, "->");
            sql.push(") WHEN 'array' THEN EXISTS (SELECT FROM jsonb_array_elements_text(");
            member(sql, "->");
            sql.push(") AS e WHERE lower(e) = ANY (ARRAY(SELECT lower(v) FROM unnest(");
            sql.push_bind(values.clone())
                .push("::text[]) AS v))) ELSE lower(");
            member(sql, "->>");
            sql.push(") = ANY (ARRAY(SELECT lower(v) FROM unnest(");
            sql.push_bind(values.clone()).push("::text[]) AS v)) END");
        }
        Condition::Contains(part) => {
            sql.push("strpos(lower(");
            member(sql, "->>");
            sql.push("), lower(").push_bind(part.clone()).push(")) > 0");
        }
        Condition::StartsWith(begin) => {
            sql.push("starts_with(lower(");
            member(sql, "->>");
            sql.push("), lower(").push_bind(begin.clone()).push("))");
        }
        Condition::NumberIn(_) | Condition::Number { .. } => push_value(
            sql,
            |sql| {
                sql.push("CASE jsonb_typeof(");
                member(sql, "->");
                sql.push(") WHEN 'number' THEN (");
                member(sql, "->>");
                sql.push(")::numeric END");
            },
            condition,
        ),
        // Days are kept as text that sorts as they do.
        Condition::Date { from, to } => push_ends(
            sql,
            |sql| {
                sql.push("(");
                member(sql, "->>");
                sql.push(") COLLATE \"C\"");
            },
            [
                (from.map(|day| day.to_string()), " >= "),
                (to.map(|day| day.to_string()), " < "),
            ],
        ),
        Condition::Time { .. } => {
            sql.push("false");
        }
    }
}

/// Of a value that PostgreSQL compares as it is.
pub(super) fn push_value(
    sql: &mut QueryBuilder<Postgres>,
    value: impl Fn(&mut QueryBuilder<Postgres>),
    condition: &Condition,
) {
    match condition {
        Condition::Known => {
            value(sql);
            sql.push(" IS NOT NULL");
        }
        Condition::True => value(sql),
        Condition::NumberIn(numbers) => {
            value(sql);
            sql.push(" = ANY (").push_bind(numbers.clone()).push(")");
        }
        Condition::Number { from, to } => {
            let sign = |end: &Option<(Decimal, bool)>, inside, outside| match end {
                Some((_, true)) => outside,
                _ => inside,
            };
            let ends = [
                (from.map(|end| end.0), sign(from, " >= ", " > ")),
                (to.map(|end| end.0), sign(to, " <= ", " < ")),
            ];
            push_ends(sql, value, ends);
        }
        Condition::Time { from, to } => push_ends(sql, value, [(*from, " >= "), (*to, " < ")]),
        Condition::Date { from, to } => push_ends(sql, value, [(*from, " >= "), (*to, " < ")]),
        // Told before, by what each kind of column makes of texts.
        Condition::OneOf(_) | Condition::Contains(_) | Condition::StartsWith(_) => {
            sql.push("false");
        }
    }
}

/// The ends that there are, each with its sign.
fn push_ends<T>(
    sql: &mut QueryBuilder<Postgres>,
    value: impl Fn(&mut QueryBuilder<Postgres>),
    ends: [(Option<T>, &'static str); 2],
) where
    T: Send + 'static + for<'q> sqlx::Encode<'q, Postgres> + sqlx::Type<Postgres>,
{
    let mut and = "";
    for (end, sign) in ends {
        if let Some(end) = end {
            sql.push(and);
            value(sql);
            sql.push(sign).push_bind(end);
            and = " AND ";
        }
    }
}

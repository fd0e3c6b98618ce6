//! The parts of an expression that are filters of the list: of `status = vip and (tag = press or country = FR)` the status.
//! As a filter it has its index, its orders and its estimate; what is left is looked at customer by customer.
//!
//! What it never does: take what one of several possibilities says, or what a filter of the question says already.

use regulars_expression::{Checked, Condition};
use regulars_kernel::Country;
use uuid::Uuid;

use super::filters::{Filters, Range};
use crate::model::Choice;

/// What an expression says of fields in which many have nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// Whether there is a country.
    pub country: Option<bool>,
    /// Whether they were ever active.
    pub active: Option<bool>,
}

/// Moves what is a filter into `filters`; the rest is given back.
pub(super) fn hoist(filters: &mut Filters, known: &mut Known, checked: Checked) -> Option<Checked> {
    match checked {
        Checked::All(every) => {
            let mut rest: Vec<Checked> = every
                .into_iter()
                .filter_map(|item| hoist(filters, known, item))
                .collect();
            if rest.len() > 1 {
                Some(Checked::All(rest))
            } else {
                rest.pop()
            }
        }
        item => {
            let taken = match &item {
                Checked::Is { field, condition } => takes(filters, known, field, condition),
                Checked::Not(inside) => match inside.as_ref() {
                    Checked::Is {
                        field,
                        condition: Condition::Known,
                    } => takes_known(filters, known, field, false),
                    _ => false,
                },
                Checked::All(_) | Checked::Any(_) => false,
            };
            (!taken).then_some(item)
        }
    }
}

/// Whether the filters say so from now on.
fn takes(filters: &mut Filters, known: &mut Known, field: &str, condition: &Condition) -> bool {
    match condition {
        Condition::Known => takes_known(filters, known, field, true),
        Condition::OneOf(values) => match field {
            "status" => one_of(&mut filters.status, values),
            "type" => one_of(&mut filters.customer_type, values),
            "kind" => one_of(&mut filters.kind, values),
            "lifecycle_stage" => one_of(&mut filters.lifecycle_stage, values),
            "priority" => one_of(&mut filters.priority, values),
            "country" => all_of(&mut filters.country, values, Country::from_code),
            "owner" if !filters.owner_none => all_of(&mut filters.owner, values, |id| id.parse().ok()),
            "parent" => all_of(&mut filters.parent, values, |id| id.parse().ok()),
            "source" => all_of(&mut filters.source, values, |name| Some(name.to_owned())),
            // The filter takes ids as well.
            "tag" => all_of(&mut filters.tag, values, |name| {
                Uuid::parse_str(name).is_err().then(|| name.to_owned())
            }),
            _ => false,
        },
        Condition::Time { from, to } => {
            let range = match field {
                "created_at" => &mut filters.created,
                "updated_at" => &mut filters.updated,
                "last_active_at" => &mut filters.last_active,
                _ => return false,
            };
            *range = Range {
                from: range.from.max(*from),
                until: match (range.until, *to) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                },
            };
            true
        }
        _ => false,
    }
}

fn takes_known(filters: &mut Filters, known: &mut Known, field: &str, is_known: bool) -> bool {
    match field {
        "email" if filters.has_email.is_none() => filters.has_email = Some(is_known),
        "phone" if filters.has_phone.is_none() => filters.has_phone = Some(is_known),
        "parent" if filters.has_parent.is_none() => filters.has_parent = Some(is_known),
        // The functions behind the wall do not know these two, so that the expression must go on saying them.
        "country" => {
            known.country = Some(is_known);
            return false;
        }
        "last_active_at" => {
            known.active = Some(is_known);
            return false;
        }
        _ => return false,
    }
    true
}

fn one_of<T: Choice>(filter: &mut Vec<T>, values: &[String]) -> bool {
    all_of(filter, values, |value| T::parse(value).ok())
}

/// Only an empty filter is open, and only to values all of which it can hold.
fn all_of<T>(filter: &mut Vec<T>, values: &[String], read: impl Fn(&str) -> Option<T>) -> bool {
    if !filter.is_empty() || values.is_empty() {
        return false;
    }
    let Some(read) = values.iter().map(|value| read(value)).collect() else {
        return false;
    };
    *filter = read;
    true
}

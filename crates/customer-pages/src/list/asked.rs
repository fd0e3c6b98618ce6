//! What the address of a list asks for as one tree of conditions, and back: a condition that is a filter of the address
//! becomes one, so that addresses stay short and readable; what is left is its expression.

use chrono::NaiveDate;
use regulars_expression::{Catalog, Expression, Kind, Operator, Test, Value, read};
use regulars_kernel::Country;
use uuid::Uuid;

use crate::{
    builder::{Entered, Group, Holds, Node, Row},
    state::ListState,
};

/// Filters that are a field with any of several values.
const NAMED: [&str; 9] = [
    "status",
    "type",
    "kind",
    "lifecycle_stage",
    "priority",
    "tag",
    "country",
    "source",
    "parent",
];
/// Filters of a time, by the field that they are about.
const TIMES: [(&str, &str); 3] = [
    ("created", "created_at"),
    ("updated", "updated_at"),
    ("last_active", "last_active_at"),
];
/// Filters that say whether something is known.
const KNOWN: [(&str, &str); 3] = [
    ("has_email", "email"),
    ("has_phone", "phone"),
    ("has_parent", "parent"),
];
const ATTRIBUTE: &str = "attribute.";

/// The conditions of an address, and what it asks for besides. None where its expression cannot be read.
pub(super) fn conditions(state: &ListState, catalog: &Catalog) -> Option<(Group, ListState)> {
    let mut items = Vec::new();
    let mut taken: Vec<String> = vec!["filter".to_owned()];
    let is = |field: &str, operator, values: Vec<&str>| {
        Node::Row(Row::new(field, operator, values.into_iter().map(Entered::text)))
    };
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in state.filters() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let values: Vec<&str> = state.all(name).collect();
        let node = if NAMED.contains(&name) {
            is(name, Operator::In, values)
        } else if name == "owner" {
            owner(&values)
        } else if let Some((_, field)) = KNOWN.iter().find(|(known, _)| *known == name) {
            match state.get(name) {
                "true" => is(field, Operator::NotEmpty, vec![]),
                "false" => is(field, Operator::Empty, vec![]),
                _ => continue,
            }
        } else if let Some((field, end)) = name
            .rsplit_once('_')
            .and_then(|(begin, end)| Some((TIMES.iter().find(|(known, _)| *known == begin)?.1, end)))
        {
            let operator = if end == "from" {
                Operator::AtLeast
            } else {
                Operator::AtMost
            };
            is(field, operator, vec![state.get(name)])
        } else {
            match catalog.get(name).map(|field| &field.kind) {
                Some(Kind::Text | Kind::Choice(_) | Kind::Number | Kind::Names)
                    if name.starts_with(ATTRIBUTE) =>
                {
                    is(name, Operator::In, values)
                }
                Some(Kind::Boolean | Kind::Date) if values.len() == 1 => is(name, Operator::Equal, values),
                _ => continue,
            }
        };
        items.push(node);
        taken.push(name.to_owned());
    }
    let mut top = Group::new(Holds::All, items);
    if !state.get("filter").is_empty() {
        let written = Group::of(&read(state.get("filter")).ok()?);
        if top.items.is_empty() {
            top = written;
        } else if written.holds == Holds::All {
            top.items.extend(written.items);
        } else {
            top.items.push(Node::Group(written));
        }
    }
    let rest = taken.iter().fold(state.clone(), |rest, name| rest.without(name));
    Some((top, rest))
}

fn owner(values: &[&str]) -> Node {
    let members: Vec<Entered> = values
        .iter()
        .filter(|value| **value != "none")
        .copied()
        .map(Entered::text)
        .collect();
    let some = Node::Row(Row::new("owner", Operator::In, members.clone()));
    let nobody = Node::Row(Row::new("owner", Operator::Empty, []));
    match (members.is_empty(), values.contains(&"none")) {
        (_, false) => some,
        (true, true) => nobody,
        (false, true) => Node::Group(Group::new(Holds::Any, vec![some, nobody])),
    }
}

/// The address that asks for an expression besides what `rest` asks for.
pub(super) fn address(rest: &ListState, asked: Option<Expression>, catalog: &Catalog) -> ListState {
    let every = match asked {
        Some(Expression::All(every)) => every,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let mut pairs: Vec<(String, String)> = rest
        .without("filter")
        .pairs()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut left = Vec::new();
    for item in every {
        let filter = match &item {
            Expression::Test(test) => filter(test, catalog),
            _ => None,
        };
        match filter {
            // Two of one name would mean either; here both must hold.
            Some((name, values)) if !pairs.iter().any(|(known, _)| *known == name) => {
                pairs.extend(values.into_iter().map(|value| (name.clone(), value)));
            }
            _ => left.push(item),
        }
    }
    let written = match left.len() {
        0 => String::new(),
        1 => left.swap_remove(0).to_string(),
        _ => Expression::All(left).to_string(),
    };
    pairs.push(("filter".to_owned(), written));
    pairs.into_iter().collect()
}

/// The filter of an address that means the same as a test, if there is one.
fn filter(test: &Test, catalog: &Catalog) -> Option<(String, Vec<String>)> {
    let field = catalog.get(&test.field)?;
    let name = field.name.as_str();
    let know = KNOWN.iter().find(|(_, known)| *known == name);
    match (test.operator, know) {
        (Operator::NotEmpty, Some((filter, _))) => {
            return Some(((*filter).to_owned(), vec!["true".to_owned()]));
        }
        (Operator::Empty, Some((filter, _))) => {
            return Some(((*filter).to_owned(), vec!["false".to_owned()]));
        }
        (Operator::Empty, None) if name == "owner" => {
            return Some((name.to_owned(), vec!["none".to_owned()]));
        }
        (Operator::AtLeast | Operator::AtMost, None) => {
            let (filter, _) = TIMES.iter().find(|(_, known)| *known == name)?;
            let Some(Value::Text(day)) = test.values.first() else {
                return None;
            };
            NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
            let end = if test.operator == Operator::AtLeast {
                "from"
            } else {
                "to"
            };
            return Some((format!("{filter}_{end}"), vec![day.clone()]));
        }
        (Operator::Equal | Operator::In, _) => {}
        _ => return None,
    }
    if !(NAMED.contains(&name) || name == "owner" || name.starts_with(ATTRIBUTE)) {
        return None;
    }
    let values: Option<Vec<String>> = test
        .values
        .iter()
        .map(|value| same(name, &field.kind, value))
        .collect();
    values.map(|values| (name.to_owned(), values))
}

/// The value as an address has it, where it means the same there.
fn same(name: &str, kind: &Kind, value: &Value) -> Option<String> {
    match (value, kind) {
        (Value::Number(number), Kind::Number) => Some(number.to_string()),
        (Value::Boolean(yes), Kind::Boolean) => Some(yes.to_string()),
        (Value::Text(text), Kind::Choice(choices)) => choices.contains(text).then(|| text.clone()),
        (Value::Text(text), Kind::Date) => Some(text.clone()),
        (Value::Text(text), _) => match name {
            "country" => Country::parse(text)
                .ok()
                .map(|country| country.as_str().to_owned()),
            "owner" if text == "me" => Some(text.clone()),
            "owner" | "parent" => Uuid::parse_str(text).ok().map(|id| id.to_string()),
            "source" => (!text.contains(',')).then(|| text.clone()),
            // There, an id is a tag as well, and a comma stands between two.
            "tag" => (!text.contains(',')
                && Uuid::parse_str(text).is_err()
                && !text.trim().is_empty()
                && text.trim() == text)
                .then(|| text.clone()),
            _ => None,
        },
        _ => None,
    }
    .filter(|value| !value.contains(','))
}

#[cfg(test)]
mod tests {
    use regulars_expression::{Field, parse};

    use super::*;

    fn catalog() -> Catalog {
        let field = |name: &str, kind| Field {
            name: name.to_owned(),
            label: name.to_owned(),
            kind,
        };
        let code = Kind::Code("x", |text| Some(text.to_owned()));
        Catalog(vec![
            field("status", Kind::Choice(vec!["active".into(), "vip".into()])),
            field("tag", Kind::Names),
            field("country", code.clone()),
            field("owner", code),
            field("email", Kind::Text),
            field("phone", Kind::Text),
            field("city", Kind::Text),
            field("created_at", Kind::Time),
            field("attribute.size", Kind::Number),
            field("attribute.club", Kind::Boolean),
            field("attribute.shop", Kind::Text),
        ])
    }

    fn there_and_back(query: &str) -> String {
        let state = ListState::parse(query);
        let (group, rest) = conditions(&state, &catalog()).unwrap();
        let mut faults = Vec::new();
        let asked = group.expression(&catalog(), &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        let address = address(&rest, asked, &catalog());
        form_urlencoded::parse(address.query().as_bytes())
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("&")
    }

    #[test]
    fn an_address_comes_back_as_it_was() {
        for query in [
            "q=ada&sort=-created_at&status=vip&status=active&tag=berlin",
            "created_from=2026-01-01&created_to=2026-01-31&has_email=true&has_phone=false",
            "view=1&owner=me&deleted=with&birthday_from=12-24",
            "owner=none&attribute.size=38&attribute.club=true&country=DE",
            "status=vip&filter=city = \"Berlin\" or tag = \"press\"",
        ] {
            let query = query.replace(' ', "+").replace('"', "%22");
            let plain = form_urlencoded::parse(query.as_bytes())
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>();
            let mut back: Vec<String> = there_and_back(&query).split('&').map(str::to_owned).collect();
            let mut plain = plain;
            plain.sort();
            back.sort();
            assert_eq!(back, plain);
        }
    }

    #[test]
    fn what_no_filter_can_say_stays_an_expression() {
        for (text, left) in [
            // Both, not either.
            ("tag = a and tag = b", "tag=a&filter=tag = \"b\""),
            ("tag = \"a,b\"", "filter=tag = \"a,b\""),
            ("status = VIP", "filter=status = \"VIP\""),
            ("status != vip", "filter=status != \"vip\""),
            // There letters count by their case.
            ("attribute.shop = x", "filter=attribute.shop = \"x\""),
            ("created_at >= days_ago(3)", "filter=created_at >= days_ago(3)"),
            (
                "status = vip or tag = a",
                "filter=status = \"vip\" or tag = \"a\"",
            ),
            ("country = Germany", "country=DE"),
        ] {
            let address = address(&ListState::default(), Some(parse(text).unwrap()), &catalog());
            let pairs: Vec<String> = address
                .pairs()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            assert_eq!(pairs.join("&"), left);
        }
    }

    #[test]
    fn somebody_or_nobody_is_a_group() {
        assert_eq!(
            there_and_back("owner=none,me"),
            "filter=owner in (\"me\") or owner is empty"
        );
        assert!(conditions(&ListState::parse("filter=status+is"), &catalog()).is_none());
    }
}

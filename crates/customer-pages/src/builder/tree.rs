//! From rows to the tree of an expression and back. What cannot be said in rows there is not.

use regulars_expression::{
    Call, Catalog, Expression, Fault, Function, Kind, Operator, Place, Takes, Test, Value,
};

use super::{Entered, Group, Holds, Node, Path, Row, written};

/// The furthest that a time is counted.
const FURTHEST: u32 = 36_500;

impl Group {
    /// An expression as rows.
    pub(crate) fn of(expression: &Expression) -> Self {
        match node(expression) {
            Node::Group(group) => group,
            row @ Node::Row(_) => Self::new(Holds::All, vec![row]),
        }
    }

    /// The expression, none if nothing is asked; rows without a field ask nothing. What is missing is noted in `faults`,
    /// at the place of its row.
    pub(crate) fn expression(&self, catalog: &Catalog, faults: &mut Vec<Fault>) -> Option<Expression> {
        self.tree(&mut Vec::new(), catalog, faults)
    }

    fn tree(&self, path: &mut Vec<usize>, catalog: &Catalog, faults: &mut Vec<Fault>) -> Option<Expression> {
        let mut items = Vec::new();
        for (index, node) in self.items.iter().enumerate() {
            path.push(index);
            items.extend(match node {
                Node::Group(group) => group.tree(path, catalog, faults),
                Node::Row(row) => test(row, path, catalog, faults),
            });
            path.pop();
        }
        if items.is_empty() {
            return None;
        }
        let joined = |join: fn(Vec<Expression>) -> Expression, mut items: Vec<Expression>| {
            if items.len() == 1 {
                items.swap_remove(0)
            } else {
                join(items)
            }
        };
        Some(match self.holds {
            Holds::All => joined(Expression::All, items),
            Holds::Any => joined(Expression::Any, items),
            Holds::None => Expression::Not(Box::new(joined(Expression::Any, items))),
            Holds::NotAll => Expression::Not(Box::new(joined(Expression::All, items))),
        })
    }
}

fn node(expression: &Expression) -> Node {
    let nodes = |items: &[Expression]| items.iter().map(node).collect();
    Node::Group(match expression {
        Expression::All(items) => Group::new(Holds::All, nodes(items)),
        Expression::Any(items) => Group::new(Holds::Any, nodes(items)),
        Expression::Not(inside) => match inside.as_ref() {
            Expression::Any(items) => Group::new(Holds::None, nodes(items)),
            Expression::All(items) => Group::new(Holds::NotAll, nodes(items)),
            other => Group::new(Holds::None, vec![node(other)]),
        },
        Expression::Test(test) => {
            let values = test.values.iter().map(entered);
            return Node::Row(Row::new(&test.field, test.operator, values));
        }
    })
}

fn entered(value: &Value) -> Entered {
    match value {
        Value::Text(text) => Entered::text(text),
        Value::Number(number) => Entered::text(number.to_string()),
        Value::Boolean(yes) => Entered::text(yes.to_string()),
        Value::Call(call) => Entered {
            when: call.function.name().to_owned(),
            text: if call.function.takes_number() {
                call.number.to_string()
            } else {
                String::new()
            },
        },
    }
}

fn test(row: &Row, path: &Path, catalog: &Catalog, faults: &mut Vec<Fault>) -> Option<Expression> {
    if row.field.is_empty() {
        return None;
    }
    let place = Place::Pointer(written(path));
    let kind = catalog.get(&row.field).map_or(&Kind::Text, |field| &field.kind);
    let operator = row.operator.unwrap_or(Operator::Equal);
    let mut values = Vec::new();
    let mut wrong = |code: &'static str, message: String| {
        faults.push(Fault {
            place: place.clone(),
            code,
            message,
        });
        None
    };
    if operator.takes() != Takes::Nothing {
        if row
            .values
            .iter()
            .all(|entered| entered.text.trim().is_empty() && entered.when.is_empty())
        {
            return wrong("value_missing", "say what it is compared with".to_owned());
        }
        for entered in &row.values {
            match value(entered, kind) {
                Ok(value) => values.push(value),
                Err(message) => return wrong("value_invalid", message),
            }
        }
    }
    Some(Expression::Test(Test {
        field: row.field.clone(),
        operator,
        values_at: vec![place.clone(); values.len()],
        values,
        field_at: place.clone(),
        operator_at: place,
    }))
}

fn value(entered: &Entered, kind: &Kind) -> Result<Value, String> {
    let text = entered.text.trim();
    if let Some(function) = Function::named(&entered.when) {
        let number = if function.takes_number() {
            text.parse().ok().filter(|number| *number <= FURTHEST)
        } else {
            Some(0)
        };
        let number = number.ok_or_else(|| format!("a whole number up to {FURTHEST} is expected here"))?;
        return Ok(Value::Call(Call { function, number }));
    }
    Ok(match kind {
        Kind::Number => {
            Value::read_number(text).ok_or_else(|| "a number is expected here, as in 12.5".to_owned())?
        }
        Kind::Boolean => Value::Boolean(text == "true"),
        // Spaces at the ends may be meant.
        Kind::Text => Value::Text(entered.text.clone()),
        _ => Value::Text(text.to_owned()),
    })
}

/// The same with one value of a field in the place of another.
pub(crate) fn substitute(expression: &Expression, field: &str, from: &str, to: &str) -> Expression {
    let each = |items: &[Expression]| {
        items
            .iter()
            .map(|item| substitute(item, field, from, to))
            .collect()
    };
    match expression {
        Expression::All(items) => Expression::All(each(items)),
        Expression::Any(items) => Expression::Any(each(items)),
        Expression::Not(inside) => Expression::Not(Box::new(substitute(inside, field, from, to))),
        Expression::Test(test) => {
            let mut test = test.clone();
            if test.field == field {
                for value in &mut test.values {
                    if matches!(value, Value::Text(now) if now == from) {
                        *value = Value::Text(to.to_owned());
                    }
                }
            }
            Expression::Test(test)
        }
    }
}

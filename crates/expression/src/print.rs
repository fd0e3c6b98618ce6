//! From the tree to text, in one way of writing: what is read from it again is the same tree.

use std::fmt;

use crate::tree::{Expression, Takes, Test, Value};

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(every) => joined(f, every, " and ", |inside| {
                matches!(inside, Self::Any(_) | Self::All(_))
            }),
            Self::Any(some) => joined(f, some, " or ", |inside| matches!(inside, Self::Any(_))),
            Self::Not(inside) => {
                f.write_str("not ")?;
                inside.write_in(f, matches!(**inside, Self::All(_) | Self::Any(_)))
            }
            Self::Test(test) => test.fmt(f),
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    items: &[Expression],
    between: &str,
    needs_parentheses: impl Fn(&Expression) -> bool,
) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        item.write_in(f, needs_parentheses(item))?;
    }
    Ok(())
}

impl Expression {
    fn write_in(&self, f: &mut fmt::Formatter<'_>, parentheses: bool) -> fmt::Result {
        if parentheses {
            write!(f, "({self})")
        } else {
            write!(f, "{self}")
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.operator.text())?;
        match self.operator.takes() {
            Takes::Nothing => Ok(()),
            Takes::One => match self.values.first() {
                Some(value) => write!(f, " {value}"),
                None => Ok(()),
            },
            Takes::Several => {
                f.write_str(" (")?;
                for (at, value) in self.values.iter().enumerate() {
                    if at > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{value}")?;
                }
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(yes) => write!(f, "{yes}"),
            Self::Call(call) => call.fmt(f),
        }
    }
}

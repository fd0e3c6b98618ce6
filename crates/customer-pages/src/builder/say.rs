//! An expression in words: “Status is one of VIP, Active”.

use chrono::NaiveDate;
use regulars_expression::{Call, Catalog, Expression, Function, Kind, Takes, Test, Value};
use regulars_web::pages::format;

use super::Known;
use crate::words;

/// What fields and values are called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    pub catalog: Catalog,
    pub known: Known,
}

impl Words {
    /// The field, how it is compared, and with what.
    pub(crate) fn test(&self, test: &Test) -> (String, &'static str, String) {
        let field = self.catalog.get(&test.field);
        let is_time = field.is_some_and(|field| matches!(field.kind, Kind::Time | Kind::Date));
        let label = field.map_or_else(|| test.field.clone(), |field| field.label.clone());
        let values: Vec<String> = test
            .values
            .iter()
            .map(|value| self.value(&test.field, value))
            .collect();
        // Of one, “one of” is a word too many.
        let relation = match (test.operator.takes(), values.len()) {
            (Takes::Several, 1) if test.operator.text() == "in" => "is",
            (Takes::Several, 1) => "is not",
            _ => test.operator.words(is_time),
        };
        (label, relation, values.join(", "))
    }

    fn value(&self, field: &str, value: &Value) -> String {
        match value {
            Value::Text(text) => self.name(field, text),
            Value::Number(number) => number.to_string(),
            Value::Boolean(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::Call(call) => from_now(*call),
        }
    }

    /// What people call a value that is written as a text.
    pub(crate) fn name(&self, field: &str, text: &str) -> String {
        let known = self.known.get(field).into_iter().flatten();
        if let Some((_, name)) = known.into_iter().find(|(value, _)| value == text) {
            return name.clone();
        }
        match self.catalog.get(field).map(|field| &field.kind) {
            Some(Kind::Choice(_)) if !field.starts_with("attribute.") => words::sentence(text),
            Some(Kind::Time | Kind::Date) => {
                NaiveDate::parse_from_str(text, "%Y-%m-%d").map_or_else(|_| text.to_owned(), format::date)
            }
            _ => text.to_owned(),
        }
    }

    /// The whole, in one line.
    pub(crate) fn phrase(&self, expression: &Expression) -> String {
        let joined = |items: &[Expression], between: &str| {
            items
                .iter()
                .map(|item| match item {
                    Expression::Test(_) => self.phrase(item),
                    other => format!("({})", self.phrase(other)),
                })
                .collect::<Vec<_>>()
                .join(between)
        };
        match expression {
            Expression::All(items) => joined(items, " and "),
            Expression::Any(items) => joined(items, " or "),
            Expression::Not(inside) => format!("not {}", joined(std::slice::from_ref(inside), "")),
            Expression::Test(test) => {
                let (label, relation, value) = self.test(test);
                format!("{label} {relation} {value}").trim_end().to_owned()
            }
        }
    }
}

/// A time said from now.
fn from_now(Call { function, number }: Call) -> String {
    let counted = |unit: &str| format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" });
    match function {
        Function::Now => "now".to_owned(),
        Function::Today => "today".to_owned(),
        Function::DaysAgo => counted("day"),
        Function::WeeksAgo => counted("week"),
        Function::MonthsAgo => counted("month"),
        Function::YearsAgo => counted("year"),
        Function::HoursAgo => counted("hour"),
        Function::DaysFromNow => format!("in {number} day{}", if number == 1 { "" } else { "s" }),
        Function::StartOfMonth => "the first of this month".to_owned(),
        Function::StartOfYear => "the first of this year".to_owned(),
    }
}

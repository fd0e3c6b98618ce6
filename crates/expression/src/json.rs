//! The tree as JSON and back.
//!
//! `{"all": […]}`, `{"any": […]}`, `{"not": {…}}`, or a test: `{"field": "tag", "operator": "=", "value": "vip"}`, with
//! `values` and a list where the operator takes one. A time said from now is `{"days_ago": 90}`.

use serde_json::{Map, Value as Json, json};

use crate::{
    Fault, MOST_DEPTH, MOST_LENGTH, MOST_TESTS,
    tree::{Call, Expression, Function, Operator, Place, Takes, Test, Value},
};

impl Expression {
    /// As JSON.
    pub fn to_json(&self) -> Json {
        let list = |items: &[Self]| items.iter().map(Self::to_json).collect::<Vec<_>>();
        match self {
            Self::All(every) => json!({"all": list(every)}),
            Self::Any(some) => json!({"any": list(some)}),
            Self::Not(inside) => json!({"not": inside.to_json()}),
            Self::Test(test) => {
                let mut object = json!({"field": test.field, "operator": test.operator.text()});
                match test.operator.takes() {
                    Takes::Nothing => {}
                    Takes::One => object["value"] = test.values.first().map_or(Json::Null, Value::to_json),
                    Takes::Several => object["values"] = test.values.iter().map(Value::to_json).collect(),
                }
                object
            }
        }
    }

    /// Reads JSON. The fault says where it is not an expression.
    pub fn from_json(json: &Json) -> Result<Self, Fault> {
        Reader { depth: 0, tests: 0 }.read(json, "")
    }
}

impl Value {
    fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            // As it was written: a float would change it.
            Self::Number(number) => number
                .to_string()
                .parse::<serde_json::Number>()
                .map_or(Json::Null, Json::Number),
            Self::Boolean(yes) => json!(yes),
            Self::Call(call) if call.function.takes_number() => json!({call.function.name(): call.number}),
            Self::Call(call) => json!({call.function.name(): null}),
        }
    }
}

struct Reader {
    depth: usize,
    tests: usize,
}

fn fault(pointer: &str, code: &'static str, message: impl Into<String>) -> Fault {
    Fault::new(Place::Pointer(pointer.to_owned()), code, message)
}

impl Reader {
    fn read(&mut self, json: &Json, at: &str) -> Result<Expression, Fault> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(fault(
                at,
                "too_deep",
                format!("at most {MOST_DEPTH} levels are read"),
            ));
        }
        let Json::Object(object) = json else {
            return Err(fault(
                at,
                "expression_expected",
                "an object is expected here, with all, any, not or field",
            ));
        };
        let kinds: Vec<&str> = ["all", "any", "not", "field"]
            .into_iter()
            .filter(|kind| object.contains_key(*kind))
            .collect();
        let [kind] = kinds.as_slice() else {
            return Err(fault(
                at,
                "expression_expected",
                "one of all, any, not and field is expected here",
            ));
        };
        let allowed: &[&str] = match *kind {
            "field" => &["field", "operator", "value", "values"],
            _ => std::slice::from_ref(kind),
        };
        if let Some(other) = object.keys().find(|key| !allowed.contains(&key.as_str())) {
            return Err(fault(
                &format!("{at}/{}", other.replace('~', "~0").replace('/', "~1")),
                "unknown",
                format!("only {} may stand here", allowed.join(", ")),
            ));
        }
        let found = match *kind {
            "all" => Expression::All(self.list(&object["all"], &format!("{at}/all"))?),
            "any" => Expression::Any(self.list(&object["any"], &format!("{at}/any"))?),
            "not" => Expression::Not(Box::new(self.read(&object["not"], &format!("{at}/not"))?)),
            _ => Expression::Test(self.test(object, at)?),
        };
        self.depth -= 1;
        Ok(found)
    }

    fn list(&mut self, json: &Json, at: &str) -> Result<Vec<Expression>, Fault> {
        match json {
            Json::Array(items) if !items.is_empty() => items
                .iter()
                .enumerate()
                .map(|(index, item)| self.read(item, &format!("{at}/{index}")))
                .collect(),
            _ => Err(fault(
                at,
                "list_expected",
                "a list of one or more is expected here",
            )),
        }
    }

    fn test(&mut self, object: &Map<String, Json>, at: &str) -> Result<Test, Fault> {
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err(fault(
                at,
                "too_many",
                format!("at most {MOST_TESTS} tests are read"),
            ));
        }
        let text = |name: &str| {
            object.get(name).and_then(Json::as_str).ok_or_else(|| {
                fault(
                    &format!("{at}/{name}"),
                    "text_expected",
                    "a text is expected here",
                )
            })
        };
        let field = text("field")?.to_owned();
        let written = text("operator")?;
        let operator = Operator::ALL
            .into_iter()
            .find(|operator| operator.text() == written)
            .ok_or_else(|| {
                let known: Vec<&str> = Operator::ALL.into_iter().map(Operator::text).collect();
                fault(
                    &format!("{at}/operator"),
                    "operator_unknown",
                    format!("there are {}", known.join(", ")),
                )
            })?;
        let (one, several) = (object.get("value"), object.get("values"));
        let mut values = Vec::new();
        let mut values_at = Vec::new();
        let mut take = |json: &Json, place: String| {
            values.push(value(json, &place)?);
            values_at.push(Place::Pointer(place));
            Ok::<_, Fault>(())
        };
        match (operator.takes(), one, several) {
            (Takes::Nothing, None, None) => {}
            (Takes::One, Some(one), None) => take(one, format!("{at}/value"))?,
            (Takes::Several, None, Some(Json::Array(items))) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    take(item, format!("{at}/values/{index}"))?;
                }
            }
            (takes, ..) => {
                let wanted = match takes {
                    Takes::Nothing => "takes no value",
                    Takes::One => "takes one value, in value",
                    Takes::Several => "takes a list of one or more, in values",
                };
                return Err(fault(
                    at,
                    "value_expected",
                    format!("“{}” {wanted}", operator.text()),
                ));
            }
        }
        Ok(Test {
            field,
            operator,
            values,
            field_at: Place::Pointer(format!("{at}/field")),
            operator_at: Place::Pointer(format!("{at}/operator")),
            values_at,
        })
    }
}

fn value(json: &Json, at: &str) -> Result<Value, Fault> {
    let wrong = || {
        fault(
            at,
            "value_invalid",
            "a text, a number, true, false or a time from now such as {\"days_ago\": 90} is expected here",
        )
    };
    match json {
        Json::String(text) if text.chars().count() <= MOST_LENGTH => Ok(Value::Text(text.clone())),
        Json::String(_) => Err(fault(
            at,
            "too_long",
            format!("at most {MOST_LENGTH} characters are read"),
        )),
        Json::Number(number) => Value::read_number(&number.to_string()).ok_or_else(wrong),
        Json::Bool(yes) => Ok(Value::Boolean(*yes)),
        Json::Object(object) => {
            let mut entries = object.iter();
            let (Some((name, number)), None) = (entries.next(), entries.next()) else {
                return Err(wrong());
            };
            let function = Function::named(name).ok_or_else(wrong)?;
            let number = match (function.takes_number(), number) {
                (false, Json::Null) => 0,
                (true, number) => number
                    .as_u64()
                    .filter(|number| *number <= 36_500)
                    .and_then(|number| u32::try_from(number).ok())
                    .ok_or_else(wrong)?,
                (false, _) => return Err(wrong()),
            };
            Ok(Value::Call(Call { function, number }))
        }
        Json::Null | Json::Array(_) => Err(wrong()),
    }
}

//! Query parameters as a type. Lists may be repeated or have commas; every fault is named.
//!
//! A type for [`Query`] has `#[serde(default, deny_unknown_fields)]`; its fields are options, lists (`Vec`) and plain
//! values. `flatten` does not work with numbers: use [`crate::Params`] for parameters with names of their own.

use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;
use regulars_kernel::{Error, Faults, Result};
use serde::{
    de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor},
    forward_to_deserialize_any,
};

use crate::{extract::MOST_FAULTS, params::Params, problem::Problem};

/// The query parameters of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(parse(parts.uri.query().unwrap_or_default())?))
    }
}

/// Reads a query string; faults are 400 with `?name` as their place.
pub(crate) fn parse<T: DeserializeOwned>(query: &str) -> Result<T> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in Params::parse(query)?.into_pairs() {
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => groups.push((name, vec![value])),
        }
    }
    let mut faults = Faults::new();
    loop {
        let mut at = None;
        match T::deserialize(Groups {
            groups: &groups,
            at: &mut at,
        }) {
            Ok(value) if faults.0.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(Fault(message)) => {
                let Some(index) = at else {
                    // Nothing stands there: a parameter is missing.
                    let name = message.split('`').nth(1).unwrap_or_default();
                    faults.add(
                        format!("?{name}"),
                        "parameter_missing",
                        message.replace("field", "parameter"),
                    );
                    break;
                };
                let (name, _) = groups.remove(index);
                let shown: String = name.chars().take(80).collect();
                if message.starts_with("unknown field") {
                    // Serde names them: "unknown field `x`, expected one of `a`, `b`", or "there are no fields".
                    let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
                    let text = crate::params::no_parameter(&shown, &known.join(", "));
                    faults.add(format!("?{shown}"), "parameter_unknown", text);
                } else {
                    faults.add(format!("?{shown}"), "parameter_invalid", message);
                }
            }
        }
        if faults.0.len() >= MOST_FAULTS {
            break;
        }
    }
    Err(Error::Malformed(faults))
}

#[derive(Debug)]
struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Fault {}
impl de::Error for Fault {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self(message.to_string())
    }
}

/// All parameters; notes the one that is being read.
struct Groups<'a> {
    groups: &'a [(String, Vec<String>)],
    at: &'a mut Option<usize>,
}

impl<'de> de::Deserializer<'de> for Groups<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Fault> {
        visitor.visit_map(Walk {
            groups: self.groups,
            next: 0,
            at: self.at,
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Walk<'a> {
    groups: &'a [(String, Vec<String>)],
    next: usize,
    at: &'a mut Option<usize>,
}

impl<'de> de::MapAccess<'de> for Walk<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> std::result::Result<Option<K::Value>, Fault> {
        let Some((name, _)) = self.groups.get(self.next) else {
            *self.at = None;
            return Ok(None);
        };
        *self.at = Some(self.next);
        seed.deserialize(name.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<W: DeserializeSeed<'de>>(&mut self, seed: W) -> std::result::Result<W::Value, Fault> {
        let (_, values) = &self.groups[self.next];
        self.next += 1;
        seed.deserialize(Values(values))
    }
}

/// The values of one parameter.
struct Values<'a>(&'a [String]);

impl<'a> Values<'a> {
    fn single(&self) -> std::result::Result<&'a str, Fault> {
        match self.0 {
            [value] => Ok(value),
            _ => Err(Fault("it may stand only once".to_owned())),
        }
    }
}

/// One value.
struct One<'a>(&'a str);

macro_rules! parsed {
    ($($method:ident $visit:ident $what:literal,)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Fault> {
            let value = self.0.trim().parse().map_err(|_| {
                let shown: String = self.0.chars().take(60).collect();
                Fault(format!("“{shown}” is not {}", $what))
            })?;
            visitor.$visit(value)
        }
    )+};
}

impl<'de> de::Deserializer<'de> for One<'_> {
    type Error = Fault;

    parsed! {
        deserialize_bool visit_bool "true or false",
        deserialize_i8 visit_i8 "a whole number in range",
        deserialize_i16 visit_i16 "a whole number in range",
        deserialize_i32 visit_i32 "a whole number in range",
        deserialize_i64 visit_i64 "a whole number in range",
        deserialize_u8 visit_u8 "a whole number in range",
        deserialize_u16 visit_u16 "a whole number in range",
        deserialize_u32 visit_u32 "a whole number in range",
        deserialize_u64 visit_u64 "a whole number in range",
        deserialize_f32 visit_f32 "a number",
        deserialize_f64 visit_f64 "a number",
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Fault> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> std::result::Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Fault> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

macro_rules! through_single {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Fault> {
            One(self.single()?).$method(visitor)
        }
    )+};
}

impl<'de> de::Deserializer<'de> for Values<'_> {
    type Error = Fault;

    through_single! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_identifier deserialize_map
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Fault> {
        // `?q=` is what a form sends for an empty field.
        if self.0.iter().all(String::is_empty) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Fault> {
        let items = self
            .0
            .iter()
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(Item);
        visitor.visit_seq(de::value::SeqDeserializer::new(items))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> std::result::Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Fault> {
        One(self.single()?).deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> std::result::Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> std::result::Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> std::result::Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }
}

/// An item of a list.
struct Item<'a>(&'a str);

impl<'a> IntoDeserializer<'_, Fault> for Item<'a> {
    type Deserializer = One<'a>;

    fn into_deserializer(self) -> One<'a> {
        One(self.0)
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::{Role, ids::CustomerId};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Ask {
        q: Option<String>,
        limit: Option<u32>,
        role: Vec<Role>,
        id: Option<CustomerId>,
        deep: bool,
    }

    fn faults(query: &str) -> Vec<(String, String)> {
        match parse::<Ask>(query) {
            Err(Error::Malformed(faults)) => faults
                .0
                .into_iter()
                .map(|fault| (fault.pointer, fault.code.into_owned()))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lists_may_be_repeated_or_have_commas() {
        let ask: Ask = parse("role=owner,admin&role=viewer&q=a+b%20c&limit=5&deep=true").unwrap();
        assert_eq!(ask.role, [Role::Owner, Role::Admin, Role::Viewer]);
        assert_eq!(
            (ask.q.as_deref(), ask.limit, ask.deep),
            (Some("a b c"), Some(5), true)
        );
    }

    #[test]
    fn empty_values_are_absent_ones() {
        assert_eq!(parse::<Ask>("q=&limit=&role=&id=").unwrap(), Ask::default());
    }

    #[test]
    fn every_fault_is_named() {
        let found = faults("limit=ten&bogus=1&role=king&id=7&other=2&q=a&q=b");
        let pairs: Vec<_> = found.iter().map(|(p, c)| (p.as_str(), c.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("?limit", "parameter_invalid"),
                ("?bogus", "parameter_unknown"),
                ("?role", "parameter_invalid"),
                ("?id", "parameter_invalid"),
                ("?other", "parameter_unknown"),
                ("?q", "parameter_invalid")
            ]
        );
    }

    #[test]
    fn broken_text_is_refused_with_its_name() {
        assert_eq!(faults("q=%ff"), [("?q".to_owned(), "utf8_invalid".to_owned())]);
        assert_eq!(faults("q=%00"), [("?q".to_owned(), "utf8_invalid".to_owned())]);
    }

    #[test]
    fn params_name_what_nobody_took() {
        let mut params = Params::parse("tag=a,b&tag=c&attribute.size=38&x=1").unwrap();
        assert_eq!(params.list("tag"), ["a", "b", "c"]);
        assert_eq!(
            params.prefixed("attribute."),
            [("size".to_owned(), "38".to_owned())]
        );
        let Err(Error::Malformed(faults)) = params.finish(Faults::new()) else {
            panic!("x is unknown")
        };
        assert_eq!(faults.0[0].pointer, "?x");
    }
}

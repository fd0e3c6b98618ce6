//! One field of a merge patch (RFC 7396): absent keeps, null clears, a value sets.
//!
//! A field is declared as below; without `default`, absence would be an error, and `value_type` makes it an optional
//! nullable value in OpenAPI.
//!
//! ```ignore
//! #[serde(default, skip_serializing_if = "Patch::is_keep")]
//! #[schema(value_type = Option<String>)]
//! name: Patch<String>,
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a patch wants done to one field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Make it empty.
    Clear,
    /// Give it this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether nothing is wanted.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Does it to a field that may be empty; says whether the field is now different.
    pub fn apply(self, field: &mut Option<T>) -> bool
    where
        T: PartialEq,
    {
        let wanted = match self {
            Self::Keep => return false,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        };
        let changes = *field != wanted;
        *field = wanted;
        changes
    }

    /// The same wish for another type of value.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(turn(value)),
        }
    }

    /// The same wish for another type of value, or why the value is none.
    pub fn try_map<U, E>(self, turn: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(turn(value)?),
        })
    }

    /// The same wish, its value borrowed.
    pub fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(value),
        }
    }

    /// The value to be set, if one is.
    pub fn value(self) -> Option<T> {
        if let Self::Set(value) = self {
            Some(value)
        } else {
            None
        }
    }
}

/// For `PUT`, which replaces: what is absent is cleared.
impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Called only where the field is present.
        Option::deserialize(deserializer).map(Self::from)
    }
}

/// Use with `skip_serializing_if = "Patch::is_keep"`.
impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set(value) => value.serialize(serializer),
            Self::Keep | Self::Clear => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use utoipa::{PartialSchema, ToSchema};

    use super::*;

    #[derive(Debug, PartialEq, Deserialize, Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        #[schema(value_type = Option<String>)]
        name: Patch<String>,
    }

    fn read(json: serde_json::Value) -> Patch<String> {
        serde_json::from_value::<Body>(json).unwrap().name
    }

    #[test]
    fn absent_keeps_null_clears_a_value_sets() {
        assert_eq!(read(json!({})), Patch::Keep);
        assert_eq!(read(json!({"name": null})), Patch::Clear);
        assert_eq!(read(json!({"name": "Ada"})), Patch::Set("Ada".to_owned()));
    }

    #[test]
    fn applying_says_whether_anything_changed() {
        let mut field = Some(1);
        assert!(!Patch::Keep.apply(&mut field));
        assert!(!Patch::Set(1).apply(&mut field));
        assert!(Patch::Set(2).apply(&mut field));
        assert_eq!(field, Some(2));
        assert!(Patch::Clear.apply(&mut field));
        assert!(!Patch::Clear.apply(&mut field));
        assert_eq!(field, None);
    }

    #[test]
    fn a_value_can_be_checked_on_the_way() {
        let parse = |text: &str| text.parse::<i32>();
        assert_eq!(Patch::Set("7").try_map(parse), Ok(Patch::Set(7)));
        assert_eq!(Patch::Clear.try_map(parse), Ok(Patch::Clear));
        assert!(Patch::Set("x").try_map(parse).is_err());
    }

    #[test]
    fn its_schema_is_an_optional_nullable_value() {
        let schema = serde_json::to_value(Body::schema()).unwrap();
        assert_eq!(
            schema["properties"]["name"]["type"],
            json!(["string", "null"]),
            "{schema}"
        );
        assert_eq!(schema.get("required"), None);
    }

    proptest! {
        #[test]
        fn a_patch_survives_a_round_trip(name in proptest::option::of(proptest::option::of(".{0,10}"))) {
            let body = Body { name: name.map_or(Patch::Keep, Patch::from) };
            prop_assert_eq!(serde_json::from_value::<Body>(serde_json::to_value(&body).unwrap()).unwrap(), body);
        }
    }
}

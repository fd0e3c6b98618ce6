//! Gives a value that is written as one short text (a code, a tag) its JSON and PostgreSQL forms.
//!
//! Never used for personal data: those values print redacted and are written out by hand.

/// Implements `FromStr`, `Display`, serde and sqlx (`text`) for a type with `as_str` and `parse`.
macro_rules! text_value {
    ($name:ident, $error:ty) => {
        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
        impl sqlx::Type<sqlx::Postgres> for $name {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <str as sqlx::Type<sqlx::Postgres>>::type_info()
            }
            fn compatible(ty: &sqlx::postgres::PgTypeInfo) -> bool {
                <str as sqlx::Type<sqlx::Postgres>>::compatible(ty)
            }
        }
        impl sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <String as sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }
        impl sqlx::Encode<'_, sqlx::Postgres> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut sqlx::postgres::PgArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <&str as sqlx::Encode<'_, sqlx::Postgres>>::encode(self.as_str(), buffer)
            }
        }
        impl<'r> sqlx::Decode<'r, sqlx::Postgres> for $name {
            fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                let text = <&str as sqlx::Decode<'r, sqlx::Postgres>>::decode(value)?;
                Ok(Self::parse(text)?)
            }
        }
    };
}
pub(crate) use text_value;

#[cfg(test)]
mod tests {
    use crate::{Country, Currency, Email, Locale, Phone, TimeZone};

    /// Compiles only if every value can be bound, read and put in arrays.
    fn goes_to_postgres<T>()
    where
        T: for<'a> sqlx::Encode<'a, sqlx::Postgres>
            + for<'a> sqlx::Decode<'a, sqlx::Postgres>
            + sqlx::Type<sqlx::Postgres>
            + sqlx::postgres::PgHasArrayType,
    {
    }

    #[test]
    fn every_value_has_its_json_and_postgres_forms() {
        goes_to_postgres::<Country>();
        goes_to_postgres::<Currency>();
        goes_to_postgres::<Locale>();
        goes_to_postgres::<TimeZone>();
        goes_to_postgres::<Email>();
        goes_to_postgres::<Phone>();
        let json = r#"["DE","EUR","de-DE","Europe/Berlin"]"#;
        let values: (Country, Currency, Locale, TimeZone) = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&values).unwrap(), json);
        assert!(serde_json::from_str::<Country>("\"Atlantis\"").is_err());
    }
}

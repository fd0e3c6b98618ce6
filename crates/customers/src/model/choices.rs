//! Fields with a fixed set of values. The sets are the check constraints of the tables.

use std::fmt;

/// A field with a fixed set of values.
pub trait Choice: Sized + Copy + 'static {
    /// All values, in the order people are shown them.
    const ALL: &'static [Self];
    /// The value in JSON and in the database.
    fn as_str(self) -> &'static str;
    /// Understands a value; exact spelling only.
    fn parse(text: &str) -> Result<Self, NotAChoice> {
        Self::ALL
            .iter()
            .copied()
            .find(|choice| choice.as_str() == text)
            .ok_or_else(|| NotAChoice {
                given: text.chars().take(60).collect(),
                possible: Self::ALL.iter().map(|choice| choice.as_str()).collect(),
            })
    }
}

/// The value is none of the possible ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAChoice {
    given: String,
    possible: Vec<&'static str>,
}

impl fmt::Display for NotAChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "“{}” is not possible here; use one of {}",
            self.given,
            self.possible.join(", ")
        )
    }
}

/// Makes fields with a fixed set of values: `choices! { /// Doc. Name { First = "first", Second = "second" } }`.
#[macro_export]
macro_rules! choices {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident { $first:ident = $first_text:literal, $($variant:ident = $text:literal),* $(,)? }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema,
        )]
        #[sqlx(type_name = "text")]
        // For the document, which does not see the names that the macro gives below; a test compares them.
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            #[doc = concat!("`", $first_text, "`; where nothing else is said.")]
            #[default]
            #[serde(rename = $first_text)]
            #[sqlx(rename = $first_text)]
            $first,
            $(
                #[doc = concat!("`", $text, "`.")]
                #[serde(rename = $text)]
                #[sqlx(rename = $text)]
                $variant,
            )*
        }

        impl $crate::model::Choice for $name {
            const ALL: &'static [Self] = &[Self::$first, $(Self::$variant),*];
            fn as_str(self) -> &'static str {
                match self { Self::$first => $first_text, $(Self::$variant => $text),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::model::Choice::as_str(*self))
            }
        }
    )+};
}
pub(crate) use crate::choices;

choices! {
    /// A person or a company.
    Kind { Person = "person", Company = "company" }
    /// Where the relation stands, as staff sees it.
    Status {
        Active = "active", Inactive = "inactive", Prospect = "prospect", Vip = "vip", Blocked = "blocked",
        Pending = "pending", Churned = "churned",
    }
    /// How the customer buys.
    Type { Registered = "registered", Guest = "guest", Wholesale = "wholesale", Affiliate = "affiliate" }
    /// Where the customer is on the way from first sight to loss.
    LifecycleStage {
        Prospect = "prospect", New = "new", Active = "active", Loyal = "loyal", AtRisk = "at_risk",
        Dormant = "dormant", Lost = "lost",
    }
    /// How urgently requests are handled.
    Priority { Normal = "normal", Low = "low", High = "high", Urgent = "urgent" }
    /// What level of service was promised.
    ServiceLevel { Standard = "standard", Silver = "silver", Gold = "gold", Platinum = "platinum" }
}

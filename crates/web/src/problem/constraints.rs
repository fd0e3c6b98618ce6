//! What PostgreSQL refused, in the caller's terms. Rooms say what their constraints mean; what nobody registered gets
//! general words. Nothing that a caller can send ends as a 500.

use std::{
    collections::HashMap,
    error::Error as StdError,
    sync::{LazyLock, PoisonError, RwLock},
};

use regulars_kernel::Error;
use sqlx::error::DatabaseError;

/// What breaking a constraint means: unique ones answer 409, foreign keys and checks 422.
#[derive(Clone, Copy, Debug)]
pub struct Constraint {
    /// Its name in the schema, index names included.
    pub name: &'static str,
    /// JSON pointer of the field.
    pub pointer: &'static str,
    /// A stable code for programs.
    pub code: &'static str,
    /// A sentence for a person.
    pub message: &'static str,
}

static REGISTRY: LazyLock<RwLock<HashMap<&'static str, Constraint>>> = LazyLock::new(RwLock::default);

/// Says what constraints mean. Each room does it once, when its routes are made; repeating it does no harm.
pub fn register_constraints(constraints: &[Constraint]) {
    let mut registry = REGISTRY.write().unwrap_or_else(PoisonError::into_inner);
    for constraint in constraints {
        registry.insert(constraint.name, *constraint);
    }
}

fn meaning(name: Option<&str>) -> Option<Constraint> {
    let registry = REGISTRY.read().unwrap_or_else(PoisonError::into_inner);
    name.and_then(|name| registry.get(name)).copied()
}

/// Turns errors of the database into what they mean for the caller; everything else stays.
pub fn classify(error: Error) -> Error {
    let Error::Internal(cause) = error else {
        return error;
    };
    match find_sqlx(cause.as_ref()).and_then(of_sqlx) {
        Some(error) => {
            tracing::debug!(cause = %without_personal_data(cause.as_ref()), "the database refused a statement");
            error
        }
        None => Error::Internal(cause),
    }
}

fn find_sqlx<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a sqlx::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<sqlx::Error>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn of_sqlx(error: &sqlx::Error) -> Option<Error> {
    match error {
        sqlx::Error::Database(error) => of_database(error.as_ref()),
        sqlx::Error::PoolTimedOut => Some(Error::Unavailable("the server is busy".into())),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Some(Error::Unavailable("the database cannot be reached".into()))
        }
        _ => None,
    }
}

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_database(error: &dyn DatabaseError) -> Option<Error> {
    let code = error.code()?;
    let known = meaning(error.constraint());
    Some(match &*code {
        "23505" | "23P01" => match known {
            Some(it) => Error::conflict(it.pointer, it.code, it.message),
            None => Error::conflict("", "already_exists", "there is one like this already"),
        },
        "23503" if error.message().starts_with("insert or update") => match known {
            Some(it) => Error::invalid(it.pointer, it.code, it.message),
            None => Error::invalid(
                "",
                "reference_unknown",
                "it refers to something that does not exist",
            ),
        },
        "23503" | "23001" => Error::conflict("", "still_in_use", "something else still refers to it"),
        "23514" | "23502" => match known {
            Some(it) => Error::invalid(it.pointer, it.code, it.message),
            None => Error::invalid("", "value_invalid", "a value is outside of what is allowed here"),
        },
        "22021" | "22P05" => Error::invalid("", "text_invalid", "text must be UTF-8 without NUL characters"),
        "22001" => Error::invalid("", "text_too_long", "a text is too long"),
        "22003" => Error::invalid("", "number_out_of_range", "a number is too large or too small"),
        "22007" | "22008" => {
            Error::invalid("", "time_invalid", "a date or time is outside of what is allowed")
        }
        "54000" => Error::invalid("", "value_too_large", "a value is too large"),
        "40001" | "40P01" | "55P03" => {
            Error::Unavailable("two changes met in the same place; try again".into())
        }
        "57014" => Error::Unavailable("it took too long and was stopped".into()),
        code if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) => {
            Error::Unavailable("the database cannot serve now".into())
        }
        // Other data that a cast or a function would not take; logged as it may as well be our own mistake.
        code if code.starts_with("22") && code != "22012" => {
            tracing::warn!(
                code,
                "PostgreSQL refused a value that should have been checked before"
            );
            Error::invalid(
                "",
                "value_invalid",
                "a value is not of the form that is needed here",
            )
        }
        _ => return None,
    })
}

/// Words for the log. Messages of PostgreSQL's data classes quote values, so of those only the code is kept.
pub fn without_personal_data(error: &(dyn StdError + 'static)) -> String {
    if let Some(sqlx::Error::Database(error)) = find_sqlx(error) {
        let code = error.code().unwrap_or_default();
        let quotes_values = code.starts_with("22") || code.starts_with("23");
        let message = if quotes_values {
            "a value was refused"
        } else {
            error.message()
        };
        let place = error.constraint().or(error.table()).unwrap_or("-");
        return format!("PostgreSQL {code} at {place}: {message}");
    }
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

//! The one error type of the edge. Rooms return it; the web room turns it into problem+json.

use std::{borrow::Cow, error::Error as StdError, fmt};

use crate::actor::Permission;

/// A result with the edge's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One fault of an input: where, what kind, and a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Fault {
    /// JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    #[schema(example = "/email")]
    pub pointer: String,
    /// A stable code for programs, as listed in docs/errors.md.
    #[schema(value_type = String, example = "email_invalid")]
    pub code: Cow<'static, str>,
    /// A sentence for a person.
    #[schema(example = "“ada@” is not an e-mail address: nothing after the @")]
    pub message: String,
}

/// Collects every fault of an input, so that one answer reports them all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// No faults yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a fault.
    pub fn add(
        &mut self,
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) {
        self.0.push(Fault {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
        });
    }

    /// Keeps the value, or notes why there is none.
    pub fn take<T>(
        &mut self,
        pointer: &str,
        code: &'static str,
        result: std::result::Result<T, impl fmt::Display>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(why) => {
                self.add(pointer, code, why.to_string());
                None
            }
        }
    }

    /// Fails with 422 if anything was noted.
    pub fn check(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self))
        }
    }
}

/// What can go wrong, in the terms of the public interface.
///
/// Every library error converts into [`Error::Internal`], so `?` works everywhere; this type therefore is not itself
/// a `std::error::Error`.
#[derive(Debug)]
pub enum Error {
    /// 400: not understood at all (bad JSON, unknown field, bad query parameter).
    Malformed(Faults),
    /// 401: no credentials, or bad ones. The sentence says which.
    Unauthorized(Cow<'static, str>),
    /// 403: known, but not allowed.
    Forbidden(Permission),
    /// 403 for a reason that is not a permission.
    Refused(Cow<'static, str>),
    /// 404: unknown, or another organization's. Names the resource, as in `customer`.
    NotFound(&'static str),
    /// 409: clashes with what is there.
    Conflict(Fault),
    /// 412: the version named in If-Match is not the current one.
    Stale {
        /// The version that is current now.
        current: i32,
    },
    /// 413: too large; the sentence says the limit.
    TooLarge(Cow<'static, str>),
    /// 415: wrong media type; the sentence says which are right.
    WrongMediaType(Cow<'static, str>),
    /// 422: understood, but values are wrong.
    Invalid(Faults),
    /// 429: too many; seconds to wait.
    TooMany {
        /// Seconds until it makes sense to try again.
        retry_after: u64,
    },
    /// 503: cannot serve now; try again soon.
    Unavailable(Cow<'static, str>),
    /// 500: our fault. Shown as a request id alone.
    Internal(Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// One fault as a 422.
    pub fn invalid(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let mut faults = Faults::new();
        faults.add(pointer, code, message);
        Self::Invalid(faults)
    }

    /// One fault as a 400.
    pub fn malformed(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let mut faults = Faults::new();
        faults.add(pointer, code, message);
        Self::Malformed(faults)
    }

    /// A 409 with its place.
    pub fn conflict(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict(Fault {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
        })
    }

    /// A bug or a broken world, with words for the log.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into().into())
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(faults) | Self::Invalid(faults) => {
                let sentences: Vec<_> = faults
                    .0
                    .iter()
                    .map(|fault| match fault.pointer.as_str() {
                        "" => fault.message.clone(),
                        place => format!("{place}: {}", fault.message),
                    })
                    .collect();
                f.write_str(&sentences.join("; "))
            }
            Self::Unauthorized(why)
            | Self::Refused(why)
            | Self::TooLarge(why)
            | Self::WrongMediaType(why)
            | Self::Unavailable(why) => f.write_str(why),
            Self::Forbidden(permission) => write!(f, "this needs the permission {}", permission.name()),
            Self::NotFound(what) => write!(f, "no such {what}"),
            Self::Conflict(fault) => f.write_str(&fault.message),
            Self::Stale { current } => {
                write!(f, "it was changed meanwhile; the current version is {current}")
            }
            Self::TooMany { retry_after } => write!(f, "too many requests; try again in {retry_after} s"),
            Self::Internal(error) => write!(f, "{error}"),
        }
    }
}

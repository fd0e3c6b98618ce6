//! Query parameters by hand, for lists whose filters have names of their own (`attribute.NAME`).
//!
//! Take what you know, then [`Params::finish`] notes everything that nobody took.

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use regulars_kernel::{Error, Faults, Result};

use crate::problem::Problem;

/// The query parameters of a request, in their order.
#[derive(Clone, Debug, Default)]
pub struct Params {
    pairs: Vec<(String, String, bool)>,
    /// The names that were asked for, to be told to who misspells one.
    known: Vec<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default())?)
    }
}

/// Most parameters of one request.
const MOST: usize = 500;

impl Params {
    /// Reads a query string. Broken UTF-8 and NUL characters are faults.
    pub fn parse(query: &str) -> Result<Self> {
        let mut faults = Faults::new();
        let mut pairs = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MOST {
                return Err(Error::malformed(
                    "?",
                    "parameters_too_many",
                    format!("at most {MOST} parameters"),
                ));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Ok(name) = decode(name) else {
                faults.add(
                    "?",
                    "utf8_invalid",
                    "a parameter's name is not UTF-8 text without NUL",
                );
                continue;
            };
            match decode(value) {
                Ok(value) => pairs.push((name, value, false)),
                Err(()) => faults.add(
                    format!("?{name}"),
                    "utf8_invalid",
                    "this is not UTF-8 text without NUL",
                ),
            }
        }
        if faults.0.is_empty() {
            Ok(Self {
                pairs,
                known: Vec::new(),
            })
        } else {
            Err(Error::Malformed(faults))
        }
    }

    /// Takes every value of a name as it stands, commas included.
    pub fn all(&mut self, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        self.know(name.to_owned());
        for (key, value, taken) in &mut self.pairs {
            if key == name {
                *taken = true;
                values.push(value.clone());
            }
        }
        values
    }

    /// Takes a parameter that may stand once. An empty value counts as absent.
    pub fn one(&mut self, name: &str, faults: &mut Faults) -> Option<String> {
        let mut values = self.all(name).into_iter();
        let first = values.next();
        if values.next().is_some() {
            faults.add(
                format!("?{name}"),
                "parameter_repeated",
                format!("“{name}” may stand only once"),
            );
        }
        first.filter(|value| !value.is_empty())
    }

    /// Takes a list: repeated, or with commas, or both. Empty parts are left out.
    pub fn list(&mut self, name: &str) -> Vec<String> {
        self.all(name)
            .iter()
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Takes a parameter that is read by its type.
    pub fn parsed<T>(&mut self, name: &str, code: &'static str, faults: &mut Faults) -> Option<T>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        let text = self.one(name, faults)?;
        faults.take(&format!("?{name}"), code, text.parse())
    }

    /// Takes everything whose name starts so, as (rest of the name, value).
    pub fn prefixed(&mut self, prefix: &str) -> Vec<(String, String)> {
        let mut values = Vec::new();
        self.know(format!("{prefix}…"));
        for (key, value, taken) in &mut self.pairs {
            if let Some(rest) = key.strip_prefix(prefix) {
                *taken = true;
                values.push((rest.to_owned(), value.clone()));
            }
        }
        values
    }

    fn know(&mut self, name: String) {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
    }

    /// Fails with 400 if there are faults or parameters that nobody took.
    pub fn finish(self, mut faults: Faults) -> Result<()> {
        let mut unknown: Vec<&str> = Vec::new();
        for (name, _, taken) in &self.pairs {
            if !taken && !unknown.contains(&name.as_str()) {
                unknown.push(name);
            }
        }
        for name in unknown {
            let shown: String = name.chars().take(80).collect();
            faults.add(
                format!("?{shown}"),
                "parameter_unknown",
                no_parameter(&shown, &self.known.join(", ")),
            );
        }
        if faults.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Malformed(faults))
        }
    }

    pub(crate) fn into_pairs(self) -> impl Iterator<Item = (String, String)> {
        self.pairs.into_iter().map(|(name, value, _)| (name, value))
    }
}

/// That there is no such parameter, and which there are.
pub(crate) fn no_parameter(name: &str, known: &str) -> String {
    if known.is_empty() {
        format!("there is no parameter “{name}” here, nor any other")
    } else {
        format!("there is no parameter “{name}” here; there are {known}")
    }
}

fn decode(text: &str) -> std::result::Result<String, ()> {
    let plus;
    let text = if text.contains('+') {
        plus = text.replace('+', " ");
        &plus
    } else {
        text
    };
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| ())?;
    if decoded.contains('\0') {
        Err(())
    } else {
        Ok(decoded.into_owned())
    }
}

//! Posted forms of pages: the media type is checked before anything is read, and no more is read than a body may have.

use axum::{
    body::HttpBody as _,
    extract::{FromRequest, Request},
};
use bytes::Bytes;
use http::header;
use regulars_kernel::{Error, Faults, Secret};

use crate::{extract::read_body, page_call::PageError, params::Params, state::AppState};

/// The body of a form as it was sent (`application/x-www-form-urlencoded`), up to the limit of bodies. No body is an
/// empty form. Another media type is refused unread.
#[derive(Clone, Debug, Default)]
pub struct FormBody(pub Bytes);

impl FromRequest<AppState> for FormBody {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, PageError> {
        let media = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = media.and_then(|value| value.split(';').next()).map(str::trim);
        let form =
            essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if form {
            return Ok(Self(read_body(request, state.config.body_limit).await?));
        }
        if request.body().is_end_stream() {
            return Ok(Self::default());
        }
        Err(Error::WrongMediaType("this takes a form (application/x-www-form-urlencoded)".into()).into())
    }
}

/// A posted form by names. White space is kept as typed; a field that is not there reads as empty.
#[derive(Clone, Debug, Default)]
pub struct Form(Params);

impl FromRequest<AppState> for Form {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, PageError> {
        let FormBody(bytes) = FormBody::from_request(request, state).await?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Error::malformed("", "utf8_invalid", "the form is not UTF-8"))?;
        Ok(Self(Params::parse(text)?))
    }
}

impl Form {
    /// A field as typed.
    pub fn text(&mut self, name: &str) -> String {
        self.0.one(name, &mut Faults::new()).unwrap_or_default()
    }

    /// A field that has more in it than white space.
    pub fn filled(&mut self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.trim().is_empty())
    }

    /// Every value of a name.
    pub fn all(&mut self, name: &str) -> Vec<String> {
        self.0.all(name)
    }

    /// A password: never shown again.
    pub fn secret(&mut self, name: &str) -> Secret<String> {
        Secret::new(self.text(name))
    }

    /// Whether a box is ticked.
    pub fn ticked(&mut self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// What follows the prefix in the names of ticked boxes.
    pub fn ticked_below(&mut self, prefix: &str) -> Vec<String> {
        self.0
            .prefixed(prefix)
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }
}

//! One call of a page: a [`Call`] of a signed-in person, and errors as pages.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{StatusCode, Uri, header, request::Parts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regulars_kernel::{Error, Permission, Result};

use crate::{
    call::Call,
    context::Face,
    flash,
    pages::{Flash, Nav, Shell},
    problem,
    state::AppState,
};

/// What page handlers return.
pub type PageResult<T = Response> = std::result::Result<T, PageError>;

/// An error of a page: HTML for people, with the same words as the API's.
#[derive(Debug)]
pub enum PageError {
    /// Something went wrong.
    Error(Error),
    /// Not signed in: the way to the sign-in page and back.
    SignIn {
        /// Where to go after it.
        next: String,
    },
}

impl<E: Into<Error>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn { next } => {
                const KEPT: &AsciiSet = &NON_ALPHANUMERIC
                    .remove(b'-')
                    .remove(b'.')
                    .remove(b'_')
                    .remove(b'~');
                let target = if next == "/" {
                    "/sign-in".to_owned()
                } else {
                    format!("/sign-in?next={}", utf8_percent_encode(&next, KEPT))
                };
                (StatusCode::SEE_OTHER, [(header::LOCATION, target)]).into_response()
            }
            Self::Error(error) => {
                let face = match crate::context::face() {
                    Face::Fragment => Face::Fragment,
                    Face::Page | Face::Api => Face::Page,
                };
                problem::render(error, face)
            }
        }
    }
}

/// A call of a page by a signed-in person. Anybody else is sent to sign in (a piece of a page gets 401, so that what
/// was typed stays). It has everything a [`Call`] has.
#[derive(Clone, Debug)]
pub struct PageCall {
    call: Call,
    flash: Option<Flash>,
    fragment: bool,
    path: String,
}

impl std::ops::Deref for PageCall {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl FromRequestParts<AppState> for PageCall {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let fragment = parts.headers.contains_key("hx-request");
        match Call::of(parts, state) {
            Ok(call) if call.caller.user.is_some() => Ok(Self {
                call,
                flash: flash::read(&parts.headers),
                fragment,
                path: uri_of(parts).path().to_owned(),
            }),
            Ok(_) => Err(PageError::Error(Error::Refused(
                "pages are for people; keys use the API".into(),
            ))),
            Err(Error::Unauthorized(_)) if !fragment => Err(PageError::SignIn { next: next_of(parts) }),
            Err(error) => Err(PageError::Error(error)),
        }
    }
}

/// Where to go after signing in: this page, unless the request was to change something.
fn next_of(parts: &Parts) -> String {
    if crate::context::is_unsafe(&parts.method) {
        return "/".to_owned();
    }
    uri_of(parts)
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned()
}

/// What was asked for, whatever the router took away from it.
fn uri_of(parts: &Parts) -> &Uri {
    parts
        .extensions
        .get::<axum::extract::OriginalUri>()
        .map_or(&parts.uri, |uri| &uri.0)
}

/// The target, if it is a page of ours; `/` otherwise. Nobody is sent to another site after signing in.
pub fn safe_next(next: &str) -> &str {
    let own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control)
        && next.len() <= 2_000;
    if own { next } else { "/" }
}

impl PageCall {
    /// Whether htmx asks for a piece of the page.
    pub fn is_fragment(&self) -> bool {
        self.fragment
    }

    /// The path that was asked for.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The API's call, for use cases that take one.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The frame of a page at a place of the sidebar.
    pub fn shell(&self, nav: Nav, title: impl Into<String>) -> Shell {
        self.bare_shell().at(nav).titled(title)
    }

    /// The frame without place and title: for pages with crumbs before their own.
    pub fn bare_shell(&self) -> Shell {
        let mut shell = Shell::of(&self.call.caller);
        shell.flash.clone_from(&self.flash);
        shell
    }

    /// Fails with an error page unless the person may.
    pub fn require(&self, permission: Permission) -> Result<()> {
        self.call.require(permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_sent_to_another_site() {
        assert_eq!(safe_next("/customers?q=a"), "/customers?q=a");
        for bad in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "customers",
            "",
            "/a\r\nb",
        ] {
            assert_eq!(safe_next(bad), "/", "{bad}");
        }
    }
}

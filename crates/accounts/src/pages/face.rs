//! Faces that the settings share: a form in the side sheet or as a page, a secret shown once, refusals in place.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use maud::{Markup, html};
use regulars_kernel::{Error, Fault, Total};
use regulars_web::{
    PageCall,
    pages::{
        Attributes, Flash, FlashKind, Nav, Page, Tone, button, form_errors, format::sentence, link_button,
        notice, page, page_header, sheet, sheet_footer, text_field,
    },
    redirect_with,
};

/// A place among the settings that forms and messages lead back to.
#[derive(Clone, Copy)]
pub struct Place {
    /// Its line in the sidebar.
    pub nav: Nav,
    /// Its name.
    pub name: &'static str,
    /// Its address.
    pub href: &'static str,
}

/// A form: what it is called, where it is sent, its fields, and the word on its button.
pub struct FormFace<'a> {
    /// Its heading.
    pub title: &'a str,
    /// Where it is sent.
    pub action: &'a str,
    /// The word on its button.
    pub button: &'a str,
    /// Its fields.
    pub fields: Markup,
    /// What was wrong with what was sent.
    pub faults: &'a [Fault],
}

impl FormFace<'_> {
    /// In the sheet where htmx asks, as a page otherwise.
    pub fn answer(self, call: &PageCall, place: Place) -> Response {
        let status = if self.faults.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        let inside = html! { (form_errors(self.faults)) (self.fields) };
        if call.is_fragment() {
            let attributes = Attributes::new()
                .set("method", "post")
                .set("action", self.action)
                .set("hx-post", self.action)
                .set("hx-target", "#sheet-body");
            return (
                status,
                sheet(self.title, Some(attributes), inside, sheet_footer(self.button)),
            )
                .into_response();
        }
        let shell = call
            .bare_shell()
            .at(place.nav)
            .crumb(place.name, place.href)
            .titled(self.title);
        let content = html! {
            (page_header(self.title, html! {}, ""))
            form class="form narrow" method="post" action=(self.action) novalidate data-warn-unsaved {
                (inside)
                div class="form-actions" { (button(self.button).primary().submit()) (link_button("Cancel", place.href).ghost()) }
            }
        };
        (status, page(&shell, html! {}, content)).into_response()
    }
}

/// A secret that is shown this once.
pub struct Once<'a> {
    /// The heading.
    pub title: &'a str,
    /// What it is: `Link` or `Key`.
    pub label: &'a str,
    /// The secret.
    pub secret: &'a str,
    /// What to do with it.
    pub words: Markup,
    /// Another secret that comes with it: what it is, itself, and what to do with it.
    pub beside: Option<(&'a str, &'a str, Markup)>,
    /// The list behind the sheet, as it is now.
    pub behind: Markup,
}

impl Once<'_> {
    /// In the sheet where htmx asks, as a page otherwise.
    pub fn answer(self, call: &PageCall, place: Place) -> Response {
        let body = html! {
            (notice(Tone::Blue, "It is shown this once", self.words))
            (text_field("secret", self.label).value(self.secret).attr("readonly", "").attr("spellcheck", "false").autocomplete("off").autofocus())
            div class="form-actions" { (button("Copy").primary().attr("data-copy-from", "field-secret")) }
            @if let Some((label, secret, words)) = self.beside {
                p class="muted" { (words) }
                (text_field("beside", label).value(secret).attr("readonly", "").attr("spellcheck", "false").autocomplete("off"))
                div class="form-actions" { (button("Copy").attr("data-copy-from", "field-beside").attr("aria-label", format!("Copy the {}", label.to_lowercase()))) }
            }
        };
        let markup = if call.is_fragment() {
            let close = html! { (button("Done").attr("data-sheet-close", "")) };
            html! { (sheet(self.title, None, body, close)) (self.behind) }
        } else {
            let shell = call
                .bare_shell()
                .at(place.nav)
                .crumb(place.name, place.href)
                .titled(self.title);
            let content = html! {
                (page_header(self.title, html! {}, ""))
                div class="form narrow" { (body) div class="form-actions" { (link_button("Done", place.href)) } }
            };
            page(&shell, html! {}, content)
        };
        no_store(markup.into_response())
    }
}

/// The steps of a paged list.
pub fn steps(href: &str, number: u32, per_page: u32, shown: usize, more: bool, total: Total) -> Page {
    let before = u64::from(number - 1) * u64::from(per_page);
    let shown = shown as u64;
    let join = if href.contains('?') { '&' } else { '?' };
    Page {
        first: if shown == 0 { 0 } else { before + 1 },
        last: if shown == 0 { 0 } else { before + shown },
        total: u64::try_from(total.value).ok(),
        about: !total.exact,
        previous: (number > 1).then(|| format!("{href}{join}page={}", number - 1)),
        next: more.then(|| format!("{href}{join}page={}", number + 1)),
    }
}

/// Keeps an answer out of every cache, the browser's included.
pub fn no_store(mut answer: Response) -> Response {
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// What a person can put right themselves, as faults of their form; anything else stays an error.
pub fn faults_of(error: Error) -> Result<Vec<Fault>, Error> {
    let one = |code: &'static str, message: String| {
        vec![Fault {
            pointer: String::new(),
            code: code.into(),
            message,
        }]
    };
    Ok(match error {
        Error::Invalid(faults) => faults.0,
        Error::Conflict(fault) => vec![fault],
        Error::Refused(why) => one("refused", sentence(&why)),
        Error::Forbidden(permission) => one(
            "forbidden",
            format!(
                "Your role does not allow this: it needs {}, which only the role {} holds.",
                permission.name(),
                permission.least_role().name()
            ),
        ),
        Error::Stale { .. } => one(
            "stale",
            "Somebody changed this meanwhile. Close the form and open it again.".to_owned(),
        ),
        other => return Err(other),
    })
}

/// Back to a list with a message: done, or why not.
pub fn back<T>(
    call: &PageCall,
    place: Place,
    done: Result<T, Error>,
    words: impl FnOnce(T) -> String,
) -> Result<Response, Error> {
    let flash = match done {
        Ok(value) => success(words(value)),
        Err(error) => {
            let faults = faults_of(error)?;
            let sentences: Vec<_> = faults.iter().map(|fault| sentence(&fault.message)).collect();
            Flash {
                kind: FlashKind::Error,
                text: sentences.join(" "),
                undo: None,
            }
        }
    };
    Ok(redirect_with(call, place.href, &flash))
}

/// Something was done.
pub fn success(text: impl Into<String>) -> Flash {
    Flash {
        kind: FlashKind::Success,
        text: text.into(),
        undo: None,
    }
}

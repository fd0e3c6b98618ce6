//! How these pages answer: a sheet or the same as a page of its own, a refusal with its faults, a toast.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use regulars_database::Tx;
use regulars_kernel::{Error, Fault, ids::CustomerId};
use regulars_web::{
    PageCall, PageResult,
    pages::{Flash, FlashKind, Nav, page},
    problem::classify,
    redirect_with, with_toast,
};

use super::{definitions, form::Typed};
use regulars_customers::model::Defaults;

/// The inside of the side sheet; asked for without htmx, the same on a page of its own.
pub(crate) fn sheet(call: &PageCall, title: &str, inside: Markup) -> Response {
    sheet_with(call, StatusCode::OK, title, inside)
}

/// A form that was refused, with its faults.
pub(crate) fn refused(call: &PageCall, title: &str, inside: Markup) -> Response {
    sheet_with(call, StatusCode::UNPROCESSABLE_ENTITY, title, inside)
}

/// A form whose record was changed meanwhile.
pub(crate) fn overtaken(call: &PageCall, title: &str, inside: Markup) -> Response {
    sheet_with(call, StatusCode::PRECONDITION_FAILED, title, inside)
}

fn sheet_with(call: &PageCall, status: StatusCode, title: &str, inside: Markup) -> Response {
    if call.is_fragment() {
        return (status, inside).into_response();
    }
    let (nav, name, href) = if call.path().starts_with(definitions::PATH) {
        (Nav::Definitions, definitions::NAME, definitions::PATH)
    } else {
        (Nav::Customers, "Customers", "/customers")
    };
    let shell = call.bare_shell().at(nav).crumb(name, href).titled(title);
    // Where closing the form leads: to the customer whose form it is, if there is one already.
    let id = call
        .path()
        .strip_prefix("/customers/")
        .and_then(|path| path.split('/').next());
    let back = match id.filter(|id| id.parse::<CustomerId>().is_ok()) {
        Some(id) => format!("/customers/{id}"),
        None => href.to_owned(),
    };
    let content = html! { div class="panel narrow" data-own-page=(back) { (inside) } };
    (status, page(&shell, html! {}, content)).into_response()
}

/// Done: a toast, with a way to undo where there is one, the sheet closes and what shows customers is drawn anew. Without
/// htmx the page `back` follows.
pub(crate) fn done(call: &PageCall, text: impl Into<String>, undo: Option<String>, back: &str) -> Response {
    said(
        call,
        FlashKind::Success,
        text,
        undo,
        back,
        &["closeSheet", "customersChanged"],
    )
}

/// A refusal where there is no form to show it in.
pub(crate) fn failed(call: &PageCall, text: impl Into<String>, back: &str) -> Response {
    said(call, FlashKind::Error, text, None, back, &["customersChanged"])
}

/// A toast with events of one's own.
pub(crate) fn said(
    call: &PageCall,
    kind: FlashKind,
    text: impl Into<String>,
    undo: Option<String>,
    back: &str,
    events: &[&str],
) -> Response {
    let flash = Flash {
        kind,
        text: text.into(),
        undo,
    };
    if call.is_fragment() {
        with_toast(StatusCode::NO_CONTENT, &flash, events)
    } else {
        redirect_with(call, back, &flash)
    }
}

/// What a refused form is told, if a person can put it right there; anything else is passed on.
pub(crate) fn faults_of(error: Error) -> Result<Vec<Fault>, Error> {
    match classify(error) {
        Error::Invalid(faults) | Error::Malformed(faults) => Ok(faults.0),
        Error::Conflict(fault) => Ok(vec![fault]),
        other => Err(other),
    }
}

/// The answer to a refused act without a form: the sentence as a toast, everything else as an error.
pub(crate) fn toast_of(call: &PageCall, error: Error, back: &str) -> PageResult {
    let sentences: Vec<_> = faults_of(error)?.into_iter().map(|fault| fault.message).collect();
    Ok(failed(call, sentences.join(" "), back))
}

/// Refuses a change of another version than the form showed; any version if it showed none.
pub(crate) fn guard(typed: &Typed) -> impl Fn(i32) -> regulars_kernel::Result<()> + Send + Sync + use<> {
    let shown = typed.version();
    move |current| {
        if shown.is_none_or(|shown| shown == current) {
            Ok(())
        } else {
            Err(Error::Stale { current })
        }
    }
}

/// What input is read with: the organization's settings, today.
pub(crate) fn defaults(call: &PageCall, tx: &Tx) -> Defaults {
    let organization = &call.caller.organization;
    Defaults::new(organization.currency, &organization.locale, tx.now().date_naive())
}

/// Faults with what is below a field put to the field itself: `/tags/0` to `/tags`.
pub(crate) fn at_field(faults: Vec<Fault>, field: &str, name: &str) -> Vec<Fault> {
    let (whole, below) = (format!("/{field}"), format!("/{field}/"));
    faults
        .into_iter()
        .map(|mut fault| {
            if fault.pointer == whole || fault.pointer.starts_with(&below) {
                fault.pointer = format!("/{name}");
            }
            fault
        })
        .collect()
}

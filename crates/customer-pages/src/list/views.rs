//! The sheets of a saved view: its name, and who sees it.

use maud::{Markup, html};
use regulars_kernel::Fault;
use regulars_web::pages::{checkbox_field, text_field};

use super::super::{
    form::{Typed, sheet_form},
    state::ListState,
};

/// The sheet to save what the list shows under a name (no id), or to rename and share a view.
pub(crate) fn form(
    id: Option<&str>,
    state: &ListState,
    typed: &Typed,
    faults: &[Fault],
    may_share: bool,
) -> Markup {
    let (title, url, action) = match id {
        None => (
            "Save this view",
            state.kept_by_view().href("/customers/views"),
            "Save view",
        ),
        Some(id) => ("Edit view", format!("/customers/views/{id}/edit"), "Save view"),
    };
    sheet_form(
        title,
        &url,
        action,
        typed,
        faults,
        html! {
            @if id.is_none() { p class="muted" { "Keeps the search, the filters and the order under a name." } }
            (text_field("name", "Name").value(typed.get("name")).faults(faults).required().autofocus().autocomplete("off"))
            @if may_share { (checkbox_field("shared", "Everybody here sees it", typed.ticked("shared"))) }
        },
    )
}

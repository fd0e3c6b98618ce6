//! The sheets of what is done with several customers at once.

use maud::{Markup, html};
use regulars_kernel::Fault;
use regulars_web::pages::text_field;

use super::super::form::{Typed, sheet_form};

/// The sheet that asks which tag to add to, or take from, the chosen customers.
pub(crate) fn tagging(untag: bool, typed: &Typed, known: &[String], faults: &[Fault]) -> Markup {
    let ids: Vec<_> = typed.all("id").collect();
    let people = if typed.ticked("all") {
        "everybody who matches".to_owned()
    } else if ids.len() == 1 {
        "1 customer".to_owned()
    } else {
        format!("{} customers", ids.len())
    };
    let (title, action) = if untag {
        (format!("Remove a tag from {people}"), "Remove tag")
    } else {
        (format!("Tag {people}"), "Add tag")
    };
    let url = format!("/customers/bulk?action={}", if untag { "untag" } else { "tag" });
    sheet_form(
        &title,
        &url,
        action,
        typed,
        faults,
        html! {
            @if typed.ticked("all") {
                input type="hidden" name="all" value="true";
                input type="hidden" name="query" value=(typed.get("query"));
            } @else {
                @for id in ids { input type="hidden" name="id" value=(id); }
            }
            (text_field("tag", "Tag").value(typed.get("tag")).faults(faults).attr("list", "bulk-tags").autocomplete("off").required().autofocus()
                .hint(if untag { "Customers without it stay as they are." } else { "Choose one, or type a new name." }))
            datalist id="bulk-tags" { @for name in known { option value=(name) {} } }
        },
    )
}

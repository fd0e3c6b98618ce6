//! The sheets of what is done with several customers at once.

use maud::{Markup, html};
use regulars_kernel::Fault;
use regulars_web::pages::{Choice, select_field, text_field};

use super::super::form::{Typed, sheet_form};

/// Whom it concerns, in words.
fn people(typed: &Typed) -> String {
    let count = typed.all("id").count();
    match count {
        _ if typed.ticked("all") => match typed.get("everything") {
            "" => "everybody who matches".to_owned(),
            counted => format!("{counted} who match"),
        },
        1 => "1 customer".to_owned(),
        _ => format!("{count} customers"),
    }
}

/// Carries on whom it concerns.
fn whom(typed: &Typed) -> Markup {
    html! {
        @if typed.ticked("all") {
            input type="hidden" name="all" value="true";
            input type="hidden" name="query" value=(typed.get("query"));
            input type="hidden" name="everything" value=(typed.get("everything"));
        } @else {
            @for id in typed.all("id") { input type="hidden" name="id" value=(id); }
        }
    }
}

/// The sheet that asks who looks after the chosen customers.
pub(crate) fn owning(typed: &Typed, members: &[(String, String)], faults: &[Fault]) -> Markup {
    let choices = [Choice::new("", "Nobody")].into_iter();
    let choices = choices
        .chain(members.iter().map(|(id, name)| Choice::new(id, name)))
        .collect();
    sheet_form(
        &format!("Owner of {}", people(typed)),
        "/customers/bulk?action=owner",
        "Set owner",
        typed,
        faults,
        html! {
            (whom(typed))
            (select_field("owner_id", "Owner", choices).value(typed.get("owner_id")).faults(faults).autofocus())
        },
    )
}

/// The sheet that asks which tag to add to, or take from, the chosen customers.
pub(crate) fn tagging(untag: bool, typed: &Typed, known: &[String], faults: &[Fault]) -> Markup {
    let people = people(typed);
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
            (whom(typed))
            (text_field("tag", "Tag").value(typed.get("tag")).faults(faults).attr("list", "bulk-tags").autocomplete("off").required().autofocus()
                .hint(if untag { "Customers without it stay as they are." } else { "Choose one, or type a new name." }))
            datalist id="bulk-tags" { @for name in known { option value=(name) {} } }
        },
    )
}

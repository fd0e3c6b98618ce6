//! What can be done with a row of the list: one menu for all rows, fetched when it is opened.

use axum::{extract::RawQuery, response::IntoResponse as _};
use maud::{Markup, html};
use regulars_customers::{model::Customer, store::customers};
use regulars_kernel::{Error, Permission, ids::CustomerId};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{Attributes, Icon, icon_button, menu_divider, menu_item, menu_link},
};

use super::{
    cells,
    view::{Row, deleting, sheet_of},
};
use crate::{
    record::{removing, shown_name},
    state::ListState,
};

/// Says that the row stands below another, out of which it can be taken.
const BELOW: (&str, &str) = ("below", "1");

/// The button at a row's end.
pub(super) fn opener(row: &Row) -> Markup {
    let is_below = row.place.as_ref().is_some_and(|place| place.below.is_some());
    let asked: ListState = is_below.then_some(BELOW).into_iter().collect();
    let button = icon_button(Icon::More, format!("Actions for {}", row.name))
        .small()
        .attrs(cells::opening(
            &asked.href(&format!("/customers/{}/menu", row.id)),
        ))
        .attr("data-align", "end")
        .attr("aria-expanded", "false");
    html! { (button) }
}

/// `GET /customers/{id}/menu?below=1`
pub(super) async fn open(
    call: PageCall,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let asked = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let customer = customers::get(&mut tx, id)
        .await?
        .ok_or(Error::NotFound("customer"))?;
    // Out of whatever it stands below by now.
    let above = match customer.parent_id {
        Some(above) if asked.get(BELOW.0) == BELOW.1 => customers::get(&mut tx, above).await?,
        _ => None,
    };
    let may_write = call.caller.may(Permission::CustomersWrite);
    Ok(items(&customer, above.as_ref(), may_write).into_response())
}

fn items(customer: &Customer, above: Option<&Customer>, may_write: bool) -> Markup {
    let (href, name) = (format!("/customers/{}", customer.id), shown_name(customer));
    let posting = |path: &str| {
        Attributes::new()
            .set("hx-post", format!("{href}/{path}"))
            .set("hx-swap", "none")
    };
    html! {
        div data-open role="group" aria-label={ "Actions for " (name) } {
            (menu_link(Icon::Person, "Open", &href, Attributes::new()))
            // The row knows the address, which holds the list around it.
            (menu_item(Icon::Sidebar, "Preview", false, Attributes::new().set("data-preview-row", "")))
            @if let Some(email) = &customer.email { (menu_item(Icon::Copy, "Copy e-mail", false, Attributes::new().set("data-copy", email.as_str()))) }
            (menu_item(Icon::Copy, "Copy code", false, Attributes::new().set("data-copy", &customer.code)))
            @if may_write && customer.deleted_at.is_some() {
                (menu_divider())
                (menu_item(Icon::Restore, "Restore", false, posting("restore")))
            }
            @if may_write && customer.deleted_at.is_none() {
                (menu_item(Icon::Edit, "Edit", false, sheet_of(&format!("{href}/edit"))))
                (menu_item(Icon::Note, "Add a note", false, sheet_of(&format!("{href}/notes/new"))))
                (menu_divider())
                @if let Some(above) = above {
                    (menu_item(Icon::Close, "Take out", false, removing(&format!("/customers/{}/children/{}/remove", above.id, customer.id), &format!("Take {name} out of {}?", shown_name(above)), "It stays a customer of its own.", "Take out")))
                }
                (menu_item(Icon::Trash, "Delete", true, deleting(&href, &name)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::clock;
    use regulars_web::pages::samples;

    use super::*;

    #[test]
    fn a_menu_is_harmless_with_any_text() {
        for text in samples::ALL {
            let mut customer = Customer::blank(CustomerId::new(), clock::now());
            (*text).clone_into(&mut customer.code);
            customer.full_name = Some((*text).to_owned());
            for deleted_at in [None, Some(clock::now())] {
                customer.deleted_at = deleted_at;
                samples::assert_harmless(&items(&customer, Some(&customer), true).into_string());
            }
        }
    }
}

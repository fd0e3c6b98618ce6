//! A customer in the side sheet of a list: who it is and what happened last, without leaving the list.

use axum::{Extension, extract::RawQuery};
use maud::{Markup, html};
use regulars_kernel::{Permission, ids::CustomerId};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{CustomerLines, Icon, button, icon_button, link_button, sheet},
};

use super::{
    show, side,
    timeline::{self, Timeline},
    view::{self, RecordView, Section},
};
use crate::{face, state::ListState};

/// Events shown.
const EVENTS: usize = 8;

/// `GET /customers/{id}/preview?in=…`
pub(super) async fn preview(
    call: PageCall,
    lent: Option<Extension<CustomerLines>>,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let (mut view, _) = show::read(&call, &mut tx, id, Section::Timeline).await?;
    view.lent = lent.unwrap_or_default().all(&call, &mut tx, id).await?;
    state.get("in").clone_into(&mut view.list);
    let mut part = show::part(&mut tx, id, &ListState::default()).await?;
    tx.commit().await?;
    part.items.truncate(EVENTS);
    part.next = None;
    show::remember(&call, id);
    Ok(face::sheet(&call, &view.name, inside(&view, &part)))
}

pub(super) fn inside(view: &RecordView, part: &Timeline) -> Markup {
    let href = view.href();
    let step = |label: &str, path: &str| {
        let url = format!("{href}/{path}");
        html! {
            (button(label).attr("hx-get", &url).attr("hx-target", "#sheet-body"))
        }
    };
    // Looked at here, changed by the sheets of its own.
    let shown = RecordView {
        may_write: false,
        ..view.clone()
    };
    sheet(
        &view.name,
        None,
        html! {
            (view::face(&shown))
            (side::cards(&shown))
            section class="column" { h3 { "Latest" } (timeline::latest(&shown, part)) }
        },
        html! {
            span class="preview-steps" data-preview=(view.customer.id) {
                (icon_button(Icon::ArrowUp, "Previous in the list (k)").small().attr("data-preview-step", "-1"))
                (icon_button(Icon::ArrowDown, "Next in the list (j)").small().attr("data-preview-step", "1"))
            }
            @if view.editable() { (step("Note", "notes/new")) (step("Tag", "tags")) (step("Edit", "edit")) }
            (link_button("Open", view.within_list(&href, Section::Timeline)).primary())
        },
    )
}

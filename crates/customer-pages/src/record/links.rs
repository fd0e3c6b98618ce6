//! Links a customer to others: what it belongs to, what belongs to it, and its ids in other systems.

use axum::{extract::RawQuery, response::IntoResponse};
use regulars_kernel::{Error, Patch, Permission, Result, ids::CustomerId};
use regulars_web::{PageCall, PageResult, Path};

use super::{
    change::href,
    details::{self, Link},
    show,
    view::Section,
};
use crate::{
    face::{at_field, defaults, done, faults_of, refused, sheet},
    form::Typed,
    palette,
    state::ListState,
    words,
};
use regulars_customers::{
    model::{CustomerInput, SourceInput},
    ops::{self, UNGUARDED},
    store::{self, captions},
};

/// `GET /customers/{id}/parent` and `/children`: finds whom to link.
async fn linking(call: PageCall, id: CustomerId, link: Link, query: Option<String>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let q = state.get("q");
    let mut tx = call.read().await?;
    let (view, _) = show::read(&call, &mut tx, id, Section::Timeline).await?;
    let mut found = palette::quick(&mut tx, q, 8).await?;
    found.retain(|one| one.id != id);
    // What is typed replaces the findings alone; the first call opens the sheet.
    if query.is_some_and(|query| query.contains("q=")) && call.is_fragment() {
        return Ok(details::link_choices(&view, link, q, &found).into_response());
    }
    Ok(sheet(
        &call,
        "Link customers",
        details::linking(&view, link, q, &found, &[]),
    ))
}

pub(crate) async fn parent_sheet(
    call: PageCall,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    linking(call, id, Link::Parent, query).await
}

pub(crate) async fn child_sheet(
    call: PageCall,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    linking(call, id, Link::Child, query).await
}

/// Makes or ends a link; a cycle is refused in the sheet.
async fn link(
    call: PageCall,
    page_of: CustomerId,
    kind: Link,
    child: CustomerId,
    parent: Option<CustomerId>,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::require_living(&mut tx, page_of).await?;
    if matches!(kind, Link::Child) && parent.is_none() {
        // The page may be old: whom somebody put below another parent meanwhile stays there.
        let now = store::customers::lock(&mut tx, child).await?;
        if now.and_then(|now| now.parent_id) != Some(page_of) {
            return Ok(done(&call, "Was taken out already.", None, &href(page_of)));
        }
    }
    let wanted = parent.map_or(Patch::Clear, |parent| Patch::Set(parent.to_string()));
    let defaults = defaults(&call, &tx);
    let input = CustomerInput {
        parent_id: wanted,
        ..CustomerInput::default()
    };
    match ops::customers::update(&mut tx, child, &input, UNGUARDED, &defaults).await {
        Ok(_) => {
            tx.commit().await?;
            let text = if parent.is_some() { "Linked." } else { "Taken out." };
            Ok(done(&call, text, None, &href(page_of)))
        }
        Err(error) => {
            drop(tx);
            let faults = at_field(faults_of(error)?, "parent_id", "");
            let mut tx = call.read().await?;
            let (view, _) = show::read(&call, &mut tx, page_of, Section::Timeline).await?;
            Ok(refused(
                &call,
                "Link customers",
                details::linking(&view, kind, "", &[], &faults),
            ))
        }
    }
}

fn to(query: Option<&str>) -> Result<Option<CustomerId>> {
    let state = ListState::parse(query.unwrap_or_default());
    match state.get("to") {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| Error::NotFound("customer")),
    }
}

/// `POST /customers/{id}/parent?to=`; without `to` it belongs to nothing.
pub(crate) async fn set_parent(
    call: PageCall,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    let parent = to(query.as_deref())?;
    link(call, id, Link::Parent, id, parent).await
}

/// `POST /customers/{id}/children?to=`
pub(crate) async fn add_child(
    call: PageCall,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let child = to(query.as_deref())?.ok_or(Error::NotFound("customer"))?;
    link(call, id, Link::Child, child, Some(id)).await
}

/// `POST /customers/{id}/children/{child}/remove`
pub(crate) async fn remove_child(
    call: PageCall,
    Path((id, child)): Path<(CustomerId, CustomerId)>,
) -> PageResult {
    link(call, id, Link::Child, child, None).await
}

/// `GET /customers/{id}/sources/new`
pub(crate) async fn new_source(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    ops::require_living(&mut tx, id).await?;
    let known = captions::sources(&mut tx).await?;
    Ok(sheet(
        &call,
        "Link an id",
        details::source_form(id, &Typed::new(), &known, &[]),
    ))
}

/// `POST /customers/{id}/sources`
pub(crate) async fn link_source(call: PageCall, Path(id): Path<CustomerId>, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let input = SourceInput {
        source: typed.get("source").to_owned(),
        external_id: typed.get("external_id").to_owned(),
    };
    match ops::sources::link(&mut tx, id, &input).await {
        Ok((link, _)) => {
            tx.commit().await?;
            let text = format!("Linked to {}.", words::source(&link.source));
            Ok(done(&call, text, None, &format!("{}?tab=details", href(id))))
        }
        Err(error) => {
            drop(tx);
            let faults = faults_of(error)?;
            let mut tx = call.read().await?;
            let known = captions::sources(&mut tx).await?;
            Ok(refused(
                &call,
                "Link an id",
                details::source_form(id, &typed, &known, &faults),
            ))
        }
    }
}

/// `POST /customers/{id}/sources/{source}/{external_id}/unlink`
pub(crate) async fn unlink(
    call: PageCall,
    Path((id, source, external_id)): Path<(CustomerId, String, String)>,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::sources::unlink(&mut tx, id, &source, &external_id, UNGUARDED).await?;
    tx.commit().await?;
    Ok(done(
        &call,
        "Unlinked.",
        None,
        &format!("{}?tab=details", href(id)),
    ))
}

//! Who belongs to whom: any customer may stand below any other, at most 50 levels deep, never in a circle.

use regulars_database::Tx;
use regulars_kernel::{Cursor, Faults, Page, PageRequest, Result, Sort, Total, ids::CustomerId};
use serde_json::json;

use super::{
    pages::{next, one_more, place},
    require_living,
};
use crate::{
    model::Children,
    store::{self, hierarchy::DEPTH_LIMIT},
};

/// Notes why a customer (none: one that is just being made) cannot stand below a parent.
pub(super) async fn check_parent(
    tx: &mut Tx,
    id: Option<CustomerId>,
    parent: CustomerId,
    faults: &mut Faults,
) -> Result<()> {
    // A new customer has nothing below it, so it closes no circle and needs no lock.
    if id.is_some() {
        store::hierarchy::lock(tx).await?;
    }
    let found = store::customers::get(tx, parent).await?;
    if found.is_none_or(|parent| parent.deleted_at.is_some()) {
        faults.add(
            "/parent_id",
            "parent_unknown",
            "there is no customer with this id",
        );
        return Ok(());
    }
    let ancestors = store::hierarchy::ancestors(tx, parent).await?;
    if id.is_some_and(|id| ancestors.contains(&id)) {
        let message = "this customer would stand below itself";
        faults.add("/parent_id", "hierarchy_cycle", message);
        return Ok(());
    }
    let below = match id {
        Some(id) => store::hierarchy::levels(tx, id).await?,
        None => 0,
    };
    if i32::try_from(ancestors.len())
        .unwrap_or(i32::MAX)
        .saturating_add(1 + below)
        > DEPTH_LIMIT
    {
        let message = format!("a hierarchy has at most {DEPTH_LIMIT} levels");
        faults.add("/parent_id", "hierarchy_too_deep", message);
    }
    Ok(())
}

/// The order of the customers below one.
pub const CHILDREN_ORDER: &[Sort] = &[Sort::ascending("full_name")];

/// A page of the customers directly below one, and what lies below in all.
pub async fn children(tx: &mut Tx, id: CustomerId, page: &PageRequest) -> Result<Children> {
    require_living(tx, id).await?;
    let name: Option<String> = place(page, 0)?;
    let after = name.as_deref().zip(page.cursor().map(|cursor| cursor.id));
    let mut data = store::hierarchy::children(tx, id, after, one_more(page), page.offset()).await?;
    let next = next(&mut data, page, |(last, name)| {
        Cursor::new(CHILDREN_ORDER, vec![json!(name)], last.id.0)
    });
    let rolled_up = store::hierarchy::rolled_up(tx, id).await?;
    let data = data.into_iter().map(|(customer, _)| customer).collect();
    let total = if rolled_up.exact {
        Total::exact(rolled_up.children)
    } else {
        Total::about(rolled_up.children)
    };
    let page = Page::new(data, next, total);
    Ok(Children {
        data: page.data,
        page: page.page,
        rolled_up,
    })
}

//! The customers that one keeps at hand: the star on their pages, their names in the sidebar.

use axum::extract::RawQuery;
use regulars_database::Tx;
use regulars_kernel::{
    Permission, Result,
    ids::{CustomerId, UserId},
};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{Shell, SidebarLink},
};

use crate::{
    face::{done, toast_of},
    list,
    state::ListState,
};
use regulars_customers::ops;

/// Who is looking: pages are for people.
pub(crate) fn user(call: &PageCall) -> Option<UserId> {
    call.caller.user.as_ref().map(|user| user.id)
}

/// Fills the sidebar of a page about customers: saved views, none of them open, and favourites.
pub(crate) async fn sidebar(tx: &mut Tx, call: &PageCall, shell: &mut Shell) -> Result<()> {
    shell.views = list::sidebar(tx, call).await?;
    shell.favourites = favourites(tx, call, None).await?;
    Ok(())
}

/// The favourites by name; `open` is the one whose page this is.
pub(crate) async fn favourites(
    tx: &mut Tx,
    call: &PageCall,
    open: Option<CustomerId>,
) -> Result<Vec<SidebarLink>> {
    let Some(user) = user(call) else {
        return Ok(Vec::new());
    };
    let all = ops::marks::favourite_names(tx, user).await?;
    let links = all.into_iter().map(|(id, name)| SidebarLink {
        href: format!("/customers/{id}"),
        current: open == Some(id),
        name,
    });
    Ok(links.collect())
}

/// `POST /customers/{id}/favourite?wanted=no`
pub(crate) async fn favour(
    call: PageCall,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::ViewsWrite)?;
    let Some(user) = user(&call) else {
        return Err(regulars_kernel::Error::NotFound("customer").into());
    };
    let wanted = ListState::parse(query.as_deref().unwrap_or_default()).get("wanted") != "no";
    let back = format!("/customers/{id}");
    let mut tx = call.write().await?;
    match ops::marks::favour(&mut tx, user, id, wanted).await {
        Ok(()) => {
            tx.commit().await?;
            let said = if wanted {
                "In your favourites now."
            } else {
                "No favourite any more."
            };
            Ok(done(&call, said, None, &back))
        }
        Err(error) => toast_of(&call, error, &back),
    }
}

//! Saves, renames, shares and deletes views of the list.

use axum::{extract::RawQuery, response::Response};
use regulars_database::Tx;
use regulars_kernel::{Error, Patch, Permission, Result, Role, ids::ViewId};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{Flash, FlashKind, SidebarLink},
    redirect, redirect_with,
};

use super::{
    view::{PATH, ViewTab},
    views,
};
use crate::{
    face::{done, faults_of, guard, refused, sheet, toast_of},
    form::Typed,
    state::ListState,
};
use regulars_customers::find::{self, View, ViewInput, ViewLine};

/// Saved views as tabs, and which of them is open.
pub(super) struct Saved {
    pub tabs: Vec<ViewTab>,
    /// The open view's id, if the caller may change it.
    pub open: Option<String>,
}

/// The address of a view: its question, and its id so that it is known which one is open.
fn address(id: ViewId, question: &str) -> String {
    let and = if question.is_empty() { "" } else { "&" };
    format!("{PATH}?{question}{and}view={id}")
}

fn saved(call: &PageCall, view: &View) -> Response {
    let flash = Flash {
        kind: FlashKind::Success,
        text: format!("View {} saved.", view.name),
        undo: None,
    };
    redirect_with(call, &whole(view), &flash)
}

fn whole(view: &View) -> String {
    address(view.id, &view.query_string())
}

/// The link to a view: its address, or where that is long, the one that leads there.
fn href(view: &ViewLine) -> String {
    match view.query_string() {
        Some(question) => address(view.id, &question),
        None => format!("{PATH}/views/{}", view.id),
    }
}

/// `GET /customers/views/{id}`: leads to the list as the view has it.
pub(crate) async fn open(call: PageCall, Path(id): Path<ViewId>) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let view = find::view(&mut tx, &call.caller, id).await?;
    Ok(redirect(&call, &whole(&view)))
}

fn is_open(view: &ViewLine, state: &ListState) -> bool {
    view.id.to_string() == state.get("view")
}

/// The views that the caller sees, as tabs.
pub(super) async fn tabs(tx: &mut Tx, call: &PageCall, state: &ListState) -> Result<Saved> {
    let all = find::view_lines(tx, &call.caller).await?;
    let own = |view: &ViewLine| {
        view.owner_id.is_some() && view.owner_id == call.caller.user.as_ref().map(|user| user.id)
    };
    let open = all.iter().find(|view| is_open(view, state));
    let changeable = open.filter(|view| own(view) || call.caller.role >= Role::Admin);
    Ok(Saved {
        open: changeable.map(|view| view.id.to_string()),
        tabs: all
            .iter()
            .map(|view| ViewTab {
                name: view.name.clone(),
                href: href(view),
                shared: view.shared,
                current: is_open(view, state),
            })
            .collect(),
    })
}

/// The same for the sidebar of pages where none is open.
pub(crate) async fn sidebar(tx: &mut Tx, call: &PageCall) -> Result<Vec<SidebarLink>> {
    let all = find::view_lines(tx, &call.caller).await?;
    let line = |view: &ViewLine| SidebarLink {
        name: view.name.clone(),
        href: href(view),
        current: false,
    };
    Ok(all.iter().map(line).collect())
}

/// What the address asks for, as a view keeps it.
fn question(query: Option<&str>) -> Patch<serde_json::Map<String, serde_json::Value>> {
    let state = ListState::parse(query.unwrap_or_default()).kept_by_view();
    Patch::Set(find::query_of(
        state
            .pairs()
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    ))
}

fn may_share(call: &PageCall) -> bool {
    call.caller.may(Permission::CustomersWrite)
}

/// Sharing is said only by who may: the tick is not drawn for others.
fn shared(call: &PageCall, typed: &Typed) -> Patch<bool> {
    if may_share(call) {
        Patch::Set(typed.ticked("shared"))
    } else {
        Patch::Keep
    }
}

/// `GET /customers/views/new?…`
pub(crate) async fn new(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::ViewsWrite)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    Ok(sheet(
        &call,
        "Save view",
        views::form(None, &state, &Typed::new(), &[], may_share(&call)),
    ))
}

/// `POST /customers/views?…`
pub(crate) async fn add(call: PageCall, RawQuery(query): RawQuery, typed: Typed) -> PageResult {
    let input = ViewInput {
        name: Patch::Set(typed.get("name").to_owned()),
        shared: shared(&call, &typed),
        query: question(query.as_deref()),
        ..ViewInput::default()
    };
    let mut tx = call.write().await?;
    match find::create_view(&mut tx, &call.caller, &input).await {
        Ok(view) => {
            tx.commit().await?;
            Ok(saved(&call, &view))
        }
        Err(error) => {
            let state = ListState::parse(query.as_deref().unwrap_or_default());
            Ok(refused(
                &call,
                "Save view",
                views::form(None, &state, &typed, &faults_of(error)?, may_share(&call)),
            ))
        }
    }
}

/// `GET /customers/views/{id}/edit`
pub(crate) async fn edit(call: PageCall, Path(id): Path<ViewId>) -> PageResult {
    call.require(Permission::ViewsWrite)?;
    let mut tx = call.read().await?;
    let view = find::view(&mut tx, &call.caller, id).await?;
    let typed = Typed::new()
        .with("name", view.name)
        .with("shared", view.shared)
        .with("version", view.version);
    Ok(sheet(
        &call,
        "Edit view",
        views::form(
            Some(&id.to_string()),
            &ListState::default(),
            &typed,
            &[],
            may_share(&call),
        ),
    ))
}

/// `POST /customers/views/{id}/edit`: its name and who sees it.
pub(crate) async fn save(call: PageCall, Path(id): Path<ViewId>, typed: Typed) -> PageResult {
    let input = ViewInput {
        name: Patch::Set(typed.get("name").to_owned()),
        shared: shared(&call, &typed),
        ..ViewInput::default()
    };
    let mut tx = call.write().await?;
    match find::update_view(&mut tx, &call.caller, id, &input, guard(&typed)).await {
        Ok(view) => {
            tx.commit().await?;
            Ok(saved(&call, &view))
        }
        Err(Error::Stale { .. }) => toast_of(
            &call,
            Error::conflict(
                "",
                "stale",
                "Somebody else changed this view meanwhile. Open it again.",
            ),
            PATH,
        ),
        Err(error) => {
            let faults = faults_of(error)?;
            Ok(refused(
                &call,
                "Edit view",
                views::form(
                    Some(&id.to_string()),
                    &ListState::default(),
                    &typed,
                    &faults,
                    may_share(&call),
                ),
            ))
        }
    }
}

/// `POST /customers/views/{id}?…`: what it asks for becomes what the list shows.
pub(crate) async fn save_query(
    call: PageCall,
    Path(id): Path<ViewId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    let input = ViewInput {
        query: question(query.as_deref()),
        ..ViewInput::default()
    };
    let mut tx = call.write().await?;
    match find::update_view(&mut tx, &call.caller, id, &input, |_| Ok(())).await {
        Ok(view) => {
            tx.commit().await?;
            Ok(done(
                &call,
                format!("View {} saved.", view.name),
                None,
                &whole(&view),
            ))
        }
        Err(error) => toast_of(&call, error, PATH),
    }
}

/// `POST /customers/views/{id}/delete`
pub(crate) async fn delete(call: PageCall, Path(id): Path<ViewId>) -> PageResult {
    let mut tx = call.write().await?;
    match find::delete_view(&mut tx, &call.caller, id, |_| Ok(())).await {
        Ok(()) => {
            tx.commit().await?;
            let flash = Flash {
                kind: FlashKind::Success,
                text: "View deleted.".to_owned(),
                undo: None,
            };
            Ok(redirect_with(&call, PATH, &flash))
        }
        Err(error) => toast_of(&call, error, PATH),
    }
}

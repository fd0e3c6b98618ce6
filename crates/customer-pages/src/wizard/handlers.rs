//! Shows the steps, keeps what was typed in them, and creates the company.

use axum::{
    extract::RawQuery,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use maud::{Markup, html};
use regulars_database::Tx;
use regulars_kernel::{
    Error, Fault, Faults, Permission, Result,
    ids::{CustomerId, UserId},
};
use regulars_web::{
    PageCall, PageResult,
    pages::{Flash, FlashKind, Nav, page},
    redirect, redirect_with,
};

use super::{
    Begun, PATH, Step,
    draft::CompanyDraft,
    review,
    view::{self, StepView},
};
use crate::{
    customer_fields::Offered,
    face::{at_field, defaults, faults_of},
    form::Typed,
    marks,
    palette::quick,
    record::{Linked, existing, linked_whole, offered, shown_name},
    state::ListState,
};
use regulars_customers::{
    model::Included,
    ops::{self, drafts::Draft},
    store::parts::Key,
};

/// Customers found to belong to.
const FOUND: u32 = 6;
/// What is said of a draft that is kept.
pub(super) const SAVED: &str = "Saved as a draft";

/// Whose draft it is: pages are for people.
fn owner(call: &PageCall) -> Result<UserId> {
    call.require(Permission::CustomersWrite)?;
    marks::user(call).ok_or(Error::NotFound("draft"))
}

/// Whether the member began a company.
pub(crate) async fn begun(tx: &mut Tx, call: &PageCall) -> Result<Begun> {
    let Some(user) = marks::user(call) else {
        return Ok(Begun::Nothing);
    };
    let kept = ops::drafts::get(tx, user, Draft::Company).await?;
    Ok(kept.map_or(Begun::Nothing, |kept| {
        Begun::Named(
            CompanyDraft::read(kept)
                .basics
                .get("company_name")
                .trim()
                .to_owned(),
        )
    }))
}

/// Everything for which it would not be created.
async fn faults(call: &PageCall, tx: &mut Tx, draft: &CompanyDraft, offered: &Offered) -> Result<Vec<Fault>> {
    let (new, mut faults) = draft.input(offered)?;
    let defaults = defaults(call, tx);
    if let Err(error) = ops::customers::check(tx, &new, &defaults).await {
        faults.extend(at_field(faults_of(error)?, "tags", "tags"));
    }
    faults.sort_by_key(Step::of);
    Ok(faults)
}

/// What it belongs to, if that is somebody.
async fn parent(tx: &mut Tx, id: &str) -> Result<Option<Linked>> {
    let Ok(id) = id.parse::<CustomerId>() else {
        return Ok(None);
    };
    match ops::customers::get(tx, Key::Id(id), &Included::default(), false).await {
        Ok(found) => Ok(Some(linked_whole(&found.customer))),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn framed(
    call: &PageCall,
    tx: &mut Tx,
    status: StatusCode,
    begun: bool,
    content: Markup,
) -> Result<Response> {
    let mut shell = call
        .bare_shell()
        .at(Nav::Customers)
        .crumb("Customers", "/customers")
        .titled("New company");
    marks::sidebar(tx, call, &mut shell).await?;
    Ok((status, page(&shell, view::start_over(begun), content)).into_response())
}

/// The page of a step that has a form.
async fn drawn(call: &PageCall, tx: &mut Tx, status: StatusCode, view: StepView<'_>) -> Result<Response> {
    let begun = view.begun;
    let content = match view.step {
        Step::Contacts => view::contacts(&view),
        Step::Addresses => view::addresses(&view),
        Step::Basics | Step::Review => {
            let existing = existing(tx, &view.draft.basics, view.faults).await?;
            let parent = parent(tx, view.draft.basics.get("parent_id")).await?;
            view::basics(&view, existing.as_ref(), parent.as_ref())
        }
    };
    framed(call, tx, status, begun, content).await
}

/// `GET` of a step: `check` shows its faults, `at` is the part whose first field has the focus.
async fn show(call: PageCall, step: Step, query: Option<String>) -> PageResult {
    let user = owner(&call)?;
    let asked = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let kept = ops::drafts::get(&mut tx, user, Draft::Company).await?;
    let begun = kept.is_some();
    let mut draft = CompanyDraft::read(kept.unwrap_or_default());
    let offered = offered(&call, &mut tx, None).await?;
    let faults = if asked.get("check") == "1" {
        draft.tidy();
        step.faults(&faults(&call, &mut tx, &draft, &offered).await?)
    } else {
        Vec::new()
    };
    let view = StepView {
        step,
        begun,
        draft: &draft,
        faults: &faults,
        offered: &offered,
        focus: asked.get("at").parse().ok(),
    };
    Ok(drawn(&call, &mut tx, StatusCode::OK, view).await?)
}

/// `GET /customers/new/company`
pub(super) async fn basics(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    show(call, Step::Basics, query).await
}

/// `GET /customers/new/company/contacts`
pub(super) async fn contacts(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    show(call, Step::Contacts, query).await
}

/// `GET /customers/new/company/addresses`
pub(super) async fn addresses(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    show(call, Step::Addresses, query).await
}

/// `POST` of a step: keeps what was typed and does what its button says. `do=save` is the page itself, which stays.
async fn keep(call: PageCall, step: Step, sent: Typed) -> PageResult {
    let user = owner(&call)?;
    let mut tx = call.write().await?;
    let mut draft = CompanyDraft::read(ops::drafts::open(&mut tx, user, Draft::Company).await?);
    draft.take(step, &sent);
    let doing = sent.get("do");
    let mut to = step.href().to_owned();
    match doing {
        "add" => to = format!("{to}?at={}", draft.add(step)),
        "back" => step.back().href().clone_into(&mut to),
        "next" => {
            draft.tidy();
            step.next().href().clone_into(&mut to);
        }
        other => {
            if let Some(at) = other.strip_prefix("remove/").and_then(|at| at.parse().ok()) {
                draft.remove(step, at);
            }
        }
    }
    let begun = !draft.is_empty();
    let kept = if begun {
        ops::drafts::keep(&mut tx, user, Draft::Company, &draft.body()?).await
    } else {
        ops::drafts::discard(&mut tx, user, Draft::Company)
            .await
            .map(drop)
    };
    if let Err(error) = kept {
        drop(tx);
        return too_much(&call, step, &draft, error).await;
    }
    let mut wrong = false;
    if doing == "next" {
        let offered = offered(&call, &mut tx, None).await?;
        wrong = !step
            .faults(&faults(&call, &mut tx, &draft, &offered).await?)
            .is_empty();
    }
    tx.commit().await?;
    if doing == "save" {
        return Ok((StatusCode::OK, if begun { SAVED } else { "" }).into_response());
    }
    // Faults are shown by an address of their own, so that the page can be loaded anew.
    Ok(redirect(&call, &if wrong { step.checked() } else { to }))
}

/// More than is kept of a draft: the step again, with what was typed.
async fn too_much(call: &PageCall, step: Step, draft: &CompanyDraft, error: Error) -> PageResult {
    let faults = faults_of(error)?;
    if call.is_fragment() {
        return Err(Error::Invalid(Faults(faults)).into());
    }
    let mut tx = call.read().await?;
    let offered = offered(call, &mut tx, None).await?;
    let view = StepView {
        step,
        begun: true,
        draft,
        faults: &faults,
        offered: &offered,
        focus: None,
    };
    Ok(drawn(call, &mut tx, StatusCode::UNPROCESSABLE_ENTITY, view).await?)
}

/// `POST /customers/new/company`
pub(super) async fn keep_basics(call: PageCall, sent: Typed) -> PageResult {
    keep(call, Step::Basics, sent).await
}

/// `POST /customers/new/company/contacts`
pub(super) async fn keep_contacts(call: PageCall, sent: Typed) -> PageResult {
    keep(call, Step::Contacts, sent).await
}

/// `POST /customers/new/company/addresses`
pub(super) async fn keep_addresses(call: PageCall, sent: Typed) -> PageResult {
    keep(call, Step::Addresses, sent).await
}

/// `GET /customers/new/company/review`
pub(super) async fn review(call: PageCall) -> PageResult {
    let user = owner(&call)?;
    let mut tx = call.read().await?;
    let Some(kept) = ops::drafts::get(&mut tx, user, Draft::Company).await? else {
        return Ok(redirect(&call, PATH));
    };
    let mut draft = CompanyDraft::read(kept);
    draft.tidy();
    let offered = offered(&call, &mut tx, None).await?;
    let faults = faults(&call, &mut tx, &draft, &offered).await?;
    let existing = existing(&mut tx, &draft.basics, &faults).await?;
    let parent = parent(&mut tx, draft.basics.get("parent_id")).await?;
    let content = review::page(&draft, &faults, &offered, existing.as_ref(), parent.as_ref());
    Ok(framed(&call, &mut tx, StatusCode::OK, true, content).await?)
}

/// `POST /customers/new/company/review`: creates it and forgets the draft. Sent twice, one of the two finds the draft.
pub(super) async fn create(call: PageCall) -> PageResult {
    let user = owner(&call)?;
    let mut tx = call.write().await?;
    let Some(kept) = ops::drafts::take(&mut tx, user, Draft::Company).await? else {
        let flash = Flash {
            kind: FlashKind::Info,
            text: "There is no draft any more: the company was created, or the draft was discarded."
                .to_owned(),
            undo: None,
        };
        return Ok(redirect_with(&call, "/customers?sort=-created_at", &flash));
    };
    let mut draft = CompanyDraft::read(kept);
    draft.tidy();
    let offered = offered(&call, &mut tx, None).await?;
    let wrong = faults(&call, &mut tx, &draft, &offered).await?;
    let defaults = defaults(&call, &tx);
    let created = if wrong.is_empty() {
        let (new, _) = draft.input(&offered)?;
        ops::customers::create(&mut tx, &new, &defaults).await
    } else {
        Err(Error::Invalid(Faults(wrong)))
    };
    match created {
        Ok(created) => {
            tx.commit().await?;
            let flash = Flash {
                kind: FlashKind::Success,
                text: format!("{} is a customer now.", shown_name(&created)),
                undo: None,
            };
            Ok(redirect_with(
                &call,
                &format!("/customers/{}", created.id),
                &flash,
            ))
        }
        Err(error) => {
            drop(tx);
            let faults = faults_of(error)?;
            let step = faults.iter().map(Step::of).min().unwrap_or(Step::Review);
            let sentences: Vec<_> = step
                .faults(&faults)
                .into_iter()
                .map(|fault| fault.message)
                .collect();
            let flash = Flash {
                kind: FlashKind::Error,
                text: format!("Nothing was created: {}.", sentences.join("; ")),
                undo: None,
            };
            Ok(redirect_with(&call, &step.checked(), &flash))
        }
    }
}

/// `POST /customers/new/company/discard`
pub(super) async fn discard(call: PageCall) -> PageResult {
    let user = owner(&call)?;
    let mut tx = call.write().await?;
    ops::drafts::discard(&mut tx, user, Draft::Company).await?;
    tx.commit().await?;
    let flash = Flash {
        kind: FlashKind::Info,
        text: "Draft discarded.".to_owned(),
        undo: None,
    };
    Ok(redirect_with(&call, PATH, &flash))
}

/// `GET /customers/new/company/parents?q=&parent_id=`: whom it may belong to, the chosen one first.
pub(super) async fn parents(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let asked = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let chosen = parent(&mut tx, asked.get("parent_id")).await?;
    let q = asked.get("q").trim();
    let found = if q.is_empty() {
        Vec::new()
    } else {
        quick(&mut tx, q, FOUND).await?
    };
    Ok(html! { (view::parents(chosen.as_ref(), &found, q)) }.into_response())
}

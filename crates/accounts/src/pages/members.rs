//! Members: who is in the organization, and as what.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use regulars_kernel::{Fault, PageRequest, Permission, Role, Start, ids::UserId};
use regulars_web::{
    PageCall, PageResult, Path, Query,
    pages::{
        self, Align, Attributes, Choice, Icon, Nav, checkbox_field, column, confirm_attributes, email_field,
        icon_button, link_button, menu, menu_column, menu_divider, menu_item, menu_link, page, page_header,
        pagination, people_table, person, select_field, status_badge, table_empty, text_field, time_tag,
    },
    redirect_with,
};
use serde::Deserialize;

use super::{
    face::{FormFace, Once, Place, back, faults_of, steps, success},
    form::Form,
};
use crate::{
    model::{Link, Member, MemberPatch, NewMember, Power},
    ops,
};

const PLACE: Place = Place {
    nav: Nav::Members,
    name: "Members",
    href: "/settings/members",
};
const PER_PAGE: u32 = 100;

/// Which page of the list.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct At {
    page: Option<u32>,
}

impl At {
    /// From 1.
    pub(super) fn number(&self) -> u32 {
        self.page.unwrap_or(1).clamp(1, regulars_kernel::paging::MAX_PAGE)
    }
}

async fn table(call: &PageCall, number: u32, refresh: bool) -> Result<Markup, regulars_kernel::Error> {
    let mut tx = call.read().await?;
    let request = PageRequest {
        limit: PER_PAGE,
        start: Start::Page(number),
    };
    let (members, next, total) = ops::list_members(&mut tx, &request).await?;
    let may_edit = call.caller.may(Permission::AccountsWrite);
    let shell = call.bare_shell();
    let head = html! {
        (column("Person", Align::Start, false)) (column("Role", Align::Start, false)) (column("State", Align::Start, false))
        (column("Last signed in", Align::Start, true)) @if may_edit { (menu_column(false)) }
    };
    let body = html! {
        @for member in &members {
            tr data-row {
                td { (person(member.shown_name(), if member.name.is_empty() { "" } else { &member.email }, &format!("{}/{}", PLACE.href, member.id))) }
                td { (member.role.name()) }
                td { (status_badge(member.state.name())) }
                td class="cell-wide" { @match member.last_signed_in_at { Some(at) => (time_tag(at, shell.time_zone)), None => span class="muted" { "never" } } }
                @if may_edit { td class="cell-menu" { (row_menu(member)) } }
            }
        }
        @if members.is_empty() {
            (table_empty(4 + usize::from(may_edit), Icon::Members, "Nobody here", "This page of the list is empty.", html! { (link_button("First page", PLACE.href)) }))
        }
    };
    let steps = steps(PLACE.href, number, PER_PAGE, members.len(), next.is_some(), total);
    Ok(html! {
        div id="members" class="column" hx-swap-oob=[refresh.then_some("true")] {
            (people_table("Members", head, body))
            (pagination(&steps, ["member", "members"], shell.locale))
        }
    })
}

fn row_menu(member: &Member) -> Markup {
    let at = |end: &str| format!("{}/{}{end}", PLACE.href, member.id);
    let link_words = if member.has_password {
        "New password link"
    } else {
        "New invitation link"
    };
    let link_question = confirm_attributes(
        &format!("{link_words} for {}?", member.shown_name()),
        "Links issued before stop working. You hand the new one over yourself.",
        "Make the link",
        None,
    );
    let gone = confirm_attributes(
        &format!("Remove {}?", member.shown_name()),
        "They are signed out of this organization at once and cannot come back without a new invitation. What they did stays, with their name.",
        "Remove",
        None,
    );
    menu(
        &format!("member-{}", member.id),
        icon_button(Icon::More, format!("Actions for {}", member.shown_name())).small(),
        true,
        html! {
            (menu_link(Icon::Edit, "Edit", &at(""), Attributes::new().set("hx-get", at("")).set("hx-target", "#sheet-body")))
            (menu_item(Icon::Link, link_words, false, Attributes::new().set("hx-post", at("/link")).set("hx-target", "#sheet-body").and(link_question)))
            (menu_divider())
            (menu_item(Icon::Trash, "Remove…", true, Attributes::new().set("hx-post", at("/remove")).set("hx-swap", "none").and(gone)))
        },
    )
}

pub async fn list(call: PageCall, Query(at): Query<At>) -> PageResult {
    call.require(Permission::AccountsRead)?;
    let table = table(&call, at.number(), false).await?;
    let invite = html! {
        @if call.caller.may(Permission::AccountsWrite) { (pages::shell::new_button("Invite member", "/settings/members/new", "n")) }
    };
    let content = html! {
        (page_header("Members", html! {}, "Who signs in to this organization, and what they may do."))
        (table)
    };
    Ok(page(&call.shell(PLACE.nav, PLACE.name), invite, content).into_response())
}

fn roles(call: &PageCall) -> Vec<Choice> {
    let power = Power::from(&*call.caller);
    Role::ALL
        .into_iter()
        .rev()
        .filter(|role| power.require_covers(&Power::of(*role)).is_ok())
        .map(|role| Choice::new(role.name(), format!("{} – {}", role.name(), role_words(role))))
        .collect()
}

pub(super) fn role_words(role: Role) -> &'static str {
    match role {
        Role::Owner => "everything, other owners included",
        Role::Admin => "runs the organization: members, keys, settings",
        Role::Agent => "works with customers: edits, imports, exports",
        Role::Viewer => "reads",
    }
}

fn invite_face(call: &PageCall, typed: &NewMember, faults: &[Fault]) -> Response {
    FormFace {
        title: "Invite member",
        action: PLACE.href,
        button: "Invite",
        faults,
        fields: html! {
            (email_field("email", "E-mail").value(&typed.email).required().autocomplete("off").faults(faults).autofocus())
            (text_field("name", "Name").value(&typed.name).autocomplete("off").faults(faults))
            (select_field("role", "Role", roles(call)).value(&typed.role).required().faults(faults))
            p class="form-hint" { "You get a link to hand over, by which they choose their password, or say yes where they have one already. It works once, for 72 hours." }
        },
    }
    .answer(call, PLACE)
}

pub async fn show_invite(call: PageCall) -> PageResult {
    call.require(Permission::AccountsWrite)?;
    let typed = NewMember {
        email: String::new(),
        name: String::new(),
        role: "agent".into(),
    };
    Ok(invite_face(&call, &typed, &[]))
}

pub async fn invite(call: PageCall, mut form: Form) -> PageResult {
    call.require(Permission::AccountsWrite)?;
    let new = NewMember {
        email: form.text("email"),
        name: form.text("name"),
        role: form.text("role"),
    };
    let mut tx = call.write().await?;
    let invitation = match ops::invite_member(&mut tx, &Power::from(&*call.caller), &new).await {
        Ok(invitation) => invitation,
        Err(error) => return Ok(invite_face(&call, &new, &faults_of(error)?)),
    };
    tx.commit().await?;
    let name = invitation.member.shown_name();
    if let Some(link) = &invitation.link {
        return link_face(&call, &format!("Invitation for {name}"), link).await;
    }
    let words = format!("{name} is a member now and signs in with their own password.");
    Ok(redirect_with(&call, PLACE.href, &success(words)))
}

async fn link_face(call: &PageCall, title: &str, link: &Link) -> PageResult {
    let zone = call.bare_shell().time_zone;
    let behind = if call.is_fragment() {
        table(call, 1, true).await?
    } else {
        html! {}
    };
    let once = Once {
        title,
        label: "Link",
        secret: &format!("{}{}", call.state.config.public_url, link.path()),
        words: html! { "Hand this link over yourself, to this one person. It works once and ends " (time_tag(link.expires_at, zone)) "." },
        beside: None,
        behind,
    };
    Ok(once.answer(call, PLACE))
}

pub async fn reset_link(call: PageCall, Path(id): Path<UserId>) -> PageResult {
    call.require(Permission::AccountsWrite)?;
    let mut tx = call.write().await?;
    let link = match ops::reset_link(&mut tx, &Power::from(&*call.caller), id).await {
        Ok(link) => link,
        Err(error) => return Ok(back(&call, PLACE, Err::<(), _>(error), |()| String::new())?),
    };
    let member = ops::get_member(&mut tx, id).await?;
    tx.commit().await?;
    link_face(
        &call,
        &format!("Password link for {}", member.shown_name()),
        &link,
    )
    .await
}

struct Edit {
    name: String,
    role: String,
    disabled: bool,
}

fn edit_face(call: &PageCall, member: &Member, typed: &Edit, faults: &[Fault]) -> Response {
    let own = call.caller.user.as_ref().is_some_and(|user| user.id == member.id);
    let mut choices = roles(call);
    if !choices.iter().any(|choice| choice.value == member.role.name()) {
        choices.insert(0, Choice::new(member.role.name(), member.role.name()));
    }
    FormFace {
        title: member.shown_name(),
        action: &format!("{}/{}", PLACE.href, member.id),
        button: "Save",
        faults,
        fields: html! {
            p class="muted" { (member.email) }
            input type="hidden" name="version" value=(member.version);
            (text_field("name", "Name").value(&typed.name).autocomplete("off").faults(faults))
            (select_field("role", "Role", choices).value(&typed.role).required().faults(faults))
            @if !own && !member.pending {
                (checkbox_field("disabled", "Disabled", typed.disabled).hint("Signed out everywhere, and kept out until this is unticked.").faults(faults))
            }
        },
    }
    .answer(call, PLACE)
}

pub async fn show_edit(call: PageCall, Path(id): Path<UserId>) -> PageResult {
    call.require(Permission::AccountsRead)?;
    let mut tx = call.read().await?;
    let member = ops::get_member(&mut tx, id).await?;
    let typed = Edit {
        name: member.name.clone(),
        role: member.role.name().to_owned(),
        disabled: member.disabled,
    };
    Ok(edit_face(&call, &member, &typed, &[]))
}

pub async fn edit(call: PageCall, Path(id): Path<UserId>, mut form: Form) -> PageResult {
    call.require(Permission::AccountsWrite)?;
    let own = call.caller.user.as_ref().map(|user| user.id);
    let typed = Edit {
        name: form.text("name"),
        role: form.text("role"),
        disabled: form.ticked("disabled"),
    };
    let opened: Option<i32> = form.text("version").parse().ok();
    let patch = MemberPatch {
        name: Some(typed.name.clone()),
        role: Some(typed.role.clone()),
        disabled: (own != Some(id)).then_some(typed.disabled),
    };
    let guard = |current| match opened {
        Some(version) if version != current => Err(regulars_kernel::Error::Stale { current }),
        _ => Ok(()),
    };
    let mut tx = call.write().await?;
    match ops::update_member(&mut tx, &Power::from(&*call.caller), own, id, &patch, guard).await {
        Ok(member) => {
            tx.commit().await?;
            Ok(redirect_with(
                &call,
                PLACE.href,
                &success(format!("{} was changed.", member.shown_name())),
            ))
        }
        Err(error) => {
            let faults = faults_of(error)?;
            drop(tx);
            let mut tx = call.read().await?;
            let member = ops::get_member(&mut tx, id).await?;
            Ok(edit_face(&call, &member, &typed, &faults))
        }
    }
}

pub async fn remove(call: PageCall, Path(id): Path<UserId>) -> PageResult {
    call.require(Permission::AccountsWrite)?;
    let mut tx = call.write().await?;
    let member = ops::get_member(&mut tx, id).await?;
    let done = ops::remove_member(&mut tx, &Power::from(&*call.caller), id, |_| Ok(())).await;
    if done.is_ok() {
        tx.commit().await?;
    }
    Ok(back(&call, PLACE, done, |()| {
        format!("{} was removed.", member.shown_name())
    })?)
}

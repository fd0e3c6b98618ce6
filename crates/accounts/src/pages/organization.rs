//! The organization's settings, and moving to another organization.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use maud::{Markup, html};
use regulars_kernel::{Error, Fault, Permission, TimeZone, ids::OrganizationId};
use regulars_web::{
    AppState, PageCall, PageResult,
    pages::{Choice, Nav, avatar, button, form_errors, page, page_header, select_field, text_field},
    redirect, redirect_with,
};

use super::{
    face::{faults_of, success},
    form::{Form, device},
};
use crate::{
    cookies,
    model::{Organization, OrganizationPatch, Power},
    ops,
};

const HREF: &str = "/settings/organization";

/// The settings as typed.
#[derive(Clone, Default)]
pub struct Settings {
    pub name: String,
    pub slug: String,
    pub currency: String,
    pub time_zone: String,
    pub locale: String,
}

impl Settings {
    /// From a form.
    pub fn of(form: &mut Form) -> Self {
        Self {
            name: form.text("name"),
            slug: form.text("slug"),
            currency: form.text("currency"),
            time_zone: form.text("time_zone"),
            locale: form.text("locale"),
        }
    }
}

impl From<&Organization> for Settings {
    fn from(organization: &Organization) -> Self {
        Self {
            name: organization.name.clone(),
            slug: organization.slug.clone(),
            currency: organization.currency.to_string(),
            time_zone: organization.time_zone.to_string(),
            locale: organization.locale.to_string(),
        }
    }
}

/// Currency, time zone and locale.
pub fn settings_fields(typed: &Settings, faults: &[Fault], may_edit: bool) -> Markup {
    let mut zones: Vec<_> = TimeZone::offered()
        .map(|zone| Choice::new(zone.as_str(), zone.as_str().replace('_', " ")))
        .collect();
    if !zones.iter().any(|zone| zone.value == typed.time_zone) {
        // What was typed is kept, right or wrong.
        zones.insert(0, Choice::new(&typed.time_zone, &typed.time_zone));
    }
    let only = |field: regulars_web::pages::Field| {
        if may_edit {
            field
        } else {
            field.attr("disabled", "")
        }
    };
    html! {
        (only(text_field("currency", "Currency").value(&typed.currency).required().hint("Three letters, as in EUR, USD or JPY").attr("maxlength", "3").autocomplete("off").faults(faults)))
        (only(select_field("time_zone", "Time zone", zones).value(&typed.time_zone).required().hint("Where its days begin and end").faults(faults)))
        (only(text_field("locale", "Language and region").value(&typed.locale).required().hint("As in en, de-DE or fr-CH: how numbers and dates are written").autocomplete("off").faults(faults)))
    }
}

fn show_page(call: &PageCall, typed: &Settings, faults: &[Fault]) -> Response {
    let may_edit = call.caller.may(Permission::OrganizationWrite);
    let only = |field: regulars_web::pages::Field| {
        if may_edit {
            field
        } else {
            field.attr("disabled", "")
        }
    };
    let shell = call.shell(Nav::Organization, "Organization");
    let lead = if may_edit {
        "Name, currency, language and time zone for everybody."
    } else {
        "Only owners and admins change these."
    };
    let content = html! {
        (page_header("Organization", html! {}, lead))
        form class="form narrow" method="post" action=(HREF) novalidate data-warn-unsaved {
            (form_errors(faults))
            (only(text_field("name", "Name").value(&typed.name).required().autocomplete("organization").faults(faults)))
            (only(text_field("slug", "Short name").value(&typed.slug).required().hint("For the command line: small letters, digits and hyphens").autocomplete("off").faults(faults)))
            (settings_fields(typed, faults, may_edit))
            @if may_edit { div class="form-actions" { (button("Save").primary().submit()) } }
        }
    };
    let status = if faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    (status, page(&shell, html! {}, content)).into_response()
}

pub async fn show(call: PageCall) -> PageResult {
    let mut tx = call.read().await?;
    let organization = ops::get_organization(&mut tx).await?;
    Ok(show_page(&call, &Settings::from(&organization), &[]))
}

pub async fn save(call: PageCall, mut form: Form) -> PageResult {
    call.require(Permission::OrganizationWrite)?;
    let typed = Settings::of(&mut form);
    let patch = OrganizationPatch {
        name: Some(typed.name.clone()),
        slug: Some(typed.slug.clone()),
        currency: Some(typed.currency.clone()),
        time_zone: Some(typed.time_zone.clone()),
        locale: Some(typed.locale.clone()),
    };
    let mut tx = call.write().await?;
    match ops::update_organization(&mut tx, &Power::from(&*call.caller), &patch, |_| Ok(())).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(redirect_with(&call, HREF, &success("Saved.")))
        }
        Err(error) => Ok(show_page(&call, &typed, &faults_of(error)?)),
    }
}

/// `GET /switch-organization`: the others that one belongs to, as the account menu shows them when it is opened.
pub async fn others(call: PageCall) -> PageResult {
    let Some(user) = &call.caller.user else {
        return Err(Error::Refused("only a signed-in person belongs to organizations".into()).into());
    };
    let mut tx = call.read().await?;
    let all = ops::organizations_of(&mut tx, user.id).await?;
    tx.rollback().await?;
    let others: Vec<_> = all
        .iter()
        .filter(|(id, ..)| *id != call.caller.organization_id)
        .collect();
    Ok(html! {
        @if !others.is_empty() {
            form method="post" action="/switch-organization" role="group" aria-label="Switch to" {
                @for (id, role, name) in others {
                    button class="menu-item" type="submit" name="organization" value=(id) {
                        (avatar(name, "sm")) span class="truncate-line" { span class="sr-only" { "Switch to " } (name) } small class="muted" { (role.name()) }
                    }
                }
            }
            hr;
        }
    }
    .into_response())
}

pub async fn switch(
    State(state): State<AppState>,
    call: PageCall,
    headers: HeaderMap,
    mut form: Form,
) -> PageResult {
    let to: OrganizationId = form
        .text("organization")
        .parse()
        .map_err(|_| Error::NotFound("organization"))?;
    let (Some(user), Some(session)) = (&call.caller.user, call.caller.session_id) else {
        return Err(Error::Refused("only a signed-in person can move to another organization".into()).into());
    };
    let token =
        ops::switch_organization(&state.database, user.id, session, to, &device(&call, &headers)).await?;
    let mut answer = redirect(&call, "/");
    answer.headers_mut().append(
        header::SET_COOKIE,
        cookies::set(&token, state.config.secure_cookies),
    );
    Ok(answer)
}

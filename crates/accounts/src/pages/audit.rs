//! The audit log as a page.

use axum::response::IntoResponse;
use maud::{Markup, html};
use regulars_kernel::{Faults, PageRequest, Permission, Start};
use regulars_web::{
    PageCall, PageResult, Params,
    pages::{
        Align, Choice, Icon, Nav, button, column, data_table, date_field, form_errors, link_button, page,
        page_header, pagination, select_field, table_empty, time_tag,
    },
};

use super::{
    asked::{address, midnight},
    describe::{SUBJECTS, action_words, details},
    face::steps,
};
use crate::{
    audit,
    model::{AuditEntry, AuditFilter},
    ops,
};

const HREF: &str = "/settings/audit";
const PER_PAGE: u32 = 50;

/// The filters as typed.
struct Typed {
    action: String,
    actor: String,
    target: String,
    from: String,
    to: String,
}

impl Typed {
    /// The list's address with these filters.
    fn address(&self) -> String {
        let pairs = [
            ("action", self.action.as_str()),
            ("actor", &self.actor),
            ("target", &self.target),
            ("from", &self.from),
            ("to", &self.to),
        ];
        address(HREF, &pairs)
    }
}

pub async fn list(call: PageCall, mut params: Params) -> PageResult {
    call.require(Permission::AccountsRead)?;
    let mut faults = Faults::new();
    let [action, actor, target, from, to] = ["action", "actor", "target", "from", "to"]
        .map(|name| params.one(name, &mut faults).unwrap_or_default());
    let number = params
        .one("page", &mut faults)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
        .clamp(1, 10_000);
    let typed = Typed {
        action,
        actor,
        target,
        from,
        to,
    };
    let shell = call.shell(Nav::Audit, "Audit log");
    let zone = shell.time_zone;
    let time = |text: &str, after| match midnight(text, zone, after) {
        Some(at) => at.to_rfc3339(),
        None => text.to_owned(),
    };
    let (from, to) = (time(&typed.from, false), time(&typed.to, true));
    let mut filter = AuditFilter::parse(
        Some(&typed.action),
        Some(&typed.actor),
        Some(&typed.target),
        Some(&from),
        Some(&to),
        &mut faults,
    );
    filter.page = PageRequest {
        limit: PER_PAGE,
        start: Start::Page(number),
    };

    let mut tx = call.read().await?;
    let (entries, next, total) = audit::list(&mut tx, &filter).await?;
    let people = PageRequest {
        limit: 200,
        start: Start::First,
    };
    let (members, ..) = ops::list_members(&mut tx, &people).await?;
    let (keys, ..) = ops::list_keys(&mut tx, &people).await?;
    tx.rollback().await?;

    let mut actors = vec![Choice::new("", "Anybody")];
    actors.extend(
        members
            .iter()
            .map(|member| Choice::new(member.id.to_string(), member.shown_name())),
    );
    actors.extend(
        keys.iter()
            .map(|key| Choice::new(key.id.to_string(), format!("Key: {}", key.name))),
    );
    if !actors.iter().any(|choice| choice.value == typed.actor) {
        actors.push(Choice::new(&typed.actor, "Somebody who left"));
    }
    let mut subjects = vec![Choice::new("", "Anything")];
    subjects.extend(SUBJECTS.iter().map(|(name, words)| Choice::new(*name, *words)));
    if !subjects.iter().any(|choice| choice.value == typed.action) {
        subjects.push(Choice::new(&typed.action, &typed.action));
    }
    let steps = steps(
        &typed.address(),
        number,
        PER_PAGE,
        entries.len(),
        next.is_some(),
        total,
    );
    let content = html! {
        (page_header("Audit log", html! {}, "Who signed in, who deleted, imported, exported or changed many customers, and who changed accounts, keys and settings. Nothing here can be changed or deleted."))
        form class="form" method="get" action=(HREF) role="search" aria-label="Filter the audit log" {
            (form_errors(&faults.0))
            div class="form-grid" {
                (select_field("action", "What", subjects).value(&typed.action))
                (select_field("actor", "Who", actors).value(&typed.actor))
                (date_field("from", "From").value(&typed.from))
                (date_field("to", "To, that day included").value(&typed.to))
            }
            @if !typed.target.is_empty() { input type="hidden" name="target" value=(typed.target); }
            div class="form-actions" { (button("Filter").submit().icon(Icon::Filter)) @if typed.address() != HREF { (link_button("Show all", HREF).ghost()) } }
        }
        (table(&entries, zone, typed.address() != HREF))
        (pagination(&steps, ["entry", "entries"], shell.locale))
    };
    Ok(page(&shell, html! {}, content).into_response())
}

fn table(entries: &[AuditEntry], zone: chrono_tz::Tz, filtered: bool) -> Markup {
    let head = html! {
        (column("When", Align::Start, false)) (column("Who", Align::Start, false)) (column("What", Align::Start, false))
        (column("Details", Align::Start, true)) (column("IP address", Align::Start, true))
    };
    let body = html! {
        @for entry in entries {
            tr {
                td { (time_tag(entry.occurred_at, zone)) }
                td { (who(entry)) }
                td { (action_words(&entry.action)) (target(entry)) }
                td class="cell-wide muted" { (details(&entry.data)) }
                td class="cell-wide muted" { (entry.ip.as_deref().unwrap_or_default()) }
            }
        }
        @if entries.is_empty() && filtered {
            (table_empty(5, Icon::Audit, "Nothing matches", "Nothing like this happened, or the filters are too narrow.", html! { (link_button("Show all", HREF)) }))
        }
        @if entries.is_empty() && !filtered {
            (table_empty(5, Icon::Audit, "Nothing yet", "Sign-ins, invitations, keys and changes of settings will stand here.", html! {}))
        }
    };
    data_table("Audit log", head, body)
}

/// What it was done to: by the name that it has, else by the one that it had then.
fn target(entry: &AuditEntry) -> Markup {
    let said = |name: &str| entry.data[name].as_str();
    match (entry.target_kind.as_deref(), entry.target_id) {
        (Some("customer"), Some(id)) => {
            html! { " " a href={ "/customers/" (id) } { (said("code").unwrap_or("customer")) } }
        }
        (_, target) if target.is_some() && target == entry.actor_id => html! {},
        _ => {
            html! { @if let Some(name) = entry.target_name.as_deref().or(said("name")) { " " b { (name) } } }
        }
    }
}

fn who(entry: &AuditEntry) -> Markup {
    html! {
        @match (entry.actor_kind.as_str(), &entry.actor_name) {
            ("system", _) => span class="muted" { "Regulars" },
            ("key", Some(name)) => { span class="muted" { "Key " } (name) },
            (_, Some(name)) => (name),
            (_, None) => span class="muted" { "Somebody who left" },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_keeps_the_filters_whatever_they_hold() {
        let typed = Typed {
            action: "key".into(),
            actor: String::new(),
            target: String::new(),
            from: "\"><x&é".into(),
            to: String::new(),
        };
        assert_eq!(
            typed.address(),
            "/settings/audit?action=key&from=%22%3E%3Cx%26%C3%A9"
        );
    }
}

//! Audit entries in words for people. An action it does not know is shown as it is.

use serde_json::Value;

/// What the log can be narrowed to.
pub const SUBJECTS: &[(&str, &str)] = &[
    ("user", "Members"),
    ("key", "API keys"),
    ("session", "Signing in and out"),
    ("session.failed,user.locked", "Failed sign-ins"),
    ("organization", "Organization"),
    ("customer,customers", "Customers"),
    ("import,export", "Imports and exports"),
    ("connection,webhook", "Connections and their inbox"),
    ("privacy_duty", "Duties of privacy"),
    ("activity_settings", "How activities are kept"),
    ("tag", "Tags"),
    ("attribute", "Attributes"),
];

/// An action, as a sentence without its subject.
pub fn action_words(action: &str) -> &str {
    match action {
        "organization.created" => "created the organization",
        "organization.updated" => "changed the organization",
        "user.created" => "became the first owner",
        "user.invited" => "invited",
        "user.joined" => "accepted the invitation",
        "user.declined" => "noted that an invitation was declined",
        "user.updated" => "changed",
        "user.removed" => "removed",
        "user.link_issued" => "issued a password link for",
        "user.password_set" => "set a password by link",
        "user.password_changed" => "changed the password",
        "user.locked" => "locked after wrong passwords",
        "session.created" => "signed in",
        "session.ended" => "signed out",
        "session.failed" => "refused a wrong password for",
        "session.revoked" => "ended a session of",
        "session.others_revoked" => "signed out everywhere else",
        "session.switched" => "came over from another organization",
        "key.created" => "created key",
        "key.updated" => "changed key",
        "key.revoked" => "revoked key",
        "customer.deleted" => "deleted customer",
        "customer.restored" => "restored customer",
        "customers.updated" => "changed many customers",
        "customers.tagged" => "tagged many customers",
        "customers.untagged" => "took tags from many customers",
        "customers.deleted" => "deleted many customers",
        "customers.restored" => "restored many customers",
        "customers.assigned" => "gave many customers an owner",
        "customers.undone" => "undid a change of many customers",
        "import.applied" => "imported",
        "export.created" => "exported customers",
        "export.downloaded" => "took the file of an export",
        "export.deleted" => "deleted an export",
        "tag.created" => "created tag",
        "tag.updated" => "changed tag",
        "tag.deleted" => "deleted tag",
        "tag.merged" => "merged tag",
        "attribute.created" => "created attribute",
        "attribute.updated" => "changed attribute",
        "attribute.deleted" => "deleted attribute",
        "connection.created" => "connected",
        "connection.updated" => "changed connection",
        "connection.deleted" => "ended connection",
        "connection.disabled" => "switched off connection",
        "connection.enabled" => "switched on connection",
        "connection.secret_ended" => "ended a former secret of a connection",
        "connection.api_key_changed" => "changed the API key of a connection",
        "connection.pull_started" => "pulled through a connection",
        "connection.secret_changed" => "changed the secret of a connection",
        "privacy_duty.done" => "said that a duty of privacy is done",
        "privacy_duty.reopened" => "said that a duty of privacy is not done after all",
        "activity_settings.changed" => "changed how activities are kept",
        "webhook.revealed" => "looked at a message of another system",
        "webhook.replayed" => "played messages of another system again",
        "webhook.discarded" => "put a message of another system aside",
        other => other,
    }
}

/// What an entry's data says: `role: agent → admin`.
pub fn details(data: &Value) -> String {
    let mut parts = Vec::new();
    if let Some(changes) = data.get("changes").and_then(Value::as_object) {
        for (field, change) in changes {
            parts.push(format!(
                "{}: {} → {}",
                words(field),
                shown(&change["from"]),
                shown(&change["to"])
            ));
        }
    } else if let (Some(from), Some(to)) = (
        data.get("from").and_then(Value::as_object),
        data.get("to").and_then(Value::as_object),
    ) {
        for (field, now) in to {
            let before = from.get(field).unwrap_or(&Value::Null);
            if before != now {
                parts.push(format!("{}: {} → {}", words(field), shown(before), shown(now)));
            }
        }
    } else if let Some(fields) = data.as_object() {
        for (field, value) in fields
            .iter()
            .filter(|(field, value)| !is_empty(value) && !field.ends_with("_id"))
            .filter(|(field, _)| !matches!(field.as_str(), "name" | "code" | "about" | "direct"))
        {
            // A question that somebody asked says its conditions itself.
            if let Some(asked) = value.as_object() {
                parts.extend(
                    asked
                        .iter()
                        .map(|(name, value)| format!("{}: {}", words(name), shown(value))),
                );
                continue;
            }
            let about = if field == "customers" && data["about"] == true {
                "about "
            } else {
                ""
            };
            parts.push(format!("{}: {about}{}", words(field), shown(value)));
        }
    }
    parts.join(", ")
}

fn words(field: &str) -> String {
    field.replace('_', " ")
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entries_read_as_sentences() {
        assert_eq!(
            details(&json!({"changes": {"role": {"from": "agent", "to": "admin"}}})),
            "role: agent → admin"
        );
        assert_eq!(
            details(&json!({"name": "x", "role": "agent", "scopes": [], "expires_at": null})),
            "role: agent"
        );
        assert_eq!(
            details(
                &json!({"from": {"name": "a", "scopes": []}, "to": {"name": "a", "scopes": ["customers:read"]}})
            ),
            "scopes: none → customers:read"
        );
        assert_eq!(
            details(
                &json!({"format": "csv", "query": {"status": ["vip"], "deleted": "only"}, "direct": true})
            ),
            "format: csv, status: vip, deleted: only"
        );
        assert_eq!(
            details(&json!({"customers": 2294, "about": true, "tags": ["spring", "vip"]})),
            "customers: about 2294, tags: spring, vip"
        );
        assert_eq!(details(&json!({"code": "C-1", "query": {}})), "");
        assert_eq!(details(&json!({"session_id": "x"})), "");
        assert_eq!(details(&json!([1])), "");
        assert_eq!(action_words("other.done"), "other.done");
    }
}

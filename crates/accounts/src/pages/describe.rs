//! Audit entries in words for people. An action it does not know is shown as it is.

use serde_json::Value;

/// What the log can be narrowed to.
pub const SUBJECTS: &[(&str, &str)] = &[
    ("user", "Members"),
    ("key", "API keys"),
    ("session", "Signing in and out"),
    ("session.failed,user.locked", "Failed sign-ins"),
    ("organization", "Organization"),
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
            .filter(|(field, value)| !is_empty(value) && !field.ends_with("_id") && *field != "name")
        {
            parts.push(format!("{}: {}", words(field), shown(value)));
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
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
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
        assert_eq!(details(&json!({"session_id": "x"})), "");
        assert_eq!(details(&json!([1])), "");
        assert_eq!(action_words("other.done"), "other.done");
    }
}

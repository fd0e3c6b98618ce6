//! Mending a message: its content as text, checked as JSON, then processed in the place of what came.

use axum::response::Response;
use maud::{Markup, html};
use regulars_accounts::face::{FormFace, Place, faults_of, no_store};
use regulars_kernel::{Error, Fault, Permission, ids::WebhookEventId};
use regulars_web::{
    Form, PageCall, PageResult, Path,
    pages::{Nav, textarea_field},
};
use serde_json::Value;

use super::{
    asked::HREF,
    message::{done, pretty},
};
use crate::{model::Replay, ops};

const PLACE: Place = Place {
    nav: Nav::Inbox,
    name: "Inbox",
    href: HREF,
};
/// Characters of a line that are shown on each side of a fault.
const AROUND: usize = 20;

/// Opens a message to be mended. Its content is shown as it is, which is written into the audit log.
pub async fn open(call: PageCall, Path(id): Path<WebhookEventId>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let detail = ops::get_event(&mut tx, id, true).await?;
    tx.commit().await?;
    let text = pretty(&detail.payload);
    if encoded(&text) > call.state.config.body_limit {
        return Err(Error::TooLarge("it is too long to be mended here; the API takes more".into()).into());
    }
    Ok(face(&call, id, &detail.event.topic, &text, None, &[]))
}

/// Processes the message with what was typed.
pub async fn save(call: PageCall, Path(id): Path<WebhookEventId>, mut form: Form) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let typed = form.text("payload");
    let mut tx = call.write().await?;
    let topic = ops::get_event(&mut tx, id, false).await?.event.topic;
    let payload = match serde_json::from_str::<Value>(&typed) {
        Ok(payload) => payload,
        Err(error) => {
            let fault = Fault {
                pointer: "/payload".into(),
                code: "json_invalid".into(),
                message: words(&typed, &error),
            };
            let shown = excerpt(&typed, error.line(), error.column());
            return Ok(face(&call, id, &topic, &typed, shown, &[fault]));
        }
    };
    let replay = Replay {
        payload: Some(payload),
    };
    if let Err(error) = ops::replay_event(&mut tx, id, &replay).await {
        return Ok(face(&call, id, &topic, &typed, None, &faults_of(error)?));
    }
    tx.commit().await?;
    Ok(done(&call, id, "It will be processed with what you wrote."))
}

/// Bytes of a text in a form, each that is no letter or digit as three.
fn encoded(text: &str) -> usize {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { 1 } else { 3 })
        .sum()
}

fn face(
    call: &PageCall,
    id: WebhookEventId,
    topic: &str,
    text: &str,
    place: Option<String>,
    faults: &[Fault],
) -> Response {
    let form = FormFace {
        title: &format!("Mend {topic}"),
        action: &format!("{HREF}/{id}/mend"),
        button: "Save and replay",
        faults,
        fields: html! {
            p class="muted" { "It is processed with what stands here. What came stays beside it." }
            (at_fault(place))
            (textarea_field("payload", "Content").value(text).required().faults(faults).attr("data-code", "").attr("rows", "24").attr("spellcheck", "false").attr("autocapitalize", "off"))
        },
    };
    no_store(form.answer(call, PLACE))
}

fn at_fault(place: Option<String>) -> Markup {
    html! { @if let Some(place) = place { pre class="code-block one-line" tabindex="0" role="region" aria-label="Where the fault is" { code { (place) } } } }
}

/// What is wrong, and where.
fn words(typed: &str, error: &serde_json::Error) -> String {
    if typed.trim().is_empty() {
        return "The content is missing.".into();
    }
    let why = error.to_string();
    let why = why.split(" at line ").next().unwrap_or_default();
    format!(
        "This is not JSON: line {}, column {}: {why}.",
        error.line(),
        error.column()
    )
}

/// The line of a fault with a mark below it; none where there is no such line.
fn excerpt(typed: &str, line: usize, column: usize) -> Option<String> {
    let text = typed.lines().nth(line.checked_sub(1)?)?;
    // The column counts bytes.
    let before = text.char_indices().take_while(|(at, _)| at + 1 < column).count();
    let skipped = before.saturating_sub(AROUND);
    let shown: String = text.chars().skip(skipped).take(2 * AROUND).collect();
    let indent = before - skipped;
    let number = format!("{line} │ ");
    let margin = " ".repeat(number.chars().count() + indent);
    Some(format!("{number}{shown}\n{margin}^"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_with_its_line_and_what_stands_there() {
        let typed = "{\n  \"name\": \"Zoë\"\n  \"id\": 1\n}";
        let error = serde_json::from_str::<Value>(typed).unwrap_err();
        assert_eq!(
            words(typed, &error),
            "This is not JSON: line 3, column 3: expected `,` or `}`."
        );
        assert_eq!(
            excerpt(typed, error.line(), error.column()).unwrap(),
            "3 │   \"id\": 1\n      ^"
        );
        let nothing = serde_json::from_str::<Value>(" ").unwrap_err();
        assert_eq!(words(" ", &nothing), "The content is missing.");
    }

    #[test]
    fn a_fault_far_in_a_long_line_is_shown_with_what_is_around_it() {
        let typed = format!("{{\"a\": \"{}\" \"b\": 1}}", "é".repeat(500));
        let error = serde_json::from_str::<Value>(&typed).unwrap_err();
        let shown = excerpt(&typed, error.line(), error.column()).unwrap();
        assert!(shown.lines().all(|line| line.chars().count() < 100), "{shown}");
        assert!(shown.contains("\"b\": 1"), "{shown}");
        assert_eq!(excerpt("", 1, 0), None);
        assert_eq!(excerpt("x", 0, 0), None);
    }
}

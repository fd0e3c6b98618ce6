//! Help while an expression is typed: what may stand at the cursor, and what is wrong where.

use axum::{extract::RawQuery, response::IntoResponse};
use maud::{Markup, html};
use regulars_customers::find::{self, Help, Written};
use regulars_kernel::Permission;
use regulars_web::{
    PageCall, PageResult,
    pages::{Icon, format},
};

use crate::state::ListState;

/// Faults told at once; the others follow when these are mended.
const TOLD: usize = 3;

/// `GET /customers/filters/expression?filter=…&at=`: `at` characters stand before the cursor.
pub(crate) async fn help(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let written = Written {
        text: state.get("filter").to_owned(),
        zone: call.caller.organization.time_zone,
    };
    let cursor = state.get("at").parse().unwrap_or(usize::MAX);
    let mut tx = call.read().await?;
    let help = find::help(&mut tx, &written, cursor).await?;
    Ok(helped(&written.text, &help).into_response())
}

/// The two parts of the answer, which the script puts where they belong.
fn helped(text: &str, help: &Help) -> Markup {
    let (start, end) = help
        .writing
        .as_ref()
        .map_or((0, 0), |writing| (writing.start, writing.end));
    html! {
        ul data-start=(start) data-end=(end) {
            @for offer in &help.offers {
                @let written = offer.text.trim();
                li role="option" data-insert=(offer.text) {
                    code { (written) }
                    @if !offer.label.eq_ignore_ascii_case(written.trim_matches('"')) { span { (offer.label) } }
                    @if !offer.note.is_empty() { small { (offer.note) } }
                }
            }
        }
        div {
            @for fault in help.faults.iter().take(TOLD) {
                @match fault.place.characters() {
                    // Not wrong, only not at its end yet: what is offered says it better.
                    Some((start, _)) if start >= text.trim_end().chars().count() && !help.offers.is_empty() => {},
                    Some((start, _)) if start >= text.trim_end().chars().count() => p class="form-hint" { (format::sentence(&fault.message)) },
                    place => {
                        p class="form-error" { (Icon::Error) span { (format::sentence(&fault.message)) } }
                        @if let Some(place) = place { (marked(text, place)) }
                    }
                }
            }
            @if help.faults.is_empty() && !text.trim().is_empty() { p class="form-hint" { (Icon::Check) " Understood" } }
        }
    }
}

/// The text around what is wrong, which leads to it.
fn marked(text: &str, (start, end): (usize, usize)) -> Markup {
    const AROUND: usize = 24;
    let letters: Vec<char> = text.chars().collect();
    let part = |from: usize, to: usize| {
        letters
            .get(from..to.min(letters.len()))
            .unwrap_or_default()
            .iter()
            .collect::<String>()
    };
    let from = start.saturating_sub(AROUND);
    html! {
        button type="button" class="expression-place" data-expression-place data-start=(start) data-end=(end) {
            @if from > 0 { "…" } (part(from, start)) mark { (part(start, end)) } (part(end, end + AROUND)) @if end + AROUND < letters.len() { "…" }
        }
    }
}

#[cfg(test)]
mod tests {
    use regulars_web::pages::samples;

    use super::*;

    #[test]
    fn help_is_harmless_and_marks_what_is_wrong() {
        for text in samples::ALL {
            let faults = regulars_expression::parse(&format!("status = {text}"))
                .err()
                .into_iter()
                .collect();
            let help = Help {
                writing: None,
                offers: vec![regulars_expression::Offer {
                    text: text.into(),
                    label: text.into(),
                    note: text.into(),
                }],
                faults,
            };
            samples::assert_harmless(&helped(text, &help).into_string());
        }
        let text = "status = vip ür";
        let faults = regulars_expression::parse(text).err().into_iter().collect();
        let page = helped(
            text,
            &Help {
                writing: None,
                offers: vec![],
                faults,
            },
        )
        .into_string();
        assert!(
            page.contains("<mark>ür</mark>") && page.contains("data-start=\"13\" data-end=\"15\""),
            "{page}"
        );
        let text = "status = ";
        let faults = regulars_expression::parse(text).err().into_iter().collect();
        let page = helped(
            text,
            &Help {
                writing: None,
                offers: vec![],
                faults,
            },
        )
        .into_string();
        assert!(!page.contains("form-error"), "{page}");
    }
}

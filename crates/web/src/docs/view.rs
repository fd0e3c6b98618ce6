//! The pages of the documentation.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::schema::{Word, choices, words};
use crate::{
    openapi::examples::{ref_name, resolve},
    pages::{Align, Tone, badge, card, column, data_table, shell},
    problem::{KINDS, Kind},
};

const METHODS: [(&str, &str, Tone); 5] = [
    ("get", "GET", Tone::Blue),
    ("post", "POST", Tone::Green),
    ("put", "PUT", Tone::Amber),
    ("patch", "PATCH", Tone::Violet),
    ("delete", "DELETE", Tone::Red),
];

struct Operation<'a> {
    method: &'static str,
    tone: Tone,
    path: &'a str,
    it: &'a Value,
    shared: &'a Value,
}

impl Operation<'_> {
    fn anchor(&self) -> String {
        let path: String = self
            .path
            .trim_start_matches("/api/v1/")
            .chars()
            .filter(|c| !matches!(c, '{' | '}'))
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '_' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        format!("{}-{path}", self.method.to_ascii_lowercase())
    }

    fn title(&self) -> &str {
        self.it["summary"]
            .as_str()
            .map_or(self.path, |text| text.trim_end_matches('.'))
    }
}

/// Operations under their tags, in the document's order.
fn groups(document: &Value) -> Vec<(&str, Vec<Operation<'_>>)> {
    let mut groups: Vec<(&str, Vec<Operation>)> = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (key, method, tone) in METHODS {
            let Some(it) = item.get(key) else { continue };
            let tag = it["tags"][0].as_str().unwrap_or("Other");
            let operation = Operation {
                method,
                tone,
                path,
                it,
                shared: &item["parameters"],
            };
            match groups.iter_mut().find(|(known, _)| *known == tag) {
                Some((_, operations)) => operations.push(operation),
                None => groups.push((tag, vec![operation])),
            }
        }
    }
    groups
}

fn tag_anchor(tag: &str) -> String {
    let name: String = tag
        .to_lowercase()
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    format!("tag-{name}")
}

fn frame(title: &str, side: Markup, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { (shell::head(&format!("{title} · Regulars"))) }
            body {
                a class="skip-link" href="#content" { "Skip to content" }
                header class="sticky top-0 z-10 flex items-center gap-2 border-b bg-background px-4 py-2.5" {
                    a class="flex items-center gap-2 font-medium" href="/" { span class="organization-mark" aria-hidden="true" { "R" } "Regulars" }
                    span class="muted" { "/" }
                    a href="/api/docs" { "API" }
                    nav class="ms-auto flex gap-4" aria-label="Documentation" {
                        a href="/api/docs/errors" { "Errors" }
                        a href="/api/openapi.json" { "openapi.json" }
                    }
                }
                div class="mx-auto grid max-w-7xl gap-8 px-4 py-6 lg:grid-cols-[15rem_minmax(0,1fr)]" {
                    nav class="hidden self-start text-sm lg:sticky lg:top-16 lg:block lg:max-h-[calc(100dvh-5rem)] lg:overflow-y-auto" aria-label="Contents" { (side) }
                    main class="flex min-w-0 flex-col gap-8" id="content" tabindex="-1" { (content) }
                }
            }
        }
    }
}

/// Paragraphs, `code`, **strong** and lists: as much of Markdown as our own comments use. Everything else is shown as
/// it stands, escaped.
fn prose(text: &str) -> Markup {
    html! {
        @for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
            @if block.lines().all(|line| line.trim_start().starts_with("- ")) {
                ul class="list-disc ps-5" { @for line in block.lines() { li { (inline(line.trim_start().trim_start_matches("- "))) } } }
            } @else { p { (inline(block)) } }
        }
    }
}

fn inline(text: &str) -> Markup {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            out.push_str(
                &html! { code class="rounded bg-muted px-1 py-0.5 font-mono text-xs" { (part) } }
                    .into_string(),
            );
        } else {
            for (index, piece) in part.split("**").enumerate() {
                let piece = if index % 2 == 1 {
                    html! { b { (piece) } }
                } else {
                    html! { (piece) }
                };
                out.push_str(&piece.into_string());
            }
        }
    }
    PreEscaped(out)
}

/// The reference of every operation and schema.
pub(super) fn reference(document: &Value) -> Markup {
    let groups = groups(document);
    let side = html! {
        ul class="flex flex-col gap-1" {
            li { a href="#start" { "Start here" } }
            @for (tag, operations) in &groups {
                li class="mt-3" {
                    a class="font-medium" href={ "#" (tag_anchor(tag)) } { (tag) }
                    ul class="mt-1 flex flex-col gap-0.5 border-s ps-3" {
                        @for operation in operations { li { a class="muted" href={ "#" (operation.anchor()) } { (operation.title()) } } }
                    }
                }
            }
            li class="mt-3" { a class="font-medium" href="#schemas" { "Schemas" } }
        }
    };
    let content = html! {
        section id="start" class="flex flex-col gap-3" {
            h1 class="text-2xl font-semibold" { "The API of " (document["info"]["title"].as_str().unwrap_or("Regulars")) }
            (prose(document["info"]["description"].as_str().unwrap_or_default()))
            (code("curl -H 'Authorization: Bearer rk_…' https://your-server/api/v1/customers?limit=10"))
        }
        @for (tag, operations) in &groups {
            section id=(tag_anchor(tag)) class="flex scroll-mt-16 flex-col gap-4" {
                h2 class="text-xl font-semibold" { (tag) }
                @for operation in operations { (one(operation)) }
            }
        }
        section id="schemas" class="flex scroll-mt-16 flex-col gap-4" {
            h2 class="text-xl font-semibold" { "Schemas" }
            @for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
                div id={ "schema-" (name) } class="scroll-mt-16" { (card(name, html! {}, definition(document, schema))) }
            }
        }
    };
    frame("API", side, content)
}

fn code(text: &str) -> Markup {
    html! { pre class="max-h-96 overflow-auto rounded-md border bg-muted p-3 font-mono text-xs" tabindex="0" { code { (text) } } }
}

fn json(value: &Value) -> Markup {
    code(&serde_json::to_string_pretty(value).unwrap_or_default())
}

fn type_of(schema: &Value) -> Markup {
    html! {
        @for word in words(schema) { @match word {
            Word::Plain(text) => (text),
            Word::Schema(name) => a class="underline" href={ "#schema-" (name) } { (name) },
        } }
    }
}

fn one(operation: &Operation) -> Markup {
    let it = operation.it;
    let parameters: Vec<&Value> = [operation.shared, &it["parameters"]]
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .collect();
    let (errors, successes): (Vec<_>, Vec<_>) = it["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .partition(|(status, _)| status.starts_with(['4', '5']));
    html! {
        section id=(operation.anchor()) class="panel scroll-mt-16" aria-label=(operation.title()) {
            header {
                (badge(operation.method, operation.tone))
                code class="font-mono text-sm break-all" { (operation.path) }
                @if it["deprecated"] == true { (badge("deprecated", Tone::Amber)) }
            }
            div class="panel-body" {
                h3 class="font-medium" { (operation.title()) }
                (prose(it["description"].as_str().unwrap_or_default()))
                @if !parameters.is_empty() { (parameter_table(&parameters)) }
                @for (media_type, media) in it["requestBody"]["content"].as_object().into_iter().flatten() {
                    h4 class="font-medium" { "Body " code class="font-mono text-xs muted" { (media_type) } " " (type_of(&media["schema"])) }
                    @if let Some(example) = media.get("example") { (json(example)) }
                }
                h4 class="font-medium" { "Answers" }
                @for (status, response) in &successes { (answer(status, response)) }
                @if !errors.is_empty() {
                    p class="flex flex-wrap gap-1" {
                        @for (status, _) in &errors {
                            @let kind = kind_of(status);
                            a href={ "/api/docs/errors#" (kind.map_or("internal", |kind| kind.code)) } title=(kind.map_or("", |kind| kind.title)) { (badge(status, Tone::Neutral)) }
                        }
                    }
                }
            }
        }
    }
}

fn parameter_table(parameters: &[&Value]) -> Markup {
    let head = html! {
        (column("Parameter", Align::Start, false)) (column("In", Align::Start, true)) (column("Type", Align::Start, true)) (column("Meaning", Align::Start, false))
    };
    let body = html! {
        @for parameter in parameters {
            tr {
                td { code class="font-mono text-xs" { (parameter["name"].as_str().unwrap_or_default()) } @if parameter["required"] == true { " " span class="muted" { "required" } } }
                td class="cell-wide" { (parameter["in"].as_str().unwrap_or_default()) }
                td class="cell-wide" { (type_of(&parameter["schema"])) }
                td class="whitespace-normal" { (inline(parameter["description"].as_str().unwrap_or_default())) (choice_list(&parameter["schema"])) }
            }
        }
    };
    data_table("Parameters", head, body)
}

fn choice_list(schema: &Value) -> Markup {
    let choices = choices(schema);
    html! { @if !choices.is_empty() { " One of " @for (index, choice) in choices.iter().enumerate() { @if index > 0 { ", " } code class="font-mono text-xs" { (choice) } } "." } }
}

/// The kind of errors with a status.
fn kind_of(status: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.status.as_str() == status)
}

/// An answer that is no error, with its example.
fn answer(status: &str, response: &Value) -> Markup {
    let tone = if status.starts_with('2') {
        Tone::Green
    } else {
        Tone::Blue
    };
    let media = response["content"]
        .as_object()
        .into_iter()
        .flatten()
        .next()
        .map(|(_, media)| media);
    let line =
        html! { (badge(status, tone)) " " (inline(response["description"].as_str().unwrap_or_default())) };
    // Beside the summary, not in it: what opens and closes holds no link.
    let kind = html! { @if let Some(media) = media { span class="muted" { (type_of(&media["schema"])) } } };
    html! {
        @match media.and_then(|media| media.get("example")) {
            Some(example) => details { summary class="cursor-pointer" { (line) } div class="pt-2" { (kind) (json(example)) } },
            None => div { (line) " " (kind) },
        }
    }
}

fn definition(document: &Value, schema: &Value) -> Markup {
    let parts: Vec<&Value> = match schema["allOf"].as_array() {
        Some(parts) => parts.iter().map(|part| resolve(document, part)).collect(),
        None => vec![schema],
    };
    let fields: Vec<(&String, &Value, bool)> = parts
        .iter()
        .flat_map(|part| {
            let required = part["required"].as_array();
            part["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(move |(name, field)| {
                    let needed = required.is_some_and(|all| all.iter().any(|one| one == name.as_str()));
                    (name, field, needed)
                })
        })
        .collect();
    html! {
        (prose(schema["description"].as_str().unwrap_or_default()))
        @if fields.is_empty() {
            p { (type_of(schema)) (choice_list(schema)) }
        } @else {
            (data_table("Fields", html! {
                (column("Field", Align::Start, false)) (column("Type", Align::Start, false)) (column("Meaning", Align::Start, true))
            }, html! {
                @for (name, field, needed) in fields {
                    tr {
                        td { code class="font-mono text-xs" { (name) } @if needed { " " span class="muted" { "required" } } }
                        td { (type_of(field)) }
                        td class="cell-wide whitespace-normal" { (inline(field["description"].as_str().unwrap_or_default())) @if ref_name(field).is_none() { (choice_list(field)) } }
                    }
                }
            }))
        }
    }
}

/// Every kind of error.
pub(super) fn errors() -> Markup {
    let side = html! {
        ul class="flex flex-col gap-1" { @for kind in KINDS { li { a class="muted" href={ "#" (kind.code) } { (kind.title) } } } }
    };
    let content = html! {
        section class="flex flex-col gap-3" {
            h1 class="text-2xl font-semibold" { "Errors" }
            (prose("Errors are `application/problem+json` (RFC 9457). `type` leads to this page. `errors` names every fault that was found: \
                `pointer` is a JSON pointer into the body (RFC 6901), or `?name` for a query parameter, or the name of a header; \
                `code` is stable and for programs; `message` is for people. Name the `request_id` when asking for help."))
            (json(&serde_json::json!({
                "type": "/api/docs/errors#invalid", "title": "Some values are invalid", "status": 422,
                "detail": "/email: “ada@” is not an e-mail address: nothing after the @",
                "request_id": "0198c0de-7a5b-7c3d-8e4f-1a2b3c4d5e6f",
                "errors": [{"pointer": "/email", "code": "email_invalid", "message": "“ada@” is not an e-mail address: nothing after the @"}]
            })))
        }
        @for kind in KINDS {
            section id=(kind.code) class="scroll-mt-16" {
                (card(kind.title, badge(kind.status.as_str(), if kind.status.is_server_error() { Tone::Red } else { Tone::Amber }), html! {
                    p { code class="font-mono text-xs" { "/api/docs/errors#" (kind.code) } }
                    (prose(kind.meaning))
                }))
            }
        }
    };
    frame("Errors", side, content)
}

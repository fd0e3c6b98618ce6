//! The big list of naughty strings as every text that people can store: kept as it was sent or refused by name with
//! nothing stored, shown without becoming markup, and never a fault of the server.

use std::collections::{BTreeSet, HashSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api::{Api, answer},
    pages::Person,
    process::Home,
};

/// The list, and what it lacks: line breaks, NUL, and texts on both sides of every limit.
fn naughty_strings(test: &str) -> Option<Vec<String>> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/names/blns/blns.json"
    );
    let Ok(list) = std::fs::read_to_string(file) else {
        println!("skipped: {test} needs the shared fixtures");
        return None;
    };
    let mut strings: Vec<String> = serde_json::from_str(&list).unwrap();
    assert!(strings.len() > 500, "{}", strings.len());
    strings.extend(["a\nb", "a\r\nb", "a\rb", "a\0b", "\0", " \u{feff}a "].map(str::to_owned));
    for most in [40, 60, 80, 100, 120, 200, 500, 2_000, 10_000] {
        strings.extend([most, most + 1].map(|length| "ß".repeat(length)));
    }
    Some(strings)
}

/// What a field makes of a text.
#[derive(Clone, Copy)]
enum Rule {
    /// One line of at most so many characters; blank clears it.
    Line(usize),
    /// The same of several lines.
    Lines(usize),
    /// One line that must say something.
    Name(usize),
    /// Several lines that must say something.
    Body(usize),
    /// Any text of at most so many characters, blank included.
    Text(usize),
    /// One line, blank included.
    Blank(usize),
    /// One line; blank leaves what is there.
    Kept(usize),
    /// One line; blank gives what the resource is called without it.
    Label(usize, &'static str),
    /// Something that is read, such as a phone number: what cannot be is refused.
    Read,
}

use Rule::{Blank, Body, Kept, Label, Line, Lines, Name, Read, Text};

/// What becomes of a text; `None` where only the field can say.
fn expected(rule: Rule, text: &str) -> Option<Result<Value, ()>> {
    let (most, one_line) = match rule {
        Line(most) | Name(most) | Blank(most) | Kept(most) | Label(most, _) => (most, true),
        Lines(most) | Body(most) | Text(most) => (most, false),
        Read => return None,
    };
    let text = text.trim();
    let refused = text.contains('\0')
        || text.chars().count() > most
        || (one_line && text.contains(['\n', '\r']))
        || (text.is_empty() && matches!(rule, Name(_) | Body(_)));
    let cleared = text.is_empty() && matches!(rule, Line(_) | Lines(_));
    if text.is_empty() && matches!(rule, Kept(_)) {
        return None;
    }
    Some(match rule {
        _ if refused => Err(()),
        _ if cleared => Ok(Value::Null),
        Label(_, default) if text.is_empty() => Ok(json!(default)),
        _ => Ok(json!(text)),
    })
}

/// A resource and its text fields, as `name`, `attributes/name` or `options/0`.
struct Case {
    path: String,
    fields: &'static [(&'static str, Rule)],
}

impl Case {
    /// Sends a text as some of the fields, and sees that it is kept or refused as they say.
    async fn send(&self, api: &Api, fields: &[(&str, Rule)], text: &str, before: &Value) -> Value {
        let what = format!(
            "{} {:?} of {text:?}",
            self.path,
            fields.iter().map(|field| field.0).collect::<Vec<_>>()
        );
        let mut body = json!({});
        for (field, _) in fields {
            set(&mut body, field, text);
        }
        let sent = answer(api.request(Method::PATCH, &self.path).json(&body)).await;
        let read = api.get(&self.path).await.expect(200).json;
        let verdicts = || fields.iter().map(|(field, rule)| (*field, expected(*rule, text)));
        if sent.status == 422 {
            let named: BTreeSet<&str> = sent.json["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|fault| fault["pointer"].as_str().unwrap())
                .collect();
            // A list is named as a whole or by its item.
            let place = |field: &str| format!("/{}", field.strip_suffix("/item").unwrap_or(field));
            let is_of = |name: &str, field: &str| {
                name.strip_prefix(&place(field))
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            for (field, verdict) in verdicts() {
                let is_named = named.iter().any(|name| is_of(name, field));
                let as_wanted = verdict.is_none_or(|verdict| verdict.is_err() == is_named);
                assert!(as_wanted, "{what}, {field}: {}", sent.text);
            }
            let known = |name: &&str| fields.iter().any(|(field, _)| is_of(name, field));
            assert!(
                !named.is_empty() && named.iter().all(known),
                "{what}: {}",
                sent.text
            );
            assert_eq!(read, *before, "{what}: refused, and yet something is stored");
            return read;
        }
        assert_eq!(sent.status, 200, "{what}: {}", sent.text);
        for (field, verdict) in verdicts() {
            let pointer = format!("/{}", field.replace("/item", "/0"));
            let Some(verdict) = verdict else { continue };
            let Ok(wanted) = verdict else {
                panic!("{what}: {field} takes it");
            };
            assert_eq!(sent.json.pointer(&pointer), Some(&wanted), "{what}");
            assert_eq!(read.pointer(&pointer), Some(&wanted), "{what}, read");
        }
        read
    }

    /// Sends each text as all of the fields, and where some refuse it, as the others again.
    async fn try_all(&self, api: &Api, strings: &[String]) {
        let mut before = api.get(&self.path).await.expect(200).json;
        let mut kept = 0;
        for string in strings {
            before = self.send(api, self.fields, string, &before).await;
            let takes =
                |field: &&(&str, Rule)| expected(field.1, string).is_some_and(|verdict| verdict.is_ok());
            let others: Vec<_> = self.fields.iter().filter(takes).copied().collect();
            if (1..self.fields.len()).contains(&others.len()) {
                before = self.send(api, &others, string, &before).await;
            }
            kept += usize::from(!others.is_empty());
        }
        let reads = self.fields.iter().any(|field| matches!(field.1, Read));
        assert!(reads || kept > 400, "{}: only {kept} were kept", self.path);
    }
}

/// Sets `a`, `a/b`, `a/0` or `a/b/item` of a body.
fn set(body: &mut Value, field: &str, text: &str) {
    match field.split('/').collect::<Vec<_>>()[..] {
        [name, "0"] => body[name] = json!([text]),
        [name, inner] => body[name][inner] = json!(text),
        [name, inner, _] => body[name][inner] = json!([text]),
        _ => body[field] = json!(text),
    }
}

async fn made(api: &Api, path: &str, body: Value) -> String {
    api.post(&format!("/api/v1/{path}"), &body)
        .await
        .expect(201)
        .at("/id")
}

const CUSTOMER: &[(&str, Rule)] = &[
    ("first_name", Line(200)),
    ("last_name", Line(200)),
    ("company_name", Line(200)),
    ("legal_name", Line(200)),
    ("industry", Line(200)),
    ("tax_id", Line(200)),
    ("note", Lines(10_000)),
    ("internal_note", Lines(10_000)),
    ("attributes/remark", Text(2_000)),
    ("attributes/likes/item", Text(200)),
];

#[tokio::test]
async fn every_text_of_a_customer_and_its_parts_is_kept_as_it_was_sent_or_refused_by_name() {
    let test = "every_text_of_a_customer_and_its_parts_is_kept_as_it_was_sent_or_refused_by_name";
    let Some(strings) = naughty_strings(test) else {
        return;
    };
    let home = Home::shared().await;
    let key = home.organization("here", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    for (name, kind) in [
        ("remark", "text"),
        ("likes", "list"),
        ("site", "url"),
        ("since", "date"),
    ] {
        let attribute = json!({"name": name, "label": name, "kind": kind});
        made(&api, "attributes", attribute).await;
    }
    let customer = made(&api, "customers", json!({"email": "ada@example.com"})).await;
    let below = |part: &str| format!("customers/{customer}/{part}");
    let contact = made(&api, &below("contacts"), json!({"email": "grace@example.com"})).await;
    let address = made(&api, &below("addresses"), json!({"country": "DE"})).await;
    let note = made(&api, &below("notes"), json!({"body": "Hello"})).await;
    let read = made(&api, "customers", json!({"code": "READ-1"})).await;
    let cases = [
        (format!("customers/{customer}"), CUSTOMER),
        (
            below(&format!("contacts/{contact}")),
            &[
                ("first_name", Line(200)),
                ("last_name", Line(200)),
                ("title", Line(200)),
                ("department", Line(200)),
                ("note", Lines(10_000)),
            ],
        ),
        (
            below(&format!("addresses/{address}")),
            &[
                ("name", Line(200)),
                ("company", Line(200)),
                ("line1", Line(200)),
                ("line2", Line(200)),
                ("city", Line(200)),
                ("province", Line(200)),
                ("postal_code", Line(40)),
            ],
        ),
        (below(&format!("notes/{note}")), &[("body", Body(10_000))]),
        (format!("customers/{read}"), &[("code", Kept(60))]),
        (
            format!("customers/{read}"),
            &[
                ("email", Read),
                ("phone", Read),
                ("birthday", Read),
                ("locale", Read),
                ("time_zone", Read),
                ("status", Read),
                ("attributes/site", Read),
                ("attributes/since", Read),
            ],
        ),
    ]
    .map(|(path, fields)| Case {
        path: format!("/api/v1/{path}"),
        fields,
    });
    for case in &cases {
        case.try_all(&api, &strings).await;
    }
    server.terminate();
}

#[tokio::test]
async fn every_name_that_an_organization_gives_is_kept_as_it_was_sent_or_refused_by_name() {
    let test = "every_name_that_an_organization_gives_is_kept_as_it_was_sent_or_refused_by_name";
    let Some(strings) = naughty_strings(test) else {
        return;
    };
    let home = Home::shared().await;
    let key = home.organization("here", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    let tag = made(&api, "tags", json!({"name": "vip"})).await;
    let select = json!({"name": "plan", "label": "Plan", "kind": "select", "options": ["basic"]});
    let select = made(&api, "attributes", select).await;
    let view = made(&api, "views", json!({"name": "All", "query": {}})).await;
    let member = json!({"email": "eve@example.com", "name": "Eve", "role": "agent"});
    let member = made(&api, "users", member).await;
    let till = made(&api, "keys", json!({"name": "till", "role": "viewer"})).await;
    let cases: [(String, &'static [(&str, Rule)]); 6] = [
        (
            format!("tags/{tag}"),
            &[("name", Name(60)), ("description", Lines(500))],
        ),
        (
            format!("attributes/{select}"),
            &[("label", Label(100, "Plan")), ("options/0", Name(200))],
        ),
        (format!("views/{view}"), &[("name", Name(80))]),
        (format!("users/{member}"), &[("name", Blank(120))]),
        (format!("keys/{till}"), &[("name", Name(120))]),
        ("organization".to_owned(), &[("name", Name(120))]),
    ];
    for (path, fields) in cases {
        let path = format!("/api/v1/{path}");
        Case { path, fields }.try_all(&api, &strings).await;
    }

    // Tags that customers bring along, whatever their case only once, and ids of other systems.
    let mut seen = HashSet::new();
    let names: Vec<&str> = strings
        .iter()
        .map(|string| string.trim())
        .filter(|name| expected(Name(60), name).unwrap().is_ok() && seen.insert(name.to_lowercase()))
        .collect();
    assert!(names.len() > 350, "{}", names.len());
    for some in names.chunks(50) {
        let sources: Vec<Value> = some
            .iter()
            .map(|id| json!({"source": "shopify", "external_id": id}))
            .collect();
        let customer = json!({"tags": some, "sources": sources});
        let id = made(&api, "customers", customer).await;
        let path = format!("/api/v1/customers/{id}?include=tags,sources");
        let customer = api.get(&path).await.expect(200).json;
        let texts = |list: &str, field: &str| -> BTreeSet<String> {
            let list = customer[list].as_array().unwrap().iter();
            list.map(|one| one.get(field).unwrap_or(one).as_str().unwrap().to_owned())
                .collect()
        };
        let wanted: BTreeSet<String> = some.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(texts("tags", "name"), wanted);
        assert_eq!(texts("sources", "external_id"), wanted);
    }
    // Ids that are longer than a tag, or that nothing takes, one at a time.
    let customer = made(&api, "customers", json!({"first_name": "Ada"})).await;
    let path = format!("/api/v1/customers/{customer}/sources");
    let mut kept = BTreeSet::new();
    for id in strings
        .iter()
        .filter(|id| expected(Name(60), id).unwrap().is_err())
    {
        let source = json!({"source": "shopify", "external_id": id});
        let sent = api.post(&path, &source).await;
        if expected(Name(200), id).unwrap().is_ok() {
            assert_eq!(sent.expect(201).at("/external_id"), id.trim());
            kept.insert(id.trim());
        } else {
            let refused = sent.expect(422);
            assert_eq!(refused.at("/errors/0/pointer"), "/external_id", "{id:?}");
        }
    }
    assert!(kept.len() > 20, "only {} were kept", kept.len());
    let listed = api.get(&path).await.expect(200).json;
    let listed = listed["data"].as_array().unwrap().iter();
    let listed: BTreeSet<&str> = listed.map(|one| one["external_id"].as_str().unwrap()).collect();
    assert_eq!(listed, kept, "what is refused is not stored");
    server.terminate();
}

#[tokio::test]
async fn what_is_stored_is_shown_on_the_pages_as_text_and_never_as_markup() {
    let name = "what_is_stored_is_shown_on_the_pages_as_text_and_never_as_markup";
    let Some(strings) = naughty_strings(name) else {
        return;
    };
    let home = Home::shared().await;
    let key = home.organization("here", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    let person = Person::new(&home, &server, "here", "admin").await;
    let customer = made(&api, "customers", json!({"email": "ada@example.com"})).await;
    let below = |part: &str| format!("customers/{customer}/{part}");
    let contact = made(&api, &below("contacts"), json!({"first_name": "Grace"})).await;
    let address = made(&api, &below("addresses"), json!({"city": "Bonn"})).await;
    let note = made(&api, &below("notes"), json!({"body": "Hello"})).await;
    let tag = made(&api, "tags", json!({"name": "vip"})).await;
    let tags = json!({"tags": ["vip"]});
    let tagged = api.request(Method::PUT, &format!("/api/v1/{}", below("tags")));
    answer(tagged.json(&tags)).await.expect(200);
    let mut shown = 0;
    for string in strings
        .iter()
        .filter(|string| string.contains(['<', '>', '"', '&']))
    {
        let text = string.trim();
        if expected(Name(60), text).unwrap().is_err() {
            continue;
        }
        for (path, body) in [
            (
                format!("customers/{customer}"),
                json!({"first_name": text, "company_name": text, "internal_note": text}),
            ),
            (
                below(&format!("contacts/{contact}")),
                json!({"first_name": text, "note": text}),
            ),
            (
                below(&format!("addresses/{address}")),
                json!({"line1": text, "city": text}),
            ),
            (below(&format!("notes/{note}")), json!({"body": text})),
            (format!("tags/{tag}"), json!({"name": text})),
        ] {
            let path = format!("/api/v1/{path}");
            let sent = answer(api.request(Method::PATCH, &path).json(&body)).await;
            sent.expect(200);
        }
        // Each field at least once; on the page of all, the name.
        for (path, times) in [
            (format!("/customers/{customer}"), 9),
            ("/customers".to_owned(), 1),
        ] {
            let page = person.ask(&Method::GET, &path).await.expect(200).text;
            let found = unescaped(&page).matches(text).count();
            assert!(found >= times, "{path} shows {text:?} {found} times");
            // A quote or a bracket alone is in every page, so only longer texts show something by their absence.
            let is_markup = text.chars().count() > 8 && text.contains('<');
            assert!(
                !is_markup || !page.contains(text),
                "{path} has {text:?} as markup"
            );
        }
        shown += 1;
    }
    assert!(shown > 60, "only {shown} were shown");
    server.terminate();
}

/// The text that a browser makes of references; the ampersand last, so that nothing is read twice.
fn unescaped(page: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(page.to_owned(), |page, (from, to)| page.replace(from, to))
}

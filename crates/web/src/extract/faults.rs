//! Why a body does not fit its type: every reason, found by putting something fitting in the refused place and trying
//! again. Only for bodies that were refused; the work is bounded by their size.

use regulars_kernel::{Error, Faults};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::{Path, Segment};

use super::{MOST_FAULTS, escaped, object::Body};

type Refusal = serde_path_to_error::Error<serde_json::Error>;

/// What a refusal says.
struct Found {
    pointer: String,
    code: &'static str,
    message: String,
    /// A value that the place would take, if the refusal names one.
    choice: Option<String>,
}

/// Bytes that may be read again in the search.
const WORK: usize = 20_000_000;

/// All faults of the tree, the first of which is known.
pub(super) fn collect<T: DeserializeOwned>(mut tree: Value, first: Refusal, size: usize) -> Error {
    let mut tries = (WORK / size.max(1)).clamp(4, 400);
    let mut faults = Faults::new();
    let mut next = Some(first);
    // Places that hold our own values by now: what is refused there is no fault of the caller.
    let mut covered: Vec<String> = Vec::new();
    while let Some(refusal) = next.take() {
        let found = describe(&refusal, &tree);
        if !covered.iter().any(|place| lies_in(&found.pointer, place)) {
            faults.add(found.pointer.as_str(), found.code, found.message.as_str());
        }
        if faults.0.len() >= MOST_FAULTS || found.pointer.is_empty() {
            break;
        }
        next = step_over::<T>(&mut tree, &found, &mut tries);
        covered.push(found.pointer);
    }
    // Unknown fields and a body of the wrong kind make a request malformed; wrong values make it invalid.
    let malformed =
        |fault: &regulars_kernel::Fault| fault.code == "field_unknown" || fault.pointer.is_empty();
    if faults.0.iter().any(malformed) {
        Error::Malformed(faults)
    } else {
        Error::Invalid(faults)
    }
}

/// Makes the refused place acceptable; gives the next refusal elsewhere, if there is one that can be seen.
fn step_over<T: DeserializeOwned>(tree: &mut Value, found: &Found, tries: &mut usize) -> Option<Refusal> {
    let mut stand_ins = vec![
        json!({}),
        json!(null),
        json!(""),
        json!(0),
        json!(false),
        json!([]),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("2000-01-01"),
        json!("2000-01-01T00:00:00Z"),
    ];
    let mut choice = found.choice.clone();
    stand_ins.extend(choice.as_deref().map(Value::from));
    let mut taken_out = remove(tree, &found.pointer);
    loop {
        if !taken_out && !put(tree, &found.pointer, stand_ins.pop()?) {
            return None;
        }
        taken_out = false;
        *tries = tries.checked_sub(1)?;
        let refusal = serde_path_to_error::deserialize::<_, T>(Body(&*tree)).err()?;
        let again = describe(&refusal, tree);
        let same_place = lies_in(&again.pointer, &found.pointer);
        // An empty object whose fields are missing is the right kind of thing: they are filled in next.
        let fills = again.code == "field_missing" && again.pointer != found.pointer;
        if !same_place || (fills && stand_ins.is_empty()) {
            return Some(refusal);
        }
        if again.choice.is_some() && again.choice != choice {
            choice = again.choice;
            stand_ins.extend(choice.as_deref().map(Value::from));
        }
    }
}

fn lies_in(pointer: &str, place: &str) -> bool {
    pointer
        .strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn describe(refusal: &Refusal, tree: &Value) -> Found {
    let message = plain(&refusal.inner().to_string());
    let mut pointer = pointer_of(refusal.path());
    let mut choice = None;
    let (code, message) = if let Some(name) = quoted(&message, "unknown field `") {
        // Serde's path may or may not end with the field itself.
        let own = format!("/{}", escaped(name));
        if !(pointer.ends_with(&own) && tree.pointer(&pointer).is_some()) {
            pointer.push_str(&own);
        }
        ("field_unknown", sentence_of_unknown(name, &message))
    } else if let Some(name) = quoted(&message, "missing field `") {
        pointer = format!("{pointer}/{}", escaped(name));
        ("field_missing", format!("“{name}” is missing"))
    } else if message.starts_with("unknown variant") {
        choice = message
            .rsplit_once("expected ")
            .and_then(|(_, list)| list.split('`').nth(1))
            .map(str::to_owned);
        (
            "choice_unknown",
            message.replacen("unknown variant", "there is no choice", 1),
        )
    } else if message.starts_with("invalid type") {
        ("type_wrong", message)
    } else {
        ("value_invalid", message)
    };
    Found {
        pointer,
        code,
        message,
        choice,
    }
}

fn pointer_of(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&escaped(key));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Serde's sentence without the place in a file, which a tree does not have, and in JSON's words, not in Rust's.
fn plain(message: &str) -> String {
    let text = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
    let mut text: String = text.chars().take(400).collect();
    for (rust, json) in [
        ("invalid type: sequence", "invalid type: a list"),
        ("invalid type: map", "invalid type: an object"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
    ] {
        text = text.replace(rust, json);
    }
    match text.split_once("expected struct ") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
            format!("{before}expected an object{rest}")
        }
        None => text,
    }
}

fn quoted<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    let rest = message.strip_prefix(start)?;
    // Names may hold backticks themselves; what follows a name is fixed.
    let end = rest
        .find("`, expected")
        .or_else(|| rest.find("`, there are no"))
        .or_else(|| rest.rfind('`'))?;
    Some(&rest[..end])
}

fn sentence_of_unknown(name: &str, message: &str) -> String {
    let shown: String = name.chars().take(80).collect();
    let Some((_, known)) = message.split_once("`, expected") else {
        return format!("there is no field “{shown}” here");
    };
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    format!("there is no field “{shown}” here; there are {}", known.join(", "))
}

fn parent<'t>(tree: &'t mut Value, pointer: &str) -> Option<(&'t mut Value, String)> {
    let (parent, name) = pointer.rsplit_once('/')?;
    Some((
        tree.pointer_mut(parent)?,
        name.replace("~1", "/").replace("~0", "~"),
    ))
}

/// Takes a field out. Items of lists stay: the others would move to wrong places.
fn remove(tree: &mut Value, pointer: &str) -> bool {
    match parent(tree, pointer) {
        Some((Value::Object(fields), name)) => fields.shift_remove(&name).is_some(),
        _ => false,
    }
}

fn put(tree: &mut Value, pointer: &str, value: Value) -> bool {
    match parent(tree, pointer) {
        Some((Value::Object(fields), name)) => {
            fields.insert(name, value);
            true
        }
        Some((Value::Array(items), index)) => {
            match index.parse().ok().and_then(|index: usize| items.get_mut(index)) {
                Some(item) => {
                    *item = value;
                    true
                }
                None => false,
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::{Patch, Role, ids::CustomerId};
    use serde::Deserialize;

    use super::super::parse;
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read from JSON")]
    struct Line {
        sku: String,
        count: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read from JSON")]
    struct Order {
        name: String,
        role: Role,
        id: CustomerId,
        #[serde(default)]
        note: Patch<String>,
        #[serde(default)]
        lines: Vec<Line>,
    }

    fn faults(json: &Value) -> (bool, Vec<String>) {
        let (malformed, faults) = match parse::<Order>(json.to_string().as_bytes()) {
            Err(Error::Malformed(faults)) => (true, faults),
            Err(Error::Invalid(faults)) => (false, faults),
            other => panic!("{other:?}"),
        };
        (
            malformed,
            faults
                .0
                .iter()
                .map(|fault| format!("{} {}", fault.pointer, fault.code))
                .collect(),
        )
    }

    #[test]
    fn every_unknown_field_is_named_at_once() {
        let body = json!({"name": "a", "role": "owner", "id": CustomerId::new(), "x": 1, "y/z": 2,
            "lines": [{"sku": "s", "count": 1}, {"sku": "s", "count": 1, "colour": "red"}]});
        let (malformed, mut found) = faults(&body);
        found.sort();
        assert!(malformed);
        assert_eq!(
            found,
            [
                "/lines/1/colour field_unknown",
                "/x field_unknown",
                "/y~1z field_unknown"
            ]
        );
    }

    #[test]
    fn every_missing_field_and_wrong_value_is_named_at_once() {
        let (malformed, found) = faults(&json!({"note": 7, "lines": [{"sku": 1, "count": -1}, 5]}));
        assert!(!malformed);
        assert_eq!(
            found,
            [
                "/note type_wrong",
                "/lines/0/sku type_wrong",
                "/lines/0/count value_invalid",
                "/lines/1 type_wrong",
                "/name field_missing",
                "/role field_missing",
                "/id field_missing"
            ]
        );
        let (_, found) = faults(&json!({"name": null, "role": "king", "id": "7", "x": 1}));
        assert_eq!(
            found,
            [
                "/name type_wrong",
                "/role choice_unknown",
                "/id value_invalid",
                "/x field_unknown"
            ]
        );
    }

    #[test]
    fn a_body_of_the_wrong_kind_is_malformed() {
        assert_eq!(faults(&json!(["a"])), (true, vec![" type_wrong".to_owned()]));
        assert_eq!(faults(&json!("text")), (true, vec![" type_wrong".to_owned()]));
    }

    #[test]
    fn nul_characters_are_named_by_their_place() {
        let (malformed, found) = faults(&json!({"name": "a\u{0}b", "lines": [{"sku": "\u{0}"}]}));
        assert!(!malformed);
        assert_eq!(found, ["/name text_nul", "/lines/0/sku text_nul"]);
    }

    #[test]
    fn a_key_that_stands_twice_counts_with_its_last_value() {
        #[derive(Debug, Deserialize)]
        struct One {
            a: i32,
        }
        assert_eq!(parse::<One>(br#"{"a": 1, "a": 2}"#).unwrap().a, 2);
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_search(text in "[\\{\\}\\[\\]\":,a-z0-9 ]{0,60}") {
            let _ = parse::<Order>(text.as_bytes());
        }
    }
}

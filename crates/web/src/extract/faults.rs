//! Why a body does not fit its type: every reason, found by taking out what was refused and trying again.

use regulars_kernel::{Error, Faults};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::{MOST_FAULTS, escaped};

/// All faults of the tree, the first of which is known.
pub(super) fn collect<T: DeserializeOwned>(
    mut tree: Value,
    first: serde_path_to_error::Error<serde_json::Error>,
) -> Error {
    let mut faults = Faults::new();
    // Unknown fields make a request malformed; wrong values make it invalid.
    let mut malformed = false;
    let mut taken: Vec<String> = Vec::new();
    let mut next = Some(first);
    while let Some(error) = next.take() {
        let message = plain(&error.inner().to_string());
        let mut pointer = pointer_of(error.path());
        if let Some(name) = quoted(&message, "unknown field `") {
            // Serde's path may or may not end with the field itself.
            let own = format!("/{}", escaped(name));
            if !(pointer.ends_with(&own) && tree.pointer(&pointer).is_some()) {
                pointer.push_str(&own);
            }
            faults.add(
                pointer.as_str(),
                "field_unknown",
                sentence_of_unknown(name, &message),
            );
            malformed = true;
        } else if let Some(name) = quoted(&message, "missing field `") {
            pointer = format!("{pointer}/{}", escaped(name));
            // Missing only because it was taken out: that fault is noted already.
            if !taken.contains(&pointer) {
                faults.add(pointer.as_str(), "field_missing", format!("“{name}” is missing"));
            }
            if put_null_fails(&mut tree, &pointer) {
                break;
            }
            taken.push(pointer);
            next = serde_path_to_error::deserialize::<_, T>(&tree).err();
            if next
                .as_ref()
                .is_some_and(|error| taken.contains(&pointer_of(error.path())))
            {
                // The empty value in its place is refused: what stands behind it cannot be seen.
                break;
            }
            continue;
        } else {
            let code = if message.starts_with("unknown variant") {
                "choice_unknown"
            } else if message.starts_with("invalid type") {
                malformed |= pointer.is_empty();
                "type_wrong"
            } else {
                "value_invalid"
            };
            faults.add(pointer.as_str(), code, message);
        }
        if faults.0.len() >= MOST_FAULTS || pointer.is_empty() || !take_out(&mut tree, &pointer) {
            break;
        }
        taken.push(pointer);
        next = serde_path_to_error::deserialize::<_, T>(&tree).err();
    }
    if malformed {
        Error::Malformed(faults)
    } else {
        Error::Invalid(faults)
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

/// Serde's sentence without the place in a file, which a tree does not have.
fn plain(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
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

fn parent_of<'t, 'p>(tree: &'t mut Value, pointer: &'p str) -> Option<(&'t mut Value, &'p str)> {
    let (parent, name) = pointer.rsplit_once('/')?;
    Some((tree.pointer_mut(parent)?, name))
}

fn take_out(tree: &mut Value, pointer: &str) -> bool {
    let Some((parent, name)) = parent_of(tree, pointer) else {
        return false;
    };
    match parent {
        Value::Object(fields) => fields
            .shift_remove(&name.replace("~1", "/").replace("~0", "~"))
            .is_some(),
        // Taking an item out would move the others to wrong places.
        _ => false,
    }
}

/// Puts an empty value where a field is missing, so that the search can go on behind it.
fn put_null_fails(tree: &mut Value, pointer: &str) -> bool {
    match parent_of(tree, pointer) {
        Some((Value::Object(fields), name)) => {
            let name = name.replace("~1", "/").replace("~0", "~");
            fields.insert(name, Value::Null).is_some()
        }
        _ => true,
    }
}

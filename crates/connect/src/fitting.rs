//! Leaving out what does not fit: a provider's record must not be lost because its phone number is none.

use regulars_kernel::{Error, Result};
use serde_json::Value;

/// Takes the fields out that an error is about. Gives the error back where it is about something else, or about what
/// cannot be left out.
pub fn leave_out(input: &mut Value, error: Error, left_out: &mut Vec<String>) -> Result<()> {
    let pointers: Vec<String> = match &error {
        Error::Invalid(faults) | Error::Malformed(faults) => {
            faults.0.iter().map(|fault| fault.pointer.clone()).collect()
        }
        Error::Conflict(fault) => vec![fault.pointer.clone()],
        _ => return Err(error),
    };
    let mut is_smaller = false;
    // From behind: what is taken out of a list moves what stands behind it.
    for pointer in pointers.into_iter().rev() {
        if take(input, &pointer) {
            is_smaller = true;
            left_out.push(pointer);
        }
    }
    if is_smaller { Ok(()) } else { Err(error) }
}

/// What an item of a list cannot be without: a fault in it is a fault of the item.
const NEEDED: &[&str] = &[
    "external_id",
    "title",
    "quantity",
    "name",
    "amount",
    "kind",
    "state",
];

/// Takes what a pointer points at out of the object that it is in; whether there was something.
fn take(input: &mut Value, pointer: &str) -> bool {
    let Some((parent, field)) = pointer.rsplit_once('/') else {
        return false;
    };
    let is_item = parent
        .rsplit_once('/')
        .is_some_and(|(_, at)| at.parse::<usize>().is_ok());
    if is_item && NEEDED.contains(&field) {
        return take(input, parent);
    }
    match input.pointer_mut(parent) {
        Some(Value::Object(fields)) => fields.shift_remove(field).is_some(),
        // One of a list: the list without it.
        Some(Value::Array(items)) => match field.parse::<usize>() {
            Ok(at) if at < items.len() => {
                items.remove(at);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_error_is_about_is_left_out_and_named() {
        let mut input = json!({"email": "a@b.de", "phone": "1", "addresses": [{"city": "X", "phone": "1"}]});
        let mut left_out = Vec::new();
        for pointer in ["/phone", "/addresses/0/phone"] {
            leave_out(
                &mut input,
                Error::invalid(pointer, "phone_invalid", ""),
                &mut left_out,
            )
            .unwrap();
        }
        assert_eq!(input, json!({"email": "a@b.de", "addresses": [{"city": "X"}]}));
        assert_eq!(left_out, ["/phone", "/addresses/0/phone"]);
        let mut order = json!({"payments": [{"amount": "x", "kind": "sale"}, {"amount": "1", "kind": "sale"}, {"amount": "y", "kind": "z"}]});
        let mut faults = regulars_kernel::Faults::new();
        for pointer in ["/payments/0/amount", "/payments/2/amount"] {
            faults.add(pointer, "amount_invalid", "");
        }
        leave_out(&mut order, Error::Invalid(faults), &mut Vec::new()).unwrap();
        assert_eq!(order, json!({"payments": [{"amount": "1", "kind": "sale"}]}));
        for other in [
            Error::invalid("/phone", "phone_invalid", ""),
            Error::invalid("", "x", ""),
            Error::NotFound("customer"),
        ] {
            assert!(leave_out(&mut input, other, &mut left_out).is_err());
        }
    }
}

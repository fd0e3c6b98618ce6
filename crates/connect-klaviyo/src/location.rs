//! Where somebody is: one address, which Klaviyo tells without an id.
//!
//! Where Klaviyo knows no street it has guessed the place, mostly from an internet address. That is an address here only for who
//! has none.

use regulars_connect::{Entity, Said, body, leave_out};
use regulars_customers::{
    model::{AddressInput, Defaults},
    ops,
};
use regulars_database::Tx;
use regulars_kernel::{
    Error, Result,
    ids::{AddressId, CustomerId},
};
use serde_json::{Map, Value, json};

const KEPT: &str = "location";

/// Makes the customer's address that of the location, if it is news. Absent says nothing.
pub async fn settle(
    tx: &mut Tx,
    id: CustomerId,
    thing: &mut Entity,
    location: &Value,
    said: &Said,
    defaults: &Defaults,
    left_out: &mut Vec<String>,
) -> Result<()> {
    let mut input = fields(location);
    let says_where = ["line1", "city", "country"]
        .iter()
        .any(|field| input[*field].is_string());
    if !says_where || !thing.is_news("location", said) {
        return Ok(());
    }
    let mark = body::mark(&input);
    let kept = thing.data.get(KEPT).cloned().unwrap_or_default();
    if kept["mark"] == mark.as_str() {
        return Ok(());
    }
    let known: Option<AddressId> = serde_json::from_value(kept["id"].clone()).ok();
    if known.is_none() && !input["line1"].is_string() && !ops::addresses::list(tx, id).await?.is_empty() {
        return Ok(());
    }
    loop {
        let fields: AddressInput = serde_json::from_value(input.clone())?;
        let written = match known {
            Some(address) => ops::addresses::update(tx, id, address, &fields, &|_| Ok(()), defaults).await,
            None => ops::addresses::create(tx, id, &fields, defaults).await,
        };
        match written {
            Ok(address) => {
                thing
                    .data
                    .insert(KEPT.into(), json!({"id": address.id, "mark": mark}));
                return Ok(());
            }
            // Staff took it away.
            Err(Error::NotFound(_)) => return Ok(()),
            Err(error) => {
                let mut places = Vec::new();
                if leave_out(&mut input, error, &mut places).is_err() {
                    left_out.push("/location".into());
                    return Ok(());
                }
                left_out.extend(places.into_iter().map(|place| format!("/location{place}")));
            }
        }
    }
}

/// Ours of Klaviyo's fields; what is absent stays absent.
fn fields(location: &Value) -> Value {
    const SAME: &[(&str, &str)] = &[
        ("address1", "line1"),
        ("address2", "line2"),
        ("city", "city"),
        ("region", "province"),
        ("zip", "postal_code"),
        ("country", "country"),
    ];
    let mut ours = Map::new();
    for (theirs, name) in SAME {
        let Some(value) = location.get(theirs) else {
            continue;
        };
        match value {
            Value::String(text) if text.trim().is_empty() => ours.insert((*name).to_owned(), Value::Null),
            Value::String(_) | Value::Null => ours.insert((*name).to_owned(), value.clone()),
            _ => None,
        };
    }
    // Degrees are numbers or texts that hold one.
    for name in ["latitude", "longitude"] {
        let degrees = &location[name];
        let number = degrees.as_f64().or_else(|| degrees.as_str()?.trim().parse().ok());
        if let Some(number) = number.filter(|number: &f64| number.is_finite()) {
            ours.insert(name.to_owned(), number.into());
        }
    }
    ours.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_stays_absent_and_degrees_are_numbers() {
        let ours = fields(
            &json!({"address1": "89 E 42nd St", "address2": null, "city": " ", "zip": 10017, "latitude": "40.7128", "longitude": "x"}),
        );
        assert_eq!(
            ours,
            json!({"line1": "89 E 42nd St", "line2": null, "city": null, "latitude": 40.7128})
        );
    }
}

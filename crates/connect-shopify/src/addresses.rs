//! A customer's addresses, each known again by Shopify's id of it.

use regulars_connect::{Entity, Said, leave_out};
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

use crate::body;

/// Addresses of one customer that are taken over at most.
const MOST: usize = 100;
const KEPT: &str = "addresses";
/// The facet of the list as a whole.
const LIST: &str = "addresses";

/// Makes the addresses those of the body. Which we know is kept with the thing: our id, and a mark of what it said.
pub async fn settle(
    tx: &mut Tx,
    id: CustomerId,
    thing: &mut Entity,
    customer: &Value,
    said: &Said,
    defaults: &Defaults,
    left_out: &mut Vec<String>,
) -> Result<()> {
    let default = &customer["default_address"];
    let listed = customer["addresses"].as_array();
    let default_id = body::id(&default["id"]);
    let mut wanted: Vec<&Value> = listed.into_iter().flatten().take(MOST).collect();
    if default.is_object() && !wanted.iter().any(|one| body::id(&one["id"]) == default_id) {
        wanted.push(default);
    }
    let mut known: Map<String, Value> = thing
        .data
        .get(KEPT)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    // Newer versions send an empty list beside the default address: only a list that has something, or stands beside
    // nothing, tells which are gone.
    let is_complete = listed.is_some_and(|list| !list.is_empty() || !default.is_object());
    if is_complete && thing.is_news(LIST, said) {
        let gone: Vec<String> = known
            .keys()
            .filter(|external| thing.last(&facet(external)).is_none_or(|known| known <= said))
            .filter(|external| {
                !wanted
                    .iter()
                    .any(|one| body::id(&one["id"]).as_ref() == Some(*external))
            })
            .cloned()
            .collect();
        for external in gone {
            if let Some(address_id) = known.shift_remove(&external).as_ref().and_then(our_id) {
                match ops::addresses::delete(tx, id, address_id, &|_| Ok(())).await {
                    Ok(()) | Err(Error::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    for address in wanted {
        let Some(external) = body::id(&address["id"]) else {
            continue;
        };
        // A newer list is known: it has told which there are.
        let is_told = thing.last(LIST).is_some_and(|list| list > said);
        if is_told || !thing.is_news(&facet(&external), said) {
            continue;
        }
        let is_default = default_id.as_ref() == Some(&external) || address["default"].as_bool() == Some(true);
        let mut input = fields(address);
        if is_default && thing.is_news("default_address", said) {
            input["is_default"] = true.into();
        }
        let mark = body::mark(&input);
        let kept = known.get(&external);
        if kept.is_some_and(|kept| kept["mark"] == mark.as_str()) {
            continue;
        }
        let address_id = put(tx, id, kept.and_then(our_id), input, defaults, left_out).await?;
        if let Some(address_id) = address_id {
            known.insert(external, json!({"id": address_id, "mark": mark}));
        }
    }
    thing.data.insert(KEPT.into(), known.into());
    Ok(())
}

/// The facet of one address.
fn facet(external: &str) -> String {
    format!("address:{external}")
}

fn our_id(kept: &Value) -> Option<AddressId> {
    serde_json::from_value(kept["id"].clone()).ok()
}

/// Writes one; none if it is gone here or nothing of it fits.
async fn put(
    tx: &mut Tx,
    id: CustomerId,
    known: Option<AddressId>,
    mut input: Value,
    defaults: &Defaults,
    left_out: &mut Vec<String>,
) -> Result<Option<AddressId>> {
    loop {
        let fields: AddressInput = serde_json::from_value(input.clone())?;
        let written = match known {
            Some(address_id) => {
                ops::addresses::update(tx, id, address_id, &fields, &|_| Ok(()), defaults).await
            }
            None => ops::addresses::create(tx, id, &fields, defaults).await,
        };
        match written {
            Ok(address) => return Ok(Some(address.id)),
            // Staff took it away, or there are too many.
            Err(Error::NotFound(_)) => return Ok(known),
            Err(error) => {
                let mut places = Vec::new();
                if leave_out(&mut input, error, &mut places).is_err() {
                    left_out.push("/addresses".into());
                    return Ok(None);
                }
                left_out.extend(places.into_iter().map(|place| format!("/addresses{place}")));
            }
        }
    }
}

/// Ours of Shopify's fields; what is absent stays absent.
pub fn fields(address: &Value) -> Value {
    const SAME: &[(&str, &str)] = &[
        ("name", "name"),
        ("company", "company"),
        ("address1", "line1"),
        ("address2", "line2"),
        ("city", "city"),
        ("zip", "postal_code"),
        ("phone", "phone"),
        ("latitude", "latitude"),
        ("longitude", "longitude"),
    ];
    let mut ours = Map::new();
    for (theirs, name) in SAME {
        let is_degrees = matches!(*name, "latitude" | "longitude");
        let fits = |value: &&Value| {
            value.is_null() || value.is_number() == is_degrees && (is_degrees || value.is_string())
        };
        if let Some(value) = address.get(theirs).filter(fits) {
            ours.insert((*name).to_owned(), value.clone());
        }
    }
    for (name, theirs) in [
        ("province", ["province", "province_code"]),
        ("country", ["country_code", "country"]),
    ] {
        let said = theirs.iter().filter_map(|field| address.get(field));
        let said = said.filter(|value| value.is_null() || value.is_string());
        if let Some(value) = said
            .clone()
            .find(|value| value.is_string())
            .or(said.into_iter().next())
        {
            ours.insert(name.to_owned(), value.clone());
        }
    }
    ours.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_stays_absent_and_null_stays_null() {
        let ours = fields(
            &json!({"address1": "1 Main St", "address2": null, "country": "Canada", "country_code": "CA", "province_code": "ON"}),
        );
        assert_eq!(
            ours,
            json!({"line1": "1 Main St", "line2": null, "province": "ON", "country": "CA"})
        );
    }
}

//! Stock by location: `inventory_items/*`, `inventory_levels/*` and `locations/*`.

use regulars_commerce::{
    model::{Item, Level, Location},
    ops,
};
use regulars_connect::{Applied, Failure, Received};
use regulars_database::Tx;
use regulars_kernel::text::clean_line;
use serde_json::json;

use crate::{SOURCE, body};

/// `inventory_items/create` and `update`: whether it is counted.
pub async fn put_item(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let told = body::parse(message)?;
    let said = body::said(message, body::time(&told["updated_at"]));
    let item = Item {
        source: SOURCE.into(),
        external_id: body::required_id(&told, &["id"])?,
        source_version: Some(said.0),
        source_sequence: Some(said.1),
        is_tracked: told["tracked"].as_bool().unwrap_or(true),
    };
    ops::stock::put_item(tx, &item).await?;
    Ok(Applied::Done(json!({"inventory_item": item.external_id})))
}

/// `inventory_items/delete`.
pub async fn delete_item(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let gone = body::parse(message)?;
    let id = body::required_id(&gone, &["id"])?;
    ops::stock::delete_item(tx, SOURCE, &id).await?;
    Ok(Applied::Done(json!({"deleted": true})))
}

/// `inventory_levels/connect`, `update` and, where it is kept there no more, `disconnect`.
pub async fn put_level(tx: &mut Tx, message: &Received, is_stocked: bool) -> Result<Applied, Failure> {
    let told = body::parse(message)?;
    let said = body::said(message, body::time(&told["updated_at"]));
    let level = Level {
        source: SOURCE.into(),
        inventory_item_id: body::required_id(&told, &["inventory_item_id"])?,
        location_external_id: body::required_id(&told, &["location_id"])?,
        source_version: Some(said.0),
        source_sequence: Some(said.1),
        available: told["available"]
            .as_i64()
            .filter(|_| is_stocked)
            .and_then(|count| i32::try_from(count).ok()),
        is_stocked,
    };
    let done = json!({"inventory_item": level.inventory_item_id, "location": level.location_external_id});
    ops::stock::put_levels(tx, vec![level]).await?;
    Ok(Applied::Done(done))
}

/// `locations/create`, `update`, `activate` and `deactivate`: what it is called.
pub async fn put_location(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let told = body::parse(message)?;
    let said = body::said(message, body::time(&told["updated_at"]));
    let name = told["name"].as_str().and_then(|name| clean_line(name, 200).ok());
    let location = Location {
        source: SOURCE.into(),
        external_id: body::required_id(&told, &["id"])?,
        source_version: Some(said.0),
        source_sequence: Some(said.1),
        name: name.filter(|name| !name.is_empty()),
        is_active: told["active"].as_bool().unwrap_or(true),
    };
    let done = json!({"location": location.external_id});
    ops::stock::put_locations(tx, vec![location]).await?;
    Ok(Applied::Done(done))
}

/// `locations/delete`.
pub async fn delete_location(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let gone = body::parse(message)?;
    let id = body::required_id(&gone, &["id"])?;
    ops::stock::delete_location(tx, SOURCE, &id).await?;
    Ok(Applied::Done(json!({"deleted": true})))
}

//! Definitions of custom attributes.

use regulars_accounts::audit;
use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{Error, Faults, Patch, Result, ids::AttributeId};
use serde_json::json;

use super::Guard;
use crate::{
    model::{AttributeDefinition, AttributeInput},
    store,
};

/// Most definitions of one organization.
pub const MOST_DEFINITIONS: usize = 200;

/// All definitions in their order, archived ones too.
pub async fn list(tx: &mut Tx) -> Result<Vec<AttributeDefinition>> {
    Ok(store::attributes::all(tx).await?.0)
}

/// One definition.
pub async fn get(tx: &mut Tx, id: AttributeId) -> Result<AttributeDefinition> {
    let all = store::attributes::all(tx).await?.0;
    all.into_iter()
        .find(|one| one.id == id)
        .ok_or(Error::NotFound("attribute"))
}

/// Makes a definition; it stands behind the others unless its position is said.
pub async fn create(tx: &mut Tx, input: &AttributeInput) -> Result<AttributeDefinition> {
    let all = store::attributes::all(tx).await?.0;
    if all.len() >= MOST_DEFINITIONS {
        let message = format!("an organization may have {MOST_DEFINITIONS} attributes");
        return Err(Error::conflict("", "too_many", message));
    }
    let now = tx.now();
    let mut definition = AttributeDefinition::blank(now);
    let mut faults = Faults::new();
    input.apply(&mut definition, true, now, &mut faults);
    if input.position == Patch::Keep {
        definition.position = all
            .iter()
            .map(|one| one.position)
            .max()
            .unwrap_or(0)
            .saturating_add(1);
    }
    faults.check()?;
    store::attributes::insert(tx, &definition).await?;
    let data = json!({"id": definition.id, "name": definition.name});
    regulars_events::append(tx, NewEvent::new("attribute.created").data(data)).await?;
    let facts = json!({"name": definition.name, "kind": definition.kind});
    audit(
        tx,
        "attribute.created",
        Some(("attribute", definition.id.0)),
        facts,
    )
    .await?;
    Ok(definition)
}

/// Changes a definition; its name and kind stay.
pub async fn update(
    tx: &mut Tx,
    id: AttributeId,
    input: &AttributeInput,
    guard: Guard<'_>,
) -> Result<AttributeDefinition> {
    let before = store::attributes::lock(tx, id)
        .await?
        .ok_or(Error::NotFound("attribute"))?;
    guard(before.version)?;
    let mut after = before.clone();
    let mut faults = Faults::new();
    input.apply(&mut after, false, tx.now(), &mut faults);
    faults.check()?;
    if after == before {
        return Ok(before);
    }
    store::attributes::update(tx, &after).await?;
    let changes = super::contacts::differences(&before, &after);
    let facts = json!({"name": after.name, "changes": changes});
    let data = json!({"id": id, "name": after.name, "changes": changes});
    regulars_events::append(tx, NewEvent::new("attribute.updated").data(data)).await?;
    audit(tx, "attribute.updated", Some(("attribute", id.0)), facts).await?;
    get(tx, id).await
}

/// Removes a definition that nobody has a value for; one that is used can be archived.
pub async fn delete(tx: &mut Tx, id: AttributeId, guard: Guard<'_>) -> Result<()> {
    let definition = store::attributes::lock(tx, id)
        .await?
        .ok_or(Error::NotFound("attribute"))?;
    guard(definition.version)?;
    if store::attributes::is_used(tx, &definition.name).await? {
        let message = "customers have values for this attribute; archive it instead";
        return Err(Error::conflict("", "still_in_use", message));
    }
    store::attributes::delete(tx, id).await?;
    let data = json!({"id": id, "name": definition.name});
    regulars_events::append(tx, NewEvent::new("attribute.deleted").data(data)).await?;
    audit(
        tx,
        "attribute.deleted",
        Some(("attribute", id.0)),
        json!({"name": definition.name}),
    )
    .await
}

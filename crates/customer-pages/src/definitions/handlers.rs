//! Changes tags and attributes by the same use cases as the API.

use axum::{
    extract::RawQuery,
    response::{IntoResponse, Response},
};
use maud::html;
use regulars_database::Tx;
use regulars_kernel::{
    Error, PageRequest, Patch, Permission, Result,
    ids::{AttributeId, TagId},
    paging::Start,
};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{FlashKind, Nav, page},
};
use serde_json::{Map, Value};

use super::view::{self, AttributeLine, DefinitionsView, PATH, TagLine};
use crate::{
    face::{faults_of, guard, refused, said, sheet, toast_of},
    form::Typed,
    state::ListState,
};
use regulars_customers::{
    model::{AttributeDefinition, AttributeInput, Choice as _, Tag, TagInput},
    ops::{self, UNGUARDED},
};

/// The most tags that the page shows.
const MOST: u32 = 500;

fn line(tag: Tag) -> TagLine {
    TagLine {
        id: tag.id,
        version: tag.version,
        name: tag.name,
        color: tag.color.as_str().to_owned(),
        description: tag.description.unwrap_or_default(),
        customers: tag.customers,
    }
}

fn attribute_line(definition: AttributeDefinition) -> AttributeLine {
    AttributeLine {
        id: definition.id,
        version: definition.version,
        name: definition.name,
        label: definition.label,
        kind: definition.kind.as_str().to_owned(),
        options: definition.options,
        required: definition.required,
        archived: definition.archived_at.is_some(),
    }
}

async fn tags(tx: &mut Tx) -> Result<Vec<TagLine>> {
    let page = PageRequest {
        limit: MOST,
        start: Start::First,
    };
    Ok(ops::tags::list(tx, None, &page)
        .await?
        .data
        .into_iter()
        .map(line)
        .collect())
}

/// `GET /settings/definitions`
pub(crate) async fn show(call: PageCall) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let shell = call.shell(Nav::Definitions, view::NAME);
    let view = DefinitionsView {
        tags: tags(&mut tx).await?,
        attributes: ops::attributes::list(&mut tx)
            .await?
            .into_iter()
            .map(attribute_line)
            .collect(),
        may_write: call.caller.may(Permission::DefinitionsWrite),
        locale: shell.locale,
    };
    let content = view::content(&view);
    if call.is_fragment() {
        return Ok(content.into_response());
    }
    Ok(page(&shell, html! {}, content).into_response())
}

fn done(call: &PageCall, text: impl Into<String>) -> Response {
    said(
        call,
        FlashKind::Success,
        text,
        None,
        PATH,
        &["closeSheet", "definitionsChanged"],
    )
}

/// A definition that somebody else changed meanwhile is shown as a fault above the form; sending it again goes through
/// with the version that is current now.
fn stale(error: Error, typed: Typed) -> Result<(Vec<regulars_kernel::Fault>, Typed)> {
    match error {
        Error::Stale { current } => {
            let fault = regulars_kernel::Fault {
                pointer: String::new(),
                code: "stale".into(),
                message: "Somebody else changed this meanwhile. Save again to put yours in its place, or close this and look.".to_owned(),
            };
            Ok((vec![fault], typed.with("version", current)))
        }
        other => Ok((faults_of(other)?, typed)),
    }
}

fn read<T: serde::de::DeserializeOwned>(body: Map<String, Value>) -> Result<T> {
    serde_json::from_value(Value::Object(body))
        .map_err(|error| Error::invalid("", "malformed", error.to_string()))
}

fn tag_input(typed: &Typed) -> Result<TagInput> {
    read(typed.texts(&["name", "color", "description"]))
}

/// `GET /settings/definitions/tags/new`
pub(crate) async fn new_tag(call: PageCall) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    Ok(sheet(&call, "New tag", view::tag_form(None, &Typed::new(), &[])))
}

/// `POST /settings/definitions/tags`
pub(crate) async fn add_tag(call: PageCall, typed: Typed) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    match ops::tags::create(&mut tx, &tag_input(&typed)?).await {
        Ok(tag) => {
            tx.commit().await?;
            Ok(done(&call, format!("Tag {} made.", tag.name)))
        }
        Err(error) => Ok(refused(
            &call,
            "New tag",
            view::tag_form(None, &typed, &faults_of(error)?),
        )),
    }
}

/// `GET /settings/definitions/tags/{id}/edit`
pub(crate) async fn edit_tag(call: PageCall, Path(id): Path<TagId>) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.read().await?;
    let tag = line(ops::tags::get(&mut tx, id).await?);
    let typed = Typed::new()
        .with("version", tag.version)
        .with("name", tag.name)
        .with("color", tag.color)
        .with("description", tag.description);
    Ok(sheet(&call, "Edit tag", view::tag_form(Some(id), &typed, &[])))
}

/// `POST /settings/definitions/tags/{id}`
pub(crate) async fn save_tag(call: PageCall, Path(id): Path<TagId>, typed: Typed) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    match ops::tags::update(&mut tx, id, &tag_input(&typed)?, &guard(&typed)).await {
        Ok(tag) => {
            tx.commit().await?;
            Ok(done(&call, format!("Tag {} saved.", tag.name)))
        }
        Err(error) => {
            let (faults, typed) = stale(error, typed)?;
            Ok(refused(
                &call,
                "Edit tag",
                view::tag_form(Some(id), &typed, &faults),
            ))
        }
    }
}

/// `POST /settings/definitions/tags/{id}/delete`
pub(crate) async fn delete_tag(call: PageCall, Path(id): Path<TagId>) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    match ops::tags::delete(&mut tx, id, UNGUARDED).await {
        Ok(job) => {
            tx.commit().await?;
            Ok(done(
                &call,
                match job {
                    None => "Tag deleted.",
                    Some(_) => "Many customers have this tag: it is being taken from them and gone soon.",
                },
            ))
        }
        Err(error) => toast_of(&call, error, PATH),
    }
}

/// `GET /settings/definitions/tags/{id}/merge`
pub(crate) async fn merge_sheet(call: PageCall, Path(id): Path<TagId>) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.read().await?;
    let from = line(ops::tags::get(&mut tx, id).await?);
    let others = tags(&mut tx).await?;
    Ok(sheet(
        &call,
        "Merge tags",
        view::merge_form(&from, &others, &Typed::new(), &[]),
    ))
}

/// `POST /settings/definitions/tags/{id}/merge`
pub(crate) async fn merge(call: PageCall, Path(id): Path<TagId>, typed: Typed) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    let into = typed.get("into").parse::<TagId>();
    let merged = match into {
        Ok(into) => ops::tags::merge(&mut tx, id, into).await,
        Err(_) => Err(Error::invalid("/into", "missing", "choose the tag that stays")),
    };
    match merged {
        Ok((tag, job)) => {
            tx.commit().await?;
            let text = match job {
                None => format!("Merged into {}.", tag.name),
                Some(_) => format!(
                    "Many customers have this tag: they are being given {} instead, and it is gone soon.",
                    tag.name
                ),
            };
            Ok(done(&call, text))
        }
        Err(error) => {
            drop(tx);
            let faults = faults_of(error)?;
            let mut tx = call.read().await?;
            let from = line(ops::tags::get(&mut tx, id).await?);
            let others = tags(&mut tx).await?;
            Ok(refused(
                &call,
                "Merge tags",
                view::merge_form(&from, &others, &typed, &faults),
            ))
        }
    }
}

/// An attribute as typed: its options one on each line, for the types that have them.
fn attribute_input(typed: &Typed, new: bool) -> Result<AttributeInput> {
    let mut body = typed.texts(if new {
        &["name", "label", "kind"]
    } else {
        &["label"]
    });
    body.insert("required".to_owned(), Value::Bool(typed.ticked("required")));
    if typed.has("options") && matches!(typed.get("kind"), "select" | "list") {
        let options: Vec<_> = typed
            .get("options")
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        body.insert("options".to_owned(), Value::from(options));
    }
    read(body)
}

/// `GET /settings/definitions/attributes/new`
pub(crate) async fn new_attribute(call: PageCall) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    Ok(sheet(
        &call,
        "New attribute",
        view::attribute_form(None, &Typed::new(), &[]),
    ))
}

/// `POST /settings/definitions/attributes`
pub(crate) async fn add_attribute(call: PageCall, typed: Typed) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    match ops::attributes::create(&mut tx, &attribute_input(&typed, true)?).await {
        Ok(definition) => {
            tx.commit().await?;
            Ok(done(&call, format!("Attribute {} made.", definition.label)))
        }
        Err(error) => Ok(refused(
            &call,
            "New attribute",
            view::attribute_form(None, &typed, &options_at_field(faults_of(error)?)),
        )),
    }
}

fn options_at_field(faults: Vec<regulars_kernel::Fault>) -> Vec<regulars_kernel::Fault> {
    crate::face::at_field(faults, "options", "options")
}

/// `GET /settings/definitions/attributes/{id}/edit`
pub(crate) async fn edit_attribute(call: PageCall, Path(id): Path<AttributeId>) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.read().await?;
    let line = attribute_line(ops::attributes::get(&mut tx, id).await?);
    let typed = Typed::new()
        .with("version", line.version)
        .with("name", line.name)
        .with("label", line.label)
        .with("kind", line.kind)
        .with("options", line.options.join("\n"))
        .with("required", line.required);
    Ok(sheet(
        &call,
        "Edit attribute",
        view::attribute_form(Some(id), &typed, &[]),
    ))
}

/// `POST /settings/definitions/attributes/{id}`
pub(crate) async fn save_attribute(call: PageCall, Path(id): Path<AttributeId>, typed: Typed) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    match ops::attributes::update(&mut tx, id, &attribute_input(&typed, false)?, &guard(&typed)).await {
        Ok(definition) => {
            tx.commit().await?;
            Ok(done(&call, format!("Attribute {} saved.", definition.label)))
        }
        Err(error) => {
            let (faults, typed) = stale(error, typed)?;
            Ok(refused(
                &call,
                "Edit attribute",
                view::attribute_form(Some(id), &typed, &options_at_field(faults)),
            ))
        }
    }
}

/// `POST /settings/definitions/attributes/{id}/archive?archived=true|false`
pub(crate) async fn archive(
    call: PageCall,
    Path(id): Path<AttributeId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let archived = ListState::parse(query.as_deref().unwrap_or_default()).get("archived") == "true";
    let mut tx = call.write().await?;
    let wanted = AttributeInput {
        archived: Patch::Set(archived),
        ..AttributeInput::default()
    };
    match ops::attributes::update(&mut tx, id, &wanted, UNGUARDED).await {
        Ok(definition) => {
            tx.commit().await?;
            Ok(done(
                &call,
                format!(
                    "Attribute {} {}.",
                    definition.label,
                    if archived { "archived" } else { "is back" }
                ),
            ))
        }
        Err(error) => toast_of(&call, error, PATH),
    }
}

/// `POST /settings/definitions/attributes/{id}/delete`: only one that nobody has a value for.
pub(crate) async fn delete_attribute(call: PageCall, Path(id): Path<AttributeId>) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    match ops::attributes::delete(&mut tx, id, UNGUARDED).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(done(&call, "Attribute deleted."))
        }
        Err(error) => toast_of(&call, error, PATH),
    }
}

/// `POST /settings/definitions/attributes/{id}/move?by=-1|1`: changes places with its neighbour.
pub(crate) async fn shift(
    call: PageCall,
    Path(id): Path<AttributeId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::DefinitionsWrite)?;
    let up = ListState::parse(query.as_deref().unwrap_or_default()).get("by") == "-1";
    let mut tx = call.write().await?;
    let mut order: Vec<_> = ops::attributes::list(&mut tx)
        .await?
        .into_iter()
        .map(|definition| (definition.id, definition.position))
        .collect();
    let at = order
        .iter()
        .position(|(known, _)| *known == id)
        .ok_or(Error::NotFound("attribute"))?;
    let to = if up {
        at.checked_sub(1)
    } else {
        Some(at + 1).filter(|to| *to < order.len())
    };
    let Some(to) = to else {
        return Ok(done(
            &call,
            if up {
                "It stands first already."
            } else {
                "It stands last already."
            },
        ));
    };
    order.swap(at, to);
    // Positions may be equal from before they were ever changed, so all that are out of place are numbered.
    for (position, (id, was)) in order.into_iter().enumerate() {
        let position = i32::try_from(position).unwrap_or(i32::MAX);
        if position != was {
            let wanted = AttributeInput {
                position: Patch::Set(position),
                ..AttributeInput::default()
            };
            ops::attributes::update(&mut tx, id, &wanted, UNGUARDED).await?;
        }
    }
    tx.commit().await?;
    Ok(done(&call, "Moved."))
}

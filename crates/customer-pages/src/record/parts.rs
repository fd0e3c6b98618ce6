//! Changes what hangs on a customer: notes, contacts, addresses.

use axum::extract::RawQuery;
use maud::{Markup, html};
use regulars_kernel::{
    Error, Faults, Permission,
    ids::{AddressId, ContactId, CustomerId, NoteId},
};
use regulars_web::{PageCall, PageResult, Path};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{addresses, contacts, notes, writing};
use crate::{
    customer_form::{rebased, stale_notice},
    face::{defaults, done, faults_of, guard, overtaken, refused, sheet, toast_of},
    form::Typed,
    marks,
    state::ListState,
};
use regulars_customers::{
    model::{Address, AddressInput, Choice as _, Contact, ContactInput, NoteInput},
    ops::{self, UNGUARDED},
};

fn href(id: CustomerId, tab: &str) -> String {
    format!("/customers/{id}?tab={tab}")
}

pub(super) fn input<T: DeserializeOwned>(body: Map<String, Value>) -> Result<T, Error> {
    serde_json::from_value(Value::Object(body))
        .map_err(|error| Error::invalid("", "malformed", error.to_string()))
}

/// `GET /customers/{id}/notes/new`
pub(crate) async fn new_note(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    ops::require_living(&mut tx, id).await?;
    let typed = Typed::new().with("body", writing::drafted(&mut tx, &call, id).await?);
    Ok(sheet(
        &call,
        "New note",
        notes::form(id, None, &typed, &[], html! {}),
    ))
}

/// `POST /customers/{id}/notes`: from the sheet, or from the field above the notes.
pub(crate) async fn add_note(call: PageCall, Path(id): Path<CustomerId>, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let wanted = writing::written(&mut tx, &typed, "").await;
    let added = match wanted {
        Ok(wanted) => match marks::user(&call) {
            Some(user) => ops::notes::say(&mut tx, user, id, &wanted).await,
            None => ops::notes::create(&mut tx, id, &wanted).await,
        },
        Err(error) => Err(error),
    };
    match added {
        Ok(_) => {
            tx.commit().await?;
            Ok(done(&call, "Note added.", None, &href(id, "notes")))
        }
        Err(error) if typed.ticked("sheet") => {
            let faults = faults_of(error)?;
            Ok(refused(
                &call,
                "New note",
                notes::form(id, None, &typed, &faults, html! {}),
            ))
        }
        Err(error) => toast_of(&call, error, &href(id, "notes")),
    }
}

/// `GET /customers/{id}/notes/{note}/edit`
pub(crate) async fn edit_note(call: PageCall, Path((id, note)): Path<(CustomerId, NoteId)>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    let now = ops::notes::get(&mut tx, id, note).await?;
    let body = ops::mentions::shown(&mut tx, &now.body).await?;
    let typed = Typed::new().with("body", body).with("version", now.version);
    Ok(sheet(
        &call,
        "Edit note",
        notes::form(id, Some(note), &typed, &[], html! {}),
    ))
}

/// `POST /customers/{id}/notes/{note}`
pub(crate) async fn save_note(
    call: PageCall,
    Path((id, note)): Path<(CustomerId, NoteId)>,
    typed: Typed,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let typed = typed.chosen();
    let mut tx = call.write().await?;
    let before = ops::notes::get(&mut tx, id, note).await?;
    let wanted = writing::written(&mut tx, &typed, &before.body).await?;
    match ops::notes::revise(&mut tx, id, note, &wanted, &guard(&typed)).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(done(&call, "Note saved.", None, &href(id, "notes")))
        }
        Err(Error::Stale { .. }) => {
            drop(tx);
            let mut tx = call.read().await?;
            let now = ops::notes::get(&mut tx, id, note).await?;
            let theirs = ops::mentions::shown(&mut tx, &now.body).await?;
            let clash = vec![("body".to_owned(), theirs, typed.get("body").to_owned())];
            let typed = typed.with("version", now.version);
            Ok(overtaken(
                &call,
                "Edit note",
                notes::form(id, Some(note), &typed, &[], stale_notice(&clash)),
            ))
        }
        Err(error) => Ok(refused(
            &call,
            "Edit note",
            notes::form(id, Some(note), &typed, &faults_of(error)?, html! {}),
        )),
    }
}

/// `POST /customers/{id}/notes/{note}/pin?pinned=true|false`
pub(crate) async fn pin_note(
    call: PageCall,
    Path((id, note)): Path<(CustomerId, NoteId)>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let pinned = ListState::parse(query.as_deref().unwrap_or_default()).get("pinned") == "true";
    let mut tx = call.write().await?;
    let wanted = NoteInput {
        pinned: regulars_kernel::Patch::Set(pinned),
        ..NoteInput::default()
    };
    ops::notes::update(&mut tx, id, note, &wanted, UNGUARDED).await?;
    tx.commit().await?;
    Ok(done(
        &call,
        if pinned { "Note pinned." } else { "Note unpinned." },
        None,
        &href(id, "notes"),
    ))
}

/// `POST /customers/{id}/notes/{note}/delete`
pub(crate) async fn delete_note(call: PageCall, Path((id, note)): Path<(CustomerId, NoteId)>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::notes::delete(&mut tx, id, note, UNGUARDED).await?;
    tx.commit().await?;
    Ok(done(&call, "Note deleted.", None, &href(id, "notes")))
}

/// Ticks that are not sent are unticked: a browser leaves them out.
fn with_ticks(mut body: Map<String, Value>, typed: &Typed, names: &[&str]) -> Map<String, Value> {
    for name in names {
        body.insert((*name).to_owned(), Value::Bool(typed.ticked(name)));
    }
    body
}

/// The contact as typed.
pub(crate) fn contact_input(typed: &Typed) -> Result<ContactInput, Error> {
    input(with_ticks(typed.texts(contacts::TEXTS), typed, contacts::TICKS))
}

fn contact_typed(contact: &Contact) -> Typed {
    Typed::new()
        .with("version", contact.version)
        .with_some("first_name", contact.first_name.as_deref())
        .with_some("last_name", contact.last_name.as_deref())
        .with_some(
            "email",
            contact.email.as_ref().map(|email| email.as_str().to_owned()),
        )
        .with_some(
            "phone",
            contact.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        )
        .with_some("title", contact.title.as_deref())
        .with_some("department", contact.department.as_deref())
        .with_some("note", contact.note.as_deref())
        .with("is_primary", contact.is_primary)
        .with("is_decision_maker", contact.is_decision_maker)
        .with("is_influencer", contact.is_influencer)
}

/// `GET /customers/{id}/contacts/new`
pub(crate) async fn new_contact(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    ops::require_living(&mut call.read().await?, id).await?;
    Ok(sheet(
        &call,
        "New contact",
        contacts::form(id, None, &Typed::new(), &[], html! {}),
    ))
}

/// `POST /customers/{id}/contacts`
pub(crate) async fn add_contact(call: PageCall, Path(id): Path<CustomerId>, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let defaults = defaults(&call, &tx);
    let wanted = contact_input(&typed)?;
    match ops::contacts::create(&mut tx, id, &wanted, &defaults).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(done(&call, "Contact added.", None, &href(id, "contacts")))
        }
        Err(error) => Ok(refused(
            &call,
            "New contact",
            contacts::form(id, None, &typed, &faults_of(error)?, html! {}),
        )),
    }
}

/// `GET /customers/{id}/contacts/{contact}/edit`
pub(crate) async fn edit_contact(
    call: PageCall,
    Path((id, contact)): Path<(CustomerId, ContactId)>,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    let typed = contact_typed(&ops::contacts::get(&mut tx, id, contact).await?);
    Ok(sheet(
        &call,
        "Edit contact",
        contacts::form(id, Some(contact), &typed, &[], html! {}),
    ))
}

/// `POST /customers/{id}/contacts/{contact}`
pub(crate) async fn save_contact(
    call: PageCall,
    Path((id, contact)): Path<(CustomerId, ContactId)>,
    typed: Typed,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let typed = typed.chosen();
    let mut tx = call.write().await?;
    let defaults = defaults(&call, &tx);
    let wanted = contact_input(&typed)?;
    match ops::contacts::update(&mut tx, id, contact, &wanted, &guard(&typed), &defaults).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(done(&call, "Contact saved.", None, &href(id, "contacts")))
        }
        Err(Error::Stale { .. }) => {
            drop(tx);
            let mut tx = call.read().await?;
            let now = contact_typed(&ops::contacts::get(&mut tx, id, contact).await?);
            let (typed, notice) = overtaking(&typed, &now, contacts::TICKS);
            Ok(overtaken(
                &call,
                "Edit contact",
                contacts::form(id, Some(contact), &typed, &[], notice),
            ))
        }
        Err(error) => Ok(refused(
            &call,
            "Edit contact",
            contacts::form(id, Some(contact), &typed, &faults_of(error)?, html! {}),
        )),
    }
}

/// What was typed over what is there now, with every difference named: these forms do not carry what they showed.
fn overtaking(typed: &Typed, now: &Typed, ticks: &[&str]) -> (Typed, Markup) {
    let mut typed = typed.clone();
    for name in ticks {
        let ticked = typed.ticked(name);
        typed = typed.with(name, ticked);
    }
    let neither = typed
        .names()
        .fold(Typed::new(), |neither, name| neither.with(name, "\u{0}"));
    let (merged, clashes) = rebased(&typed, &neither, now);
    (merged, stale_notice(&clashes))
}

/// `POST /customers/{id}/contacts/{contact}/delete`
pub(crate) async fn delete_contact(
    call: PageCall,
    Path((id, contact)): Path<(CustomerId, ContactId)>,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::contacts::delete(&mut tx, id, contact, UNGUARDED).await?;
    tx.commit().await?;
    Ok(done(&call, "Contact deleted.", None, &href(id, "contacts")))
}

fn address_typed(address: &Address) -> Typed {
    Typed::new()
        .with("version", address.version)
        .with("type", address.address_type.as_str())
        .with_some("name", address.name.as_deref())
        .with_some("company", address.company.as_deref())
        .with_some("line1", address.line1.as_deref())
        .with_some("line2", address.line2.as_deref())
        .with_some("city", address.city.as_deref())
        .with_some("province", address.province.as_deref())
        .with_some("postal_code", address.postal_code.as_deref())
        .with_some(
            "country",
            address.country.as_ref().map(regulars_kernel::Country::as_str),
        )
        .with_some(
            "phone",
            address.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        )
        .with_some("latitude", address.latitude)
        .with_some("longitude", address.longitude)
        .with_some(
            "time_zone",
            address.time_zone.as_ref().map(regulars_kernel::TimeZone::as_str),
        )
        .with("is_default", address.is_default)
}

/// The address as typed; degrees that are no numbers are faults of their fields.
pub(crate) fn address_input(typed: &Typed) -> Result<AddressInput, Error> {
    let mut faults = Faults::new();
    let mut body = with_ticks(typed.texts(addresses::TEXTS), typed, &["is_default"]);
    for name in addresses::NUMBERS {
        let text = typed.get(name).trim().replace(',', ".");
        let value = match text.parse::<f64>() {
            _ if text.is_empty() => Value::Null,
            Ok(degrees) if degrees.is_finite() => Value::from(degrees),
            _ => {
                faults.add(
                    format!("/{name}"),
                    "number_invalid",
                    format!("a {name} is a number of degrees, such as 52.52"),
                );
                continue;
            }
        };
        body.insert((*name).to_owned(), value);
    }
    faults.check()?;
    input(body)
}

/// `GET /customers/{id}/addresses/new`
pub(crate) async fn new_address(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    ops::require_living(&mut call.read().await?, id).await?;
    let typed = Typed::new().with("type", "both");
    Ok(sheet(
        &call,
        "New address",
        addresses::form(id, None, &typed, &[], html! {}),
    ))
}

/// `POST /customers/{id}/addresses`
pub(crate) async fn add_address(call: PageCall, Path(id): Path<CustomerId>, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let defaults = defaults(&call, &tx);
    let added = match address_input(&typed) {
        Ok(wanted) => ops::addresses::create(&mut tx, id, &wanted, &defaults).await,
        Err(error) => Err(error),
    };
    match added {
        Ok(_) => {
            tx.commit().await?;
            Ok(done(&call, "Address added.", None, &href(id, "addresses")))
        }
        Err(error) => Ok(refused(
            &call,
            "New address",
            addresses::form(id, None, &typed, &faults_of(error)?, html! {}),
        )),
    }
}

/// `GET /customers/{id}/addresses/{address}/edit`
pub(crate) async fn edit_address(
    call: PageCall,
    Path((id, address)): Path<(CustomerId, AddressId)>,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    let typed = address_typed(&ops::addresses::get(&mut tx, id, address).await?);
    Ok(sheet(
        &call,
        "Edit address",
        addresses::form(id, Some(address), &typed, &[], html! {}),
    ))
}

/// `POST /customers/{id}/addresses/{address}`
pub(crate) async fn save_address(
    call: PageCall,
    Path((id, address)): Path<(CustomerId, AddressId)>,
    typed: Typed,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let typed = typed.chosen();
    let mut tx = call.write().await?;
    let defaults = defaults(&call, &tx);
    let saved = match address_input(&typed) {
        Ok(wanted) => ops::addresses::update(&mut tx, id, address, &wanted, &guard(&typed), &defaults).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => {
            tx.commit().await?;
            Ok(done(&call, "Address saved.", None, &href(id, "addresses")))
        }
        Err(Error::Stale { .. }) => {
            drop(tx);
            let mut tx = call.read().await?;
            let now = address_typed(&ops::addresses::get(&mut tx, id, address).await?);
            let (typed, notice) = overtaking(&typed, &now, &["is_default"]);
            Ok(overtaken(
                &call,
                "Edit address",
                addresses::form(id, Some(address), &typed, &[], notice),
            ))
        }
        Err(error) => Ok(refused(
            &call,
            "Edit address",
            addresses::form(id, Some(address), &typed, &faults_of(error)?, html! {}),
        )),
    }
}

/// `POST /customers/{id}/addresses/{address}/default`
pub(crate) async fn default_address(
    call: PageCall,
    Path((id, address)): Path<(CustomerId, AddressId)>,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let defaults = defaults(&call, &tx);
    let wanted = AddressInput {
        is_default: regulars_kernel::Patch::Set(true),
        ..AddressInput::default()
    };
    ops::addresses::update(&mut tx, id, address, &wanted, UNGUARDED, &defaults).await?;
    tx.commit().await?;
    Ok(done(&call, "Default address set.", None, &href(id, "addresses")))
}

/// `POST /customers/{id}/addresses/{address}/delete`
pub(crate) async fn delete_address(
    call: PageCall,
    Path((id, address)): Path<(CustomerId, AddressId)>,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::addresses::delete(&mut tx, id, address, UNGUARDED).await?;
    tx.commit().await?;
    Ok(done(&call, "Address deleted.", None, &href(id, "addresses")))
}

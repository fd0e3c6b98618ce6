//! Changes a customer itself: its fields, tags, place in the hierarchy, sources; deletes and restores it.

use axum::extract::RawQuery;
use regulars_database::Tx;
use regulars_kernel::{Error, Fault, Patch, Permission, Result, ids::CustomerId};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{Flash, FlashKind},
    redirect_with,
};
use serde_json::Value;

use super::{
    details, load, show,
    view::{Linked, Section, shown_name},
};
use crate::{
    customer_fields::{AttributeField, Offered},
    customer_form::{self, CustomerForm},
    face::{at_field, defaults, done, faults_of, guard, overtaken, refused, sheet, toast_of},
    form::Typed,
    state::ListState,
    wizard,
};
use regulars_customers::{
    model::{
        Channel, Choice as _, ConsentInput, ConsentState, Customer, CustomerInput, Included, NewCustomer,
    },
    ops::{self, UNGUARDED},
    store::{captions, parts::Key},
};

/// A customer as it is now, deleted or not.
async fn current(tx: &mut Tx, id: CustomerId) -> Result<Customer> {
    Ok(ops::customers::get(tx, Key::Id(id), &Included::default(), true)
        .await?
        .customer)
}

pub(super) fn href(id: CustomerId) -> String {
    format!("/customers/{id}")
}

/// What the form of a customer offers to choose from.
pub(crate) async fn offered(call: &PageCall, tx: &mut Tx, customer: Option<&Customer>) -> Result<Offered> {
    let mut owners: Vec<_> = captions::members(tx)
        .await?
        .into_iter()
        .map(|(id, name)| (id.to_string(), name))
        .collect();
    if let Some(owner) = customer.and_then(|customer| customer.owner_id)
        && !owners.iter().any(|(id, _)| *id == owner.to_string())
    {
        let name = captions::names(tx, &[owner.0]).await?.remove(&owner.0);
        owners.push((owner.to_string(), name.unwrap_or_else(|| "Somebody".to_owned())));
    }
    let definitions = ops::attributes::list(tx).await?;
    let attributes = definitions
        .into_iter()
        .filter(|definition| definition.archived_at.is_none())
        .map(|definition| AttributeField {
            kind: definition.kind.to_string(),
            options: definition
                .options
                .iter()
                .map(|option| (option.clone(), option.clone()))
                .collect(),
            name: definition.name,
            label: definition.label,
            required: definition.required,
        });
    // A limit from before the organization changed its currency goes on in its own.
    let limit = customer.and_then(|customer| customer.credit_limit);
    let currency = limit.map_or(call.caller.organization.currency, |money| money.currency());
    Ok(Offered {
        attributes: attributes.collect(),
        owners,
        tags: captions::tags(tx).await?,
        currency: currency.to_string(),
    })
}

/// Whose the address is, where that is why a form was refused.
pub(crate) async fn existing(tx: &mut Tx, typed: &Typed, faults: &[Fault]) -> Result<Option<Linked>> {
    if !faults
        .iter()
        .any(|fault| fault.pointer == "/email" && fault.code == "email_taken")
    {
        return Ok(None);
    }
    let email = ops::customers::email_key(typed.get("email"))?;
    let found = ops::customers::get(tx, Key::Email(&email), &Included::default(), false).await;
    Ok(found.ok().map(|found| load::linked_whole(&found.customer)))
}

/// `GET /customers/new`
pub(crate) async fn new(call: PageCall) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    let form = CustomerForm {
        href: None,
        typed: Typed::new().with("kind", "person"),
        was: Typed::new(),
        faults: Vec::new(),
        existing: None,
        meanwhile: None,
        offered: offered(&call, &mut tx, None).await?,
        begun: Some(wizard::begun(&mut tx, &call).await?),
    };
    Ok(sheet(&call, "New customer", customer_form::form(&form)))
}

/// `POST /customers`
pub(crate) async fn create(call: PageCall, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let offered = offered(&call, &mut tx, None).await?;
    let defaults = defaults(&call, &tx);
    let body = Value::Object(customer_form::body(&typed, None, &offered));
    let created = match serde_json::from_value::<NewCustomer>(body) {
        Ok(new) => ops::customers::create(&mut tx, &new, &defaults).await,
        Err(error) => Err(Error::invalid("", "malformed", error.to_string())),
    };
    match created {
        Ok(created) => {
            tx.commit().await?;
            let flash = Flash {
                kind: FlashKind::Success,
                text: format!("{} is a customer now.", shown_name(&created)),
                undo: None,
            };
            Ok(redirect_with(&call, &href(created.id), &flash))
        }
        Err(error) => {
            drop(tx);
            let faults = faults(error)?;
            let mut tx = call.read().await?;
            let existing = existing(&mut tx, &typed, &faults).await?;
            let form = CustomerForm {
                href: None,
                typed,
                was: Typed::new(),
                faults,
                existing,
                meanwhile: None,
                offered,
                begun: Some(wizard::begun(&mut tx, &call).await?),
            };
            Ok(refused(&call, "New customer", customer_form::form(&form)))
        }
    }
}

fn faults(error: Error) -> Result<Vec<Fault>> {
    Ok(at_field(faults_of(error)?, "tags", "tags"))
}

/// `GET /customers/{id}/edit`
pub(crate) async fn edit(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    let customer = current(&mut tx, id).await?;
    let typed = customer_form::filled(&customer);
    let form = CustomerForm {
        href: Some(href(id)),
        was: typed.clone(),
        typed,
        faults: Vec::new(),
        existing: None,
        meanwhile: None,
        offered: offered(&call, &mut tx, Some(&customer)).await?,
        begun: None,
    };
    Ok(sheet(&call, "Edit customer", customer_form::form(&form)))
}

/// `POST /customers/{id}`: sends what differs from what the form showed.
pub(crate) async fn save(call: PageCall, Path(id): Path<CustomerId>, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let was = Typed::parse(typed.get("was").as_bytes());
    let typed = customer_form::chosen(typed, &was);
    let mut tx = call.write().await?;
    let before = current(&mut tx, id).await?;
    let offered = offered(&call, &mut tx, Some(&before)).await?;
    let body = Value::Object(customer_form::body(&typed, Some(&was), &offered));
    let guard = guard(&typed);
    let defaults = defaults(&call, &tx);
    let saved = match serde_json::from_value::<CustomerInput>(body) {
        Ok(input) => ops::customers::update(&mut tx, id, &input, &guard, &defaults).await,
        Err(error) => Err(Error::invalid("", "malformed", error.to_string())),
    };
    let error = match saved {
        Ok(saved) => {
            tx.commit().await?;
            return Ok(done(
                &call,
                format!("{} saved.", shown_name(&saved)),
                None,
                &href(id),
            ));
        }
        Err(error) => error,
    };
    drop(tx);
    let mut tx = call.read().await?;
    if let Error::Stale { .. } = error {
        let now = customer_form::filled(&current(&mut tx, id).await?);
        let (merged, clashes) = customer_form::rebased(&typed, &was, &now);
        let form = CustomerForm {
            href: Some(href(id)),
            typed: merged,
            was: now,
            faults: Vec::new(),
            existing: None,
            meanwhile: Some(clashes),
            offered,
            begun: None,
        };
        return Ok(overtaken(&call, "Edit customer", customer_form::form(&form)));
    }
    let faults = faults(error)?;
    let existing = existing(&mut tx, &typed, &faults).await?;
    let form = CustomerForm {
        href: Some(href(id)),
        typed,
        was,
        faults,
        existing,
        meanwhile: None,
        offered,
        begun: None,
    };
    Ok(refused(&call, "Edit customer", customer_form::form(&form)))
}

/// `POST /customers/{id}/delete`
pub(crate) async fn delete(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let name = shown_name(&current(&mut tx, id).await?);
    ops::customers::delete(&mut tx, id, UNGUARDED).await?;
    tx.commit().await?;
    Ok(done(
        &call,
        format!("{name} deleted."),
        Some(format!("{}/restore", href(id))),
        "/customers",
    ))
}

/// `POST /customers/{id}/restore`
pub(crate) async fn restore(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    match ops::customers::restore(&mut tx, id).await {
        Ok(customer) => {
            tx.commit().await?;
            Ok(done(
                &call,
                format!("{} is back.", shown_name(&customer)),
                None,
                &href(id),
            ))
        }
        Err(error) => toast_of(&call, error, &href(id)),
    }
}

/// `GET /customers/{id}/tags`
pub(crate) async fn tagging(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    let (view, _) = show::read(&call, &mut tx, id, Section::Timeline).await?;
    Ok(sheet(
        &call,
        "Add a tag",
        details::tagging(&view, &Typed::new(), &[]),
    ))
}

/// `POST /customers/{id}/tags`: from the sheet with its faults in place, from the card with a toast.
pub(crate) async fn tag(
    call: PageCall,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
    typed: Typed,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    match ops::tags::add(&mut tx, id, &[typed.get("tag").to_owned()]).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(done(
                &call,
                format!("Tagged {}.", typed.get("tag").trim()),
                None,
                &href(id),
            ))
        }
        Err(error) if query.as_deref() == Some("sheet=true") => {
            drop(tx);
            let faults = at_field(faults_of(error)?, "tags", "tag");
            let mut tx = call.read().await?;
            let (view, _) = show::read(&call, &mut tx, id, Section::Timeline).await?;
            Ok(refused(
                &call,
                "Add a tag",
                details::tagging(&view, &typed, &faults),
            ))
        }
        Err(error) => toast_of(&call, error, &href(id)),
    }
}

/// `POST /customers/{id}/tags/remove?name=`
pub(crate) async fn untag(
    call: PageCall,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.write().await?;
    match ops::tags::remove(&mut tx, id, state.get("name")).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(done(
                &call,
                format!("Tag {} removed.", state.get("name")),
                None,
                &href(id),
            ))
        }
        Err(error) => toast_of(&call, error, &href(id)),
    }
}

/// `GET /customers/{id}/consents`
pub(crate) async fn consent_sheet(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    let known = ops::consents::list(&mut tx, id).await?;
    let typed = known.iter().fold(Typed::new(), |typed, one| {
        typed.with(one.channel.as_str(), one.state.as_str())
    });
    Ok(sheet(&call, "Consent", details::consent_form(id, &typed, &[])))
}

/// `POST /customers/{id}/consents`: what stays "never subscribed" and was never said is not written down.
pub(crate) async fn save_consents(call: PageCall, Path(id): Path<CustomerId>, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let known = ops::consents::list(&mut tx, id).await?;
    let said = |channel: Channel| {
        let state = typed.get(channel.as_str());
        let new =
            known.iter().any(|one| one.channel == channel) || state != ConsentState::NeverSubscribed.as_str();
        if new && typed.has(channel.as_str()) {
            Patch::Set(state.to_owned())
        } else {
            Patch::Keep
        }
    };
    let input = ConsentInput {
        email: said(Channel::Email),
        sms: said(Channel::Sms),
    };
    match ops::consents::put(&mut tx, id, &input).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(done(
                &call,
                "Consent saved.",
                None,
                &format!("{}?tab=details", href(id)),
            ))
        }
        Err(error) => Ok(refused(
            &call,
            "Consent",
            details::consent_form(id, &typed, &faults_of(error)?),
        )),
    }
}

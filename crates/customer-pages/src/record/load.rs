//! Gathers what a customer's page shows: one read of the record with its parts, and the names of those who acted.

use std::collections::HashMap;

use regulars_kernel::{Permission, clock, ids::UserId};
use regulars_web::PageCall;
use uuid::Uuid;

use super::{
    addresses::{self, AddressView},
    contacts::ContactView,
    details::{AttributeValue, ConsentView, Details, SourceView},
    notes::NoteView,
    view::{Linked, Place, RecordView, Section, shown_name},
};
use crate::{state::ListState, words};
use regulars_customers::model::{
    Address, AttributeDefinition, Choice as _, Consent, Contact, Customer, CustomerRef, Note, TagRef,
    WithParts,
};
use regulars_web::pages::Tone;

/// Children shown before "and more".
const CHILDREN: usize = 8;
/// Customers shown beside whom they name as a contact.
pub(super) const CONTACT_OF: usize = 8;

/// How a customer is named where only as much is known as a link needs.
pub(crate) fn linked(customer: &CustomerRef) -> Linked {
    let name = customer
        .full_name
        .clone()
        .or_else(|| customer.email.clone())
        .unwrap_or_else(|| customer.code.clone());
    let note = customer
        .email
        .clone()
        .filter(|email| *email != name)
        .unwrap_or_else(|| customer.code.clone());
    Linked {
        id: customer.id,
        name,
        note,
    }
}

/// A customer that has a contact with an address, and what that contact is there.
pub(crate) fn contact_of((customer, title): &(CustomerRef, Option<String>)) -> Linked {
    let named = linked(customer);
    Linked {
        note: title.clone().unwrap_or(named.note),
        ..named
    }
}

/// The same of a whole customer.
pub(crate) fn linked_whole(customer: &Customer) -> Linked {
    let name = shown_name(customer);
    let note = customer
        .email
        .as_ref()
        .map(|email| email.as_str().to_owned())
        .filter(|email| *email != name);
    Linked {
        id: customer.id,
        note: note.unwrap_or_else(|| customer.code.clone()),
        name,
    }
}

/// Tags with their colours.
pub(crate) fn toned(tags: &[TagRef]) -> Vec<(String, Tone)> {
    tags.iter()
        .map(|tag| (tag.name.clone(), Tone::from_name(tag.color.as_str())))
        .collect()
}

/// Everything around the open section.
pub(crate) fn record(
    call: &PageCall,
    parts: &WithParts,
    section: Section,
    known_tags: Vec<String>,
    owner: Option<String>,
) -> RecordView {
    let shell = call.bare_shell();
    let addresses = parts.addresses.as_deref().unwrap_or_default();
    let default = addresses
        .iter()
        .find(|address| address.is_default)
        .or_else(|| addresses.first());
    let children = parts.children.as_deref().unwrap_or_default();
    RecordView {
        name: shown_name(&parts.customer),
        address: default.map(|address| Place {
            id: address.id,
            lines: address_lines(address),
            map: map(address),
        }),
        consents: parts.consents.iter().flatten().map(consent).collect(),
        owner,
        main_contact: parts
            .contacts
            .iter()
            .flatten()
            .find(|contact| contact.is_primary)
            .map(|primary| contact(primary).name),
        contact_of: Vec::new(),
        more_contact_of: (0, false),
        parent: parts.parent.as_ref().map(linked),
        more_children: i64::try_from(children.len().saturating_sub(CHILDREN)).unwrap_or_default(),
        children: children.iter().take(CHILDREN).map(linked).collect(),
        tags: toned(parts.tag_details.as_deref().unwrap_or_default()),
        known_tags,
        counts: [
            parts.notes.as_ref().map_or(0, Vec::len),
            parts.contacts.as_ref().map_or(0, Vec::len),
            addresses.len(),
        ],
        figures: parts
            .metrics
            .clone()
            .filter(|figures| figures.orders + figures.cancelled_orders > 0),
        credit: Vec::new(),
        lent: Vec::new(),
        section,
        list: String::new(),
        beside: [None, None],
        favourite: false,
        may_write: call.caller.may(Permission::CustomersWrite),
        zone: shell.time_zone,
        locale: shell.locale,
        now: clock::now(),
        customer: parts.customer.clone(),
    }
}

fn consent(consent: &Consent) -> ConsentView {
    ConsentView {
        channel: consent.channel.as_str().to_owned(),
        state: consent.state.as_str().to_owned(),
        source: consent.source.clone(),
        changed_at: consent.changed_at,
    }
}

/// Where OpenStreetMap shows an address; nobody but whoever follows the link tells it of the address.
fn map(address: &Address) -> Option<String> {
    if let (Some(latitude), Some(longitude)) = (address.latitude, address.longitude) {
        let place: ListState = [("mlat", latitude.to_string()), ("mlon", longitude.to_string())]
            .into_iter()
            .collect();
        return Some(place.href("https://www.openstreetmap.org/"));
    }
    // Who lives there is none of the map's business.
    let place = addresses::lines(
        [
            None,
            None,
            address.line1.as_deref(),
            None,
            address.postal_code.as_deref(),
            address.city.as_deref(),
            address.province.as_deref(),
        ],
        address.country.as_ref(),
    )
    .join(", ");
    let known = address.line1.is_some() || address.city.is_some() || address.postal_code.is_some();
    known.then(|| {
        [("query", place)]
            .into_iter()
            .collect::<ListState>()
            .href("https://www.openstreetmap.org/search")
    })
}

fn address_lines(address: &Address) -> Vec<String> {
    addresses::lines(
        [
            address.name.as_deref(),
            address.company.as_deref(),
            address.line1.as_deref(),
            address.line2.as_deref(),
            address.postal_code.as_deref(),
            address.city.as_deref(),
            address.province.as_deref(),
        ],
        address.country.as_ref(),
    )
}

pub(crate) fn address(address: &Address) -> AddressView {
    AddressView {
        id: address.id,
        kind: address.address_type.as_str().to_owned(),
        default: address.is_default,
        lines: address_lines(address),
        phone: address
            .phone
            .as_ref()
            .map(regulars_kernel::Phone::international_format),
        time_zone: address.time_zone.as_ref().map(|zone| zone.as_str().to_owned()),
    }
}

pub(crate) fn contact(contact: &Contact) -> ContactView {
    let email = contact.email.as_ref().map(|email| email.as_str().to_owned());
    let phone = contact
        .phone
        .as_ref()
        .map(|phone| (phone.as_str().to_owned(), phone.international_format()));
    let name = contact
        .full_name
        .clone()
        .or_else(|| email.clone())
        .or_else(|| phone.as_ref().map(|(_, shown)| shown.clone()));
    ContactView {
        id: contact.id,
        name: name.unwrap_or_else(|| "Nameless".to_owned()),
        position: [contact.title.as_deref(), contact.department.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · "),
        email,
        phone,
        primary: contact.is_primary,
        decides: contact.is_decision_maker,
        influences: contact.is_influencer,
        note: contact.note.clone().unwrap_or_default(),
        last_contacted_at: contact.last_contacted_at,
    }
}

/// The name of whoever acted; "Regulars" for itself, "somebody" for who is no longer known.
pub(crate) fn actor(kind: &str, id: Option<Uuid>, names: &HashMap<Uuid, String>) -> String {
    match (kind, id.and_then(|id| names.get(&id))) {
        (_, Some(name)) => name.clone(),
        ("system", None) => words::ITSELF.to_owned(),
        _ => "somebody".to_owned(),
    }
}

pub(crate) fn note(
    note: &Note,
    rewritten: bool,
    names: &HashMap<Uuid, String>,
    mentioned: &HashMap<UserId, String>,
) -> NoteView {
    NoteView {
        id: note.id,
        rewritten,
        body: note.body.clone(),
        names: mentioned.clone(),
        author: actor(&note.actor_kind, note.actor_id, names),
        pinned: note.pinned_at.is_some(),
        created_at: note.created_at,
        updated_at: note.updated_at,
    }
}

/// What is known besides the fields. Archived attributes are shown only where there is a value.
pub(crate) fn details(parts: &WithParts, definitions: &[AttributeDefinition]) -> Details {
    let values = &parts.customer.attributes;
    let attributes = definitions
        .iter()
        .filter(|definition| definition.archived_at.is_none() || values.contains_key(&definition.name));
    Details {
        attributes: attributes
            .map(|definition| AttributeValue {
                label: definition.label.clone(),
                kind: definition.kind.as_str().to_owned(),
                value: values.get(&definition.name).map(words::value).unwrap_or_default(),
            })
            .collect(),
        sources: parts
            .sources
            .iter()
            .flatten()
            .map(|link| SourceView {
                source: link.source.clone(),
                external_id: link.external_id.clone(),
                state: link.sync_state.as_str().to_owned(),
                synced_at: link.synced_at,
            })
            .collect(),
        consents: parts.consents.iter().flatten().map(consent).collect(),
    }
}

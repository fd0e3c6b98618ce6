//! A new customer before it is made: what it will be, with the faults of what was said.

use regulars_database::Tx;
use regulars_kernel::{Faults, Result, ids::CustomerId};

use super::check_references;
use crate::{
    model::{
        Address, AddressInput, Channel, ConsentState, Contact, Customer, Defaults, Definitions, NewCustomer,
        SourceInput, nobody,
    },
    store,
};

/// Most parts of each kind that are taken while creating.
const MOST_NEW_PARTS: usize = 100;

/// What a new customer will be, with everything that comes with it.
pub(super) struct Drawn {
    pub customer: Customer,
    pub addresses: Vec<Address>,
    pub contacts: Vec<Contact>,
    pub links: Vec<SourceInput>,
    pub consents: Vec<(Channel, ConsentState)>,
}

/// Draws up a new customer from what was said, with the faults of it.
pub(super) async fn drawn(tx: &mut Tx, input: &NewCustomer, defaults: &Defaults) -> Result<(Drawn, Faults)> {
    let mut faults = Faults::new();
    let mut customer = Customer::blank(CustomerId::new(), tx.now());
    check_sizes(input, &mut faults);
    let addresses = new_addresses(&mut customer, &input.addresses, defaults, &mut faults);
    let definitions = if input.fields.speaks_of_attributes() {
        store::attributes::all(tx).await?
    } else {
        Definitions::default()
    };
    input
        .fields
        .apply(&mut customer, defaults, &definitions, &mut faults);
    definitions.check_required(&customer.attributes, &mut faults);
    let contacts = new_contacts(&customer, input, defaults, &mut faults);
    let mut links = Vec::with_capacity(input.sources.len());
    for (index, source) in input.sources.iter().enumerate() {
        links.extend(source.check(&format!("/sources/{index}"), &mut faults));
    }
    let consents = input.consents.check("/consents", &mut faults);
    let is_nobody = !customer.tells_who() && customer.code.is_empty() && links.is_empty();
    // A name or address that is refused is told already.
    let is_told = !faults.0.is_empty() && (input.fields.says_who() || !input.sources.is_empty());
    if is_nobody && !is_told {
        faults.0.push(nobody());
    }
    check_references(tx, &customer, None, &mut faults).await?;
    let drawn = Drawn {
        customer,
        addresses,
        contacts,
        links,
        consents,
    };
    Ok((drawn, faults))
}

fn check_sizes(input: &NewCustomer, faults: &mut Faults) {
    for (place, length) in [
        ("/addresses", input.addresses.len()),
        ("/contacts", input.contacts.len()),
        ("/sources", input.sources.len()),
    ] {
        if length > MOST_NEW_PARTS {
            faults.add(place, "too_many", format!("at most {MOST_NEW_PARTS} at once"));
        }
    }
}

/// The addresses of a new customer; its place is that of the default one.
fn new_addresses(
    customer: &mut Customer,
    inputs: &[AddressInput],
    defaults: &Defaults,
    faults: &mut Faults,
) -> Vec<Address> {
    let chosen = inputs
        .iter()
        .position(|input| input.is_default.value() == Some(true))
        .unwrap_or(0);
    let mut addresses = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        let mut address = Address::blank(customer.id, customer.created_at);
        input.apply(&mut address, &format!("/addresses/{index}"), defaults, faults);
        address.is_default = index == chosen;
        if address.is_default {
            customer.country = address.country;
            customer.city.clone_from(&address.city);
        }
        addresses.push(address);
    }
    addresses
}

/// The contacts of a new customer; of several primary ones the first is.
fn new_contacts(
    customer: &Customer,
    input: &NewCustomer,
    defaults: &Defaults,
    faults: &mut Faults,
) -> Vec<Contact> {
    let local = Defaults {
        country: customer.country.or(defaults.country),
        ..defaults.clone()
    };
    let mut contacts: Vec<Contact> = Vec::with_capacity(input.contacts.len());
    for (index, input) in input.contacts.iter().enumerate() {
        let mut contact = Contact::blank(customer.id, customer.created_at);
        input.apply(&mut contact, &format!("/contacts/{index}"), &local, faults);
        contact.is_primary &= !contacts.iter().any(|other| other.is_primary);
        contacts.push(contact);
    }
    contacts
}

//! Whose an order is that says nothing of its buyer but a phone.
//!
//! What it never does: choose between two who share one, or make somebody of a phone alone: the API does not either.

use regulars_commerce::model::OrderInput;
use regulars_customers::store::batch::{self, Keys};
use regulars_database::Tx;
use regulars_kernel::{Country, Patch, Phone, Result};

/// Names the customers of those that say a phone and neither an id nor an address.
pub async fn name_customers<'a>(tx: &mut Tx, orders: impl Iterator<Item = &'a mut OrderInput>) -> Result<()> {
    let mut waiting: Vec<(&'a mut OrderInput, String)> = Vec::new();
    for order in orders {
        let says_nothing =
            |given: &Patch<String>| !matches!(given, Patch::Set(text) if !text.trim().is_empty());
        if !says_nothing(&order.email) || !order.customer.is_keep() {
            continue;
        }
        if let Some(phone) = phone_of(order) {
            waiting.push((order, phone));
        }
    }
    if waiting.is_empty() {
        return Ok(());
    }
    let keys = Keys {
        phones: waiting.iter().map(|(_, phone)| phone.clone()).collect(),
        ..Keys::default()
    };
    let owners = batch::owners(tx, &keys).await?;
    for (order, phone) in waiting {
        if let Some([owner]) = owners.phones.get(&phone).map(Vec::as_slice) {
            order.customer_id = Patch::Set(owner.id);
        }
    }
    Ok(())
}

/// The order's phone, else that of its addresses, as customers' are kept.
fn phone_of(order: &OrderInput) -> Option<String> {
    let (mut texts, mut country) = (Vec::new(), None);
    if let Patch::Set(phone) = &order.phone {
        texts.push(phone.as_str());
    }
    for address in [&order.billing_address, &order.shipping_address] {
        if let Patch::Set(address) = address {
            texts.extend(address.phone.as_deref());
            country = country.or_else(|| Country::from_code(address.country.as_deref()?));
        }
    }
    let read = |text: &str| Phone::parse(text, country.as_ref()).ok();
    texts
        .into_iter()
        .find_map(read)
        .map(|phone| phone.as_str().to_owned())
}

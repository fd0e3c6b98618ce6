//! `customers/merge`: of two customers there one is left, which has the orders of both.
//!
//! It may come before who is left is known, after the other was deleted, and before or after any of their orders: what is still
//! to be handed over is kept with who is left, until they are known.

use std::collections::BTreeSet;

use regulars_connect::{
    Applied, Entity, Failure, Received,
    people::{self, Ours},
};
use regulars_customers::{ops, store};
use regulars_database::Tx;
use regulars_kernel::{Error, Result, ids::CustomerId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{SOURCE, body, customers::KIND};

/// Under which stands the id of the customer that another one became part of.
pub const MERGED_INTO: &str = "merged_into";
/// Under which stand the orders that came after their customer was deleted.
pub const ORDERS: &str = "orders";
/// Under which stand those who became part of somebody, until that one is known.
const PARTS: &str = "parts";
/// Orders that are kept in mind at most.
const MOST_ORDERS: usize = 1_000;

/// Those who became part of somebody not known yet, at most.
const MOST_PARTS: usize = 100;

/// One who became part of somebody.
#[derive(Serialize, Deserialize)]
struct Part {
    external_id: String,
    is_made_here: bool,
    orders: BTreeSet<String>,
}

/// `customers/merge`.
pub async fn merge(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let told = body::parse(message)?;
    let status = told["status"].as_str().unwrap_or("completed");
    if !status.eq_ignore_ascii_case("completed") {
        return Ok(Applied::Ignored(format!(
            "Shopify did not merge them: {}",
            status.chars().take(40).collect::<String>()
        )));
    }
    let kept_id = body::required_id(&told, &["admin_graphql_api_customer_kept_id"])?;
    let gone_id = body::required_id(&told, &["admin_graphql_api_customer_deleted_id"])?;
    if kept_id == gone_id {
        return Err(Failure::Fatal("both are the same customer".into()));
    }
    // Always in this order, so that two messages do not wait for each other.
    let mut ids = [kept_id.clone(), gone_id.clone()];
    ids.sort_unstable();
    Entity::lock_all(tx, SOURCE, KIND, &ids).await?;
    let mut kept = Entity::lock(tx, SOURCE, KIND, &kept_id).await?;
    let mut gone = Entity::lock(tx, SOURCE, KIND, &gone_id).await?;
    // Played again, it has nothing more to hand over than what waits.
    if gone.data.get(MERGED_INTO).and_then(Value::as_str) != Some(&kept_id) {
        let mut parts = parts(&kept);
        if parts.len() >= MOST_PARTS {
            return Err(Failure::Fatal(format!(
                "{MOST_PARTS} became part of a customer who is not known yet; it can be replayed once they are"
            )));
        }
        parts.push(Part {
            external_id: gone_id,
            is_made_here: people::is_made_here(&gone),
            orders: orders(&gone),
        });
        keep(&mut kept, &parts)?;
        gone.delete(message.said_at);
        gone.data = Map::new();
        gone.data.insert(MERGED_INTO.into(), kept_id.clone().into());
        gone.save(tx).await?;
    }
    let mut done = json!({"merged_into": kept_id});
    match people::ours(tx, SOURCE, &kept_id).await? {
        Ours::Living(customer) => {
            let orders = take_parts_over(tx, customer.id, &mut kept).await?;
            done["customer_id"] = json!(customer.id);
            done["orders"] = orders.into();
        }
        // The kept one will never have anything here: the other goes alone.
        Ours::Deleted => {
            for part in take(&mut kept) {
                if let Ours::Living(other) = people::ours(tx, SOURCE, &part.external_id).await? {
                    let_go(tx, other.id, &part.external_id, part.is_made_here).await?;
                }
            }
        }
        Ours::Nobody => done["waiting"] = "who is left is not known yet".into(),
    }
    kept.save(tx).await?;
    Ok(Applied::Done(done))
}

/// Gives a customer what those had who became part of them and have not handed it over yet; answers how many orders.
pub async fn take_parts_over(tx: &mut Tx, kept: CustomerId, thing: &mut Entity) -> Result<u64> {
    let parts = take(thing);
    let mut handed_over = 0;
    if parts.is_empty() {
        return Ok(handed_over);
    }
    for part in parts {
        // Deleted ones have their orders still.
        if let Some(gone) = store::sources::owner(tx, SOURCE, &part.external_id).await?
            && gone != kept
        {
            handed_over += regulars_commerce::ops::hand_over(tx, gone, kept).await?;
            if let Ours::Living(_) = people::ours(tx, SOURCE, &part.external_id).await? {
                let_go(tx, gone, &part.external_id, part.is_made_here).await?;
            }
        }
        let orders: Vec<String> = part.orders.into_iter().collect();
        handed_over += regulars_commerce::ops::owners::give(tx, SOURCE, &orders, kept).await?;
    }
    Ok(handed_over)
}

/// Detaches a link and deletes who is known by nothing else; says whether that was so.
pub async fn let_go(tx: &mut Tx, id: CustomerId, external_id: &str, is_made_here: bool) -> Result<bool> {
    people::detach(tx, id, SOURCE, external_id).await?;
    let is_last = people::is_last(tx, id, is_made_here).await?;
    if is_last {
        ops::customers::delete(tx, id, &|_| Ok(())).await?;
    }
    Ok(is_last)
}

/// Keeps an order in mind that has no customer because theirs was deleted: it may turn out that they became part of another.
pub async fn remember_order(tx: &mut Tx, external_id: &str, order: &str) -> Result<()> {
    let mut thing = Entity::lock(tx, SOURCE, KIND, external_id).await?;
    let mut known = orders(&thing);
    if known.len() < MOST_ORDERS && known.insert(order.to_owned()) {
        thing.data.insert(ORDERS.into(), json!(known));
        thing.save(tx).await?;
    }
    Ok(())
}

fn orders(thing: &Entity) -> BTreeSet<String> {
    read(thing, ORDERS)
}

fn parts(thing: &Entity) -> Vec<Part> {
    read(thing, PARTS)
}

fn read<T: Default + for<'de> Deserialize<'de>>(thing: &Entity, name: &str) -> T {
    let kept = thing.data.get(name).cloned();
    kept.and_then(|kept| serde_json::from_value(kept).ok())
        .unwrap_or_default()
}

fn take(thing: &mut Entity) -> Vec<Part> {
    let parts = parts(thing);
    thing.data.shift_remove(PARTS);
    parts
}

fn keep(thing: &mut Entity, parts: &[Part]) -> Result<()> {
    let parts = serde_json::to_value(parts).map_err(Error::from)?;
    thing.data.insert(PARTS.into(), parts);
    Ok(())
}

//! Orders: told one or many at a time, deleted, listed. What is told is put together with what is known, written with its
//! events, and followed by the figures of the customers whom it is about.

use std::collections::{BTreeSet, HashMap, HashSet};

use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{
    Currency, Error, Page, PageRequest, Patch, Result, Sort,
    ids::{CustomerId, OrderId},
};
use serde_json::json;
use sqlx::Executor as _;

use super::{ByKey, Outcome, batch::check_all, carts, metrics, payments, people::People};
use crate::{
    model::{
        Change, Conversion, Order, OrderInput, OrderRow, SourceVersion, Speaker, changes, describe, facts,
        merge,
    },
    store::{self, find::Filter},
};

/// Refuses a change if the version that is current is not the one that the caller saw.
pub type Guard<'a> = &'a (dyn Fn(i32) -> Result<()> + Sync);

/// For callers that saw no version.
pub const UNGUARDED: Guard<'static> = &|_| Ok(());

/// Reads an order, whole.
pub async fn get(tx: &mut Tx, id: OrderId) -> Result<Order> {
    let mut order = store::orders::get(tx, id)
        .await?
        .filter(|order| order.deleted_at.is_none() && order.is_known)
        .ok_or(Error::NotFound("order"))?;
    show_kinds(tx, &mut order).await?;
    Ok(order)
}

/// A page of orders.
pub async fn list(tx: &mut Tx, filter: &Filter, sort: Sort, page: &PageRequest) -> Result<Page<OrderRow>> {
    store::find::list(tx, filter, sort, page).await
}

/// Tells of one order. `base` is the organization's currency.
pub async fn upsert(
    tx: &mut Tx,
    input: &OrderInput,
    base: Currency,
    guard: Guard<'_>,
) -> Result<Outcome<Order>> {
    let outcomes = upsert_many(tx, std::slice::from_ref(input), base, guard).await?;
    outcomes
        .into_iter()
        .next()
        .ok_or_else(|| Error::internal("what is told of one order has one outcome"))
}

/// Tells of many orders, in their order; what is refused changes nothing and keeps none of the others back.
pub async fn upsert_many(
    tx: &mut Tx,
    inputs: &[OrderInput],
    base: Currency,
    guard: Guard<'_>,
) -> Result<Vec<Outcome<Order>>> {
    tell_many(tx, inputs, base, guard, false).await
}

/// What would become of many orders if they were told of; nothing is written, and who is not known stays so.
pub async fn try_many(tx: &mut Tx, inputs: &[OrderInput], base: Currency) -> Result<Vec<Outcome<Order>>> {
    tell_many(tx, inputs, base, UNGUARDED, true).await
}

async fn tell_many(
    tx: &mut Tx,
    inputs: &[OrderInput],
    base: Currency,
    guard: Guard<'_>,
    is_trial: bool,
) -> Result<Vec<Outcome<Order>>> {
    let (mut outcomes, mut told) = check_all(inputs, |input, faults| input.check(base, faults));
    let speaker = Speaker {
        actor: tx.actor(),
        now: SourceVersion::new(tx.now(), "").at,
    };
    for _ in 0..TRIES {
        let changes = told.iter().map(|(_, change)| change);
        let people = People::seek(tx, changes, is_trial).await?;
        let mut work = Work::begin(tx, &told).await?;
        for (index, change) in &told {
            outcomes[*index] = Some(work.tell(change, &people, base, speaker, guard));
        }
        let is_refused = |index: usize| matches!(outcomes[index], Some(Outcome::Refused(_)));
        let wanted = told.iter().filter(|(index, _)| !is_refused(*index));
        if people.has_needless(wanted.map(|(_, change)| change)) {
            // Whom only a refused order names stays unknown.
            people.take_back(tx).await?;
            told.retain(|(index, _)| !is_refused(*index));
            continue;
        }
        if is_trial {
            work.show(&told, &mut outcomes);
            return Ok(outcomes.into_iter().flatten().collect());
        }
        if work.write(tx).await? {
            let accepted = told.iter().filter(|(index, _)| !is_refused(*index));
            let found = work.conversions(accepted.map(|(_, change)| change), speaker);
            carts::convert(tx, &found, base).await?;
            work.show(&told, &mut outcomes);
            return Ok(outcomes.into_iter().flatten().collect());
        }
    }
    Err(Error::Unavailable(
        "others tell of the same orders at once; try again".into(),
    ))
}

/// How often others may tell of the same new orders meanwhile.
const TRIES: usize = 5;

/// Payments that an order has in the end, whatever tells of them; also fulfilments, and refunds.
const MOST_PARTS: usize = 1_000;

/// Deletes the order with this id.
pub async fn delete(tx: &mut Tx, id: OrderId, base: Currency, guard: Guard<'_>) -> Result<()> {
    let (source, external_id) = store::orders::key(tx, id)
        .await?
        .ok_or(Error::NotFound("order"))?;
    let locked = store::orders::lock(tx, &[(&source, &external_id)]).await?;
    let order = locked
        .first()
        .filter(|order| order.deleted_at.is_none() && order.is_known)
        .ok_or(Error::NotFound("order"))?;
    guard(order.version)?;
    delete_by_key(tx, &source, &external_id, None, base).await
}

/// Deletes an order for ever: what arrives of it later changes nothing. One that was never told of leaves a mark, too.
pub async fn delete_by_key(
    tx: &mut Tx,
    source: &str,
    external_id: &str,
    version: Option<&SourceVersion>,
    base: Currency,
) -> Result<()> {
    let at = version.map_or(tx.now(), |version| version.at);
    for _ in 0..TRIES {
        let Some(before) = store::orders::lock(tx, &[(source, external_id)]).await?.pop() else {
            let mut order = Order::blank(source, external_id, base, tx.now());
            order.deleted_at = Some(at);
            if store::orders::insert(tx, &[&order]).await? == 1 {
                return Ok(());
            }
            continue;
        };
        if before.deleted_at.is_some() {
            return Ok(());
        }
        let mut after = before.clone();
        after.bury(base, at);
        store::orders::update(tx, &[&after]).await?;
        store::parts::clear(tx, before.id).await?;
        metrics::reckon(tx, before.customer_id).await?;
        if before.is_known {
            let mut event = NewEvent::new("order.deleted")
                .data(describe(&before, json!({})))
                .at(at);
            event.customer_id = before.customer_id;
            regulars_events::append(tx, event).await?;
        }
        return Ok(());
    }
    Err(Error::Unavailable(
        "others tell of the same order at once; try again".into(),
    ))
}

/// Shows the brand and category of the product where a line says none.
pub async fn show_kinds(tx: &mut Tx, order: &mut Order) -> Result<()> {
    let wanted: BTreeSet<&str> = order
        .lines
        .iter()
        .filter(|line| line.brand.is_none() || line.category.is_none())
        .filter_map(|line| line.product_external_id.as_deref())
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let wanted: Vec<&str> = wanted.into_iter().collect();
    let known: HashMap<_, _> = store::products::kinds(tx, &order.source, &wanted)
        .await?
        .into_iter()
        .map(|(id, brand, category)| (id, (brand, category)))
        .collect();
    for line in &mut order.lines {
        if let Some((brand, category)) = line.product_external_id.as_ref().and_then(|id| known.get(id)) {
            line.brand = line.brand.take().or_else(|| brand.clone());
            line.category = line.category.take().or_else(|| category.clone());
        }
    }
    Ok(())
}

/// The orders of a batch, as they were and as they are.
struct Work {
    before: ByKey<Order>,
    after: ByKey<Order>,
    /// In the order in which they were told.
    events: Vec<NewEvent>,
    /// Whose figures change.
    customers: BTreeSet<CustomerId>,
}

impl Work {
    async fn begin(tx: &mut Tx, told: &[(usize, Change)]) -> Result<Self> {
        let keys: Vec<(&str, &str)> = told
            .iter()
            .map(|(_, change)| (change.source.as_str(), change.external_id.as_str()))
            .collect();
        let locked = if keys.is_empty() {
            Vec::new()
        } else {
            store::orders::lock(tx, &keys).await?
        };
        let before: ByKey<Order> = locked
            .into_iter()
            .map(|order| ((order.source.clone(), order.external_id.clone()), order))
            .collect();
        Ok(Self {
            after: before.clone(),
            before,
            events: Vec::new(),
            customers: BTreeSet::new(),
        })
    }

    /// Puts what is told to what is known.
    fn tell(
        &mut self,
        change: &Change,
        people: &People,
        base: Currency,
        speaker: Speaker,
        guard: Guard<'_>,
    ) -> Outcome<Order> {
        let key = (change.source.clone(), change.external_id.clone());
        let known = self.after.get(&key);
        let blank;
        let before = if let Some(order) = known {
            order
        } else {
            blank = Order::blank(&change.source, &change.external_id, base, speaker.now);
            &blank
        };
        let customer = match people.settle(before.customer_id, &change.whose) {
            Ok(customer) => customer,
            Err(error) => return Outcome::Refused(error),
        };
        if let Err(error) = allowed(before, change, known.is_some(), guard) {
            return Outcome::Refused(error);
        }
        let mut after = merge(before, change, customer, base, speaker);
        if after.deleted_at.is_none() && after.derived.total_base.is_none() && after.core.currency == base {
            let message = "the amount is too much to be kept";
            return Outcome::Refused(Error::invalid("/total", "amount_invalid", message));
        }
        let most = [
            after.payments.len(),
            after.fulfillments.len(),
            after.refunds.len(),
        ];
        if most.into_iter().any(|parts| parts > MOST_PARTS) {
            let message = format!("an order has at most {MOST_PARTS} payments, fulfilments and refunds each");
            return Outcome::Refused(Error::invalid("", "too_many", message));
        }
        let found = facts(&after, change, speaker);
        after.told.extend(found.iter().map(|fact| fact.key.clone()));
        after.told.sort_unstable();
        let is_new = !before.is_known && after.is_known;
        let changed = changes(before, &after);
        let mut events: Vec<NewEvent> = Vec::new();
        if !is_new && after.is_known && !changed.is_empty() {
            events.push(NewEvent::new("order.updated").data(describe(&after, json!({"changes": changed}))));
        }
        events.extend(found.into_iter().map(|fact| {
            NewEvent::new(fact.kind)
                .data(describe(&after, fact.more))
                .at(fact.at)
        }));
        for event in &mut events {
            event.customer_id = after.customer_id;
        }
        let same = *before == after;
        if !same || known.is_none() {
            self.customers.extend(before.customer_id);
            self.customers.extend(after.customer_id);
        }
        let seen = same || as_seen(before) == as_seen(&after);
        let outcome = match (known.is_none() || is_new, seen) {
            (true, _) => Outcome::Created(after.clone()),
            (false, true) => Outcome::Unchanged(after.clone()),
            (false, false) => Outcome::Updated(after.clone()),
        };
        self.events.extend(events);
        if !same || known.is_none() {
            self.after.insert(key, after);
        }
        outcome
    }

    /// Writes what differs. False if others have told of a new order meanwhile: then nothing is written.
    async fn write(&mut self, tx: &mut Tx) -> Result<bool> {
        let mut new: Vec<&Order> = Vec::new();
        let mut changed: Vec<(&Order, &Order)> = Vec::new();
        for (key, after) in &self.after {
            match self.before.get(key) {
                None => new.push(after),
                Some(before) if before != after => changed.push((before, after)),
                Some(_) => {}
            }
        }
        if !new.is_empty() {
            tx.conn().execute("SAVEPOINT new_orders").await?;
            if store::orders::insert(tx, &new).await? < new.len() {
                tx.conn().execute("ROLLBACK TO SAVEPOINT new_orders").await?;
                return Ok(false);
            }
            store::parts::insert_lines(tx, &new).await?;
        }
        changed.sort_unstable_by_key(|(before, _)| before.id);
        let now: Vec<&Order> = changed.iter().map(|(_, after)| *after).collect();
        let written = if now.is_empty() {
            Vec::new()
        } else {
            store::orders::update(tx, &now).await?
        };
        let other_lines: Vec<&Order> = changed
            .iter()
            .filter(|(before, after)| before.lines != after.lines)
            .map(|(_, after)| *after)
            .collect();
        store::parts::replace_lines(tx, &other_lines).await?;
        let (mut paid, mut fulfillments, mut refunds) = (Vec::new(), Vec::new(), Vec::new());
        let pairs = new.iter().map(|after| (None, *after));
        for (before, after) in pairs.chain(changed.iter().map(|(before, after)| (Some(*before), *after))) {
            let fresh = |one| before.is_none_or(|before: &Order| !before.payments.contains(one));
            paid.extend(
                after
                    .payments
                    .iter()
                    .filter(|one| fresh(one))
                    .map(|one| (after, one)),
            );
            let fresh = |one| before.is_none_or(|before: &Order| !before.fulfillments.contains(one));
            fulfillments.extend(
                after
                    .fulfillments
                    .iter()
                    .filter(|one| fresh(one))
                    .map(|one| (after, one)),
            );
            let fresh = |one| before.is_none_or(|before: &Order| !before.refunds.contains(one));
            refunds.extend(
                after
                    .refunds
                    .iter()
                    .filter(|one| fresh(one))
                    .map(|one| (after, one)),
            );
        }
        store::parts::write_payments(tx, &paid).await?;
        store::parts::write_fulfillments(tx, &fulfillments).await?;
        store::parts::write_refunds(tx, &refunds).await?;
        let named: Vec<&Order> = changed
            .iter()
            .filter(|(before, after)| !before.is_known || before.core.number != after.core.number)
            .map(|(_, after)| *after)
            .chain(new.iter().copied())
            .collect();
        payments::take_up(tx, &named).await?;
        let is_written = !new.is_empty() || !changed.is_empty();
        let versions: HashMap<_, _> = written
            .into_iter()
            .map(|(id, version, at)| (id, (version, at)))
            .collect();
        for after in self.after.values_mut() {
            if let Some((version, at)) = versions.get(&after.id.0) {
                (after.version, after.updated_at) = (*version, *at);
            }
        }
        if is_written {
            metrics::reckon(tx, std::mem::take(&mut self.customers)).await?;
            regulars_events::append_many(tx, std::mem::take(&mut self.events)).await?;
        }
        Ok(true)
    }

    /// Which of them say of which cart they came.
    fn conversions<'a>(&self, told: impl Iterator<Item = &'a Change>, speaker: Speaker) -> Vec<Conversion> {
        let conversion = |change: &Change| {
            let cart_external_id = change.cart.clone()?;
            let key = (change.source.clone(), change.external_id.clone());
            let order = self.after.get(&key)?;
            let placed_at = change.core.placed_at.value().or(order.core.placed_at);
            Some(Conversion {
                source: key.0,
                cart_external_id,
                order_external_id: key.1,
                at: placed_at.unwrap_or(speaker.now),
                customer_id: order.customer_id,
            })
        };
        told.filter_map(conversion).collect()
    }

    /// Gives the outcomes the orders as they are in the end, with their versions. Of two that told of the same new order only
    /// the first made it.
    fn show(&self, told: &[(usize, Change)], outcomes: &mut [Option<Outcome<Order>>]) {
        let mut made = HashSet::new();
        for (index, change) in told {
            let key = (change.source.clone(), change.external_id.clone());
            let (Some(order), Some(outcome)) = (self.after.get(&key), outcomes[*index].as_mut()) else {
                continue;
            };
            if let Outcome::Created(_) = outcome
                && !made.insert(key)
            {
                *outcome = Outcome::Updated(order.clone());
            }
            if let Outcome::Created(shown) | Outcome::Updated(shown) | Outcome::Unchanged(shown) = outcome {
                shown.clone_from(order);
            }
        }
    }
}

/// What anybody can see of an order: not which version of its source said so, nor what was told.
fn as_seen(order: &Order) -> Order {
    Order {
        source_version: None,
        source_sequence: None,
        told: Vec::new(),
        version: 0,
        ..order.clone()
    }
}

/// Whether this may be told of the order: of whoever gives versions everything is believed.
fn allowed(before: &Order, change: &Change, is_known: bool, guard: Guard<'_>) -> Result<()> {
    if is_known {
        guard(before.version)?;
    }
    if change.version.is_some() {
        return Ok(());
    }
    if before.deleted_at.is_some() {
        return Err(Error::conflict(
            "/external_id",
            "order_deleted",
            "this order was deleted; it stays so",
        ));
    }
    // Told again it is no move, though the order went further by what was told of its parts.
    if let Patch::Set(status) = change.core.stated_status
        && before.is_known
        && before.core.stated_status != Some(status)
        && !before.derived.status.may_become(status)
    {
        return Err(Error::conflict(
            "/status",
            "status_move_impossible",
            before.derived.status.no_move(status),
        ));
    }
    Ok(())
}

//! Carts: told one or many at a time, converted by orders, deleted, listed.

use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{
    Currency, Error, Page, PageRequest, Result, Sort,
    ids::{CartId, CustomerId, OrderId},
};
use serde_json::json;
use sqlx::Executor as _;

use super::{
    ByKey, Outcome,
    batch::{as_they_are, check_all},
    orders::{Guard, UNGUARDED},
    people::People,
};
use crate::{
    model::{
        Cart, CartChange, CartInput, CartRow, Conversion, SourceVersion, Speaker, convert_cart, merge_cart,
    },
    store::{self, carts::CartFilter},
};

/// How often others may tell of the same new carts meanwhile.
const TRIES: usize = 5;

/// Reads a cart, and the order that it became, if that is known.
pub async fn get(tx: &mut Tx, id: CartId) -> Result<(Cart, Option<OrderId>)> {
    let cart = store::carts::get(tx, id)
        .await?
        .filter(|cart| cart.deleted_at.is_none() && cart.is_known)
        .ok_or(Error::NotFound("cart"))?;
    let order = store::carts::order_of(tx, &cart).await?;
    Ok((cart, order))
}

/// A page of carts.
pub async fn list(tx: &mut Tx, filter: &CartFilter, sort: Sort, page: &PageRequest) -> Result<Page<CartRow>> {
    store::carts::list(tx, filter, sort, page).await
}

/// Tells of many carts, in their order; what is refused changes nothing and keeps none of the others back. `base` is the
/// organization's currency.
pub async fn upsert_many(
    tx: &mut Tx,
    inputs: &[CartInput],
    base: Currency,
    guard: Guard<'_>,
) -> Result<Vec<Outcome<Cart>>> {
    tell_many(tx, inputs, base, guard, false).await
}

/// What would become of many carts if they were told of; nothing is written, and who is not known stays so.
pub async fn try_many(tx: &mut Tx, inputs: &[CartInput], base: Currency) -> Result<Vec<Outcome<Cart>>> {
    tell_many(tx, inputs, base, UNGUARDED, true).await
}

async fn tell_many(
    tx: &mut Tx,
    inputs: &[CartInput],
    base: Currency,
    guard: Guard<'_>,
    is_trial: bool,
) -> Result<Vec<Outcome<Cart>>> {
    let (mut outcomes, mut told) = check_all(inputs, |input, faults| input.check(base, faults));
    let speaker = Speaker {
        actor: tx.actor(),
        now: SourceVersion::new(tx.now(), "").at,
    };
    for _ in 0..TRIES {
        let people = People::seek(tx, told.iter().map(|(_, change)| change), is_trial).await?;
        let keys = told
            .iter()
            .map(|(_, change)| (change.source.as_str(), change.external_id.as_str()));
        let mut work = Work::begin(tx, keys.collect()).await?;
        for (index, change) in &told {
            outcomes[*index] = Some(work.tell(change, &people, base, speaker, guard));
        }
        let is_refused = |index: usize| matches!(outcomes[index], Some(Outcome::Refused(_)));
        let wanted = told.iter().filter(|(index, _)| !is_refused(*index));
        if people.has_needless(wanted.map(|(_, change)| change)) {
            // Whom only a refused cart names stays unknown.
            people.take_back(tx).await?;
            told.retain(|(index, _)| !is_refused(*index));
            continue;
        }
        if is_trial || work.write(tx).await? {
            let outcomes = outcomes.into_iter().flatten().collect();
            return Ok(work.show(outcomes));
        }
    }
    Err(busy())
}

fn busy() -> Error {
    Error::Unavailable("others tell of the same carts at once; try again".into())
}

/// Notes of which carts orders came, also of those that nothing else was told of yet.
pub async fn convert(tx: &mut Tx, orders: &[Conversion], base: Currency) -> Result<()> {
    if orders.is_empty() {
        return Ok(());
    }
    for _ in 0..TRIES {
        let keys = orders
            .iter()
            .map(|one| (one.source.as_str(), one.cart_external_id.as_str()));
        let mut work = Work::begin(tx, keys.collect()).await?;
        for order in orders {
            let key = (order.source.clone(), order.cart_external_id.clone());
            let before = work
                .after
                .get(&key)
                .cloned()
                .unwrap_or_else(|| Cart::blank(&key.0, &key.1, base, tx.now()));
            let after = convert_cart(&before, order);
            work.keep(key, after);
        }
        if work.write(tx).await? {
            return Ok(());
        }
    }
    Err(busy())
}

/// Gives a customer all carts of another who turned out to be the same; answers how many.
pub(super) async fn hand_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<u64> {
    store::carts::hand_over(tx, from, to).await
}

/// Deletes the cart with this id.
pub async fn delete(tx: &mut Tx, id: CartId, base: Currency, guard: Guard<'_>) -> Result<()> {
    let (cart, _) = get(tx, id).await?;
    let locked = store::carts::lock(tx, &[(&cart.source, &cart.external_id)]).await?;
    let cart = locked
        .first()
        .filter(|cart| cart.deleted_at.is_none())
        .ok_or(Error::NotFound("cart"))?;
    guard(cart.version)?;
    delete_by_key(tx, &cart.source, &cart.external_id, None, base).await
}

/// Deletes a cart for ever: what arrives of it later changes nothing. One that was never told of leaves a mark, too.
pub async fn delete_by_key(
    tx: &mut Tx,
    source: &str,
    external_id: &str,
    version: Option<&SourceVersion>,
    base: Currency,
) -> Result<()> {
    let at = version.map_or(tx.now(), |version| version.at);
    for _ in 0..TRIES {
        let Some(before) = store::carts::lock(tx, &[(source, external_id)]).await?.pop() else {
            let mut cart = Cart::blank(source, external_id, base, tx.now());
            cart.deleted_at = Some(at);
            if store::carts::insert(tx, &[&cart]).await? == 1 {
                return Ok(());
            }
            continue;
        };
        if before.deleted_at.is_none() {
            let mut after = before.clone();
            after.bury(base, at);
            store::carts::update(tx, &[&after]).await?;
            if before.is_known && before.customer_id.is_some() {
                let mut event = NewEvent::new("cart.deleted")
                    .data(before.describe(json!({})))
                    .at(at);
                event.customer_id = before.customer_id;
                regulars_events::append(tx, event).await?;
            }
        }
        return Ok(());
    }
    Err(busy())
}

/// The carts of a batch, as they were and as they are.
struct Work {
    before: ByKey<Cart>,
    after: ByKey<Cart>,
    events: Vec<NewEvent>,
}

impl Work {
    async fn begin(tx: &mut Tx, keys: Vec<(&str, &str)>) -> Result<Self> {
        let locked = if keys.is_empty() {
            Vec::new()
        } else {
            store::carts::lock(tx, &keys).await?
        };
        let before: ByKey<Cart> = locked
            .into_iter()
            .map(|cart| ((cart.source.clone(), cart.external_id.clone()), cart))
            .collect();
        Ok(Self {
            after: before.clone(),
            before,
            events: Vec::new(),
        })
    }

    /// Puts what is told to what is known.
    fn tell(
        &mut self,
        change: &CartChange,
        people: &People,
        base: Currency,
        speaker: Speaker,
        guard: Guard<'_>,
    ) -> Outcome<Cart> {
        let key = (change.source.clone(), change.external_id.clone());
        let known = self.after.get(&key).cloned();
        let is_there = known.is_some();
        let before =
            known.unwrap_or_else(|| Cart::blank(&change.source, &change.external_id, base, speaker.now));
        if is_there && let Err(error) = guard(before.version) {
            return Outcome::Refused(error);
        }
        if before.deleted_at.is_some() && change.version.is_none() {
            let message = "this cart was deleted; it stays so";
            return Outcome::Refused(Error::conflict("/external_id", "cart_deleted", message));
        }
        let customer = match people.settle(before.customer_id, &change.whose) {
            Ok(customer) => customer,
            Err(error) => return Outcome::Refused(error),
        };
        let after = self.keep(key, merge_cart(&before, change, customer, speaker));
        match (
            before.is_known || before.deleted_at.is_some(),
            before.as_seen() == after.as_seen(),
        ) {
            (false, _) => Outcome::Created(after),
            (true, true) => Outcome::Unchanged(after),
            (true, false) => Outcome::Updated(after),
        }
    }

    /// Keeps a cart with the facts that are told of it from now on.
    fn keep(&mut self, key: (String, String), mut after: Cart) -> Cart {
        for fact in after.facts() {
            let mut event = NewEvent::new(fact.kind)
                .data(after.describe(fact.more))
                .at(fact.at);
            event.customer_id = after.customer_id;
            self.events.push(event);
            after.told.push(fact.key);
        }
        after.told.sort_unstable();
        self.after.insert(key, after.clone());
        after
    }

    /// Writes what differs. False if others have told of a new cart meanwhile: then nothing is written.
    async fn write(&mut self, tx: &mut Tx) -> Result<bool> {
        let new: Vec<&Cart> = self
            .after
            .iter()
            .filter(|(key, _)| !self.before.contains_key(*key))
            .map(|(_, cart)| cart)
            .collect();
        let mut changed: Vec<&Cart> = self
            .after
            .iter()
            .filter(|(key, cart)| self.before.get(*key).is_some_and(|before| before != *cart))
            .map(|(_, cart)| cart)
            .collect();
        changed.sort_unstable_by_key(|cart| cart.id);
        if !new.is_empty() {
            tx.conn().execute("SAVEPOINT new_carts").await?;
            if store::carts::insert(tx, &new).await? < new.len() {
                tx.conn().execute("ROLLBACK TO SAVEPOINT new_carts").await?;
                return Ok(false);
            }
        }
        let versions = if changed.is_empty() {
            Vec::new()
        } else {
            store::carts::update(tx, &changed).await?
        };
        for (id, version, at) in versions {
            if let Some(cart) = self.after.values_mut().find(|cart| cart.id.0 == id) {
                (cart.version, cart.updated_at) = (version, at);
            }
        }
        regulars_events::append_many(tx, std::mem::take(&mut self.events)).await?;
        Ok(true)
    }

    /// The outcomes with the carts as they are in the end. Of two that told of the same new one only the first made it.
    fn show(&self, outcomes: Vec<Outcome<Cart>>) -> Vec<Outcome<Cart>> {
        as_they_are(outcomes, &self.after, |cart| {
            (cart.source.clone(), cart.external_id.clone())
        })
    }
}

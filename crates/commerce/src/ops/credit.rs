//! Store credit: given, taken and shown. It never goes below zero, however many spend it at once.

use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{
    Currency, Cursor, Error, Faults, Page, PageRequest, Result, Sort,
    ids::{CustomerId, StoreCreditEntryId},
};
use rust_decimal::Decimal;

use super::Outcome;
use crate::{
    model::{CreditBalance, CreditChange, CreditEntry, CreditEntryJson, CreditInput, CreditKind},
    paging::{self, COUNTED},
    store,
};

/// The order of the ledger.
pub const ORDER: &[Sort] = &[Sort::descending("created_at")];
/// What a balance must stay below.
const MOST: i64 = 100_000_000_000_000;

/// What a customer has, by currency; currencies of which nothing is left are left out.
pub async fn balances(tx: &mut Tx, customer: CustomerId) -> Result<Vec<CreditBalance>> {
    let all = store::credit::balances(tx, customer).await?;
    Ok(all.into_iter().filter(|one| !one.balance.is_zero()).collect())
}

/// A page of a customer's ledger, the latest first.
pub async fn list(tx: &mut Tx, customer: CustomerId, page: &PageRequest) -> Result<Page<CreditEntryJson>> {
    let mut found =
        store::credit::list(tx, customer, page.cursor(), page.offset(), paging::most(page)).await?;
    let total = paging::total(store::credit::count(tx, customer, COUNTED + 1).await?);
    let next = paging::cut(&mut found, page, |last| {
        Cursor::new(ORDER, vec![serde_json::json!(last.created_at)], last.id.0)
    });
    let shown = found.iter().map(CreditEntry::show).collect();
    Ok(Page::new(shown, next, total))
}

/// A line of a customer's ledger.
pub async fn get(tx: &mut Tx, customer: CustomerId, id: StoreCreditEntryId) -> Result<Option<CreditEntry>> {
    regulars_customers::ops::require_living(tx, customer).await?;
    store::credit::get(tx, customer, id).await
}

/// Writes down what was given or taken. An entry that another system told already stays the one it is.
pub async fn tell(
    tx: &mut Tx,
    customer: CustomerId,
    input: &CreditInput,
    base: Currency,
) -> Result<Outcome<CreditEntry>> {
    let mut faults = Faults::new();
    let change = input.check(base, &mut faults);
    faults.check()?;
    let change = change.ok_or_else(|| Error::internal("what has no fault can be read"))?;
    // Kept from others: whoever merges or deletes the customer comes before this line or after it.
    regulars_customers::store::customers::lock(tx, customer)
        .await?
        .filter(|customer| customer.deleted_at.is_none())
        .ok_or(Error::NotFound("customer"))?;
    let balance = store::credit::lock(tx, customer, change.currency).await?;
    // Looked up behind the lock: whoever tells the same at once has told it by now.
    if let Some((source, external_id)) = &change.key
        && let Some(known) = store::credit::by_key(tx, source, external_id).await?
    {
        if change.is(&known, customer) {
            return Ok(Outcome::Unchanged(known));
        }
        let message = "this entry was told with another customer, kind or amount; the ledger is not changed, add another entry";
        return Err(Error::conflict("/external_id", "entry_known", message));
    }
    Ok(Outcome::Created(write(tx, customer, &change, balance).await?))
}

async fn write(
    tx: &mut Tx,
    customer: CustomerId,
    change: &CreditChange,
    balance: Decimal,
) -> Result<CreditEntry> {
    let after = if change.kind.is_more() {
        balance + change.amount
    } else {
        balance - change.amount
    };
    if after.is_sign_negative() && !after.is_zero() {
        let there = CreditBalance {
            currency: change.currency,
            balance,
        };
        let message = format!(
            "there is not so much: {} {} are left",
            there.show().amount(),
            change.currency
        );
        return Err(Error::invalid("/amount", "credit_insufficient", message));
    }
    if after >= Decimal::from(MOST) {
        let message = "together that is too much to be kept";
        return Err(Error::invalid("/amount", "amount_invalid", message));
    }
    let (source, external_id) = change.key.clone().unzip();
    let mut entry = CreditEntry {
        id: StoreCreditEntryId::new(),
        customer_id: customer,
        kind: change.kind,
        amount: change.amount,
        currency: change.currency,
        balance: after,
        note: change.note.clone(),
        source,
        external_id,
        order_external_id: change.order_external_id.clone(),
        occurred_at: change.occurred_at.unwrap_or(tx.now()),
        created_at: tx.now(),
    };
    entry.normalize();
    store::credit::add(tx, &entry).await?;
    let mut event = NewEvent::new(entry.event())
        .data(entry.describe())
        .at(entry.occurred_at);
    event.customer_id = Some(customer);
    regulars_events::append(tx, event).await?;
    Ok(entry)
}

/// Gives a customer what another has who turned out to be the same. Both ledgers say so. Both customers are locked.
pub(super) async fn hand_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<()> {
    for there in store::credit::balances(tx, from).await? {
        let currency = there.currency;
        let theirs = store::credit::lock(tx, from, currency).await?;
        let ours = store::credit::lock(tx, to, currency).await?;
        if theirs.is_zero() {
            continue;
        }
        let moved = |kind, note: &str| CreditChange {
            kind,
            amount: theirs,
            currency,
            note: Some(note.to_owned()),
            key: None,
            order_external_id: None,
            occurred_at: None,
        };
        let out = moved(
            CreditKind::Withdrawn,
            "Moved to the customer this one was merged into",
        );
        write(tx, from, &out, theirs).await?;
        let into = moved(
            CreditKind::Issued,
            "Moved from a customer who was merged into this one",
        );
        write(tx, to, &into, ours).await?;
    }
    Ok(())
}

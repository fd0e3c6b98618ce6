//! Telling of activities, one or many.

use std::{
    collections::{BTreeMap, HashSet},
    net::IpAddr,
};

use chrono::{DateTime, TimeDelta, Utc};
use regulars_customers::ops::activity;
use regulars_database::Tx;
use regulars_events::{followers, touch};
use regulars_kernel::{
    Error, Faults, Result,
    ids::{CustomerId, KeyId},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::join::{self, TOLD};
use crate::{
    model::{Activity, ActivityInput, Named, Settings, When, cut_off},
    store::{
        self,
        activities::Row,
        lookup::{Asked, Known},
    },
};

/// Most activities that are told at once.
pub const MOST: usize = 1_000;

/// For how long the ids of those are remembered whose time was ahead.
const REMEMBERED: TimeDelta = TimeDelta::days(7);

/// Customers whose open pages hear of a batch; with more, each waits for its next reason to look.
const TOUCHED: usize = 20;

/// Whether a signature says that somebody is who they are named to be.
pub type Believes<'a> = &'a (dyn Fn(&str, &str) -> bool + Send + Sync);

/// Where activities come from.
pub struct Origin<'a> {
    /// The key, if it is one.
    pub key_id: Option<KeyId>,
    /// Of a browser: what it is, and how its claims are checked.
    pub browser: Option<Browser<'a>>,
}

/// A browser that tells.
pub struct Browser<'a> {
    /// Its address.
    pub ip: IpAddr,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// Whether a signed text is what the shop's server signed.
    pub believes: Believes<'a>,
}

/// An activity that was stored, or was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its id.
    pub id: Uuid,
    /// Whose it is, as far as that is known.
    pub customer_id: Option<CustomerId>,
}

/// What became of what was told.
#[derive(Debug)]
pub enum Outcome {
    /// It is new.
    Created(Told),
    /// It was told before.
    Unchanged(Told),
    /// It was refused, and nothing was stored.
    Refused(Error),
}

/// Stores what makes sense and says of each what became of it.
pub async fn tell(
    tx: &mut Tx,
    items: Vec<Result<ActivityInput>>,
    origin: &Origin<'_>,
) -> Result<Vec<Outcome>> {
    let mut read: Vec<Result<Activity>> = items.into_iter().map(|item| check(item?, origin)).collect();
    let known = look_up(tx, &read).await?;
    let mut times = times(&mut read, &known.settings, tx.now());
    let mut known = known;
    join(tx, &read, &times, &mut known).await?;

    let lately = known_lately(tx, &read, &times).await?;
    let mut outcomes = Vec::with_capacity(read.len());
    let mut stored: Vec<(usize, Row, bool)> = Vec::with_capacity(read.len());
    let mut seen = HashSet::new();
    let mut active: BTreeMap<CustomerId, Option<DateTime<Utc>>> = BTreeMap::new();
    for (index, (activity, when)) in read.into_iter().zip(times.drain(..)).enumerate() {
        let (activity, when) = match (activity, when) {
            (Ok(activity), Some(when)) => (activity, when),
            (Err(error), _) => {
                outcomes.push(Outcome::Refused(error));
                continue;
            }
            (Ok(_), None) => return Err(Error::internal("what was read has a time")),
        };
        let customer_id = whose(&activity, &known);
        let told = Told {
            id: activity.id,
            customer_id,
        };
        // Moved ones have another time whenever they are told: their ids alone tell them apart.
        let is_again = lately.contains(&activity.id) && when.is_moved;
        if is_again || !seen.insert((activity.id, (!when.is_moved).then_some(when.at))) {
            outcomes.push(Outcome::Unchanged(told));
            continue;
        }
        outcomes.push(Outcome::Created(told));
        if let Some(id) = customer_id {
            let last = active.entry(id).or_default();
            if activity.kind.is_theirs() {
                *last = (*last).max(Some(when.at));
            }
        }
        let is_named = activity.is_named;
        stored.push((
            index,
            row(activity, when, customer_id, origin, &known.settings),
            is_named,
        ));
    }
    store(tx, stored, origin, &mut outcomes).await?;
    let last: Vec<_> = active.iter().filter_map(|(id, at)| Some((*id, (*at)?))).collect();
    activity::seen(tx, &last).await?;
    followers::changed(tx, active.keys().copied()).await?;
    for id in active.keys().take(TOUCHED) {
        touch(tx, TOLD, *id);
    }
    Ok(outcomes)
}

/// Cleans one. Who a browser names is believed if the shop's server signed it; otherwise it is kept as what was said.
fn check(input: ActivityInput, origin: &Origin<'_>) -> Result<Activity> {
    let mut faults = Faults::new();
    let mut activity = input.check(&mut faults);
    faults.check()?;
    if let Some(browser) = &origin.browser {
        let signed = activity.whose.0.first().map(Named::signed_text);
        let is_believed = match (&signed, &activity.user_hash) {
            (Some(text), Some(hash)) => (browser.believes)(text, hash),
            _ => false,
        };
        if is_believed {
            // The signature is of the first name alone.
            activity.whose.0.truncate(1);
        } else if let Some(claim) = activity.whose.claim() {
            activity.whose.0.clear();
            activity
                .data
                .get_or_insert_with(Map::new)
                .insert("claims".into(), claim);
        }
        activity.ip = Some(browser.ip);
        activity.user_agent.clone_from(&browser.user_agent);
    }
    Ok(activity)
}

async fn look_up(tx: &mut Tx, read: &[Result<Activity>]) -> Result<Known> {
    let mut asked = Asked::default();
    for activity in read.iter().flatten() {
        asked.named.extend(&activity.whose.0);
        asked.visitors.extend(activity.visitor_id.as_deref());
    }
    store::lookup::look_up(tx, &asked).await
}

/// When each happened. One that cannot have is refused, and so is one of a customer who is not there.
fn times(read: &mut [Result<Activity>], settings: &Settings, now: DateTime<Utc>) -> Vec<Option<When>> {
    read.iter_mut()
        .map(|item| {
            let when = item.as_ref().ok()?.when(settings, now);
            match when {
                Ok(when) => Some(when),
                Err(fault) => {
                    *item = Err(Error::Invalid(Faults(vec![fault])));
                    None
                }
            }
        })
        .collect()
}

/// The customer whom an activity names, if there is one.
fn named(activity: &Activity, known: &Known) -> Option<CustomerId> {
    activity
        .whose
        .0
        .iter()
        .find_map(|name| known.customers.get(name))
        .copied()
}

/// Whose it is: the customer it names, or whom the visitor is known to be.
fn whose(activity: &Activity, known: &Known) -> Option<CustomerId> {
    named(activity, known).or_else(|| known.visitors.get(activity.visitor_id.as_deref()?).copied())
}

/// Visitors who are named are that customer from now on, in this batch too. The last word of a batch counts.
async fn join(
    tx: &mut Tx,
    read: &[Result<Activity>],
    times: &[Option<When>],
    known: &mut Known,
) -> Result<()> {
    let mut pairs: BTreeMap<&str, CustomerId> = BTreeMap::new();
    for activity in read
        .iter()
        .zip(times)
        .filter_map(|(item, when)| item.as_ref().ok().filter(|_| when.is_some()))
    {
        if let (Some(visitor), Some(id)) = (activity.visitor_id.as_deref(), named(activity, known)) {
            pairs.insert(visitor, id);
        }
    }
    pairs.retain(|visitor, id| known.visitors.get(*visitor) != Some(&*id));
    if !pairs.is_empty() {
        join::join(tx, &pairs).await?;
        known
            .visitors
            .extend(pairs.into_iter().map(|(visitor, id)| (visitor.to_owned(), id)));
    }
    Ok(())
}

/// Which of those whose time was ahead came before.
async fn known_lately(
    tx: &mut Tx,
    read: &[Result<Activity>],
    times: &[Option<When>],
) -> Result<HashSet<Uuid>> {
    let moved = read.iter().zip(times).filter_map(|(item, when)| {
        let activity = item.as_ref().ok()?;
        (activity.is_named && when.is_some_and(|when| when.is_moved)).then_some(activity.id)
    });
    let moved: Vec<Uuid> = moved.collect();
    if moved.is_empty() {
        return Ok(HashSet::new());
    }
    let since = tx.now() - REMEMBERED;
    Ok(store::activities::known_lately(tx, &moved, since)
        .await?
        .into_iter()
        .collect())
}

fn row(
    activity: Activity,
    when: When,
    customer_id: Option<CustomerId>,
    origin: &Origin<'_>,
    settings: &Settings,
) -> Row {
    let json = |value: Option<Value>| value.filter(|value| !value.is_null());
    debug_assert!(
        origin.browser.is_none() || activity.ip.is_some(),
        "a browser has an address"
    );
    Row {
        id: activity.id,
        occurred_at: when.at,
        kind: activity.kind.name(),
        name: activity.name,
        customer_id,
        visitor_id: activity.visitor_id,
        session_id: activity.session_id,
        url: activity.url,
        title: activity.title,
        referrer: activity.referrer,
        utm: json(activity.utm.and_then(|utm| serde_json::to_value(utm).ok())),
        product_id: activity.product_id,
        order_id: activity.order_id,
        search: activity.query,
        amount: activity.amount.map(|money| money.amount()),
        currency: activity.amount.map(|money| money.currency().as_str().to_owned()),
        user_agent: activity.user_agent,
        ip: activity
            .ip
            .and_then(|ip| cut_off(ip, settings.ip))
            .map(|ip| ip.to_string()),
        geo: json(activity.geo.and_then(|geo| serde_json::to_value(geo).ok())),
        data: activity.data.map(Value::Object),
    }
}

/// Stores the rows, those first that somebody may have told before, in the order of their ids, so that two batches do not
/// wait for each other.
async fn store(
    tx: &mut Tx,
    rows: Vec<(usize, Row, bool)>,
    origin: &Origin<'_>,
    outcomes: &mut [Outcome],
) -> Result<()> {
    let (mut named, fresh): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, _, is_named)| *is_named);
    let from_browser = origin.browser.is_some();
    if !named.is_empty() {
        named.sort_by_key(|(_, row, _)| row.id);
        let places: Vec<_> = named
            .iter()
            .map(|(index, row, _)| (*index, (row.id, row.occurred_at)))
            .collect();
        let rows = named.into_iter().map(|(_, row, _)| row).collect();
        let created = store::activities::insert(tx, rows, origin.key_id, from_browser, true).await?;
        let created: HashSet<_> = created.into_iter().collect();
        for (index, key) in places {
            if let Some(outcome @ Outcome::Created(_)) = outcomes.get_mut(index)
                && !created.contains(&key)
                && let Outcome::Created(told) = *outcome
            {
                *outcome = Outcome::Unchanged(told);
            }
        }
    }
    if !fresh.is_empty() {
        let rows = fresh.into_iter().map(|(_, row, _)| row).collect();
        store::activities::insert(tx, rows, origin.key_id, from_browser, false).await?;
    }
    Ok(())
}

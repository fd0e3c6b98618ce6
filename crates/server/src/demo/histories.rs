//! What the customers of a demonstration went through: colleagues who look after them, contacts and subsidiaries of
//! companies, second addresses, edits and notes, dated over the time since each was created.
//!
//! It calls the use cases that people's clicks call, each in the past.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use regulars_accounts::ops::{create_user, drop_links, get_organization};
use regulars_customers::{
    model::{AddressInput, ContactInput, CustomerInput, Defaults, NoteInput},
    ops::{UNGUARDED, addresses, contacts, customers, notes},
};
use regulars_database::{Database, Tx};
use regulars_kernel::{
    Actor, Patch, Result, Role, Scope,
    ids::{CustomerId, ImportId, UserId},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{names::NOTES, pick, place};

/// Who works in the shop.
const COLLEAGUES: [&str; 3] = ["lea", "marco", "ines"];
/// What contacts of companies are called by.
const POSITIONS: [&str; 4] = ["Purchasing", "Managing director", "Accounting", "Warehouse"];
/// Customers told of in one transaction.
const BATCH: i64 = 100;
/// Customers with a history. Beyond these a demonstration shows nothing new and only takes longer.
const MOST: u64 = 20_000;

struct Person {
    id: CustomerId,
    is_company: bool,
    created_at: DateTime<Utc>,
}

/// Gives the customers of an import their histories.
pub async fn tell(
    database: &Database,
    scope: Scope,
    import: ImportId,
    seed: u64,
    now: DateTime<Utc>,
    told: &(dyn Fn(u64) + Sync),
) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut team: Vec<UserId> = Vec::new();
    for name in COLLEAGUES {
        team.push(colleague(database, scope, &format!("{name}@shop.example")).await?);
    }
    let mut tx = database.begin_read(scope).await?;
    let organization = get_organization(&mut tx).await?;
    drop(tx);
    let defaults = Defaults::new(organization.currency, &organization.locale, now.date_naive());
    let mut after = CustomerId(Uuid::nil());
    let mut done = 0;
    let mut head_office: Option<CustomerId> = None;
    while done < MOST {
        // Somebody of the team did it.
        let by = Scope {
            actor: Actor::User(team[random.random_range(0..team.len())]),
            ..scope
        };
        let mut tx = database.begin(by).await?;
        let people = sqlx::query!(
            r#"SELECT id AS "id: CustomerId", kind = 'company' AS "is_company!", created_at FROM customers
               WHERE id > $1 AND deleted_at IS NULL AND EXISTS (SELECT FROM events e
                 WHERE e.organization_id = customers.organization_id AND e.customer_id = customers.id
                   AND e.kind = 'customer.created' AND e.data->>'import_id' = $3)
               ORDER BY id LIMIT $2"#,
            after.0,
            BATCH,
            import.to_string()
        )
        .fetch_all(tx.conn())
        .await?;
        let Some(last) = people.last() else { break };
        after = last.id;
        done += people.len() as u64;
        for row in people {
            let person = Person {
                id: row.id,
                is_company: row.is_company,
                created_at: row.created_at,
            };
            let owner = team[random.random_range(0..team.len())];
            live(
                &mut tx,
                &mut random,
                &defaults,
                &person,
                now,
                owner,
                &mut head_office,
            )
            .await?;
        }
        tx.commit().await?;
        told(done);
    }
    Ok(())
}

/// A member of the team, who may be one already.
async fn colleague(database: &Database, scope: Scope, email: &str) -> Result<UserId> {
    let mut tx = database.begin_read(scope).await?;
    let known = sqlx::query_scalar!(
        r#"SELECT u.id AS "id: UserId" FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email_lowercase = $1"#,
        email
    )
    .fetch_optional(tx.conn())
    .await?;
    drop(tx);
    if let Some(id) = known {
        return Ok(id);
    }
    let made = create_user(database, scope.organization_id, email, Role::Agent).await?;
    // Nobody is behind the address: without a link no one signs in by it, and the first owner's link goes on to work.
    drop_links(database, made.member.id).await?;
    Ok(made.member.id)
}

/// Moments between a customer's creation and now, in order.
struct Life<'a> {
    at: DateTime<Utc>,
    now: DateTime<Utc>,
    random: &'a mut StdRng,
}

impl Life<'_> {
    /// Lets some of the time that is left pass.
    fn later(&mut self, tx: &mut Tx) {
        let left = (self.now - self.at).num_seconds().max(0);
        self.at += TimeDelta::seconds(self.random.random_range(0..=left / 2));
        tx.set_now(self.at);
    }
}

async fn live(
    tx: &mut Tx,
    random: &mut StdRng,
    defaults: &Defaults,
    person: &Person,
    now: DateTime<Utc>,
    owner: UserId,
    head_office: &mut Option<CustomerId>,
) -> Result<()> {
    let mut life = Life {
        at: person.created_at,
        now,
        random,
    };
    if person.is_company {
        for number in 0..life.random.random_range(1..=3) {
            life.later(tx);
            let contact = contact(life.random, number == 0);
            contacts::create(tx, person.id, &contact, defaults).await?;
        }
        life.later(tx);
        // Many companies belong to the one before them; a few of those have subsidiaries of their own.
        let parent = head_office.filter(|_| life.random.random_bool(0.6));
        if parent.is_none() || life.random.random_bool(0.2) {
            *head_office = Some(person.id);
        }
        let mut changes = json!({"owner_id": owner, "service_level": "gold"});
        if let Some(parent) = parent {
            changes["parent_id"] = json!(parent);
        }
        change(tx, person.id, changes, defaults).await?;
    } else if life.random.random_bool(0.08) {
        life.later(tx);
        change(tx, person.id, json!({"owner_id": owner}), defaults).await?;
    }
    if life.random.random_bool(0.1) {
        life.later(tx);
        let address = second_address(life.random)?;
        addresses::create(tx, person.id, &address, defaults).await?;
    }
    if life.random.random_bool(0.12) {
        life.later(tx);
        let priority = pick(life.random, &["high", "low", "urgent"]);
        change(tx, person.id, json!({"priority": priority}), defaults).await?;
    }
    if life.random.random_bool(0.06) {
        for number in 0..life.random.random_range(1..=3) {
            life.later(tx);
            let note = NoteInput {
                body: Patch::Set(pick(life.random, NOTES).to_owned()),
                pinned: Patch::Set(number == 0 && life.random.random_bool(0.4)),
            };
            notes::create(tx, person.id, &note).await?;
        }
    }
    Ok(())
}

async fn change(tx: &mut Tx, id: CustomerId, changes: Value, defaults: &Defaults) -> Result<()> {
    let input: CustomerInput = serde_json::from_value(changes)?;
    customers::update(tx, id, &input, UNGUARDED, defaults)
        .await
        .map(drop)
}

fn contact(random: &mut StdRng, is_primary: bool) -> ContactInput {
    let place = place(random);
    let (first, last) = (pick(random, place.first_names), pick(random, place.last_names));
    ContactInput {
        first_name: Patch::Set(first.to_owned()),
        last_name: Patch::Set(last.to_owned()),
        email: Patch::Set(format!(
            "{}@office.example",
            super::mailbox(first, last, random.random_range(1..1_000))
        )),
        title: Patch::Set(pick(random, &POSITIONS).to_owned()),
        is_primary: Patch::Set(is_primary),
        ..ContactInput::default()
    }
}

fn second_address(random: &mut StdRng) -> Result<AddressInput> {
    let place = place(random);
    let (city, province, start) = place.cities[random.random_range(0..place.cities.len())];
    let street = pick(random, place.streets);
    let postal_code = format!("{start}{}", super::digits(random, place.postcode_digits));
    Ok(serde_json::from_value(json!({
        "type": "shipping", "line1": format!("{street} {}", random.random_range(1..90)), "city": city,
        "province": province, "postal_code": postal_code, "country": place.country,
    }))?)
}

//! Whose an order, a cart or a wishlist is: found by id, by an id elsewhere or by address; who is not known yet becomes a guest.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use regulars_customers::{
    model::{Type, import::Wanted},
    ops::import::{Create, Origin, create_many},
    store::batch_parts::KnownWords,
};
use regulars_database::Tx;
use regulars_kernel::{Email, Error, Patch, Result, ids::CustomerId};

use sqlx::Executor as _;

use crate::{
    model::{Address, CartChange, Change, Whose, WishlistChange},
    store,
};

/// What says whose it is.
pub(super) trait Owned {
    /// Whose it is, as far as it was told.
    fn whose(&self) -> &Whose;
    /// Addresses that may say how they are called.
    fn addresses(&self) -> [&Patch<Address>; 2];
}

impl Owned for Change {
    fn whose(&self) -> &Whose {
        &self.whose
    }

    fn addresses(&self) -> [&Patch<Address>; 2] {
        [&self.core.billing_address, &self.core.shipping_address]
    }
}

impl Owned for CartChange {
    fn whose(&self) -> &Whose {
        &self.whose
    }

    fn addresses(&self) -> [&Patch<Address>; 2] {
        [&Patch::Keep, &Patch::Keep]
    }
}

impl Owned for WishlistChange {
    fn whose(&self) -> &Whose {
        &self.whose
    }

    fn addresses(&self) -> [&Patch<Address>; 2] {
        [&Patch::Keep, &Patch::Keep]
    }
}

/// Who is who, for a batch of orders, carts or wishlists.
#[derive(Default)]
pub(super) struct People {
    living: BTreeSet<CustomerId>,
    by_key: HashMap<(String, String), CustomerId>,
    by_email: HashMap<String, CustomerId>,
    /// Who was made here.
    made: BTreeSet<CustomerId>,
}

/// How often somebody may be made known by others while it is tried here.
const TRIES: usize = 3;

impl People {
    /// Looks up everybody whom these name, and makes guests of those who are not known.
    pub(super) async fn find<'a, T: Owned + 'a>(
        tx: &mut Tx,
        changes: impl Iterator<Item = &'a T> + Clone,
    ) -> Result<Self> {
        let mut people = Self::default();
        people.look_up_ids(tx, changes.clone()).await?;
        for _ in 0..TRIES {
            people.look_up(tx, changes.clone()).await?;
            let strangers = people.strangers(changes.clone());
            if strangers.is_empty() || people.welcome(tx, strangers).await? {
                break;
            }
        }
        Ok(people)
    }

    async fn look_up_ids<'a, T: Owned + 'a>(
        &mut self,
        tx: &mut Tx,
        changes: impl Iterator<Item = &'a T>,
    ) -> Result<()> {
        let ids: BTreeSet<CustomerId> = changes
            .filter_map(|change| match change.whose() {
                Whose::Id(id) => Some(*id),
                _ => None,
            })
            .collect();
        if !ids.is_empty() {
            let ids: Vec<CustomerId> = ids.into_iter().collect();
            self.living = store::people::living(tx, &ids).await?.into_iter().collect();
        }
        Ok(())
    }

    async fn look_up<'a, T: Owned + 'a>(
        &mut self,
        tx: &mut Tx,
        changes: impl Iterator<Item = &'a T>,
    ) -> Result<()> {
        let (mut keys, mut emails) = (BTreeSet::new(), BTreeSet::new());
        for change in changes {
            if let Whose::Known { key, email } = change.whose() {
                keys.extend(key.as_ref().map(|(source, id)| (source.as_str(), id.as_str())));
                emails.extend(email.as_ref().map(Email::lowercase));
            }
        }
        if !keys.is_empty() {
            let keys: Vec<_> = keys.into_iter().collect();
            for (source, external_id, id) in store::people::by_keys(tx, &keys).await? {
                self.by_key.insert((source, external_id), id);
            }
        }
        if !emails.is_empty() {
            let emails: Vec<String> = emails.into_iter().collect();
            self.by_email = store::people::by_emails(tx, &emails).await?.into_iter().collect();
        }
        Ok(())
    }

    /// Who must be made known, in the order of their addresses and ids, so that two batches do not wait for each other.
    fn strangers<'a, T: Owned + 'a>(&self, changes: impl Iterator<Item = &'a T>) -> Vec<Wanted> {
        let mut strangers: BTreeMap<(String, String), Wanted> = BTreeMap::new();
        for change in changes {
            let Whose::Known { key, email } = change.whose() else {
                continue;
            };
            if self.of(change.whose()).is_some() {
                continue;
            }
            let name = match (&email, &key) {
                (Some(email), _) => ("email".to_owned(), email.lowercase()),
                (None, Some((source, id))) => (source.clone(), id.clone()),
                (None, None) => continue,
            };
            let stranger = strangers.entry(name).or_insert_with(|| Wanted {
                email: email.clone().map_or(Patch::Keep, Patch::Set),
                customer_type: Some(Type::Guest),
                ..Wanted::default()
            });
            if let Some(key) = key
                && !stranger.sources.contains(key)
                && stranger.sources.len() < 20
            {
                stranger.sources.push(key.clone());
            }
            if stranger.first_name.is_keep() && stranger.last_name.is_keep() {
                name_of(change.addresses(), stranger);
            }
        }
        strangers.into_values().collect()
    }

    /// Makes guests; says whether all of them could be. The others were made known by somebody else meanwhile.
    async fn welcome(&mut self, tx: &mut Tx, strangers: Vec<Wanted>) -> Result<bool> {
        let rows: Vec<Create<'_>> = strangers
            .iter()
            .map(|wanted| Create {
                id: CustomerId::new(),
                wanted,
            })
            .collect();
        let origin = Origin { import_id: None };
        if self.made.is_empty() {
            tx.conn().execute("SAVEPOINT guests").await?;
        }
        let refusals = create_many(tx, &rows, &origin, &KnownWords::default(), &mut Vec::new()).await?;
        for (row, refusal) in rows.iter().zip(&refusals) {
            if refusal.is_none() {
                self.made.insert(row.id);
                if let Patch::Set(email) = &row.wanted.email {
                    self.by_email.insert(email.lowercase(), row.id);
                }
                for key in &row.wanted.sources {
                    self.by_key.insert(key.clone(), row.id);
                }
            }
        }
        Ok(refusals.iter().all(Option::is_none))
    }

    /// As [`Self::find`]; of what is only tried, who is not known is imagined, and nothing is written.
    pub(super) async fn seek<'a, T: Owned + 'a>(
        tx: &mut Tx,
        changes: impl Iterator<Item = &'a T> + Clone,
        is_trial: bool,
    ) -> Result<Self> {
        if is_trial {
            Self::imagine(tx, changes).await
        } else {
            Self::find(tx, changes).await
        }
    }

    async fn imagine<'a, T: Owned + 'a>(
        tx: &mut Tx,
        changes: impl Iterator<Item = &'a T> + Clone,
    ) -> Result<Self> {
        let mut people = Self::default();
        people.look_up_ids(tx, changes.clone()).await?;
        people.look_up(tx, changes.clone()).await?;
        for stranger in people.strangers(changes) {
            let id = CustomerId::new();
            if let Patch::Set(email) = &stranger.email {
                people.by_email.insert(email.lowercase(), id);
            }
            for key in stranger.sources {
                people.by_key.insert(key, id);
            }
        }
        Ok(people)
    }

    /// Whether somebody was made whom none of these names.
    pub(super) fn has_needless<'a, T: Owned + 'a>(&self, changes: impl Iterator<Item = &'a T>) -> bool {
        if self.made.is_empty() {
            return false;
        }
        let named: BTreeSet<CustomerId> = changes.filter_map(|change| self.of(change.whose())).collect();
        !self.made.is_subset(&named)
    }

    /// Takes back everybody who was made, and everything since.
    pub(super) async fn take_back(&self, tx: &mut Tx) -> Result<()> {
        tx.conn().execute("ROLLBACK TO SAVEPOINT guests").await?;
        Ok(())
    }

    /// Whose it is from now on, if that is said. `known` is whose it was.
    pub(super) fn settle(&self, known: Option<CustomerId>, whose: &Whose) -> Result<Patch<CustomerId>> {
        match whose {
            Whose::Unsaid => Ok(Patch::Keep),
            Whose::Nobody => Ok(Patch::Clear),
            Whose::Id(id) if known == Some(*id) => Ok(Patch::Keep),
            whose => match self.of(whose) {
                Some(id) => Ok(Patch::Set(id)),
                None if matches!(whose, Whose::Id(_)) => Err(Error::invalid(
                    "/customer_id",
                    "customer_unknown",
                    "there is no customer with this id",
                )),
                None => Ok(Patch::Keep),
            },
        }
    }

    /// Who it is; none if that is not known.
    fn of(&self, whose: &Whose) -> Option<CustomerId> {
        match whose {
            Whose::Unsaid | Whose::Nobody => None,
            Whose::Id(id) => Some(*id).filter(|id| self.living.contains(id)),
            Whose::Known { key, email } => key
                .as_ref()
                .and_then(|key| self.by_key.get(key))
                .or_else(|| {
                    email
                        .as_ref()
                        .and_then(|email| self.by_email.get(&email.lowercase()))
                })
                .copied(),
        }
    }
}

/// A guest is called as the address says.
fn name_of(addresses: [&Patch<Address>; 2], stranger: &mut Wanted) {
    let name = addresses.into_iter().find_map(|address| match address {
        Patch::Set(address) => address
            .name
            .as_deref()
            .map(str::trim)
            .filter(|name| !name.is_empty()),
        Patch::Keep | Patch::Clear => None,
    });
    if let Some(name) = name {
        let short = |text: &str| text.chars().take(100).collect::<String>();
        match name.rsplit_once(' ') {
            Some((first, last)) => {
                stranger.first_name = Patch::Set(short(first.trim()));
                stranger.last_name = Patch::Set(short(last));
            }
            None => stranger.last_name = Patch::Set(short(name)),
        }
    }
}

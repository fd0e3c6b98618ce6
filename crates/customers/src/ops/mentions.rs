//! Members who are mentioned in notes: each sees where, until they have seen it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Faults, Result,
    ids::{CustomerId, NoteId, UserId},
    text,
};
use uuid::Uuid;

use crate::{
    model::mention::{self, Piece, mentioned},
    store::{captions, mentions},
};

pub use crate::store::mentions::Mention;

/// More unread ones are not counted.
pub const MOST_COUNTED: i64 = 100;
/// So many members are offered at once.
const OFFERED: usize = 8;

/// Members by what they are called where they are mentioned.
async fn labels(tx: &mut Tx) -> Result<HashMap<UserId, String>> {
    Ok(mention::labels(mentions::members(tx).await?))
}

/// What those who are mentioned in these texts are called now, those who left included.
pub async fn names(tx: &mut Tx, bodies: &[&str]) -> Result<HashMap<UserId, String>> {
    let ids: Vec<Uuid> = bodies
        .iter()
        .flat_map(|body| mentioned(body))
        .map(|id| id.0)
        .collect();
    let names = captions::owners(tx, &ids).await?;
    Ok(names.into_iter().map(|(id, name)| (UserId(id), name)).collect())
}

/// Members whose name begins with what was typed, or a word of it does.
pub async fn offers(tx: &mut Tx, typed: &str) -> Result<Vec<(UserId, String)>> {
    let typed = text::fold(typed);
    let mut all: Vec<_> = labels(tx).await?.into_iter().collect();
    all.sort_by(|(a, x), (b, y)| x.cmp(y).then(a.cmp(b)));
    all.retain(|(_, label)| {
        let label = text::fold(label);
        label.starts_with(&typed) || label.split(' ').any(|word| word.starts_with(&typed))
    });
    all.truncate(OFFERED);
    Ok(all)
}

/// A note as it is written by people.
pub async fn shown(tx: &mut Tx, body: &str) -> Result<String> {
    if mentioned(body).is_empty() {
        return Ok(body.to_owned());
    }
    Ok(mention::shown(body, &labels(tx).await?))
}

/// A note as it is stored, from what a person wrote in place of `before`. Who left and was mentioned before still is.
pub async fn stored(tx: &mut Tx, text: &str, before: &str) -> Result<String> {
    if !text.contains('@') {
        return Ok(text.to_owned());
    }
    let mut labels = labels(tx).await?;
    if mention::shown(before, &labels) == text {
        return Ok(before.to_owned());
    }
    for piece in mention::pieces(before) {
        if let Piece::Member(id, name) = piece {
            labels.entry(id).or_insert_with(|| name.to_owned());
        }
    }
    Ok(mention::stored(text, &labels))
}

/// Refuses to mention anew whoever is no member.
pub(super) async fn check(tx: &mut Tx, before: &str, body: &str, faults: &mut Faults) -> Result<()> {
    let known = mentioned(before);
    let fresh: Vec<_> = mentioned(body)
        .into_iter()
        .filter(|id| !known.contains(id))
        .collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let members = labels(tx).await?;
    for id in fresh.iter().filter(|id| !members.contains_key(id)) {
        faults.add("/body", "not_a_member", format!("no member has the id {id}"));
    }
    Ok(())
}

/// Notes down whom a note mentions now.
pub(super) async fn set(tx: &mut Tx, note: NoteId, before: &str, body: &str) -> Result<()> {
    let (before, now) = (mentioned(before), mentioned(body));
    if before == now {
        return Ok(());
    }
    let users: Vec<Uuid> = now.iter().map(|id| id.0).collect();
    let actor = tx.actor();
    mentions::set(tx, note, &users, (actor.kind(), actor.id())).await
}

/// What mentions a member, the latest first, and where the next part begins.
pub async fn list(
    tx: &mut Tx,
    user: UserId,
    before: Option<(DateTime<Utc>, Uuid)>,
    most: u32,
) -> Result<(Vec<Mention>, bool)> {
    let mut all = mentions::list(tx, user, before, i64::from(most) + 1).await?;
    let is_more = all.len() > most as usize;
    all.truncate(most as usize);
    Ok((all, is_more))
}

/// How many a member has not seen, counted up to [`MOST_COUNTED`].
pub async fn unread(tx: &mut Tx, user: UserId) -> Result<i64> {
    mentions::unread(tx, user, MOST_COUNTED).await
}

/// Which of a customer's notes mention a member who has not seen it.
pub async fn unread_of(tx: &mut Tx, user: UserId, customer: CustomerId) -> Result<Vec<Uuid>> {
    mentions::unread_of(tx, user, customer).await
}

/// A member saw these notes.
pub async fn see(tx: &mut Tx, user: UserId, notes: &[Uuid]) -> Result<()> {
    mentions::see(tx, user, notes).await
}

//! Keys that a browser may hold. They are no secret: whoever reads a shop's page has one. So they let nobody in; they say
//! for which organization a page tells of activities, and what they may is told here and asked by the one room that takes them.
//!
//! What it never does: make a caller of one.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use hmac::{Hmac, Mac};
use moka::sync::Cache;
use regulars_kernel::{
    Actor, Error, Result, Scope, Secret, clock,
    ids::{KeyId, OrganizationId},
};
use regulars_web::AppState;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{
    authenticate::{generation, in_background, is_due, wrong_key},
    secrets::{self, KeyText},
    store::keys,
};

/// Requests that one key may make in a minute, if it was not said.
pub const RATE_PER_MINUTE: u32 = 6_000;

/// What every such key begins with.
pub const PREFIX: &str = "pk_";

/// For how long what was found may be used without looking again.
const KEPT: Duration = Duration::from_secs(5);

/// What was found for a key's text, by its SHA-256, and how often anything about accounts had changed before.
type Entry = (Arc<PublishableKey>, u64);

static KNOWN: LazyLock<Cache<[u8; 32], Entry>> =
    LazyLock::new(|| Cache::builder().max_capacity(50_000).time_to_live(KEPT).build());

/// A key that a browser holds.
#[derive(Debug)]
pub struct PublishableKey {
    /// Whose pages it is on.
    pub organization_id: OrganizationId,
    /// Its id.
    pub id: KeyId,
    /// The origins of those pages.
    pub origins: Vec<String>,
    /// Requests that it may make in a minute, all browsers together.
    pub rate_per_minute: u32,
    identity_secret: Secret<String>,
    expires_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl PublishableKey {
    /// What a transaction is opened for.
    pub fn scope(&self) -> Scope {
        Scope {
            organization_id: self.organization_id,
            actor: Actor::Key(self.id),
        }
    }

    /// Whether pages of this origin may use it.
    pub fn allows(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| allowed == origin)
    }

    /// Whether the shop's server signed this text: HMAC-SHA256 with the identity secret, in hexadecimal digits.
    pub fn believes(&self, text: &str, signature: &str) -> bool {
        let wanted = sign(self.identity_secret.expose(), text);
        bool::from(wanted.as_bytes().ct_eq(signature.to_ascii_lowercase().as_bytes()))
    }
}

/// A text as the shop's server signs it.
pub fn sign(identity_secret: &str, text: &str) -> String {
    // A key of any length is one: RFC 2104 hashes a long one.
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(identity_secret.as_bytes()) else {
        unreachable!("HMAC takes keys of any length")
    };
    mac.update(text.as_bytes());
    let hex = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    let mut digits = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        digits.push(hex(byte >> 4));
        digits.push(hex(byte & 15));
    }
    digits
}

/// The key of this text. One that is wrong, revoked or over is refused with 401.
pub async fn publishable(state: &AppState, text: &str, ip: Option<IpAddr>) -> Result<Arc<PublishableKey>> {
    let (hash, now) = (secrets::hash(text), clock::now());
    let current = generation();
    if let Some((key, found_at)) = KNOWN.get(&hash)
        && found_at == current
        && key.expires_at.is_none_or(|at| at > now)
    {
        return Ok(key);
    }
    let given = KeyText::read_publishable(text).ok_or_else(|| wrong_key(ip))?;
    let scope = Scope {
        organization_id: given.organization_id,
        actor: Actor::Key(given.id),
    };
    let mut tx = state.database.begin_read(scope).await?;
    let found = keys::find_publishable(&mut tx, given.id).await?;
    tx.rollback().await?;
    let found = found
        .filter(|found| bool::from(found.secret_hash.ct_eq(&given.secret_hash())))
        .ok_or_else(|| wrong_key(ip))?;
    if found.revoked_at.is_some() {
        return Err(Error::Unauthorized("the API key was revoked".into()));
    }
    if found.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::Unauthorized("the API key has expired".into()));
    }
    if is_due(found.last_used_at, now) {
        let (database, id) = (state.database.clone(), given.id);
        in_background(async move {
            let mut tx = database.begin(scope).await?;
            keys::touch(&mut tx, id).await?;
            tx.commit().await
        });
    }
    let key = Arc::new(PublishableKey {
        organization_id: given.organization_id,
        id: given.id,
        origins: found.origins,
        rate_per_minute: found
            .rate_per_minute
            .and_then(|rate| u32::try_from(rate).ok())
            .unwrap_or(RATE_PER_MINUTE),
        identity_secret: Secret::new(found.identity_secret),
        expires_at: found.expires_at,
    });
    KNOWN.insert(hash, (key.clone(), current));
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        assert_eq!(
            sign("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn only_what_was_signed_is_believed_and_only_whole_origins_are_allowed() {
        let key = PublishableKey {
            organization_id: OrganizationId::new(),
            id: KeyId::new(),
            origins: vec!["https://shop.example".into()],
            rate_per_minute: 1,
            identity_secret: Secret::new("secret".into()),
            expires_at: None,
        };
        let signed = sign("secret", "ada@example.com");
        assert!(key.believes("ada@example.com", &signed));
        assert!(key.believes("ada@example.com", &signed.to_uppercase()));
        for (text, signature) in [
            ("bob@example.com", signed.as_str()),
            ("ada@example.com", ""),
            ("ada@example.com", &signed[1..]),
        ] {
            assert!(!key.believes(text, signature));
        }
        assert!(key.allows("https://shop.example"));
        for origin in [
            "https://shop.example.evil.example",
            "http://shop.example",
            "https://shop.example:8443",
            "null",
            "",
        ] {
            assert!(!key.allows(origin), "{origin}");
        }
    }
}

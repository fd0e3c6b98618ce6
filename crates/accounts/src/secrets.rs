//! Random secrets and the texts that carry them: session tokens, link tokens, API keys.
//!
//! Only SHA-256 of a secret is ever stored. That is enough here, because each holds 256 random bits: there is nothing
//! to guess, so nothing to slow down. Passwords are another matter, see [`crate::passwords`].

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use regulars_kernel::{
    Secret,
    ids::{KeyId, OrganizationId},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What every API key begins with, so that people and secret scanners know one when they see it.
pub const KEY_PREFIX: &str = "rk_";

/// A fresh token of 256 random bits as URL-safe text.
pub fn new_token() -> Secret<String> {
    Secret::new(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

/// What is stored of a token.
pub fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// The parts of an API key: where to look it up, and what proves it.
#[derive(Clone, Debug)]
pub struct KeyText {
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// Its id.
    pub id: KeyId,
    secret: Secret<[u8; 32]>,
}

impl KeyText {
    /// A new key's parts.
    pub fn new(organization_id: OrganizationId, id: KeyId) -> Self {
        Self {
            organization_id,
            id,
            secret: Secret::new(rand::random()),
        }
    }

    /// The text that is shown once: `rk_` and the base64url of organization, id and secret.
    pub fn write(&self) -> Secret<String> {
        self.write_as(KEY_PREFIX)
    }

    /// The text of a key that a browser may hold.
    pub fn write_publishable(&self) -> Secret<String> {
        self.write_as(crate::publishable::PREFIX)
    }

    fn write_as(&self, prefix: &str) -> Secret<String> {
        let mut bytes = [0u8; 64];
        bytes[..16].copy_from_slice(self.organization_id.0.as_bytes());
        bytes[16..32].copy_from_slice(self.id.0.as_bytes());
        bytes[32..].copy_from_slice(self.secret.expose());
        Secret::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads a key's text; none if it cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        Self::read_as(KEY_PREFIX, text)
    }

    /// Reads the text of a key that a browser may hold.
    pub fn read_publishable(text: &str) -> Option<Self> {
        Self::read_as(crate::publishable::PREFIX, text)
    }

    fn read_as(prefix: &str, text: &str) -> Option<Self> {
        let mut bytes = [0u8; 64];
        let encoded = text.strip_prefix(prefix).filter(|rest| rest.len() == 86)?;
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()?;
        if length != bytes.len() {
            return None;
        }
        let (organization, rest) = bytes.split_first_chunk::<16>()?;
        let (id, secret) = rest.split_first_chunk::<16>()?;
        Some(Self {
            organization_id: OrganizationId(Uuid::from_bytes(*organization)),
            id: KeyId(Uuid::from_bytes(*id)),
            secret: Secret::new(secret.try_into().ok()?),
        })
    }

    /// What is stored of the secret.
    pub fn secret_hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.expose()).into()
    }

    /// The last characters, by which a person tells keys apart. They give away 24 of 256 bits.
    pub fn hint(&self) -> String {
        let text = self.write();
        text.expose()[text.expose().len() - 4..].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_a_round_trip() {
        let key = KeyText::new(OrganizationId::new(), KeyId::new());
        let text = key.write();
        let read = KeyText::read(text.expose()).unwrap();
        assert_eq!((read.organization_id, read.id), (key.organization_id, key.id));
        assert_eq!(read.secret_hash(), key.secret_hash());
        assert!(text.expose().ends_with(&key.hint()));
        assert!(!format!("{key:?}").contains(&key.hint()));
        // One for browsers is no other way in.
        let publishable = key.write_publishable();
        assert!(
            KeyText::read(publishable.expose()).is_none()
                && KeyText::read_publishable(text.expose()).is_none()
        );
        assert_eq!(
            KeyText::read_publishable(publishable.expose()).unwrap().id,
            key.id
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let text = KeyText::new(OrganizationId::new(), KeyId::new())
            .write()
            .into_inner();
        for garbage in [
            "",
            "rk_",
            "rk",
            &text[..text.len() - 1],
            &format!("{text}A"),
            &text.replace("rk_", "sk_"),
            &format!("rk_{}", "é".repeat(43)),
            &format!("rk_{}", "=".repeat(86)),
        ] {
            assert!(KeyText::read(garbage).is_none(), "{garbage}");
        }
    }

    #[test]
    fn tokens_differ_and_hold_256_bits() {
        let (one, two) = (new_token(), new_token());
        assert_ne!(one.expose(), two.expose());
        assert_eq!(one.expose().len(), 43);
    }
}

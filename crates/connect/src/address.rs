//! The last part of a webhook's address. It names the organization, so that a connection is looked up inside the wall
//! and no table of connections is readable across it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use regulars_kernel::ids::{ConnectionId, OrganizationId};
use uuid::Uuid;

/// Whose connection, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The connection.
    pub connection_id: ConnectionId,
}

impl Address {
    /// 43 characters: the base64url of both ids.
    pub fn write(&self) -> String {
        let mut bytes = [0u8; 32];
        bytes[..16].copy_from_slice(self.organization_id.0.as_bytes());
        bytes[16..].copy_from_slice(self.connection_id.0.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads it back; none if it cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (organization, connection) = bytes.split_first_chunk::<16>()?;
        Some(Self {
            organization_id: OrganizationId(Uuid::from_bytes(*organization)),
            connection_id: ConnectionId(Uuid::from_bytes(connection.try_into().ok()?)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_back_and_nothing_else_is_one() {
        let address = Address {
            organization_id: OrganizationId::new(),
            connection_id: ConnectionId::new(),
        };
        let text = address.write();
        assert_eq!(text.len(), 43);
        assert_eq!(Address::read(&text), Some(address));
        for wrong in ["", "x", &text[1..], &format!("{text}A"), "ä", "../../x"] {
            assert_eq!(Address::read(wrong), None, "{wrong}");
        }
    }
}

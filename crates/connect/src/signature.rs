//! The parts of which providers' signature rules are made. Comparisons take the same time whatever differs.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// HMAC-SHA256 (RFC 2104) of the parts, one after the other.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is one: RFC 2104 hashes a long one.
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length")
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// SHA-256 of the parts, each after its length, so that no two lists of parts give the same.
pub fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}

/// Whether a signature in base64 is this one.
pub fn is_base64(text: &str, expected: &[u8]) -> bool {
    STANDARD
        .decode(text.trim())
        .is_ok_and(|given| is_same(&given, expected))
}

/// Whether a signature in hexadecimal digits is this one.
pub fn is_hex(text: &str, expected: &[u8]) -> bool {
    from_hex(text.trim()).is_some_and(|given| is_same(&given, expected))
}

/// Bytes of hexadecimal digits; none for anything else.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        })
        .collect()
}

fn is_same(given: &[u8], expected: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(given, expected).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Test case 2 of the RFC.
        let expected = from_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843").unwrap();
        assert_eq!(
            hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]),
            *expected
        );
    }

    #[test]
    fn signatures_are_compared_as_bytes_whatever_their_writing() {
        let bytes = [0xab, 0xcd, 0x01];
        assert!(is_hex("abcd01", &bytes) && is_hex("ABCD01", &bytes) && is_base64("q80B", &bytes));
        for wrong in ["", "abcd0", "abcd02", "zz", "abcd0100", "ä0"] {
            assert!(!is_hex(wrong, &bytes), "{wrong}");
            assert!(!is_base64(wrong, &bytes), "{wrong}");
        }
    }

    #[test]
    fn a_digest_tells_parts_apart() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}

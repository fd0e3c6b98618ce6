//! ETags (RFC 9110 §8.8, §13) of versioned resources: `"v3"`, or `"v3-<digest>"` where the body shows more than the
//! version covers. `If-Match` compares the version alone, so both forms guard a change.

use http::{HeaderMap, HeaderValue, header};
use regulars_kernel::{Error, Result};
use sha2::{Digest, Sha256};

/// `"v3"`.
pub fn of_version(version: i32) -> HeaderValue {
    HeaderValue::from_str(&format!("\"v{version}\"")).expect("digits are allowed in headers")
}

/// `"v3-1f2e3d4c5b6a7988"`.
pub fn of_version_and_body(version: i32, body: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(body);
    let short = u64::from_be_bytes(digest[..8].try_into().expect("SHA-256 has 32 bytes"));
    HeaderValue::from_str(&format!("\"v{version}-{short:016x}\"")).expect("hexadecimal is allowed in headers")
}

/// What an `If-Match` header asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// No header: any version.
    #[default]
    Absent,
    /// `*`: any version, as long as it exists.
    Any,
    /// One of these.
    Versions(Vec<i32>),
}

impl IfMatch {
    /// Reads the header; tags that are not ours match nothing.
    pub fn of(headers: &HeaderMap) -> Result<Self> {
        let mut versions = Vec::new();
        let mut present = false;
        for value in headers.get_all(header::IF_MATCH) {
            present = true;
            let text = value.to_str().map_err(|_| malformed())?;
            for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
                if tag == "*" {
                    return Ok(Self::Any);
                }
                // A proxy that compresses weakens tags; the version still names the state.
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                let tag = tag
                    .strip_prefix('"')
                    .and_then(|tag| tag.strip_suffix('"'))
                    .ok_or_else(malformed)?;
                let number = tag
                    .strip_prefix('v')
                    .map(|tag| tag.split('-').next().unwrap_or(tag));
                versions.extend(number.and_then(|number| number.parse::<i32>().ok()));
            }
        }
        Ok(if present {
            Self::Versions(versions)
        } else {
            Self::Absent
        })
    }

    /// Fails with 412 unless the current version is asked for.
    pub fn check(&self, current: i32) -> Result<()> {
        match self {
            Self::Versions(versions) if !versions.contains(&current) => Err(Error::Stale { current }),
            _ => Ok(()),
        }
    }
}

fn malformed() -> Error {
    Error::malformed("If-Match", "if_match_invalid", "name tags such as \"v3\", or *")
}

/// Whether `If-None-Match` names the tag (weak comparison).
pub(crate) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let plain = tag.trim_start_matches("W/");
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| matches!(known.trim(), "*") || known.trim().trim_start_matches("W/") == plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<IfMatch> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, text.parse().unwrap());
        IfMatch::of(&headers)
    }

    #[test]
    fn if_match_takes_tags_lists_and_the_star() {
        assert_eq!(read("\"v3\"").unwrap(), IfMatch::Versions(vec![3]));
        assert_eq!(
            read("\"v3-0011223344556677\", W/\"v4\"").unwrap(),
            IfMatch::Versions(vec![3, 4])
        );
        assert_eq!(read("*").unwrap(), IfMatch::Any);
        assert_eq!(read("\"foreign\"").unwrap(), IfMatch::Versions(vec![]));
        let words = read("v3").unwrap_err().to_string();
        assert_eq!(words, "If-Match: name tags such as \"v3\", or *");
        assert_eq!(IfMatch::of(&HeaderMap::new()).unwrap(), IfMatch::Absent);
    }

    #[test]
    fn only_the_current_version_passes() {
        assert!(read("\"v3\"").unwrap().check(3).is_ok());
        assert!(matches!(
            read("\"v2\"").unwrap().check(3),
            Err(Error::Stale { current: 3 })
        ));
        assert!(matches!(
            read("\"foreign\"").unwrap().check(3),
            Err(Error::Stale { .. })
        ));
        assert!(IfMatch::Absent.check(3).is_ok());
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, "\"v1\", W/\"v3\"".parse().unwrap());
        assert!(is_known(&headers, &of_version(3)));
        assert!(!is_known(&headers, &of_version(2)));
    }
}

//! The key of a service account, and the token that is made of it.
//!
//! The token is signed here and sent as it is: Google's services take a JSON Web Token that a service account signed for
//! them ([service account authorization without OAuth](https://developers.google.com/identity/protocols/oauth2/service-account#jwt-auth)).
//! So the key is never sent anywhere, and no address that stands in the file is asked for anything.

use base64::{Engine as _, engine::general_purpose};
use chrono::{DateTime, TimeDelta, Utc};
use regulars_kernel::{Error, Result, Secret};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde::Deserialize;
use serde_json::json;

/// For whom tokens are made.
const AUDIENCE: &str = "https://firestore.googleapis.com/";
/// Google takes none that hold for longer.
const HOLDS: TimeDelta = TimeDelta::minutes(60);
/// A new one is made when the one there is holds for less.
const LEFT: TimeDelta = TimeDelta::minutes(5);

/// What is read of Google's file.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    private_key_id: Option<String>,
    private_key: String,
    client_email: String,
}

/// A service account that can sign.
pub struct ServiceAccount {
    email: String,
    key_id: Option<String>,
    key: RsaKeyPair,
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount").finish_non_exhaustive()
    }
}

/// A token and until when it holds.
#[derive(Clone)]
pub struct Token {
    /// What stands behind `Bearer`.
    pub text: Secret<String>,
    until: DateTime<Utc>,
}

impl Token {
    /// Whether it holds for a while yet.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.until - now > LEFT
    }
}

impl ServiceAccount {
    /// Reads the file that Google gives. Says what is wrong with it without quoting it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|_| {
            "this is not the key file of a service account: JSON with type, private_key and client_email"
                .to_owned()
        })?;
        if file.kind != "service_account" {
            return Err("the file is of another kind; it must say “type”: “service_account”".into());
        }
        if !file.client_email.contains('@') || file.client_email.len() > 300 {
            return Err("client_email is no address of a service account".into());
        }
        let body: String = file
            .private_key
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace())
            .collect();
        let key = general_purpose::STANDARD
            .decode(body)
            .ok()
            .and_then(|der| RsaKeyPair::from_pkcs8(&der).ok())
            .ok_or("private_key is no RSA key in PKCS #8, as Google gives it")?;
        Ok(Self {
            email: file.client_email,
            key_id: file.private_key_id,
            key,
        })
    }

    /// The account's address.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Signs a token that holds for an hour.
    pub fn token(&self, now: DateTime<Utc>) -> Result<Token> {
        // A minute ahead or behind is nothing unusual between two clocks.
        let (from, until) = (now - TimeDelta::minutes(1), now - TimeDelta::minutes(1) + HOLDS);
        let head = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let claims = json!({
            "iss": self.email, "sub": self.email, "aud": AUDIENCE,
            "iat": from.timestamp(), "exp": until.timestamp(),
        });
        let part = |value: &serde_json::Value| general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| Error::internal("a token for Firestore could not be signed"))?;
        let text = format!("{signed}.{}", general_purpose::URL_SAFE_NO_PAD.encode(signature));
        Ok(Token {
            text: Secret::new(text),
            until,
        })
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::clock;
    use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    /// Made for tests and used nowhere.
    const KEY: &str = include_str!("../tests/it/key.json");

    #[test]
    fn a_token_is_signed_by_the_account_for_firestore_alone() {
        let account = ServiceAccount::parse(KEY).unwrap();
        let now = clock::now();
        let token = account.token(now).unwrap();
        let parts: Vec<&str> = token.text.expose().split('.').collect();
        let [head, claims, signature] = parts.as_slice() else {
            panic!("three parts");
        };
        let read = |part: &str| general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
        let json = |part: &str| serde_json::from_slice::<serde_json::Value>(&read(part)).unwrap();
        assert_eq!(json(head)["kid"], "0123456789abcdef");
        let claims_read = json(claims);
        assert_eq!(claims_read["aud"], AUDIENCE);
        assert_eq!(
            (&claims_read["iss"], &claims_read["sub"]),
            (&claims_read["sub"], &json!(account.email()))
        );
        let holds = claims_read["exp"].as_i64().unwrap() - claims_read["iat"].as_i64().unwrap();
        assert!(holds <= 3_600 && token.is_fresh(now) && !token.is_fresh(now + HOLDS));
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, account.key.public_key().as_ref());
        key.verify(format!("{head}.{claims}").as_bytes(), &read(signature))
            .unwrap();
    }

    #[test]
    fn what_is_wrong_with_a_key_file_is_said_without_quoting_it() {
        let file: serde_json::Value = serde_json::from_str(KEY).unwrap();
        let with = |name: &str, value: &str| {
            let mut file = file.clone();
            file[name] = value.into();
            ServiceAccount::parse(&file.to_string()).unwrap_err()
        };
        assert!(with("type", "authorized_user").contains("service_account"));
        assert!(with("client_email", "hush").contains("client_email"));
        let broken = with(
            "private_key",
            "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----",
        );
        assert!(broken.contains("PKCS #8") && !broken.contains("hush"));
        for text in ["", "{}", "hush", "[1]", "\u{0}"] {
            assert!(!ServiceAccount::parse(text).unwrap_err().contains("hush"));
        }
    }
}

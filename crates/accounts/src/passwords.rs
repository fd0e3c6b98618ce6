//! Passwords: which are accepted, how they are hashed, and that hashing never takes the server down.
//!
//! Argon2id with the parameters that OWASP's Password Storage Cheat Sheet names first (m = 19456 KiB, t = 2, p = 1).
//! Each hash holds 19 MiB and a core for tens of milliseconds, so only as many run at once as there are cores. What is
//! accepted follows NIST SP 800-63B: length counts, composition does not, and well-known passwords are refused.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::SaltString,
};
use regulars_kernel::{Error, Faults, Result, Secret};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;

/// Fewest characters.
pub const MIN_PASSWORD: usize = 12;
/// Most characters: enough for any sentence, little enough to hash.
pub const MAX_PASSWORD: usize = 256;
/// How long a request waits for its turn to hash before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Common passwords of at least [`MIN_PASSWORD`] characters; shorter ones are refused for their length.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    Arc::new(Semaphore::new(cores.min(8)))
});

/// Hash of a password nobody has, verified where there is no user, so that both take the same time.
static DUMMY: LazyLock<String> =
    LazyLock::new(|| hash_now(&Secret::new(crate::secrets::new_token().into_inner())).unwrap_or_default());

/// Notes what is wrong with a new password, if anything.
pub fn check(password: &Secret<String>, email: &str, pointer: &str, faults: &mut Faults) {
    let text = password.expose();
    let length = text.chars().count();
    if length < MIN_PASSWORD {
        faults.add(
            pointer,
            "password_too_short",
            format!("use at least {MIN_PASSWORD} characters; a short sentence is easy to remember"),
        );
    } else if length > MAX_PASSWORD {
        faults.add(
            pointer,
            "password_too_long",
            format!("use at most {MAX_PASSWORD} characters"),
        );
    } else if is_common(text) {
        faults.add(
            pointer,
            "password_common",
            "this password is among the first that are guessed; choose another",
        );
    }
    if text.contains('\0') {
        faults.add(pointer, "text_has_nul", "the password has a NUL character");
    }
    if resembles(text, email) {
        faults.add(
            pointer,
            "password_is_email",
            "the password must not be the e-mail address",
        );
    }
}

/// The same for one that was typed twice: where the second differs, the field behind `…_repeated` is at fault, too.
pub fn check_twice(
    password: &Secret<String>,
    again: &Secret<String>,
    email: &str,
    pointer: &str,
    faults: &mut Faults,
) {
    check(password, email, pointer, faults);
    if password != again {
        faults.add(
            format!("{pointer}_repeated"),
            "password_differs",
            "the two passwords differ",
        );
    }
}

fn is_common(text: &str) -> bool {
    let lower = text.to_lowercase();
    let different: HashSet<char> = lower.chars().collect();
    different.len() < 5 || COMMON.contains(lower.as_str())
}

fn resembles(text: &str, email: &str) -> bool {
    let lower = text.trim().to_lowercase();
    let email = email.trim().to_lowercase();
    let local = email.rsplit_once('@').map_or("", |(local, _)| local);
    !email.is_empty() && (lower == email || lower == local)
}

/// Hashes a password for storing.
pub async fn hash(password: Secret<String>) -> Result<Secret<String>> {
    let turn = turn().await?;
    let hashed = tokio::task::spawn_blocking(move || {
        let hashed = hash_now(&password);
        drop(turn);
        hashed
    });
    hashed.await?.map(Secret::new)
}

/// Whether the password is the one that was hashed. Without a hash it takes as long and says no.
pub async fn verify(password: Secret<String>, stored: Option<Secret<String>>) -> Result<bool> {
    let turn = turn().await?;
    let verified = tokio::task::spawn_blocking(move || {
        let known = stored.is_some();
        let stored = stored.map_or_else(|| DUMMY.clone(), Secret::into_inner);
        let right = PasswordHash::new(&stored).is_ok_and(|stored| {
            hasher().is_ok_and(|argon| {
                argon
                    .verify_password(normal(&password).as_bytes(), &stored)
                    .is_ok()
            })
        });
        drop(turn);
        right && known
    });
    Ok(verified.await?)
}

async fn turn() -> Result<OwnedSemaphorePermit> {
    let waiting = tokio::time::timeout(PATIENCE, TURNS.clone().acquire_owned());
    match waiting.await {
        Ok(turn) => Ok(turn?),
        Err(_) => Err(Error::Unavailable(
            "too many people sign in at this moment; try again in a few seconds".into(),
        )),
    }
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(|why| Error::internal(why.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &Secret<String>) -> Result<String> {
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())
        .map_err(|why| Error::internal(why.to_string()))?;
    let hashed = hasher()?.hash_password(normal(password).as_bytes(), &salt);
    hashed
        .map(|hashed| hashed.to_string())
        .map_err(|why| Error::internal(why.to_string()))
}

/// The same password typed on two keyboards may be composed differently; NIST SP 800-63B asks for NFKC.
fn normal(password: &Secret<String>) -> String {
    password.expose().nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<String> {
        let mut faults = Faults::new();
        check(
            &Secret::new(password.to_owned()),
            "ada.byron.king@example.com",
            "/password",
            &mut faults,
        );
        faults.0.first().map(|fault| fault.code.to_string())
    }

    #[test]
    fn a_password_is_judged_by_length_and_by_who_would_guess_it() {
        assert_eq!(code("correct horse battery"), None);
        assert_eq!(code("zwölf Zeichen"), None);
        assert_eq!(code("elf letters").as_deref(), Some("password_too_short"));
        assert_eq!(code("").as_deref(), Some("password_too_short"));
        assert_eq!(
            code(&"ab cd ef ".repeat(29)).as_deref(),
            Some("password_too_long")
        );
        assert_eq!(code("Password1234").as_deref(), Some("password_common"));
        assert_eq!(code("aaaaaaaaaaaaaaaa").as_deref(), Some("password_common"));
        assert_eq!(
            code("Ada.Byron.King@example.com").as_deref(),
            Some("password_is_email")
        );
        assert_eq!(code("ada.byron.king").as_deref(), Some("password_is_email"));
        assert_eq!(code("with\0a NUL in it").as_deref(), Some("text_has_nul"));
    }

    #[test]
    fn the_list_of_common_passwords_holds_only_what_length_lets_through() {
        for word in COMMON.iter() {
            assert!(
                word.chars().count() >= MIN_PASSWORD && word.to_lowercase() == **word,
                "{word}"
            );
        }
        assert!(COMMON.len() > 50);
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_as_owasp_says_and_verifies_only_its_password() {
        let password = || Secret::new("caf\u{e9} au lait, s'il vous plaît".to_owned());
        let stored = hash(password()).await.unwrap();
        assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(password(), Some(stored.clone())).await.unwrap());
        let composed_otherwise = Secret::new("cafe\u{301} au lait, s'il vous plaît".to_owned());
        assert!(verify(composed_otherwise, Some(stored.clone())).await.unwrap());
        assert!(
            !verify(Secret::new("caf\u{e9} au lait".to_owned()), Some(stored))
                .await
                .unwrap()
        );
        assert!(!verify(password(), None).await.unwrap());
        assert!(
            !verify(password(), Some(Secret::new("not a hash".to_owned())))
                .await
                .unwrap()
        );
    }
}

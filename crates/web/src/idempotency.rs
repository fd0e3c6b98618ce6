//! Idempotency-Key on POST: the same key and request give the same answer, and the work is done once.
//!
//! The key is claimed by a row written inside the transaction that does the work ([`crate::Call::write`]), and the
//! answer is stored in that row before the commit. So two requests at once meet at the row: the second waits, then
//! gets the first one's answer. A request that fails rolls its claim back and can be sent again.
//!
//! What counts as the same request: method, path, query and body. The body of an upload differs with each attempt
//! (a multipart boundary is made up) and is not held; its kind of media and the digest of the file that came out of it
//! stand for it.
//!
//! It never keeps answers that failed, and never answers a request whose handler refuses it for lack of permission.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use regulars_database::Tx;
use regulars_kernel::{Error, Result};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{answer::bytes_json, extract::read_body};

/// The request header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Tells that an answer is a stored one.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// How long answers are kept, in hours.
pub const KEPT_HOURS: i64 = 24;

const LONGEST_KEY: usize = 200;

/// The claim of one request, shared between the middleware and the call.
#[derive(Debug)]
pub(crate) struct Claim {
    principal: Uuid,
    key: String,
    hash: [u8; 32],
    claimed: AtomicBool,
    replay: OnceLock<Stored>,
}

/// An answer as the table keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub status: StatusCode,
    pub location: Option<String>,
    pub etag: Option<String>,
    pub body: Vec<u8>,
}

impl Stored {
    /// The answer itself.
    pub fn into_response(self) -> Response {
        let mut answer = if self.body.is_empty() {
            self.status.into_response()
        } else {
            bytes_json(self.status, self.body)
        };
        for (name, value) in [(header::LOCATION, self.location), (header::ETAG, self.etag)] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}

impl Claim {
    /// Reads the header and the body of a POST; gives the request back with its body whole. `limit` is that of the
    /// body; none for an upload, whose body stays unread.
    pub async fn of(
        request: Request,
        principal: Uuid,
        limit: Option<usize>,
    ) -> Result<(Request, Option<Arc<Self>>)> {
        let Some(key) = request.headers().get(IDEMPOTENCY_KEY) else {
            return Ok((request, None));
        };
        let key = key
            .to_str()
            .ok()
            .filter(|key| {
                (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
            })
            .ok_or_else(|| {
                Error::malformed(
                    "Idempotency-Key",
                    "idempotency_key_invalid",
                    "the key must be 1 to 200 visible ASCII characters",
                )
            })?
            .to_owned();
        let (parts, body) = request.into_parts();
        let mut hasher = Sha256::new();
        let query = parts.uri.query().unwrap_or_default();
        for part in [parts.method.as_str(), original_path(&parts), query] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        let request = if let Some(limit) = limit {
            let bytes = read_body(Request::from_parts(parts.clone(), body), limit).await?;
            hasher.update(&bytes);
            Request::from_parts(parts, bytes.into())
        } else {
            hasher.update(media(&parts.headers));
            Request::from_parts(parts, body)
        };
        let claim = Self {
            principal,
            key,
            hash: hasher.finalize().into(),
            claimed: AtomicBool::new(false),
            replay: OnceLock::new(),
        };
        Ok((request, Some(Arc::new(claim))))
    }

    /// Claims the key in the transaction. If the work was done before, the answer waits in [`Self::take_replay`] and
    /// this fails, so that the handler goes no further. `content` is the digest of an upload, nothing otherwise.
    pub async fn claim(&self, tx: &mut Tx, content: &[u8]) -> Result<()> {
        if self.claimed.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let hash: [u8; 32] = if content.is_empty() {
            self.hash
        } else {
            let whole = Sha256::new().chain_update(self.hash).chain_update(content);
            whole.finalize().into()
        };
        let organization_id = tx.organization_id();
        // Waits here while another transaction holds the same key.
        let inserted = sqlx::query!(
            "INSERT INTO idempotency_keys (organization_id, principal, key, request_hash, status, body)
             VALUES ($1, $2, $3, $4, 0, '') ON CONFLICT DO NOTHING",
            organization_id.0,
            self.principal,
            self.key,
            &hash[..],
        )
        .execute(tx.conn())
        .await?
        .rows_affected();
        if inserted == 1 {
            return Ok(());
        }
        let found = sqlx::query!(
            "SELECT request_hash, status, location, etag, body FROM idempotency_keys
             WHERE organization_id = $1 AND principal = $2 AND key = $3",
            organization_id.0,
            self.principal,
            self.key,
        )
        .fetch_optional(tx.conn())
        .await?
        // Pruned between the two statements.
        .ok_or(Error::Unavailable(
            "the Idempotency-Key has just expired; try again".into(),
        ))?;
        if found.request_hash != hash {
            return Err(Error::conflict(
                "Idempotency-Key",
                "idempotency_key_reused",
                "this key was used for another request",
            ));
        }
        let status = u16::try_from(found.status)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok())
            .ok_or_else(|| {
                Error::conflict(
                    "Idempotency-Key",
                    "idempotency_answer_lost",
                    "the work was done, but its answer was not kept; read the resource instead",
                )
            })?;
        let _ = self.replay.set(Stored {
            status,
            location: found.location,
            etag: found.etag,
            body: found.body,
        });
        Err(Error::conflict(
            "Idempotency-Key",
            "idempotency_replayed",
            "this was done before",
        ))
    }

    /// Keeps the answer with the work.
    pub async fn store(&self, tx: &mut Tx, answer: &Stored) -> Result<()> {
        if !self.claimed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let organization_id = tx.organization_id();
        sqlx::query!(
            "UPDATE idempotency_keys SET status = $4, location = $5, etag = $6, body = $7
             WHERE organization_id = $1 AND principal = $2 AND key = $3",
            organization_id.0,
            self.principal,
            self.key,
            answer.status.as_u16() as i16,
            answer.location,
            answer.etag,
            answer.body,
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }

    /// The stored answer, if the work was found done.
    pub fn take_replay(&self) -> Option<Response> {
        let mut answer = self.replay.get().cloned()?.into_response();
        answer
            .headers_mut()
            .insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        Some(answer)
    }
}

/// Forgets the answers of one organization that are older than [`KEPT_HOURS`]; gives how many.
pub async fn prune(tx: &mut Tx) -> Result<u64> {
    let before = tx.now() - chrono::TimeDelta::hours(KEPT_HOURS);
    let done = sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < $1", before)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

/// The path as it was sent: nested routers see a shortened one.
fn original_path(parts: &http::request::Parts) -> &str {
    parts
        .extensions
        .get::<axum::extract::OriginalUri>()
        .map_or_else(|| parts.uri.path(), |uri| uri.0.path())
}

/// The kind of media, without its parameters: a multipart boundary differs with each attempt.
fn media(headers: &HeaderMap) -> &[u8] {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.as_bytes().split(|byte| *byte == b';').next())
        .unwrap_or_default()
        .trim_ascii()
}

/// Answers a replay if there is one, the handler's answer otherwise.
pub(crate) fn finish(claim: Option<&Claim>, answer: Response) -> Response {
    claim.and_then(Claim::take_replay).unwrap_or(answer)
}

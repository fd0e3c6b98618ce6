//! One call of the API: who, with which request, and the transactions it opens. Its finishers commit and answer, with
//! the answer kept for the Idempotency-Key in the same transaction.

use std::{net::IpAddr, sync::Arc};

use axum::{extract::FromRequestParts, response::Response};
use http::{StatusCode, request::Parts};
use regulars_database::Tx;
use regulars_kernel::{Boxed, Error, Permission, Result, ids::JobId};
use serde::Serialize;

use crate::{
    caller::Caller,
    client::{self, ClientIp},
    context::RequestId,
    etag::IfMatch,
    idempotency::{Claim, Stored},
    problem::Problem,
    state::AppState,
};

/// An authenticated call. Without a caller it is refused with 401.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who calls.
    pub caller: Arc<Caller>,
    /// Database and settings.
    pub state: AppState,
    /// The id of the request.
    pub request_id: Arc<str>,
    /// Where it comes from.
    pub client_ip: IpAddr,
    if_match: IfMatch,
    claim: Option<Arc<Claim>>,
}

impl FromRequestParts<AppState> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Ok(Self::of(parts, state)?)
    }
}

impl Call {
    /// The call of a request.
    pub(crate) fn of(parts: &Parts, state: &AppState) -> Result<Self> {
        let caller = Caller::of(&parts.extensions).ok_or(Error::Unauthorized(
            "send Authorization: Bearer with an API key, or sign in".into(),
        ))?;
        let request_id = match parts.extensions.get::<RequestId>() {
            Some(id) => id.0.clone(),
            None => crate::request_id::fresh(),
        };
        let client_ip = match parts.extensions.get::<ClientIp>() {
            Some(ip) => ip.0,
            None => client::client_ip(&parts.extensions, &parts.headers, &state.config.trusted_proxies),
        };
        Ok(Self {
            caller,
            state: state.clone(),
            request_id,
            client_ip,
            if_match: IfMatch::of(&parts.headers)?,
            claim: parts.extensions.get::<Arc<Claim>>().cloned(),
        })
    }

    /// Fails with 403 unless the caller may.
    pub fn require(&self, permission: Permission) -> Result<()> {
        self.caller.require(permission)
    }

    /// A transaction for reading: one snapshot.
    pub fn read(&self) -> Boxed<'_, Tx> {
        Box::pin(async {
            let mut tx = self.state.database.begin_read(self.caller.scope()).await?;
            tx.set_request_id(self.request_id.clone());
            Ok(tx)
        })
    }

    /// A transaction for changes. With an Idempotency-Key it claims the key first; if the work was done before, this
    /// fails and the stored answer is sent instead of whatever the handler makes of that. End it with one of the
    /// finishers: a bare `commit` keeps no answer.
    pub fn write(&self) -> Boxed<'_, Tx> {
        self.write_upload(&[])
    }

    /// As [`Self::write`], after an upload was received: its digest stands for the body, which is not kept to compare.
    pub fn write_upload<'a>(&'a self, digest: &'a [u8]) -> Boxed<'a, Tx> {
        Box::pin(async move {
            let mut tx = self.state.database.begin(self.caller.scope()).await?;
            tx.set_request_id(self.request_id.clone());
            if let Some(claim) = &self.claim {
                claim.claim(&mut tx, digest).await?;
            }
            Ok(tx)
        })
    }

    /// Fails with 412 if `If-Match` names other versions than the current one.
    pub fn if_match(&self, current: i32) -> Result<()> {
        self.if_match.check(current)
    }

    /// What `If-Match` asks for, to be checked where the row is locked.
    pub fn expected(&self) -> &IfMatch {
        &self.if_match
    }

    /// Commits; 201 with the address and the resource.
    pub async fn created<T: Serialize + ?Sized>(
        &self,
        tx: Tx,
        location: impl Into<String>,
        version: i32,
        body: &T,
    ) -> Result<Response> {
        let location = Some(location.into());
        self.finish(
            tx,
            StatusCode::CREATED,
            location,
            Some(version),
            serde_json::to_vec(body)?,
        )
        .await
    }

    /// Commits; 200 with the resource, and its ETag if it has a version.
    pub async fn ok<T: Serialize + ?Sized>(
        &self,
        tx: Tx,
        version: Option<i32>,
        body: &T,
    ) -> Result<Response> {
        self.finish(tx, StatusCode::OK, None, version, serde_json::to_vec(body)?)
            .await
    }

    /// Commits; 202 with the address of the job that does the work.
    pub async fn accepted<T: Serialize + ?Sized>(&self, tx: Tx, job_id: JobId, body: &T) -> Result<Response> {
        let location = Some(format!("/api/v1/jobs/{job_id}"));
        self.finish(
            tx,
            StatusCode::ACCEPTED,
            location,
            None,
            serde_json::to_vec(body)?,
        )
        .await
    }

    /// Commits; 204.
    pub async fn no_content(&self, tx: Tx) -> Result<Response> {
        self.finish(tx, StatusCode::NO_CONTENT, None, None, Vec::new())
            .await
    }

    fn finish(
        &self,
        tx: Tx,
        status: StatusCode,
        location: Option<String>,
        version: Option<i32>,
        body: Vec<u8>,
    ) -> Boxed<'_, Response> {
        Box::pin(self.finish_here(tx, status, location, version, body))
    }

    async fn finish_here(
        &self,
        mut tx: Tx,
        status: StatusCode,
        location: Option<String>,
        version: Option<i32>,
        body: Vec<u8>,
    ) -> Result<Response> {
        let etag = version.map(|version| format!("\"v{version}\""));
        let answer = Stored {
            status,
            location,
            etag,
            body,
        };
        if let Some(claim) = &self.claim {
            claim.store(&mut tx, &answer).await?;
        }
        tx.commit().await?;
        Ok(answer.into_response())
    }
}

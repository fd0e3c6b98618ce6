//! The transaction of one organization: opened for a scope, closed by `commit`, rolled back when dropped.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use regulars_kernel::{Actor, Boxed, Result, Scope, clock, ids::OrganizationId};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, SqlSafeStr as _, postgres::PgTransactionManager};
use sqlx_core::transaction::TransactionManager as _;
use uuid::Uuid;

use crate::kept::{Kept, Taken};

/// The serving database: pools whose connections cannot bypass row-level security.
#[derive(Clone, Debug)]
pub struct Database {
    kept: Kept,
}

/// A transaction that sees and changes the rows of one organization only.
///
/// Work that must wait for the commit (waking workers, telling live pages) is left with [`Tx::after_commit`] and is
/// lost with a rollback or a crash, so it may only ever be a hint.
pub struct Tx {
    inner: Inner,
    scope: Scope,
    now: DateTime<Utc>,
    is_read_only: bool,
    request_id: Option<Arc<str>>,
    bulk_id: Option<Uuid>,
    after_commit: Vec<Box<dyn FnOnce() + Send>>,
    known: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
}

/// A connection in a transaction: rolled back when dropped, before anybody else gets the connection.
struct Inner {
    /// There until the transaction has ended.
    taken: Option<Taken>,
    kept: Kept,
}

impl Inner {
    fn connection(&mut self) -> &mut PgConnection {
        match &mut self.taken {
            Some(taken) => &mut taken.connection,
            None => unreachable!("only `end` takes it, and that is the end"),
        }
    }

    fn end(mut self) {
        if let Some(taken) = self.taken.take() {
            self.kept.give_back(taken);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(taken) = &mut self.taken {
            PgTransactionManager::start_rollback(&mut taken.connection);
        }
    }
}

/// A connection whose transaction is being opened. Whoever stops waiting for that, as a client does that hangs up, must
/// not leave it in the pool: it may be inside a transaction that nobody will end, and whoever got it next would fail.
struct Opening(Option<Taken>);

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(taken) = &mut self.0 {
            taken.connection.close_on_drop();
        }
    }
}

impl Database {
    /// Wraps a pool whose role is the serving role.
    pub fn new(pool: PgPool) -> Self {
        Self {
            kept: Kept::new(pool),
        }
    }

    /// Opens a transaction that may write.
    pub async fn begin(&self, scope: Scope) -> Result<Tx> {
        self.open(scope, "BEGIN", false).await
    }

    /// Opens a transaction for reading: one snapshot for all its statements.
    pub async fn begin_read(&self, scope: Scope) -> Result<Tx> {
        self.open(scope, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", true)
            .await
    }

    fn open<'a>(&'a self, scope: Scope, begin: &'a str, is_read_only: bool) -> Boxed<'a, Tx> {
        Box::pin(self.open_here(scope, begin, is_read_only))
    }

    async fn open_here(&self, scope: Scope, begin: &str, is_read_only: bool) -> Result<Tx> {
        // One round trip for both statements. The organization is a typed id, so its text is hexadecimal and dashes.
        let statement = format!(
            "{begin}; SET LOCAL app.organization_id = '{}'",
            scope.organization_id
        );
        let mut opening = Opening(Some(self.kept.take().await?));
        if let Some(taken) = &mut opening.0 {
            let statement = AssertSqlSafe(statement).into_sql_str();
            PgTransactionManager::begin(&mut taken.connection, Some(statement)).await?;
        }
        Ok(Tx {
            inner: Inner {
                taken: opening.0.take(),
                kept: self.kept.clone(),
            },
            scope,
            now: clock::now(),
            is_read_only,
            request_id: None,
            bulk_id: None,
            after_commit: Vec::new(),
            known: HashMap::new(),
        })
    }

    /// The pool itself, for the listed tables that belong to no organization and for functions that cross the wall
    /// on purpose. No tenant row is visible through it.
    pub fn outside_organizations(&self) -> &PgPool {
        self.kept.pool()
    }

    /// How many of the pool's connections nobody uses.
    pub fn idle_connections(&self) -> usize {
        self.kept.pool().num_idle() + self.kept.len()
    }

    /// Waits for those that are used and closes all connections.
    pub async fn close(&self) {
        self.kept.close();
        self.kept.pool().close().await;
    }
}

impl Tx {
    /// The connection, for statements: `query!(…).execute(tx.conn())`.
    pub fn conn(&mut self) -> &mut PgConnection {
        self.inner.connection()
    }

    /// Whose rows.
    pub fn organization_id(&self) -> OrganizationId {
        self.scope.organization_id
    }

    /// On whose behalf.
    pub fn actor(&self) -> Actor {
        self.scope.actor
    }

    /// Both.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The time at which the transaction was opened (see [`Self::set_now`]): everything it writes carries this one.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Dates what it writes from here on, for telling of the past as demonstrations do.
    pub fn set_now(&mut self, time: DateTime<Utc>) {
        self.now = time;
    }

    /// The request that caused it, for events and audit entries.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Names the request that caused it.
    pub fn set_request_id(&mut self, id: impl Into<Arc<str>>) {
        self.request_id = Some(id.into());
    }

    /// The bulk change that it makes or goes on with, for events.
    pub fn bulk_id(&self) -> Option<Uuid> {
        self.bulk_id
    }

    /// Names the bulk change.
    pub fn set_bulk_id(&mut self, id: Uuid) {
        self.bulk_id = Some(id);
    }

    /// What was remembered of this kind.
    pub fn known<T: Any>(&self) -> Option<&T> {
        self.known.get(&TypeId::of::<T>())?.downcast_ref()
    }

    /// Remembers until the end of the transaction what many ask for and hardly anybody changes. Who changes it must forget it.
    pub fn remember<T: Any + Send + Sync>(&mut self, value: T) {
        self.known.insert(TypeId::of::<T>(), Box::new(value));
    }

    /// Forgets what was remembered of this kind.
    pub fn forget<T: Any>(&mut self) {
        self.known.remove(&TypeId::of::<T>());
    }

    /// Leaves a hint to give once the commit is durable.
    pub fn after_commit(&mut self, hint: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(hint));
    }

    /// Makes it durable, then gives the hints.
    pub fn commit(self) -> Boxed<'static, ()> {
        Box::pin(self.commit_here())
    }

    async fn commit_here(self) -> Result<()> {
        let mut inner = self.inner;
        if self.is_read_only {
            // Nothing to make durable, so nobody waits for the end.
            PgTransactionManager::start_rollback(inner.connection());
        } else {
            PgTransactionManager::commit(inner.connection()).await?;
        }
        inner.end();
        for hint in self.after_commit {
            hint();
        }
        Ok(())
    }

    /// Undoes everything.
    pub fn rollback(self) -> Boxed<'static, ()> {
        Box::pin(self.rollback_here())
    }

    async fn rollback_here(self) -> Result<()> {
        let mut inner = self.inner;
        PgTransactionManager::rollback(inner.connection()).await?;
        inner.end();
        Ok(())
    }
}

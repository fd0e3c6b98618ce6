//! What a room lends to a customer's page without the page's knowing the room: `server` collects the lines and hands them on.

use std::sync::Arc;

use maud::Markup;
use regulars_database::Tx;
use regulars_kernel::{Boxed, Result, ids::CustomerId};

use crate::PageCall;

/// A quiet line beside a customer.
pub trait CustomerLine: Send + Sync {
    /// The line, read in the page's transaction; none where there is nothing to say, or whoever calls may not know it.
    fn line<'a>(
        &'a self,
        call: &'a PageCall,
        tx: &'a mut Tx,
        customer: CustomerId,
    ) -> Boxed<'a, Option<Markup>>;
}

/// All of them; an extension of requests for pages.
#[derive(Clone, Default)]
pub struct CustomerLines(Vec<Arc<dyn CustomerLine>>);

impl CustomerLines {
    /// With one more.
    #[must_use]
    pub fn with(mut self, line: impl CustomerLine + 'static) -> Self {
        self.0.push(Arc::new(line));
        self
    }

    /// What there is to say of a customer.
    pub async fn all(&self, call: &PageCall, tx: &mut Tx, customer: CustomerId) -> Result<Vec<Markup>> {
        let mut all = Vec::new();
        for one in &self.0 {
            all.extend(one.line(call, tx, customer).await?);
        }
        Ok(all)
    }
}

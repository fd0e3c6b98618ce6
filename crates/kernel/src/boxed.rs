//! A future behind a pointer.

use std::pin::Pin;

use crate::Result;

/// What functions answer that many handlers await: a transaction's begin and end, events, the work behind a request.
///
/// An `async fn` is compiled again in every crate that awaits it, together with all that it awaits itself; of the release
/// binary's code for such functions seven in ten bytes were copies. Behind a pointer it is compiled where it stands.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

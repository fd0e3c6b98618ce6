//! The admin pages of customers: the list, a customer's page, the palette's answers, tags and attributes.
//!
//! Handlers read through the same use cases as the API and turn the result into HTML. What they never do: SQL, or
//! decide what is right; a refused form comes back as it was typed, with each fault at its field.

#![expect(
    dead_code,
    unused_imports,
    reason = "drawn by tests until the handlers are wired to the use cases"
)]

mod customer_form;
mod definitions;
mod form;
mod list;
mod palette;
mod record;
mod state;
mod words;

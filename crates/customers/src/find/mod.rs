//! Finding customers: filters, orders, pages, totals, the search, counts, saved views.
//!
//! One question, [`Query`], serves the API, the pages, saved views, exports and bulk work. [`list()`] answers it with a
//! page; [`Selection`] is the same question without order and place, for whoever goes through everything.
//!
//! # How each question is answered at a million customers
//!
//! | Question | Index |
//! |---|---|
//! | a list by created_at, updated_at, full_name, last_active_at, code | `customers_created`, `_updated`, `_name`, `_active`, `_code`: walked from the cursor by row comparison |
//! | … several columns | the first one's, each group of equals sorted (incremental sort); `sort_name` is never empty and who was never active is walked apart, so groups are small |
//! | … with the deleted as well | that index for the living, `customers_deleted` for the others, merged |
//! | one of status, type, lifecycle_stage, country, by created_at | `customers_status`, `_type`, `_stage`, `_country` give filter and order |
//! | one filter, another order | the planner walks the order if the filter is common, else looks it up and sorts; its statistics are right for these |
//! | several filters | up to 8,000 expected rows looked up and sorted, else walked; `customers_facts` (extended statistics) keeps the expectation honest where columns hang together |
//! | tag, source | `customer_tags_tag`, `customer_sources_source`, or their primary keys beside a walk |
//! | attribute, and text in a sorted list | behind the wall no index serves `@>` and LIKE: a sample says whether it is rare; then [`find_customers`](../../../../migrations/0005_customer_search.sql) looks up to 4,000 ids by GIN, else the order is walked |
//! | search | `customers_email`, `_phone`, `_code` · `customers_name` for `^@` · `customers_search` (trigrams) · `name_tokens` |
//! | how many | index-only count up to 1,001, else the planner's estimate |
//!
//! What it never does: write, except saved views; build SQL from what was typed.

mod filters;
mod keyset;
mod list;
mod query;
mod sample;
mod search;
mod selection;
mod stats;
mod total;
mod views;
mod words;

pub use filters::{Deleted, Filters, Range};
pub use list::{CustomerListItem, list, quick, total};
pub use query::{Context, FIELDS, MAX_OFFSET, MAX_Q, Query, RELEVANCE, SORTS};
pub use selection::Selection;
pub use stats::{Share, Stats, stats};
pub use views::{View, ViewInput, create_view, delete_view, query_of, update_view, view, views};

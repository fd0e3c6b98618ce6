//! Finding customers: filters, orders, pages, totals, the search, counts, saved views.
//!
//! One question, [`Query`], serves the API, the pages, saved views, exports and bulk work. [`list()`] answers it with a
//! page; [`Selection`] is the same question without order and place, for whoever goes through everything.
//!
//! # How each question is answered at a million customers
//!
//! | Question | Index |
//! |---|---|
//! | a list by `created_at`, `updated_at`, `full_name`, `code` | `customers_created`, `_updated`, `_name`, `_code`: walked from the cursor by row comparison |
//! | a list by `last_active_at` | those who were ever active by `customers_active`, before or behind them the others by `customers_never_active` |
//! | a list by `status`, `type`, `country` | value by value, each a list of its own with that filter and the rest of the order, countries by their names; `customers_unplaced` for whoever has no country |
//! | … by several fields | the first one's, each group of equals sorted (incremental sort); `sort_name` is never empty, so groups are small |
//! | … with the deleted as well | that index for the living, `customers_deleted` for the others, merged |
//! | one of `status`, `type`, `lifecycle_stage`, `country`, by `created_at` | `customers_status`, `_type`, `_stage`, `_country` give filter and order |
//! | one filter, another order | the planner walks the order if the filter is common, else looks it up and sorts; its statistics are right for these |
//! | a range of `created_at` or `updated_at` in the order of the other | the first 20,000 rows of the order, from the index alone; if too few match, the range from its index alone, sorted, or where it holds more than a third of all, the order from its index alone |
//! | several filters | walked or looked up as the planner expects, the columns from the index alone; up to 8,000 expected rows are looked up and sorted, else walked; `customers_facts` and `customers_dependencies` (extended statistics) keep the expectation honest where columns hang together |
//! | a range of `last_active_at` | `customers_active`; where it holds many the order is walked |
//! | `birthday_from`, `birthday_to` | `customers_birthday`: month and day as a number, a generated column |
//! | `owner` | `customers_owner`; `none` is common and walked |
//! | `tag`, `source` | `customer_tags_tag`, `customer_sources_source`, or their rows of one customer beside a walk |
//! | `attribute.NAME`, and text in a list with an order | behind the wall no index serves `@>` and LIKE, and the planner guesses: a sample of the organization says how many to expect. Rare: up to 4,000 ids by GIN (`find_customers`). Common: the order is walked |
//! | a search, best first | `customers_email`, `_phone`, `_code`; `customers_name` for `^@`; if names are it or begin so `customers_name` and `customers_last_name` (`named_customers`); then, only if `name_tokens` knows names that begin so, `customers_search` (trigrams); typos by `name_tokens`, then as whole names, then trigrams; words that many have, and small organizations, by walking `customers_created` (`walk_customers`) |
//! | how many | what was looked up to be sorted is counted; else an index-only count up to 10,001, else an estimate |
//!
//! Measured (PostgreSQL 18, skewed names): a filter that fits 7,000 of a million is the worst for walking and looking up
//! alike, 5 to 10 ms. The functions of migration 0005 exist because the same text search took 180 to 1,400 ms without.
//! `% gmail.com%` by trigrams took 600 ms to find nobody: all its trigrams are everywhere; hence the dictionary first.
//! Parallel workers took 100 ms to start for a list of 50: serving connections plan without them.
//!
//! What it never does: write, except saved views; build SQL from what was typed.

mod attributes;
mod countries;
mod expression;
mod filters;
mod groups;
mod help;
mod hoist;
mod keyset;
mod list;
mod near;
mod neighbours;
mod overview;
mod parameters;
mod query;
mod sample;
mod search;
mod selection;
mod stats;
mod total;
mod values;
mod views;
mod words;

pub use expression::{Written, faults, fields};
pub use filters::{Birthdays, Deleted, Filters, Range, start_of_day};
pub use help::{Help, help, values};
pub use list::{CustomerListItem, list, quick, total};
pub use neighbours::neighbours;
pub use overview::{Count, Growth, MOST_MONTHS, Month, Overview, Rate, growth, overview};
pub use parameters::FilterParameters;
pub use query::{Context, FIELDS, MAX_OFFSET, MAX_Q, Query, RELEVANCE, SORTS};
pub use selection::Selection;
pub use stats::{Share, Stats, by_status, stats};
pub(crate) use views::query_string;
pub use views::{
    View, ViewInput, ViewLine, create_view, delete_view, query_of, update_view, view, view_lines, views,
};

//! `GET /customers` and `GET /customers/stats`.

use regulars_kernel::{
    Permission,
    paging::{Page, PageInfo},
};
use regulars_web::{ApiResult, AppState, Call, ListErrors, Params, json};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::find::{self, Context, CustomerListItem, FilterParameters, Query, Stats};

/// The routes of finding: the list, the counts, the saved views.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(stats))
        .merge(super::views::routes())
}

/// Rows of which only some fields are wanted.
#[derive(Serialize)]
struct Chosen {
    data: Vec<Map<String, Value>>,
    page: PageInfo,
}

/// List and search customers
///
/// Values of one filter, repeated or with commas, mean “any of”; different filters mean “and”. Unknown parameters and
/// values are refused, all of them in one answer.
///
/// A search (`q`) finds by name, e-mail address, phone (in national or international writing) and code, forgives a typo
/// in names, and gives the best match first: the address, phone or code itself, then the whole name, names that begin
/// so, whole words, beginnings of words, words one typo away, anything inside, words two typos away; where there are
/// thousands of customers it goes on to the next kind only when a page is not full. It ends after the few hundred best.
/// With another `sort` it gives everybody who has every word in their text, and only if nobody has, whom a typo may mean.
#[utoipa::path(
    get, path = "/customers", tag = "customers", operation_id = "listCustomers",
    params(
        FilterParameters,
        ("sort" = Option<String>, Query, description = "Fields in their order, `-` before one for the largest or latest first: `created_at`, `updated_at`, `full_name`, `last_active_at` (never counts as earliest), `code`, `status`, `type`, `country` (of the default address, by its English name; none comes first); equals by `created_at`, then id, in the direction of the last field. With `q` also `-relevance`. Default `-created_at`, with `q` `-relevance`", example = "-created_at,full_name"),
        ("limit" = Option<u32>, Query, description = "Rows on a page, 1 to 200; 50 unless said", example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before, with the same `sort`"),
        ("page" = Option<u32>, Query, description = "Page by number, from 1, as long as it skips at most 10,000 rows; `cursor` reaches everything", example = 1),
        ("fields" = Option<Vec<String>>, Query, description = "Fields to answer with; all unless said, `id` always", example = json!(["id", "email"])),
        ("include" = Option<Vec<String>>, Query, description = "`addresses`, `contacts`, `sources`, `tags`, `notes`, `consents`, `parent`, `children`", example = json!(["addresses"])),
        ("count" = Option<String>, Query, description = "`exact` counts all rows, however long it takes. Otherwise up to 1,000 are counted and beyond it `total.exact` may be false"),
    ),
    responses((status = 200, description = "A page of customers", body = Page<CustomerListItem>), ListErrors)
)]
async fn list(call: Call, params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let query = Query::read(params, &Context::of(&call.caller.organization))?;
    let mut tx = call.read().await?;
    let page = find::list(&mut tx, &query).await?;
    tx.commit().await?;
    let Some(fields) = &query.fields else {
        return Ok(json(&page));
    };
    let mut data = Vec::with_capacity(page.data.len());
    for item in &page.data {
        let Value::Object(mut all) = serde_json::to_value(item)? else {
            continue;
        };
        // What was included stays: it was asked for by name as well.
        all.retain(|name, _| fields.contains(&name.as_str()) || !find::FIELDS.contains(&name.as_str()));
        data.push(all);
    }
    Ok(json(&Chosen {
        data,
        page: page.page,
    }))
}

/// Count customers by what they are
///
/// Numbers over all living customers. For large organizations they may be up to 30 seconds old: `as_of` says when they
/// were counted. Months begin in the organization's time zone; growth compares with the same stretch of the previous one.
#[utoipa::path(
    get, path = "/customers/stats", tag = "customers", operation_id = "countCustomers",
    responses((status = 200, description = "The numbers", body = Stats), ListErrors)
)]
async fn stats(call: Call) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let stats = find::stats(&mut tx, call.caller.organization.time_zone).await?;
    tx.commit().await?;
    Ok(json(&*stats))
}

//! Who stands before and behind a customer in a list, for going through it one by one.

use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::CustomerId,
    paging::{PageRequest, Sort, Start},
};

use super::{keyset, list, query::Query};
use crate::{model::Customer, store::search};

/// Places of a ranking that are looked at: it has no keys to go on from.
const RANKED: u32 = 200;

/// The one before and the one behind in the order of a question, whether or not the customer itself is still in it.
pub async fn neighbours(
    tx: &mut Tx,
    query: &Query,
    customer: &Customer,
) -> Result<(Option<CustomerId>, Option<CustomerId>)> {
    if query.by_relevance() {
        return ranked(tx, query, customer.id).await;
    }
    let backwards: Vec<Sort> = query
        .sort
        .iter()
        .map(|sort| Sort {
            descending: !sort.descending,
            ..*sort
        })
        .collect();
    let before = beside(tx, query, &backwards, customer).await?;
    let behind = beside(tx, query, &query.sort, customer).await?;
    Ok((before, behind))
}

/// The next one in an order.
async fn beside(
    tx: &mut Tx,
    query: &Query,
    sort: &[Sort],
    customer: &Customer,
) -> Result<Option<CustomerId>> {
    let cursor = keyset::cursor(sort, customer, &search::sort_name(customer));
    let one = Query {
        sort: sort.to_vec(),
        page: PageRequest {
            limit: 1,
            start: Start::After(cursor),
        },
        ..plain(query)
    };
    let page = list::list(tx, &one).await?;
    Ok(page.data.first().map(|found| found.customer.id))
}

async fn ranked(
    tx: &mut Tx,
    query: &Query,
    id: CustomerId,
) -> Result<(Option<CustomerId>, Option<CustomerId>)> {
    let all = Query {
        page: PageRequest {
            limit: RANKED,
            start: Start::First,
        },
        ..plain(query)
    };
    let ids: Vec<CustomerId> = list::list(tx, &all)
        .await?
        .data
        .iter()
        .map(|found| found.customer.id)
        .collect();
    let Some(at) = ids.iter().position(|known| *known == id) else {
        return Ok((None, None));
    };
    let before = at.checked_sub(1).map(|at| ids[at]);
    Ok((before, ids.get(at + 1).copied()))
}

/// The rows alone.
fn plain(query: &Query) -> Query {
    Query {
        fields: None,
        include: crate::model::Included::default(),
        exact_count: false,
        ..query.clone()
    }
}

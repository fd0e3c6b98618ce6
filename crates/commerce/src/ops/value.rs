//! The average lifetime value: what customers with an order brought on average, now and thirty days ago.

use std::{sync::LazyLock, time::Duration};

use chrono::Days;
use moka::sync::Cache;
use regulars_database::Tx;
use regulars_kernel::{Currency, Result, ids::OrganizationId};
use rust_decimal::Decimal;

use crate::store::value::{self as store, Sums};

/// How long ago it is compared with, in days.
const AGO: u64 = 30;

/// Adding up a million customers takes as long as anybody waits for a page, and hardly moves in some minutes.
static KNOWN: LazyLock<Cache<OrganizationId, LifetimeValue>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(1_000)
        .time_to_live(Duration::from_mins(10))
        .build()
});

/// What living customers who have an order of known worth brought, without what was paid back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifetimeValue {
    /// The organization's currency, in which it is.
    pub currency: Currency,
    /// How many customers that are.
    pub customers: i64,
    /// Of each on average; none where nobody has an order.
    pub average: Option<Decimal>,
    /// The same of the orders placed until thirty days ago and of whoever had one by then, as far as they were paid back
    /// until now; none where nobody had one.
    pub previous: Option<Decimal>,
}

/// What was reckoned in the last ten minutes, if anything was.
pub fn known(organization: OrganizationId, base: Currency) -> Option<LifetimeValue> {
    KNOWN.get(&organization).filter(|known| known.currency == base)
}

/// Reckons it.
pub async fn reckon(tx: &mut Tx, base: Currency) -> Result<LifetimeValue> {
    let ago = tx.now().checked_sub_days(Days::new(AGO)).unwrap_or(tx.now());
    let all = store::all(tx, base, ago).await?;
    let deleted = store::deleted(tx, base, ago).await?;
    let since = store::since(tx, base, ago).await?;
    let value = of(all, deleted, since, base);
    KNOWN.insert(tx.organization_id(), value);
    Ok(value)
}

fn of(all: Sums, deleted: Sums, since: Decimal, currency: Currency) -> LifetimeValue {
    let customers = all.customers - deleted.customers;
    let net_revenue = all.net_revenue - deleted.net_revenue;
    let average = |sum: Decimal, customers: i64| {
        let average = (customers > 0).then(|| sum.checked_div(Decimal::from(customers)))?;
        average.map(|average| average.round_dp(currency.digits()))
    };
    LifetimeValue {
        currency,
        customers,
        average: average(net_revenue, customers),
        previous: average(
            net_revenue - since,
            all.customers_before - deleted.customers_before,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_is_of_whoever_lives_and_before_of_whoever_had_an_order_by_then() {
        let sums = |customers, customers_before, net_revenue: i64| Sums {
            customers,
            customers_before,
            net_revenue: Decimal::from(net_revenue),
        };
        let value = of(
            sums(4, 3, 400),
            sums(1, 1, 100),
            Decimal::from(180),
            Currency::EUR,
        );
        assert_eq!((value.customers, value.average), (3, Some(Decimal::from(100))));
        assert_eq!(value.previous, Some(Decimal::from(60)));
        let nobody = of(sums(0, 0, 0), sums(0, 0, 0), Decimal::ZERO, Currency::EUR);
        assert_eq!((nobody.average, nobody.previous), (None, None));
    }
}

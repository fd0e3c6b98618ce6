//! `regulars metrics verify`: whether everybody's figures are what their orders say.

use regulars_commerce::ops::metrics;
use regulars_database::connect::Opened;
use regulars_kernel::{Actor, Error, Result, Scope};

use super::{open, organization_id};
use crate::cli::Common;

/// Verifies, and mends what differs if that is wanted. What differs and is not mended is an error.
pub async fn verify(common: &Common, organization: &str, repair: bool) -> Result<()> {
    let opened = open(common).await?;
    let found = run(&opened, organization, repair).await;
    opened.close().await?;
    let found = found?;
    println!("{}", said(&found));
    if found.differed > 0 && !repair {
        return Err(Error::internal(
            "the figures of some customers are not what their orders say; --repair reckons them anew",
        ));
    }
    Ok(())
}

async fn run(opened: &Opened, organization: &str, repair: bool) -> Result<metrics::Verified> {
    let scope = Scope {
        organization_id: organization_id(opened, organization).await?,
        actor: Actor::System,
    };
    metrics::verify(&opened.database, scope, repair, |found| {
        if found.checked % 100_000 == 0 {
            eprintln!("{}", said(&found));
        }
    })
    .await
}

fn said(found: &metrics::Verified) -> String {
    format!("{} customers checked, {} differed", found.checked, found.differed)
}

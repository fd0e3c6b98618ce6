//! `regulars demo`: fills an organization with a shop that looks real.

use chrono::{NaiveTime, TimeZone as _, Utc};
use regulars_accounts::{model::NewOrganization, ops as accounts};
use regulars_exchange::import::{
    Watch as _,
    inline::{InlineOptions, run_import_inline},
};
use regulars_kernel::{Actor, Error, Result, Scope, clock};

use super::{
    open_or_make,
    progress::{Progress, grouped},
    storage,
};
use crate::{
    cli::{Common, Demo},
    demo,
};

/// Makes the shop. Asked twice with the same seed, it changes nothing the second time.
pub async fn run(common: &Common, options: Demo) -> Result<()> {
    let opened = open_or_make(common).await?;
    let scope = match accounts::organization_by_slug(&opened.database, &options.organization).await {
        Ok(scope) => scope,
        Err(Error::NotFound(_)) => {
            let new = NewOrganization {
                name: "Maison Lumière".into(),
                slug: Some(options.organization.clone()),
                currency: Some("EUR".into()),
                time_zone: Some("Europe/Berlin".into()),
                locale: Some("en-GB".into()),
            };
            Scope {
                organization_id: accounts::create_organization(&opened.database, &new).await?.id,
                actor: Actor::System,
            }
        }
        Err(error) => return Err(error),
    };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("demo.jsonl");
    // The beginning of the day, so that the same command on the same day writes the same file and can be gone on with.
    let today = Utc.from_utc_datetime(&clock::now().date_naive().and_time(NaiveTime::MIN));
    demo::write(&path, options.customers, options.seed, today)?;
    let progress = Progress::new();
    let done = run_import_inline(
        &opened.database,
        scope,
        &storage(common)?,
        &path,
        &InlineOptions::default(),
        progress.watches(&progress.part("bytes checked"), &progress.part("customers")),
    )
    .await;
    let done = done?;
    let counts = done.result.unwrap_or_default();
    if counts.create > 0 {
        let part = progress.part("histories");
        let told = |done| part.progress(done, None);
        demo::histories::tell(
            &opened.database,
            scope,
            done.id,
            options.seed,
            clock::now(),
            &told,
        )
        .await?;
        let part = progress.part("orders");
        let told = |done| part.progress(done, None);
        let mut tx = opened.database.begin_read(scope).await?;
        let base = accounts::get_organization(&mut tx).await?.currency;
        drop(tx);
        let shop = demo::orders::Shop {
            source: &done.mapping.source,
            count: options.customers,
            seed: options.seed,
            base,
            today,
            now: clock::now(),
        };
        demo::orders::tell(&opened.database, scope, shop, &told).await?;
    }
    progress.end();
    eprintln!(
        "{}: {} customers made, {} updated, {} there already.",
        options.organization,
        grouped(counts.create),
        grouped(counts.update),
        grouped(counts.skip)
    );
    opened.close().await
}

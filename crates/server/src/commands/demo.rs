//! `regulars demo`: fills an organization with a shop that looks real.

use rand::{Rng, SeedableRng, rngs::StdRng};
use regulars_accounts::{model::NewOrganization, ops as accounts};
use regulars_customers::{model::NoteInput, ops::notes};
use regulars_exchange::import::inline::{InlineOptions, run_import_inline};
use regulars_kernel::{Actor, Error, Patch, Result, Scope, clock, ids::CustomerId};

use super::{open, progress::Progress, storage};
use crate::{
    cli::{Common, Demo},
    demo,
};

/// Makes the shop. Asked twice with the same seed, it changes nothing the second time.
pub async fn run(common: &Common, options: Demo) -> Result<()> {
    let opened = open(common).await?;
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
    demo::write(&path, options.customers, options.seed, clock::now())?;
    let progress = Progress::new();
    let done = run_import_inline(
        &opened.database,
        scope,
        &storage(common)?,
        &path,
        &InlineOptions::default(),
        progress.part("bytes checked").then(&progress.part("customers")),
    )
    .await;
    progress.end();
    let counts = done?.result.unwrap_or_default();
    if counts.create > 0 {
        histories(&opened.database, scope, &options).await?;
    }
    eprintln!(
        "{}: {} customers made, {} updated, {} there already.",
        options.organization, counts.create, counts.update, counts.skip
    );
    opened.close().await
}

/// Notes on some customers, so that timelines have something to tell.
async fn histories(database: &regulars_database::Database, scope: Scope, options: &Demo) -> Result<()> {
    let mut random = StdRng::seed_from_u64(options.seed);
    for _ in 0..(options.customers / 20).min(2_000) {
        let number = random.random_range(1..=options.customers);
        let mut tx = database.begin(scope).await?;
        let external_id = format!("demo-{number}");
        let id: Option<CustomerId> = sqlx::query_scalar!(
            r#"SELECT customer_id AS "id: CustomerId" FROM customer_sources WHERE external_id = $1"#,
            external_id
        )
        .fetch_optional(tx.conn())
        .await?;
        if let Some(id) = id {
            let note = NoteInput {
                body: Patch::Set(demo::NOTES[random.random_range(0..demo::NOTES.len())].to_owned()),
                pinned: Patch::Set(random.random_bool(0.2)),
            };
            notes::create(&mut tx, id, &note).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

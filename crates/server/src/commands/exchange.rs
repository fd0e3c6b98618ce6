//! Files in and out from the command line: the same code as the pages and the API.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use regulars_accounts::ops::get_organization;
use regulars_customers::find::{Context, Query};
use regulars_database::connect::Opened;
use regulars_exchange::{
    export::export_to_writer,
    import::{
        Ended,
        inline::{InlineOptions, run_import_inline},
    },
    mapping::Target,
    model::{Counts, ExportFormat, Import as Done, ImportKind, ImportState, Line, MatchKey, Mode},
    ops,
};
use regulars_kernel::{Actor, Error, Result, Scope};
use regulars_tabular::write::JsonArray;
use regulars_web::Params;
use serde_json::{Map, Value, json};

use super::{
    open, option, organization_id, placed,
    progress::{Progress, grouped},
    storage,
};
use crate::cli::{Common, Import};

/// `regulars import FILE`
pub async fn import(common: &Common, options: Import) -> Result<()> {
    let mode = Mode::parse(&options.mode).ok_or_else(|| {
        Error::internal(format!(
            "--mode: “{}” is none of upsert, create, update",
            options.mode
        ))
    })?;
    let mapping = match &options.mapping {
        Some(path) => Some(read_mapping(path)?),
        None => None,
    };
    must_be_file(&options.file)?;
    let kind = options.kind.as_deref().and_then(ImportKind::parse);
    let mut wanted = InlineOptions {
        kind,
        kinds: regulars_commerce_exchange::kinds(),
        mapping,
        source: options.source.clone(),
        mode,
        dry_run: options.dry_run,
        errors: options.errors.clone(),
        ..InlineOptions::default()
    };
    if let Some(keys) = &options.match_by {
        wanted.match_by = keys.iter().filter_map(|key| MatchKey::parse(key)).collect();
    }
    let opened = open(common).await?;
    let done = run_import(common, &opened, &options, &wanted).await;
    opened.close().await?;
    let done = done?;
    tell(&done, &options)
}

fn read_mapping(path: &Path) -> Result<Value> {
    if path.to_string_lossy().trim_start().starts_with(['{', '[']) && !path.exists() {
        return Err(Error::internal(
            "--mapping: give the name of a file that holds the mapping, not the mapping itself",
        ));
    }
    must_be_file(path)?;
    let text = std::fs::read_to_string(path).map_err(|error| named(path, &error))?;
    serde_json::from_str(&text).map_err(|error| named(path, &format!("the mapping is not JSON: {error}")))
}

fn must_be_file(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(found) if found.is_dir() => Err(named(path, &"this is a folder; name a file in it")),
        Ok(_) => Err(named(path, &"this is no file that can be read twice")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(named(path, &"there is no such file")),
        Err(error) => Err(named(path, &error)),
    }
}

/// Where a fault of an import is: the file, the mapping that somebody wrote, or an option.
fn place(options: &Import, pointer: &str) -> String {
    let file = options.file.display().to_string();
    match (pointer, &options.mapping) {
        ("/source", _) if options.source.is_some() => option(pointer),
        ("/match_by", _) => option(pointer),
        ("", Some(mapping)) => mapping.display().to_string(),
        (pointer, Some(mapping)) if !pointer.starts_with("/file") && !pointer.starts_with("/mapping") => {
            format!("{} at {pointer}", mapping.display())
        }
        _ => file,
    }
}

async fn run_import(
    common: &Common,
    opened: &Opened,
    options: &Import,
    wanted: &InlineOptions,
) -> Result<Done> {
    let scope = Scope {
        organization_id: organization_id(opened, &options.organization).await?,
        actor: Actor::System,
    };
    let progress = Progress::new();
    let done = run_import_inline(
        &opened.database,
        scope,
        &storage(common)?,
        &options.file,
        wanted,
        progress.watches(&progress.part("bytes checked"), &progress.part("rows")),
    )
    .await;
    progress.end();
    done.map_err(|error| placed(error, |pointer| place(options, pointer)))
}

/// `regulars export customers`
pub async fn export(
    common: &Common,
    organization: &str,
    format: &str,
    filter: &str,
    output: Option<&Path>,
) -> Result<()> {
    let opened = open(common).await?;
    let written = run_export(&opened, organization, format, filter, output).await;
    opened.close().await?;
    match written? {
        1 => eprintln!("1 customer exported."),
        several => eprintln!("{} customers exported.", grouped(several)),
    }
    Ok(())
}

async fn run_export(
    opened: &Opened,
    organization: &str,
    format: &str,
    filter: &str,
    output: Option<&Path>,
) -> Result<u64> {
    let scope = Scope {
        organization_id: organization_id(opened, organization).await?,
        actor: Actor::System,
    };
    let mut tx = opened.database.begin(scope).await?;
    let settings = get_organization(&mut tx).await?;
    let context = Context {
        time_zone: settings.time_zone,
        country: settings.locale.country(),
    };
    let query = Params::parse(filter)
        .and_then(|asked| Query::read(asked, &context))
        .map_err(|error| {
            placed(error, |pointer| match pointer.trim_start_matches('?') {
                "" => "--filter".to_owned(),
                name => format!("--filter, {name}"),
            })
        })?;
    // An array is JSON Lines with commas between them.
    let is_array = format == "json";
    let format = ExportFormat::parse(if is_array { "jsonl" } else { format })
        .ok_or_else(|| Error::internal(format!("--format: “{format}” is none of csv, jsonl, json")))?;
    let asked = Map::from_iter([("filter".to_owned(), json!(filter))]);
    ops::exports::note_direct(&mut tx, format, &asked).await?;
    tx.commit().await?;
    let progress = Progress::new();
    let mut writer: Box<dyn Write + Send> = match output {
        Some(path) => Box::new(BufWriter::new(
            File::create(path).map_err(|error| named(path, &error))?,
        )),
        None => Box::new(std::io::stdout()),
    };
    let part = progress.part("customers");
    let ended = if is_array {
        let mut array = JsonArray::new(writer);
        let ended = export_to_writer(&opened.database, scope, format, &query, &mut array, &part).await;
        array.finish()?;
        ended
    } else {
        export_to_writer(&opened.database, scope, format, &query, &mut *writer, &part).await
    };
    progress.end();
    match ended? {
        Ended::Done(counts) => Ok(counts.create),
        Ended::Stopped => Err(Error::internal("stopped; the file is not complete")),
    }
}

fn named(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::internal(format!("{}: {error}", path.display()))
}

fn tell(done: &Done, options: &Import) -> Result<()> {
    match done.state {
        ImportState::Planning | ImportState::Applying => {
            return Err(Error::internal(format!(
                "stopped after {} rows; the same command goes on where it stopped",
                applied(done)
            )));
        }
        ImportState::Cancelled => {
            return Err(Error::internal(format!(
                "the import was cancelled after {} rows",
                applied(done)
            )));
        }
        _ => {}
    }
    let counts = if options.dry_run {
        done.plan.as_ref().map(|plan| plan.counts)
    } else {
        done.result
    }
    .unwrap_or_default();
    if options.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({"import": done, "counts": counts}))?
        );
        return Ok(());
    }
    println!("{}", sentence(done.kind, &counts, options.dry_run));
    if let Some(plan) = &done.plan {
        list("Refused", &plan.refusals(&counts));
        list("Also", &plan.notes());
        let ignored: Vec<&str> = done
            .columns
            .iter()
            .map(String::as_str)
            .filter(|column| matches!(done.mapping.columns.get(*column), None | Some(Target::Ignore)))
            .collect();
        if !ignored.is_empty() {
            println!("Not imported: {}", ignored.join(", "));
        }
        for (title, names) in [
            ("New attributes", &plan.new_attributes),
            ("New tags", &plan.new_tags),
        ] {
            if !names.is_empty() {
                println!("{title}: {}", names.join(", "));
            }
        }
    }
    if counts.conflict + counts.invalid > 0 && options.errors.is_none() {
        eprintln!("To get the refused rows with their reasons, give the command again with --errors FILE.");
    }
    Ok(())
}

fn applied(done: &Done) -> String {
    grouped(u64::try_from(done.applied_rows).unwrap_or(0))
}

fn list(title: &str, lines: &[Line]) {
    if !lines.is_empty() {
        println!("{title}:");
    }
    for (rows, words) in lines {
        println!("  {} × {words}", grouped(*rows));
    }
}

fn sentence(kind: ImportKind, counts: &Counts, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    let rows = match (kind, counts.total()) {
        (ImportKind::Customers, 1) => "row",
        (ImportKind::Customers, _) => "rows",
        (ImportKind::Orders, 1) => "order",
        (ImportKind::Orders, _) => "orders",
        (ImportKind::Products, 1) => "product",
        (ImportKind::Products, _) => "products",
        (ImportKind::Carts, 1) => "cart",
        (ImportKind::Carts, _) => "carts",
        (ImportKind::Wishlists, 1) => "wishlist",
        (ImportKind::Wishlists, _) => "wishlists",
    };
    format!(
        "{} {rows}: {} {would}created, {} {would}updated, {} unchanged, {} in conflict, {} invalid",
        grouped(counts.total()),
        grouped(counts.create),
        grouped(counts.update),
        grouped(counts.skip),
        grouped(counts.conflict),
        grouped(counts.invalid)
    )
}

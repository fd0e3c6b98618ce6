//! Files in and out from the command line: the same code as the pages and the API.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use regulars_accounts::ops::get_organization;
use regulars_customers::find::{Context, Query};
use regulars_database::Database;
use regulars_exchange::{
    export::export_to_writer,
    import::{
        Ended, Watch,
        inline::{InlineOptions, run_import_inline},
    },
    model::{Counts, ExportFormat, Import as Done, Mode},
    ops,
    store::errors,
    write::ErrorFile,
};
use regulars_kernel::{Actor, Error, Result, Scope, ids::ImportId};
use regulars_web::Params;
use serde_json::{Map, json};
use tokio_util::sync::CancellationToken;

use super::{open, organization_id};
use crate::cli::{Common, Import};

/// A bar on a terminal, a line now and then elsewhere; Ctrl-C stops at the next batch.
pub struct Progress {
    bar: ProgressBar,
    stop: CancellationToken,
}

impl Progress {
    /// Shows how far work is, in units such as `rows`.
    pub fn new(unit: &str) -> Self {
        let bar = ProgressBar::new_spinner();
        let style = format!("{{spinner}} {{pos}} of {{len}} {unit} {{wide_bar}} {{per_sec}} {{eta}}");
        if let Ok(style) = ProgressStyle::with_template(&style) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        let stop = CancellationToken::new();
        let signal = stop.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                signal.cancel();
            }
        });
        Self { bar, stop }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watch for Progress {
    fn progress(&self, done: u64, total: Option<u64>) {
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
    }

    fn cancelled(&self) -> bool {
        self.stop.is_cancelled()
    }
}

/// `regulars import FILE`
pub async fn import(common: &Common, options: Import) -> Result<()> {
    let mode = Mode::parse(&options.mode).ok_or_else(|| {
        Error::internal(format!(
            "--mode: “{}” is none of upsert, create, update",
            options.mode
        ))
    })?;
    let mapping = match &options.mapping {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| named(path, &error))?;
            Some(serde_json::from_str(&text).map_err(|error| named(path, &error))?)
        }
        None => None,
    };
    if !options.file.is_file() {
        return Err(Error::internal(format!(
            "{}: there is no such file",
            options.file.display()
        )));
    }
    let opened = open(common).await?;
    let scope = Scope {
        organization_id: organization_id(&opened, &options.organization).await?,
        actor: Actor::System,
    };
    let wanted = InlineOptions {
        mapping,
        mode,
        dry_run: options.dry_run,
        ..InlineOptions::default()
    };
    let progress = Progress::new(if options.dry_run { "bytes" } else { "rows" });
    let done = run_import_inline(&opened.database, scope, &options.file, &wanted, &progress).await;
    progress.end();
    let done = done?;
    if let Some(path) = &options.errors {
        let file = File::create(path).map_err(|error| named(path, &error))?;
        write_errors(&opened.database, scope, done.id, BufWriter::new(file)).await?;
    }
    tell(&done, &options)?;
    opened.close().await
}

/// Writes the refused rows with their reasons.
async fn write_errors(database: &Database, scope: Scope, id: ImportId, output: impl Write) -> Result<()> {
    let mut tx = database.begin_read(scope).await?;
    let headers = ops::imports::get(&mut tx, id).await?.headers;
    let mut file = ErrorFile::create(output, &headers)?;
    let mut after = 0;
    loop {
        let rows = errors::page(&mut tx, id, after, 1_000).await?;
        let Some(last) = rows.last() else { break };
        after = last.position;
        for row in &rows {
            let reasons: Vec<_> = row.reasons.iter().map(ToString::to_string).collect();
            file.write(&row.fields, &reasons.join("; "))?;
        }
    }
    Ok(file.flush()?)
}

/// `regulars export customers`
pub async fn export(
    common: &Common,
    organization: &str,
    format: &str,
    filter: &str,
    output: Option<&Path>,
) -> Result<()> {
    let format = ExportFormat::parse(format)
        .ok_or_else(|| Error::internal(format!("--format: “{format}” is neither csv nor jsonl")))?;
    let opened = open(common).await?;
    let scope = Scope {
        organization_id: organization_id(&opened, organization).await?,
        actor: Actor::System,
    };
    let mut tx = opened.database.begin(scope).await?;
    let settings = get_organization(&mut tx).await?;
    let context = Context {
        time_zone: settings.time_zone,
        country: settings.locale.country(),
    };
    let query = Query::read(Params::parse(filter)?, &context)?;
    let asked = Map::from_iter([("filter".to_owned(), json!(filter))]);
    ops::exports::note_direct(&mut tx, format, &asked).await?;
    tx.commit().await?;
    let progress = Progress::new("customers");
    let mut writer: Box<dyn Write + Send> = match output {
        Some(path) => Box::new(BufWriter::new(
            File::create(path).map_err(|error| named(path, &error))?,
        )),
        None => Box::new(std::io::stdout()),
    };
    let ended = export_to_writer(&opened.database, scope, format, &query, &mut *writer, &progress).await;
    progress.end();
    match ended? {
        Ended::Done(counts) => eprintln!("{} customers exported.", counts.create),
        Ended::Stopped => return Err(Error::internal("stopped; the file is not complete")),
    }
    opened.close().await
}

fn named(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::internal(format!("{}: {error}", path.display()))
}

fn tell(done: &Done, options: &Import) -> Result<()> {
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
    println!("{}", sentence(&counts, options.dry_run));
    if let Some(plan) = &done.plan {
        for (code, times) in &plan.reasons {
            println!("  {times} × {code}");
        }
        if options.dry_run && !plan.new_attributes.is_empty() {
            println!("New attributes: {}", plan.new_attributes.join(", "));
        }
    }
    if counts.conflict + counts.invalid > 0 && options.errors.is_none() {
        eprintln!("--errors FILE writes the refused rows with their reasons.");
    }
    Ok(())
}

fn sentence(counts: &Counts, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    format!(
        "{} rows: {} {would}created, {} {would}updated, {} unchanged, {} in conflict, {} invalid",
        counts.total(),
        counts.create,
        counts.update,
        counts.skip,
        counts.conflict,
        counts.invalid
    )
}

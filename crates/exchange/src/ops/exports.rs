//! What people do with exports: ask for them, take them, delete them.

use std::{
    fs::File,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use regulars_accounts::audit;
use regulars_customers::find::{Context, Query, Selection};
use regulars_database::Tx;
use regulars_jobs::{JobState, NewJob};
use regulars_kernel::{
    Error, Result,
    ids::{ExportId, JobId},
};
use regulars_web::Params;
use serde_json::{Map, Value, json};

use super::{files, imports::cancel_job};
use crate::{
    jobs,
    model::{Export, ExportFormat, ExportState},
    store::exports,
};

/// Where the file of an export stands.
pub fn file_path(storage: &Path, id: ExportId, format: ExportFormat) -> PathBuf {
    storage.join("exports").join(format!("{id}.{}", format.as_str()))
}

/// A kept question: one value as text, several as a list.
pub fn read_query(kept: &Map<String, Value>, context: &Context) -> Result<Query> {
    Query::read(Params::parse(&query_string(kept)?)?, context)
}

/// A kept question as the part of an address behind `?`.
pub fn query_string(kept: &Map<String, Value>) -> Result<String> {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in kept {
        match value {
            Value::Array(values) => {
                for value in values {
                    text.append_pair(name, &one(name, value)?);
                }
            }
            value => {
                text.append_pair(name, &one(name, value)?);
            }
        }
    }
    Ok(text.finish())
}

fn one(name: &str, value: &Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(yes) => Ok(yes.to_string()),
        _ => Err(Error::invalid(
            format!("/query/{name}"),
            "parameter_invalid",
            "a filter is a text, a number, true or false, or a list of these",
        )),
    }
}

/// Fails if an export cannot ask for this.
pub async fn check(tx: &mut Tx, query: &Map<String, Value>, context: &Context) -> Result<()> {
    Selection::resolve(tx, &read_query(query, context)?).await?;
    Ok(())
}

/// Queues an export and writes it into the audit log, unless the organization keeps too many files already.
pub async fn create(
    tx: &mut Tx,
    format: ExportFormat,
    query: &Map<String, Value>,
    context: &Context,
    quota: u64,
) -> Result<(Export, JobId)> {
    // Asked now, so that a wrong question is refused now.
    check(tx, query, context).await?;
    files::held(tx).await?.check(1, quota)?;
    let id = ExportId::new();
    let job = NewJob::new(jobs::EXPORT, json!({"export_id": id}))
        .key(id.to_string())
        .queue(jobs::QUEUE)
        .max_attempts(jobs::ATTEMPTS)
        .cap(jobs::CAP);
    let job_id = regulars_jobs::enqueue(tx, job).await?;
    exports::insert(tx, id, format, query, job_id).await?;
    let facts = json!({"format": format, "query": query});
    audit(tx, "export.created", Some(("export", id.0)), facts).await?;
    Ok((exports::get(tx, id, false).await?, job_id))
}

/// Notes in the audit log that customers are taken out at once, without a kept file.
pub async fn note_direct(tx: &mut Tx, format: ExportFormat, query: &Map<String, Value>) -> Result<()> {
    let facts = json!({"format": format, "query": query, "direct": true});
    audit(tx, "export.created", None, facts).await
}

/// The file of a finished export, with a note in the audit log.
pub async fn download(tx: &mut Tx, id: ExportId, storage: &Path) -> Result<(Export, File)> {
    let export = exports::get(tx, id, false).await?;
    let is_ready =
        export.state == ExportState::Done && export.expires_at.is_none_or(|expires| expires > tx.now());
    // Opened rather than looked for: whoever deletes it a moment later takes it from nobody who downloads it.
    let file = match File::open(file_path(storage, id, export.format)) {
        Ok(file) => Some(file).filter(|_| is_ready),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let Some(file) = file else {
        let why = if export.state == ExportState::Done {
            "the file has expired; export again".to_owned()
        } else {
            format!(
                "the export is {}; there is no file to take",
                export.state.as_str()
            )
        };
        return Err(Error::conflict("", "export_not_ready", why));
    };
    audit(tx, "export.downloaded", Some(("export", id.0)), json!({})).await?;
    Ok((export, file))
}

/// Stops an export and deletes it with its file.
pub async fn delete(tx: &mut Tx, id: ExportId, storage: &Path) -> Result<()> {
    let export = exports::get(tx, id, true).await?;
    if let Some(job_id) = export.job_id
        && let Ok(job) = regulars_jobs::get(tx, job_id).await
        && matches!(job.state, JobState::Queued | JobState::Running)
    {
        cancel_job(tx, Some(job_id)).await?;
    }
    exports::delete(tx, id).await?;
    audit(tx, "export.deleted", Some(("export", id.0)), json!({})).await?;
    let path = file_path(storage, id, export.format);
    tx.after_commit(move || {
        // It may not have been written yet.
        let _ = std::fs::remove_file(path);
    });
    Ok(())
}

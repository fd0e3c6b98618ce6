//! The dry run: reads the whole file, decides every row, and writes the plan that applying will execute.
//!
//! What it never does: change a customer.

use std::collections::{BTreeMap, HashSet};

use regulars_customers::store::{batch, tags};
use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};
use regulars_tabular::read::Format;

use super::{
    Ended, Watch, Work,
    convert::What,
    converter, digest,
    keys::KeyIndex,
    plan_file::PlanWriter,
    records,
    resolve::{self, Decision, Resolver},
    rows::{self, Batch, Row},
};
use crate::{
    model::{ImportState, MatchKey, Outcome, Plan, Reason, RowError, Sample},
    store::{errors, imports},
};

/// Rows shown of each outcome.
const SAMPLES: usize = 20;
/// New tags named.
const NEW_TAGS: usize = 100;

/// Checks the file of an import whose state says that it is to be checked, and leaves it in `state`.
pub(super) async fn run(work: &Work, watch: &dyn Watch, state: ImportState) -> Result<Ended> {
    let mut tx = work.begin().await?;
    let stored = imports::get(&mut tx, work.id, false).await?;
    if let Some(kind) = work.kinds.get(stored.import.kind)? {
        tx.rollback().await?;
        return records::plan(work, watch, kind, state).await;
    }
    errors::forget_plan(&mut tx, work.id).await?;
    let (converter, unknown) = converter(&mut tx, &stored).await?;
    tx.commit().await?;

    let digest = digest(&stored)?;
    let writer = PlanWriter::create(&work.plan, digest)?;
    let folder = work.plan.parent().unwrap_or_else(|| std::path::Path::new("."));
    let import = &stored.import;
    let mut resolver = Resolver::new(import.mode, &import.match_by, KeyIndex::new(folder), writer);
    let mut plan = Plan {
        new_attributes: unknown.into_iter().map(|(name, _)| name).collect(),
        digest: imports::hex(&digest),
        samples: Outcome::ALL
            .iter()
            .map(|outcome| (*outcome, Vec::new()))
            .collect(),
        ..Plan::default()
    };
    let mut seen = HashSet::new();
    let size = u64::try_from(import.file_bytes).unwrap_or(0);
    let mut batches = rows::stream(work.source(&stored), converter);
    while let Some(batch) = batches.recv().await {
        if watch.cancelled() {
            return Ok(Ended::Stopped);
        }
        let batch = batch?;
        check(
            work,
            &mut resolver,
            &mut plan,
            &mut seen,
            &batch,
            &import.match_by,
        )
        .await?;
        // Of a workbook only the rows are known, of text the bytes.
        if stored.format == Format::Xlsx {
            watch.progress(batch.checkpoint.position, None);
        } else {
            watch.progress(batch.checkpoint.offset.min(size), Some(size));
        }
    }
    plan.rows = tokio::task::spawn_blocking(move || resolver.finish()).await??;
    let mut tx = work.begin().await?;
    let is_wanted = imports::keep_plan(&mut tx, work.id, &plan, state).await?;
    tx.commit().await?;
    Ok(if is_wanted {
        Ended::Done(plan.counts)
    } else {
        Ended::Stopped
    })
}

async fn check(
    work: &Work,
    resolver: &mut Resolver,
    plan: &mut Plan,
    seen: &mut HashSet<String>,
    batch: &Batch,
    match_by: &[MatchKey],
) -> Result<()> {
    let mut tx = work.begin().await?;
    let wanted = batch.rows.iter().filter_map(|row| match &row.what {
        What::Wanted(wanted) => Some(&**wanted),
        What::Nobody | What::Invalid(_) => None,
    });
    let owners = batch::owners(&mut tx, &resolve::keys_of(wanted, match_by)).await?;
    let current = batch::current(&mut tx, &resolve::everybody(&owners), false).await?;
    let mut failed = Vec::new();
    let mut brought: Vec<&str> = Vec::new();
    for row in &batch.rows {
        let (outcome, decision) = match &row.what {
            What::Nobody => {
                resolver.nobody(Outcome::Skip, row.content)?;
                let reason = Reason::of_row("nobody", "says of nobody: no name, e-mail address, phone or id");
                (Outcome::Skip, reasoned(vec![reason]))
            }
            What::Invalid(reasons) => {
                resolver.nobody(Outcome::Invalid, row.content)?;
                (Outcome::Invalid, reasoned(reasons.clone()))
            }
            What::Wanted(wanted) => {
                let decision = resolver.decide(wanted, row.content, &owners, &current)?;
                if matches!(decision.record.outcome, Outcome::Create | Outcome::Update) {
                    brought.extend(wanted.tags.iter().map(String::as_str));
                }
                (decision.record.outcome, Told::from(decision))
            }
        };
        note(plan, row, outcome, &decision);
        if matches!(outcome, Outcome::Conflict | Outcome::Invalid) {
            failed.push(RowError {
                position: row.position,
                outcome,
                reasons: decision.reasons,
                fields: row.fields.clone(),
            });
        }
    }
    note_tags(&mut tx, plan, seen, &brought).await?;
    errors::insert(&mut tx, work.id, "plan", &failed).await?;
    tx.commit().await
}

/// Notes tags that are not defined yet. What was seen is remembered until enough are noted, which bounds the memory: an
/// organization has only so many.
async fn note_tags(tx: &mut Tx, plan: &mut Plan, seen: &mut HashSet<String>, brought: &[&str]) -> Result<()> {
    if plan.new_tags.len() == NEW_TAGS {
        return Ok(());
    }
    let names: Vec<&str> = brought
        .iter()
        .copied()
        .filter(|name| seen.insert(name.to_lowercase()))
        .collect();
    let mut new = tags::undefined(tx, &names).await?;
    new.truncate(NEW_TAGS - plan.new_tags.len());
    plan.new_tags.extend(new);
    Ok(())
}

/// What is told of a decision.
struct Told {
    reasons: Vec<Reason>,
    customer_id: Option<CustomerId>,
    changes: Option<serde_json::Value>,
}

fn reasoned(reasons: Vec<Reason>) -> Told {
    Told {
        reasons,
        customer_id: None,
        changes: None,
    }
}

impl From<Decision> for Told {
    fn from(decision: Decision) -> Self {
        Self {
            reasons: decision.reasons,
            customer_id: decision.customer_id,
            changes: decision.changes,
        }
    }
}

fn note(plan: &mut Plan, row: &Row, outcome: Outcome, told: &Told) {
    plan.counts.add(outcome);
    count(&mut plan.reasons, &told.reasons);
    let samples = plan.samples.entry(outcome).or_default();
    if samples.len() < SAMPLES {
        samples.push(Sample {
            position: row.position,
            line: row.line,
            who: who(row),
            customer_id: told.customer_id,
            record_id: None,
            reasons: told.reasons.clone(),
            changes: told.changes.clone(),
        });
    }
}

/// Each code once for a row.
fn count(counts: &mut BTreeMap<String, u64>, reasons: &[Reason]) {
    for (at, reason) in reasons.iter().enumerate() {
        if !reasons[..at].iter().any(|earlier| earlier.code == reason.code) {
            *counts.entry(reason.code.clone()).or_default() += 1;
        }
    }
}

/// Who a row is about, for people: what it wants to be called, else its first cells.
fn who(row: &Row) -> String {
    use regulars_kernel::Patch::Set;
    let mut parts: Vec<String> = Vec::new();
    if let What::Wanted(wanted) = &row.what {
        let name: Vec<&str> = [&wanted.first_name, &wanted.last_name]
            .into_iter()
            .filter_map(|name| {
                if let Set(name) = name {
                    Some(name.as_str())
                } else {
                    None
                }
            })
            .collect();
        if !name.is_empty() {
            parts.push(name.join(" "));
        } else if let Set(name) = &wanted.company_name {
            parts.push(name.clone());
        }
        if let Set(email) = &wanted.email {
            parts.push(email.as_str().to_owned());
        } else if let Set(phone) = &wanted.phone {
            parts.push(phone.as_str().to_owned());
        }
        if parts.is_empty() {
            parts.extend(wanted.sources.first().map(|(_, id)| id.clone()));
        }
    }
    if parts.is_empty() {
        parts = row
            .fields
            .iter()
            .flatten()
            .filter(|text| !text.trim().is_empty())
            .take(3)
            .cloned()
            .collect();
    }
    let text = parts.join(", ");
    if text.chars().count() > 120 {
        let short: String = text.chars().take(119).collect();
        format!("{short}…")
    } else {
        text
    }
}

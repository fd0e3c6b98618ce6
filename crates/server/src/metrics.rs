//! `/metrics`: the Prometheus recorder, and the gauges that are read when somebody looks.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use regulars_database::Database;
use regulars_kernel::{Error, Result};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder once for the process.
pub fn install() -> Result<()> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Suffix("_seconds".into()),
            &[
                0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
            ],
        )
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| Error::internal(format!("metrics: {error}")))?;
    let _ = HANDLE.set(handle);
    Ok(())
}

/// The text of `/metrics`.
pub fn render(database: &Database) -> String {
    metrics::gauge!("regulars_pool_connections").set(database.outside_organizations().size());
    metrics::gauge!("regulars_pool_idle_connections").set(database.idle_connections() as f64);
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Folds what has been recorded, so that histograms nobody scrapes do not grow.
pub fn upkeep() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}

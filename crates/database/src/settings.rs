//! The private server's settings, fit for the machine's memory.
//!
//! What it never does: turn off fsync, synchronous commits or full page writes.

use std::fs;

const MB: u64 = 1 << 20;

/// The settings for the memory found.
pub fn fit_for_this_machine() -> Vec<(&'static str, String)> {
    let mut settings = fit(memory());
    // Containers often have 64 MB of shared memory; parallel queries and index builds want more.
    let shared = nix::sys::statvfs::statvfs("/dev/shm").map_or(0, |fs| fs.blocks() * fs.fragment_size());
    if shared < 512 * MB {
        settings.push(("dynamic_shared_memory_type", "mmap".to_owned()));
    }
    settings
}

/// Memory in bytes: the machine's, or what the control group allows.
fn memory() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
            line.split_whitespace()
                .nth(1)?
                .parse::<u64>()
                .ok()
                .map(|kib| kib * 1024)
        })
        .unwrap_or(1024 * MB);
    [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]
    .iter()
    .filter_map(|file| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok())
    .fold(machine, u64::min)
}

fn fit(memory: u64) -> Vec<(&'static str, String)> {
    let mb = |bytes: u64| format!("{}MB", bytes / MB);
    let fixed = [
        ("max_connections", "200"),
        ("max_wal_size", "4GB"),
        ("min_wal_size", "256MB"),
        ("checkpoint_timeout", "15min"),
        ("checkpoint_completion_target", "0.9"),
        ("wal_compression", "on"),
        ("random_page_cost", "1.1"),
        ("effective_io_concurrency", "200"),
        ("jit", "off"),
        ("huge_pages", "try"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("password_encryption", "scram-sha-256"),
        ("timezone", "UTC"),
        // The server's log names neither values nor statements: they hold personal data.
        ("log_error_verbosity", "terse"),
        ("log_min_error_statement", "panic"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
    ];
    let mut settings: Vec<_> = fixed.map(|(name, value)| (name, value.to_owned())).to_vec();
    // A quarter for PostgreSQL's own cache; beyond 8 GB the system's cache serves as well.
    settings.push(("shared_buffers", mb((memory / 4).clamp(64 * MB, 8192 * MB))));
    settings.push(("effective_cache_size", mb((memory / 8 * 5).max(128 * MB))));
    settings.push(("work_mem", mb((memory / 512).clamp(4 * MB, 64 * MB))));
    settings.push((
        "maintenance_work_mem",
        mb((memory / 16).clamp(32 * MB, 1024 * MB)),
    ));
    settings
}

#[cfg(test)]
mod tests {
    use super::{MB, fit};

    fn value(memory: u64, name: &str) -> String {
        fit(memory)
            .into_iter()
            .find(|(setting, _)| *setting == name)
            .unwrap()
            .1
    }

    #[test]
    fn a_quarter_of_the_memory_is_for_the_cache_up_to_a_cap() {
        assert_eq!(value(1024 * MB, "shared_buffers"), "256MB");
        assert_eq!(value(64 * 1024 * MB, "shared_buffers"), "8192MB");
        assert_eq!(value(128 * MB, "shared_buffers"), "64MB");
    }

    #[test]
    fn commits_stay_durable_whatever_the_memory() {
        for memory in [256 * MB, 4096 * MB] {
            assert_eq!(value(memory, "fsync"), "on");
            assert_eq!(value(memory, "synchronous_commit"), "on");
        }
    }
}

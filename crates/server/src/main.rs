//! The binary `regulars`: command line, configuration and wiring. The only crate that knows all others; it holds no
//! business rule.

mod cli;
mod commands;
mod config;
mod demo;
mod housekeeping;
mod listen;
mod live;
mod logging;
mod metrics;
mod operations;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

/// A server allocates little and often: with this allocator lists at 16 clients come 14 % faster than with glibc's. Without
/// huge pages (the feature `no_thp`), which would hold 25 MB more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    // The private PostgreSQL dies with the thread that started it (parent-death signal), so that thread is this one.
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("regulars: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("regulars: {error}");
            ExitCode::FAILURE
        }
    }
}

//! The `deskgate` program.

use std::process::ExitCode;

use clap::Parser as _;
use deskgate::app;
use deskgate::config::Cli;

/// Chosen by measurement: docs/decisions/0007-allocator.md.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    app::run(Cli::parse())
}

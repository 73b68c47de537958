//! The `deskgate` program.

use std::process::ExitCode;

use clap::Parser as _;
use deskgate::app;
use deskgate::config::Cli;

fn main() -> ExitCode {
    app::run(Cli::parse())
}

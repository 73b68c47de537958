//! The command line and the wiring: the few long-lived things, built once.

mod demo;
mod gateway;
mod healthcheck;
mod manage;
mod metrics;
mod serve;
mod signals;
mod simulate;
mod vault_key;

use std::error::Error;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::config::{Cli, Command, LogFormat, Logging};
use crate::http::docs;

/// What a command yields: nothing, or why it failed, in words for the person at the terminal.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Runs a command; says on standard error why it failed, if it did.
pub fn run(cli: Cli) -> ExitCode {
    let Cli { command, logging } = cli;
    let outcome = start_logging(&logging).and_then(|()| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(dispatch(command))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            let _ = writeln!(io::stderr(), "deskgate: {text}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command.
async fn dispatch(command: Command) -> Outcome {
    match command {
        Command::Serve(serve) => serve::serve(serve).await,
        Command::Demo(demo) => demo::demo(demo).await,
        Command::Simulate(simulate) => simulate::simulate(simulate).await,
        Command::Account(command) => manage::account(command).await,
        Command::Key(command) => manage::key(command).await,
        Command::Token(command) => manage::token(command).await,
        Command::Openapi => answer(docs::document_text().trim_end()),
        Command::Healthcheck(healthcheck) => healthcheck::healthcheck(healthcheck).await,
    }
}

/// Sends log lines to standard error.
fn start_logging(logging: &Logging) -> Outcome {
    let filter = EnvFilter::try_new(&logging.log)
        .map_err(|error| format!("--log {}: {error}", logging.log))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match logging.log_format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Prints a command's answer, the only thing that standard output carries.
fn answer(text: &str) -> Outcome {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

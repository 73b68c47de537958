//! When to end.

use tokio::signal::unix::{SignalKind, signal};

use crate::app::Outcome;

/// Listens for SIGTERM and SIGINT from now on; the future is done when one has come.
pub(super) fn end() -> Outcome<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("told to end");
    })
}

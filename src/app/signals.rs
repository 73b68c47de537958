//! When to end.

use tokio::signal::unix::{SignalKind, signal};

use crate::app::Outcome;

/// Who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Whoever runs the process, such as a container engine: others are told first that it goes.
    Terminate,
    /// Somebody at a terminal, who does not want to wait.
    Interrupt,
}

/// Listens for SIGTERM and SIGINT from now on; the future is done when one has come.
pub(super) fn end() -> Outcome<impl Future<Output = End>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let end = tokio::select! {
            _ = terminate.recv() => End::Terminate,
            _ = interrupt.recv() => End::Interrupt,
        };
        tracing::info!("told to end");
        end
    })
}

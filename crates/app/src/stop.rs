//! Stop signals: Ctrl-C and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Waits until somebody asks this process to stop.
///
/// # Errors
/// When signals cannot be listened to.
pub(crate) async fn asked() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Whether somebody asked this process to stop, for tasks that look now and then.
#[derive(Clone, Debug, Default)]
pub(crate) struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Raised by the first signal; the second one ends the process at once.
    #[must_use]
    pub(crate) fn listening() -> Self {
        let flag = Self::default();
        let raised = flag.clone();
        tokio::spawn(async move {
            if asked().await.is_ok() {
                raised.raise();
                if asked().await.is_ok() {
                    std::process::exit(i32::from(crate::exit::Exit::Failed.code()));
                }
            }
        });
        flag
    }

    /// Asks to stop.
    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked.
    #[must_use]
    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

//! Stop signals: Ctrl-C and SIGTERM.

use std::sync::Arc;

use tokio::sync::watch;

/// Waits until somebody asks this process to stop.
///
/// # Errors
/// When signals cannot be listened to.
async fn asked() -> std::io::Result<()> {
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

/// Whether somebody asked this process to stop, for tasks that look now and then or wait for it.
#[derive(Clone, Debug)]
pub(crate) struct StopFlag(Arc<watch::Sender<bool>>);

impl Default for StopFlag {
    /// Not raised, and raised by nobody but its holders.
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl StopFlag {
    /// Raised by the first signal; the second one ends the process at once.
    #[must_use]
    pub(crate) fn listening() -> Self {
        let flag = Self::default();
        flag.listen();
        flag
    }

    /// Lets the first signal raise it, and the second one end the process at once. Call it within a runtime.
    pub(crate) fn listen(&self) {
        let flag = self.clone();
        tokio::spawn(async move {
            let first = asked().await;
            flag.raise();
            if let Err(error) = first {
                tracing::error!(%error, "signals cannot be listened to: stopping");
            } else if asked().await.is_ok() {
                std::process::exit(i32::from(crate::exit::Exit::Failed.code()));
            }
        });
    }

    /// Asks to stop.
    pub(crate) fn raise(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was asked.
    #[must_use]
    pub(crate) fn is_raised(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is.
    pub(crate) async fn raised(&self) {
        let mut seen = self.0.subscribe();
        // An error would say that nobody can raise it any more, which cannot be while this one is here.
        drop(seen.wait_for(|raised| *raised).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_is_told_before_and_after() {
        let flag = StopFlag::default();
        let waiting = tokio::spawn({
            let flag = flag.clone();
            async move { flag.raised().await }
        });
        assert!(!flag.is_raised());
        flag.raise();
        waiting.await.unwrap();
        flag.raised().await;
        assert!(flag.is_raised());
    }
}

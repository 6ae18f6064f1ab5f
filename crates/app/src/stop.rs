//! Stop signals: Ctrl-C and SIGTERM.

use std::sync::Arc;

use tokio::sync::watch;

/// The signals that ask this process to stop, heard from the moment this is made: one that comes before it is waited for
/// waits.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// # Errors
    /// When signals cannot be listened to.
    fn heard() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};

            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
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
    /// Raised by the first signal from now on; the second one ends the process at once. Call it within a runtime, and once
    /// a process: each of them hears every signal.
    #[must_use]
    pub(crate) fn listening() -> Self {
        let flag = Self::default();
        match Signals::heard() {
            Ok(mut signals) => {
                let raised = flag.clone();
                tokio::spawn(async move {
                    signals.next().await;
                    raised.raise();
                    signals.next().await;
                    std::process::exit(i32::from(crate::exit::Exit::Failed.code()));
                });
            }
            Err(error) => {
                tracing::error!(%error, "signals cannot be listened to: stopping");
                flag.raise();
            }
        }
        flag
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

    #[cfg(unix)]
    #[tokio::test]
    async fn a_signal_that_comes_at_once_is_heard() {
        let flag = StopFlag::listening();
        let myself = std::process::id().to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &myself]).status();
        assert!(sent.unwrap().success());
        flag.raised().await;
    }
}

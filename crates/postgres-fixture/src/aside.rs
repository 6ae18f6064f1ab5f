//! Work on a thread and a runtime of its own, which goes on whatever becomes of the caller's.

use std::future::Future;
use std::panic::resume_unwind;
use std::thread::{JoinHandle, spawn};

/// Begins the work.
pub(crate) fn begin<Outcome: Send + 'static>(
    work: impl Future<Output = Outcome> + Send + 'static,
) -> JoinHandle<Outcome> {
    spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(work)
    })
}

/// Blocks the thread until the work is done; its panic goes on here.
pub(crate) fn wait_for<Outcome: Send + 'static>(work: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
    begin(work).join().unwrap_or_else(|panic| resume_unwind(panic))
}

//! A gate before the answers: requests wait in front of it until it is opened.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::ensure;

use super::Asked;
use super::server::Choice;

/// No test waits longer for requests that do not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where chosen requests wait.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Which requests have to wait; `None` while the gate is open.
    choose: Option<Choice>,
    held: usize,
    /// How many times it was opened, and what became of those that waited then.
    openings: Vec<Release>,
}

/// What becomes of those that waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Release {
    /// They are answered.
    Answered,
    /// Their connections are closed.
    Closed,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn close(&self, choose: Choice) {
        self.state().choose = Some(choose);
    }

    pub(super) fn open(&self, release: Release) {
        let mut state = self.state();
        state.choose = None;
        state.held = 0;
        state.openings.push(release);
        self.changed.notify_all();
    }

    /// Lets a request through, at once or when the gate is opened.
    pub(super) fn pass(&self, asked: &Asked) -> Release {
        let mut state = self.state();
        if !state.choose.as_mut().is_some_and(|choose| choose(asked)) {
            return Release::Answered;
        }
        state.held += 1;
        self.changed.notify_all();
        let before = state.openings.len();
        let state = self
            .changed
            .wait_while(state, |state| state.openings.len() == before)
            .unwrap_or_else(PoisonError::into_inner);
        state.openings.get(before).copied().unwrap_or(Release::Closed)
    }

    pub(super) fn wait_until_held(&self, requests: usize) -> anyhow::Result<()> {
        let waited = self
            .changed
            .wait_timeout_while(self.state(), PATIENCE, |state| state.held < requests);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let held = state.held;
        ensure!(
            held >= requests,
            "only {held} of {requests} requests came within {PATIENCE:?}"
        );
        Ok(())
    }
}

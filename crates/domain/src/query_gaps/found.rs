//! Gathers stretches that come window by window into a page of those that were asked for.

use super::GapFilter;
use crate::Stretch;

/// What was found so far.
pub(super) struct Found {
    filter: GapFilter,
    limit: usize,
    /// The one that the next window may go on with.
    open: Option<Stretch>,
    /// Whole ones, at most one more than the limit.
    whole: Vec<Stretch>,
}

impl Found {
    pub(super) fn new(filter: GapFilter, limit: usize) -> Self {
        Self {
            filter,
            limit,
            open: None,
            whole: Vec::new(),
        }
    }

    /// Adds what comes next. Neighbours of one state become one stretch.
    pub(super) fn add(&mut self, next: Stretch) {
        match &mut self.open {
            Some(open) if open.state == next.state => {
                open.last = next.last;
                open.count = open.count.saturating_add(next.count);
            }
            _ => {
                self.settle();
                self.open = Some(next);
            }
        }
    }

    /// Whether there is more than a page.
    pub(super) fn is_full(&self) -> bool {
        self.whole.len() > self.limit
    }

    /// The page, and whether more follow.
    pub(super) fn into_page(mut self) -> (Vec<Stretch>, bool) {
        self.settle();
        let more = self.is_full();
        self.whole.truncate(self.limit);
        (self.whole, more)
    }

    fn settle(&mut self) {
        let filter = self.filter;
        self.whole.extend(self.open.take_if(|open| filter.passes(open.state)));
        self.open = None;
    }
}

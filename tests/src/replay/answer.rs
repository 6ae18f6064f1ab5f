//! What a server says to one request.

/// An answer, and how much of it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Seconds after which to ask again.
    pub retry_after: Option<u32>,
    /// Its body.
    pub body: Vec<u8>,
    /// How much of it arrives.
    pub(super) delivery: Delivery,
}

/// How much of an answer arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// All of it.
    Whole,
    /// The first half of the body that was announced, then the connection ends.
    Half,
    /// Nothing, for as long as the client waits.
    Nothing,
}

impl Answer {
    /// An answer that arrives as a whole.
    #[must_use]
    pub fn of(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            retry_after: None,
            body: body.into(),
            delivery: Delivery::Whole,
        }
    }
}

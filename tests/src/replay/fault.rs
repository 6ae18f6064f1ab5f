//! The ways in which a server misbehaves.

use super::Answer;
use super::answer::Delivery;

/// What becomes of a sound answer.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Another status, with a page of HTML as proxies send it.
    Status(u16),
    /// The same, with the seconds after which to ask again.
    StatusAfter(u16, u32),
    /// Another body, with status 200.
    Instead(&'static str),
    /// Half of the body as if it were all of it.
    Truncated,
    /// Half of the body that was announced, then the end of the connection.
    CutInBody,
    /// Nothing at all.
    Silence,
    /// The body with something wrong in it.
    Edited(fn(&[u8]) -> Vec<u8>),
}

impl Fault {
    /// The answer that arrives in place of a sound one.
    pub(super) fn spoil(self, sound: Answer) -> Answer {
        let page = |status: u16| Answer::of(status, format!("<html><title>{status}</title></html>"));
        match self {
            Self::Status(status) => page(status),
            Self::StatusAfter(status, seconds) => Answer {
                retry_after: Some(seconds),
                ..page(status)
            },
            Self::Instead(body) => Answer::of(200, body),
            Self::Truncated => {
                let half = sound.body.len() / 2;
                Answer {
                    body: sound.body.into_iter().take(half).collect(),
                    ..sound
                }
            }
            Self::CutInBody => Answer {
                delivery: Delivery::Half,
                ..sound
            },
            Self::Silence => Answer {
                delivery: Delivery::Nothing,
                ..sound
            },
            Self::Edited(edit) => Answer {
                body: edit(&sound.body),
                ..sound
            },
        }
    }
}

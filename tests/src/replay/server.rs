//! The server's threads: one accepts, one for each connection.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::gate::{Gate, Release};
use super::{Answer, Asked, Fault, Source, wire};

/// Which requests a fault or the gate concerns; asked once for each, in the order of their arrival.
pub(super) type Choice = Box<dyn FnMut(&Asked) -> bool + Send>;

/// What connections share.
pub(super) struct Shared {
    pub(super) sources: Vec<Box<dyn Source>>,
    pub(super) seen: Mutex<Seen>,
    pub(super) gate: Gate,
}

/// What was asked, and what goes wrong.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) asked: Vec<Asked>,
    pub(super) fault: Option<(Fault, Choice)>,
    /// To end them with the server.
    pub(super) connections: Vec<TcpStream>,
    pub(super) is_over: bool,
}

impl Shared {
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request and decides on its answer; `None` closes the connection.
    fn answer(&self, asked: Asked) -> Option<Answer> {
        let (number, fault) = {
            let mut seen = self.seen();
            let fault = seen.fault.as_mut();
            let fault = fault.and_then(|(fault, choose)| choose(&asked).then_some(*fault));
            seen.asked.push(asked.clone());
            (seen.asked.len() - 1, fault)
        };
        if self.gate.pass(&asked) == Release::Closed {
            return None;
        }
        let sound = self.sources.iter().find_map(|source| source.answer(&asked));
        let sound = sound.unwrap_or_else(|| Answer::of(404, "<html>no such path</html>"));
        Some(match fault {
            Some(fault) => fault.spoil(sound),
            None => {
                if let Some(noted) = self.seen().asked.get_mut(number) {
                    noted.was_answered = true;
                }
                sound
            }
        })
    }
}

/// Until the server is over.
pub(super) fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let mut seen = shared.seen();
        if seen.is_over {
            return;
        }
        seen.connections.extend(stream.try_clone());
        drop(seen);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A client that goes away is none of the server's errors.
            let _ = wire::serve(&stream, |asked| shared.answer(asked));
        });
    }
}

//! One connection through the proxy: two streams of bytes, each obeying the mode.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Direction, Mode, Network};

/// Carries bytes both ways until both have ended, or the connection is cut: `cuts` is how many cuts there were before it.
pub(super) async fn carry(client: TcpStream, server: (String, u16), network: Arc<watch::Sender<Network>>, cuts: u64) {
    let mut watched = network.subscribe();
    let both = async {
        // A server that is not there looks as if the network closed the connection.
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::join!(
            Stream::new(Direction::ToServer, &network).carry(from_client, to_server),
            Stream::new(Direction::ToClient, &network).carry(from_server, to_client),
        );
    };
    tokio::select! {
        biased;
        _ = watched.wait_for(|network| network.cuts != cuts) => {}
        () = both => {}
    }
}

/// The bytes of one connection in one direction.
struct Stream<'a> {
    direction: Direction,
    network: &'a watch::Sender<Network>,
    watched: watch::Receiver<Network>,
}

impl<'a> Stream<'a> {
    fn new(direction: Direction, network: &'a watch::Sender<Network>) -> Self {
        Self {
            direction,
            network,
            watched: network.subscribe(),
        }
    }

    /// Until one end closes or fails; the other is told as an orderly end.
    async fn carry(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut chunk = vec![0; 16 * 1024];
        loop {
            let mode = self.mode();
            if mode == Mode::HalfClose && self.direction == Direction::ToClient {
                break;
            }
            let read = tokio::select! {
                biased;
                _ = self.watched.changed() => continue,
                read = from.read(&mut chunk), if mode != Mode::Freeze => read.unwrap_or(0),
            };
            let passed = self.let_through(read).await;
            let written = to.write_all(chunk.get(..passed).unwrap_or_default()).await;
            if read == 0 || written.is_err() {
                break;
            }
            self.cut_when_spent();
        }
        let _ = to.shutdown().await;
    }

    fn mode(&mut self) -> Mode {
        self.watched.borrow_and_update().mode
    }

    /// How many of so many bytes go on; waits as long as the mode asks.
    async fn let_through(&mut self, bytes: usize) -> usize {
        loop {
            match self.mode() {
                Mode::Freeze => {
                    let _ = self.watched.changed().await;
                }
                Mode::Delay(pause) => tokio::select! {
                    biased;
                    _ = self.watched.changed() => {}
                    () = sleep(pause) => return bytes,
                },
                Mode::CutAfter { direction, .. } if direction == self.direction => return self.spend(bytes),
                Mode::HalfClose if self.direction == Direction::ToClient => return 0,
                Mode::Pass | Mode::Refuse | Mode::HalfClose | Mode::CutAfter { .. } => return bytes,
            }
        }
    }

    /// Takes bytes from those that may still go.
    fn spend(&self, wanted: usize) -> usize {
        let mut passed = wanted;
        self.network.send_if_modified(|network| {
            if let Mode::CutAfter { bytes, .. } = &mut network.mode {
                passed = wanted.min(*bytes);
                *bytes -= passed;
            }
            // Nobody waits for a smaller number.
            false
        });
        passed
    }

    /// Cuts every connection once no byte may go any more.
    fn cut_when_spent(&self) {
        self.network.send_if_modified(|network| {
            let is_spent =
                matches!(network.mode, Mode::CutAfter { direction, bytes: 0 } if direction == self.direction);
            if is_spent {
                network.mode = Mode::Pass;
                network.cuts += 1;
            }
            is_spent
        });
    }
}

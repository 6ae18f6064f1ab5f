//! A bad network: a TCP proxy in front of a server, whose connections can be cut, frozen, delayed and half closed.

mod connection;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener as Listener;
use tokio::sync::watch;

use crate::aside;
use crate::database::TestDatabase;
use crate::server::TestServer;

/// What the network does, from the moment it is told, also with connections that are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Lets everything through.
    Pass,
    /// Accepts new connections and closes them at once; open ones go on.
    Refuse,
    /// Keeps connections open and lets no byte through; what was sent meanwhile follows later.
    Freeze,
    /// Tells clients that the server will send no more; what they send still arrives. What is half closed stays so.
    HalfClose,
    /// Holds each chunk back for a time, or until the next mode.
    Delay(Duration),
    /// Lets so many bytes more through in one direction, all connections together, then cuts them all and passes again.
    CutAfter {
        /// Which way the counted bytes go.
        direction: Direction,
        /// How many; with 0 the first byte is the end.
        bytes: usize,
    },
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Queries.
    ToServer,
    /// Answers.
    ToClient,
}

/// A proxy on a free loopback port; it goes with its connections when dropped.
#[derive(Debug)]
pub struct ChaosProxy {
    address: SocketAddr,
    network: Arc<watch::Sender<Network>>,
    thread: Option<JoinHandle<()>>,
}

/// What the connections watch.
#[derive(Clone, Copy, Debug)]
struct Network {
    mode: Mode,
    /// How many times all connections were cut.
    cuts: u64,
    /// Until the proxy goes.
    is_up: bool,
}

impl ChaosProxy {
    /// A proxy that passes everything to a server.
    ///
    /// # Panics
    /// When the server has no host, or no port is free.
    #[must_use]
    pub fn in_front_of(server: &TestServer) -> Self {
        let (host, port) = server.host_and_port();
        Self::to(host, port)
    }

    fn to(host: String, port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (network, _) = watch::channel(Network {
            mode: Mode::Pass,
            cuts: 0,
            is_up: true,
        });
        let network = Arc::new(network);
        let thread = aside::begin(serve(listener, (host, port), Arc::clone(&network)));
        Self {
            address,
            network,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a database of the server is, by way of this proxy.
    ///
    /// # Panics
    /// When the database's URL takes no host.
    #[must_use]
    pub fn url_of(&self, database: &TestDatabase) -> String {
        let mut url = database.location();
        url.set_host(Some(&self.address.ip().to_string())).unwrap();
        url.set_port(Some(self.address.port())).unwrap();
        url.into()
    }

    /// Changes the network.
    pub fn set(&self, mode: Mode) {
        self.network.send_modify(|network| network.mode = mode);
    }

    /// Closes every connection now; new ones meet the same mode as before.
    pub fn cut(&self) {
        self.network.send_modify(|network| network.cuts += 1);
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        self.network.send_modify(|network| network.is_up = false);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Until the network is down; its connections end with the runtime.
async fn serve(listener: TcpListener, server: (String, u16), network: Arc<watch::Sender<Network>>) {
    let listener = Listener::from_std(listener).unwrap();
    let mut watched = network.subscribe();
    loop {
        tokio::select! {
            biased;
            _ = watched.wait_for(|network| !network.is_up) => return,
            accepted = listener.accept() => {
                let (client, _) = accepted.unwrap();
                let now = *network.borrow();
                if now.mode != Mode::Refuse {
                    tokio::spawn(connection::carry(client, server.clone(), Arc::clone(&network), now.cuts));
                }
            }
        }
    }
}

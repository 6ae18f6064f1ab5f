//! The proxy in front of a server that sends back what it is sent.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use super::*;

/// A server that echoes each connection to its end, for as long as the process lives.
fn echo() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            std::thread::spawn(move || {
                let mut answers = connection.try_clone().unwrap();
                // A connection that is cut ends here.
                let _ = std::io::copy(&mut connection, &mut answers);
                let _ = answers.shutdown(Shutdown::Write);
            });
        }
    });
    port
}

fn proxy() -> ChaosProxy {
    ChaosProxy::to("127.0.0.1".to_owned(), echo())
}

/// A client that has exchanged a byte already, so that the whole way is there.
fn connected(proxy: &ChaosProxy) -> TcpStream {
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(exchange(&mut client, "."), ".");
    client
}

fn exchange(client: &mut TcpStream, text: &str) -> String {
    client.write_all(text.as_bytes()).unwrap();
    read(client, text.len())
}

fn read(client: &mut TcpStream, bytes: usize) -> String {
    let mut answer = vec![0; bytes];
    client.read_exact(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

/// What still comes until the end, be it orderly or not.
fn rest(client: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let mut byte = [0];
    while matches!(client.read(&mut byte), Ok(1)) {
        rest.extend(byte);
    }
    String::from_utf8(rest).unwrap()
}

#[test]
fn passes_what_is_sent_and_the_end_of_it() {
    let proxy = proxy();
    let mut client = connected(&proxy);
    client.write_all(&[b'x'; 100_000]).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut client).len(), 100_000);
}

#[test]
fn refuses_new_connections_and_keeps_open_ones() {
    let proxy = proxy();
    let mut open = connected(&proxy);
    proxy.set(Mode::Refuse);
    let mut refused = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(rest(&mut refused), "");
    assert_eq!(exchange(&mut open, "still here"), "still here");
    proxy.set(Mode::Pass);
    connected(&proxy);
}

#[test]
fn cuts_every_connection_and_takes_new_ones() {
    let proxy = proxy();
    let (mut first, mut second) = (connected(&proxy), connected(&proxy));
    proxy.cut();
    assert_eq!((rest(&mut first), rest(&mut second)), (String::new(), String::new()));
    connected(&proxy);
}

#[test]
fn cuts_an_answer_after_so_many_bytes() {
    let proxy = proxy();
    let (mut client, mut other) = (connected(&proxy), connected(&proxy));
    proxy.set(Mode::CutAfter {
        direction: Direction::ToClient,
        bytes: 5,
    });
    client.write_all(b"hello, world").unwrap();
    assert_eq!(rest(&mut client), "hello");
    assert_eq!(rest(&mut other), "");
    connected(&proxy);
}

#[test]
fn cuts_a_query_after_so_many_bytes() {
    let proxy = proxy();
    let mut client = connected(&proxy);
    proxy.set(Mode::CutAfter {
        direction: Direction::ToServer,
        bytes: 0,
    });
    client.write_all(b"hello").unwrap();
    assert_eq!(rest(&mut client), "");
}

#[test]
fn freezes_without_losing_a_byte() {
    let proxy = proxy();
    let mut client = connected(&proxy);
    proxy.set(Mode::Freeze);
    client.write_all(b"late").unwrap();
    let mut new = TcpStream::connect(proxy.address()).unwrap();
    new.write_all(b"later").unwrap();
    proxy.set(Mode::Pass);
    assert_eq!(read(&mut client, 4), "late");
    assert_eq!(read(&mut new, 5), "later");
}

#[test]
fn what_is_frozen_can_be_cut() {
    let proxy = proxy();
    let mut client = connected(&proxy);
    proxy.set(Mode::Freeze);
    client.write_all(b"lost").unwrap();
    proxy.cut();
    assert_eq!(rest(&mut client), "");
}

#[test]
fn half_closed_the_client_hears_the_end_and_the_server_goes_on_listening() {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let proxy = ChaosProxy::to("127.0.0.1".to_owned(), server.local_addr().unwrap().port());
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    let (mut served, _) = server.accept().unwrap();
    proxy.set(Mode::HalfClose);
    assert_eq!(rest(&mut client), "");
    client.write_all(b"are you there?").unwrap();
    assert_eq!(read(&mut served, 14), "are you there?");
}

#[test]
fn delays_each_chunk_until_its_time_or_another_mode() {
    let proxy = proxy();
    let mut client = connected(&proxy);
    proxy.set(Mode::Delay(Duration::from_millis(1)));
    assert_eq!(exchange(&mut client, "soon"), "soon");
    proxy.set(Mode::Delay(Duration::from_secs(3_600)));
    client.write_all(b"in an hour").unwrap();
    proxy.set(Mode::Pass);
    assert_eq!(read(&mut client, 10), "in an hour");
}

#[test]
fn connections_end_with_the_proxy() {
    let proxy = proxy();
    let mut client = connected(&proxy);
    let address = proxy.address();
    drop(proxy);
    assert_eq!(rest(&mut client), "");
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_server_that_is_not_there_looks_like_a_cut() {
    // Nothing listens on port 1.
    let proxy = ChaosProxy::to("127.0.0.1".to_owned(), 1);
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(rest(&mut client), "");
}

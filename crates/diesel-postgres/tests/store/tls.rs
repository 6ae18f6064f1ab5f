//! TLS, with real handshakes: a server with a certificate that it signed itself stands in front of the real one.

use std::net::SocketAddr;
use std::sync::Arc;

use diesel_postgres::{OpenError, PostgresSettings, PostgresStore};
use domain::StoreCare;
use postgres_fixture::TestDatabase;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::clock;

/// What a client sends that wants TLS: its length, and a number that is no version of the protocol.
const TLS_WANTED: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// A server that speaks TLS with a certificate for `localhost`, and hands on what it hears.
struct Front {
    address: SocketAddr,
    folder: tempfile::TempDir,
    database: TestDatabase,
}

impl Front {
    async fn new() -> Self {
        let database = TestDatabase::fresh().await;
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("root.pem"), made.cert.pem()).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = url::Url::parse(&database.url()).unwrap();
        let server = (server.host_str().unwrap().to_owned(), server.port().unwrap_or(5432));
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), server));
        Self {
            address,
            folder,
            database,
        }
    }

    /// `localhost` is whom the certificate names.
    fn url(&self, host: &str, parameters: &str) -> String {
        let port = self.address.port();
        let mut url = url::Url::parse(&self.database.url()).unwrap();
        url.set_host(Some(host)).unwrap();
        url.set_port(Some(port)).unwrap();
        // The certificate is of `localhost`, wherever the resolver leads.
        format!("{url}?hostaddr=127.0.0.1&{parameters}")
    }

    fn root(&self) -> String {
        format!("sslrootcert={}", self.folder.path().join("root.pem").display())
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, server: (String, u16)) {
    while let Ok((mut client, _)) = listener.accept().await {
        let (acceptor, server) = (acceptor.clone(), server.clone());
        tokio::spawn(async move {
            let mut first = [0; 8];
            client.read_exact(&mut first).await.unwrap();
            let mut behind = TcpStream::connect(server).await.unwrap();
            if first == TLS_WANTED {
                client.write_all(b"S").await.unwrap();
                // A client that does not trust it leaves here.
                if let Ok(mut client) = acceptor.accept(client).await {
                    let _ended = tokio::io::copy_bidirectional(&mut client, &mut behind).await;
                }
            }
            // Without TLS nobody is let in.
        });
    }
}

async fn open(url: String) -> Result<PostgresStore, OpenError> {
    PostgresStore::open(&PostgresSettings::new(url), clock()).await
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_the_url_names_is_trusted() {
    let front = Front::new().await;
    for mode in ["require", "verify-full", "prefer"] {
        let store = open(front.url("localhost", &format!("sslmode={mode}&{}", front.root())))
            .await
            .unwrap();
        store.ping().await.unwrap();
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_with_the_remedy() {
    let front = Front::new().await;
    let error = open(front.url("localhost", "sslmode=require")).await.unwrap_err();
    assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
    assert!(error.to_string().contains("sslrootcert=FILE"), "{error}");
}

#[tokio::test]
async fn a_certificate_of_another_host_is_refused() {
    let front = Front::new().await;
    let error = open(front.url("db.example", &format!("sslmode=require&{}", front.root())))
        .await
        .unwrap_err();
    assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let database = TestDatabase::fresh().await;
    // It answers the wish for TLS with `N`, as PostgreSQL without certificates does.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut first = [0; 8];
            client.read_exact(&mut first).await.unwrap();
            client.write_all(b"N").await.unwrap();
        }
    });
    let mut url = url::Url::parse(&database.url()).unwrap();
    url.set_port(Some(port)).unwrap();
    let error = open(format!("{url}?sslmode=require")).await.unwrap_err();
    assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_is_named() {
    let front = Front::new().await;
    let error = open(front.url("localhost", "sslmode=require&sslrootcert=/not/there.pem"))
        .await
        .unwrap_err();
    let OpenError::Tls { source, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(source.to_string().contains("/not/there.pem"), "{source}");
}

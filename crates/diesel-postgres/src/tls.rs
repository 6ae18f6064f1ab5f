//! TLS by rustls: certificates are verified against the system's authorities and the file that the URL names.

use std::sync::Arc;

use domain::BoxError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::settings::Server;

/// How to shake hands with that server.
pub(crate) fn connector(server: &Server) -> Result<MakeRustlsConnect, BoxError> {
    let mut roots = RootCertStore::empty();
    // What cannot be read there may not be needed; what is needed and not there fails the handshake with its reason.
    for certificate in rustls_native_certs::load_native_certs().certs {
        roots.add(certificate).or_else(|_unusable| Ok::<(), BoxError>(()))?;
    }
    if let Some(path) = &server.root_certificate {
        let named = |error: &dyn std::fmt::Display| format!("sslrootcert={}: {error}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| named(&error))? {
            let certificate = certificate.map_err(|error| named(&error))?;
            roots.add(certificate).map_err(|error| named(&error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

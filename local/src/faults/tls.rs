//! TLS in front of the proxies, because all AWS endpoints use TLS. The TLS handshake has the largest
//! influence on a function's cold start.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
    server::TlsStream,
};

/// Trusted certificates of a Linux system.
const SYSTEM_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Host name of the certificate.
const HOST: &str = "localhost";

/// Failure to set up TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be generated.
    #[error("cannot generate a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The certificate and its key are rejected.
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
    /// The trusted certificates cannot be read or written.
    #[error("cannot read or write the trusted certificates: {0}")]
    Trusted(#[from] io::Error),
}

/// TLS configuration of the proxies of a host. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    certificate: PathBuf,
    trusted: PathBuf,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("trusted", &self.trusted).finish_non_exhaustive()
    }
}

impl Tls {
    /// Creates a self-signed certificate. Writes it to `folder` alone and, as a second file, together with
    /// the certificates that the system trusts, so that a function loads as many certificates as on AWS.
    ///
    /// # Errors
    /// [`TlsError`] if the certificate cannot be generated or used, or a file cannot be read or written.
    pub fn new(folder: &Path) -> Result<Self, TlsError> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([HOST.to_owned()])?;
        let (certificate, trusted) = (folder.join("certificate.pem"), folder.join("trusted.pem"));
        fs::create_dir_all(folder)?;
        fs::write(&certificate, cert.pem())?;
        fs::write(&trusted, format!("{}\n{}", fs::read_to_string(SYSTEM_CERTIFICATES)?, cert.pem()))?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate, trusted })
    }

    /// File with only the certificate, for clients that have a trust store of their own.
    pub(crate) fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// File with the certificates that functions trust.
    pub(crate) fn trusted(&self) -> &Path {
        &self.trusted
    }

    /// Host name that URLs must use.
    pub(crate) const fn host() -> &'static str {
        HOST
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

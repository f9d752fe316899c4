//! TLS in front of the proxies, as every endpoint of AWS has it: what a function does at its start depends on it more
//! than on anything else.

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

/// Where a Linux system keeps the certificates that it trusts.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Whom the certificate is for.
const HOST: &str = "localhost";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be made.
    #[error("no certificate can be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The certificate or its key does not fit.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
    /// The certificates to trust cannot be read or written.
    #[error("the certificates to trust: {0}")]
    Trusted(#[from] io::Error),
}

/// TLS for the proxies of a host. Cheap to clone.
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
    /// TLS with a certificate made for it. What functions are to trust is written into `folder`: that certificate behind
    /// all those that the system trusts, so that a function has as many to read as on AWS.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn new(folder: &Path) -> Result<Self, TlsError> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([HOST.to_owned()])?;
        let (certificate, trusted) = (folder.join("certificate.pem"), folder.join("trusted.pem"));
        fs::create_dir_all(folder)?;
        fs::write(&certificate, cert.pem())?;
        fs::write(&trusted, format!("{}\n{}", fs::read_to_string(TRUSTED)?, cert.pem()))?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate, trusted })
    }

    /// The file of the certificate alone, for those who have a list of their own of whom they trust.
    pub(crate) fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The file of the certificates that functions are to trust.
    pub(crate) fn trusted(&self) -> &Path {
        &self.trusted
    }

    /// The host that a URL has to name.
    pub(crate) const fn host() -> &'static str {
        HOST
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

//! TLS for plugins (feature `tls`): whom connections trust. rustls with ring; no other library, and no
//! second provider of cryptography, should come into a plugin.
//!
//! ```no_run
//! use quietus_plugin::tls;
//!
//! // The system's authorities, and a company's own.
//! let roots = tls::roots(Some("/etc/quietus/ca.pem".as_ref()))?;
//! let config = tls::client(roots)?;
//! # drop(config);
//! # Ok::<(), String>(())
//! ```

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// The certificates of the authorities that are trusted: the system's, and those in the operator's PEM file. The error
/// names the file and what is wrong with it.
///
/// ```
/// let missing = quietus_plugin::tls::roots(Some("/nowhere/ca.pem".as_ref())).expect_err("it is not there");
/// assert!(missing.starts_with("ca_file /nowhere/ca.pem: "), "{missing}");
/// ```
pub fn roots(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut roots = ca_file.map_or_else(|| Ok(Vec::new()), own)?;
    roots.extend(rustls_native_certs::load_native_certs().certs);
    match roots.is_empty() {
        true => Err("the system trusts no certificate authority; name yours in `ca_file`".into()),
        false => Ok(roots),
    }
}

fn own(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |why: &str| format!("ca_file {}: {why}", file.display());
    let pem = std::fs::read(file).map_err(|e| wrong(&e.to_string()))?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err(wrong("there is no certificate in it")),
        Ok(certificates) => Ok(certificates),
        Err(_) => Err(wrong("something in it is not a certificate")),
    }
}

/// A client's configuration that trusts these authorities, for TLS 1.2 and 1.3.
///
/// ```no_run
/// let config = quietus_plugin::tls::client(quietus_plugin::tls::roots(None)?)?;
/// # drop(config);
/// # Ok::<(), String>(())
/// ```
pub fn client(roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, String> {
    let mut store = RootCertStore::empty();
    // Systems hold old certificates that nobody can read any more.
    store.add_parsable_certificates(roots);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(|error| format!("TLS: {error}"))?.with_root_certificates(store).with_no_client_auth())
}

/// Whether an error has among its causes that the other side is not trusted, or speaks no TLS: a person must act.
///
/// ```
/// use std::io;
/// use quietus_plugin::tls::distrusts;
/// let lost = io::Error::from(io::ErrorKind::ConnectionReset);
/// assert!(!distrusts(&lost));
/// ```
pub fn distrusts(error: &(dyn Error + 'static)) -> bool {
    let distrust = |error: &(dyn Error + 'static)| {
        use rustls::Error::{InvalidCertificate, InvalidMessage};
        matches!(error.downcast_ref(), Some(InvalidCertificate(_) | InvalidMessage(_)))
    };
    std::iter::successors(Some(error), |error| cause(*error)).any(distrust)
}

/// What an error wraps; an [`io::Error`] does not tell it as its source.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|inner| inner as _),
        None => error.source(),
    }
}

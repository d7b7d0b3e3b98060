//! TLS: rustls with ring, the system's authorities, and the operator's beside them.

use std::path::Path;
use std::sync::Arc;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

pub(super) fn config(ca_file: Option<&Path>) -> Result<TlsConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = ca_file.map_or(Ok(RootCerts::PlatformVerifier), roots)?;
    Ok(TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots).build())
}

fn roots(file: &Path) -> Result<RootCerts, String> {
    let shown = file.display();
    let pem = std::fs::read(file).map_err(|e| format!("ca_file {shown}: {e}"))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            _ => return Err(format!("ca_file {shown}: something in it is not a certificate")),
        }
    }
    if certificates.is_empty() {
        return Err(format!("ca_file {shown}: there is no certificate in it"));
    }
    let system = rustls_native_certs::load_native_certs().certs;
    certificates.extend(system.iter().map(|der| Certificate::from_der(der).to_owned()));
    Ok(RootCerts::from(certificates))
}

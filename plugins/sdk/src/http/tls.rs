//! TLS as ureq wants it.

use std::path::Path;
use std::sync::Arc;

use ureq::tls::{Certificate, RootCerts, TlsConfig};

pub(super) fn config(ca_file: Option<&Path>) -> Result<TlsConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = ca_file.map_or(Ok(RootCerts::PlatformVerifier), roots)?;
    Ok(TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots).build())
}

fn roots(file: &Path) -> Result<RootCerts, String> {
    let roots = crate::tls::roots(Some(file))?;
    let roots: Vec<_> = roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    Ok(RootCerts::from(roots))
}

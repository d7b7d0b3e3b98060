//! Whom connections to brokers trust, and when they need not be encrypted.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// The system's authorities and those in the file.
pub(crate) fn config(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let shown = path.display();
        let certificates = CertificateDer::pem_file_iter(path).map_err(|_| format!("ca_file: cannot read {shown}"))?;
        let certificates: Vec<_> =
            certificates.collect::<Result<_, _>>().map_err(|_| format!("ca_file: {shown} is not PEM"))?;
        if roots.add_parsable_certificates(certificates).0 == 0 {
            return Err(format!("ca_file: there is no certificate in {shown}"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(|error| format!("TLS: {error}"))?.with_root_certificates(roots).with_no_client_auth())
}

/// Refuses what is not encrypted and leaves this machine.
pub(crate) fn check_plaintext(host: &str, allowed: bool) -> Result<(), String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare == "localhost" || bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    if allowed || loopback {
        return Ok(());
    }
    Err("it is not encrypted and leads to another machine; use TLS, or set `allow_plaintext` where the network is safe"
        .into())
}

/// Whether TLS is what failed, somewhere among the causes: nothing that passes by itself.
pub(crate) fn failed(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| match error.downcast_ref::<std::io::Error>() {
        Some(error) => error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static)),
        None => error.source(),
    });
    let tls = |error: &(dyn std::error::Error + 'static)| {
        use rustls::Error::{InvalidCertificate, InvalidMessage};
        matches!(error.downcast_ref(), Some(InvalidCertificate(_) | InvalidMessage(_)))
    };
    causes.into_iter().any(tls)
}

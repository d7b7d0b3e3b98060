//! The HTTP client by which quietus itself asks others: mluvii, and who is told of alerts.

use std::path::Path;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Proxy, redirect};

/// The longest that connecting may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// A client for requests that their callers end after so long. It connects through this proxy and no other, and also trusts the certificates of this
/// file. The error names the key and what is wrong with it.
pub(crate) fn http_client(
    request_max: Duration,
    proxy: Option<&str>,
    ca_file: Option<&Path>,
) -> Result<ClientBuilder, (&'static str, String)> {
    // The application installs the provider at its start; reqwest would panic without one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("quietus/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_MAX.min(request_max))
        // A redirect would carry what is asked, or the credentials, to an address that is not configured.
        .redirect(redirect::Policy::none())
        // The environment may name one; credentials go only to what the operator has configured.
        .no_proxy();
    if let Some(proxy) = proxy {
        let proxy =
            Proxy::all(proxy).map_err(|_| ("proxy", "not an address such as `http://proxy:3128`".to_owned()))?;
        builder = builder.proxy(proxy);
    }
    if let Some(path) = ca_file {
        builder = builder.tls_certs_merge(certificates(path).map_err(|what| ("ca_file", what))?);
    }
    Ok(builder)
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, String> {
    let wrong = |what: String| format!("{}: {what}", path.display());
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let all = Certificate::from_pem_bundle(&pem).map_err(|_| wrong("not certificates in PEM".into()))?;
    if all.is_empty() { Err(wrong("holds no certificate in PEM".into())) } else { Ok(all) }
}

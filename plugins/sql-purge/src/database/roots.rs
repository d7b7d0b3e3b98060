//! Whom TLS trusts: the system's authorities, and the operator's beside them. A file enters, certificates leave.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

pub(super) fn roots(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut roots = match ca_file {
        Some(file) => own(file)?,
        None => Vec::new(),
    };
    roots.extend(rustls_native_certs::load_native_certs().certs);
    match roots.is_empty() {
        true => Err("the system trusts no certificate authority; name yours in `ca_file`".into()),
        false => Ok(roots),
    }
}

fn own(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = file.display();
    let pem = std::fs::read(file).map_err(|e| format!("`ca_file` {shown}: {}", e.kind()))?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(format!("`ca_file` {shown}: there is no certificate in it")),
        Err(_) => Err(format!("`ca_file` {shown}: something in it is not a certificate")),
    }
}

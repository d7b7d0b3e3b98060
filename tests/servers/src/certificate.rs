//! A certificate for this machine that nobody trusts yet, made anew for each server.

use std::path::Path;

/// Writes `tls.pem`, which is its own authority, and `tls.key` into the folder.
pub(crate) fn write(folder: &Path) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate can be made");
    std::fs::write(folder.join("tls.pem"), made.cert.pem()).expect("the server's folder is writable");
    std::fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).expect("the server's folder is writable");
}

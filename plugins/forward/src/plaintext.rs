//! When connections to brokers need not be encrypted.

use quietus_plugin::is_loopback;

/// Refuses what is not encrypted and leaves this machine.
pub(crate) fn check_plaintext(host: &str, allowed: bool) -> Result<(), String> {
    if allowed || is_loopback(host) {
        return Ok(());
    }
    Err("it is not encrypted and leads to another machine; use TLS, or set `allow_plaintext` where the network is safe"
        .into())
}

//! Whose request is it? The peer's address, or what trusted proxies say of it.

use std::net::{IpAddr, SocketAddr};

use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue};

use super::settings::ServerSettings;
use super::strangers::Client;
use crate::verify::Network;

/// The address at the other end of a request's connection; the accept loop adds it to the request's extensions.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// The client's address: the right-most hop that is no trusted proxy. `None` when a trusted proxy names it illegibly.
pub(super) fn client(Peer(peer): Peer, headers: &HeaderMap, trusted: &[Network]) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut nearest = peer;
    // From the right: what stands further left, anybody can have written.
    let mut hops = headers.get_all("x-forwarded-for").iter().rev().flat_map(hops);
    while is_trusted(nearest) {
        match hops.next() {
            Some(hop) => nearest = hop?,
            None => break,
        }
    }
    Some(nearest)
}

/// From where a request came; `None` when a trusted proxy names its address illegibly.
pub(crate) fn address_of(request: &Parts, settings: &ServerSettings) -> Option<IpAddr> {
    client(*request.extensions.get::<Peer>()?, &request.headers, &settings.trusted_proxies)
}

/// Whether what a request says of its way is a proxy's word: it comes from one that is trusted, or from this machine.
pub(crate) fn is_from_proxy(extensions: &Extensions, settings: &ServerSettings) -> bool {
    extensions.get::<Peer>().is_some_and(|peer| is_proxy(*peer, &settings.trusted_proxies))
}

fn is_proxy(Peer(peer): Peer, trusted: &[Network]) -> bool {
    peer.to_canonical().is_loopback() || trusted.iter().any(|net| net.contains(peer))
}

/// Whose request it is, to be counted by; `None` when a trusted proxy names its address illegibly.
pub(crate) fn client_of(request: &Parts, settings: &ServerSettings) -> Option<Client> {
    address_of(request, settings).map(Client::of)
}

/// From the right, as each proxy appends whom it heard.
fn hops(value: &HeaderValue) -> impl Iterator<Item = Option<IpAddr>> {
    value.as_bytes().rsplit(|byte| *byte == b',').map(|hop| address(std::str::from_utf8(hop).ok()?.trim()))
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_word_is_taken_from_trusted_proxies_and_this_machine_alone() {
        let trusted: [Network; 1] = ["10.0.0.0/24".parse().expect("a network")];
        for (peer, expected) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.7", true),
            ("::ffff:10.0.0.7", true),
            ("10.0.1.7", false),
            ("192.0.2.1", false),
            ("2001:db8::1", false),
        ] {
            let peer_of_it = Peer(peer.parse().expect("an address"));
            assert_eq!(is_proxy(peer_of_it, &trusted), expected, "{peer}");
        }
    }
}

//! Whose request is it? The peer's address, or what trusted proxies say of it.

use std::net::{IpAddr, SocketAddr};

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

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

//! A request, as far as it can prove who sent it.

use std::net::IpAddr;

use http::HeaderMap;

/// The parts of a request that can prove who sent it.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// What follows the `?`, not decoded.
    pub(crate) query: Option<&'a str>,
    pub(crate) body: &'a [u8],
    /// The client's address, where it is known.
    pub(crate) client: Option<IpAddr>,
}

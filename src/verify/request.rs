//! A request, as far as it can prove who sent it.

use std::net::IpAddr;

use http::header::AsHeaderName;
use http::{HeaderMap, HeaderValue};

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

/// The header of a name, unless there are several: of two, whoever stands in front may have looked at the other one.
pub(crate) fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&HeaderValue> {
    let mut all = headers.get_all(name).iter();
    all.next().filter(|_| all.next().is_none())
}

//! Whether a request comes from a page of ours. No page holds a token against forged requests: the browser says where a request comes from,
//! and no page can have it say otherwise.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

/// By the browser itself, in every request that it sends to an address that it trusts: over TLS, or to this machine.
const SITE: &str = "sec-fetch-site";

/// Whether what changes something was sent by a page of ours. `none` is what somebody has typed or has kept as a bookmark: that sends no form.
pub(super) fn is_own(headers: &HeaderMap, behind_proxy: bool) -> bool {
    let Some(host) = host(headers) else { return false };
    match (once(headers, SITE), once(headers, header::ORIGIN.as_str())) {
        (Said::Once(site), Said::Once(_) | Said::Not) => site == "same-origin",
        // A browser that does not know the header.
        (Said::Not, Said::Once(origin)) => {
            let scheme = if behind_proxy { "https" } else { "http" };
            origin.eq_ignore_ascii_case(&format!("{scheme}://{host}"))
        }
        _ => false,
    }
}

/// By which address the browser knows the server, to be shown to who sits before it and to nobody else: it is what they have typed.
pub(super) fn of(headers: &HeaderMap, behind_proxy: bool) -> Option<String> {
    let scheme = if behind_proxy { "https" } else { "http" };
    host(headers).map(|host| format!("{scheme}://{host}"))
}

/// Whether a host is this machine by its own name. Any other name that leads here is somebody's who wants to read with our visitor's eyes
/// (DNS rebinding).
pub(super) fn is_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = host(headers) else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn host(headers: &HeaderMap) -> Option<&str> {
    match once(headers, header::HOST.as_str()) {
        Said::Once(host) if !host.is_empty() => Some(host),
        _ => None,
    }
}

enum Said<'h> {
    Not,
    Once(&'h str),
    /// Several times, or illegibly: nobody guesses what is meant.
    Unclear,
}

fn once<'h>(headers: &'h HeaderMap, name: &str) -> Said<'h> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Said::Not,
        (Some(only), None) => only.to_str().map_or(Said::Unclear, Said::Once),
        (Some(_), Some(_)) => Said::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(said: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in said {
            headers.append(*name, axum::http::HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_a_page_of_ours_changes_anything() {
        let (host, site, origin) = ("host", "sec-fetch-site", "origin");
        let here = "admin.example:8443";
        for (said, behind_proxy, expected) in [
            (vec![(host, here), (site, "same-origin")], true, true),
            (vec![(host, here), (site, "same-origin"), (origin, "https://admin.example:8443")], true, true),
            // Another port or name of the same site is another page.
            (vec![(host, here), (site, "same-site")], true, false),
            (vec![(host, here), (site, "cross-site")], true, false),
            (vec![(host, here), (site, "none")], true, false),
            (vec![(host, here), (site, "")], true, false),
            (vec![(host, here), (site, "SAME-ORIGIN")], true, false),
            (vec![(host, here), (site, "same-origin"), (site, "cross-site")], true, false),
            // What the browser says of the site is not mended by an origin that fits.
            (vec![(host, here), (site, "cross-site"), (origin, "https://admin.example:8443")], true, false),
            (vec![(host, here), (origin, "https://admin.example:8443")], true, true),
            (vec![(host, here), (origin, "http://admin.example:8443")], true, false),
            (vec![(host, here), (origin, "http://admin.example:8443")], false, true),
            (vec![(host, here), (origin, "https://admin.example")], true, false),
            (vec![(host, here), (origin, "https://evil.example")], true, false),
            (vec![(host, here), (origin, "null")], true, false),
            (vec![(host, here), (origin, "https://admin.example:8443"), (origin, "null")], true, false),
            (vec![(host, here)], true, false),
            (vec![(origin, "https://")], true, false),
            (vec![(site, "same-origin")], true, false),
            (vec![], false, false),
        ] {
            assert_eq!(is_own(&headers(&said), behind_proxy), expected, "{said:?}");
        }
    }

    #[test]
    fn this_machine_is_known_by_its_own_names_alone() {
        for own in ["localhost", "LOCALHOST:8484", "127.0.0.1", "127.0.0.1:8484", "127.8.9.1:1", "[::1]", "[::1]:8484"]
        {
            assert!(is_this_machine(&headers(&[("host", own)])), "{own}");
        }
        for other in
            ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8484", "10.0.0.1", "[::2]:8484"]
        {
            assert!(!is_this_machine(&headers(&[("host", other)])), "{other}");
        }
        assert!(!is_this_machine(&headers(&[])));
        assert!(!is_this_machine(&headers(&[("host", "localhost"), ("host", "localhost")])));
    }
}

//! `[admin]`.

use std::net::{Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use serde::Deserialize;

/// The port of the admin API, where nobody has said another one.
const PORT: u16 = 8484;

/// The admin API's listener. Without this section there is none.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdminSettings {
    /// Its address: one of this machine only, unless a proxy with TLS stands before it.
    #[serde(default = "loopback")]
    pub(crate) listen: SocketAddr,
    /// Whether a proxy with TLS stands before it, one of `server.trusted_proxies`. Then every request has to say `X-Forwarded-Proto: https`.
    #[serde(default)]
    pub(crate) behind_proxy: bool,
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, PORT).into()
}

impl AdminSettings {
    /// What is wrong with it, by key.
    pub(crate) fn wrong(&self) -> Option<(&'static str, &'static str)> {
        let is_open = !self.listen.ip().is_loopback() && !self.behind_proxy;
        is_open.then_some((
            "listen",
            "tokens would pass the network in clear: write an address of this machine, or put a proxy with TLS before it and write \
             behind_proxy = true",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(listen: &str, behind_proxy: bool, wrong: Option<&str>) {
        let settings = AdminSettings { listen: listen.parse().expect("an address"), behind_proxy };
        assert_eq!(settings.wrong().map(|(key, _)| key), wrong, "{listen}");
    }

    #[test]
    fn another_address_than_the_machines_own_needs_a_proxy() {
        check("127.0.0.1:8484", false, None);
        check("[::1]:8484", false, None);
        check("0.0.0.0:8484", false, Some("listen"));
        check("10.0.0.7:8484", false, Some("listen"));
        check("10.0.0.7:8484", true, None);
    }
}

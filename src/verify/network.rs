//! Networks, as the configuration writes them: `10.0.0.0/8`, `2001:db8::/32`, or a single address.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::Deserialize;

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Network(IpNet);

impl Network {
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        // A listener on `::` shows IPv4 clients as IPv4-mapped addresses.
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical())));
        net.map(Self).map_err(|_| {
            format!("`{text}` is not a network; write it as `10.0.0.0/8`, `2001:db8::/32` or a single address")
        })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

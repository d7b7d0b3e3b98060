//! The configuration, as the operator writes it: one shape for all vendors. README.md explains it by examples.

use std::path::PathBuf;

use quietus_plugin::Span;
use quietus_plugin::http::{Auth, Settings};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::choice::{By, Erasure, PlusAddressing, Visibility};
use crate::vendor::{self, OwnKeys, Traits};

/// The configuration of one use of the plugin.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Whose system it is.
    #[schemars(extend("enum" = vendor::NAMES))]
    pub vendor: String,
    /// Where the system is, such as `https://example.my.salesforce.com`; the vendor's public address if unset. Salesforce and
    /// Dynamics 365 have none.
    pub base_url: Option<String>,
    /// How requests are authenticated.
    pub auth: Auth,
    /// Raynet only: the name of the instance.
    pub instance: Option<String>,
    /// HubSpot, Salesforce and Dynamics 365 only: the API's version, such as `2026-03`, `v62.0` and `v9.2`.
    pub api_version: Option<String>,
    /// Salesforce and Dynamics 365 only: whether the user of the credentials has to see all records. `all` if unset: a user from
    /// whom records are hidden is refused, as nobody would be absent for sure. `trusted`: which it sees is meant so.
    pub visibility: Option<Visibility>,
    /// What people are looked for by; `["email"]` if unset.
    #[serde(default = "by_email")]
    #[schemars(length(min = 1))]
    pub by: Vec<By>,
    /// The identifier kind that holds the vendor's own id of a person; `crm_id` if unset. Needs `by = ["id"]`.
    pub id_kind: Option<String>,
    /// The identifier kind as which other systems that are asked after this one are told the vendor's own ids of the person, such as
    /// `raynet_id`; they are told none if unset.
    pub returns: Option<String>,
    /// Whether a record without any e-mail address is the person's by its telephone number alone. If unset, such a record
    /// stays, and the answer says that a person must judge it: families, offices and lodgers share numbers. A record with an
    /// address is never the person's by the number alone.
    #[serde(default)]
    pub phone_alone: bool,
    /// Whether `ann+shop@x.cz` is somebody else than `ann@x.cz`; `distinct` if unset.
    #[serde(default)]
    pub plus_addressing: PlusAddressing,
    /// What else goes, beside the person: words of the vendor's, see README.md. Nothing if unset.
    #[serde(default)]
    pub related: Vec<String>,
    /// How a person is erased, where the vendor has a choice; its true erasure if unset.
    pub erasure: Option<Erasure>,
    /// The most records of people that one person may have; 5 if unset. More of them are a search that matched too much:
    /// nothing is erased, and the queue stops until a person acts.
    #[schemars(range(min = 1, max = 1000))]
    pub matches_max: Option<usize>,
    /// The most related objects that one person may have; 1,000 if unset.
    #[schemars(range(min = 1, max = 100_000))]
    pub related_max: Option<usize>,
    /// The most requests per second, over all calls; the vendor's documented limit if unset.
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub rate: Option<f64>,
    /// The most searches per second among them; the vendor's documented limit if unset.
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub search_rate: Option<f64>,
    /// How long after an erasure it is looked again, such as `1m`. If unset: until the vendor has emptied its bin, or
    /// until its search has caught up.
    pub verify_after: Option<Span>,
    /// The longest that one request may take; 30 s if unset.
    pub timeout: Option<Span>,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Allows `http://` to another machine. To this machine it is always allowed.
    #[serde(default)]
    pub allow_plaintext: bool,
}

fn by_email() -> Vec<By> {
    vec![By::Email]
}

impl Config {
    /// The client's part, with the vendor's defaults.
    pub(crate) fn client(&self, vendor: &Traits) -> Result<Settings, String> {
        let base_url = self.base_url.as_deref().or(vendor.base_url);
        Ok(Settings {
            base_url: base_url.ok_or_else(|| format!("base_url: {} has no common address", vendor.name))?.to_owned(),
            allow_plaintext: self.allow_plaintext,
            ca_file: self.ca_file.clone(),
            auth: Some(self.auth.clone()),
            rate: Some(self.rate.unwrap_or(vendor.rate)),
            timeout: self.timeout,
            user_agent: Some(concat!("quietus-crm-purge/", env!("CARGO_PKG_VERSION")).into()),
        })
    }

    /// How people are erased: as asked, if the vendor can.
    pub(crate) fn erasure(&self, vendor: &Traits) -> Result<Erasure, String> {
        let wanted = self.erasure.or(vendor.erasures.first().copied()).ok_or("the vendor erases nothing")?;
        if vendor.erasures.contains(&wanted) {
            return Ok(wanted);
        }
        let known: Vec<_> = vendor.erasures.iter().map(|erasure| erasure.word()).collect();
        Err(format!("erasure: {} has no `{}`; it has {}", vendor.name, wanted.word(), known.join(", ")))
    }

    /// The related objects that go, too.
    pub(crate) fn related(&self, vendor: &Traits) -> Result<Vec<&'static str>, String> {
        let mut related = Vec::new();
        for word in &self.related {
            let Some(known) = vendor.related.iter().find(|known| *known == word) else {
                let all = vendor.related.join(", ");
                return Err(format!("related: `{word}` cannot be erased from {}; possible are {all}", vendor.name));
            };
            related.push(*known);
        }
        Ok(related)
    }

    /// The keys that only some vendors have.
    pub(crate) fn own(&self) -> OwnKeys {
        OwnKeys {
            by: self.by.clone(),
            instance: self.instance.clone(),
            api_version: self.api_version.clone(),
            visibility: self.visibility,
        }
    }
}

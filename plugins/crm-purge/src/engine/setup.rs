//! What one use of the plugin works with: its configuration enters. The files beside this one act with it.

use std::time::Duration;

use quietus_plugin::http::Client;
use quietus_plugin::{Call, Kind, Level, PluginError, Progress, Request, Secrets};

use super::judge::Person;
use super::learned::Learned;
use super::login::Login;
use super::owed::Owed;
use super::quota::Quota;
use super::rules::Rules;
use super::search::{Record, SEARCH};
use super::wanted::{Scope, Wanted};
use crate::choice::{By, Erasure};
use crate::config::Config;
use crate::vendor::{self, Traits, Vendor};

/// As `matches_max` and `related_max`.
const MATCHES_MAX: usize = 5;
const RELATED_MAX: usize = 1000;

/// What a request asks for.
pub(crate) struct Asked {
    pub(super) wanted: Vec<Wanted>,
    pub(super) person: Person,
    /// Identifiers that no record can hold.
    pub(super) unusable: usize,
    /// Records that this erasure has anonymized, or may have: they stay, and no search finds them any more.
    pub(super) stays: Vec<Record>,
    /// Those of them that it has anonymized for sure.
    pub(super) anonymized: Vec<Record>,
}

/// One use of the plugin.
pub(crate) struct Engine {
    pub(super) traits: &'static Traits,
    pub(super) vendor: Box<dyn Vendor>,
    /// Where it is: its address, and what is told apart at one address.
    pub(super) installation: [String; 2],
    pub(super) client: Client,
    pub(super) quota: Quota,
    pub(super) login: Login,
    pub(super) learned: Learned,
    pub(super) scope: Scope,
    /// As what other systems are told the vendor's own ids.
    pub(super) returns: Option<Kind>,
    pub(super) related: Vec<&'static str>,
    pub(super) erasure: Erasure,
    pub(super) matches_max: usize,
    pub(super) related_max: usize,
    pub(super) verify_after: Duration,
}

impl Engine {
    pub(crate) fn make(config: &Config, secrets: &Secrets) -> Result<Self, PluginError> {
        let wrong = PluginError::needs_operator;
        let (traits, vendor) = vendor::of(&config.vendor, &config.own()).map_err(wrong)?;
        if config.by.is_empty() {
            return Err(wrong("by: it is empty, so that nobody would be found".into()));
        }
        if config.id_kind.is_some() && !config.by.contains(&By::Id) {
            return Err(wrong("id_kind: nobody is looked for by it without \"id\" in `by`".into()));
        }
        if config.phone_alone && !config.by.contains(&By::Phone) {
            return Err(wrong("phone_alone: nobody is looked for by number without \"phone\" in `by`".into()));
        }
        let returns = config.returns.as_deref().map(returned).transpose().map_err(wrong)?;
        let rules = Rules {
            plus_addressing: config.plus_addressing,
            phone_alone: config.phone_alone,
            hides_as_empty: vendor.hides_as_empty(),
        };
        let id_kind = Kind::from(config.id_kind.clone().unwrap_or_else(|| "crm_id".into()));
        let settings = config.client(traits).map_err(wrong)?;
        let client = Client::new(&settings, secrets)?;
        let address = settings.base_url.trim_end_matches('/').to_owned();
        Ok(Self {
            traits,
            vendor,
            installation: [address, config.instance.clone().unwrap_or_default()],
            client: client.rate(SEARCH, config.search_rate.unwrap_or(traits.search_rate))?,
            quota: Quota::default(),
            login: Login::default(),
            learned: Learned::default(),
            scope: Scope { by: config.by.clone(), id_kind, rules },
            returns,
            related: config.related(traits).map_err(wrong)?,
            erasure: config.erasure(traits).map_err(wrong)?,
            matches_max: config.matches_max.unwrap_or(MATCHES_MAX),
            related_max: config.related_max.unwrap_or(RELATED_MAX),
            verify_after: config.verify_after.map_or(traits.verify_after, |span| span.0),
        })
    }

    pub(super) fn asked(&self, request: &Request, call: &Call<'_>) -> Asked {
        let (wanted, unusable) = self.scope.wanted(request, |id| self.vendor.is_id(id));
        if unusable > 0 {
            call.log(
                Level::Warn,
                format!("{unusable} identifiers have no form that a record could hold: not looked for"),
            );
        }
        let progress = Progress::<Owed>::of(call);
        let stays = progress.own.stays(|path, id| self.vendor.known(path, id));
        let is_done = |record: &&Record| progress.is_done(record.object.count, record.mark());
        let anonymized = stays.iter().filter(is_done).cloned().collect();
        Asked { wanted, person: self.scope.rules.person(request), unusable, stays, anonymized }
    }

    pub(super) fn traces(&self, people: &[Record]) -> Vec<Record> {
        people.iter().flat_map(|person| self.vendor.traces(person, &self.related)).collect()
    }
}

/// A vendor's id is no address and no number, and mluvii's ids come from mluvii only.
fn returned(word: &str) -> Result<Kind, String> {
    match word.parse() {
        Ok(kind @ Kind::Other(_)) => Ok(kind),
        _ => Err("returns: it is a kind of your own of a-z, 0-9 and `_`, such as `raynet_id`".into()),
    }
}

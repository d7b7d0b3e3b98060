mod answers;
mod connections;
mod fuzz;
mod refused;
mod reports;

use std::sync::Arc;

use axum::Router;
use figment::Figment;
use figment::providers::{Format as _, Toml};
use zeroize::Zeroizing;

use super::*;
use crate::keys::{IndexKey, SealKey, Secret, SecretRef};
use crate::ledger::Intake;
use crate::ledger::sqlite::SqliteLedger;
use crate::lock::Replaceable;
use crate::panics::Ending;
use crate::verify::Source;

const ENDED: &str = r#"{"eventType":"SessionEnded","data":{"id":17,"tenantId":62,"channel":"Chat"}}"#;

/// A ledger in a folder of its own, and a source `acme` of tenant 62 in front of it.
struct Bench {
    _folder: tempfile::TempDir,
    ledger: Arc<SqliteLedger>,
    settings: ServerSettings,
}

impl Bench {
    /// The default settings, with these lines of TOML over them.
    fn new(over: &str) -> Self {
        let defaults = Figment::from(Toml::string(include_str!("../../../config/default.toml"))).focus("server");
        let settings = defaults.merge(Toml::string(over)).extract().expect("settings");
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).expect("a ledger");
        Self { _folder: folder, ledger, settings }
    }

    fn router(&self) -> Router {
        self.router_until(Ending::default())
    }

    fn router_until(&self, ending: Ending) -> Router {
        router(self.receiver(), self.readiness(ending))
    }

    fn readiness(&self, ending: Ending) -> Arc<Readiness> {
        let plugins = Box::new(|| [("crm".to_owned(), "restarting")].into());
        Arc::new(Readiness::new(self.ledger.clone(), plugins, ending, self.live_settings()))
    }

    fn live_settings(&self) -> Arc<Replaceable<ServerSettings>> {
        Arc::new(Replaceable::new(self.settings.clone()))
    }

    fn receiver(&self) -> Arc<Replaceable<Receiver>> {
        self.receiver_of(&state_on(self.ledger.clone()), source())
    }

    fn receiver_of(&self, state: &Arc<ReceivingState>, source: Source) -> Arc<Replaceable<Receiver>> {
        Arc::new(Replaceable::new(Receiver::new(state, vec![source], &self.settings)))
    }
}

fn state_on(ledger: Arc<dyn Intake>) -> Arc<ReceivingState> {
    ReceivingState::new(ledger, IndexKey::new(&Zeroizing::new([1; 32])), seal())
}

fn seal() -> SealKey {
    SealKey::new(&Zeroizing::new([2; 32]))
}

fn source() -> Source {
    let settings = "name = 'acme'\ntenants = [62]\nallow = ['127.0.0.0/8', '10.0.0.0/8']\n\
                    auth = [{ basic = { user = 'u', password = { env = 'p' } } }, \
                    { query = { parameter = 'secret', secrets = { env = 'q' } } }]";
    let settings = Figment::from(Toml::string(settings)).extract().expect("settings");
    let read = |reference: &SecretRef| match reference {
        SecretRef::Env(name) => Ok(Secret::new(name.as_str())),
        SecretRef::File(_) | SecretRef::Credential(_) => unreachable!("the source has none"),
    };
    Source::new(&settings, &read).expect("a source")
}

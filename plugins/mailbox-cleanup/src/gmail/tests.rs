//! The plugin against a stand-in for the Gmail API, over real sockets.

mod answers;
mod configuration;
mod erasing;
mod gateway;
mod google;
mod hostile;
mod killed;
mod pace;
mod sweeping;
mod told;

use quietus_plugin::PluginError;
use serde_json::{Value, json};

use crate::standin::Host;
use google::{Google, USER};

const ANN: [(&str, &str); 1] = [("email", "ann@x.cz")];
/// Made for tests; it opens nothing.
const KEY: &str = include_str!("../../../sdk/tests/service_account/key.json");

fn account(google: &Google, user: &str) -> Value {
    json!({
        "user": user,
        "base_url": format!("{}/gmail/v1", google.server.url),
        "token_url": format!("{}/token", google.server.url),
        "key": "google",
        "units_per_minute": 60_000_000,
    })
}

/// The plugin with one mailbox, and with these settings beside it.
fn host(google: &Google, more: Value) -> Host {
    configured(json!([{ "name": "support", "gmail": account(google, USER) }]), more).expect("configured")
}

/// The plugin with one mailbox, which waits no longer than a second for an answer.
fn hasty(google: &Google) -> Host {
    let mut account = account(google, USER);
    account["timeout"] = json!("1s");
    configured(json!([{ "name": "support", "gmail": account }]), json!({})).expect("configured")
}

fn config(accounts: Value, more: Value) -> Value {
    let mut config = json!({ "accounts": accounts });
    config.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    config
}

fn configured(accounts: Value, more: Value) -> Result<Host, PluginError> {
    Host::with_secrets(config(accounts, more), [("google", KEY)])
}

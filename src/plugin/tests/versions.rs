//! Plugins of protocol 1.0 and ABI 1.0 on this host. What was recorded of them lies beside the SDK's tests; the other way
//! round, new plugins on an old host, is played by the kit's check `earlier-host` and by the SDK's tests.

use serde_json::json;

use super::supervisor::{Running, call, installed};
use super::*;
use crate::erasure::Outcome;
use crate::target::{Target as _, TargetCall};

const RECORDED: &str = "plugins/sdk/tests/protocol_1";

#[tokio::test]
async fn a_program_of_protocol_1_0_works_as_it_did() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let recording = root.join(RECORDED).join("plugin.json");
    let settings = json!({
        "name": "recorded", "exec": root.join("tests/plugins/recorded.py"), "args": [recording], "grants": ["name"],
        "reads": [root.join(RECORDED), root.join("tests/plugins")], "config": { "folder": "/srv/guests" },
    });
    let settings = serde_json::from_value(settings).expect("settings");
    // A host that offers more does no harm to who does not know of it.
    let running = Running::supervised(installed(settings).storing_resume(), program()).await;
    assert_eq!((running.info().name.as_str(), running.info().version.as_str()), ("recorded", "1.0.0"));

    let erased = running.host.erase(&call("ann")).await.expect("an answer");
    assert_eq!((erased.outcome, erased.counts["contacts"]), (Outcome::Erased, 2));
    assert_eq!(erased.evidence.looked_at, ["contacts by e-mail"]);
    let dry_run = running.host.erase(&TargetCall { dry_run: true, ..call("ann") }).await.expect("an answer");
    assert_eq!(dry_run.outcome, Outcome::Residual);
    assert_eq!(running.host.verify(&call("ann")).await.expect("an answer").outcome, Outcome::Retained);
    running.host.health().await.expect("healthy");
    assert!(running.host.find(&call("ann")).await.expect("nothing").identifiers.0.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_library_of_abi_1_0_works_as_it_did() {
    let compiled = Compiled::with_header(&format!("{RECORDED}/include"), "wayward.c", &[]);
    let running = Running::supervised(installed(compiled.settings()).storing_resume(), program()).await;
    assert_eq!(running.info().facts["abi"], "1.0");
    assert_eq!(running.erase("ann").await.expect("an answer").outcome, Outcome::Erased);
    running.host.verify(&call("ann")).await.expect("an answer");
    running.host.health().await.expect("healthy");
    running.stop().await;
}

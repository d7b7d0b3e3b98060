use std::sync::Mutex;

use super::*;
use crate::protocol::{Answer, PluginError, Request};
use crate::{Call, Manifest, Secrets};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    greeting: String,
}

struct Sample(Config);

impl Plugin for Sample {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("sample", "1").requires("email").concurrency(3).resumes()
    }

    fn configure(config: Config, secrets: Secrets) -> Result<Self, PluginError> {
        secrets.require("token")?;
        Ok(Self(config))
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        call.check()?;
        call.log(Level::Info, &self.0.greeting);
        assert_ne!(request.values("email").next(), Some("panic"), "as asked");
        if let Some(value) = request.values("email").next().and_then(|email| email.strip_prefix("store ")) {
            let earlier = call.resume().map_or(0, |value| value.len() as u64);
            let stored = call.checkpoint(value)?;
            return Ok(Answer::erased().count(format!("{stored:?}").to_lowercase(), earlier));
        }
        Ok(Answer::erased().count("emails", request.values("email").count() as u64))
    }
}

/// What the host was told.
#[derive(Default)]
struct Heard(Mutex<Vec<(u64, String)>>);

impl Heard {
    fn last(&self) -> (u64, String) {
        self.0.lock().expect("not poisoned").pop().expect("something was said")
    }

    fn host(&self) -> HostV1 {
        HostV1 {
            struct_size: size_of::<HostV1>() as u32,
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            ctx: std::ptr::from_ref(self).cast_mut().cast(),
            reply: Some(reply),
            log: None,
            cancelled: None,
            remaining_ms: None,
            checkpoint: Some(checkpoint),
        }
    }
}

/// Stores everything but what it is asked to refuse.
unsafe extern "C" fn checkpoint(ctx: *mut c_void, call: u64, value: Bytes) -> i32 {
    // SAFETY: `ctx` is the `Heard` of the test, which outlives its calls; the value is lent.
    let (heard, value) = unsafe { (&*ctx.cast::<Heard>(), value.as_slice()) };
    let value = String::from_utf8_lossy(value).into_owned();
    let refused = value.contains("refuse");
    heard.0.lock().expect("not poisoned").push((call, value));
    i32::from(refused)
}

unsafe extern "C" fn reply(ctx: *mut c_void, call: u64, json: Bytes) -> i32 {
    // SAFETY: `ctx` is the `Heard` of the test, which outlives its calls; the JSON is lent.
    let (heard, json) = unsafe { (&*ctx.cast::<Heard>(), json.as_slice()) };
    heard.0.lock().expect("not poisoned").push((call, String::from_utf8_lossy(json).into_owned()));
    0
}

fn make(heard: &Heard, setup: &str) -> Result<*mut c_void, i32> {
    let mut instance = std::ptr::null_mut();
    // SAFETY: all arguments live until it returns.
    match unsafe { create::<Sample>(&heard.host(), Bytes::of(setup.as_bytes()), &mut instance) } {
        0 => Ok(instance),
        code => Err(code),
    }
}

fn ask(instance: *mut c_void, method: &str, email: &str) {
    let request = format!(
        r#"{{"erasure":"e","idempotency_key":"k","scope":"person","identifiers":[{{"kind":"email","value":"{email}"}}]}}"#
    );
    // SAFETY: `make` made the instance; the rest lives until it returns.
    unsafe { call::<Sample>(instance, 5, Bytes::of(method.as_bytes()), Bytes::of(request.as_bytes())) };
}

const SETUP: &str = r#"{"config":{"greeting":"hi"},"secrets":{"token":"t"}}"#;

#[test]
fn a_call_is_answered_once_with_its_id() {
    let heard = Heard::default();
    let instance = make(&heard, SETUP).expect("made");
    ask(instance, "erase", "ann@x.cz");
    let (call, json) = heard.last();
    assert_eq!((call, json.as_str()), (5, r#"{"type":"result","result":{"counts":{"emails":1},"outcome":"erased"}}"#));
    ask(instance, "dance", "ann@x.cz");
    assert_eq!(heard.last().1, r#"{"type":"unsupported"}"#);
    ask(instance, "health", "ann@x.cz");
    assert_eq!(heard.last().1, r#"{"type":"result","result":{}}"#);
    // SAFETY: made above, and no call is under way.
    unsafe { destroy::<Sample>(instance) };
}

#[test]
fn a_dry_run_that_the_plugin_does_not_declare_never_reaches_it() {
    let heard = Heard::default();
    let instance = make(&heard, SETUP).expect("made");
    let request = r#"{"erasure":"e","idempotency_key":"k","scope":"person","dry_run":true,"identifiers":[]}"#;
    // SAFETY: `make` made the instance; the rest lives until it returns.
    unsafe { call::<Sample>(instance, 5, Bytes::of(b"erase"), Bytes::of(request.as_bytes())) };
    let refusal = r#"{"type":"error","error":{"class":"permanent","message":"this plugin does not declare dry runs"}}"#;
    assert_eq!(heard.last().1, refusal);
}

#[test]
fn a_panic_fails_the_call_and_shows_nothing() {
    let heard = Heard::default();
    let instance = make(&heard, SETUP).expect("made");
    ask(instance, "erase", "panic");
    assert_eq!(heard.last().1, r#"{"type":"error","error":{"class":"retryable","message":"the plugin panicked"}}"#);
    ask(instance, "erase", "ann@x.cz");
    assert!(heard.last().1.contains("erased"));
}

#[test]
fn a_refused_configuration_says_why_on_call_0() {
    let heard = Heard::default();
    assert_eq!(make(&heard, r#"{"config":{"greeting":"hi"}}"#), Err(1));
    let (call, json) = heard.last();
    assert!(call == 0 && json.contains("needs_operator") && json.contains("`token`"), "{json}");
    assert_eq!(make(&heard, r#"{"config":{"greeting":"hi","ann@x.cz":1}}"#), Err(1));
    assert!(!heard.last().1.contains("ann"));
}

#[test]
fn a_checkpoint_goes_to_the_host_and_its_refusal_ends_the_call() {
    let heard = Heard::default();
    let instance = make(&heard, SETUP).expect("made");
    ask(instance, "erase", "store page 7");
    assert_eq!(heard.last().1, r#"{"type":"result","result":{"counts":{"durably":0},"outcome":"erased"}}"#);
    assert_eq!(heard.last(), (5, "page 7".to_owned()));
    ask(instance, "erase", "store refuse");
    let refused = "the host could not store how far the call is";
    assert!(heard.last().1.contains(refused), "{}", heard.last().1);
    // SAFETY: made above, and no call is under way.
    unsafe { destroy::<Sample>(instance) };
}

#[test]
fn with_a_host_of_version_1_0_a_checkpoint_is_kept_in_memory() {
    let heard = Heard::default();
    let host = HostV1 { struct_size: HOST_BYTES_MIN as u32, abi_minor: 0, ..heard.host() };
    let mut instance = std::ptr::null_mut();
    // SAFETY: all arguments live until it returns.
    assert_eq!(unsafe { create::<Sample>(&host, Bytes::of(SETUP.as_bytes()), &mut instance) }, 0);
    for earlier in [0, 6] {
        ask(instance, "erase", "store page 7");
        let expected =
            format!(r#"{{"type":"result","result":{{"counts":{{"inmemory":{earlier}}},"outcome":"erased"}}}}"#);
        assert_eq!(heard.last().1, expected);
    }
    // SAFETY: made above, and no call is under way.
    unsafe { destroy::<Sample>(instance) };
}

#[test]
fn a_host_with_less_than_version_1_0_is_refused() {
    let heard = Heard::default();
    let host = HostV1 { struct_size: 8, ..heard.host() };
    let mut instance = std::ptr::null_mut();
    // SAFETY: all arguments live until it returns.
    assert_eq!(unsafe { create::<Sample>(&host, Bytes::of(SETUP.as_bytes()), &mut instance) }, 1);
}

#[test]
fn the_table_carries_the_manifest_with_the_schema() {
    let table = table::<Sample>().0.expect("a table");
    // SAFETY: the manifest is leaked.
    let manifest: Manifest = serde_json::from_slice(unsafe { table.manifest.as_slice() }).expect("a manifest");
    assert_eq!((manifest.name.as_str(), table.max_concurrency, table.magic), ("sample", 3, MAGIC));
    assert!(manifest.config_schema["properties"]["greeting"].is_object());
}

//! A plugin that panics, with what it knows of the person in the panic's text: in the SDK's care, or out of `call`, across
//! the boundary of the ABI.
#![expect(unsafe_code, reason = "a panic leaves a plugin by its raw table only")]

use std::ffi::c_void;
use std::sync::OnceLock;

use quietus_plugin::abi::{Bytes, DoCall, PluginV1};
use quietus_plugin::{Answer, Call, Manifest, Plugin, PluginError, Request, Secrets};

/// What it does to persons whose address holds `evil`: `panic` or `unwind`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Config {
    does: String,
}

struct Panicking(Config);

impl Plugin for Panicking {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("panicking", "1").requires("email").accepts_secret("token")
    }

    fn configure(config: Config, _: Secrets) -> Result<Self, PluginError> {
        assert!(config.does != "panic in create", "hostile-output");
        if config.does == "unwind" {
            UNWINDS.get_or_init(|| ());
        }
        Ok(Self(config))
    }

    fn erase(&self, request: &Request, _: &Call) -> Result<Answer, PluginError> {
        let evil = request.values("email").find(|email| email.contains("evil"));
        match evil {
            Some(email) if self.0.does == "panic" => panic!("hostile-output {email}"),
            _ => Ok(Answer::erased()),
        }
    }

    fn verify(&self, _: &Request, _: &Call) -> Result<Answer, PluginError> {
        Ok(Answer::absent())
    }
}

/// Set when panics are to leave `call`.
static UNWINDS: OnceLock<()> = OnceLock::new();
/// The SDK's own `call`.
static CALL: OnceLock<DoCall> = OnceLock::new();

unsafe extern "C-unwind" fn call(instance: *mut c_void, id: u64, method: Bytes, request: Bytes) -> i32 {
    // SAFETY: the host lends it until we return.
    let text = String::from_utf8_lossy(unsafe { request.as_slice() });
    if UNWINDS.get().is_some() && text.contains("evil") {
        panic!("hostile-output {text}");
    }
    let Some(call) = CALL.get() else { return 1 };
    // SAFETY: the host's own arguments.
    unsafe { call(instance, id, method, request) }
}

struct Table(PluginV1);

// SAFETY: it is never written after it was made.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

#[unsafe(no_mangle)]
extern "C" fn quietus_plugin_entry_v1() -> *const PluginV1 {
    static MADE: OnceLock<quietus_plugin::__private::Table> = OnceLock::new();
    static TABLE: OnceLock<Table> = OnceLock::new();
    let made = MADE.get_or_init(quietus_plugin::__private::table::<Panicking>).as_ptr();
    // SAFETY: null, or the SDK's static table.
    let Some(made) = (unsafe { made.as_ref() }) else { return std::ptr::null() };
    let table = TABLE.get_or_init(|| {
        if let Some(call) = made.call {
            CALL.get_or_init(|| call);
        }
        type Unwinding = unsafe extern "C-unwind" fn(*mut c_void, u64, Bytes, Bytes) -> i32;
        // SAFETY: the same signature; that a panic must not leave it is the promise that this plugin breaks.
        let call = unsafe { std::mem::transmute::<Unwinding, DoCall>(call) };
        Table(PluginV1 { call: Some(call), ..*made })
    });
    &raw const table.0
}

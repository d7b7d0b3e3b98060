//! From the C ABI to [`Plugin`] and back: the functions whose pointers stand in a plugin's table.
#![expect(unsafe_code, reason = "the plugin's side of the C boundary")]

use std::ffi::c_void;
use std::mem::{MaybeUninit, offset_of};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Plugin;
use crate::abi::{ABI_MAJOR, ABI_MINOR, Bytes, HostV1, MAGIC, PluginV1};
use crate::call::CallHost;
use crate::checkpoint::Kept;
use crate::dispatch::{Configured, manifest};
use crate::protocol::{FRAME_BYTES_MAX, Level, Reply};

/// Exports a [`Plugin`] from a `cdylib`: makes the one symbol that quietus looks for. Once in a library.
///
/// ```standalone_crate
/// use quietus_plugin::*;
///
/// struct Nothing;
///
/// impl Plugin for Nothing {
///     type Config = ();
///     fn manifest() -> Manifest {
///         Manifest::new("nothing", "1.0.0").requires(Kind::Email)
///     }
///     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> {
///         Ok(Self)
///     }
///     fn erase(&self, _: &Request, _: &Call) -> Result<Answer, PluginError> {
///         Ok(Answer::absent())
///     }
/// }
///
/// export_plugin!(Nothing);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn quietus_plugin_entry_v1() -> *const $crate::abi::PluginV1 {
                static TABLE: ::std::sync::OnceLock<$crate::__private::Table> = ::std::sync::OnceLock::new();
                TABLE.get_or_init($crate::__private::table::<$plugin>).as_ptr()
            }
        };
    };
}

/// A plugin's table, or nothing when its manifest could not be made.
#[doc(hidden)]
pub struct Table(Option<PluginV1>);

// SAFETY: the table is never written after it was made; its pointers are to functions and to a leaked manifest.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Table {
    /// What the entry function returns.
    #[doc(hidden)]
    pub fn as_ptr(&self) -> *const PluginV1 {
        self.0.as_ref().map_or(std::ptr::null(), std::ptr::from_ref)
    }
}

/// Makes the table of a plugin.
#[doc(hidden)]
pub fn table<P: Plugin>() -> Table {
    let made = manifest::<P>().and_then(|manifest| {
        let json = serde_json::to_vec(&manifest).ok()?;
        Some(PluginV1 {
            magic: MAGIC,
            struct_size: size_of::<PluginV1>() as u32,
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            flags: 0,
            max_concurrency: manifest.max_concurrency.max(1),
            reserved: 0,
            // Never freed: the host may read it for as long as the process lives.
            manifest: Bytes::of(json.leak()),
            create: Some(create::<P>),
            call: Some(call::<P>),
            cancel: None,
            destroy: Some(destroy::<P>),
        })
    });
    Table(made)
}

/// The size of version 1.0 of the host's table; later minor versions append to it.
const HOST_BYTES_MIN: usize = offset_of!(HostV1, checkpoint);

/// The host's table, copied. What an older host does not have is a null pointer.
struct Host(HostV1);

// SAFETY: the header guarantees that all of the host's functions may be called from any thread, until the process ends.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Host {
    /// Copies what both sides know of the host's table; `None` when it has less than version 1.0.
    ///
    /// # Safety
    /// `host` is not null, and as large as its first field says.
    unsafe fn copy(host: *const HostV1) -> Option<Self> {
        // SAFETY: `struct_size` is the first field of every version.
        let size = unsafe { (&raw const (*host).struct_size).read_unaligned() } as usize;
        if size < HOST_BYTES_MIN {
            return None;
        }
        let mut table = MaybeUninit::<HostV1>::zeroed();
        // SAFETY: both sides have that many bytes, and a function that stays zero is a null pointer, which is valid.
        let table = unsafe {
            let known = size.min(size_of::<HostV1>());
            std::ptr::copy_nonoverlapping(host.cast::<u8>(), table.as_mut_ptr().cast(), known);
            table.assume_init()
        };
        Some(Self(table))
    }

    fn reply(&self, call: u64, reply: &Reply) -> i32 {
        let Some(function) = self.0.reply else { return 1 };
        // The host does not even parse a larger one: its copies could exhaust the memory of the process.
        let json = serde_json::to_vec(reply).ok().filter(|json| json.len() <= FRAME_BYTES_MAX).unwrap_or_else(|| {
            br#"{"type":"error","error":{"class":"protocol","message":"the answer is too large"}}"#.to_vec()
        });
        // SAFETY: the host's own function and context; the JSON lives until it returns.
        unsafe { function(self.0.ctx, call, Bytes::of(&json)) }
    }
}

impl CallHost for Host {
    fn log(&self, call: u64, level: Level, text: &str) {
        if let Some(function) = self.0.log {
            // SAFETY: the host's own function and context; the text lives until it returns.
            unsafe { function(self.0.ctx, call, level.number(), Bytes::of(text.as_bytes())) }
        }
    }

    fn cancelled(&self, call: u64) -> bool {
        // SAFETY: the host's own function and context.
        self.0.cancelled.is_some_and(|function| unsafe { function(self.0.ctx, call) } != 0)
    }

    fn remaining_ms(&self, call: u64) -> i64 {
        // SAFETY: the host's own function and context.
        self.0.remaining_ms.map_or(-1, |function| unsafe { function(self.0.ctx, call) })
    }

    fn checkpoint(&self, call: u64, value: &[u8]) -> Kept {
        // An older host has none.
        let Some(function) = self.0.checkpoint else { return Kept::Nowhere };
        // SAFETY: the host's own function and context; the value lives until it returns.
        match unsafe { function(self.0.ctx, call, Bytes::of(value)) } {
            0 => Kept::Stored,
            2 => Kept::Nowhere,
            _ => Kept::Refused,
        }
    }
}

struct Instance<P> {
    plugin: Configured<P>,
    host: Host,
}

/// # Safety
/// As the header says of `create`.
unsafe extern "C" fn create<P: Plugin>(host: *const HostV1, config: Bytes, instance: *mut *mut c_void) -> i32 {
    if host.is_null() || instance.is_null() {
        return 1;
    }
    // SAFETY: not null, and the host's own table.
    let Some(host) = (unsafe { Host::copy(host) }) else { return 1 };
    // SAFETY: the host lends the configuration until we return.
    let config = unsafe { config.as_slice() };
    match Configured::make(config) {
        Ok(plugin) => {
            let made = Box::into_raw(Box::new(Instance::<P> { plugin, host }));
            // SAFETY: not null, and the host lends it for writing.
            unsafe { *instance = made.cast() };
            0
        }
        Err(error) => {
            host.reply(0, &Reply::Error { error });
            1
        }
    }
}

/// # Safety
/// As the header says of `call`; `instance` is what `create` made.
unsafe extern "C" fn call<P: Plugin>(instance: *mut c_void, id: u64, method: Bytes, request: Bytes) -> i32 {
    if instance.is_null() {
        return 1;
    }
    // SAFETY: `create` made it, and it is only ever shared.
    let instance = unsafe { &*instance.cast::<Instance<P>>() };
    // SAFETY: the host lends both until we return.
    let (method, request) = unsafe { (method.as_slice(), request.as_slice()) };
    instance.host.reply(id, &instance.plugin.call(&instance.host, id, method, request))
}

/// # Safety
/// As the header says of `destroy`; `instance` is what `create` made, and no call is under way.
unsafe extern "C" fn destroy<P: Plugin>(instance: *mut c_void) {
    if !instance.is_null() {
        // SAFETY: `create` made it of a box, and the host calls this once. A panic has nowhere to be told.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(unsafe { Box::from_raw(instance.cast::<Instance<P>>()) })));
    }
}

#[cfg(test)]
mod tests;

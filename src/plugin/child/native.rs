//! Everything unsafe of the host's side: loading a library, calling it, being called by it, and closing descriptors.
//! What the header demands of the plugin is trusted here, as there is no way to check it; that is why this is a process
//! of its own.
#![expect(unsafe_code, reason = "the host's side of the C boundary")]

use std::ffi::c_void;
use std::io;
use std::mem::{MaybeUninit, offset_of};
use std::os::fd::{BorrowedFd, RawFd};

use libloading::os::unix::{Library as Handle, RTLD_LOCAL, RTLD_NOW};
use quietus_plugin::abi::{
    ABI_MAJOR, ABI_MINOR, Bytes, Cancel, Create, Destroy, DoCall, ENTRY_SYMBOL, Entry, HostV1, MAGIC, PluginV1, Reply,
};
use quietus_plugin::protocol::FRAME_BYTES_MAX;
use quietus_plugin::{Level, Manifest};
use rustix::process::Pid;

use super::calls::Calls;
use super::code::Checked;
use crate::causes::with_causes;
use crate::plugin::launch::HostVersion;

/// The size of version 1.0 of a plugin's table; later minor versions append to it.
const TABLE_BYTES_MIN: usize = offset_of!(PluginV1, destroy) + size_of::<Option<Destroy>>();

/// A loaded library. It stays loaded until the process ends.
pub(super) struct Library {
    table: PluginV1,
    create: Create,
    call: DoCall,
}

impl Library {
    /// Loads what was checked.
    pub(super) fn open(checked: &Checked) -> Result<Self, String> {
        let shown = checked.path.display();
        let file = checked.file();
        // `RTLD_NOW` binds all at once: a symbol that is missing would otherwise end the process in the middle of an
        // erasure.
        // SAFETY: the library's initializers run, which is what the operator configured it for; they run confined.
        let handle = unsafe { Handle::open(Some(&file), RTLD_NOW | RTLD_LOCAL) }.map_err(|e| {
            format!("cannot load {shown}: {}", with_causes(&e).replace(&*file.to_string_lossy(), "this file"))
        })?;
        // SAFETY: the symbol's name carries the version of the signature.
        let entry = unsafe { handle.get::<Entry>(ENTRY_SYMBOL) }.map(|symbol| *symbol).map_err(|_| {
            let symbol = ENTRY_SYMBOL.to_string_lossy();
            format!("{shown} has no symbol `{symbol}`: it is no quietus plugin of ABI version {ABI_MAJOR}")
        })?;
        // Never unloaded: threads of the library may outlive every call.
        std::mem::forget(handle);
        // SAFETY: as the header says, it takes nothing and returns a static table or null.
        let table = read_table(unsafe { entry() }).map_err(|why| format!("{shown}: {why}"))?;
        let (Some(create), Some(call)) = (table.create, table.call) else {
            return Err(format!("{shown}: its table lacks `create` or `call`"));
        };
        Ok(Self { table, create, call })
    }

    pub(super) fn manifest(&self) -> Result<Manifest, String> {
        // SAFETY: the header demands that the manifest is static; its length was checked.
        let json = unsafe { self.table.manifest.as_slice() };
        serde_json::from_slice(json).map_err(|e| format!("its manifest is not one, at column {}", e.column()))
    }

    pub(super) fn max_concurrency(&self) -> u32 {
        self.table.max_concurrency.max(1)
    }

    pub(super) fn abi(&self) -> String {
        format!("{}.{}", self.table.abi_major, self.table.abi_minor)
    }

    /// Makes the instance; `None` when the plugin refuses.
    pub(super) fn create(&self, version: HostVersion, calls: &'static Calls, setup: &[u8]) -> Option<Instance> {
        // Leaked: the plugin may call it as long as the process lives.
        let host: *const HostV1 = match version {
            HostVersion::This => Box::leak(Box::new(host(calls))),
            HostVersion::Earlier => Box::leak(Box::new(earlier(calls))),
            HostVersion::Later => std::ptr::from_ref(Box::leak(Box::new(Later::new(calls)))).cast(),
        };
        let mut instance = std::ptr::null_mut();
        // SAFETY: the host's table is static, the rest outlives the call.
        let code = unsafe { (self.create)(host, Bytes::of(setup), &mut instance) };
        let made =
            Instance { pointer: instance, call: self.call, cancel: self.table.cancel, destroy: self.table.destroy };
        (code == 0).then_some(made)
    }
}

/// Copies what both sides know of a plugin's table.
fn read_table(plugin: *const PluginV1) -> Result<PluginV1, String> {
    if plugin.is_null() {
        return Err("it has no table: its manifest could not be made".into());
    }
    // SAFETY: not null; these two fields begin every version of the table.
    let (magic, size) =
        unsafe { ((&raw const (*plugin).magic).read_unaligned(), (&raw const (*plugin).struct_size).read_unaligned()) };
    if magic != MAGIC {
        return Err(format!("its table begins with {magic:#010x}, not {MAGIC:#010x}"));
    }
    if (size as usize) < TABLE_BYTES_MIN {
        return Err(format!("its table has {size} bytes, version {ABI_MAJOR}.0 has {TABLE_BYTES_MIN}"));
    }
    let mut table = MaybeUninit::<PluginV1>::zeroed();
    // SAFETY: both sides have that many bytes, and a field that stays zero is a null pointer, which is valid.
    let table = unsafe {
        let known = (size as usize).min(size_of::<PluginV1>());
        std::ptr::copy_nonoverlapping(plugin.cast::<u8>(), table.as_mut_ptr().cast(), known);
        table.assume_init()
    };
    if table.abi_major != ABI_MAJOR {
        return Err(format!("it is of ABI version {}, this program knows {ABI_MAJOR}", table.abi_major));
    }
    if table.manifest.len > FRAME_BYTES_MAX / 2 {
        return Err(format!("its manifest has {} bytes; allowed are {}", table.manifest.len, FRAME_BYTES_MAX / 2));
    }
    Ok(table)
}

/// What a plugin's `create` made.
pub(super) struct Instance {
    pointer: *mut c_void,
    call: DoCall,
    cancel: Option<Cancel>,
    destroy: Option<Destroy>,
}

// SAFETY: the header demands that `call` and `cancel` may run on any thread, and at the same time.
unsafe impl Send for Instance {}
// SAFETY: as above.
unsafe impl Sync for Instance {}

impl Instance {
    pub(super) fn call(&self, id: u64, method: &str, request: &[u8]) -> i32 {
        // SAFETY: the plugin's own instance; the texts outlive the call.
        unsafe { (self.call)(self.pointer, id, Bytes::of(method.as_bytes()), Bytes::of(request)) }
    }

    pub(super) fn cancel(&self, id: u64) {
        if let Some(cancel) = self.cancel {
            // SAFETY: the plugin's own instance.
            unsafe { cancel(self.pointer, id) }
        }
    }

    /// To be called once, when no call is under way.
    pub(super) fn destroy(&self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the plugin's own instance; the pool has finished.
            unsafe { destroy(self.pointer) }
        }
    }
}

fn host(calls: &'static Calls) -> HostV1 {
    HostV1 {
        struct_size: size_of::<HostV1>() as u32,
        abi_major: ABI_MAJOR,
        abi_minor: ABI_MINOR,
        ctx: std::ptr::from_ref(calls).cast_mut().cast(),
        reply: Some(reply),
        log: Some(log),
        cancelled: Some(cancelled),
        remaining_ms: Some(remaining_ms),
        checkpoint: Some(checkpoint),
    }
}

/// A host's table as version 1.0 had it: a plugin must not look at what comes after it.
fn earlier(calls: &'static Calls) -> HostV1 {
    let struct_size = offset_of!(HostV1, checkpoint) as u32;
    HostV1 { struct_size, abi_minor: 0, checkpoint: None, ..host(calls) }
}

/// A host's table as a later minor version may have it: it begins as this one's, and there is more.
#[repr(C)]
struct Later {
    known: HostV1,
    more: [Option<Reply>; 4],
}

impl Later {
    fn new(calls: &'static Calls) -> Self {
        let known = HostV1 { struct_size: size_of::<Self>() as u32, abi_minor: ABI_MINOR + 1, ..host(calls) };
        Self { known, more: [Some(reply); 4] }
    }
}

/// # Safety
/// `ctx` is the one of [`host`].
unsafe fn calls(ctx: *mut c_void) -> &'static Calls {
    // SAFETY: `host` made it of a static reference.
    unsafe { &*ctx.cast::<Calls>() }
}

unsafe extern "C" fn reply(ctx: *mut c_void, call: u64, json: Bytes) -> i32 {
    // SAFETY: the plugin hands back our context and lends the JSON.
    let (calls, json) = unsafe { (calls(ctx), json.as_slice()) };
    i32::from(!calls.reply(call, json))
}

unsafe extern "C" fn log(ctx: *mut c_void, call: u64, level: i32, text: Bytes) {
    // SAFETY: the plugin hands back our context and lends the text.
    let (calls, text) = unsafe { (calls(ctx), text.as_slice()) };
    calls.log(call, Level::from_number(level), text);
}

unsafe extern "C" fn cancelled(ctx: *mut c_void, call: u64) -> i32 {
    // SAFETY: the plugin hands back our context.
    i32::from(unsafe { calls(ctx) }.is_cancelled(call))
}

unsafe extern "C" fn remaining_ms(ctx: *mut c_void, call: u64) -> i64 {
    // SAFETY: the plugin hands back our context.
    unsafe { calls(ctx) }.remaining_ms(call)
}

unsafe extern "C" fn checkpoint(ctx: *mut c_void, call: u64, value: Bytes) -> i32 {
    // SAFETY: the plugin hands back our context and lends the value.
    let (calls, value) = unsafe { (calls(ctx), value.as_slice()) };
    calls.checkpoint(call, value) as i32
}

/// The version of Landlock's rules that this kernel knows; `None` where it has none, or has it switched off.
pub(super) fn landlock_abi() -> Option<u32> {
    const VERSION: u32 = 1;
    let nothing = std::ptr::null::<c_void>();
    // SAFETY: with this flag, the kernel reads no attributes and opens nothing.
    let abi = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0_usize, VERSION) };
    u32::try_from(abi).ok().filter(|abi| *abi > 0)
}

/// The group of this process's parent. None that this process could join where its leader is in another namespace.
pub(super) fn group_of_parent() -> Option<Pid> {
    // SAFETY: neither has demands.
    Pid::from_raw(unsafe { libc::getpgid(libc::getppid()) }.max(0))
}

/// Has this process ignore all signals that can be ignored. What it starts does so, too, until it takes that back.
pub(super) fn ignore_signals() {
    dispose(libc::SIG_IGN);
}

/// As programs expect to find them.
pub(super) fn default_signals() {
    dispose(libc::SIG_DFL);
}

fn dispose(how: libc::sighandler_t) {
    // Who ignores that of a child's end is not told how the child ended.
    for signal in (1..=libc::SIGRTMAX()).filter(|signal| *signal != libc::SIGCHLD) {
        // SAFETY: neither is a handler, so nothing runs in one. What cannot be set is passed over.
        unsafe { libc::signal(signal, how) };
    }
}

/// Closes every descriptor but the three standard ones. To be called at the start of the process, when nothing of it holds
/// a descriptor yet.
pub(super) fn close_other_descriptors() -> io::Result<()> {
    // SAFETY: as above, nobody uses what is closed here.
    if unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) } == 0 {
        return Ok(());
    }
    // A kernel before 5.9.
    let open: Vec<RawFd> = std::fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        // SAFETY: as above. The one that the list was read through is closed by now, and passed over.
        unsafe {
            if rustix::io::fcntl_getfd(BorrowedFd::borrow_raw(descriptor)).is_ok() {
                rustix::io::close(descriptor);
            }
        }
    }
    Ok(())
}

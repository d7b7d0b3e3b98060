//! The C ABI, version 1, as `include/quietus_plugin.h` defines it. That file describes the calls; a test holds the two
//! equal. Types only: what is unsafe about them happens where they are called.
#![expect(unsafe_code, reason = "the types of functions across the C boundary are unsafe ones")]

use std::ffi::{CStr, c_void};

/// The first field of a plugin's table: "QTUS".
///
/// ```
/// use quietus_plugin::abi::MAGIC;
/// assert_eq!(&MAGIC.to_be_bytes(), b"QTUS");
/// ```
pub const MAGIC: u32 = 0x5154_5553;
/// Also part of the symbol's name.
///
/// ```
/// use quietus_plugin::abi::{ABI_MAJOR, ENTRY_SYMBOL};
/// assert!(ENTRY_SYMBOL.to_bytes().ends_with(format!("_v{ABI_MAJOR}").as_bytes()));
/// ```
pub const ABI_MAJOR: u16 = 1;
/// Grows when a field is appended.
///
/// ```
/// use quietus_plugin::abi::{ABI_MINOR, HostV1};
///
/// /// Whether a host has all that this version knows.
/// fn is_complete(host: &HostV1) -> bool {
///     host.abi_minor >= ABI_MINOR && host.struct_size as usize >= size_of::<HostV1>()
/// }
/// # let _ = is_complete;
/// ```
pub const ABI_MINOR: u16 = 1;
/// The only symbol that a plugin exports.
///
/// ```
/// use quietus_plugin::abi::ENTRY_SYMBOL;
/// assert_eq!(ENTRY_SYMBOL.to_str(), Ok("quietus_plugin_entry_v1"));
/// ```
pub const ENTRY_SYMBOL: &CStr = c"quietus_plugin_entry_v1";

/// `quietus_bytes`: bytes that somebody else owns.
///
/// ```
/// use quietus_plugin::abi::Bytes;
///
/// let empty = Bytes { ptr: std::ptr::null(), len: 0 };
/// // SAFETY: nothing is read of no bytes.
/// assert_eq!(unsafe { empty.as_slice() }, b"");
/// ```
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    /// May be null when `len` is 0.
    pub ptr: *const u8,
    /// In bytes.
    pub len: usize,
}

impl Bytes {
    /// Borrows a slice; the result may be used as long as the slice lives.
    ///
    /// ```
    /// # use quietus_plugin::abi::Bytes;
    /// let method = Bytes::of(b"erase");
    /// assert_eq!(method.len, 5);
    /// ```
    pub const fn of(slice: &[u8]) -> Self {
        Self { ptr: slice.as_ptr(), len: slice.len() }
    }

    /// The bytes, as a slice.
    ///
    /// ```
    /// use quietus_plugin::abi::Bytes;
    ///
    /// let json = String::from("{}");
    /// let lent = Bytes::of(json.as_bytes());
    /// // SAFETY: `json` is alive, and nobody writes to it.
    /// assert_eq!(unsafe { lent.as_slice() }, b"{}");
    /// ```
    ///
    /// # Safety
    /// `ptr` must be valid for reads of `len` bytes for `'a`, and nobody may write to them meanwhile.
    pub const unsafe fn as_slice<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() || self.len == 0 {
            return &[];
        }
        // SAFETY: not null, and the caller guarantees the rest.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

/// `quietus_plugin_entry_v1`.
pub type Entry = unsafe extern "C" fn() -> *const PluginV1;
/// [`HostV1::reply`].
pub type Reply = unsafe extern "C" fn(ctx: *mut c_void, call: u64, json: Bytes) -> i32;
/// [`HostV1::log`].
pub type Log = unsafe extern "C" fn(ctx: *mut c_void, call: u64, level: i32, text: Bytes);
/// [`HostV1::cancelled`].
pub type Cancelled = unsafe extern "C" fn(ctx: *mut c_void, call: u64) -> i32;
/// [`HostV1::remaining_ms`].
pub type RemainingMs = unsafe extern "C" fn(ctx: *mut c_void, call: u64) -> i64;
/// [`HostV1::checkpoint`].
pub type Checkpoint = unsafe extern "C" fn(ctx: *mut c_void, call: u64, value: Bytes) -> i32;
/// [`PluginV1::create`].
pub type Create = unsafe extern "C" fn(host: *const HostV1, config: Bytes, instance: *mut *mut c_void) -> i32;
/// [`PluginV1::call`].
pub type DoCall = unsafe extern "C" fn(instance: *mut c_void, call: u64, method: Bytes, request: Bytes) -> i32;
/// [`PluginV1::cancel`].
pub type Cancel = unsafe extern "C" fn(instance: *mut c_void, call: u64);
/// [`PluginV1::destroy`].
pub type Destroy = unsafe extern "C" fn(instance: *mut c_void);

/// `quietus_host_v1`: what the host offers.
///
/// ```
/// use quietus_plugin::abi::HostV1;
///
/// /// What a plugin does with the host's pointer, checked to be as long as this version's.
/// fn remaining_ms(host: &HostV1, call: u64) -> i64 {
///     // SAFETY: the host's own function and context.
///     host.remaining_ms.map_or(-1, |function| unsafe { function(host.ctx, call) })
/// }
/// # let _ = remaining_ms;
/// ```
#[repr(C)]
#[derive(Clone, Copy)]
pub struct HostV1 {
    /// The size of the host's struct, in bytes.
    pub struct_size: u32,
    /// [`ABI_MAJOR`].
    pub abi_major: u16,
    /// [`ABI_MINOR`].
    pub abi_minor: u16,
    /// The first argument of every function here.
    pub ctx: *mut c_void,
    /// Answers a call, exactly once, before it returns.
    pub reply: Option<Reply>,
    /// Logs plain text.
    pub log: Option<Log>,
    /// Not 0 when the answer is no longer wanted.
    pub cancelled: Option<Cancelled>,
    /// Milliseconds until the host gives up the call.
    pub remaining_ms: Option<RemainingMs>,
    /// Stores how far a call is; since 1.1.
    pub checkpoint: Option<Checkpoint>,
}

/// `quietus_plugin_v1`: what the plugin offers. A function that is `None` is a null pointer.
///
/// ```
/// use quietus_plugin::abi::{ABI_MAJOR, MAGIC, PluginV1};
///
/// /// What a host looks at before it calls anything.
/// fn is_sound(table: &PluginV1) -> bool {
///     let whole = table.struct_size as usize >= size_of::<PluginV1>();
///     table.magic == MAGIC && table.abi_major == ABI_MAJOR && whole && table.create.is_some() && table.call.is_some()
/// }
/// # let _ = is_sound;
/// ```
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PluginV1 {
    /// [`MAGIC`].
    pub magic: u32,
    /// The size of the plugin's struct, in bytes.
    pub struct_size: u32,
    /// [`ABI_MAJOR`].
    pub abi_major: u16,
    /// [`ABI_MINOR`].
    pub abi_minor: u16,
    /// 0.
    pub flags: u32,
    /// Calls at once; at least 1.
    pub max_concurrency: u32,
    /// 0.
    pub reserved: u32,
    /// JSON of a [`Manifest`](crate::Manifest), static.
    pub manifest: Bytes,
    /// Makes the one instance.
    pub create: Option<Create>,
    /// Does one call.
    pub call: Option<DoCall>,
    /// May be absent.
    pub cancel: Option<Cancel>,
    /// May be absent.
    pub destroy: Option<Destroy>,
}

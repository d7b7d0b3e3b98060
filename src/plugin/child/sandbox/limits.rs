//! Resource limits and privileges.

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{
    CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use crate::plugin::launch::Limits;
use crate::plugin::mark;

/// The main thread's stack where nobody has limited it.
const STACK_BYTES: u64 = 8 << 20;

/// Sets what can be set for a process alone. Not the address space, which runtimes reserve generously, and not the
/// number of processes, which counts those of the whole user.
pub(super) fn set(limits: &Limits) -> Result<(), String> {
    let mib = |mib: u32| u64::from(mib) << 20;
    let wanted = [
        // A core would be a file with the plugin's secrets in it, and with what it was told of people.
        (Resource::Core, 0),
        (Resource::Data, mib(limits.memory_mib)),
        (Resource::Nofile, u64::from(limits.files)),
        (Resource::Fsize, mib(limits.file_mib)),
        // It counts nowhere else. As much as there is today; no more can be asked for.
        (Resource::Stack, getrlimit(Resource::Stack).current.unwrap_or(STACK_BYTES)),
    ];
    for (resource, most) in wanted {
        // An unprivileged process cannot raise what it was given.
        let most = getrlimit(resource).maximum.map_or(most, |given| given.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|e| format!("cannot limit {resource:?} to {most}: {e}"))?;
    }
    mark::mark().map_err(|e| format!("cannot be marked as a plugin's: {e}"))
}

/// Gives up what a server that runs as root, or with capabilities, could do; and the ways to get it back.
pub(super) fn drop_privileges() -> Result<(), String> {
    let wrong = |e: Errno| format!("cannot give up privileges: {e}");
    set_no_new_privs(true).map_err(wrong)?;
    // Before the capabilities themselves: taking one from the bounding set needs one.
    for capability in 0..64 {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << capability)) {
            Ok(()) => {}
            // Beyond the last one, or not allowed to, in which case there is nothing to be had either.
            Err(Errno::INVAL | Errno::PERM) => break,
            Err(e) => return Err(wrong(e)),
        }
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none }).map_err(wrong)
}

//! What the child gives up before it loads anything, and how it ends. The one place of the sandbox.

use std::collections::BTreeMap;
use std::io;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getpgrp, getpid, kill_process, kill_process_group,
    set_dumpable_behavior, setrlimit,
};

use super::native;

/// Confines the process. Returns what was reached, for the operator to see.
pub(super) fn before_loading() -> io::Result<BTreeMap<String, String>> {
    native::close_other_descriptors()?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_no_new_privs(true)?;
    Ok(BTreeMap::from([("confined".into(), "no_new_privs, not dumpable, no core file".into())]))
}

/// Ends the process without running anything of the plugin's: no destructors, no exit handlers. What the library has
/// started ends with it, as long as it is in the process's own group: nobody else is left to end it.
pub(super) fn end_at_once() {
    if getpgrp() == getpid() {
        let _ = kill_process_group(getpid(), Signal::KILL);
    }
    let _ = kill_process(getpid(), Signal::KILL);
}

//! The child's end.

use rustix::process::{Signal, getpid, kill_process, kill_process_group};

/// Ends the process without running anything of the plugin's: no destructors, no exit handlers. What the library has
/// started ends with it, as long as it is in the group that this process was started to lead: nobody else is left to end it.
pub(super) fn end_at_once() {
    // While this process is there, a group of that number is its own, even where it has left it.
    let _ = kill_process_group(getpid(), Signal::KILL);
    let _ = kill_process(getpid(), Signal::KILL);
}

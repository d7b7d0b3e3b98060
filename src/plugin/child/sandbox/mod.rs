//! What the process gives up before anything of the plugin's runs in it. The launch enters; the level reached leaves.
//!
//! It contains bugs. A plugin that means harm still has the credentials that it was given and the hosts that it may
//! reach; PLUGINS.md says so.

mod filter;
mod limits;
mod paths;

use rustix::process::{DumpableBehavior, PTracer, set_dumpable_behavior, set_ptracer};

use super::native;
use crate::plugin::launch::{Code, Debugger, Launch, Level, Limits};
use filter::Runs;

/// Closes every descriptor but the three standard ones: the server's own are not the plugin's business. To be called
/// before anything is opened.
pub(super) fn close_descriptors() -> Result<(), String> {
    native::close_other_descriptors().map_err(|e| format!("cannot close the server's descriptors: {e}"))
}

/// Confines a process that needs nothing but its socket.
pub(super) fn enter_for_nothing() -> Result<(), String> {
    limits::set(&Limits::default())?;
    limits::drop_privileges()?;
    // As far as the kernel goes: nothing of a plugin's runs here.
    let _ = filter::install(Runs::Library);
    Ok(())
}

/// Confines the process for good; says how far that went. Without the first level the plugin must not run at all, and
/// neither below the level that the operator wants.
pub(super) fn enter(launch: &Launch) -> Result<Level, String> {
    limits::set(&launch.limits)?;
    limits::drop_privileges()?;
    let dumpable = match launch.debugger {
        Debugger::None => DumpableBehavior::NotDumpable,
        Debugger::Inspected => DumpableBehavior::Dumpable,
        Debugger::Awaited => {
            // Only where Yama restricts debuggers; elsewhere there is nothing to allow.
            let _ = set_ptracer(PTracer::Any);
            DumpableBehavior::Dumpable
        }
    };
    set_dumpable_behavior(dumpable).map_err(|e| format!("cannot become undumpable: {e}"))?;

    let covered = paths::restrict(launch);
    let filtered = filter::install(match launch.code {
        Code::Library { .. } => Runs::Library,
        Code::Exec { .. } => Runs::Program,
    });
    let level = match (&filtered, &covered) {
        (Err(_), _) => Level::Basic,
        (Ok(()), Err(_)) => Level::Syscalls,
        (Ok(()), Ok(covered)) => *covered,
    };
    if level >= launch.sandbox {
        return Ok(level);
    }
    let why = filtered.err().or(covered.err()).unwrap_or_else(|| "this kernel restricts no TCP ports".into());
    Err(format!(
        "the sandbox reaches the level `{}` here, and `{}` is wanted (`sandbox`): {why}",
        level.as_str(),
        launch.sandbox.as_str()
    ))
}

//! The sandbox: what the process gives up before anything of the plugin's runs in it.
//!
//! It contains bugs. A plugin that means harm still has the credentials that it was given and the hosts that it may
//! reach; PLUGINS.md says so.

mod allowed;
mod arguments;
mod filter;
mod limits;
mod needs;
mod paths;

use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use rustix::process::{
    DumpableBehavior, PTracer, Signal, parent_process_death_signal, set_dumpable_behavior,
    set_parent_process_death_signal, set_ptracer,
};

use super::native;
use crate::plugin::launch::{Code, Debugger, Launch, Level, Limits, Permissions};
use needs::{Runs, Sockets};

/// Closes every descriptor but the three standard ones: the server's own are not the plugin's business. To be called
/// before anything is opened.
pub(super) fn close_descriptors() -> Result<(), String> {
    native::close_other_descriptors().map_err(|e| format!("cannot close the server's descriptors: {e}"))
}

/// Has the kernel end this process with the one that started it, whatever runs here then. To be called before the launch is
/// read: a parent that is gone by then sends none.
pub(super) fn end_with_parent() -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|e| format!("cannot be ended with the server: {e}"))
}

/// Confines a process that needs nothing but its socket.
pub(super) fn enter_for_nothing() -> Result<(), String> {
    limits::set(&Limits::default())?;
    limits::drop_privileges()?;
    // As far as the kernel goes: nothing of a plugin's runs here.
    let _ = filter::install(Runs::Library, Sockets::default());
    Ok(())
}

/// Has this process go on at the end of its parent, even where somebody has stopped it: it has to end a program then.
pub(super) fn outlive_parent() -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::CONT)).map_err(|e| format!("cannot be told of the server's end: {e}"))
}

/// Hardens the process that watches a program from outside of its sandbox. It gives up privileges, so that what it starts has
/// none either.
pub(super) fn enter_for_watching() -> Result<(), String> {
    limits::drop_privileges()?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|e| format!("cannot become undumpable: {e}"))?;
    // Which a change of credentials takes back.
    outlive_parent()
}

/// Confines the process for good; says how far that went. Without the first level the plugin must not run at all, and
/// neither below the level that the operator wants.
///
/// The order matters. `no_new_privs` comes before Landlock and seccomp, as the kernel takes neither from an unprivileged
/// process without it. The process becomes undumpable before the filter, which refuses to change that again. Landlock comes
/// before the filter, as its rules are made by opening what they allow.
pub(super) fn enter(launch: &Launch, permissions: &Permissions) -> Result<Level, String> {
    limits::set(&launch.limits)?;
    limits::drop_privileges()?;
    // Which a change of credentials takes back.
    if !matches!(parent_process_death_signal(), Ok(Some(signal)) if signal == Signal::KILL) {
        end_with_parent()?;
    }
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

    let covered = paths::restrict(launch, permissions);
    let runs = match launch.code {
        Code::Library { .. } => Runs::Library,
        Code::Exec { .. } => Runs::Program,
    };
    let filtered = filter::install(runs, sockets(permissions));
    judge(launch.sandbox.unwrap_or_else(offered), filtered, covered)
}

/// Where no port is open, nothing leads into a network; where no socket is named, none in the file system is reached.
fn sockets(permissions: &Permissions) -> Sockets {
    let is_socket = |path: &Path| std::fs::metadata(path).is_ok_and(|file| file.file_type().is_socket());
    Sockets { internet: !permissions.ports.is_empty(), local: permissions.writes.iter().any(|path| is_socket(path)) }
}

/// The highest level that this kernel can be asked for. Below it, something has gone wrong.
fn offered() -> Level {
    paths::offered().unwrap_or(Level::Syscalls)
}

/// The level that was reached, or why it is not the wanted one.
fn judge(wanted: Level, filtered: Result<(), String>, covered: Result<Level, String>) -> Result<Level, String> {
    let level = match (&filtered, &covered) {
        (Err(_), _) => Level::Basic,
        (Ok(()), Err(_)) => Level::Syscalls,
        (Ok(()), Ok(covered)) => *covered,
    };
    if level >= wanted {
        return Ok(level);
    }
    let why = filtered.err().or(covered.err()).unwrap_or_else(|| "this kernel restricts no TCP ports".into());
    Err(format!(
        "the sandbox reaches the level `{}` here, and `{}` is wanted (`sandbox`): {why}",
        level.as_str(),
        wanted.as_str()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_needs_all_that_come_before_it() {
        let yes = || Ok(());
        let no = || Err("no seccomp".to_owned());
        let old = || Err("no Landlock".to_owned());
        assert_eq!(judge(Level::Basic, no(), Ok(Level::Network)), Ok(Level::Basic));
        assert_eq!(judge(Level::Basic, yes(), old()), Ok(Level::Syscalls));
        assert_eq!(judge(Level::Files, yes(), Ok(Level::Files)), Ok(Level::Files));
    }

    #[test]
    fn below_the_wanted_level_it_is_told_what_is_missing() {
        let refused = [
            (
                judge(Level::Syscalls, Err("no seccomp".into()), Ok(Level::Network)),
                "reaches the level `basic`",
                "no seccomp",
            ),
            (judge(Level::Files, Ok(()), Err("no Landlock".into())), "`files` is wanted", "no Landlock"),
            (judge(Level::Network, Ok(()), Ok(Level::Files)), "`network` is wanted", "restricts no TCP ports"),
        ];
        for (judged, what, why) in refused {
            let said = judged.expect_err("refused");
            assert!(said.contains(what) && said.contains(why), "{said}");
        }
    }
}

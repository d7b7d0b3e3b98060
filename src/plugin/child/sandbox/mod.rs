//! The sandbox: what the process gives up before anything of the plugin's runs in it.
//!
//! It contains bugs. A plugin that means harm still has the credentials that it was given and the hosts that it may
//! reach; PLUGINS.md says so.

mod filter;
mod limits;
mod paths;

use rustix::process::{DumpableBehavior, PTracer, set_dumpable_behavior, set_ptracer};

use super::native;
use crate::plugin::launch::{Code, Debugger, Launch, Level, Limits, Permissions};
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
///
/// The order matters. `no_new_privs` comes before Landlock and seccomp, as the kernel takes neither from an unprivileged
/// process without it. The process becomes undumpable before the filter, which refuses to change that again. Landlock comes
/// before the filter, as its rules are made by opening what they allow.
pub(super) fn enter(launch: &Launch, permissions: &Permissions) -> Result<Level, String> {
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

    let covered = paths::restrict(launch, permissions);
    let filtered = filter::install(match launch.code {
        Code::Library { .. } => Runs::Library,
        Code::Exec { .. } => Runs::Program,
    });
    judge(launch.sandbox, filtered, covered)
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

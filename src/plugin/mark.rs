//! The mark of a plugin's process and of all that it starts, by which a server knows one of any server's: a limit that means
//! nothing to the kernel any more (`RLIMIT_LOCKS`), is inherited, and cannot be raised again without privileges.

use std::fs;
use std::io;

use rustix::process::{Pid, Resource, Rlimit, setrlimit};

/// As `/proc/PROCESS/limits` names it.
const SHOWN: &str = "Max file locks";
const UNMARKED: &str = "unlimited";

/// Marks this process for good.
pub(super) fn mark() -> io::Result<()> {
    Ok(setrlimit(Resource::Locks, Rlimit { current: Some(0), maximum: Some(0) })?)
}

/// Whether a process is a plugin's. One that cannot be looked at may be.
pub(crate) fn is_of_a_plugin(process: Pid) -> bool {
    let limits = fs::read_to_string(format!("/proc/{}/limits", process.as_raw_nonzero())).unwrap_or_default();
    let hard = limits.lines().find_map(|line| line.strip_prefix(SHOWN)?.split_whitespace().nth(1));
    hard != Some(UNMARKED)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_known_by_the_limit_that_it_was_given() {
        let sleeping = |mark: &[&str]| {
            let mut command = Command::new(mark.first().copied().unwrap_or("sleep"));
            command.args(mark.iter().skip(1)).args(mark.first().map(|_| "sleep")).arg("60").spawn().expect("it runs")
        };
        for (mark, is) in [(&[][..], false), (&["prlimit", "--locks=0"][..], true)] {
            let mut process = sleeping(mark);
            let id = Pid::from_raw(process.id() as i32).expect("an id");
            let found = (0..200).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(5));
                is_of_a_plugin(id) == is
            });
            process.kill().expect("ours");
            process.wait().expect("ours");
            assert!(found, "{mark:?}");
        }
    }
}

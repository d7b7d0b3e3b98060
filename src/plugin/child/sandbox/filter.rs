//! The system calls that a plugin may make (seccomp): a list of what is allowed. What is not on it is answered as if it were
//! not permitted, or, if it is newer, as a kernel would that does not have it: then a program goes the older way.

use rustix::process::getpid;
use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompFilter, apply_filter, sock_filter};

use super::allowed::{ALLOWED, OF_PROGRAMS};
use super::arguments::{Rules, rules};
use super::needs::{Runs, Sockets};

/// Installs the filters for this thread and all that come from it.
pub(super) fn install(runs: Runs, sockets: Sockets) -> Result<(), String> {
    // The last one first: of several answers that refuse, the kernel gives that of the filter that was installed last.
    for program in [compile(runs, sockets).map_err(|e| format!("seccomp: {e}"))?, newer()] {
        apply_filter(&program).map_err(|e| format!("seccomp: {e}"))?;
    }
    Ok(())
}

fn compile(runs: Runs, sockets: Sockets) -> Result<BpfProgram, BackendError> {
    let allowed = allowed(runs).map(|call| (call, Vec::new()));
    let mut rules_of: Rules = allowed.collect();
    rules_of.extend(rules(runs, sockets, getpid().as_raw_nonzero().get())?);
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    let architecture = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules_of, refuse, SeccompAction::Allow, architecture)?.try_into()
}

fn allowed(runs: Runs) -> impl Iterator<Item = libc::c_long> {
    let of_programs = if runs == Runs::Program { OF_PROGRAMS } else { &[] };
    ALLOWED.iter().chain(of_programs).copied().flatten().copied()
}

/// From this number on, calls have the same numbers on all architectures; they came with Linux 5.1 and later. On x86-64, the
/// second set of numbers for the same calls (x32) is beyond it, too.
const NEWER_FROM: u32 = 424;

/// "No such call" for the newer calls that are not allowed, `clone3` among them: the C library then uses `clone`, whose flags a
/// filter can see.
fn newer() -> BpfProgram {
    let is_newer = |call: &libc::c_long| *call >= libc::c_long::from(NEWER_FROM);
    let known: Vec<u32> = allowed(Runs::Program).filter(is_newer).map(|call| call as u32).collect();
    let mut program = vec![
        // The number is the first field of what a filter is given.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        jump(libc::BPF_JGE, NEWER_FROM, 0, known.len() + 1),
    ];
    for (at, call) in known.iter().enumerate() {
        program.push(jump(libc::BPF_JEQ, *call, known.len() - at, 0));
    }
    program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32));
    program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
    program
}

/// Over so many of the next statements, when it is so and when not.
fn jump(how: u32, k: u32, when: usize, otherwise: usize) -> sock_filter {
    sock_filter { jt: when as u8, jf: otherwise as u8, ..statement(libc::BPF_JMP | how | libc::BPF_K, k) }
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_compiles_and_no_call_is_on_two() {
        for runs in [Runs::Library, Runs::Program] {
            for (internet, local) in [(false, false), (true, true)] {
                compile(runs, Sockets { internet, local }).expect("a filter");
            }
            let mut calls: Vec<_> = allowed(runs).collect();
            let by_argument = rules(runs, Sockets::default(), 1).expect("rules");
            calls.extend(by_argument.keys());
            let count = calls.len();
            calls.sort_unstable();
            calls.dedup();
            assert_eq!(calls.len(), count);
        }
    }
}

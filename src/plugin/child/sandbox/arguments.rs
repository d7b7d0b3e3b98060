//! The system calls that depend on their arguments: allowed are these, and no others.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq, Ne};
use seccompiler::{BackendError, SeccompCondition, SeccompRule};

use super::needs::{Runs, Sockets};

/// What is allowed of a call: one of the rules. Without a rule, everything.
pub(super) type Rules = BTreeMap<c_long, Vec<SeccompRule>>;
type Made<T> = Result<T, BackendError>;

/// Flags of a socket's type.
const SOCKET_FLAGS: u32 = (libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) as u32;
/// Only names and addresses of the machine's interfaces, for name resolution.
const ROUTES: [(i32, i32); 2] = [(libc::SOCK_RAW, libc::NETLINK_ROUTE), (libc::SOCK_DGRAM, libc::NETLINK_ROUTE)];
/// TCP and UDP, by name or by default. What else streams (MPTCP, SCTP, SMC) is not under Landlock's rules.
const INTERNET: [(i32, i32); 4] = [
    (libc::SOCK_STREAM, 0),
    (libc::SOCK_STREAM, libc::IPPROTO_TCP),
    (libc::SOCK_DGRAM, 0),
    (libc::SOCK_DGRAM, libc::IPPROTO_UDP),
];
/// Of two that speak with one another alone: datagrams could be sent to any socket in the file system.
const PAIRS: [(i32, i32); 2] = [(libc::SOCK_STREAM, 0), (libc::SOCK_SEQPACKET, 0)];
const LOCAL: [(i32, i32); 3] = [(libc::SOCK_STREAM, 0), (libc::SOCK_DGRAM, 0), (libc::SOCK_SEQPACKET, 0)];
/// Options of TCP by which a socket would become another one, or connect without being asked about it: `TCP_REPAIR`,
/// `TCP_FASTOPEN`, `TCP_FASTOPEN_CONNECT` and `TCP_ULP` (which can make SMC of it).
const TCP_OPTIONS_REFUSED: [i32; 4] = [19, 23, 30, 31];
/// Options by which a socket's buffers, which no limit counts, would become large: `SO_SNDBUF`, `SO_RCVBUF`, and the same by force.
const BUFFERS_REFUSED: [i32; 4] = [7, 8, 32, 33];
/// Calls that send, and which of their arguments are flags.
const SENDING: [(c_long, u8); 3] = [(libc::SYS_sendto, 3), (libc::SYS_sendmsg, 2), (libc::SYS_sendmmsg, 3)];

/// `F_DUPFD` to `F_SETLKW`, locks of open files, `F_DUPFD_QUERY`, `F_CREATED_QUERY`, `F_DUPFD_CLOEXEC`, the size of a pipe, and
/// seals. Nothing that makes a pipe larger, as no limit counts what is in it.
/// Nothing that has signals sent (`F_SETOWN`, `F_SETSIG`, `F_SETLEASE`, `F_NOTIFY`).
const FCNTL: [u64; 18] = [0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1027, 1028, 1030, 1032, 1034, 1036, 1038];
/// Whether it is a terminal, its size, bytes that wait, flags of descriptors, and the machine's interfaces: `TCGETS`, `TCGETS2`,
/// `TIOCGWINSZ`, `TIOCGPGRP`, `FIONREAD`, `TIOCOUTQ`, `FIONBIO`, `FIONCLEX`, `FIOCLEX`, and `SIOCGIF…`.
const IOCTL: [u64; 17] = [
    0x5401,
    0x802c_542a,
    0x5413,
    0x540f,
    0x541b,
    0x5411,
    0x5421,
    0x5450,
    0x5451,
    0x8910,
    0x8912,
    0x8913,
    0x8915,
    0x8919,
    0x891b,
    0x8921,
    0x8933,
];
/// Of itself alone. It becomes neither dumpable nor anybody's to trace, and the signal at its parent's end stays.
const PRCTL: [i32; 15] = [
    libc::PR_GET_PDEATHSIG,
    libc::PR_GET_DUMPABLE,
    libc::PR_GET_KEEPCAPS,
    libc::PR_SET_NAME,
    libc::PR_GET_NAME,
    libc::PR_GET_SECCOMP,
    libc::PR_SET_SECCOMP,
    libc::PR_CAPBSET_READ,
    libc::PR_SET_TIMERSLACK,
    libc::PR_GET_TIMERSLACK,
    libc::PR_SET_NO_NEW_PRIVS,
    libc::PR_GET_NO_NEW_PRIVS,
    libc::PR_SET_THP_DISABLE,
    libc::PR_GET_THP_DISABLE,
    // Names of mappings, for people who look at them.
    0x5356_4d41,
];

/// The part of `clone`'s flags that is the signal at its end.
const EXIT_SIGNAL: i32 = 0xff;
/// Of a new thread or process. None of them makes a namespace, another parent or a tracer.
const CLONE: i32 = EXIT_SIGNAL
    | libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_PIDFD
    | libc::CLONE_VFORK
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID
    | libc::CLONE_DETACHED
    | libc::CLONE_CHILD_SETTID
    | libc::CLONE_IO;

/// Calls that name a process in this argument, of which only the caller's own is allowed.
const OF_A_PROCESS: &[(c_long, u8)] = &[
    (libc::SYS_prlimit64, 0),
    (libc::SYS_sched_setaffinity, 0),
    (libc::SYS_sched_setattr, 0),
    (libc::SYS_sched_setparam, 0),
    (libc::SYS_sched_setscheduler, 0),
];

/// All of them. `own` is this process, which a program keeps being.
pub(super) fn rules(runs: Runs, sockets: Sockets, own: i32) -> Made<Rules> {
    let mut rules = Rules::from([
        (libc::SYS_clone, vec![clone(runs)?]),
        (libc::SYS_fcntl, one_of(1, FCNTL)?),
        (libc::SYS_ioctl, one_of(1, IOCTL)?),
        (libc::SYS_prctl, one_of(0, PRCTL.map(|command| command as u64))?),
        (libc::SYS_mmap, mmap()?),
        (libc::SYS_setsockopt, setsockopt()?),
        (libc::SYS_socket, socket(sockets)?),
        (libc::SYS_socketpair, of_family(libc::AF_UNIX, &PAIRS)?),
        (libc::SYS_openat, opening(2, 3)?),
        (libc::SYS_mkdirat, vec![plain_mode(2)?]),
        (libc::SYS_renameat2, vec![rule([masked(4, !RENAMING, 0)?])?]),
    ]);
    #[cfg(target_arch = "x86_64")]
    rules.extend([
        (libc::SYS_open, opening(1, 2)?),
        (libc::SYS_creat, vec![plain_mode(1)?]),
        (libc::SYS_mkdir, vec![plain_mode(1)?]),
    ]);
    for (call, flags) in SENDING {
        rules.insert(call, vec![rule([masked(flags, libc::MSG_FASTOPEN as u32, 0)?])?]);
    }
    for (call, argument) in OF_A_PROCESS {
        rules.insert(*call, one_of(*argument, [0, own as u64])?);
    }
    // Which may count the processes of a group or of the whole user. `IOPRIO_WHO_PROCESS` is 1.
    for (call, process) in [(libc::SYS_setpriority, u64::from(libc::PRIO_PROCESS)), (libc::SYS_ioprio_set, 1)] {
        let one = |who| rule([is(0, process)?, is(1, who)?]);
        rules.insert(call, vec![one(0)?, one(own as u64)?]);
    }
    if runs == Runs::Library {
        // Its own group stays in reach: by it, the child ends itself.
        rules.insert(libc::SYS_kill, one_of(0, [own, -own, 0].map(|pid| pid as u32 as u64))?);
        for call in [libc::SYS_tgkill, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_tgsigqueueinfo] {
            rules.insert(call, one_of(0, [own as u64])?);
        }
    }
    Ok(rules)
}

/// A library makes threads, a program processes as well.
fn clone(runs: Runs) -> Made<SeccompRule> {
    let thread = libc::CLONE_THREAD as u32;
    let (may, must) = match runs {
        Runs::Program => (CLONE as u32 | thread, 0),
        Runs::Library => (CLONE as u32, thread),
    };
    rule([SeccompCondition::new(0, Qword, MaskedEq(!u64::from(may)), must.into())?])
}

/// Private memory is counted, and files are on a disk. What is shared and no file is neither, and a mapping that grows downwards
/// counts as a stack.
fn mmap() -> Made<Vec<SeccompRule>> {
    let kind = libc::MAP_TYPE as u32;
    let grows = libc::MAP_GROWSDOWN as u32;
    let of_no_file = libc::MAP_ANONYMOUS as u32;
    Ok(vec![
        rule([masked(3, kind | grows, libc::MAP_PRIVATE as u32)?])?,
        rule([masked(3, kind | grows | of_no_file, libc::MAP_SHARED as u32)?])?,
        rule([masked(3, kind | grows | of_no_file, libc::MAP_SHARED_VALIDATE as u32)?])?,
    ])
}

/// A file that may only be read is not emptied by opening it, which Landlock rules since Linux 6.2 only; and none is made that runs as
/// its owner or group. `flags` and `mode` are the arguments that are these.
fn opening(flags: u8, mode: u8) -> Made<Vec<SeccompRule>> {
    let access = libc::O_ACCMODE as u32;
    // The mode says something only where a file is made.
    let makes = (libc::O_CREAT | (libc::O_TMPFILE & !libc::O_DIRECTORY)) as u32;
    let mut may = Vec::new();
    for (mask, value) in [(libc::O_TRUNC as u32, 0), (access, libc::O_WRONLY as u32), (access, libc::O_RDWR as u32)] {
        may.push(rule([masked(flags, mask, value)?, masked(flags, makes, 0)?])?);
        may.push(rule([masked(flags, mask, value)?, masked(mode, RUNS_AS_ANOTHER, 0)?])?);
    }
    Ok(may)
}

/// A third flag leaves a device behind (`RENAME_WHITEOUT`), which Landlock does not see.
const RENAMING: u32 = libc::RENAME_NOREPLACE | libc::RENAME_EXCHANGE;

/// The bits of a mode by which a file runs as its owner or its group.
const RUNS_AS_ANOTHER: u32 = libc::S_ISUID | libc::S_ISGID;

fn plain_mode(mode: u8) -> Made<SeccompRule> {
    rule([masked(mode, RUNS_AS_ANOTHER, 0)?])
}

fn setsockopt() -> Made<Vec<SeccompRule>> {
    let levels = [(libc::IPPROTO_TCP, TCP_OPTIONS_REFUSED), (libc::SOL_SOCKET, BUFFERS_REFUSED)];
    let is_not = |argument, value: i32| SeccompCondition::new(argument, Dword, Ne, value as u64);
    let mut may = vec![SeccompRule::new(levels.iter().map(|(level, _)| is_not(1, *level)).collect::<Made<_>>()?)?];
    for (level, refused) in levels {
        let mut conditions = vec![is(1, level as u64)?];
        for option in refused {
            conditions.push(is_not(2, option)?);
        }
        may.push(SeccompRule::new(conditions)?);
    }
    Ok(may)
}

fn socket(sockets: Sockets) -> Made<Vec<SeccompRule>> {
    let mut may = Vec::new();
    if sockets.internet {
        may.extend(of_family(libc::AF_INET, &INTERNET)?);
        may.extend(of_family(libc::AF_INET6, &INTERNET)?);
        may.extend(of_family(libc::AF_NETLINK, &ROUTES)?);
    }
    if sockets.local {
        may.extend(of_family(libc::AF_UNIX, &LOCAL)?);
    }
    if may.is_empty() {
        // A call without rules would be allowed: there is no such family.
        may.push(rule([is(0, u32::MAX.into())?])?);
    }
    Ok(may)
}

/// Types and protocols of one family.
fn of_family(family: i32, kinds: &[(i32, i32)]) -> Made<Vec<SeccompRule>> {
    let kind = |(of, protocol): &(i32, i32)| {
        rule([is(0, family as u64)?, masked(1, !SOCKET_FLAGS, *of as u32)?, is(2, *protocol as u64)?])
    };
    kinds.iter().map(kind).collect()
}

fn one_of(argument: u8, values: impl IntoIterator<Item = u64>) -> Made<Vec<SeccompRule>> {
    values.into_iter().map(|value| rule([is(argument, value)?])).collect()
}

/// Of 32 bits, as the kernel reads these: compared with all 64, a call would be judged by what the kernel ignores.
fn is(argument: u8, value: u64) -> Made<SeccompCondition> {
    SeccompCondition::new(argument, Dword, Eq, value)
}

fn masked(argument: u8, mask: u32, value: u32) -> Made<SeccompCondition> {
    SeccompCondition::new(argument, Dword, MaskedEq(mask.into()), value.into())
}

fn rule<const N: usize>(conditions: [SeccompCondition; N]) -> Made<SeccompRule> {
    SeccompRule::new(conditions.into())
}

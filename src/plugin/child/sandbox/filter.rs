//! System calls that no plugin needs (seccomp). A list of what is refused, not of what is allowed: libraries of all kinds
//! run here, and a call that is missing from a list of allowed ones would break them years from now.

use std::collections::BTreeMap;

use libc::c_long;
use rustix::process::getpid;
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq, Ne};
use seccompiler::{BpfProgram, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule, apply_filter, sock_filter};

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Refused whatever the arguments are: they reach into other processes, the kernel or the machine.
const NEVER: &[c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_personality,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    // Out of the process group, by which the server ends the plugin.
    libc::SYS_setpgid,
    libc::SYS_setsid,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];
/// Refused to a library: it has one process, and that is enough.
const NOT_IN_A_LIBRARY: &[c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    // It names a thread without its process, so that a filter could not tell whose it is.
    libc::SYS_tkill,
];
#[cfg(target_arch = "x86_64")]
const NEVER_HERE: &[c_long] = &[libc::SYS_ioperm, libc::SYS_iopl];
#[cfg(not(target_arch = "x86_64"))]
const NEVER_HERE: &[c_long] = &[];

const NEW_NAMESPACE: [i32; 8] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWTIME,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];
/// Kinds of sockets that lead to the machine or its kernel, not to a service.
const SOCKETS_REFUSED: [i32; 3] = [libc::AF_PACKET, libc::AF_ALG, libc::AF_VSOCK];

/// Calls that name a process in this argument: 0 is the caller's own.
const OF_A_PROCESS: &[(c_long, u8)] = &[
    (libc::SYS_ioprio_set, 1),
    (libc::SYS_migrate_pages, 0),
    (libc::SYS_move_pages, 0),
    (libc::SYS_prlimit64, 0),
    (libc::SYS_sched_setaffinity, 0),
    (libc::SYS_sched_setattr, 0),
    (libc::SYS_sched_setparam, 0),
    (libc::SYS_sched_setscheduler, 0),
    (libc::SYS_setpriority, 1),
];
/// Commands of `fcntl` that have signals sent to others (`F_SETOWN_EX`, `F_SETSIG` and `F_SETOWN`).
const FCNTL_REFUSED: [u64; 3] = [15, 10, libc::F_SETOWN as u64];
/// The same by `ioctl` (`FIOSETOWN`, `SIOCSPGRP`), and what types into a terminal (`TIOCSTI`, `TIOCLINUX`).
const IOCTL_REFUSED: [u64; 4] = [0x8901, 0x8902, 0x5412, 0x541c];

/// Which calls a process needs that others do not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    Library,
    /// It may be a shell, which starts other programs.
    Program,
}

/// Installs the filters for this thread and all that come from it.
pub(super) fn install(runs: Runs) -> Result<(), String> {
    // A filter gives one answer to all that it refuses, so these are several.
    for program in [compile(refused(runs), libc::EPERM)?, compile(clone3(), libc::ENOSYS)?, only_native_numbers()] {
        apply_filter(&program).map_err(|e| format!("seccomp: {e}"))?;
    }
    Ok(())
}

fn refused(runs: Runs) -> Result<Rules, seccompiler::BackendError> {
    // Of a program, this is the process that watches it: the program itself can only say 0.
    let own = getpid().as_raw_nonzero().get();
    let mut rules: Rules = NEVER.iter().chain(NEVER_HERE).map(|call| (*call, Vec::new())).collect();
    // Either would let other processes of the user look into this one, which holds the plugin's secrets.
    let undumpable = when(0, libc::PR_SET_DUMPABLE as u64)?;
    let ptracer = when(0, libc::PR_SET_PTRACER as u64)?;
    rules.insert(libc::SYS_prctl, vec![undumpable, ptracer]);
    for (call, argument) in OF_A_PROCESS {
        let other = [0, own as u64].map(|pid| SeccompCondition::new(*argument, Dword, Ne, pid));
        rules.insert(*call, vec![SeccompRule::new(other.into_iter().collect::<Result<_, _>>()?)?]);
    }
    // Which counts the processes of a group or of the whole user, whatever the other argument says.
    let of_many = SeccompRule::new(vec![SeccompCondition::new(0, Dword, Ne, libc::PRIO_PROCESS.into())?])?;
    rules.entry(libc::SYS_setpriority).or_default().push(of_many);
    // `IOPRIO_WHO_PROCESS` is 1.
    let of_many = SeccompRule::new(vec![SeccompCondition::new(0, Dword, Ne, 1)?])?;
    rules.entry(libc::SYS_ioprio_set).or_default().push(of_many);
    for (call, refused) in [(libc::SYS_fcntl, &FCNTL_REFUSED[..]), (libc::SYS_ioctl, &IOCTL_REFUSED)] {
        rules.insert(call, refused.iter().map(|command| when(1, *command)).collect::<Result<_, _>>()?);
    }
    rules.insert(
        libc::SYS_socket,
        SOCKETS_REFUSED.map(|family| when(0, family as u64)).into_iter().collect::<Result<_, _>>()?,
    );
    match runs {
        Runs::Program => {
            let namespaces = NEW_NAMESPACE.map(|flag| flags(flag as u64, flag as u64));
            rules.insert(libc::SYS_clone, namespaces.into_iter().collect::<Result<_, _>>()?);
        }
        Runs::Library => {
            rules.extend(NOT_IN_A_LIBRARY.iter().map(|call| (*call, Vec::new())));
            // Threads only.
            rules.insert(libc::SYS_clone, vec![flags(libc::CLONE_THREAD as u64, 0)?]);
            // Its own group stays in reach: `end_at_once` ends by it what the library has started.
            let others = [own, -own, 0].map(|pid| SeccompCondition::new(0, Dword, Ne, pid as u32 as u64));
            let others: Vec<_> = others.into_iter().collect::<Result<_, _>>()?;
            let not_own = SeccompRule::new(vec![others[0].clone()])?;
            rules.insert(libc::SYS_kill, vec![SeccompRule::new(others)?]);
            for call in [libc::SYS_tgkill, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_tgsigqueueinfo] {
                rules.insert(call, vec![not_own.clone()]);
            }
        }
    }
    Ok(rules)
}

/// "No such call", so that the C library starts threads by `clone`, whose flags a filter can see.
fn clone3() -> Result<Rules, seccompiler::BackendError> {
    Ok(Rules::from([(libc::SYS_clone3, Vec::new())]))
}

fn when(argument: u8, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    // Of 32 bits, as the kernel reads these: compared with all 64, a call with anything in the others would pass.
    SeccompRule::new(vec![SeccompCondition::new(argument, Dword, Eq, value)?])
}

/// Of `clone`: those of the flags in `mask` that are set are exactly `value`.
fn flags(mask: u64, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(0, Qword, MaskedEq(mask), value)?])
}

fn compile(rules: Result<Rules, seccompiler::BackendError>, errno: i32) -> Result<BpfProgram, String> {
    let refuse = SeccompAction::Errno(errno as u32);
    let compiled = rules.and_then(|rules| {
        let architecture = std::env::consts::ARCH.try_into()?;
        SeccompFilter::new(rules, SeccompAction::Allow, refuse, architecture)?.try_into()
    });
    compiled.map_err(|e: seccompiler::BackendError| format!("seccomp: {e}"))
}

/// x86-64 has a second set of numbers for the same calls (x32), from this number on. None of them is allowed.
const OTHER_NUMBERS: u32 = 0x4000_0000;

fn only_native_numbers() -> BpfProgram {
    vec![
        // The number is the first field of what a filter is given.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        sock_filter { jt: 0, jf: 1, ..statement(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, OTHER_NUMBERS) },
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ]
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

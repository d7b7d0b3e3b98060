//! The memory that a plugin really has, looked at from outside. The kernel's own limit (`RLIMIT_DATA`) counts what a process may
//! write to, of each process alone: not what it has written and made read-only, nor page tables, nor files in memory. Whoever has
//! more than is allowed is ended.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::process::Pid;
use rustix::time::{ClockId, clock_gettime};
use tokio::time::sleep;

use super::program::GroupEnder;
use crate::blocking;

/// How the limit is named in a plugin's settings, and to anyone who asks why it was ended.
pub(super) const LIMIT: &str = "`limits.memory_mib`";
/// What an honest process has beyond the kernel's limit: its stack, what a loader makes read-only, page tables.
const UNCOUNTED_KIB: u64 = 8 << 10;
const UNCOUNTED_PART: u64 = 16;
/// How soon it is looked again: at the latest when what is left could be filled by one that takes a GiB each second.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// A look costs at most one part of so many of a processor's time, unless it would be too long until the next one.
const SHARE: u32 = 20;
const COSTLY_PAUSE_MAX: Duration = Duration::from_secs(2);
/// The kernel's own stack of a thread.
const KERNEL_STACK_KIB: u64 = 16;

/// The processes whose memory counts, and how much it may come to.
pub(super) struct Watched {
    /// The group's leader. Kept open: where /proc hides what is not dumpable from its own user, it cannot be opened later.
    status: File,
    leader: Pid,
    /// Whether there may be others: those that a program starts.
    with_group: bool,
    limit_mib: u32,
}

impl Watched {
    /// A process that has just been started, and has not been waited for.
    pub(super) fn new(leader: Pid, with_group: bool, limit_mib: u32) -> io::Result<Self> {
        let status = File::open(of_process(leader, "status"))?;
        Ok(Self { status, leader, with_group, limit_mib })
    }

    /// Looks until the leader has ended, or all have been ended for what they have, which is then said in `exceeded`.
    pub(super) async fn end_when_exceeded(self, group: GroupEnder, exceeded: Arc<OnceLock<String>>) {
        let most = self.most_kib();
        let mut was_beyond = false;
        loop {
            let began = processor_time();
            let Ok(has) = self.look() else { return };
            let cost = processor_time().saturating_sub(began);
            // Twice: one that is about to become another program has the memory of its parent, which is then counted twice.
            if has > most && was_beyond {
                let (mib, limit) = (has >> 10, self.limit_mib);
                let _ = exceeded.set(format!("its memory came to {mib} MiB, and {LIMIT} is {limit}"));
                return group.end();
            }
            was_beyond = has > most;
            sleep(if was_beyond { PAUSE_MIN } else { pause(most - has, cost) }).await;
        }
    }

    fn most_kib(&self) -> u64 {
        let limit = u64::from(self.limit_mib) << 10;
        limit + limit / UNCOUNTED_PART + UNCOUNTED_KIB
    }

    /// All memory of all of them, in KiB. The error: there is no leader any more.
    fn look(&self) -> io::Result<u64> {
        let mut status = String::new();
        (&self.status).rewind()?;
        (&self.status).read_to_string(&mut status)?;
        let own = Memory::of(&status);
        let others = if self.with_group { blocking::in_place(|| self.others()) } else { Vec::new() };
        let sum = others.iter().fold(own.total(), |sum, (_, other)| sum + other.total());
        if others.is_empty() || sum <= self.most_kib() {
            return Ok(sum);
        }
        // Takes the kernel longer, and has what several share only once.
        let shares = || others.iter().map(|(process, other)| other.with_share_of(*process).total()).sum::<u64>();
        Ok(own.total() + blocking::in_place(shares))
    }

    /// The others of its group, which none of them can leave.
    fn others(&self) -> Vec<(Pid, Memory)> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let others = numbers.filter_map(Pid::from_raw).filter(|process| *process != self.leader);
        let memory = |process| {
            // Not by a call, as kernel threads are of the group 0, which is no number of a process.
            let stat = fs::read_to_string(of_process(process, "stat")).ok()?;
            if group(&stat)? != self.leader.as_raw_nonzero().get() {
                return None;
            }
            Some((process, Memory::of(&fs::read_to_string(of_process(process, "status")).ok()?)))
        };
        others.filter_map(memory).collect()
    }
}

/// By `/proc/PROCESS/stat`: its number, its name in brackets, which may be any text, its state, its parent, its group.
fn group(stat: &str) -> Option<i32> {
    stat.rsplit_once(") ")?.1.split(' ').nth(2)?.parse().ok()
}

fn of_process(process: Pid, file: &str) -> impl AsRef<Path> + use<> {
    format!("/proc/{}/{file}", process.as_raw_nonzero())
}

fn pause(left_kib: u64, cost: Duration) -> Duration {
    Duration::from_millis(left_kib >> 10).clamp(PAUSE_MIN, PAUSE_MAX).max((cost * SHARE).min(COSTLY_PAUSE_MAX))
}

/// Of this thread. The time that passes says nothing of what a look costs: on a loaded machine most of it is waiting, and there a
/// plugin would be looked at least of all.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

/// What a process has, in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Memory {
    /// Pages of no file on a disk, wherever they are. Other processes may have the same ones.
    pages: u64,
    /// Page tables, huge pages, and the kernel's stacks.
    other: u64,
}

impl Memory {
    /// By its `/proc/PROCESS/status`.
    fn of(status: &str) -> Self {
        let mut memory = Self::default();
        for (name, number) in numbers(status) {
            match name {
                "RssAnon" | "RssShmem" | "VmSwap" => memory.pages += number,
                "VmPTE" | "HugetlbPages" => memory.other += number,
                "Threads" => memory.other += number * KERNEL_STACK_KIB,
                _ => {}
            }
        }
        memory
    }

    /// With its share of the pages that several have, as far as the kernel says it.
    fn with_share_of(self, process: Pid) -> Self {
        let maps = fs::read_to_string(of_process(process, "smaps_rollup")).unwrap_or_default();
        let shares = numbers(&maps).filter(|(name, _)| ["Pss_Anon", "Pss_Shmem", "SwapPss"].contains(name));
        Self { pages: shares.map(|(_, number)| number).reduce(|a, b| a + b).unwrap_or(self.pages), ..self }
    }

    fn total(self) -> u64 {
        self.pages + self.other
    }
}

/// The lines `NAME: NUMBER …`.
fn numbers(text: &str) -> impl Iterator<Item = (&str, u64)> {
    text.lines().filter_map(|line| {
        let (name, rest) = line.split_once(':')?;
        Some((name, rest.split_whitespace().next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_no_file_on_a_disk_counts() {
        let status = "Name:\tx: y\nVmRSS:\t  999 kB\nRssAnon:\t 1 kB\nRssFile:\t 999 kB\nRssShmem:\t 2 kB\nVmPTE:\t 4 kB\n\
                      VmSwap:\t 8 kB\nHugetlbPages:\t 16 kB\nThreads:\t2\n";
        assert_eq!(Memory::of(status), Memory { pages: 11, other: 52 });
        assert_eq!(Memory::of("Name:\tzombie\n"), Memory::default());
    }

    #[test]
    fn a_group_is_found_behind_whatever_name() {
        assert_eq!(group("7 (a) R 1 2) S 5 42 42 0 -1"), Some(42));
        assert_eq!(group("7 (a"), None);
    }

    #[test]
    fn it_is_looked_at_more_often_the_less_is_left_and_never_without_a_pause() {
        let ms = Duration::from_millis;
        assert_eq!(pause(512 << 10, ms(1)), ms(512));
        assert_eq!(pause(0, ms(1)), PAUSE_MIN);
        assert_eq!(pause(1 << 30, ms(1)), PAUSE_MAX);
        assert_eq!(pause(0, ms(80)), ms(1600), "where a look itself takes long");
        assert_eq!(pause(0, ms(1000)), COSTLY_PAUSE_MAX);
    }
}

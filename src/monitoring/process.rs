//! This process: what it is, and what it takes. The names are those of Prometheus's own client libraries.

use jiff::Timestamp;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::exposition::{Exposition, Kind};

/// What does not change of this process.
#[derive(Clone, Copy)]
pub(crate) struct ThisProcess {
    /// Of its ledger, in one word.
    pub(crate) backend: &'static str,
    pub(crate) started: Timestamp,
}

impl ThisProcess {
    pub(super) fn write(&self, text: &mut Exposition) {
        let help = "1, with the version of quietus and the backend of its ledger.";
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("backend", self.backend)];
        text.family("quietus_build_info", Kind::Gauge, help).sample(&labels, 1_u64);
        let started = self.started.as_millisecond() as f64 / 1000.0;
        text.gauge("process_start_time_seconds", "When this process was started.", started);
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let cpu = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
        let help = "Processor time that this process has used, its plugins' aside.";
        text.family("process_cpu_seconds_total", Kind::Counter, help).sample(&[], cpu);
        if let Some(bytes) = resident_bytes() {
            let help = "Memory of this process that is resident, its plugins' aside.";
            text.gauge("process_resident_memory_bytes", help, bytes);
        }
        if let Some(most) = getrlimit(Resource::Nofile).current {
            text.gauge("process_max_fds", "How many files this process may open.", most);
        }
    }
}

/// By a file that can be read by all: a server keeps others of its own from being read, by itself as well.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

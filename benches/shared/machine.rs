//! The machine's own words about itself.

/// One line: what it is.
pub(crate) fn described() -> String {
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{cores} cores, {}, Linux {}; all that runs shares them",
        model.trim_matches([' ', '\t', ':']),
        kernel.trim()
    )
}

/// How busy it is, which tells a run that something else disturbed.
pub(crate) fn load() -> String {
    let load = read("/proc/loadavg");
    format!("load average of the last minute: {}", load.split(' ').next().unwrap_or("unknown"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

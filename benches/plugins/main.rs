//! `cargo bench --bench plugins --features measure`: how fast a plugin that does nothing is called, one call at a time and
//! 16 at once, beside the same bytes echoed over a bare socket; how long it takes from its start to its first call, in a
//! server that uses 1 GB; and what its process uses. `-- rates` or `-- starts` measures one part.

#[path = "../shared/choice.rs"]
mod choice;
#[path = "../shared/machine.rs"]
mod machine;
mod yardstick;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use choice::{is_wanted, longest, number};
use quietus::measure::MeasuredPlugin;

/// How long each rate is measured, in seconds.
const LONG_ENOUGH_S: u64 = 5;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::TempDir::new().expect("a folder");
    let library = compile(folder.path());
    say(&machine::described());
    if is_wanted("rates", &["rates", "starts"]) {
        runtime.block_on(rates(&library));
    }
    if is_wanted("starts", &["rates", "starts"]) {
        runtime.block_on(starts(&library));
    }
    say(&machine::load());
}

async fn rates(library: &Path) {
    let plugin = MeasuredPlugin::start(env!("CARGO_BIN_EXE_quietus"), library).await;
    let longest = longest(LONG_ENOUGH_S);
    let per_second = |calls: u64| calls as f64 / longest.as_secs_f64();
    let bare = per_second(yardstick::echoes(longest));
    for callers in [1, 16] {
        let rate = per_second(plugin.erase_for(longest, callers).await);
        let ratio = rate / bare;
        say(&format!(
            "{callers:>2} calls at once   {rate:>7.0}/s, {ratio:.2} of a bare echo, one at a time ({bare:.0}/s)"
        ));
    }
    say(&format!("its process       {}", memory(plugin.process())));
    plugin.stop().await;
}

async fn starts(library: &Path) {
    let starts = number("QUIETUS_BENCH_STARTS", 51, 3) as usize;
    let mib = number("QUIETUS_BENCH_MIB", 1 << 10, 16);
    let small = median_start(library, starts).await;
    // Touched, page by page, as a server's memory is.
    let large: Vec<u8> = (0..mib << 20).map(|n| n as u8).collect();
    let beside_large = median_start(library, starts).await;
    std::hint::black_box(large);
    say(&format!(
        "start to ready    {small:.1} ms; {beside_large:.1} ms in a server of {mib} MiB (medians of {starts})"
    ));
}

/// In milliseconds.
async fn median_start(library: &Path, starts: usize) -> f64 {
    let mut times = Vec::with_capacity(starts);
    for _ in 0..starts {
        let begin = Instant::now();
        let plugin = MeasuredPlugin::start(env!("CARGO_BIN_EXE_quietus"), library).await;
        times.push(begin.elapsed());
        plugin.stop().await;
    }
    times.sort_unstable();
    times[starts / 2].as_secs_f64() * 1000.0
}

/// What is resident of a process, and what of that it shares with nobody.
fn memory(process: u32) -> String {
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let kib = |name: &str| {
        let line = rollup.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    let mib = |name: &str| kib(name).unwrap_or(f64::NAN) / 1024.0;
    let private = mib("Private_Dirty:") + mib("Private_Clean:");
    format!("{:.1} MiB resident, {:.1} MiB its share, {private:.1} MiB its own", mib("Rss:"), mib("Pss:"))
}

fn compile(folder: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = folder.join("noop.so");
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-shared", "-fPIC", "-I"]).arg(root.join("plugins/sdk/include")).arg("-o").arg(&library);
    assert!(cc.arg(root.join("benches/plugins/noop.c")).status().expect("a C compiler named `cc`").success());
    library
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output is there");
}

//! Thousands of requests from one file: the command reads, seals and writes one line after the other. `QUIETUS_REQUESTS` makes it as many
//! as one likes (tests/long).

use std::fmt::Write as _;
use std::ops::Range;
use std::process::Command;

use crate::harness::{Away, Deployment, Server};
use crate::interop::python;

const REQUESTS: usize = 300;

/// The most that the command may have in memory at any time, whatever the number of lines: 100 MB, in KiB.
const MEMORY_MAX_KIB: u64 = 100_000_000 / 1024;

/// Runs the command and says the most that it had in memory, which nobody else knows once it has ended.
const MEASURED: &str = "import resource, subprocess, sys\n\
    code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)\n\
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n\
    sys.exit(code)\n";

/// Enters requests of these people from one file; returns the most that was in memory, in KiB.
#[track_caller]
fn enter(deployment: &Deployment, people: Range<usize>) -> u64 {
    let mut csv = "number,name,email,phone,came\n".to_owned();
    for person in people {
        writeln!(csv, "2026/{person},Jan Novák {person},person{person}@example.com,{},letter", 602_000_000 + person)
            .expect("written");
    }
    deployment.write("letters.csv", &csv);
    std::fs::remove_file(deployment.path("letters.csv.results.csv")).unwrap_or_default();
    let mut command = Command::new(python());
    command.args(["-c", MEASURED, env!("CARGO_BIN_EXE_quietus"), "--config"]).arg(deployment.path("quietus.toml"));
    let output = command.args(["requests", "new", "--csv"]).arg(deployment.path("letters.csv")).output();
    let output = output.expect("Python is there (tests/needs.sh)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}

#[test]
fn thousands_of_requests_from_a_file_take_no_more_than_a_few_in_memory() {
    let count = std::env::var("QUIETUS_REQUESTS").map_or(REQUESTS, |text| text.parse().expect("a number"));
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    assert!(Server::start(&deployment).stop().0.success());
    let few = REQUESTS / 10;
    let of_few = enter(&deployment, 0..few);
    let of_all = enter(&deployment, few..few + count);
    show(&format!("{few} requests from a file: {of_few} KiB at most; {count}: {of_all} KiB"));
    assert_eq!(deployment.count("SELECT count(*) FROM request"), i64::try_from(few + count).expect("a number"));
    for peak in [of_few, of_all] {
        assert!(peak < MEMORY_MAX_KIB, "{peak} KiB of {MEMORY_MAX_KIB}");
    }
}

#[expect(clippy::print_stderr, reason = "what was measured is what a run in tests/long is for")]
fn show(what: &str) {
    eprintln!("{what}");
}

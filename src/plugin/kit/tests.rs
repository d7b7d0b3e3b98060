//! The kit on real plugins: ones that pass everything, and one for each way to fail a check. A check that nothing makes
//! fail would be no check.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::keys::{Secret, SecretError, SecretRef};
use crate::plugin::installed::Installed;
use crate::plugin::tests::{Compiled, program};
use crate::subject::Kind;

/// Enough for most checks; not for what grows slowly.
const CALLS: u32 = 60;

/// What a plugin is tested with.
struct Trial {
    settings: Value,
    token: bool,
    calls: u32,
    /// Whether somebody is named who is there.
    person: bool,
    folder: TempDir,
}

impl Trial {
    /// `obedient.c`, compiled with these macros.
    fn obedient(library: &Path) -> Self {
        let folder = TempDir::new().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("changed");
        // What the plugin calls this person.
        let hash = b"ann@x.cz"
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        std::fs::write(folder.path().join(format!("{hash:016x}")), "Ann").expect("written");
        let config = json!({ "folder": folder.path(), "note": "x" });
        Self {
            settings: json!({ "name": "x", "library": library, "config": config }),
            token: true,
            calls: CALLS,
            person: true,
            folder,
        }
    }

    /// `spoken.c`.
    fn spoken(file: &Path) -> Self {
        let folder = TempDir::new().expect("a folder");
        Self { settings: json!({ "name": "x", "exec": file }), token: false, calls: CALLS, person: false, folder }
    }

    async fn run(self) -> Vec<Finding> {
        let mut settings: crate::plugin::PluginSettings = serde_json::from_value(self.settings).expect("settings");
        if self.token {
            settings.secrets.insert("token".into(), SecretRef::Env("X".into()));
        }
        let read = |_: &SecretRef| Ok::<_, SecretError>(Secret::new("hunter2-hunter2"));
        let installed = Installed::find(settings, Path::new("."), &read).expect("found");
        let named = self.person.then(|| (Kind::Email, Secret::new("ann@x.cz")));
        let identifiers = named.into_iter().collect();
        let subject = TestedPlugin { installed, program: program(), identifiers, region: None, calls: self.calls };
        let findings = conform(subject, &mut |_| {}).await;
        drop(self.folder);
        findings
    }
}

/// The checks that failed, with why.
fn failed(findings: &[Finding]) -> Vec<(&'static str, String)> {
    let why = |finding: &Finding| match &finding.verdict {
        Verdict::Failed { why, .. } => Some((finding.id, why.clone())),
        _ => None,
    };
    findings.iter().filter_map(why).collect()
}

/// With this macro, exactly these checks fail, the first of them for this reason.
async fn check(macros: &[&str], expected: &[&str], why: &str) {
    check_with(macros, expected, why, |_| {}).await;
}

async fn check_with(macros: &[&str], expected: &[&str], why: &str, change: impl FnOnce(&mut Trial)) {
    let compiled = Compiled::new("obedient.c", macros);
    let mut trial = Trial::obedient(&compiled.library);
    change(&mut trial);
    expect(macros, &trial.run().await, expected, why);
}

fn expect(macros: &[&str], findings: &[Finding], expected: &[&str], why: &str) {
    let failed = failed(findings);
    let ids: Vec<_> = failed.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, expected, "{macros:?}: {failed:#?}");
    assert!(failed[0].1.contains(why), "{macros:?}: {failed:#?}");
    // Nothing that the kit itself says is personal.
    let text = format!("{findings:?}");
    assert!(!text.contains("ann@x.cz") && !text.contains("hunter2"), "{macros:?}: {text}");
}

/// `spoken.c`, a program.
fn compile_program(macros: &[&str]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("changed");
    let file = folder.path().join("spoken");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/spoken.c");
    let mut cc = Command::new("cc");
    cc.args(["-Wall", "-Wextra", "-Werror"]).args(macros).arg("-o").arg(&file).arg(source);
    assert!(cc.status().expect("a C compiler named `cc`").success());
    (folder, file)
}

#[tokio::test]
async fn a_good_library_passes_everything() {
    let compiled = Compiled::new("obedient.c", &[]);
    let findings = Trial::obedient(&compiled.library).run().await;
    let other: Vec<_> = findings.iter().filter(|f| !matches!(f.verdict, Verdict::Passed { .. })).collect();
    // It does not tell of everybody whom its system holds; that it does not is no fault.
    let not_declared = |f: &&Finding| f.id.starts_with("sweep-") && matches!(f.verdict, Verdict::Skipped { .. });
    assert!(other.iter().all(not_declared), "{other:#?}");
    assert_eq!(other.len(), 3);
    let note = |id: &str| format!("{:?}", findings.iter().find(|f| f.id == id).expect("a check").verdict);
    assert!(note("dry-run-repeats").contains("`residual` (files: 1)"), "{}", note("dry-run-repeats"));
    assert!(note("erase-answers").contains("`erased` (files: 1)"), "{}", note("erase-answers"));
    let ids: std::collections::BTreeSet<_> = findings.iter().map(|finding| finding.id).collect();
    assert_eq!(ids.len(), findings.len(), "each id is there once");
    let plain = |id: &&str| id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && id.len() <= 29;
    assert!(ids.iter().all(plain), "{ids:?}");
}

#[tokio::test]
async fn a_plugin_that_never_looks_is_told_apart() {
    for macros in [&[][..], &["-DBOASTS"]] {
        let (_folder, file) = compile_program(macros);
        let findings = Trial { person: true, ..Trial::spoken(&file) }.run().await;
        expect(macros, &findings, &["somebody-found"], "nothing was ever found or erased of the person");
    }
}

#[tokio::test]
async fn a_good_program_passes_everything_that_it_can() {
    let (_folder, file) = compile_program(&[]);
    let findings = Trial::spoken(&file).run().await;
    assert_eq!(failed(&findings), []);
    let skipped = findings.iter().filter(|f| matches!(f.verdict, Verdict::Skipped { .. })).map(|f| f.id);
    let expected = [
        "file-entry",
        "file-glibc",
        "file-symbols",
        "config-missing-key",
        "config-missing-secret",
        "find-answers",
        "find-repeats",
        "sweep-answers",
        "sweep-pages",
        "dry-run-repeats",
        "dry-run-writes-nothing",
        "resume-refused",
        "resume-foreign",
        "resume-waits",
        "resume-continues",
        "sweep-after-erase",
        "calls-at-once",
        "later-host",
        "somebody-found",
        "says-no-secret",
    ];
    assert_eq!(skipped.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_file_that_cannot_be_loaded_is_told_why() {
    check(&["-DSYMBOL=another"], &["file-entry", "file-loads"], "exports no `quietus_plugin_entry_v1`").await;
    check(&["-DMISSES"], &["file-symbols", "file-loads"], "nobody provides quietus_kit_nowhere").await;
    check(&["-DDIES_LOADING"], &["file-loads"], "its process ended (signal 6)").await;
}

/// Changes the bytes of the library before it is tested.
async fn check_patched(change: impl FnOnce(&mut Vec<u8>), expected: &[&str], why: &str) {
    let compiled = Compiled::new("obedient.c", &[]);
    let mut bytes = std::fs::read(&compiled.library).expect("read");
    change(&mut bytes);
    std::fs::write(&compiled.library, bytes).expect("written");
    expect(&["patched"], &Trial::obedient(&compiled.library).run().await, expected, why);
}

#[tokio::test]
async fn a_file_for_another_machine_is_told_apart() {
    let machine = |bytes: &mut Vec<u8>| bytes[18..20].copy_from_slice(&243_u16.to_le_bytes());
    check_patched(machine, &["file-readable", "file-loads"], "it is made for RISC-V, this machine is").await;
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(100);
    check_patched(cut, &["file-readable", "file-loads"], "is a damaged ELF file").await;
    let newer = |bytes: &mut Vec<u8>| {
        let begin = b"GLIBC_2.";
        let at = bytes.windows(begin.len()).position(|window| window == begin).expect("it is linked to glibc");
        bytes[at + begin.len()..].iter_mut().take_while(|byte| **byte != 0).for_each(|byte| *byte = b'9');
    };
    check_patched(newer, &["file-glibc", "file-loads"], "it needs glibc 2.9").await;
}

#[tokio::test]
async fn a_file_that_is_no_program_is_told_apart() {
    let (folder, _) = compile_program(&[]);
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "no program").expect("written");
    assert_eq!((Form::of(&notes), Form::of(Path::new("/proc/self/exe"))), (Form::Exec, Form::Exec));
    let findings = Trial::spoken(&notes).run().await;
    assert_eq!(failed(&findings)[0], ("file-readable", format!("{} may not be executed", notes.display())));
    assert_eq!(failed(&findings)[1].0, "file-loads");
    assert_eq!(failed(&findings).len(), 2);
}

#[tokio::test]
async fn a_program_that_prints_is_told_where_to() {
    let folder = TempDir::new().expect("a folder");
    let loud = folder.path().join("loud.sh");
    std::fs::write(&loud, "#!/bin/sh\necho hello\n").expect("written");
    std::fs::set_permissions(&loud, std::fs::Permissions::from_mode(0o755)).expect("changed");
    let findings = Trial::spoken(&loud).run().await;
    let loads = findings.iter().find(|finding| finding.id == "file-loads").expect("a check");
    let Verdict::Failed { advice, .. } = &loads.verdict else { panic!("{loads:?}") };
    assert!(advice.contains("standard output carries frames only") && !advice.contains("libraries"), "{advice}");
}

#[tokio::test]
async fn configurations_are_refused_in_peace() {
    check(&["-DREFUSES"], &["config-accepted"], "class `needs_operator`: not today").await;
    check(&["-DTRUSTS_TYPES"], &["config-types"], "with a `folder` of another type, its process ended").await;
    check(&["-DANY_KEY"], &["config-unknown-key"], "neither the schema nor the plugin").await;
    check(&["-DTRUSTS_KEYS"], &["config-missing-key"], "without `folder`, its process ended").await;
    check(&["-DTRUSTS_TABLES"], &["config-empty"], "with null, its process ended").await;
    check(&["-DNEEDS_NO_TOKEN"], &["config-missing-secret"], "without `token` it says that it is ready").await;
    let quoted = "a value of the configuration (as it is) in an error";
    check(&["-DQUOTES"], &["config-refusals-quote-nothing"], quoted).await;
    let change = |trial: &mut Trial| trial.settings["config"]["note"] = json!(7);
    check_with(&[], &["config-fits"], "config.note", change).await;
}

#[tokio::test]
async fn answers_are_what_they_should_be() {
    check(&["-DSICK"], &["health-answers"], "class `retryable`: away").await;
    check(&["-DCOUNTS_ON"], &["dry-run-repeats"], "then `residual` (files: ").await;
    check(&["-DTOUCHES"], &["dry-run-writes-nothing"], "0 gone, 1 new, 0 changed").await;
    let typo = |trial: &mut Trial| trial.settings["config"]["folder"] = json!(trial.folder.path().join("typo"));
    check_with(&[], &["dry-run-writes-nothing"], "1 of the folders", typo).await;
    check(&["-DVAPORIZES"], &["erase-answers"], "its shape").await;
    check(&["-DCHANGES_ITS_MIND"], &["erase-again"], "first `erased` (files: 1), then `residual`").await;
    check(&["-DNEVER_SURE"], &["verify-after-erase"], "it says `residual`").await;
    check(&["-DERASES_EVERYBODY"], &["identifiers-missing"], "no identifier at all").await;
    check(&["-DFEARS_KINDS"], &["identifiers-undeclared"], "its process ended (signal 6)").await;
}

#[tokio::test]
async fn what_is_found_is_what_was_declared() {
    let undeclared = "of a kind that its manifest does not name in `returns`";
    check(&["-DTELLS_MORE"], &["find-answers", "find-repeats"], undeclared).await;
    check(&["-DCOUNTS_FINDS"], &["find-repeats"], "something else the second time").await;
}

#[tokio::test]
async fn what_is_stored_is_waited_for_and_begun_with() {
    check(&["-DGOES_ON"], &["resume-refused"], "answered with a result").await;
    check(&["-DFEARS_VALUES"], &["resume-foreign"], "its process ended (signal 6)").await;
    // What does not wait goes on when it is refused, too, and then finds nothing to go on with.
    let all = ["resume-refused", "resume-waits", "resume-continues"];
    check(&["-DRUSHES"], &all, "answered with a result").await;
    check(&["-DFORGETS"], &["resume-continues"], "and from what was stored `absent`").await;
}

#[tokio::test]
async fn what_strangers_type_is_survived_and_kept() {
    check(&["-DFEARS_SQL"], &["hostile-answered"], "during a call with SQL in `email`, its process ended").await;
    check(&["-DECHOES"], &["hostile-not-echoed"], "a hostile identifier (as it is) in a log line").await;
}

#[tokio::test]
async fn time_is_kept() {
    check(&["-DDEAF"], &["cancel-honoured"], "no answer within 2000 ms").await;
    check(&["-DLATE"], &["deadline-kept"], "no answer within 2000 ms").await;
    check(&["-DLONELY"], &["calls-at-once", "many-calls"], "its process ended (signal 6)").await;
}

#[tokio::test]
async fn what_grows_is_found() {
    let more = |trial: &mut Trial| trial.calls = 200;
    check_with(&["-DTIRES"], &["many-calls"], "its process ended (signal 6)", more).await;
    check_with(&["-DLEAKS_DESCRIPTORS"], &["no-descriptor-growth"], "at the start", more).await;
    check_with(&["-DLEAKS_MEMORY"], &["no-memory-growth"], "KiB more after 160 calls", more).await;
    let few = |trial: &mut Trial| trial.calls = 10;
    let compiled = Compiled::new("obedient.c", &["-DLEAKS_MEMORY"]);
    let mut trial = Trial::obedient(&compiled.library);
    few(&mut trial);
    let findings = trial.run().await;
    let skipped =
        findings.iter().filter(|f| matches!(f.verdict, Verdict::Skipped { .. }) && !f.id.starts_with("sweep-"));
    let skipped: Vec<_> = skipped.map(|f| f.id).collect();
    assert_eq!(skipped, ["many-calls", "no-descriptor-growth", "no-memory-growth"], "nothing is claimed of few calls");
}

#[tokio::test]
async fn the_end_is_an_end() {
    check(&["-DLINGERS"], &["shutdown-in-time"], "did not end within 2 s").await;
    check(&["-DENDS_BADLY"], &["shutdown-in-time"], "exit code 3").await;
}

#[tokio::test]
async fn what_is_said_is_heard() {
    check(&["-DTATTLES"], &["says-no-identifier"], "the identifier `email` (as it is) in its standard output").await;
    check(&["-DPRINTS_TOKEN"], &["says-no-secret"], "the secret `token` (as it is) in its standard error").await;
}

#[tokio::test]
async fn another_host_is_no_reason_to_refuse() {
    check(&["-DEXACT_HOST"], &["later-host", "earlier-host"], "class `needs_operator`").await;
}

#[tokio::test]
async fn a_program_that_keeps_the_protocol_badly_is_told_how() {
    for (name, expected, why) in [
        ("-DSTRICT", "unknown-fields", "its process ended (exit code"),
        ("-DPRETENDS", "unknown-messages", "as if it were known"),
        ("-DNERVOUS", "stray-messages", "its process ended (exit code"),
        ("-DLEAVES", "shutdown-leaves-nothing", "1 of its processes still live"),
    ] {
        let (_folder, file) = compile_program(&[name]);
        expect(&[name], &Trial::spoken(&file).run().await, &[expected], why);
    }
}

#[tokio::test]
async fn a_plugin_whose_every_answer_is_wrong_is_found_in_the_end() {
    let (_folder, file) = compile_program(&["-DMIXES"]);
    let failed = failed(&Trial::spoken(&file).run().await);
    assert!(failed.len() > 5 && failed[0].1.contains("it answered call 10"), "{failed:?}");
}

/// A system with an HTTP API in which everybody is gone once they were deleted.
async fn people(listener: tokio::net::TcpListener) {
    let deleted = std::sync::Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        tokio::spawn(serve_people(stream, deleted.clone()));
    }
}

async fn serve_people(
    mut stream: tokio::net::TcpStream,
    deleted: std::sync::Arc<std::sync::Mutex<std::collections::BTreeSet<String>>>,
) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = tokio::io::AsyncReadExt::read_u8(&mut stream).await else { return };
            head.push(byte);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = match head.split(' ').next() {
            _ if path == "/health" => "200 OK\r\nContent-Length: 13\r\n\r\n{\"account\":7}",
            Some("DELETE") if deleted.lock().expect("whole").insert(path) => "204 No Content\r\n\r\n",
            _ => "404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
        };
        let answer = format!("HTTP/1.1 {answer}");
        if tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn the_http_plugin_passes() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let config = json!({
        "base_url": format!("http://{}", listener.local_addr().expect("known")),
        "rate": 1000,
        "erase": [{ "name": "delete", "method": "DELETE", "url": "/people/{{email}}", "count": "people" }],
        "verify": [{ "name": "look", "method": "GET", "url": "/people/{{email}}" }],
        "health": { "name": "health", "method": "GET", "url": "/health", "items": "$.account" },
    });
    let server = tokio::spawn(people(listener));
    let folder = TempDir::new().expect("a folder");
    let settings = json!({ "name": "x", "library": "libhttp_purge.so", "config": config });
    let findings = Trial { settings, token: false, calls: 200, person: true, folder }.run().await;
    server.abort();
    assert_eq!(failed(&findings), []);
}

#[tokio::test]
async fn a_process_waits_for_a_debugger() {
    let compiled = Compiled::new("obedient.c", &[]);
    let settings = json!({ "name": "x", "library": compiled.library, "grants": ["email"],
        "config": { "folder": "/tmp" }, "secrets": { "token": { "env": "X" } } });
    let settings = serde_json::from_value(settings).expect("settings");
    let read = |_: &SecretRef| Ok::<_, SecretError>(Secret::new("x"));
    let installed = Installed::find(settings, Path::new("."), &read).expect("found");
    // Known to reach its folder, it is started once.
    let subject = TestedPlugin { installed, program: program(), identifiers: Vec::new(), region: None, calls: 0 };
    introduce(&subject).await.expect("introduced");
    let (installed, mut awaiting) = subject.installed.for_debugger();
    let host = crate::plugin::PluginHost::new(installed, program());
    let shutdown = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(host.clone().run(shutdown.clone()));
    let process = awaiting.wait_for(Option::is_some).await.expect("told").expect("there is one");
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it lives");
    assert!(status.contains("\nTracerPid:\t0\n"), "{status}");
    assert_eq!(host.state(), crate::plugin::PluginState::Starting);
    attach(process);
    let started = tokio::time::timeout(std::time::Duration::from_secs(20), host.started());
    let state = started.await.expect("in time");
    assert!(matches!(state, crate::plugin::PluginState::Up(_)), "{state:?}");
    shutdown.cancel();
    running.await.expect("it ends");
}

/// Attaches as a debugger does, and lets the process run.
#[expect(unsafe_code, reason = "there is no safe function for it")]
fn attach(process: u32) {
    let process = libc::pid_t::try_from(process).expect("a process id");
    // SAFETY: nothing of this process is touched.
    assert_eq!(unsafe { libc::ptrace(libc::PTRACE_SEIZE, process, 0, 0) }, 0, "not attached");
}

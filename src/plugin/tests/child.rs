//! The child alone, spoken to over a socket.

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};

use quietus_plugin::protocol::{HostMessage, PluginMessage, Sensitive, encode};
use quietus_plugin::{ErrorClass, Identifier, Request, Scope};

use crate::plugin::frame::read_frame_blocking;
use crate::plugin::launch::{Code, Confined, Debugger, Launch, Level, Limits, Permissions, Prepared};

use super::*;

struct Raw {
    process: Child,
    socket: UnixStream,
}

impl Raw {
    /// Past the launch.
    fn start(library: &Path) -> Self {
        let mut raw = Self::launch(&launch(Code::Library { file: library.to_owned() }));
        let Prepared::Hashed { sha256, .. } = raw.prepared() else { panic!("not hashed") };
        assert_eq!(sha256.len(), 64);
        raw.socket.write_all(&encode(&Permissions::default()).expect("fits")).expect("written");
        let confined = serde_json::from_slice(&raw.frame()).expect("an answer");
        assert!(matches!(confined, Confined::Entered { level, .. } if level >= Level::Basic), "{confined:?}");
        raw
    }

    fn launch(launch: &Launch) -> Self {
        let (socket, theirs) = UnixStream::pair().expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        let mut command = Command::new(std::env::current_exe().expect("known"));
        command.args([CHILD, "--exact", "wayward"]).env_clear();
        command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let process = command.spawn().expect("it starts");
        let mut raw = Self { process, socket };
        raw.socket.write_all(&encode(launch).expect("fits")).expect("written");
        raw
    }

    fn prepared(&mut self) -> Prepared {
        serde_json::from_slice(&self.frame()).expect("an answer")
    }

    /// Through hello and configure.
    fn ready() -> Self {
        let wayward = Compiled::wayward();
        let mut raw = Self::start(&wayward.library);
        raw.send(&hello());
        assert!(matches!(raw.receive(), PluginMessage::Hello { .. }));
        raw.send(&HostMessage::Configure { config: serde_json::json!({}), secrets: Default::default() });
        assert!(matches!(raw.receive(), PluginMessage::Ready));
        raw
    }

    fn send(&mut self, message: &HostMessage) {
        self.socket.write_all(&encode(message).expect("fits")).expect("written");
    }

    fn receive(&mut self) -> PluginMessage {
        PluginMessage::decode(&self.frame()).expect("a message")
    }

    fn frame(&mut self) -> Vec<u8> {
        read_frame_blocking(&mut self.socket).expect("a message").to_vec()
    }

    fn erase(&mut self, id: u64, name: &str) {
        let identifiers = vec![Identifier { kind: "name".into(), value: Sensitive::new(name) }];
        let request = Request {
            erasure: "e".into(),
            idempotency_key: "k".into(),
            scope: Scope::Person,
            dry_run: false,
            identifiers,
            report: None,
            region: None,
            resume: None,
        };
        self.send(&HostMessage::Erase { id, timeout_ms: 10_000, request });
    }
}

fn hello() -> HostMessage {
    HostMessage::Hello { protocol: 1, minor: 1, features: Vec::new() }
}

fn launch(code: Code) -> Launch {
    Launch {
        code,
        sha256: None,
        limits: Limits::default(),
        sandbox: Some(Level::Basic),
        cgroup: None,
        debugger: Debugger::None,
        host: Default::default(),
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The error that a child gives instead of its hello.
#[track_caller]
fn refusal(library: &Path) -> String {
    let mut raw = Raw::start(library);
    raw.send(&hello());
    let PluginMessage::Error { id: None, error } = raw.receive() else { panic!("not refused") };
    assert_eq!(error.class, ErrorClass::NeedsOperator);
    error.message
}

#[test]
fn the_end_of_the_socket_ends_the_child_even_while_the_plugin_hangs() {
    let mut raw = Raw::ready();
    raw.erase(1, "hang");
    raw.socket.shutdown(std::net::Shutdown::Both).expect("shut");
    eventually("the child ends", || raw.process.try_wait().expect("known").is_some());
}

#[test]
fn a_library_starts_no_process() {
    let mut raw = Raw::ready();
    raw.erase(1, "fork");
    let PluginMessage::Result { id: 1, result } = raw.receive() else { panic!("no result") };
    assert_eq!(result["outcome"], "absent", "none was started");
}

#[test]
fn a_bad_configuration_still_shows_the_manifest() {
    let wayward = Compiled::wayward();
    let mut raw = Raw::start(&wayward.library);
    raw.send(&hello());
    let PluginMessage::Hello { manifest, facts, .. } = raw.receive() else { panic!("no hello") };
    assert_eq!((manifest.name.as_str(), facts["abi"].as_str()), ("wayward", "1.1"));
    raw.send(&HostMessage::Configure { config: serde_json::json!({ "mood": "bad" }), secrets: Default::default() });
    let PluginMessage::Error { id: None, error } = raw.receive() else { panic!("not refused") };
    assert_eq!((error.class, error.message.as_str()), (ErrorClass::Permanent, "in a bad mood, hunter2"));
}

#[test]
fn what_is_no_plugin_is_refused_by_name() {
    let folder = TempDir::new().expect("a folder");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a library").expect("written");
    assert!(refusal(&text).contains("notes.txt: dlopen failed: this file: "), "{}", refusal(&text));
    let mut raw = Raw::launch(&launch(Code::Library { file: folder.path().join("none.so") }));
    let Prepared::Refused { why } = raw.prepared() else { panic!("not refused") };
    assert!(why.contains("none.so: No such file"), "{why}");
    let other = Compiled::new("wayward.c", &["-DSYMBOL=another_entry"]);
    assert!(refusal(&other.library).contains("no symbol `quietus_plugin_entry_v1`"));
    let other = Compiled::new("wayward.c", &["-DMAGIC=7"]);
    assert!(refusal(&other.library).contains("begins with 0x00000007"));
    let other = Compiled::new("wayward.c", &["-DMAJOR=2"]);
    assert!(refusal(&other.library).contains("ABI version 2"));
}

#[test]
fn a_call_is_answered_exactly_once() {
    let mut raw = Raw::ready();
    raw.erase(1, "silent");
    let PluginMessage::Error { id: Some(1), error } = raw.receive() else { panic!("not an error") };
    assert_eq!((error.class, error.message.as_str()), (ErrorClass::Protocol, "the plugin gave no answer"));

    raw.erase(2, "twice");
    let PluginMessage::Result { id: 2, result } = raw.receive() else { panic!("no result") };
    assert_eq!(result["counts"]["first"], 1);
    let PluginMessage::Log { id: Some(2), .. } = raw.receive() else { panic!("not logged") };

    for (id, name) in [(3, "nonsense"), (4, "huge")] {
        raw.erase(id, name);
        let PluginMessage::Error { id: answered, error } = raw.receive() else { panic!("not an error") };
        assert_eq!((answered, error.class), (Some(id), ErrorClass::Protocol));
    }
}

#[test]
fn calls_run_side_by_side_and_one_can_be_cancelled() {
    let mut raw = Raw::ready();
    raw.erase(1, "wait");
    assert!(matches!(raw.receive(), PluginMessage::Log { id: Some(1), .. }));
    raw.erase(2, "ann");
    assert!(matches!(raw.receive(), PluginMessage::Result { id: 2, .. }));
    raw.send(&HostMessage::Cancel { id: 1 });
    let PluginMessage::Error { id: Some(1), error } = raw.receive() else { panic!("not cancelled") };
    assert_eq!(error.class, ErrorClass::Cancelled);
}

#[test]
fn an_unknown_message_is_unsupported_and_shutdown_ends_in_peace() {
    let mut raw = Raw::ready();
    let body = br#"{"type":"dance","id":9}"#;
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.extend(body);
    raw.socket.write_all(&frame).expect("written");
    let PluginMessage::Unsupported { id: Some(9), what } = raw.receive() else { panic!("supported") };
    assert_eq!(what, "dance");
    raw.send(&HostMessage::Shutdown);
    assert!(raw.process.wait().expect("it ends").success());
}

#[test]
fn another_file_than_the_pinned_one_is_refused() {
    let wayward = Compiled::wayward();
    let file = wayward.library.clone();
    let hash =
        |file: &Path| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(std::fs::read(file).expect("readable")));
    let pinned = Launch { sha256: Some(hash(&file).to_uppercase()), ..launch(Code::Library { file: file.clone() }) };
    assert!(matches!(Raw::launch(&pinned).prepared(), Prepared::Hashed { .. }));
    let other = Launch { sha256: Some("ab".repeat(32)), ..pinned };
    let Prepared::Refused { why } = Raw::launch(&other).prepared() else { panic!("not refused") };
    assert!(why.contains(&hash(&file)) && why.contains("`sha256`"), "{why}");
}

//! The plugins in `plugins/examples` that are not written in Rust: their own tests, and what the host says to the
//! programs among them, on one socket that is their standard input and output.

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use quietus_plugin::protocol::{HostMessage, PROTOCOL, PROTOCOL_MINOR, PluginMessage, body_len, encode};
use quietus_plugin::{Answer, ErrorClass, Manifest, Operation, Request};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)
}

/// A new, empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("writable");
    folder
}

#[track_caller]
fn passes(command: &mut Command) {
    let output = command.output().expect("it runs");
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{command:?}: {said}");
}

#[test]
fn the_plugin_in_c_builds_and_passes_its_tests() {
    let out = format!("OUT={}", folder("example-c").display());
    passes(Command::new("make").arg("-C").arg(example("c")).arg(&out));
    passes(Command::new("make").arg("-C").arg(example("c")).args([&out, "test"]));
}

#[test]
fn the_plugin_in_python_passes_its_tests() {
    passes(Command::new("python3").args(["-B", "-m", "unittest"]).current_dir(example("python")));
}

#[test]
fn the_plugin_in_node_passes_its_tests() {
    passes(Command::new("node").arg("--test").current_dir(example("node")));
}

#[test]
fn the_plugin_in_python_speaks_the_protocol() {
    // One file, as it is configured.
    let packed = folder("example-python").join("plugin.pyz");
    let mut zipapp = Command::new("python3");
    zipapp.args(["-m", "zipapp", "-p", "/usr/bin/env python3", "-o"]).arg(&packed).arg(example("python/src"));
    passes(&mut zipapp);
    converse(&packed, "python", &[]);
}

#[test]
fn the_plugin_in_node_speaks_the_protocol() {
    converse(&example("node/plugin.mjs"), "node", &["deleted 1 files"]);
}

/// A program and the host's end of its socket.
struct Program {
    child: Child,
    socket: UnixStream,
}

impl Program {
    fn start(program: &Path) -> Self {
        let (socket, theirs) = UnixStream::pair().expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let input = Stdio::from(OwnedFd::from(theirs.try_clone().expect("a second descriptor")));
        let mut command = Command::new(program);
        command.stdin(input).stdout(OwnedFd::from(theirs)).stderr(Stdio::piped());
        Self { child: command.spawn().expect("it is executable"), socket }
    }

    fn say(&mut self, message: &HostMessage) {
        self.say_json(&serde_json::to_value(message).expect("JSON"));
    }

    fn say_json(&mut self, message: &serde_json::Value) {
        self.socket.write_all(&encode(message).expect("fits")).expect("it reads");
    }

    fn hear(&mut self) -> PluginMessage {
        let mut header = [0; 4];
        self.socket.read_exact(&mut header).expect("an answer in time");
        let mut body = vec![0; body_len(header).expect("a length")];
        self.socket.read_exact(&mut body).expect("a whole answer");
        PluginMessage::decode(&body).expect("a message")
    }

    /// The answer to a call, with the lines before it.
    fn call(&mut self, message: &HostMessage) -> (Vec<String>, PluginMessage) {
        self.say(message);
        let mut lines = Vec::new();
        loop {
            match self.hear() {
                PluginMessage::Log { id: Some(7), text, .. } => lines.push(text),
                answer => return (lines, answer),
            }
        }
    }

    /// What it wrote to its standard error, after its end.
    fn ended(self) -> String {
        let Self { child, socket } = self;
        drop(socket);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", output.status);
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

#[track_caller]
fn answered((lines, answer): (Vec<String>, PluginMessage), expected: &Answer) -> Vec<String> {
    let PluginMessage::Result { id: 7, result } = answer else { panic!("{answer:?}") };
    assert_eq!(serde_json::from_value::<Answer>(result).expect("an answer"), *expected);
    lines
}

/// `logged` is what it logs when it erases.
fn converse(program: &Path, name: &str, logged: &[&str]) {
    let mut program = Program::start(program);
    program.say(&HostMessage::Hello { protocol: PROTOCOL, minor: PROTOCOL_MINOR, features: Vec::new() });
    let PluginMessage::Hello { protocol: PROTOCOL, manifest, .. } = program.hear() else { panic!("no hello") };
    check(&manifest);

    let folder = folder(&format!("guests-of-{name}"));
    let config = serde_json::json!({ "folder": folder });
    program.say(&HostMessage::Configure { config, secrets: Default::default() });
    assert!(matches!(program.hear(), PluginMessage::Ready));

    for guest in ["g-4711", "other"] {
        std::fs::write(folder.join(format!("{guest}.json")), "{}").expect("writable");
    }
    let request = Request::from([("guest_id", "g-4711"), ("guest_id", "../other"), ("email", "other")]);
    let dry = Request { dry_run: true, ..request.clone() };
    let timeout_ms = 20_000;
    let erase = |request: &Request| HostMessage::Erase { id: 7, timeout_ms, request: request.clone() };
    let verify = HostMessage::Verify { id: 7, timeout_ms, request: request.clone() };
    assert!(answered(program.call(&erase(&dry)), &Answer::residual().count("files", 1)).is_empty());
    answered(program.call(&verify), &Answer::residual().count("files", 1));
    let lines = answered(program.call(&erase(&request)), &Answer::erased().count("files", 1));
    assert_eq!(lines, logged);
    answered(program.call(&erase(&request)), &Answer::absent());
    answered(program.call(&verify), &Answer::absent());
    assert!(folder.join("other.json").exists());

    let (_, answer) = program.call(&HostMessage::Erase { id: 7, timeout_ms: 0, request });
    let PluginMessage::Error { id: Some(7), error } = answer else { panic!("{answer:?}") };
    assert_eq!(error.class, ErrorClass::Cancelled);
    let (_, answer) = program.call(&HostMessage::Health { id: 7, timeout_ms });
    assert!(matches!(answer, PluginMessage::Result { id: 7, result } if result == serde_json::json!({})));

    program.say_json(&serde_json::json!({ "type": "dance", "id": 9, "steps": [] }));
    assert!(matches!(program.hear(), PluginMessage::Unsupported { id: Some(9), what } if what == "dance"));
    program.say(&HostMessage::Cancel { id: 8 });
    program.say(&HostMessage::Shutdown);
    assert_eq!(program.ended(), "");
}

fn check(manifest: &Manifest) {
    assert_eq!(manifest.identifiers.required, ["guest_id"]);
    assert_eq!(manifest.writes_from, ["/folder"]);
    for operation in [Operation::Erase, Operation::Verify, Operation::Health, Operation::DryRun] {
        assert!(manifest.can(&operation), "{operation:?}");
    }
    assert_eq!(manifest.config_schema["required"], serde_json::json!(["folder"]));
}

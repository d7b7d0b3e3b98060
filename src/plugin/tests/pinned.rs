//! Which files of a program run: those that are pinned, and none that others can change.

use serde_json::json;

use super::exec::wayward;
use super::supervisor::Running;
use super::*;

#[tokio::test]
async fn a_pinned_program_is_executed_as_it_was_hashed() {
    let program = Path::new("/bin/true");
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(std::fs::read(program).expect("readable")));
    let running = Running::with(wayward(json!({ "exec": program, "sha256": hash })), None).await;
    let PluginState::Restarting(why) = running.host.state() else { panic!("{:?}", running.host.state()) };
    assert!(why.contains("its process ended"), "it ran: {why}");
    running.stop().await;
    let running = Running::with(wayward(json!({ "exec": program, "sha256": "ab".repeat(32) })), None).await;
    let PluginState::Failed(why) = running.host.state() else { panic!("{:?}", running.host.state()) };
    assert!(why.contains("is wanted (`sha256`)"), "{why}");
    running.stop().await;
}

/// A copy of `wayward.py` that somebody else runs.
fn script(folder: &Path, interpreter: &str) -> PathBuf {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/wayward.py"));
    let (_, body) = text.as_deref().expect("there").split_once('\n').expect("a first line");
    let file = folder.join("plugin.py");
    std::fs::write(&file, format!("#!{interpreter}\n{body}")).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("ours");
    file
}

fn hash(file: &Path) -> String {
    hex::encode(<sha2::Sha256 as sha2::Digest>::digest(std::fs::read(file).expect("readable")))
}

#[tokio::test]
async fn a_pinned_script_is_run_from_the_copy_that_was_hashed() {
    let folder = TempDir::new().expect("a folder");
    let file = script(folder.path(), "/usr/bin/env python3");
    let running = Running::with(wayward(json!({ "exec": file, "sha256": hash(&file) })), None).await;
    let PluginState::Up(info) = running.host.state() else { panic!("{:?}", running.host.state()) };
    assert_eq!((running.number("file").await, info.doubts), (1, Vec::new()));
    running.stop().await;
    let running = Running::with(wayward(json!({ "exec": file })), None).await;
    assert_eq!(running.number("file").await, 0, "what is not pinned is where it is");
    running.stop().await;
}

#[tokio::test]
async fn where_a_pin_cannot_hold_it_is_said() {
    let folder = TempDir::new().expect("a folder");
    let other = folder.path().join("other");
    std::os::unix::fs::symlink("/bin/sh", &other).expect("made");
    // What it is called is what counts: nobody knows how it finds what it runs.
    let file = script(folder.path(), &other.display().to_string());
    let text = std::fs::read_to_string(&file).expect("there");
    let body = format!("#!{}\nexec python3 {:?}\n", other.display(), folder.path().join("body.py"));
    std::fs::write(folder.path().join("body.py"), text).expect("written");
    std::fs::write(&file, body).expect("written");
    let settings = json!({ "exec": file, "sha256": hash(&file), "reads": [folder.path()] });
    let running = Running::with(wayward(settings), None).await;
    let PluginState::Up(info) = running.host.state() else { panic!("{:?}", running.host.state()) };
    assert!(info.doubts.iter().any(|doubt| doubt.contains("cannot hold: `other` reads the file again")), "{info:?}");
    running.stop().await;
}

fn set(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
}

async fn refused(more: serde_json::Value, expected: &str) {
    let running = Running::with(wayward(more.clone()), None).await;
    let PluginState::Failed(why) = running.host.state() else { panic!("{more}: {:?}", running.host.state()) };
    assert!(why.contains(expected), "{more}: {why}");
    running.stop().await;
}

#[tokio::test]
async fn a_file_that_others_may_write_to_is_refused() {
    let above = TempDir::new().expect("a folder");
    let folder = above.path().join("plugins");
    std::fs::create_dir(&folder).expect("made");
    let file = script(&folder, "/usr/bin/env python3");
    let plugin = json!({ "exec": file });
    set(&file, 0o757);
    refused(plugin.clone(), "writable by every user").await;
    set(&file, 0o755);
    for place in [&*folder, above.path()] {
        set(place, 0o777);
        refused(plugin.clone(), &format!("{} is writable by every user", place.display())).await;
        set(place, 0o755);
    }
    // As `/tmp` is: there, nobody replaces what is another's.
    set(&folder, 0o1777);
    set(&file, 0o775);
    let running = Running::with(wayward(plugin.clone()), None).await;
    assert!(matches!(running.host.state(), PluginState::Up(_)), "the server's own group: {:?}", running.host.state());
    running.stop().await;
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&file, None, Some(65534)).expect("root may");
        set(&file, 0o775);
        refused(plugin.clone(), "writable by the group 65534").await;
        set(&file, 0o755);
        std::os::unix::fs::chown(&folder, None, Some(65534)).expect("root may");
        set(&folder, 0o775);
        refused(plugin, &format!("{} is writable by the group 65534", folder.display())).await;
    }
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting_for_anybody() {
    let folder = TempDir::new().expect("a folder");
    let pipe = folder.path().join("pipe");
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).expect("made");
    assert_eq!(Form::of(&pipe), Form::Exec);
    for (file, what) in [(&*pipe, "a pipe"), (folder.path(), "a folder")] {
        let refused = Installed::find(wayward(json!({ "exec": file })), Path::new("."), &super::supervisor::read).err();
        let why = refused.map(|refused| refused.why).unwrap_or_default();
        assert!(why.contains(&format!("is {what}; a plugin is a regular file")), "{why}");
    }
}

/// A pin is that of one file, and what its first line has run is another one.
#[tokio::test]
async fn what_a_first_line_names_is_held_to_the_same_and_is_not_what_is_pinned() {
    let folder = TempDir::new().expect("a folder");
    let real = script(folder.path(), "/usr/bin/env python3");
    let pinned = folder.path().join("pinned.py");
    for line in ["/usr/bin/python3 ", "/usr/bin/env -S /usr/bin/python3 -B ", "/usr/bin/env -S LANG=C python3 "] {
        std::fs::write(&pinned, format!("#!{line}{}\n", real.display())).expect("written");
        set(&pinned, 0o755);
        let settings = json!({ "exec": pinned, "sha256": hash(&pinned), "reads": [folder.path()] });
        let running = Running::with(wayward(settings.clone()), None).await;
        let doubts = running.info().doubts;
        for said in [&*format!("alone, and not of {}", real.display()), "the pin (`sha256`) cannot hold"] {
            assert!(doubts.iter().any(|doubt| doubt.contains(said)), "{line}: {doubts:?}");
        }
        running.stop().await;
        set(&real, 0o777);
        refused(settings, &format!("{} is writable by every user", real.display())).await;
        set(&real, 0o755);
    }
    std::fs::write(&pinned, "#!/usr/bin/env -S PATH=/tmp python3\n").expect("written");
    refused(json!({ "exec": pinned }), "sets `PATH`").await;
}

/// What runs in the end is what counts, however it is named: as an argument, as an interpreter, by a link.
#[tokio::test]
async fn whatever_a_plugin_runs_is_held_to_the_same() {
    let (folder, others) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let file = script(folder.path(), "/usr/bin/env python3");
    let python = Path::new("/usr/bin/python3");
    let packed = folder.path().join("packed");
    std::fs::create_dir(&packed).expect("made");
    std::fs::copy(&file, packed.join("__main__.py")).expect("copied");
    let by = |args: serde_json::Value| json!({ "exec": python, "args": args, "reads": [folder.path()] });
    for (written, args) in [
        (&file, json!([file])),
        (&file, json!([format!("--script={}", file.display())])),
        (&file, json!([format!("-r{}", file.display())])),
        (&file, json!([format!("--a=b={},/x", file.display())])),
        (&packed.join("__main__.py"), json!(["-B", packed])),
    ] {
        set(written, 0o777);
        refused(by(args), &format!("{} is writable by every user", written.display())).await;
        set(written, 0o755);
    }
    let link = others.path().join("plugin.py");
    std::os::unix::fs::symlink(&file, &link).expect("made");
    set(others.path(), 0o777);
    refused(json!({ "exec": link }), "writable by every user").await;
    let interpreter = others.path().join("python3");
    std::fs::copy("/bin/sh", &interpreter).expect("copied");
    let file = script(folder.path(), &interpreter.display().to_string());
    refused(json!({ "exec": file }), "writable by every user").await;
    // By links that nobody would look at: that of the interpreter, and that of the plugin.
    let by_all = format!("{} is writable by every user", others.path().display());
    std::fs::remove_file(&interpreter).expect("there");
    std::os::unix::fs::symlink(python, &interpreter).expect("made");
    std::os::unix::fs::symlink(&interpreter, folder.path().join("python3")).expect("made");
    let file = script(folder.path(), &folder.path().join("python3").display().to_string());
    refused(json!({ "exec": file }), &by_all).await;
    std::os::unix::fs::symlink(&link, folder.path().join("linked.py")).expect("made");
    refused(json!({ "exec": folder.path().join("linked.py") }), &by_all).await;

    let file = script(folder.path(), "/usr/bin/env python3");
    let pinned = json!({ "exec": python, "sha256": hash(python), "args": ["-B", file], "reads": [folder.path()] });
    let running = Running::with(wayward(pinned), None).await;
    let doubts = running.info().doubts;
    let not_pinned = format!("alone, and not of {}", file.display());
    assert!(doubts.iter().any(|doubt| doubt.contains(&not_pinned)), "{doubts:?}");
    running.stop().await;
    let running = Running::with(wayward(json!({ "args": ["--none=1", "/dev/null"] })), None).await;
    assert_eq!(running.info().doubts, [""; 0], "what is no file is nobody's");
    running.stop().await;
}

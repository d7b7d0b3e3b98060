//! Links, pipes and sockets in place of files, and processes that swap folders for links meanwhile.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};

use super::*;

#[test]
fn a_link_in_place_of_a_file_is_refused_or_itself_removed_and_never_followed() {
    let root = Root::new();
    let secret = root.secret();
    symlink(&secret, root.path().join("4711.wav")).expect("linked");
    let careful = root.plugin(json!({}));
    fails(careful.erase(session("4711")), ErrorClass::Permanent, "a symbolic link stands in place of a file");
    fails(careful.dry_run(session("4711")), ErrorClass::Permanent, "a symbolic link");
    assert_eq!(careful.verify(session("4711")), Ok(Answer::residual().count("links", 1)));
    for mode in ["delete", "overwrite", "empty"] {
        let plugin = root.plugin(json!({ "others": "remove", "mode": mode }));
        assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("links", 1)), "{mode}");
        assert_eq!(root.all(), Vec::<String>::new());
        assert_eq!(std::fs::read_to_string(&secret).expect("there"), "somebody else's");
        symlink(&secret, root.path().join("4711.wav")).expect("linked");
    }
    std::fs::remove_file(root.path().join("4711.wav")).expect("removed");
    symlink("/nowhere", root.path().join("4711.wav")).expect("linked");
    let plugin = root.plugin(json!({ "others": "remove" }));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("links", 1)), "it leads nowhere");
}

#[test]
fn no_folder_on_the_way_is_entered_through_a_link() {
    let root = Root::new();
    root.file("real/4711.wav");
    std::fs::create_dir(root.outside.path().join("other")).expect("made");
    std::fs::write(root.outside.path().join("other/4711.wav"), "somebody else's").expect("written");
    symlink("../other", root.path().join("link")).expect("linked");
    symlink("real", root.path().join("inner")).expect("linked");
    for path in ["link/{session_id}.wav", "inner/{session_id}.wav"] {
        let plugin = root.plugin(json!({ "path": path, "others": "remove" }));
        fails(plugin.erase(session("4711")), ErrorClass::NeedsOperator, "a symbolic link stands in its place");
        fails(plugin.verify(session("4711")), ErrorClass::NeedsOperator, "a symbolic link stands in its place");
    }
    // In place of one person's folder, it is that person's matter.
    symlink("../other", root.path().join("0815")).expect("linked");
    let plugin = root.plugin(json!({ "path": "{guest_id}/4711.wav" }));
    fails(plugin.erase([("guest_id", "0815")]), ErrorClass::Permanent, "a symbolic link stands in its place");
    // Among many, it is passed over.
    let plugin = root.plugin(json!({ "path": "*/{session_id}.wav" }));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 1)));
    assert!(root.outside.path().join("other/4711.wav").exists());
    assert_eq!(root.all(), ["0815", "inner", "link", "real"]);
}

#[test]
fn a_link_within_a_folder_goes_and_what_it_leads_to_stays() {
    let root = Root::new();
    let secret = root.secret();
    root.file("4711/a.wav");
    symlink(root.outside.path(), root.path().join("4711/out")).expect("linked");
    let settings = json!({ "path": "{session_id}", "recursive": true });
    fails(root.plugin(settings.clone()).erase(session("4711")), ErrorClass::Permanent, "a symbolic link");
    assert!(root.path().join("4711/a.wav").exists(), "nothing is half done");
    let plugin = root.plugin(with(settings, json!({ "others": "remove" })));
    let erased = Answer::erased().count("files", 1).count("folders", 1).count("links", 1);
    assert_eq!(plugin.erase(session("4711")), Ok(erased));
    assert!(secret.exists());
}

#[test]
fn the_root_may_be_reached_through_the_operators_own_link() {
    let root = Root::new();
    root.file("4711.wav");
    let link = root.outside.path().join("link");
    symlink("root", &link).expect("linked");
    let plugin = root.plugin(json!({ "root": link }));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 1)));
}

#[test]
fn pipes_and_sockets_are_never_opened() {
    let root = Root::new();
    let pipe = |name: &str| {
        mknodat(CWD, root.path().join(name), FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a pipe");
    };
    pipe("1.wav");
    let socket = UnixListener::bind(root.path().join("2.wav")).expect("a socket");
    for mode in ["delete", "overwrite", "empty"] {
        let plugin = root.plugin(json!({ "mode": mode }));
        for id in ["1", "2"] {
            fails(plugin.erase(session(id)), ErrorClass::Permanent, "a pipe, a socket or a device");
        }
    }
    let plugin = root.plugin(json!({ "others": "remove", "mode": "overwrite" }));
    for id in ["1", "2"] {
        let request = Request { idempotency_key: id.into(), ..session(id) };
        assert_eq!(plugin.erase(request), Ok(Answer::erased().count("special files", 1)), "{id}");
    }
    assert_eq!(root.all(), Vec::<String>::new());
    drop(socket);
}

/// While a folder is swapped for a link to somebody else's and back, thousands of times.
#[test]
fn a_folder_that_is_swapped_for_a_link_meanwhile_leads_nowhere() {
    const ROUNDS: usize = 300;
    let root = Root::new();
    let other = root.outside.path().join("other");
    std::fs::create_dir(&other).expect("made");
    std::fs::create_dir(root.path().join("dir")).expect("made");
    symlink(&other, root.path().join("swap")).expect("linked");
    let plugin = root.plugin(json!({ "path": "dir/{session_id}", "recursive": true, "others": "remove" }));
    let over = AtomicBool::new(false);
    let erased = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let one = root.path().join("dir");
                let two = root.path().join("swap");
                renameat_with(CWD, one, CWD, two, RenameFlags::EXCHANGE).expect("swapped");
            }
        });
        let mut erased = 0;
        for round in 0..ROUNDS {
            // In the folder itself, wherever it is by now; and the same name where the link leads.
            let id = format!("s{round}");
            std::fs::create_dir_all(other.join(&id)).expect("made");
            std::fs::write(other.join(&id).join("a"), "somebody else's").expect("written");
            for name in ["dir", "swap"] {
                let own = root.path().join(name);
                if own.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                    let _ =
                        std::fs::create_dir(own.join(&id)).and_then(|()| std::fs::write(own.join(&id).join("a"), "x"));
                }
            }
            let request = Request { idempotency_key: id.clone(), ..session(&id) };
            erased += plugin.erase(request).map_or(0, |answer| answer.counts.get("files").copied().unwrap_or(0));
        }
        over.store(true, Ordering::Relaxed);
        erased
    });
    let left = std::fs::read_dir(&other)
        .expect("there")
        .filter(|entry| entry.as_ref().expect("read").path().join("a").exists());
    assert_eq!(left.count(), ROUNDS, "somebody else's files all stay");
    assert!(erased <= ROUNDS as u64);
}

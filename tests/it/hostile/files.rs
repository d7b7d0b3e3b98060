//! What happens to a plugin's file while it runs, and what becomes of the plugin.

use std::path::Path;

use super::compiled::Compiled;
use super::processes::signal;
use super::trial::{Fate, Hostile, Trial, User};
use crate::harness::wait_for;

/// Puts a file at a place as a careful installer does.
fn put(file: &Path, place: &Path) {
    let new = place.with_extension("new");
    std::fs::copy(file, &new).expect("the folder is writable");
    std::fs::rename(new, place).expect("the folder is writable");
}

/// Has the plugin's process killed; the next one has to read the file.
#[track_caller]
fn kill(trial: &Trial, name: &str) -> u32 {
    let running = trial.up(name);
    signal(&running.to_string(), "KILL");
    wait_for("its end to be seen", || (trial.process(name) != Some(running)).then_some(()));
    running
}

#[track_caller]
fn erases(trial: &Trial, name: &str, n: i64) {
    let session = trial.person(trial.number(name), "good", n);
    assert_eq!(trial.outcome(session, name)["outcome"], "erased", "{name}");
}

#[test]
fn a_file_that_is_gone_or_written_over_harms_no_plugin_that_runs_and_the_next_one_says_what_is_wrong() {
    for user in User::all() {
        let compiled = Compiled::new();
        let place = |name: &str| {
            let place = compiled.path(&format!("{name}.so"));
            put(&compiled.library(), &place);
            Hostile::library("good", &place, Fate::Erases).named(name)
        };
        let trial = Trial::start_as(user, vec![place("gone"), place("emptied"), place("scribbled")]);
        let running = ["gone", "emptied", "scribbled"].map(|name| trial.up(name));
        std::fs::remove_file(compiled.path("gone.so")).expect("it was there");
        // In place, as a careless installer does it: the pages of a mapped file would be gone, or others.
        std::fs::File::create(compiled.path("emptied.so")).expect("truncated");
        std::fs::write(compiled.path("scribbled.so"), vec![0xcc; 1 << 16]).expect("written over");
        for (name, running) in ["gone", "emptied", "scribbled"].into_iter().zip(running) {
            erases(&trial, name, 1);
            assert_eq!(trial.process(name), Some(running), "{name} goes on in its process");
            let reloaded = trial.deployment.run(&["plugin", "reload", name]);
            assert_eq!(reloaded.status.code(), Some(1), "{reloaded:?}");
            assert_eq!(trial.process(name), Some(running), "a candidate that is none replaces nothing");
        }

        for (name, why) in [("gone", "No such file"), ("emptied", "cannot load"), ("scribbled", "cannot load")] {
            kill(&trial, name);
            wait_for(&format!("{name} to be refused"), || {
                let state = trial.plugin(name)["state"].clone();
                (state["is"] == "failed" && state["detail"].as_str()?.contains(why)).then_some(())
            });
            put(&compiled.library(), &compiled.path(&format!("{name}.so")));
            // By itself, as its file has changed.
            trial.up(name);
            erases(&trial, name, 2);
        }
        trial.finish();
    }
}

#[test]
fn a_file_that_is_replaced_is_taken_over_without_a_loss_and_a_bad_one_is_not() {
    let compiled = Compiled::new();
    let place = compiled.path("place.so");
    put(&compiled.library(), &place);
    let trial = Trial::start(vec![Hostile::library("good", &place, Fate::Erases).named("place")]);
    let version = || trial.plugin("place")["state"]["detail"]["version"].clone();
    trial.up("place");
    erases(&trial, "place", 1);
    put(&compiled.compile("two.so", &["-DVERSION=\"2\""]), &place);
    wait_for("the second version", || (version() == "2").then_some(()));
    erases(&trial, "place", 2);

    let running = trial.up("place");
    put(&compiled.compile("three.so", &["-DVERSION=\"3\"", "-DAT_LOAD=abort()"]), &place);
    wait_for("the third version to be refused", || {
        trial.plugin("place")["last_error"]["why"].as_str()?.contains("not replaced").then_some(())
    });
    assert_eq!((version(), trial.process("place")), ("2".into(), Some(running)));
    erases(&trial, "place", 3);
    trial.finish();
}

#[test]
fn a_server_does_not_start_with_a_plugin_whose_file_is_missing() {
    let compiled = Compiled::new();
    let place = compiled.path("place.so");
    put(&compiled.library(), &place);
    let mut trial = Trial::start(vec![Hostile::library("good", &place, Fate::Erases).named("place")]);
    trial.up("place");
    std::fs::remove_file(&place).expect("it was there");
    trial.kill_server();
    let refused = trial.deployment.run(&["serve"]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("place.so` was not found"), "{why}");
    put(&compiled.library(), &place);
    trial.start_again();
    erases(&trial, "place", 1);
    trial.finish();
}

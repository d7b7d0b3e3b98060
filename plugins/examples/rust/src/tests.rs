//! What a plugin owes, whatever it erases from: outcomes, not the words of this one. Replace `System` by yours, and the tests stay.

use serde_json::json;
use tempfile::TempDir;

use super::*;

/// What is erased from.
struct System(TempDir);

impl System {
    /// With the data of these guests.
    fn with(guests: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for guest in guests {
            std::fs::write(folder.path().join(format!("{guest}.json")), "{}").expect("writable");
        }
        Self(folder)
    }

    fn holds(&self, guest: &str) -> bool {
        self.0.path().join(format!("{guest}.json")).exists()
    }

    fn goes_away(&self) {
        std::fs::remove_dir_all(self.0.path()).expect("it was there");
    }

    /// The plugin, configured for it.
    fn plugin(&self) -> TestHost<Folder> {
        TestHost::new(json!({ "folder": self.0.path() })).expect("configured")
    }
}

fn outcome(answer: Result<Answer, PluginError>) -> Result<Outcome, ErrorClass> {
    answer.map(|answer| answer.outcome).map_err(|error| error.class)
}

#[test]
fn what_is_there_is_shown_erased_and_looked_for_again() {
    let system = System::with(&["g-7", "g_8", "other"]);
    let plugin = system.plugin();
    let guests = Request::from([("guest_id", "g-7"), ("guest_id", "g_8"), ("guest_id", "none")]);
    assert_eq!(outcome(plugin.dry_run(&guests)), Ok(Outcome::Residual));
    assert!(system.holds("g-7"), "a dry run changes nothing");
    assert_eq!(outcome(plugin.erase(&guests)), Ok(Outcome::Erased));
    assert_eq!(outcome(plugin.verify(&guests)), Ok(Outcome::Absent));
    assert!(!system.holds("g-7") && !system.holds("g_8"));
    assert!(system.holds("other"), "nobody asked for it");
}

#[test]
fn whatever_a_stranger_types_harms_nobody_else() {
    let system = System::with(&["other"]);
    let plugin = system.plugin();
    for hostile in ["../other", "", "other\0", "other.json", "*", "žluť"] {
        assert_ne!(outcome(plugin.erase([("guest_id", hostile)])), Ok(Outcome::Erased), "{hostile:?}");
    }
    assert!(system.holds("other"));
}

#[test]
fn a_cancelled_call_erases_nothing() {
    let system = System::with(&["g-7"]);
    let erased = system.plugin().cancel_after(0).erase([("guest_id", "g-7")]);
    assert_eq!(outcome(erased), Err(ErrorClass::Cancelled));
    assert!(system.holds("g-7"));
}

#[test]
fn where_nobody_can_look_nothing_is_absent() {
    let system = System::with(&[]);
    let plugin = system.plugin();
    assert_eq!(plugin.health(), Ok(()));
    system.goes_away();
    assert!(plugin.health().is_err());
    let guest = Request::from([("guest_id", "g-7")]);
    for answer in [plugin.erase(&guest), plugin.dry_run(&guest), plugin.verify(&guest)] {
        assert_eq!(outcome(answer), Err(ErrorClass::NeedsOperator));
    }
}

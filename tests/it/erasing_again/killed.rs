//! Whatever is killed in between, everybody who has to goes, once, and nobody else.

use super::*;
use crate::harness::{Needles, Server, StandIn, quietus, receipts, wait_for};

/// Ann and Cyril were erased and are there again, with Bob between them.
fn restored(crm: &System, deployment: &Deployment) {
    erase(deployment, "ann@x.cz", "Ann", "crm", &[]);
    erase(deployment, "cyril@x.cz", "Cyril", "crm", &[]);
    receipts(deployment, 2);
    let old = before();
    crm.holds(&[
        ("ann@x.cz", "Ann", old),
        ("bob@x.cz", "Bob", old),
        ("dan@x.cz", "Dan", old),
        ("cyril@x.cz", "Cyril", old),
    ]);
}

#[test]
fn a_plugin_that_dies_goes_on_where_it_was() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    restored(&crm, &deployment);
    crm.write("dies", "");
    std::fs::set_permissions(crm.0.path().join("dies"), std::fs::Permissions::from_mode(0o666)).expect("changed");
    let shown = look(&deployment, "crm", &[]);
    assert_eq!((found(&shown).len(), &shown["records"]), (2, &json!(4)), "{shown}");
    let calls = crm.read("calls");
    assert_eq!(calls.matches("sweep from 2").count(), 2, "the page during which it died is asked for again: {calls}");
    assert_eq!(calls.matches("sweep from 0").count(), 1, "and no other: {calls}");
    server.stop();
}

/// Runs the command until the plugin is asked for a page, and kills it there.
pub(crate) fn killed_at(deployment: &Deployment, crm: &System, page: &str) {
    killed(deployment, (crm, "crm"), page);
}

fn killed(deployment: &Deployment, (system, target): (&System, &str), page: &str) {
    let mut command = quietus();
    command.arg("--config").arg(deployment.path("quietus.toml"));
    command.args(["--json", "erase-again", "--target", target, "--since", SINCE, "--yes"]);
    let mut child = command.stdin(std::process::Stdio::null()).spawn().expect("it starts");
    wait_for("the page", || system.read("calls").contains(page).then_some(()));
    child.kill().expect("killed");
    child.wait().expect("it is over");
}

/// A command that was killed in the middle of its sweep, with no server beside it.
struct Killed {
    standin: StandIn,
    crm: System,
    deployment: Deployment,
}

impl Killed {
    /// While the plugin waits as this file says, before it answers with a page.
    fn at(waits: &str, page: &str) -> Self {
        let (standin, crm) = (StandIn::start(), System::start());
        let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
        let server = Server::start(&deployment);
        restored(&crm, &deployment);
        server.stop();
        crm.write(waits, "");
        killed_at(&deployment, &crm, page);
        crm.remove(waits);
        Self { standin, crm, deployment }
    }
}

/// The only sweep, as it is shown.
fn sweep(deployment: &Deployment) -> Value {
    let mut all = deployment.json(&["erase-again", "status"]);
    assert_eq!(all.as_array().map(Vec::len), Some(1), "{all}");
    all[0].take()
}

fn erasures(deployment: &Deployment) -> usize {
    deployment.json(&["erasures", "list"]).as_array().map_or(0, Vec::len)
}

#[test]
fn a_server_goes_on_with_a_command_that_was_killed() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    restored(&crm, &deployment);
    let before = crm.emails();
    crm.write("waits", "");
    server.stop();
    killed_at(&deployment, &crm, "sweep from 2");
    assert_eq!((crm.emails(), erasures(&deployment)), (before, 2), "nobody was asked for");
    let sweep_then = sweep(&deployment);
    assert_eq!((&sweep_then["state"], &sweep_then["records"]), (&json!("sweeping"), &json!(2)));
    assert!(!sweep_then.to_string().contains("@x.cz"), "{sweep_then}");
    crm.remove("waits");

    let server = Server::start(&deployment);
    receipts(&deployment, 4);
    wait_for("its end", || (sweep(&deployment)["state"] == "done").then_some(()));
    assert_eq!(crm.emails(), ["bob@x.cz", "dan@x.cz"]);
    let done = sweep(&deployment);
    let result = &done["result"];
    assert_eq!((&done["records"], &result["records"]), (&json!(4), &json!(4)), "no page counts twice: {done}");
    assert_eq!(found(result).values().filter(|is| *is == "again").count(), 2, "{done}");
    assert_eq!(done.get("restarted"), None, "{done}");
    let calls = crm.read("calls");
    assert_eq!(calls.matches("sweep from 0").count(), 1, "what was compared is not asked for again: {calls}");
    // The same order anew is another one, and finds nobody.
    let again = look(&deployment, "crm", &["--yes"]);
    assert!(found(&again).is_empty(), "{again}");
    assert_eq!(erasures(&deployment), 4);
    server.stop();
}

#[test]
fn the_same_command_goes_on_where_it_was_killed() {
    let Killed { standin: _standin, crm, deployment } = Killed::at("waits", "sweep from 2");
    // What is asked for otherwise does not end it.
    let other = deployment.run(&["erase-again", "--target", "crm", "--since", SINCE]);
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(other.status.code() == Some(1) && said.contains("erase-again cancel"), "{said}");

    let shown = look(&deployment, "crm", &["--yes"]);
    assert_eq!(found(&shown).values().filter(|is| *is == "again").count(), 2, "{shown}");
    let calls = crm.read("calls");
    assert_eq!(calls.matches("sweep from 0").count(), 1, "{calls}");
    assert_eq!(erasures(&deployment), 4);
    // Whoever goes on is in the audit, as whoever has ordered it is.
    let audit = deployment.json(&["audit", "list", "--act", "erasure.again"]);
    let rows = audit.as_array().expect("rows").iter().map(|row| &row["entry"]);
    let tries = rows.filter(|row| row["details"]["try"] == 2 && row["result"] == "begun").count();
    assert_eq!(tries, 1, "{audit}");
}

#[test]
fn another_configuration_of_the_target_is_given_no_cursor_of_the_one_before() {
    let Killed { standin: _standin, crm, deployment } = Killed::at("waits", "sweep from 2");
    deployment.replace("config = { folder", "config = { lists = \"others\", folder");
    let calls = crm.read("calls").matches("sweep from 2").count();
    let shown = look(&deployment, "crm", &["--yes"]);
    assert_eq!((found(&shown).len(), &shown["records"]), (2, &json!(4)), "no page counts twice: {shown}");
    let done = sweep(&deployment);
    assert_eq!((&done["restarted"], &done["restarts"]), (&json!("reconfigured"), &json!(1)), "{done}");
    let asked = crm.read("calls");
    assert_eq!(asked.matches("sweep from 0").count(), 2, "{asked}");
    assert_eq!(asked.matches("sweep from 2").count(), calls + 1, "by its own first page alone: {asked}");
}

#[test]
fn a_target_that_never_goes_on_is_given_up_with_why() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    restored(&crm, &deployment);
    server.stop();
    crm.write("expires", "");
    let run = deployment.run(&["erase-again", "--target", "crm", "--since", SINCE, "--yes"]);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!run.status.success() && said.contains("does not go on where its last page has ended"), "{said}");
    let failed = sweep(&deployment);
    assert_eq!((&failed["state"], &failed["restarts"]), (&json!("failed"), &json!(3)), "{failed}");
    let calls = crm.read("calls");
    assert_eq!(calls.matches("sweep from 0").count(), 4, "{calls}");
    assert_eq!(erasures(&deployment), 2, "nobody was asked for");
}

#[test]
fn one_that_takes_long_keeps_no_other_from_going_on() {
    let (standin, crm, erp) = (StandIn::start(), System::start(), System::start());
    let both = crm.plugin("crm") + &erp.plugin("erp");
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &both);
    let server = Server::start(&deployment);
    erase(&deployment, "ann@x.cz", "Ann", "crm", &[]);
    erase(&deployment, "cyril@x.cz", "Cyril", "erp", &[]);
    receipts(&deployment, 2);
    server.stop();
    let old = before();
    for (system, name) in [(&crm, "crm"), (&erp, "erp")] {
        system.holds(&[("ann@x.cz", "Ann", old), ("bob@x.cz", "Bob", old), ("cyril@x.cz", "Cyril", old)]);
        system.write("waits", "");
        killed(&deployment, (system, name), "sweep from 2");
    }
    erp.remove("waits");
    let state_of = |target: &str| {
        let all = deployment.json(&["erase-again", "status"]);
        let of_target = all.as_array().into_iter().flatten().find(|job| job["target"] == target);
        of_target.map(|job| job["state"].clone()).unwrap_or_else(|| panic!("{all}"))
    };
    let server = Server::start(&deployment);
    wait_for("the end of the other one", || (state_of("erp") == "done").then_some(()));
    assert_eq!(state_of("crm"), "sweeping");
    crm.remove("waits");
    server.stop();
}

#[test]
fn a_cursor_that_is_refused_has_the_sweep_begin_from_its_start_and_is_told() {
    let Killed { standin: _standin, crm, deployment } = Killed::at("waits", "sweep from 2");
    crm.write("expired", "");
    std::fs::set_permissions(crm.0.path().join("expired"), std::fs::Permissions::from_mode(0o666)).expect("changed");
    let shown = look(&deployment, "crm", &["--yes"]);
    assert_eq!((found(&shown).len(), &shown["records"]), (2, &json!(4)), "no page counts twice: {shown}");
    let done = sweep(&deployment);
    assert_eq!((&done["restarted"], &done["restarts"]), (&json!("cursor_refused"), &json!(1)), "{done}");
    assert_eq!(erasures(&deployment), 4);
}

#[test]
fn what_has_no_cursor_begins_from_its_start_and_is_told() {
    let Killed { standin: _standin, crm: _crm, deployment } = Killed::at("waits_first", "sweep from 0");
    let shown = look(&deployment, "crm", &["--yes"]);
    assert_eq!((found(&shown).len(), &shown["records"]), (2, &json!(4)), "{shown}");
    let done = sweep(&deployment);
    assert_eq!((&done["restarted"], &done["state"]), (&json!("no_cursor"), &json!("done")), "{done}");
    assert_eq!(erasures(&deployment), 4);
}

#[test]
fn what_was_killed_can_be_cancelled() {
    let Killed { standin: _standin, crm: _crm, deployment } = Killed::at("waits", "sweep from 2");
    deployment.json(&["erase-again", "cancel", "--target", "crm"]);
    assert_eq!(sweep(&deployment)["state"], "cancelled");
    let none = deployment.run(&["erase-again", "cancel", "--target", "crm"]);
    assert_eq!(none.status.code(), Some(1));
    // Another order is carried out at once, from its start.
    let shown = look(&deployment, "crm", &[]);
    assert_eq!((found(&shown).len(), &shown["records"]), (2, &json!(4)), "{shown}");
    assert_eq!(erasures(&deployment), 2, "it only counts");
}

#[test]
fn who_is_being_erased_is_not_asked_for_twice() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    restored(&crm, &deployment);
    server.stop();
    let first = look(&deployment, "crm", &["--yes"]);
    assert_eq!(found(&first).values().filter(|is| *is == "again").count(), 2);
    let second = look(&deployment, "crm", &["--yes"]);
    assert_eq!(found(&second).values().filter(|is| *is == "under_way").count(), 2, "{second}");
    let server = Server::start(&deployment);
    receipts(&deployment, 4);
    assert_eq!(crm.emails(), ["bob@x.cz", "dan@x.cz"]);
    server.stop();
}

/// Whom the system alone knows, and whom quietus has erased; each long enough to be found nowhere by chance.
const SWEPT: [&str; 4] =
    ["canary.swept@example.com", "Kanárek Prohledaný", "canary.erased@example.com", "Kanárek Vymazaný"];

#[test]
fn nobody_whom_a_system_tells_of_stands_in_the_files_of_a_sweep_that_was_killed() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    let [swept, of_swept, erased, of_erased] = SWEPT;
    erase(&deployment, erased, of_erased, "crm", &[]);
    receipts(&deployment, 1);
    let old = before();
    crm.holds(&[(swept, of_swept, old), (erased, of_erased, old), ("dan@x.cz", "Dan", old)]);
    server.stop();
    crm.write("waits", "");
    let needles = Needles::of(SWEPT);
    let absent = |killed: &str| {
        let now = sweep(&deployment);
        assert_eq!((&now["state"], &now["records"]), (&json!("sweeping"), &json!(2)), "{killed}: both were compared");
        needles.must_be_absent_in(deployment.folder());
        // The search reads what is there: what the sweep is about.
        let ledger = std::fs::read(deployment.path("quietus.db")).expect("a ledger");
        let log = std::fs::read(deployment.path("quietus.db-wal")).unwrap_or_default();
        let all = [ledger, log].concat();
        assert!(all.windows(3).any(|window| window == b"crm"), "{killed}: the sweep stands in the ledger");
    };
    killed_at(&deployment, &crm, "sweep from 2");
    absent("the command");

    // A server that goes on with it, while it waits for its page and has the page before in memory.
    let asked = crm.read("calls").matches("sweep from 2").count();
    let server = Server::start(&deployment);
    wait_for("the server to go on", || (crm.read("calls").matches("sweep from 2").count() > asked).then_some(()));
    server.kill();
    absent("the server");
}

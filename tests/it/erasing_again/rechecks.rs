//! Looking again after the receipt: what is back is seen on its date, erased by nobody, and opens its request once more.

use super::*;
use crate::harness::{Fleet, Server, StandIn, WallClock, receipts, wait_for};

const DAY_S: i64 = 86_400;

const SETTLES: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";

/// What mluvii's anonymization does not cover would keep each request open.
const ACCEPTED: &str = "accept_left = [\"contact record\", \"e-mail threads\"]";

const BY_EMAIL: &str = "match = [[\"email\"]]\naccept_ledger_only = true";

/// A deployment that looks again, by a clock of its own.
struct Company {
    standin: StandIn,
    crm: System,
    deployment: Deployment,
    clock: WallClock,
}

impl Company {
    fn looking_again(spans: &str, more: &str) -> Self {
        let (standin, crm) = (StandIn::start(), System::start());
        let deployment =
            Deployment::tuned(&standin.mluvii, ACCEPTED, BY_EMAIL, &format!("{SETTLES}{more}{}", crm.plugin("crm")));
        deployment.replace("[erasing]\n", &format!("[erasing]\nrecheck = {spans}\n"));
        Self { standin, crm, deployment, clock: WallClock::new() }
    }

    /// A server, once it has noted since when it looks again.
    fn start(&self) -> Server {
        let server = self.clock.start(&self.deployment);
        wait_for("it to be noted since when it is looked again", || {
            let noted = "SELECT COUNT(*) FROM periodic WHERE name LIKE 'recheck/%' AND mark IS NOT NULL";
            let count: i64 = self.deployment.ledger().query_row(noted, [], |row| row.get(0)).ok()?;
            (count == 2).then_some(())
        });
        server
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.clock.run(&self.deployment, arguments);
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
        (output.status.code(), said.concat())
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.clock.run(&self.deployment, &[&["--json"], arguments].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// So many days after the test began; a person says that the clock is right.
    fn turn_to_day(&self, day: i64) {
        self.clock.show(day * DAY_S);
        wait_for("the clock to be accepted", || (self.run(&["clock", "accept"]).0 == Some(0)).then_some(()));
    }

    fn told(&self, code: &str) -> Option<Value> {
        let all = self.json(&["attention", "list"]);
        all.as_array()?.iter().find(|one| one["code"] == code).cloned()
    }

    /// Looks that there were after an erasure, by their targets.
    fn looked(&self, erasure: &str) -> Vec<(String, String)> {
        let shown = self.json(&["erasures", "show", erasure]);
        let looked = shown["rechecks"]["looked"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut all: Vec<_> = looked.iter().map(|one| (text(&one["target"]), text(&one["outcome"]))).collect();
        all.sort();
        all
    }

    fn receipts(&self, count: usize) -> Vec<Value> {
        wait_for(&format!("{count} receipts"), || {
            self.json(&["receipts", "list"]).as_array().filter(|all| all.len() >= count).cloned()
        })
    }

    fn sweeps(&self) -> usize {
        self.crm.read("calls").matches("sweep from 0").count()
    }
}

fn pair(target: &str, outcome: &str) -> (String, String) {
    (target.to_owned(), outcome.to_owned())
}

#[test]
fn what_comes_back_is_seen_on_its_date_and_opens_its_request_until_it_is_erased_again() {
    let company = Company::looking_again("[\"30d\", \"365d\"]", "");
    let server = company.start();
    company.standin.register(&server.callback());
    company.standin.begin(101, "ann@example.com", Some("v1"));
    company.standin.end(101);
    company.deployment.settled(1);
    company.crm.holds(&[("ann@example.com", "Ann", before()), ("bob@example.com", "Bob", before())]);
    company.deployment.write("ann", "email: ann@example.com\n");
    let ann = company.deployment.path("ann").display().to_string();
    company.json(&["requests", "new", "--came", "letter", "--file", &ann, "--verified", "document"]);
    let plan = company.json(&["requests", "plan", "R-1"]);
    company.json(&["requests", "run", "R-1", "--plan", plan["plan"].as_str().expect("a hash")]);
    let first = company.receipts(1).remove(0)["statement"].clone();
    let erasure = first["erasure"].as_str().expect("an id").to_owned();
    let done = wait_for("the request to end", || {
        let shown = company.json(&["requests", "show", "R-1"]);
        (shown["state"] == "done").then_some(shown)
    });
    let to_come = done["rechecks"]["to_come"].as_array().expect("dates");
    assert_eq!(to_come.len(), 4, "two dates at two targets: {done}");
    server.stop();

    // Its backup is restored, with somebody who was never erased.
    company.crm.holds(&[("ann@example.com", "Ann", before()), ("bob@example.com", "Bob", before())]);
    company.clock.show(31 * DAY_S);
    let server = company.clock.start(&company.deployment);
    company.turn_to_day(31);
    let told = wait_for("it to be told", || company.told("recheck_residual"));
    assert_eq!((&told["severity"], &told["parameters"]["count"]), (&json!("urgent"), &json!(1)), "{told}");
    assert_eq!(company.crm.emails(), ["ann@example.com", "bob@example.com"], "a look erases nobody");
    assert_eq!(company.json(&["erasures", "list"]).as_array().map(Vec::len), Some(1), "and asks for nobody");
    wait_for("mluvii to be looked at, too", || {
        let both = [pair("crm", "residual"), pair("mluvii", "gone")];
        (company.looked(&erasure) == both).then_some(())
    });
    server.moved("quietus_rechecks_total");
    let open = company.json(&["requests", "show", "R-1"]);
    assert_eq!((&open["state"], &open["reopened"]["erasure"]), (&json!("reopened"), &json!(erasure)), "{open}");
    assert!(open["days_left"].as_i64().is_some_and(|left| (27..=38).contains(&left)), "another month: {open}");
    let (code, why) = company.run(&["requests", "plan", "R-1"]);
    assert!(code == Some(1) && why.contains("quietus erase-again"), "{code:?}: {why}");
    let acts = company.json(&["audit", "list", "--limit", "100"]);
    let of = |act: &str| acts.as_array().expect("rows").iter().filter(|row| row["entry"]["act"] == act).count();
    assert_eq!((of("request.reopen"), of("erasure.recheck")), (1, 4), "one begun and one done at each target: {acts}");

    let since = told["parameters"]["erased_since"].as_str().expect("a day");
    let again = company.json(&["erase-again", "--target", "crm", "--since", since, "--yes"]);
    assert_eq!(found(&again), [(erasure.clone(), "again".to_owned())].into(), "{again}");
    let second = company.receipts(2).remove(1)["statement"].clone();
    let follows = &second["follows"][0];
    assert_eq!((&follows["erasure"], &follows["sequence"]), (&json!(erasure), &json!(1)), "{second}");
    assert_eq!(follows["hash"], second["previous"], "it is the receipt before: {second}");
    assert_eq!(first["follows"], json!([]));
    assert_eq!(company.crm.emails(), ["bob@example.com"]);
    wait_for("the request to end again", || {
        (company.json(&["requests", "show", "R-1"])["state"] == "done").then_some(())
    });
    assert_eq!(company.told("recheck_residual"), None);
    let (code, shown) = company.run(&["receipts", "show", "2"]);
    assert!(code == Some(0) && shown.contains(&format!("receipt 1, of {erasure}")), "{shown}");
    let file = company.deployment.path("receipts.jsonl").display().to_string();
    assert_eq!(company.run(&["receipts", "export", "--out", &file]).0, Some(0));
    let (code, said) = company.run(&["receipts", "verify", &file]);
    assert_eq!(code, Some(0), "{said}");
    let (_, log) = server.stop();
    assert!(!log.concat().contains("bob@example.com"));
}

#[test]
fn one_look_is_for_all_that_are_due_and_says_what_it_has_seen_and_no_more() {
    let company = Company::looking_again("[\"30d\", \"60d\", \"90d\"]", "");
    let server = company.start();
    let ann = erase(&company.deployment, "ann@x.cz", "Ann", "crm", &[]);
    let bob = erase(&company.deployment, "bob@x.cz", "Bob", "crm", &[]);
    receipts(&company.deployment, 2);
    company.crm.holds(&[("eve@x.cz", "Eve", before())]);
    let (begun, both) = (company.sweeps(), [&ann, &bob]);
    let outcomes = |outcome: &str, looks: usize| {
        wait_for(outcome, || {
            let all: Vec<_> = both.iter().map(|id| company.looked(id)).collect();
            all.iter().all(|looked| looked.len() == looks).then_some(all)
        })
    };
    company.turn_to_day(31);
    let gone = outcomes("the first look", 1);
    assert_eq!(gone, [vec![pair("crm", "gone")], vec![pair("crm", "gone")]]);
    assert_eq!(company.sweeps(), begun + 1, "one look is for both: {}", company.crm.read("calls"));

    // Not all places are told of: nobody is gone by that.
    company.crm.write("mode", "skips");
    company.turn_to_day(61);
    for looked in outcomes("the second look", 2) {
        assert_eq!(looked, [pair("crm", "gone"), pair("crm", "unclear")]);
    }
    assert_eq!(company.told("recheck_unclear").expect("it is told")["severity"], "notice");

    // It cannot be asked, as it is configured.
    company.crm.write("mode", "error");
    company.turn_to_day(91);
    for looked in outcomes("the third look", 3) {
        assert_eq!(looked, [pair("crm", "gone"), pair("crm", "not_looked"), pair("crm", "unclear")]);
    }
    let shown = company.json(&["erasures", "show", &ann]);
    assert_eq!(shown["rechecks"]["to_come"], json!([]), "{shown}");
    server.stop();
}

#[test]
fn a_target_that_is_paused_is_looked_at_later_and_told_of_once_it_is_late() {
    let company = Company::looking_again("[\"30d\"]", "");
    let server = company.start();
    let ann = erase(&company.deployment, "ann@x.cz", "Ann", "crm", &[]);
    receipts(&company.deployment, 1);
    let paused = company.run(&["targets", "pause", "crm", "--reason", "maintenance"]);
    assert_eq!(paused.0, Some(0), "{}", paused.1);
    let (code, why) = company.run(&["erase-again", "--target", "crm", "--since", SINCE]);
    assert!(code == Some(1) && why.contains("quietus targets resume crm"), "{code:?}: {why}");
    company.crm.holds(&[("eve@x.cz", "Eve", before())]);
    company.turn_to_day(33);
    let late = wait_for("it to be late", || company.told("recheck_late"));
    assert!(late["parameters"]["reason"].as_str().is_some_and(|why| why.contains("paused")), "{late}");
    assert!(company.looked(&ann).is_empty(), "nothing is taken for gone");
    assert_eq!(company.run(&["targets", "resume", "crm"]).0, Some(0));
    company.turn_to_day(34);
    wait_for("the look", || (company.looked(&ann) == [pair("crm", "gone")]).then_some(()));
    wait_for("nothing to be late", || company.told("recheck_late").is_none().then_some(()));
    server.stop();
}

#[test]
fn sessions_of_one_moment_that_always_fail_are_said_not_to_be_looked_at_within_a_week() {
    let company = Company::looking_again("[\"30d\"]", "");
    let server = company.start();
    company.standin.register(&server.callback());
    for id in [101, 102] {
        company.standin.begin(id, "ann@example.com", Some("v1"));
        company.standin.end(id);
    }
    company.deployment.settled(2);
    company.json(&["erase", "--guest", "acme/guest-ann@example.com", "--targets", "mluvii"]);
    let receipt = company.receipts(1).remove(0)["statement"].clone();
    let erasure = receipt["erasure"].as_str().expect("an id").to_owned();
    for path in ["/Sessions/101", "/Sessions/102"] {
        company.standin.fault(&json!({ "kind": "status", "status": 500, "path": path }));
    }
    company.turn_to_day(33);
    wait_for("it to be late", || company.told("recheck_late"));
    assert!(company.looked(&erasure).is_empty(), "two failures in a row may be an outage");
    company.turn_to_day(37);
    wait_for("the end", || (company.looked(&erasure) == [pair("mluvii", "not_looked")]).then_some(()));
    let shown = company.json(&["erasures", "show", &erasure]);
    let why = shown["rechecks"]["looked"][0]["why"].as_str().unwrap_or_default();
    assert!(why.contains("did not answer"), "{shown}");
    assert_eq!(shown["rechecks"]["to_come"], json!([]), "{shown}");
    wait_for("nothing to be late", || company.told("recheck_late").is_none().then_some(()));
    server.stop();
}

#[test]
fn who_was_found_more_than_a_day_ago_is_not_erased_again() {
    let company = Company::looking_again("[]", "");
    let server = company.clock.start(&company.deployment);
    let ann = erase(&company.deployment, "ann@x.cz", "Ann", "crm", &[]);
    receipts(&company.deployment, 1);
    company.crm.holds(&[("ann@x.cz", "Ann", before())]);
    server.stop();
    // Nobody works on it for two days.
    let asked = company.json(&["erase-again", "--target", "crm", "--since", SINCE, "--yes"]);
    assert_eq!(found(&asked), [(ann, "again".to_owned())].into(), "{asked}");
    let again = asked["found"][0]["again"].as_str().expect("an id").to_owned();
    company.clock.show(2 * DAY_S);
    let server = company.clock.start(&company.deployment);
    company.turn_to_day(2);
    wait_for("it to be over", || (company.json(&["erasures", "show", &again])["state"] == "cancelled").then_some(()));
    assert_eq!(company.crm.emails(), ["ann@x.cz"], "she may have come back since");
    assert_eq!(company.json(&["receipts", "list"]).as_array().map(Vec::len), Some(1));
    server.stop();
}

#[test]
fn nobody_erases_again_alone_where_four_eyes_are_wanted() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    let ann = erase(&deployment, "ann@x.cz", "Ann", "crm", &[]);
    receipts(&deployment, 1);
    server.stop();
    crm.holds(&[("ann@x.cz", "Ann", before())]);
    deployment.add("[requests]\nfour_eyes = true\n");
    let server = Server::start(&deployment);
    let asked = look(&deployment, "crm", &["--yes"]);
    assert_eq!((found(&asked), &asked["needs_approval"]), ([(ann, "again".to_owned())].into(), &json!(true)));
    let again = asked["found"][0]["again"].as_str().expect("an id").to_owned();
    let state = || deployment.json(&["erasures", "show", &again])["state"].clone();
    assert_eq!(state(), "requested");
    let approved = deployment.run(&["erasures", "approve", &again, "--yes"]);
    assert_eq!(approved.status.code(), Some(1), "{}", String::from_utf8_lossy(&approved.stdout));
    assert_eq!(state(), "requested", "who has asked for it does not approve it");
    assert_eq!(found(&look(&deployment, "crm", &[])).into_values().collect::<Vec<_>>(), ["under_way"]);
    assert_eq!(crm.emails(), ["ann@x.cz"]);
    assert_eq!(deployment.run(&["erasures", "reject", &again]).status.code(), Some(0));
    server.stop();
}

#[test]
fn of_a_fleet_one_server_looks_and_another_one_once_it_is_killed() {
    let (standin, crm) = (StandIn::start(), System::start());
    let mut fleet = Fleet::start(&standin, &crm.plugin("crm"), 2, &[("ERASING__RECHECK", "[\"30d\"]")]);
    let noted = "SELECT count(mark) FROM periodic WHERE name = 'recheck/crm/acme'";
    wait_for("it to be noted since when it is looked again", || (fleet.database.count(noted) == 1).then_some(()));
    let ann = erase(&fleet.deployment, "ann@x.cz", "Ann", "crm", &[]);
    receipts(&fleet.deployment, 1);
    let old = before();
    crm.holds(&[("bob@x.cz", "Bob", old), ("dan@x.cz", "Dan", old), ("ann@x.cz", "Ann", old)]);
    let sweeps = || crm.read("calls").matches("sweep from 0").count();
    crm.write("waits", "");
    // A month is over.
    fleet.database.sql(
        "UPDATE erasure SET ended = ended - 31 * 86400000::BIGINT;
         UPDATE periodic SET mark = mark - 40 * 86400000::BIGINT WHERE name LIKE 'recheck/%'",
    );
    wait_for("a look", || (sweeps() == 1).then_some(()));
    for member in &mut fleet.members {
        member.server.take().expect("it runs").kill();
    }
    assert_eq!(fleet.database.count("SELECT count(*) FROM recheck"), 0, "nothing is written before it has ended");
    crm.remove("waits");
    // Nobody waits for what it held.
    fleet.database.sql("UPDATE periodic SET due = 0 WHERE taken > 0; UPDATE task SET due = 0 WHERE NOT parked");
    for member in 0..2 {
        fleet.start_member(member);
    }
    let outcome = wait_for("the next look", || {
        let shown = fleet.deployment.json(&["erasures", "show", &ann]);
        shown["rechecks"]["looked"].as_array().filter(|looked| !looked.is_empty()).cloned()
    });
    assert_eq!((outcome.len(), &outcome[0]["outcome"]), (1, &json!("residual")), "{outcome:?}");
    assert_eq!(sweeps(), 2, "by one of both: {}", crm.read("calls"));
    assert_eq!(crm.emails().len(), 3);
    fleet.stop();
}

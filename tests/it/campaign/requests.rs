//! Requests of persons are entered, verified, planned, approved by somebody else and run at two systems, held before and after that, let go
//! and stopped, and some of them, and forms, wait for a link, while servers are killed in between and steps fail for good until a person has
//! them retried: nobody who is held, not verified, not confirmed or not approved is touched, who is stopped is called no more, and everybody
//! else who has asked is gone, whoever waits: also where both are the same person, by two requests. Orders are killed as well, and given
//! again, and some are given twice: what was ordered is done, and once.

mod links;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use jiff::Timestamp;
use links::Links;
use serde_json::{Value, json};
use test_servers::exim::Exim;

use super::engine::Campaign;
use super::fleets::MEMBERS;
use super::site::{One, SETTINGS, Site};
use super::truth::{Fate, Person, Way};
use super::{chosen, run};
use crate::confirming::publish;
use crate::harness::{Deployment, Fleet, StandIn, crm_plugin, wait_for};

const RULES: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n\n[requests]\nfour_eyes = true\n";

/// Who enters, plans and runs.
const ANN: &str = "ann";

/// Who approves.
const BOB: &str = "bob";

/// Without it, no receipt of a person is complete.
const MLUVII: &str = "accept_left = [\"contact record\", \"e-mail threads\"]";

/// What becomes of somebody's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lot {
    Erased,
    /// Held before it is run, and let go later.
    Held,
    /// The same once it runs: before it has begun, in the middle, or too late.
    HeldAfter,
    /// Stopped as soon as it is run: before it has begun, in the middle, or too late.
    Stopped,
    /// Held, and stopped while it waits.
    HeldAndStopped,
    /// Nobody ever knows whose it is.
    Unverified,
    /// Nobody but who has planned it ever approves it.
    Unapproved,
    /// Verified by the link that is mailed to the address it names.
    ByLink,
    /// Nobody uses its link, or too late.
    Unclicked,
    /// Asked for by a form, and confirmed by its link.
    Form,
    /// The same, but nobody uses its link, or too late.
    FormUnclicked,
}

const LOTS: [Lot; 14] = [
    Lot::Erased,
    Lot::Held,
    Lot::HeldAfter,
    Lot::HeldAfter,
    Lot::Stopped,
    Lot::Stopped,
    Lot::HeldAndStopped,
    Lot::Unverified,
    Lot::Unapproved,
    Lot::ByLink,
    Lot::ByLink,
    Lot::Unclicked,
    Lot::Form,
    Lot::FormUnclicked,
];

/// Whether the same person is asked for twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Twin {
    No,
    /// Once this one waits for good, there will be another one, which waits for nobody.
    Follows,
    /// The other one is there.
    Came,
    /// This is the other one.
    Itself,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Entered,
    /// A link is on its way.
    Mailed,
    Verified,
    Planned,
    Approved,
    Running,
    /// It was seen to wait for its hold.
    Waiting,
    Over,
}

/// Somebody who asks to be erased.
#[derive(Debug)]
struct Asker {
    email: String,
    ids: BTreeSet<i64>,
    lot: Lot,
    twin: Twin,
    stage: Stage,
    number: String,
    /// The hash of what was planned.
    plan: String,
    links: Links,
    /// What keeps them: more than one where the order was killed, and had been done.
    holds: BTreeSet<String>,
    erasure: String,
    /// From when on no call of theirs may begin.
    stopped: Option<Timestamp>,
    /// How many calls of theirs there are, of which there must not be more as long as they are held.
    calls_at_most: Option<usize>,
}

#[test]
fn requests_that_are_held_stopped_and_run_between_kills_end_as_somebody_has_ordered() {
    run(|random, rounds| {
        let (standin, exim) = (StandIn::start(), Exim::start());
        let rules = format!("{RULES}{}{}", crm_plugin(&standin.crm), links::configuration(&exim));
        let deployment = Deployment::tuned(&standin.mluvii, MLUVII, "", &rules);
        publish(&deployment);
        let site = One::start(deployment);
        campaign(Campaign::new(random, standin, site), &exim, rounds);
    });
}

#[test]
fn requests_to_a_fleet_that_are_held_stopped_and_run_between_kills_end_as_somebody_has_ordered() {
    run(|random, rounds| {
        let (standin, exim) = (StandIn::start(), Exim::start());
        let rules = format!("{RULES}{}", crm_plugin(&standin.crm));
        let program = Path::new(env!("CARGO_BIN_EXE_quietus"));
        let mut site = Fleet::start_tuned(program, &standin, MLUVII, &rules, MEMBERS, &SETTINGS);
        // Where links lead to is said once the deployment is there.
        site.stop();
        site.deployment.add(&links::configuration(&exim));
        publish(&site.deployment);
        (0..MEMBERS).for_each(|member| site.start_member(member));
        campaign(Campaign::new(random, standin, site), &exim, rounds);
    });
}

fn campaign(mut campaign: Campaign<impl Site>, exim: &Exim, rounds: u64) {
    campaign.targets = &["mluvii", "crm"];
    let mut askers = Vec::new();
    for _ in 0..rounds {
        // A call takes a while, so that something can happen in the middle of it.
        let slow = json!({ "path": "/anonymous", "times": 3, "kind": "delay", "delay_ms": campaign.random.below(300) });
        campaign.standin.fault(&slow);
        askers.push(somebody_talks(&mut campaign));
        campaign.deliver_while(|campaign| {
            campaign.wait_a_little();
            campaign.befall();
        });
        if campaign.random.below(3) == 0 {
            the_crm_refuses(&mut campaign);
        }
        for asker in &mut askers {
            if campaign.random.below(3) > 0 {
                asker.goes_on(&mut campaign, exim);
            }
        }
        twins_come(&mut askers);
        campaign.befall();
        let calls = destructive(&campaign);
        askers.iter().for_each(|asker| asker.is_left_alone(&calls));
        // What has failed for good is retried.
        if campaign.random.below(3) == 0 {
            campaign.person_acts();
        }
        campaign.look_now_and_then();
    }
    while askers.iter().any(|asker| asker.stage != Stage::Over) {
        campaign.deliver_all();
        askers.iter_mut().for_each(|asker| asker.goes_on(&mut campaign, exim));
        twins_come(&mut askers);
    }
    if askers.iter().any(|asker| asker.lot == Lot::Unapproved) {
        // That they wait is told until somebody has approved them; nobody will.
        let muted = campaign.site.run(&["attention", "mute", "request_approval_waiting", "--for", "7d"]);
        assert!(muted.status.success(), "it is told: {muted:?}");
    }
    // The address that links lead to is no webhook of the stand-in's, which brings nothing here by itself.
    wait_for("the webhook to be missed", || {
        campaign.site.run(&["attention", "mute", "webhook_wrong", "--for", "7d"]).status.success().then_some(())
    });
    let statements = campaign.settle();
    let calls = destructive(&campaign);
    for asker in &askers {
        asker.is_left_alone(&calls);
        asker.has_ended_as_ordered(&campaign, &statements);
    }
    links::are_used_once(&campaign, &askers);
}

/// Some deletions in the CRM fail: for good, so that the step needs a person, or for a while.
fn the_crm_refuses(campaign: &mut Campaign<impl Site>) {
    let status = chosen(&mut campaign.random, &[403, 403, 500, 503]);
    let times = 1 + campaign.random.below(2);
    let fault = json!({ "path": "/contacts", "method": "DELETE", "kind": "status", "status": status, "times": times });
    campaign.standin.crm_fault(&fault);
}

/// Where nobody approves or confirms what somebody has asked for, the same is asked for once more.
fn twins_come(askers: &mut Vec<Asker>) {
    let twins: Vec<_> = askers.iter_mut().filter_map(Asker::twin).collect();
    askers.extend(twins);
}

/// The calls that have erased something, or were to, at both systems.
fn destructive(campaign: &Campaign<impl Site>) -> Vec<Value> {
    [campaign.standin.calls("/anonymous"), campaign.standin.crm_calls("DELETE")].concat()
}

/// Somebody who is going to ask has one conversation or two, and a contact for each.
fn somebody_talks(campaign: &mut Campaign<impl Site>) -> Asker {
    let lot = chosen(&mut campaign.random, &LOTS);
    let first = campaign.truth.next();
    let email = format!("person{first}@example.com");
    let ids: BTreeSet<i64> = (first..=first + campaign.random.below(2) as i64).collect();
    let never_run = matches!(lot, Lot::Unapproved | Lot::FormUnclicked);
    let twin = if never_run && campaign.random.below(2) == 0 { Twin::Follows } else { Twin::No };
    let fate = match lot {
        _ if twin == Twin::Follows => Fate::Goes,
        Lot::Erased | Lot::Held | Lot::HeldAfter | Lot::ByLink | Lot::Form => Fate::Goes,
        Lot::Stopped => Fate::MayGo,
        Lot::HeldAndStopped | Lot::Unverified | Lot::Unapproved | Lot::Unclicked | Lot::FormUnclicked => Fate::Stays,
    };
    for id in &ids {
        campaign.conversation_ends_of(*id, &email, true, fate, true);
    }
    // Whom the receipts are about is known by the erasures.
    campaign.truth.people.push(Person { email: email.clone(), ids: ids.clone(), way: Way::Nobody, has_asked: true });
    Asker::of(email, ids, lot, twin)
}

/// An order, and what it has said.
#[derive(Debug)]
struct Ordered {
    /// The first one was killed: it may have been done by that.
    was_killed: bool,
    output: Output,
}

/// Gives an order. One in four is killed, before it has begun, in the middle of it or when it is done, and given again.
fn order(campaign: &mut Campaign<impl Site>, officer: &str, arguments: &[&str]) -> Ordered {
    let was_killed = campaign.random.below(4) == 0;
    if was_killed {
        let after = Duration::from_millis(campaign.random.below(51));
        campaign.site.kill_as(officer, arguments, after);
    }
    Ordered { was_killed, output: campaign.site.run_as(officer, arguments) }
}

/// The same twice, as by somebody who does not trust the first answer: the second one is done, or refused as what is done already.
fn order_twice(campaign: &mut Campaign<impl Site>, officer: &str, arguments: &[&str]) -> [Ordered; 2] {
    let first = order(campaign, officer, arguments);
    let again = Ordered { was_killed: true, output: campaign.site.run_as(officer, arguments) };
    [first, again]
}

impl Ordered {
    /// It is done; where one was killed, it may be refused as what is done already.
    #[track_caller]
    fn is_done(&self) {
        let code = self.output.status.code();
        assert!(code == Some(0) || self.was_killed && code == Some(1), "{self:?}");
    }
}

/// Everything that was delivered.
#[track_caller]
fn all_is_read(campaign: &Campaign<impl Site>) {
    wait_for("all that was delivered to be read", || {
        let status = campaign.site.json(&["status"]);
        (status["events_waiting"] == 0 && status["sessions_settling"] == 0).then_some(())
    });
}

/// What is held now.
fn holds_in_force(campaign: &Campaign<impl Site>) -> BTreeSet<String> {
    let all = campaign.site.json(&["holds", "list"]);
    let all = all.as_array().expect("holds").iter();
    all.map(|hold| hold["id"].as_str().expect("an id").to_owned()).collect()
}

impl Asker {
    fn of(email: String, ids: BTreeSet<i64>, lot: Lot, twin: Twin) -> Self {
        let [number, plan, erasure] = [const { String::new() }; 3];
        let (stage, links, holds) = (Stage::New, Links::default(), BTreeSet::new());
        Self { email, ids, lot, twin, stage, number, plan, links, holds, erasure, stopped: None, calls_at_most: None }
    }

    /// The other request of the same person, where it is time for it.
    fn twin(&mut self) -> Option<Self> {
        if self.twin != Twin::Follows || self.stage != Stage::Over {
            return None;
        }
        self.twin = Twin::Came;
        Some(Self::of(self.email.clone(), self.ids.clone(), Lot::Erased, Twin::Itself))
    }

    /// The next order, whatever it was before that; none before everything of theirs was delivered.
    fn goes_on(&mut self, campaign: &mut Campaign<impl Site>, exim: &Exim) {
        if !self.ids.iter().all(|id| campaign.post.is_acknowledged(*id)) {
            return;
        }
        self.stage = match (self.stage, self.lot) {
            (Stage::New, Lot::Form | Lot::FormUnclicked) => self.submits(campaign),
            (Stage::New, _) => self.is_entered(campaign),
            (Stage::Entered, Lot::Form | Lot::FormUnclicked) => self.is_asked_by_form(campaign),
            (Stage::Entered, Lot::ByLink | Lot::Unclicked) => self.wants_link(campaign),
            (Stage::Mailed, Lot::Unclicked | Lot::FormUnclicked) => self.is_not_confirmed(campaign, exim),
            (Stage::Mailed, _) => self.is_confirmed(campaign, exim),
            (Stage::Entered, Lot::Unverified) => self.is_refused(campaign),
            (Stage::Entered, _) => {
                let number = self.number.clone();
                order(campaign, ANN, &["requests", "verify", &number, "--how", "document"]).is_done();
                assert_eq!(self.request(campaign, "show", &[])["state"], "verified");
                Stage::Verified
            }
            (Stage::Verified, _) => self.is_planned(campaign),
            (Stage::Planned, _) => self.is_approved(campaign),
            (Stage::Approved, _) => self.is_run(campaign),
            (Stage::Running, Lot::Stopped) => self.is_stopped(campaign),
            (Stage::Running, Lot::HeldAfter) => self.is_held_while_it_runs(campaign),
            (Stage::Running, Lot::Held | Lot::HeldAndStopped) => self.is_held(campaign),
            (Stage::Waiting, Lot::HeldAndStopped) => self.is_stopped_while_it_waits(campaign),
            (Stage::Waiting, _) => {
                self.is_let_go(campaign);
                Stage::Over
            }
            (Stage::Running | Stage::Over, _) => Stage::Over,
        };
    }

    #[track_caller]
    fn request(&self, campaign: &Campaign<impl Site>, act: &str, more: &[&str]) -> Value {
        campaign.site.json_as(ANN, &[&["requests", act, &self.number], more].concat())
    }

    /// The order is refused; nothing is done.
    #[track_caller]
    fn is_not_done(&self, campaign: &Campaign<impl Site>, act: &str, more: &[&str]) {
        let order = [&["requests", act, &self.number], more].concat();
        let output = campaign.site.run_as(ANN, &order);
        assert_eq!(output.status.code(), Some(1), "{order:?}: {output:?}");
    }

    /// Adds a hold on them, and remembers it.
    #[track_caller]
    fn hold(&mut self, campaign: &mut Campaign<impl Site>) {
        let before = holds_in_force(campaign);
        let deployment = campaign.site.deployment();
        deployment.write("email", &self.email);
        let email = format!("@{}", deployment.path("email").display());
        let added = order(campaign, ANN, &["holds", "add", "--email", &email, "--reason", "legal-claims"]);
        // Whoever holds somebody twice means it.
        assert!(added.output.status.success(), "{added:?}");
        self.holds = holds_in_force(campaign).difference(&before).cloned().collect();
        assert!((1..=1 + usize::from(added.was_killed)).contains(&self.holds.len()), "{:?}: {added:?}", self.holds);
    }

    /// There is one, however often it was ordered.
    #[track_caller]
    fn only_erasure(&self, campaign: &Campaign<impl Site>) -> String {
        let shown = self.request(campaign, "show", &[]);
        let erasures = shown["erasures"].as_array().map(Vec::as_slice).unwrap_or_default();
        let [one] = erasures else { panic!("one erasure: {shown:#}") };
        one.as_str().expect("an id").to_owned()
    }

    fn erasure(&self, campaign: &Campaign<impl Site>) -> Value {
        campaign.site.json(&["erasures", "show", &self.erasure])
    }

    /// Whoever is to be held is so before the request comes; and it comes twice.
    fn is_entered(&mut self, campaign: &mut Campaign<impl Site>) -> Stage {
        if matches!(self.lot, Lot::Held | Lot::HeldAndStopped) {
            self.hold(campaign);
        }
        let deployment = campaign.site.deployment();
        deployment.write("letter", &format!("email: {}\n", self.email));
        let letter = deployment.path("letter").display().to_string();
        let new = ["requests", "new", "--came", "letter", "--file", &letter];
        if self.twin == Twin::Itself {
            // Not as an order that may be killed: given again, it would be a third request.
            let entered = campaign.site.json_as(ANN, &[&new[..], &["--anyway"]].concat());
            self.number = entered["number"].as_str().expect("a number").to_owned();
            return Stage::Entered;
        }
        order(campaign, ANN, &new).is_done();
        let found = campaign.site.json_as(ANN, &["requests", "find", "--file", &letter]);
        let [one] = found.as_array().expect("requests").as_slice() else { panic!("one was entered: {found:#}") };
        self.number = one["number"].as_str().expect("a number").to_owned();
        assert_eq!(campaign.site.run_as(ANN, &new).status.code(), Some(1), "it is of the same person");
        Stage::Entered
    }

    /// Nothing is planned or run of what is not verified.
    fn is_refused(&self, campaign: &Campaign<impl Site>) -> Stage {
        self.is_not_done(campaign, "plan", &[]);
        self.is_not_done(campaign, "run", &["--plan", "0000000000000000"]);
        Stage::Over
    }

    /// Once everything of theirs is known.
    fn is_planned(&mut self, campaign: &mut Campaign<impl Site>) -> Stage {
        all_is_read(campaign);
        let number = self.number.clone();
        let planned = order(campaign, ANN, &["--json", "requests", "plan", &number]).output;
        let plan: Value =
            serde_json::from_slice(&planned.stdout).unwrap_or_else(|error| panic!("{error}: {planned:?}"));
        let sessions = plan["sessions"].as_array().expect("sessions").iter();
        let going = sessions.filter(|one| one["goes"] == true).filter_map(|one| one["session"].as_str());
        let going: BTreeSet<_> = going.map(str::to_owned).collect();
        let expected: BTreeSet<_> = self.ids.iter().map(|id| format!("acme/{id}")).collect();
        assert_eq!(going, expected, "{plan:#}");
        self.plan = plan["plan"].as_str().expect("a hash").to_owned();
        Stage::Planned
    }

    /// By somebody else, before which it does not run; or by nobody.
    fn is_approved(&self, campaign: &mut Campaign<impl Site>) -> Stage {
        self.is_not_done(campaign, "approve", &["--plan", &self.plan]);
        self.is_not_done(campaign, "run", &["--plan", &self.plan]);
        if self.lot == Lot::Unapproved {
            return Stage::Over;
        }
        let approve = ["requests", "approve", &self.number, "--plan", &self.plan];
        order_twice(campaign, BOB, &approve).iter().for_each(Ordered::is_done);
        assert_eq!(self.request(campaign, "show", &[])["state"], "approved");
        Stage::Approved
    }

    /// As it was planned.
    fn is_run(&mut self, campaign: &mut Campaign<impl Site>) -> Stage {
        let run = ["requests", "run", &self.number, "--plan", &self.plan];
        order_twice(campaign, ANN, &run).iter().for_each(Ordered::is_done);
        self.erasure = self.only_erasure(campaign);
        campaign.truth.reached.insert(self.erasure.clone(), self.ids.clone());
        Stage::Running
    }

    /// Calls under way end; from then on there is none, wherever it is. Or it was too late.
    fn is_held_while_it_runs(&mut self, campaign: &mut Campaign<impl Site>) -> Stage {
        if campaign.random.below(2) == 0 {
            campaign.wait_a_little();
        }
        self.hold(campaign);
        let ended = wait_for("the erasure to wait for its hold, or to have ended", || {
            // A target that is out, or a step that has failed for good, would wait for them.
            campaign.person_acts();
            let erasure = self.erasure(campaign);
            let waits = erasure["held"] == true || erasure["state"] == "parked";
            let calls = campaign.site.json(&["status"])["processes"].to_string().contains("\"step:");
            (erasure["state"] == "done" || waits && !calls).then(|| erasure["state"] == "done")
        });
        if ended {
            self.is_let_go(campaign);
            return Stage::Over;
        }
        self.calls_at_most = Some(self.calls_of(&destructive(campaign)).count());
        Stage::Waiting
    }

    /// It may have begun, have ended, or neither. A call that is under way ends; from then on there is none.
    fn is_stopped(&mut self, campaign: &mut Campaign<impl Site>) -> Stage {
        if campaign.random.below(2) == 0 {
            campaign.wait_a_little();
        }
        let said = order_twice(campaign, ANN, &["erasures", "stop", &self.erasure]);
        let waits = |one: &Ordered| String::from_utf8_lossy(&one.output.stdout).contains("calls under way end first");
        // What one that was killed would have said is not known.
        if said[0].was_killed || said.iter().any(waits) {
            wait_for("the call under way to end", || {
                let state = self.erasure(campaign)["state"].clone();
                (state == "done" || state == "cancelled").then_some(())
            });
        }
        self.stopped = Some(Timestamp::now());
        Stage::Over
    }

    /// Nothing of it has begun, through whatever befalls the server.
    fn is_held(&self, campaign: &Campaign<impl Site>) -> Stage {
        wait_for("the erasure to wait for its hold", || (self.erasure(campaign)["held"] == true).then_some(()));
        Stage::Waiting
    }

    fn is_stopped_while_it_waits(&mut self, campaign: &mut Campaign<impl Site>) -> Stage {
        order_twice(campaign, ANN, &["erasures", "stop", &self.erasure]).iter().for_each(Ordered::is_done);
        assert_eq!(self.erasure(campaign)["state"], "cancelled", "it had not begun");
        let number = self.number.clone();
        order(campaign, ANN, &["requests", "withdraw", &number]).is_done();
        self.is_let_go(campaign);
        Stage::Over
    }

    fn is_let_go(&mut self, campaign: &mut Campaign<impl Site>) {
        self.is_left_alone(&destructive(campaign));
        self.calls_at_most = None;
        for hold in &self.holds {
            order_twice(campaign, ANN, &["holds", "lift", hold]).iter().for_each(Ordered::is_done);
        }
        assert!(holds_in_force(campaign).is_disjoint(&self.holds), "{:?}", self.holds);
    }

    /// Those of these calls that are about them.
    fn calls_of<'c>(&self, calls: &'c [Value]) -> impl Iterator<Item = &'c Value> {
        let paths = self.ids.iter().flat_map(|id| [format!("/Sessions/{id}/anonymous"), format!("/contacts/{id}")]);
        let paths: Vec<_> = paths.collect();
        calls.iter().filter(move |call| {
            let path = call["path"].as_str().expect("a path");
            paths.iter().any(|own| path.ends_with(own))
        })
    }

    /// Among the calls that erase, there is none that must not be there.
    #[track_caller]
    fn is_left_alone(&self, calls: &[Value]) {
        if self.twin == Twin::Came {
            // There is none before the other one runs, of which the same is asked; then whose they are is said by the erasures alone.
            return;
        }
        let may_be_called = match (self.lot, self.stage) {
            (Lot::Unverified | Lot::Unapproved | Lot::HeldAndStopped | Lot::Unclicked | Lot::FormUnclicked, _) => false,
            (Lot::Held | Lot::Form, stage) => stage == Stage::Over,
            (Lot::Erased | Lot::HeldAfter | Lot::Stopped | Lot::ByLink, stage) => {
                matches!(stage, Stage::Running | Stage::Waiting | Stage::Over)
            }
        };
        for call in self.calls_of(calls) {
            assert!(may_be_called, "{self:?}: {call:#}");
            let began: Timestamp = call["started"].as_str().and_then(|text| text.parse().ok()).expect("a time");
            assert!(self.stopped.is_none_or(|stopped| began <= stopped), "{self:?}: {call:#}");
        }
        let count = self.calls_of(calls).count();
        assert!(self.calls_at_most.is_none_or(|most| count <= most), "{count} calls of {self:?}");
    }

    /// Its state, and what its receipt says.
    #[track_caller]
    fn has_ended_as_ordered(&self, campaign: &Campaign<impl Site>, statements: &[Value]) {
        if self.asks_by_form() {
            return self.form_has_ended(campaign, statements);
        }
        let shown = self.request(campaign, "show", &[]);
        let state = shown["state"].clone();
        let erasures = shown["erasures"].as_array().map_or(0, Vec::len);
        let expected = match self.lot {
            Lot::Erased | Lot::Held | Lot::HeldAfter | Lot::ByLink => 1..=1,
            // One that was cancelled before it had begun is as one that nobody has asked for.
            Lot::Stopped => 0..=1,
            _ => 0..=0,
        };
        assert!(expected.contains(&erasures), "{self:?}: {shown:#}");
        let receipt = statements.iter().find(|said| said["erasure"] == self.erasure.as_str());
        let verdict = receipt.map(|said| said["verdict"].clone());
        match self.lot {
            Lot::Erased | Lot::Held | Lot::ByLink => {
                assert_eq!((state, verdict), (json!("done"), Some(json!("complete"))), "{self:?}: {receipt:#?}");
                let reasons = receipt.and_then(|said| said["reasons"].as_array()).expect("reasons");
                let is_named = reasons.iter().any(|reason| reason["code"] == "held");
                assert_eq!(is_named, self.lot == Lot::Held, "{reasons:#?}");
                assert_eq!(shown["verified"]["how"], self.is_verified_by(), "{self:?}: {shown:#}");
            }
            // It was too late, in time for a part of it, or before it had begun.
            Lot::Stopped => {
                let was_complete = verdict == Some(json!("complete"));
                assert_eq!(state, if was_complete { "done" } else { "verified" }, "{self:?}: {receipt:#?}");
            }
            // Whether its hold came in time is on the receipt, and not known here.
            Lot::HeldAfter => {
                assert_eq!((state, verdict), (json!("done"), Some(json!("complete"))), "{self:?}: {receipt:#?}");
            }
            Lot::HeldAndStopped => assert_eq!((state, verdict), (json!("withdrawn"), None), "{self:?}"),
            // It has waited all the time, and kept nobody else waiting.
            Lot::Unapproved => assert_eq!((state, verdict), (json!("planned"), None), "{self:?}"),
            _ => assert_eq!((state, verdict), (json!("unverified"), None), "{self:?}"),
        }
    }
}

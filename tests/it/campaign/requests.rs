//! Requests of persons are entered, verified, planned and run, held, let go and stopped, while the server is killed in between: nobody
//! who is held or not verified is touched, who is stopped is called no more, and everybody else who has asked is gone.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::engine::Campaign;
use super::site::{One, Site as _};
use super::truth::{Fate, Person, Way};
use super::{chosen, run};
use crate::harness::{Deployment, Random, StandIn, wait_for};

const RULES: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";

/// Without it, no receipt of a person is complete.
const MLUVII: &str = "accept_left = [\"contact record\", \"e-mail threads\"]";

/// What becomes of somebody's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lot {
    Erased,
    /// Held before it is run, and let go later.
    Held,
    /// Stopped as soon as it is run: before it has begun, in the middle, or too late.
    Stopped,
    /// Held, and stopped while it waits.
    HeldAndStopped,
    /// Nobody ever knows whose it is.
    Unverified,
}

const LOTS: [Lot; 6] = [Lot::Erased, Lot::Held, Lot::Stopped, Lot::Stopped, Lot::HeldAndStopped, Lot::Unverified];

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Entered,
    Verified,
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
    stage: Stage,
    number: String,
    hold: String,
    erasure: String,
    /// From when on no call of theirs may begin.
    stopped: Option<Timestamp>,
}

#[test]
fn requests_that_are_held_stopped_and_run_between_kills_end_as_somebody_has_ordered() {
    run(campaign);
}

fn campaign(random: Random, rounds: u64) {
    let standin = StandIn::start();
    let deployment = Deployment::tuned(&standin.mluvii, MLUVII, "", RULES);
    let mut campaign = Campaign::new(random, standin, One::start(deployment));
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
        for asker in &mut askers {
            if campaign.random.below(3) > 0 {
                asker.goes_on(&mut campaign);
            }
        }
        campaign.befall();
        let calls = campaign.standin.calls("/anonymous");
        askers.iter().for_each(|asker| asker.is_left_alone(&calls));
        campaign.look_now_and_then();
    }
    campaign.deliver_all();
    for asker in &mut askers {
        while asker.stage != Stage::Over {
            asker.goes_on(&mut campaign);
        }
    }
    let statements = campaign.settle();
    let calls = campaign.standin.calls("/anonymous");
    for asker in &askers {
        asker.is_left_alone(&calls);
        asker.has_ended_as_ordered(&campaign, &statements);
    }
}

/// Somebody who is going to ask has one conversation or two.
fn somebody_talks(campaign: &mut Campaign<One>) -> Asker {
    let lot = chosen(&mut campaign.random, &LOTS);
    let first = campaign.truth.next();
    let email = format!("person{first}@example.com");
    let ids: BTreeSet<i64> = (first..=first + campaign.random.below(2) as i64).collect();
    let fate = match lot {
        Lot::Erased | Lot::Held => Fate::Goes,
        Lot::Stopped => Fate::MayGo,
        Lot::HeldAndStopped | Lot::Unverified => Fate::Stays,
    };
    for id in &ids {
        campaign.conversation_ends_of(*id, &email, true, fate, false);
    }
    // Whom the receipts are about is known by the erasures.
    campaign.truth.people.push(Person { email: email.clone(), ids: ids.clone(), way: Way::Nobody, has_asked: true });
    let [number, hold, erasure] = [const { String::new() }; 3];
    Asker { email, ids, lot, stage: Stage::New, number, hold, erasure, stopped: None }
}

impl Asker {
    /// The next order, whatever it was before that; none before everything of theirs was delivered.
    fn goes_on(&mut self, campaign: &mut Campaign<One>) {
        if !self.ids.iter().all(|id| campaign.post.is_acknowledged(*id)) {
            return;
        }
        self.stage = match (self.stage, self.lot) {
            (Stage::New, _) => self.is_entered(campaign),
            (Stage::Entered, Lot::Unverified) => self.is_refused(campaign),
            (Stage::Entered, _) => {
                self.request(campaign, "verify", &["--how", "document"]);
                Stage::Verified
            }
            (Stage::Verified, _) => self.is_run(campaign),
            (Stage::Running, Lot::Stopped) => self.is_stopped(campaign),
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
    fn request(&self, campaign: &Campaign<One>, act: &str, more: &[&str]) -> Value {
        campaign.site.json(&[&["requests", act, &self.number], more].concat())
    }

    /// Whoever is to be held is so before the request comes; and it comes twice.
    fn is_entered(&mut self, campaign: &mut Campaign<One>) -> Stage {
        let deployment = &campaign.site.deployment;
        deployment.write("email", &self.email);
        deployment.write("letter", &format!("email: {}\n", self.email));
        let [email, letter] = ["email", "letter"].map(|name| deployment.path(name).display().to_string());
        if matches!(self.lot, Lot::Held | Lot::HeldAndStopped) {
            let added =
                campaign.site.json(&["holds", "add", "--email", &format!("@{email}"), "--reason", "legal-claims"]);
            self.hold = added["id"].as_str().expect("an id").to_owned();
        }
        let new = ["requests", "new", "--came", "letter", "--file", &letter];
        let entered = campaign.site.json(&new);
        self.number = entered["number"].as_str().expect("a number").to_owned();
        assert_eq!(campaign.site.run(&new).status.code(), Some(1), "it is of the same person");
        Stage::Entered
    }

    /// Nothing is planned or run of what is not verified.
    fn is_refused(&self, campaign: &Campaign<One>) -> Stage {
        for more in [&["plan"][..], &["run", "--plan", "0000000000000000"]] {
            let order = [&["requests", more[0], &self.number], &more[1..]].concat();
            assert_eq!(campaign.site.run(&order).status.code(), Some(1), "{order:?}");
        }
        Stage::Over
    }

    /// As it was planned, once everything of theirs is known.
    fn is_run(&mut self, campaign: &mut Campaign<One>) -> Stage {
        wait_for("all that was delivered to be read", || {
            let status = campaign.site.json(&["status"]);
            (status["events_waiting"] == 0 && status["sessions_settling"] == 0).then_some(())
        });
        let plan = self.request(campaign, "plan", &[]);
        let sessions = plan["sessions"].as_array().expect("sessions").iter();
        let going = sessions.filter(|one| one["goes"] == true).filter_map(|one| one["session"].as_str());
        let going: BTreeSet<_> = going.map(str::to_owned).collect();
        let expected: BTreeSet<_> = self.ids.iter().map(|id| format!("acme/{id}")).collect();
        assert_eq!(going, expected, "{plan:#}");
        let ran = self.request(campaign, "run", &["--plan", plan["plan"].as_str().expect("a hash")]);
        let erasure = ran["erasures"].as_array().and_then(|all| all.last()?.as_str());
        self.erasure = erasure.unwrap_or_else(|| panic!("{ran:#}")).to_owned();
        campaign.truth.reached.insert(self.erasure.clone(), self.ids.clone());
        Stage::Running
    }

    /// It may have begun, have ended, or neither. A call that is under way ends; from then on there is none.
    fn is_stopped(&mut self, campaign: &mut Campaign<One>) -> Stage {
        if campaign.random.below(2) == 0 {
            campaign.wait_a_little();
        }
        let said = campaign.site.run(&["erasures", "stop", &self.erasure]);
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        if said.contains("calls under way end first") {
            wait_for("the call under way to end", || {
                let state = campaign.site.json(&["erasures", "show", &self.erasure])["state"].clone();
                (state == "done" || state == "cancelled").then_some(())
            });
        }
        self.stopped = Some(Timestamp::now());
        Stage::Over
    }

    /// Nothing of it has begun, through whatever befalls the server.
    fn is_held(&self, campaign: &Campaign<One>) -> Stage {
        wait_for("the erasure to wait for its hold", || {
            (campaign.site.json(&["erasures", "show", &self.erasure])["held"] == true).then_some(())
        });
        Stage::Waiting
    }

    fn is_stopped_while_it_waits(&self, campaign: &Campaign<One>) -> Stage {
        let stopped = campaign.site.run(&["erasures", "stop", &self.erasure]);
        assert!(stopped.status.success(), "{stopped:?}");
        self.request(campaign, "withdraw", &[]);
        self.is_let_go(campaign);
        Stage::Over
    }

    fn is_let_go(&self, campaign: &Campaign<One>) {
        self.is_left_alone(&campaign.standin.calls("/anonymous"));
        let lifted = campaign.site.run(&["holds", "lift", &self.hold]);
        assert!(lifted.status.success(), "{lifted:?}");
    }

    /// Among the calls that have anonymized, there is none that must not be there.
    #[track_caller]
    fn is_left_alone(&self, calls: &[Value]) {
        let may_be_called = match (self.lot, self.stage) {
            (Lot::Unverified | Lot::HeldAndStopped, _) => false,
            (Lot::Held, stage) => stage == Stage::Over,
            (Lot::Erased | Lot::Stopped, stage) => matches!(stage, Stage::Running | Stage::Over),
        };
        let paths: Vec<_> = self.ids.iter().map(|id| format!("/Sessions/{id}/anonymous")).collect();
        let is_theirs = |call: &&Value| {
            let path = call["path"].as_str().expect("a path");
            paths.iter().any(|own| path.ends_with(own))
        };
        for call in calls.iter().filter(is_theirs) {
            assert!(may_be_called, "{self:?}: {call:#}");
            let began: Timestamp = call["started"].as_str().and_then(|text| text.parse().ok()).expect("a time");
            assert!(self.stopped.is_none_or(|stopped| began <= stopped), "{self:?}: {call:#}");
        }
    }

    /// Its state, and what its receipt says.
    #[track_caller]
    fn has_ended_as_ordered(&self, campaign: &Campaign<One>, statements: &[Value]) {
        let state = self.request(campaign, "show", &[])["state"].clone();
        let receipt = statements.iter().find(|said| said["erasure"] == self.erasure.as_str());
        let verdict = receipt.map(|said| said["verdict"].clone());
        match self.lot {
            Lot::Erased | Lot::Held => {
                assert_eq!((state, verdict), (json!("done"), Some(json!("complete"))), "{self:?}: {receipt:#?}");
                let reasons = receipt.and_then(|said| said["reasons"].as_array()).expect("reasons");
                let is_named = reasons.iter().any(|reason| reason["code"] == "held");
                assert_eq!(is_named, self.lot == Lot::Held, "{reasons:#?}");
            }
            // It was too late, in time for a part of it, or before it had begun.
            Lot::Stopped => {
                let was_complete = verdict == Some(json!("complete"));
                assert_eq!(state, if was_complete { "done" } else { "verified" }, "{self:?}: {receipt:#?}");
            }
            Lot::HeldAndStopped => assert_eq!((state, verdict), (json!("withdrawn"), None), "{self:?}"),
            Lot::Unverified => assert_eq!((state, verdict), (json!("unverified"), None), "{self:?}"),
        }
    }
}

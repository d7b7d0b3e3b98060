//! Sessions, guests and persons are erased, by rules, by forms and by hand, with approvals and rejections; who did not ask
//! stays. mluvii and the CRM fail, and the server is killed.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::engine::Campaign;
use super::fleets::MEMBERS;
use super::site::{One, SETTINGS, Site};
use super::truth::{Fate, Person, Truth, Way};
use super::{chosen, run, ways};
use crate::harness::{Deployment, Fleet, StandIn, crm_plugin};

const RULES: &str = r#"
[settling]
limit = "0s"
pause = "0s"

[[consent]]
on = "form-submitted"
when = "form.id == 4712 && form.params['agree'] == 'no'"
state = "withdrawn"

[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii", "crm"]

[[rule]]
name = "consent withdrawn"
on = "consent-changed"
when = "consent.state == 'withdrawn'"
erase = "guest"
approve = true
targets = ["mluvii", "crm"]

[[rule]]
name = "the delete-my-data form"
on = "form-submitted"
when = "form.id == 4711 && form.submitted"
erase = "person"
approve = true
targets = ["mluvii", "crm"]
"#;

/// Without it, no receipt of a guest or a person is complete.
const MLUVII: &str = "accept_left = [\"contact record\", \"e-mail threads\"]";

const WAYS: [Way; 8] = [
    Way::Nobody,
    Way::Nobody,
    Way::SessionByHand,
    Way::GuestByHand,
    Way::PersonByHand,
    Way::Withdrawn,
    Way::Form,
    Way::FormRejected,
];

#[test]
fn whoever_asks_is_erased_everywhere_and_nobody_else_is() {
    run(|random, rounds| {
        let standin = StandIn::start();
        let rules = format!("{}\n{RULES}", crm_plugin(&standin.crm));
        let site = One::start(Deployment::tuned(&standin.mluvii, MLUVII, "", &rules));
        campaign(Campaign::new(random, standin, site), rounds);
    });
}

#[test]
fn whoever_asks_a_fleet_is_erased_everywhere_and_nobody_else_is() {
    run(|random, rounds| {
        let standin = StandIn::start();
        let rules = format!("{}\n{RULES}", crm_plugin(&standin.crm));
        let program = Path::new(env!("CARGO_BIN_EXE_quietus"));
        let site = Fleet::start_tuned(program, &standin, MLUVII, &rules, MEMBERS, &SETTINGS);
        campaign(Campaign::new(random, standin, site), rounds);
    });
}

fn campaign(mut campaign: Campaign<impl Site>, rounds: u64) {
    campaign.targets = &["mluvii", "crm"];
    for _ in 0..rounds {
        if campaign.random.below(2) == 0 {
            campaign.standin.fault(&ways::of_mluvii(&mut campaign.random));
        }
        if campaign.random.below(4) == 0 {
            campaign.standin.crm_fault(&ways::of_crm(&mut campaign.random));
        }
        people_talk(&mut campaign);
        campaign.deliver_while(|campaign| {
            campaign.wait_a_little();
            campaign.befall();
        });
        ask(&mut campaign);
        if campaign.random.below(3) == 0 {
            campaign.person_acts();
        }
        campaign.look_now_and_then();
    }
    campaign.deliver_all();
    ask(&mut campaign);
    let statements = campaign.settle();
    each_has_a_receipt(&campaign.truth, &statements);
}

/// Two people have one to three conversations each, and somebody has one without consent.
fn people_talk(campaign: &mut Campaign<impl Site>) {
    for _ in 0..2 {
        let way = chosen(&mut campaign.random, &WAYS);
        let first = campaign.truth.next();
        let email = format!("person{first}@example.com");
        let ids: BTreeSet<i64> = (first..=first + campaign.random.below(3) as i64).collect();
        for id in &ids {
            let goes = match way {
                Way::Nobody | Way::FormRejected => false,
                Way::SessionByHand => *id == first,
                Way::GuestByHand | Way::PersonByHand | Way::Withdrawn | Way::Form => true,
            };
            campaign.conversation_ends_of(*id, &email, true, if goes { Fate::Goes } else { Fate::Stays }, *id == first);
        }
        campaign.truth.people.push(Person { email, ids, way, has_asked: false });
    }
    let id = campaign.truth.next();
    campaign.conversation_ends(id, Fate::Goes);
}

/// Whoever is to ask does so once everything of theirs was acknowledged: what comes later is not meant.
fn ask(campaign: &mut Campaign<impl Site>) {
    for number in 0..campaign.truth.people.len() {
        let person = campaign.truth.people[number].clone();
        if person.has_asked || !person.ids.iter().all(|id| campaign.post.is_acknowledged(*id)) {
            continue;
        }
        campaign.truth.people[number].has_asked = true;
        let first = *person.ids.first().expect("each has talked");
        match person.way {
            Way::Nobody => {}
            Way::SessionByHand => by_hand(campaign, &["--session", &format!("acme/{first}")], BTreeSet::from([first])),
            Way::GuestByHand => by_hand(campaign, &["--guest", &format!("acme/guest-{}", person.email)], person.ids),
            Way::PersonByHand => by_hand(campaign, &["--email", &person.email], person.ids),
            Way::Withdrawn => campaign.submit(first, 4712, &json!({ "agree": "no" })),
            Way::Form | Way::FormRejected => campaign.submit(first, 4711, &json!({ "oo1_guest_email": person.email })),
        }
    }
}

fn by_hand(campaign: &mut Campaign<impl Site>, subject: &[&str], reached: BTreeSet<i64>) {
    let made = campaign.site.json(&[&["erase"], subject].concat());
    let id = made["id"].as_str().expect("an id").to_owned();
    campaign.truth.reached.insert(id, reached);
}

/// Whoever has asked has a receipt, and nobody else has one.
#[track_caller]
fn each_has_a_receipt(truth: &Truth, statements: &[Value]) {
    for person in &truth.people {
        let theirs = statements.iter().any(|said| !truth.sessions_of(said).is_disjoint(&person.ids));
        let asked = !matches!(person.way, Way::Nobody | Way::FormRejected);
        assert_eq!(theirs, asked, "{person:?}");
    }
}

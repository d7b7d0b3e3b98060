//! Sessions are erased at mluvii, in a CRM and by a plugin that must not be asked twice; all three fail in every way, and so do
//! the plugins' processes.

use std::process::Command;

use super::engine::Campaign;
use super::letters::Letters;
use super::site::One;
use super::{chosen, run, ways};
use crate::harness::{Deployment, ERASE, Line, Random, StandIn};

/// What befalls a process of a plugin in a round.
#[derive(Clone, Copy, Debug)]
enum Event {
    Kill,
    Freeze,
    Nothing,
}

#[test]
fn whatever_goes_wrong_at_plugins_every_target_is_purged_and_none_is_asked_twice_that_must_not_be() {
    run(campaign);
}

fn campaign(random: Random, rounds: u64) {
    let standin = StandIn::start();
    let letters = Letters::new();
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"crm\", \"letters\"]");
    let line = Line::to(&standin.crm);
    let deployment = Deployment::between(&standin.mluvii, &line.url(), &format!("{rules}{}", letters.plugin()));
    let mut campaign = Campaign::new(random, standin, One::start(deployment));
    campaign.lines = vec![line];
    campaign.targets = &["mluvii", "crm", "letters"];
    campaign.letters = Some(letters);
    for _ in 0..rounds {
        go_wrong(&mut campaign);
        campaign.conversations_end();
        campaign.deliver_while(|campaign| {
            campaign.wait_a_little();
            befall_a_plugin(campaign);
            campaign.befall();
        });
        campaign.look_now_and_then();
    }
    campaign.settle_one_by_one();
}

fn go_wrong(campaign: &mut Campaign<One>) {
    let random = &mut campaign.random;
    if random.below(3) == 0 {
        campaign.standin.fault(&ways::of_mluvii(random));
    }
    if random.below(2) == 0 {
        campaign.standin.crm_fault(&ways::of_crm(random));
    }
    if random.below(3) == 0 {
        ways::on(&campaign.lines[0], random);
    }
    if random.below(2) == 0 {
        campaign.letters.as_ref().expect("there are letters").go_wrong(random);
    }
}

/// Something befalls one of the processes in which plugins run.
fn befall_a_plugin(campaign: &mut Campaign<One>) {
    let processes = campaign.site.server().children();
    if processes.is_empty() {
        return;
    }
    let process = chosen(&mut campaign.random, &processes);
    match chosen(&mut campaign.random, &[Event::Kill, Event::Freeze, Event::Nothing]) {
        Event::Nothing => {}
        Event::Kill => signal("KILL", &process),
        Event::Freeze => {
            signal("STOP", &process);
            std::thread::sleep(ways::stillness(&mut campaign.random));
            signal("CONT", &process);
        }
    }
}

/// It may have ended by itself.
fn signal(name: &str, process: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), process]).output();
    drop(sent.expect("kill runs"));
}

//! mluvii and the way to it fail in every way, and the server is killed, stopped and restarted.

use super::engine::Campaign;
use super::site::One;
use super::{run, ways};
use crate::harness::{Deployment, ERASE, Line, Random, StandIn};

#[test]
fn whatever_goes_wrong_at_mluvii_and_with_the_server_nothing_is_lost_or_done_twice() {
    run(campaign);
}

fn campaign(random: Random, rounds: u64) {
    let standin = StandIn::start();
    let line = Line::to(&standin.mluvii);
    let deployment = Deployment::bare(&line.url(), ERASE);
    let mut campaign = Campaign::new(random, standin, One::start(deployment));
    campaign.lines = vec![line];
    for _ in 0..rounds {
        if campaign.random.below(2) == 0 {
            ways::on(&campaign.lines[0], &mut campaign.random);
        }
        for _ in 0..campaign.random.below(3) {
            campaign.standin.fault(&ways::of_mluvii(&mut campaign.random));
        }
        campaign.conversations_end();
        campaign.deliver_while(|campaign| {
            campaign.wait_a_little();
            campaign.befall();
        });
        campaign.look_now_and_then();
    }
    campaign.settle_one_by_one();
}

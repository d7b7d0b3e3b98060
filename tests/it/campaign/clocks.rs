//! The wall clock is set, a little or by years, ahead and back, while quietus works; mluvii fails and the server is killed.

use std::time::{Duration, Instant};

use super::engine::Campaign;
use super::site::One;
use super::{chosen, run, ways};
use crate::harness::{Deployment, ERASE, Random, StandIn, WallClock};

/// Steps of the clock, in seconds: by less than `clock.jump_max`, about as much, and by far more.
const STEPS_S: [i64; 12] = [1, -1, 20, -20, 900, -900, 3_590, -3_590, 7_200, -7_200, 400 * 86_400, -400 * 86_400];

/// A server looks at the clock when it begins, and then about this often: `HEARTBEAT_EVERY` in src/worker. Of a clock that is put
/// forth and back between two looks nothing is promised.
const LOOK: Duration = Duration::from_secs(6);

#[test]
fn however_the_clock_is_set_nothing_is_lost_or_done_twice_and_nothing_waits_in_silence() {
    run(campaign);
}

fn campaign(random: Random, rounds: u64) {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let clock = WallClock::new();
    let mut campaign = Campaign::new(random, standin, One::start_in(deployment, clock.variables()));
    let mut shown: i64 = 0;
    let mut latest: i64 = 0;
    // Since when the clock was not set, and by which server it was not looked at since then.
    let mut set = (Instant::now(), 0);
    for _ in 0..rounds {
        if campaign.random.below(2) == 0 {
            campaign.standin.fault(&ways::of_mluvii(&mut campaign.random));
        }
        campaign.conversations_end();
        campaign.deliver_while(|campaign| {
            campaign.wait_a_little();
            let server = campaign.site.server().id();
            if set.1 != server || set.0.elapsed() > LOOK {
                shown += chosen(&mut campaign.random, &STEPS_S);
                clock.show(shown);
                latest = latest.max(shown);
                set = (Instant::now(), server);
            }
            campaign.wait_a_little();
            campaign.befall();
        });
        if campaign.random.below(2) == 0 {
            campaign.person_acts();
        }
        campaign.look_now_and_then();
    }
    // What was given a date does not move with a clock that is put back.
    clock.show(latest);
    campaign.settle_one_by_one();
}

//! mluvii tells of the same again and again, in any order, several times at once, and again after a restart.

use serde_json::{Value, json};

use super::engine::Campaign;
use super::site::{One, Site as _};
use super::{run, ways};
use crate::harness::{Deployment, Random, StandIn};

/// Sessions are erased once both ends of them were told of.
const RULES: &str = r#"
[settling]
limit = "2h"
pause = "0s"

[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii"]
"#;

/// How many of the deliveries of all rounds are made once more in a round.
const AGAIN: usize = 6;

#[test]
fn whatever_is_delivered_again_and_in_whichever_order_it_counts_once() {
    run(campaign);
}

fn campaign(random: Random, rounds: u64) {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, RULES);
    let mut campaign = Campaign::new(random, standin, One::start(deployment));
    for _ in 0..rounds {
        if campaign.random.below(3) == 0 {
            campaign.standin.fault(&ways::of_mluvii(&mut campaign.random));
        }
        conclude(&mut campaign);
        deliver_again(&mut campaign);
        campaign.deliver_while(|campaign| {
            campaign.wait_a_little();
            campaign.befall();
        });
        deliver_again(&mut campaign);
        campaign.look_now_and_then();
    }
    campaign.settle_one_by_one();
}

/// Conversations end and are concluded, of which mluvii is going to tell in any order.
fn conclude(campaign: &mut Campaign<One>) {
    let first = campaign.truth.next();
    campaign.conversations_end();
    for id in first..campaign.truth.next() {
        campaign.standin.end(id);
        campaign.post.add(id, concluded(id));
    }
    campaign.post.shuffle(&mut campaign.random);
}

/// Deliveries of any round are made once more, some of them twice at once.
fn deliver_again(campaign: &mut Campaign<One>) {
    let mut again = Vec::new();
    for _ in 0..campaign.random.below(AGAIN as u64) {
        let one = campaign.random.below(campaign.post.count() as u64) as usize;
        again.push(one);
        if campaign.random.below(2) == 0 {
            again.push(one);
        }
    }
    let under_way = campaign.post.send_these(&again, &campaign.site.addresses(), &mut campaign.random);
    campaign.post.take(under_way);
}

/// A `SessionOperatorConcluded` as mluvii sends it.
fn concluded(session: i64) -> Value {
    json!({
        "eventType": "SessionOperatorConcluded",
        "data": {
            "id": session, "tenantId": 62, "userId": 17, "channel": "Chat", "source": "Default",
            "time": "2026-05-02T16:15:30.454661+02:00",
        },
    })
}

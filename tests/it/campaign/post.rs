//! mluvii's deliveries in a campaign: each is sent until it is acknowledged, whatever happens to the server meanwhile.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::harness::{PASSWORD, PATIENCE, Random, sender_within};

/// Deliveries at once.
const AT_ONCE: usize = 2;

/// A delivery, and whether it was acknowledged.
#[derive(Clone, Debug)]
struct Delivery {
    session: i64,
    body: Value,
    acknowledged: bool,
}

/// All deliveries.
#[derive(Debug, Default)]
pub(super) struct Post {
    deliveries: Vec<Delivery>,
}

/// Deliveries that are under way. What is returned are their numbers and the answers.
pub(super) type UnderWay = JoinHandle<Vec<(usize, Option<u16>)>>;

impl Post {
    pub(super) fn add(&mut self, session: i64, body: Value) {
        self.deliveries.push(Delivery { session, body, acknowledged: false });
    }

    pub(super) fn count(&self) -> usize {
        self.deliveries.len()
    }

    /// From here on, they are sent in another order.
    pub(super) fn shuffle(&mut self, random: &mut Random) {
        for last in (1..self.deliveries.len()).rev() {
            self.deliveries.swap(last, random.below(last as u64 + 1) as usize);
        }
    }

    /// Begins to send what was not acknowledged, to any of these.
    pub(super) fn send(&self, to: &[SocketAddr], random: &mut Random) -> UnderWay {
        let waiting = self.deliveries.iter().enumerate().filter(|(_, one)| !one.acknowledged).map(|(number, _)| number);
        self.send_these(&waiting.collect::<Vec<_>>(), to, random)
    }

    /// Begins to send these, in this order, whether they were acknowledged or not.
    pub(super) fn send_these(&self, numbers: &[usize], to: &[SocketAddr], random: &mut Random) -> UnderWay {
        let sent = numbers.iter().filter(|_| !to.is_empty()).map(|number| {
            let server = to[random.below(to.len() as u64) as usize];
            (*number, server, self.deliveries[*number].body.clone())
        });
        let sent: Vec<_> = sent.collect();
        std::thread::spawn(move || send_all(sent))
    }

    /// Takes the answers.
    #[track_caller]
    pub(super) fn take(&mut self, under_way: UnderWay) {
        for (number, answer) in under_way.join().expect("the sender does not panic") {
            let delivery = &mut self.deliveries[number];
            match answer {
                Some(204) => delivery.acknowledged = true,
                None | Some(503) => {}
                Some(other) => panic!("{other} for {}", delivery.body),
            }
        }
    }

    /// Whether everything of a session was acknowledged.
    pub(super) fn is_acknowledged(&self, session: i64) -> bool {
        self.deliveries.iter().filter(|one| one.session == session).all(|one| one.acknowledged)
    }

    pub(super) fn all_acknowledged(&self) -> bool {
        self.deliveries.iter().all(|delivery| delivery.acknowledged)
    }

    /// The numbers of those that were acknowledged.
    pub(super) fn acknowledged_numbers(&self) -> BTreeSet<usize> {
        let numbered = self.deliveries.iter().enumerate();
        numbered.filter(|(_, one)| one.acknowledged).map(|(number, _)| number).collect()
    }

    /// All others are to be sent again: the ledger has surely no more than these.
    pub(super) fn only_holds(&mut self, numbers: &BTreeSet<usize>) {
        for (number, delivery) in self.deliveries.iter_mut().enumerate() {
            delivery.acknowledged &= numbers.contains(&number);
        }
    }

    /// The sessions of those that were acknowledged, one for each, in order.
    pub(super) fn acknowledged(&self) -> Vec<i64> {
        let mut sessions: Vec<_> =
            self.deliveries.iter().filter(|one| one.acknowledged).map(|one| one.session).collect();
        sessions.sort_unstable();
        sessions
    }
}

/// Sends them; `None` is one that got no answer.
fn send_all(sent: Vec<(usize, SocketAddr, Value)>) -> Vec<(usize, Option<u16>)> {
    if sent.is_empty() {
        return Vec::new();
    }
    let client = sender_within(PATIENCE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut under_way = JoinSet::new();
        let mut answers = Vec::new();
        for (number, server, body) in sent {
            if under_way.len() >= AT_ONCE {
                answers.extend(under_way.join_next().await);
            }
            let request = client.post(format!("http://{server}/webhooks/acme"));
            let request = request.basic_auth("mluvii", Some(PASSWORD)).json(&body);
            under_way.spawn(async move {
                let answer = request.send().await.ok().map(|response| response.status().as_u16());
                (number, answer)
            });
        }
        while let Some(answer) = under_way.join_next().await {
            answers.push(answer);
        }
        answers.into_iter().map(|answer| answer.expect("it does not panic")).collect()
    })
}

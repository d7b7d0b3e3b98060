//! Deliveries to a fleet, as a balancer passes them on: to one process after another, and to the next one when that fails.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use crate::harness::{
    CONNECTIONS, Fleet, PATIENCE, StandIn, runtime, send_begin, send_end, sender, sender_within, wait_for,
};

/// After so long without an answer the next process is asked.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// The pause before a delivery that was not accepted is retried.
const PAUSE: Duration = Duration::from_millis(10);

/// One delivery of so many is sent twice, to two processes at the same time.
const TWICE_EVERY: i64 = 10;

/// A load, which runs until all its events are acknowledged, or it is to end.
pub(super) struct Load {
    sending: Arc<Sending>,
    all: JoinHandle<()>,
    runtime: Runtime,
}

struct Sending {
    /// To the fleet.
    client: Client,
    /// To the stand-in, which may be slow and is nobody's fault.
    patient: Client,
    mluvii: String,
    /// Where the processes are, by their place in the fleet.
    servers: Mutex<Vec<SocketAddr>>,
    turn: AtomicUsize,
    /// No further events are begun.
    ends: AtomicBool,
    acknowledged: Mutex<BTreeSet<i64>>,
    /// Answers other than 204, and none at all.
    refused: AtomicU64,
}

impl Load {
    /// Begins conversations 1 to `events` and delivers their ends, so many a second.
    pub(super) fn start(standin: &StandIn, fleet: &Fleet, events: i64, per_second: u32) -> Self {
        let sending = Arc::new(Sending {
            client: sender_within(ANSWER_MAX),
            patient: sender(),
            mluvii: standin.mluvii.clone(),
            servers: Mutex::new(fleet.members.iter().map(|member| member.server().address).collect()),
            turn: AtomicUsize::new(0),
            ends: AtomicBool::new(false),
            acknowledged: Mutex::default(),
            refused: AtomicU64::new(0),
        });
        let runtime = runtime();
        let all = runtime.spawn(Arc::clone(&sending).send_all(events, Duration::from_secs(1) / per_second));
        Self { sending, all, runtime }
    }

    /// A member of the fleet is found there from here on.
    pub(super) fn moved(&self, fleet: &Fleet, member: usize) {
        self.sending.servers()[member] = fleet.members[member].server().address;
    }

    /// How many events are acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        self.sending.acknowledged().len()
    }

    /// How often a process did not take a delivery.
    pub(super) fn refused(&self) -> u64 {
        self.sending.refused.load(Ordering::Relaxed)
    }

    pub(super) fn is_over(&self) -> bool {
        self.all.is_finished()
    }

    /// Waits until so many more are acknowledged, or all are.
    #[track_caller]
    pub(super) fn wait_for_further(&self, count: u64) {
        let enough = self.acknowledged() + usize::try_from(count).expect("a small number");
        wait_for("further deliveries", || (self.is_over() || self.acknowledged() >= enough).then_some(()));
    }

    /// Begins no further events, however many were to come.
    pub(super) fn stop(&self) {
        self.sending.ends.store(true, Ordering::Relaxed);
    }

    /// Waits for its end; returns what was acknowledged.
    pub(super) fn end(&mut self) -> BTreeSet<i64> {
        self.runtime.block_on(&mut self.all).expect("every delivery was taken in time");
        self.sending.acknowledged().clone()
    }
}

impl Sending {
    async fn send_all(self: Arc<Self>, events: i64, pace: Duration) {
        let mut ticks = tokio::time::interval(pace);
        let (places, mut under_way) = (Arc::new(Semaphore::new(CONNECTIONS)), JoinSet::new());
        for id in 1..=events {
            ticks.tick().await;
            if self.ends.load(Ordering::Relaxed) {
                break;
            }
            let place = Arc::clone(&places).acquire_owned().await.expect("nobody closes it");
            let sending = Arc::clone(&self);
            under_way.spawn(async move {
                sending.send(id).await;
                drop(place);
            });
            while let Some(sent) = under_way.try_join_next() {
                sent.expect("a delivery is taken");
            }
        }
        while let Some(sent) = under_way.join_next().await {
            sent.expect("a delivery is taken");
        }
    }

    async fn send(&self, id: i64) {
        send_begin(&self.patient, &self.mluvii, id).await;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        if id % TWICE_EVERY == 0 {
            tokio::join!(self.until_taken(id, turn), self.until_taken(id, turn + 1));
        } else {
            self.until_taken(id, turn).await;
        }
    }

    async fn until_taken(&self, id: i64, mut turn: usize) {
        let until = Instant::now() + PATIENCE;
        loop {
            match send_end(&self.client, self.server(turn), id).await {
                Some(204) => break,
                Some(503) | None => {}
                Some(other) => panic!("{id}: {other}"),
            }
            self.refused.fetch_add(1, Ordering::Relaxed);
            assert!(Instant::now() < until, "{id} was not taken for {PATIENCE:?}");
            tokio::time::sleep(PAUSE).await;
            turn += 1;
        }
        self.acknowledged().insert(id);
    }

    fn server(&self, turn: usize) -> SocketAddr {
        let servers = self.servers();
        servers[turn % servers.len()]
    }

    fn servers(&self) -> MutexGuard<'_, Vec<SocketAddr>> {
        self.servers.lock().expect("nobody panics with it")
    }

    fn acknowledged(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        self.acknowledged.lock().expect("nobody panics with it")
    }
}

//! A server tells people of what needs them by one alert, for all servers on its ledger. Each of them looks; most looks find nothing new, and
//! write nothing. Who finds something takes a lease, so that one of them tells it.
//!
//! A message is in the ledger before it is sent, and taken away once somebody has it; who of several has it is written down as they take it.
//! So a restart loses none, and sends one twice only where the process was killed in between; it then has the same id.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::alert::{Alert, AlertState, FAILURES, Outgoing, note_sent};
use crate::attention::{ALERT, Attention, Code};
use crate::causes::with_causes;
use crate::clock::BootTime;
use crate::ledger::{Finished, LedgerError, Periodic};
use crate::operations::Operations;
use crate::worker::Lease;

/// The pauses between two looks; they follow from how long something must be there before it is told.
const LOOK_MIN: Duration = Duration::from_millis(100);
const LOOK_MAX: Duration = Duration::from_secs(10);

/// How often it is tried whether the ledger takes anything, which is a write.
const TRIAL_EVERY: Duration = Duration::from_secs(2);

/// For so long nobody else tells it where the server that does is killed. It is renewed while something is sent.
const LEASE: Duration = Duration::from_secs(20);

/// How long a shutdown waits for a message that is being sent.
const GRACE: Duration = Duration::from_secs(3);

/// One alert.
pub(super) struct Telling {
    on: Arc<Operations>,
    alert: Arc<Alert>,
    /// What was told while the ledger took nothing: of that alone, each process tells by itself.
    unwritten: AlertState,
    /// The ids of the messages that were taken, until that is written down.
    sent: BTreeSet<String>,
    /// The lease of the last look, where it could not be given back.
    left: Option<Lease>,
    /// When the ledger was last found to take what is written; nothing where it was found not to.
    writable: Option<BootTime>,
}

/// What an alert has told, as it stands in the ledger.
struct Kept {
    version: u64,
    state: AlertState,
}

/// How sending ended: why nobody has taken it, and how often that was so.
type Sent = Result<(), (u32, String)>;

impl Telling {
    pub(super) fn new(on: Arc<Operations>, alert: Arc<Alert>) -> Self {
        let (unwritten, sent, left, writable) = (AlertState::default(), BTreeSet::new(), None, None);
        Self { on, alert, unwritten, sent, left, writable }
    }

    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let name = self.alert.plan.name.clone();
        for is_accepted in [true, false] {
            note_sent(&name, is_accepted, 0);
        }
        let pause = (self.alert.plan.wait / 3).clamp(LOOK_MIN, LOOK_MAX);
        while !shutdown.is_cancelled() {
            if let Err(error) = self.look(&shutdown).await {
                debug!(alert = name, error = %with_causes(&error), "what needs a person is looked at later");
            }
            shutdown.run_until_cancelled(sleep(pause)).await;
        }
    }

    async fn look(&mut self, shutdown: &CancellationToken) -> Result<(), LedgerError> {
        self.give_back().await;
        let found = self.found().await?;
        if matches!(self.is_quiet(&found).await, Ok(true)) {
            self.unwritten = AlertState::default();
            return Ok(());
        }
        let (on, asked) = (Arc::clone(&self.on), BootTime::now());
        match on.ledger.take_periodic(&self.task(), LEASE).await {
            Ok(None) => Ok(()),
            Ok(Some(Periodic { now, .. })) => {
                let lease = Lease::new(asked, LEASE);
                let looked = self.by_ledger(now, &lease, shutdown).await;
                self.left = Some(lease);
                self.give_back().await;
                looked
            }
            Err(_) => self.by_itself(found, shutdown).await,
        }
    }

    /// Lets others tell at once, this server included. Where the ledger takes nothing now, it is done before the next look.
    async fn give_back(&mut self) {
        // Later it may be another one's.
        let is_ours = self.left.as_ref().is_some_and(Lease::is_held);
        if !is_ours || self.on.ledger.put_off_periodic(&self.task(), Duration::ZERO, None).await.is_ok() {
            self.left = None;
        }
    }

    /// Its name in the ledger.
    fn task(&self) -> String {
        format!("alert/{}", self.alert.plan.name)
    }

    /// What there is.
    async fn found(&mut self) -> Result<Vec<Attention>, LedgerError> {
        let mut found = self.looked().await?;
        // This server is there, whatever the ledger says that it could not write for a while.
        found.retain(|found| found.code != Code::ServerAway);
        Ok(found)
    }

    /// What the ledger knows of.
    async fn looked(&mut self) -> Result<Vec<Attention>, LedgerError> {
        let (ledger, limits) = (&self.on.ledger, &self.on.settings.limits);
        if self.writable.is_some_and(|tried| BootTime::now().since(tried) < TRIAL_EVERY) {
            return ledger.attention_untried(limits).await;
        }
        let found = ledger.attention(limits).await?;
        let is_writable = !found.iter().any(|found| found.code == Code::LedgerUnwritable);
        self.writable = is_writable.then(BootTime::now);
        Ok(found)
    }

    async fn kept(&self) -> Result<Kept, LedgerError> {
        let kept = self.on.ledger.alert(&self.alert.plan.name).await?;
        let (version, state) =
            kept.map_or((0, AlertState::default()), |(version, kept)| (version, AlertState::read(&kept)));
        Ok(Kept { version, state })
    }

    /// Keeps another state, where it is another one; `false` where somebody else has written it meanwhile, who has looked later.
    async fn keep(&self, kept: &mut Kept, state: &AlertState) -> Result<bool, LedgerError> {
        if *state == kept.state {
            return Ok(true);
        }
        if !self.on.ledger.keep_alert(&self.alert.plan.name, kept.version, &state.to_json()).await? {
            return Ok(false);
        }
        *kept = Kept { version: kept.version + 1, state: state.clone() };
        Ok(true)
    }

    /// What follows from what there is.
    fn after(&self, before: &AlertState, found: &[Attention], now: Timestamp) -> AlertState {
        let mut state = before.clone();
        // What could not be sent then is told now, if it is still there.
        if self.unwritten.outbox.is_none() {
            state.adopt(&self.unwritten);
        }
        state.look(&self.alert.plan, found, now);
        state
    }

    /// Whether there is nothing to tell, and nothing to write down.
    async fn is_quiet(&self, found: &[Attention]) -> Result<bool, LedgerError> {
        let kept = self.kept().await?;
        let now = self.on.ledger.clock().await?.now;
        let state = self.after(&kept.state, found, now);
        Ok(state == kept.state && !state.is_due(now))
    }

    /// As the ledger knows what was told.
    async fn by_ledger(
        &mut self,
        now: Timestamp,
        lease: &Lease,
        shutdown: &CancellationToken,
    ) -> Result<(), LedgerError> {
        let found = self.found().await?;
        let mut kept = self.kept().await?;
        let mut state = self.after(&kept.state, &found, now);
        if !self.keep(&mut kept, &state).await? {
            return Ok(());
        }
        self.unwritten = AlertState::default();
        let sent = self.send(&mut state, now, Some((lease, &mut kept)), shutdown).await;
        if self.keep(&mut kept, &state).await? {
            self.sent.clear();
        }
        match sent {
            Some(sent) => self.tell_of_failure(sent).await,
            None => Ok(()),
        }
    }

    /// The ledger takes nothing, and that is what is told.
    async fn by_itself(&mut self, mut found: Vec<Attention>, shutdown: &CancellationToken) -> Result<(), LedgerError> {
        // Where that was not known yet.
        if self.writable.take().is_some() {
            found = self.found().await?;
        }
        found.retain(|found: &Attention| matches!(found.code, Code::LedgerUnwritable | Code::LedgerDamaged));
        let now = Timestamp::now();
        let mut state = std::mem::take(&mut self.unwritten);
        state.look(&self.alert.plan, &found, now);
        let _sent = self.send(&mut state, now, None, shutdown).await;
        self.unwritten = state;
        Ok(())
    }

    /// Sends the message that is due, and notes in the state what came of it; `None` where nothing did, or somebody else goes on.
    async fn send(
        &mut self,
        state: &mut AlertState,
        now: Timestamp,
        under: Option<(&Lease, &mut Kept)>,
        shutdown: &CancellationToken,
    ) -> Option<Sent> {
        let outgoing = state.outbox.clone().filter(|outgoing| outgoing.due <= now)?;
        let id = outgoing.message.id.clone();
        if self.sent.contains(&id) {
            state.accepted(now);
            return Some(Ok(()));
        }
        let sent = self.attempt(state, &outgoing, now, under, shutdown).await?;
        Some(self.note(state, &id, sent, now))
    }

    /// Sends it once; who of several has taken it is noted at once. `None` where that had to end before it was over.
    async fn attempt(
        &self,
        state: &mut AlertState,
        outgoing: &Outgoing,
        now: Timestamp,
        mut under: Option<(&Lease, &mut Kept)>,
        shutdown: &CancellationToken,
    ) -> Option<Result<(), String>> {
        let (taken, mut hears) = unbounded_channel();
        let lease = under.as_ref().map(|(lease, _)| *lease);
        let sending = self.alert.send(&outgoing.message, &outgoing.reached, &taken);
        let mut sending = pin!(self.while_held(lease, sending));
        let mut stopped = pin!(async {
            shutdown.cancelled().await;
            sleep(GRACE).await;
        });
        let sent = loop {
            tokio::select! {
                biased;
                sent = &mut sending => break sent,
                Some(digest) = hears.recv() => {
                    state.reached(digest, now);
                    // Where it cannot be written now, it is once all of it is over.
                    if let Some((_, kept)) = &mut under && matches!(self.keep(kept, state).await, Ok(false)) {
                        break None;
                    }
                }
                // Whoever comes next sends it.
                () = &mut stopped => break None,
            }
        };
        while let Ok(digest) = hears.try_recv() {
            state.reached(digest, now);
        }
        sent
    }

    /// Does it as long as the lease holds, where there is one, and renews that.
    async fn while_held<T>(&self, lease: Option<&Lease>, work: impl Future<Output = T>) -> Option<T> {
        let Some(lease) = lease else { return Some(work.await) };
        let task = self.task();
        let renew = || async { self.on.ledger.put_off_periodic(&task, LEASE, None).await.map(|()| Finished::Done) };
        tokio::select! {
            done = lease.hold(work) => done,
            () = lease.keep(renew) => None,
        }
    }

    /// Notes what came of it.
    fn note(&mut self, state: &mut AlertState, id: &str, sent: Result<(), String>, now: Timestamp) -> Sent {
        let name = self.alert.plan.name.as_str();
        note_sent(name, sent.is_ok(), 1);
        match sent {
            Ok(()) => {
                info!(alert = name, message_id = id, "somebody was told");
                self.sent.insert(id.to_owned());
                state.accepted(now);
                Ok(())
            }
            Err(reason) => {
                warn!(alert = name, message_id = id, reason, "not all could be told; it is tried again");
                Err((state.failed(&reason, now), reason))
            }
        }
    }

    /// For the status, and for the other alerts.
    async fn tell_of_failure(&self, sent: Sent) -> Result<(), LedgerError> {
        let keeper = format!("{ALERT}{}", self.alert.plan.name);
        match sent {
            Ok(()) => self.on.ledger.keeper_ended(&keeper, None).await,
            Err((failures, reason)) if failures >= FAILURES => {
                self.on.ledger.keeper_ended(&keeper, Some(&reason)).await
            }
            Err(_) => Ok(()),
        }
    }
}

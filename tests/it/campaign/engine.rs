//! The engine of all kinds of campaign: conversations end, deliveries are sent while something befalls quietus, and in the
//! end it is looked at what must be true.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::letters::Letters;
use super::oracle::{self, Held};
use super::person::{self, Retried};
use super::post::Post;
use super::site::Site;
use super::truth::{Conversation, Fate, Truth};
use crate::harness::{Line, PATIENCE, Random, StandIn, session_ended, wait_for, wait_within};

/// Conversations that end in one round; every other one without consent.
const CONVERSATIONS: i64 = 4;

/// A campaign under way.
pub(super) struct Campaign<S> {
    // It ends before the systems that it calls.
    pub(super) site: S,
    pub(super) standin: StandIn,
    pub(super) random: Random,
    pub(super) truth: Truth,
    pub(super) post: Post,
    /// The targets at which everybody's data is.
    pub(super) targets: &'static [&'static str],
    /// The ways to systems that can fail.
    pub(super) lines: Vec<Line>,
    /// The system behind the target `letters`, where there is one.
    pub(super) letters: Option<Letters>,
    /// How many erasures wait for a link that nobody uses: all else is done without them.
    pub(super) unconfirmed: u64,
    /// How often the person had an erasure retried.
    retried: Retried,
}

impl<S: Site> Campaign<S> {
    pub(super) fn new(random: Random, standin: StandIn, site: S) -> Self {
        Self {
            site,
            standin,
            random,
            truth: Truth::default(),
            post: Post::default(),
            targets: &["mluvii"],
            lines: Vec::new(),
            letters: None,
            unconfirmed: 0,
            retried: Retried::default(),
        }
    }

    /// A few conversations end, half of them without consent.
    pub(super) fn conversations_end(&mut self) {
        for _ in 0..CONVERSATIONS {
            let id = self.truth.next();
            let fate = if id % 2 == 0 { Fate::Stays } else { Fate::Goes };
            self.conversation_ends(id, fate);
        }
    }

    /// The conversation of somebody who has no other one, with consent if it stays.
    pub(super) fn conversation_ends(&mut self, id: i64, fate: Fate) {
        self.conversation_ends_of(id, &format!("guest{id}@example.com"), fate == Fate::Stays, fate, true);
    }

    /// A conversation ends, of which mluvii is going to tell; with `others` its guest is in the other systems, too.
    pub(super) fn conversation_ends_of(&mut self, id: i64, email: &str, consents: bool, fate: Fate, others: bool) {
        let has_contact = others && self.targets.contains(&"crm");
        if has_contact {
            self.standin.add_contact_of(id, email);
        }
        if let Some(letters) = &self.letters {
            letters.add(id);
        }
        self.standin.begin(id, email, consents.then_some("v1"));
        self.truth.conversations.insert(id, Conversation { fate, has_contact });
        self.post.add(id, session_ended(id));
    }

    /// A form that was shown in a conversation is sent, of which mluvii is going to tell.
    pub(super) fn submit(&mut self, id: i64, form: i64, params: &Value) {
        self.standin.submit(id, form, params);
        let data = json!({
            "sessionId": id, "result": "Submitted", "originalFormID": form, "submittedByClient": true, "userId": null,
            "params": params, "time": "2026-05-02T16:15:20.454661+02:00",
        });
        self.post.add(id, json!({ "eventType": "SessionActivityHeroCardSubmission", "data": data }));
    }

    /// Sends what was not acknowledged yet, while something happens.
    pub(super) fn deliver_while(&mut self, happen: impl FnOnce(&mut Self)) {
        let under_way = self.post.send(&self.site.addresses(), &mut self.random);
        happen(self);
        self.post.take(under_way);
    }

    /// Something befalls the servers, or nothing.
    pub(super) fn befall(&mut self) {
        self.site.befall(&mut self.random);
    }

    /// Lets it work for a moment.
    pub(super) fn wait_a_little(&mut self) {
        std::thread::sleep(Duration::from_millis(self.random.below(300)));
    }

    /// Now and then, as it takes a while: no receipt says more than the truth in the middle of it.
    pub(super) fn look_now_and_then(&mut self) {
        if self.random.below(5) == 0 {
            self.receipts_are_true();
        }
    }

    /// No receipt up to now says more than the truth. Returns the statements.
    #[track_caller]
    pub(super) fn receipts_are_true(&mut self) -> Vec<Value> {
        // In this order: what is said to be gone before one looks is gone when one looks.
        let statements = oracle::statements(&self.site);
        self.truth.learn(&self.site, &statements);
        let held = self.held();
        for said in &statements {
            oracle::receipt_is_true(said, &self.truth.sessions_of(said), &held);
        }
        statements
    }

    fn held(&self) -> Held {
        Held::by(&self.standin, self.letters.as_ref())
    }

    /// The person does what the status says.
    #[track_caller]
    pub(super) fn person_acts(&mut self) -> Value {
        person::acts(&self.site, &mut self.truth, &mut self.retried)
    }

    /// Ends what goes wrong. What was not acknowledged is delivered, and a person acts where the status says so, until all is
    /// done and nobody is needed. Then it is looked at what must be true. Returns the statements of the receipts.
    #[track_caller]
    pub(super) fn settle(&mut self) -> Vec<Value> {
        self.lines.iter().for_each(Line::work);
        self.standin.clear_faults();
        self.standin.clear_crm_faults();
        if let Some(letters) = &self.letters {
            letters.go_right();
        }
        self.deliver_all();
        self.wait_until_all_is_done();
        self.site.stop();
        assert_eq!(self.site.recorded(), self.post.acknowledged(), "what was acknowledged is there, once");
        oracle::the_chain_is_whole(&self.site);
        oracle::everybody_is_where_they_belong(&self.held(), &self.truth, self.targets);
        oracle::one_call_at_once(&self.standin.calls("/anonymous"));
        oracle::one_call_at_once(&self.standin.crm_calls("DELETE"));
        if let Some(letters) = &self.letters {
            oracle::nothing_is_asked_twice(&letters.asked(), &self.retried);
        }
        self.receipts_are_true()
    }

    /// Delivers until everything is acknowledged.
    #[track_caller]
    pub(super) fn deliver_all(&mut self) {
        wait_for("everything to be delivered", || {
            self.deliver_while(|_| {});
            self.post.all_acknowledged().then_some(())
        });
    }

    /// Settles where each session that has to go is an erasure of its own.
    #[track_caller]
    pub(super) fn settle_one_by_one(&mut self) -> Vec<Value> {
        let statements = self.settle();
        oracle::each_session_has_one_receipt(&statements, &self.truth.of(Fate::Goes));
        statements
    }

    /// However much there is and however slow the machine: there must be something new.
    #[track_caller]
    fn wait_until_all_is_done(&mut self) {
        let mut seen = BTreeSet::new();
        loop {
            let mut status = Value::Null;
            let goes_on = wait_within(PATIENCE, || {
                status = self.person_acts();
                (self.is_done(&status) || seen.insert(progress(&status))).then_some(())
            });
            assert!(goes_on.is_some(), "nothing goes on for {PATIENCE:?}, whatever the person does: {status:#}");
            if self.is_done(&status) {
                return;
            }
        }
    }

    /// Nothing is left to do, and nobody is needed.
    fn is_done(&self, status: &Value) -> bool {
        let count = |state: &str| status["erasures"][state].as_u64().unwrap_or_default();
        let open = ["scheduled", "erasing", "verifying", "parked"];
        open.iter().all(|state| count(state) == 0)
            && count("requested") == self.unconfirmed
            && status["events_waiting"] == 0
            && status["sessions_settling"] == 0
            && person::needs(status).next().is_none()
    }
}

/// What grows as work is done.
fn progress(status: &Value) -> [u64; 3] {
    let number = |name: &str| status[name].as_u64().expect("a number");
    [number("receipts"), number("events_waiting"), number("sessions_settling")]
}
